/* stored_run — a run read back from what report_json() made of it, for the tests of what is drawn
 * from stored runs. */
#ifndef SQUALL_TESTS_UNIT_STORED_RUN_H
#define SQUALL_TESTS_UNIT_STORED_RUN_H

#include "stats/report/stored.h"
#include "tests/unit/report_run.h"

static inline struct stored *stored_of(const struct result *r)
{
    struct stored_fault fault = { "" };
    struct stored *s = NULL;
    char *text = NULL;

    assert_int_equal(report_json(&text, r), 0);
    const int rc = stored_read(&s, text, strlen(text), &fault);
    if (rc != 0)
        fail_msg("%s", fault.sentence);
    free(text);
    return s;
}

#endif
