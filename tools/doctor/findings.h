/* findings — what the checks found, as bytes: for people, for scripts, and as a script.
 *
 * Each writer returns 0 or -ENOMEM; `*ret_text` is malloc'd and NUL-terminated.
 */
#ifndef SQUALL_TOOLS_DOCTOR_FINDINGS_H
#define SQUALL_TOOLS_DOCTOR_FINDINGS_H

#include "stats/report/report.h"
#include "tools/doctor/check.h"

/* One paragraph for each, its remedy below it, the verdict at the end. */
int findings_text(char **ret_text, const struct findings *f, const struct report_text_style *style);

/* One object, schema squall-doctor/1. */
int findings_json(char **ret_text, const struct findings *f, const struct host *h);

/* The commands that mend what limits or breaks, as a shell script to read; advice is in its
 * comments. */
int findings_script(char **ret_text, const struct findings *f);

#endif
