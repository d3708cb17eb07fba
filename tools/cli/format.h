/* format — what a result can be written as, told by the ending of the file's name. */
#ifndef SQUALL_TOOLS_CLI_FORMAT_H
#define SQUALL_TOOLS_CLI_FORMAT_H

#include "stats/report/report.h"
#include "stats/report/stored.h"

/* All endings, as a sentence names them. */
#define FORMAT_ENDINGS ".json, .html, .csv, .md, .xml or .hlog"

struct format {
    const char *ending;
    int (*write)(char **ret_text, const struct result *r); /* see report.h; NULL = as stored */
    int (*draw)(char **ret_text, const struct stored *s);  /* of a run that was read back */
};

/* NULL when `path` ends in none, or has nothing before its ending. */
const struct format *format_of(const char *path);

#endif
