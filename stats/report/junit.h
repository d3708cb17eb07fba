/* junit — a run as a JUnit report, which CI servers show beside the tests: each endpoint is a test
 * case that fails when one of its requests did, each expectation is one of its own. */
#ifndef SQUALL_STATS_REPORT_JUNIT_H
#define SQUALL_STATS_REPORT_JUNIT_H

#include "stats/report/stored.h"

/* 0 or -ENOMEM; `*ret_text` is malloc'd and NUL-terminated. */
int report_junit(char **ret_text, const struct stored *s);

#endif
