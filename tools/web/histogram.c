#include "tools/web/histogram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/json_writer.h"
#include "stats/report/sink.h"

#define RANGES_PER_DECADE 10
#define RANGES_MAX        130 /* from 1 ns to 1 h, and a few */
#define DECIMALS_US       3u

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Adds what rows of that name have. False when there is none. */
static bool add_rows(struct hist_view *sum, const struct result *r, const char *method,
                     const char *name)
{
    const bool is_all = !is_given(method) && !is_given(name);
    bool is_there = is_all;
    for (uint32_t i = 0; i < r->tally->endpoint_count; i++) {
        if (!is_all &&
            (!is_given(method) || !is_given(name) || strcmp(r->names[i].method, method) != 0 ||
             strcmp(r->names[i].name, name) != 0))
            continue;
        is_there = true;
        for (int o = 0; o < OUTCOME_COUNT; o++)
            hist_view_add(sum, &r->tally->endpoints[i].latency[o]);
    }
    return is_there;
}

static int range_of(double ns)
{
    return (int)floor(log10(ns > 1 ? ns : 1) * RANGES_PER_DECADE);
}

/* Counts where the middle of each bucket lies. The first range is *ret_first; returns how many. */
static int fill_ranges(uint64_t counts[RANGES_MAX], const struct hist_view *sum, int *ret_first)
{
    int first = RANGES_MAX, last = -1;
    for (uint32_t b = sum->index_first; b < sum->index_last; b++) {
        const double middle_ns = ((double)hist_low_ns(b) + (double)hist_high_ns(b)) / 2;
        const int range = range_of(middle_ns);
        if (sum->counts[b] == 0 || range >= RANGES_MAX)
            continue;
        counts[range] += sum->counts[b];
        first = range < first ? range : first;
        last = range > last ? range : last;
    }
    *ret_first = first;
    return last < first ? 0 : last - first + 1;
}

static char *write_ranges(const uint64_t counts[RANGES_MAX], int first, int count)
{
    struct sink out;
    struct json_writer w;
    char *text = NULL;
    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    json_open_array_line(&w, "edges_us");
    for (int i = 0; count > 0 && i <= count; i++)
        json_put_number(&w, NULL, pow(10, (double)(first + i) / RANGES_PER_DECADE) / 1e3,
                        DECIMALS_US);
    json_close(&w);
    json_open_array_line(&w, "counts");
    for (int i = 0; i < count; i++)
        json_put_count(&w, NULL, counts[first + i]);
    json_close(&w);
    json_close(&w);
    (void)sink_finish(&out, &text);
    return text;
}

bool histogram_json(char **ret_text, const struct result *r, const char *method, const char *name)
{
    uint64_t *buckets = calloc(HIST_SLOTS, sizeof(*buckets)), counts[RANGES_MAX] = { 0 };
    struct hist_view sum;
    int first = 0;
    if (buckets == NULL)
        return false;
    hist_view_init(&sum, buckets);
    const bool is_there = add_rows(&sum, r, method, name);
    const int count = fill_ranges(counts, &sum, &first);
    free(buckets);
    if (!is_there)
        return false;
    *ret_text = write_ranges(counts, first, count);
    return *ret_text != NULL;
}
