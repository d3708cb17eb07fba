/* stored — a run read back from its JSON, schema squall/1: what is drawn, exported and compared
 * long after the run, and by programs that know nothing of it.
 *
 * Whatever stands in the JSON and is not named here is kept in `root`. Anybody may have written the
 * file: every value is checked once, while reading, so nobody has to ask again.
 */
#ifndef SQUALL_STATS_REPORT_STORED_H
#define SQUALL_STATS_REPORT_STORED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/summary.h"

struct json_t;

/* A file may be so large: an hour of twenty endpoints takes two megabytes. */
#define STORED_BYTES_MAX ((size_t)64 << 20)
#define STORED_ROWS_MAX  10000u

/* Where the true percentile lies with a certainty of 95 %, in microseconds; NaN = not known. Both
 * NaN: there is no range. */
struct stored_range {
    double low_us, high_us;
};

struct stored_row {
    struct summary_row figures;
    struct stored_range ranges[SUMMARY_QUANTILE_COUNT];
    const char *histogram; /* of the latency, see hist_codec.h; NULL = none */
};

struct stored_failure {
    const char *method, *name, *class, *message; /* NULL = not told */
    uint64_t count;
};

struct stored_expectation {
    const char *expr;
    double value; /* microseconds when is_time; NaN = nothing was measured */
    bool is_time, holds;
};

/* Texts are owned by `root`; NULL = not told. Numbers: NaN = not told. */
struct stored {
    struct json_t *root;
    const char *version, *scenario, *host, *started_at, *name, *note;
    const char *verdict, *bottleneck;
    int64_t started_at_s; /* 0 = not told */
    double duration_s;
    double rate; /* requests per second asked for; NaN = closed loop */
    bool interrupted, is_balanced;
    uint64_t due, never_sent; /* requests that came at the rate; dropped or not sent */
    size_t reason_count;
    const char **reasons;
    struct stored_row total; /* its method is "" and its name "Aggregated" */
    size_t row_count;
    struct stored_row *rows;
    size_t failure_count;
    struct stored_failure *failures;
    size_t expectation_count;
    struct stored_expectation *expectations;
};

struct stored_fault {
    char sentence[256];
};

/* Reads text[0..len). 0, -ENOMEM, or -EBADMSG with what is wrong in one sentence, such as
 * "requests[2].count: expected a whole number, found a string". */
int stored_read(struct stored **ret_stored, const char *text, size_t len,
                struct stored_fault *ret_fault);
void stored_close(struct stored *s);

/* The JSON again, with every key it had. 0 or -ENOMEM; `*ret_text` is malloc'd and NUL-terminated.
 */
int report_json_stored(char **ret_text, const struct stored *s);

/* Adds a row's latencies into `v`; false when it has no histogram. */
bool stored_take_histogram(const struct stored_row *row, struct hist_view *v);

#endif
