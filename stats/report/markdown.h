/* markdown — a run as a summary in Markdown as GitHub has it: for pull requests, issues and the
 * summary of a CI job. */
#ifndef SQUALL_STATS_REPORT_MARKDOWN_H
#define SQUALL_STATS_REPORT_MARKDOWN_H

#include "stats/report/stored.h"

/* 0 or -ENOMEM; `*ret_text` is malloc'd and NUL-terminated. */
int report_markdown(char **ret_text, const struct stored *s);

#endif
