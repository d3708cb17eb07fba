/* report_page — a stored run as report.html: one file, made with the page that this program
 * carries. */
#ifndef SQUALL_TOOLS_VIEWER_REPORT_PAGE_H
#define SQUALL_TOOLS_VIEWER_REPORT_PAGE_H

#include "stats/report/stored.h"

/* 0 or -ENOMEM; `*ret_text` is malloc'd and NUL-terminated. */
int report_page(char **ret_text, const struct stored *s);

#endif
