/* html — a run as one file that any browser opens: the page that shows runs, with its style, its
 * script and the run itself within, so that it asks nobody for anything. */
#ifndef SQUALL_STATS_REPORT_HTML_H
#define SQUALL_STATS_REPORT_HTML_H

#include "stats/report/stored.h"

/* The files of the page. The template names the others as <link rel="stylesheet" href="app.css">
 * and <script src="app.js" defer></script>, and has a place for the run:
 * <script type="application/json" id="squall-result"></script>. */
struct html_parts {
    const char *page, *style, *script;
    size_t page_size, style_size, script_size;
};

/* 0, -ENOMEM, or -EINVAL when the template has no such places; `*ret_text` is malloc'd and
 * NUL-terminated.
 *
 * Of the run all is kept but the histograms of the service times and the seconds of the workers;
 * what is drawn over time has six digits, which is finer than any histogram. */
int report_html(char **ret_text, const struct stored *s, const struct html_parts *parts);

#endif
