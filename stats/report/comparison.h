/* comparison — two stored runs side by side, endpoint by endpoint: their figures, whether the 95 %
 * ranges of their percentiles overlap, and what was configured otherwise.
 *
 * A range tells how far a percentile may be off within its run. How far apart two runs of the very
 * same thing come out is more than that, and one run each cannot tell it.
 */
#ifndef SQUALL_STATS_REPORT_COMPARISON_H
#define SQUALL_STATS_REPORT_COMPARISON_H

#include "stats/report/figure.h"
#include "stats/report/report.h"
#include "stats/report/stored.h"

/* COMPARISON_FIGURE(id, JSON key, title) */
#define COMPARISON_FIGURES(X)                                                                      \
    X(RPS, "rps", "req/s")                                                                         \
    X(FAILED, "fail_ratio", "failed")                                                              \
    X(P50, "p50_us", "50% ms")                                                                     \
    X(P95, "p95_us", "95% ms")                                                                     \
    X(P99, "p99_us", "99% ms")

enum comparison_figure {
#define X(id, key, title) COMPARISON_##id,
    COMPARISON_FIGURES(X)
#undef X
        COMPARISON_FIGURE_COUNT
};

/* JSON keys and titles of the figures. */
extern const char *const comparison_keys[COMPARISON_FIGURE_COUNT];
extern const char *const comparison_titles[COMPARISON_FIGURE_COUNT];

enum comparison_verdict {
    COMPARISON_NOTHING,   /* no range can be had of this figure, or it is missing in one run */
    COMPARISON_TOO_SHORT, /* one of the runs has no range */
    COMPARISON_OVERLAP,   /* no difference is shown */
    COMPARISON_LOWER,     /* the new range is below the old one */
    COMPARISON_HIGHER
};

struct comparison_pair {
    double base, now; /* NaN = none */
    double ratio;     /* now / base; NaN where there is none */
    enum comparison_verdict verdict;
};

struct comparison_row {
    const struct stored_row *base, *now; /* NULL = not in that run */
    struct comparison_pair pairs[COMPARISON_FIGURE_COUNT];
};

struct comparison_change {
    const char *section, *key; /* section NULL = top level */
    const char *label;         /* for people */
    char *base, *now;          /* as JSON has them, texts without quotes */
};

#define COMPARISON_CHANGES_MAX 32

struct comparison {
    const struct stored *base, *now;
    size_t row_count;
    struct comparison_row *rows; /* those of the base, then those that only the new run has, then
                                    all requests together */
    size_t change_count;
    struct comparison_change changes[COMPARISON_CHANGES_MAX];
};

/* Both runs are borrowed. 0 or -ENOMEM. */
int comparison_make(struct comparison **ret_comparison, const struct stored *base,
                    const struct stored *now);
void comparison_close(struct comparison *c);

/* Endpoint of a row, from whichever run has it. */
const struct summary_row *comparison_endpoint(const struct comparison_row *row);

/* "slower", "no difference shown", …; "" for COMPARISON_NOTHING. */
const char *comparison_verdict_word(enum comparison_verdict verdict);

/* "9.00 ms" without its unit, "1.2%", "-". */
struct figure comparison_figure_text(enum comparison_figure figure, double value);

/* Which endpoints are shown to be faster or slower, in plain sentences; texts of others stand in
 * them as they are. For free(), NULL without memory. */
char *comparison_findings(const struct comparison *c);

/* How a run is called: its name, scenario or host. */
const char *comparison_title(const struct stored *s);

#define COMPARISON_NO_PROOF                                                                        \
    "One run each is no proof: runs of one and the same thing differ by more than their ranges "   \
    "say. Run both several times, in turns, before you believe a difference."

/* Each returns 0 or -ENOMEM; `*ret_text` is malloc'd and NUL-terminated. */
int comparison_text(char **ret_text, const struct comparison *c,
                    const struct report_text_style *style);
int comparison_json(char **ret_text, const struct comparison *c);
int comparison_markdown(char **ret_text, const struct comparison *c);

/* One page that needs nothing else, not even JavaScript. */
int comparison_html(char **ret_text, const struct comparison *c);

#endif
