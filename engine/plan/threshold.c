#include "engine/plan/threshold.h"

#include <stdio.h>

#include "engine/plan/diag.h"

#define NAME_MAX_BYTES 80u   /* longer names are never proposed */
#define NAMES_MAX      1024u /* nor later ones */

static size_t count_names(const char *const *names)
{
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    return count;
}

static const char *nearest(struct span wrong, const char *const *names, size_t count)
{
    char text[NAME_MAX_BYTES];
    if (wrong.len >= sizeof(text))
        return NULL;
    memcpy(text, wrong.bytes, wrong.len);
    text[wrong.len] = '\0';
    return diag_nearest(text, names, count);
}

static void say_unknown_metric(struct span metric, char *fault, size_t size)
{
    const char *near =
        nearest(metric, expectation_metric_names, count_names(expectation_metric_names));
    if (near != NULL)
        (void)snprintf(fault, size, "unknown metric %s; did you mean '%s'?",
                       diag_quote(metric).text, near);
    else
        (void)snprintf(fault, size,
                       "unknown metric %s; known are p50, p99.9 and the like, min, avg, max, rps, "
                       "failures_per_s, count, failed and fail_ratio",
                       diag_quote(metric).text);
}

/* What stands behind a method, where there is one. */
static struct span name_in(struct span row)
{
    const char *blank = memchr(row.bytes, ' ', row.len);
    if (blank == NULL)
        return row;
    return (struct span){ blank + 1, row.len - (size_t)(blank + 1 - row.bytes) };
}

/* The row whose name is near, the one with the method that was written where there are several. */
static const struct endpoint_name *
nearest_row(struct span row, const struct endpoint_name *endpoints, uint32_t count)
{
    const char *names[NAMES_MAX];
    const struct endpoint_name *found = NULL;
    if (count > NAMES_MAX)
        count = NAMES_MAX;
    for (uint32_t i = 0; i < count; i++)
        names[i] = endpoints[i].name;
    const char *near = nearest(row, names, count);
    if (near == NULL)
        near = nearest(name_in(row), names, count);
    for (uint32_t i = 0; i < count && near != NULL; i++) {
        if (!span_equal(span_of(near), span_of(endpoints[i].name)))
            continue;
        const struct span method = span_of(endpoints[i].method);
        const bool has_method = row.len > method.len && row.bytes[method.len] == ' ' &&
                                memcmp(row.bytes, method.bytes, method.len) == 0;
        if (found == NULL || has_method)
            found = &endpoints[i];
    }
    return found;
}

static void say_unknown_row(struct span row, const struct endpoint_name *endpoints, uint32_t count,
                            char *fault, size_t size)
{
    const struct endpoint_name *near = nearest_row(row, endpoints, count);
    const struct diag_quote quoted = diag_quote(row);
    if (near != NULL)
        (void)snprintf(fault, size, "no row is called %s; did you mean '%s %s'?", quoted.text,
                       near->method, near->name);
    else
        (void)snprintf(fault, size, "no row is called %s", quoted.text);
}

static bool find_row(uint32_t *ret_row, struct span row, const struct endpoint_name *endpoints,
                     uint32_t count, char *fault, size_t size)
{
    const uint32_t found = expectation_row(row, endpoints, count);
    if (found == EXPECTATION_ROW_UNKNOWN) {
        say_unknown_row(row, endpoints, count, fault, size);
        return false;
    }
    if (found == EXPECTATION_ROW_AMBIGUOUS) {
        (void)snprintf(fault, size, "several rows are called %s; put the method before it",
                       diag_quote(row).text);
        return false;
    }
    *ret_row = found;
    return true;
}

bool threshold_read(struct threshold *ret, struct span text, const struct endpoint_name *endpoints,
                    uint32_t endpoint_count, char *ret_fault, size_t fault_size)
{
    struct threshold t = { .row = SUMMARY_ALL_ROWS };
    struct expectation_fault f;
    if (!expectation_read(&t.expectation, text, &f)) {
        if (f.is_metric && f.found.len > 0)
            say_unknown_metric(f.found, ret_fault, fault_size);
        else
            (void)snprintf(ret_fault, fault_size, "expected %s, found %s", f.expected,
                           diag_quote(f.found).text);
        return false;
    }
    const struct span row = t.expectation.row;
    if (row.bytes != NULL &&
        !find_row(&t.row, row, endpoints, endpoint_count, ret_fault, fault_size))
        return false;
    *ret = t;
    return true;
}
