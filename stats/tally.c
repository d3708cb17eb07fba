#include "stats/tally.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "stats/mapping.h"

#define COUNTS_SIZE        (HIST_SLOTS * sizeof(uint64_t))
#define HISTS_PER_ENDPOINT (2u * OUTCOME_COUNT)

int tally_open(struct tally **ret_tally, uint32_t endpoint_count)
{
    const size_t tally_size = mapping_round_up(sizeof(struct tally));
    const size_t endpoints_size = mapping_round_up(endpoint_count * sizeof(struct tally_endpoint));
    const size_t hist_count = 1u + PHASE_COUNT + (size_t)endpoint_count * HISTS_PER_ENDPOINT;
    const size_t size = tally_size + endpoints_size + hist_count * COUNTS_SIZE;

    char *memory = mapping_open(size);
    if (memory == NULL)
        return -ENOMEM;

    struct tally *t = (struct tally *)memory;
    uint64_t *counts = (uint64_t *)(memory + tally_size + endpoints_size);
    t->memory = memory;
    t->memory_size = size;
    t->endpoint_count = endpoint_count;
    t->endpoints = (struct tally_endpoint *)(memory + tally_size);

    hist_view_init(&t->lateness, counts);
    for (int i = 0; i < PHASE_COUNT; i++)
        hist_view_init(&t->phases[i], counts += HIST_SLOTS);
    for (uint32_t e = 0; e < endpoint_count; e++) {
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            hist_view_init(&t->endpoints[e].latency[o], counts += HIST_SLOTS);
            hist_view_init(&t->endpoints[e].service[o], counts += HIST_SLOTS);
        }
    }
    *ret_tally = t;
    return 0;
}

void tally_close(struct tally *t)
{
    if (t != NULL)
        mapping_close(t->memory, t->memory_size);
}

void tally_clear(struct tally *t)
{
    memset(t->counters, 0, sizeof(t->counters));
    memset(t->closes, 0, sizeof(t->closes));
    memset(t->status, 0, sizeof(t->status));
    memset(t->generator_ns, 0, sizeof(t->generator_ns));
    t->users_now = t->in_flight_now = t->cpu_ns = 0;
    t->run_delay_ns = t->preempted = 0;
    t->started_ns = t->ended_ns = 0;
    t->arrivals = (struct books_view){ 0 };
    t->failure_count = 0;
    t->failures_overflow = 0;
    t->tls_version = t->tls_cipher = NULL;
    hist_view_clear(&t->lateness);
    for (int i = 0; i < PHASE_COUNT; i++)
        hist_view_clear(&t->phases[i]);
    for (uint32_t i = 0; i < t->endpoint_count; i++) {
        struct tally_endpoint *e = &t->endpoints[i];
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            hist_view_clear(&e->latency[o]);
            hist_view_clear(&e->service[o]);
        }
        e->bytes_in = e->bytes_body = e->bytes_out = 0;
        e->books = (struct books_view){ 0 };
    }
}

static int compare_failure(const struct tally_failure *f, uint32_t endpoint, enum failure_class c,
                           const char *message)
{
    if (f->endpoint != endpoint)
        return f->endpoint < endpoint ? -1 : 1;
    if (f->class != c)
        return f->class < c ? -1 : 1;
    return strcmp(f->message, message);
}

/* Index of the first entry that is not before the given one. */
static uint32_t find_failure(const struct tally *t, uint32_t endpoint, enum failure_class c,
                             const char *message)
{
    uint32_t low = 0;
    uint32_t high = t->failure_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        if (compare_failure(&t->failures[middle], endpoint, c, message) < 0)
            low = middle + 1u;
        else
            high = middle;
    }
    return low;
}

/* Entries are kept in order, and a full table gives up its last one. What stays are so always the
 * first TALLY_FAILURES_MAX of all that were ever added, with their whole counts, whatever the order
 * of adding. */
static void add_failure(struct tally *t, uint32_t endpoint, enum failure_class c,
                        const char *message, uint64_t count)
{
    const uint32_t at = find_failure(t, endpoint, c, message);
    struct tally_failure *f = &t->failures[at];

    if (at < t->failure_count && compare_failure(f, endpoint, c, message) == 0) {
        f->count += count;
        return;
    }
    if (at == TALLY_FAILURES_MAX) {
        t->failures_overflow += count;
        return;
    }
    if (t->failure_count == TALLY_FAILURES_MAX)
        t->failures_overflow += t->failures[--t->failure_count].count;
    memmove(f + 1, f, (t->failure_count - at) * sizeof(*f));
    t->failure_count++;

    const size_t len = strnlen(message, FAILURE_MESSAGE_MAX - 1);
    *f = (struct tally_failure){ .endpoint = endpoint, .class = c, .count = count };
    memcpy(f->message, message, len);
}

static void take_failures(struct tally *t, const struct failure_table *live)
{
    for (uint32_t i = 0; i < FAILURES_MAX; i++) {
        const struct failure *f = &live->entries[i];
        const uint64_t count = atomic_load_explicit(&f->count, memory_order_acquire);
        if (count == 0)
            break; /* entries are filled in order */
        add_failure(t, f->endpoint, f->class, f->message, count);
    }
    t->failures_overflow += cell_read(&live->overflow);
}

/* Earliest start and latest end; 0 is none. */
static void widen_time(struct tally *t, uint64_t started_ns, uint64_t ended_ns)
{
    if (started_ns != 0 && (t->started_ns == 0 || started_ns < t->started_ns))
        t->started_ns = started_ns;
    if (ended_ns > t->ended_ns)
        t->ended_ns = ended_ns;
}

static void take_strain(struct tally *t, const struct shard *live)
{
    t->run_delay_ns += cell_read(&live->run_delay_ns);
    t->preempted += cell_read(&live->preempted);
    for (uint32_t i = 0; i < SHARE_SLOTS; i++)
        t->generator_ns[i] += cell_read(&live->generator_ns[i]);
}

static void note_tls(struct tally *t, const char *version, const char *cipher)
{
    if (version == NULL || cipher == NULL)
        return;
    t->tls_version = version;
    t->tls_cipher = cipher;
}

void tally_take(struct tally *t, const struct shard *live)
{
    assert(t->endpoint_count == live->endpoint_count);
    for (int i = 0; i < COUNTER_COUNT; i++)
        t->counters[i] += cell_read(&live->counters[i]);
    for (int i = 0; i < CLOSE_REASON_COUNT; i++)
        t->closes[i] += cell_read(&live->closes[i]);
    for (int i = 0; i < STATUS_CODES; i++)
        t->status[i] += cell_read(&live->status[i]);
    t->users_now += cell_read(&live->users_now);
    t->in_flight_now += cell_read(&live->in_flight_now);
    t->cpu_ns += cell_read(&live->cpu_ns);
    widen_time(t, cell_read(&live->started_ns), cell_read(&live->ended_ns));
    take_failures(t, &live->failures);
    note_tls(t, atomic_load_explicit(&live->tls_version, memory_order_relaxed),
             atomic_load_explicit(&live->tls_cipher, memory_order_relaxed));
    hist_view_take(&t->lateness, &live->lateness);
    take_strain(t, live);
    books_view_take(&t->arrivals, &live->arrivals);
    for (int i = 0; i < PHASE_COUNT; i++)
        hist_view_take(&t->phases[i], &live->phases[i]);
    for (uint32_t i = 0; i < t->endpoint_count; i++) {
        struct tally_endpoint *e = &t->endpoints[i];
        const struct shard_endpoint *from = &live->endpoints[i];
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            hist_view_take(&e->latency[o], &from->latency[o]);
            hist_view_take(&e->service[o], &from->service[o]);
        }
        e->bytes_in += cell_read(&from->bytes_in);
        e->bytes_body += cell_read(&from->bytes_body);
        e->bytes_out += cell_read(&from->bytes_out);
        books_view_take(&e->books, &from->books);
    }
}

static void add_strain(struct tally *sum, const struct tally *more)
{
    sum->run_delay_ns += more->run_delay_ns;
    sum->preempted += more->preempted;
    for (uint32_t i = 0; i < SHARE_SLOTS; i++)
        sum->generator_ns[i] += more->generator_ns[i];
}

void tally_add(struct tally *sum, const struct tally *more)
{
    assert(sum != more && sum->endpoint_count == more->endpoint_count);
    for (int i = 0; i < COUNTER_COUNT; i++)
        sum->counters[i] += more->counters[i];
    for (int i = 0; i < CLOSE_REASON_COUNT; i++)
        sum->closes[i] += more->closes[i];
    for (int i = 0; i < STATUS_CODES; i++)
        sum->status[i] += more->status[i];
    sum->users_now += more->users_now;
    sum->in_flight_now += more->in_flight_now;
    sum->cpu_ns += more->cpu_ns;
    widen_time(sum, more->started_ns, more->ended_ns);
    for (uint32_t i = 0; i < more->failure_count; i++) {
        const struct tally_failure *f = &more->failures[i];
        add_failure(sum, f->endpoint, f->class, f->message, f->count);
    }
    sum->failures_overflow += more->failures_overflow;
    note_tls(sum, more->tls_version, more->tls_cipher);
    hist_view_add(&sum->lateness, &more->lateness);
    add_strain(sum, more);
    books_view_add(&sum->arrivals, &more->arrivals);
    for (int i = 0; i < PHASE_COUNT; i++)
        hist_view_add(&sum->phases[i], &more->phases[i]);
    for (uint32_t i = 0; i < sum->endpoint_count; i++) {
        struct tally_endpoint *e = &sum->endpoints[i];
        const struct tally_endpoint *from = &more->endpoints[i];
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            hist_view_add(&e->latency[o], &from->latency[o]);
            hist_view_add(&e->service[o], &from->service[o]);
        }
        e->bytes_in += from->bytes_in;
        e->bytes_body += from->bytes_body;
        e->bytes_out += from->bytes_out;
        books_view_add(&e->books, &from->books);
    }
}

static uint64_t count_failures(const struct tally *t)
{
    uint64_t count = t->failures_overflow;

    for (uint32_t i = 0; i < t->failure_count; i++)
        count += t->failures[i].count;
    return count;
}

/* An entry of `earlier` may since have been pushed out of a full table; its count is then part of
 * later's overflow, so the difference of the overflows follows from the totals and not from each
 * other. */
static void failures_since(struct tally *t, const struct tally *later, const struct tally *earlier)
{
    uint64_t listed = 0;

    for (uint32_t i = 0; i < later->failure_count; i++) {
        const struct tally_failure *f = &later->failures[i];
        const uint32_t at = find_failure(earlier, f->endpoint, f->class, f->message);
        uint64_t count = f->count;
        if (at < earlier->failure_count &&
            compare_failure(&earlier->failures[at], f->endpoint, f->class, f->message) == 0)
            count -= earlier->failures[at].count;
        if (count == 0)
            continue;
        t->failures[t->failure_count] = *f;
        t->failures[t->failure_count++].count = count;
        listed += count;
    }
    t->failures_overflow = count_failures(later) - count_failures(earlier) - listed;
}

static void strain_since(struct tally *t, const struct tally *later, const struct tally *earlier)
{
    t->run_delay_ns = later->run_delay_ns - earlier->run_delay_ns;
    t->preempted = later->preempted - earlier->preempted;
    for (uint32_t i = 0; i < SHARE_SLOTS; i++)
        t->generator_ns[i] = later->generator_ns[i] - earlier->generator_ns[i];
}

void tally_since(struct tally *t, const struct tally *later, const struct tally *earlier)
{
    assert(t != later && t != earlier && t->endpoint_count == later->endpoint_count &&
           later->endpoint_count == earlier->endpoint_count);
    tally_clear(t);
    for (int i = 0; i < COUNTER_COUNT; i++)
        t->counters[i] = later->counters[i] - earlier->counters[i];
    for (int i = 0; i < CLOSE_REASON_COUNT; i++)
        t->closes[i] = later->closes[i] - earlier->closes[i];
    for (int i = 0; i < STATUS_CODES; i++)
        t->status[i] = later->status[i] - earlier->status[i];
    t->users_now = later->users_now;
    t->in_flight_now = later->in_flight_now;
    t->cpu_ns = later->cpu_ns - earlier->cpu_ns;
    t->started_ns = later->started_ns;
    t->ended_ns = later->ended_ns;
    failures_since(t, later, earlier);
    note_tls(t, later->tls_version, later->tls_cipher);
    hist_view_since(&t->lateness, &later->lateness, &earlier->lateness);
    strain_since(t, later, earlier);
    books_view_since(&t->arrivals, &later->arrivals, &earlier->arrivals);
    for (int i = 0; i < PHASE_COUNT; i++)
        hist_view_since(&t->phases[i], &later->phases[i], &earlier->phases[i]);
    for (uint32_t i = 0; i < t->endpoint_count; i++) {
        struct tally_endpoint *e = &t->endpoints[i];
        const struct tally_endpoint *to = &later->endpoints[i];
        const struct tally_endpoint *from = &earlier->endpoints[i];
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            hist_view_since(&e->latency[o], &to->latency[o], &from->latency[o]);
            hist_view_since(&e->service[o], &to->service[o], &from->service[o]);
        }
        e->bytes_in = to->bytes_in - from->bytes_in;
        e->bytes_body = to->bytes_body - from->bytes_body;
        e->bytes_out = to->bytes_out - from->bytes_out;
        books_view_since(&e->books, &to->books, &from->books);
    }
}

void tally_add_latency(const struct tally *t, struct hist_view *v)
{
    for (uint32_t i = 0; i < t->endpoint_count; i++)
        for (int o = 0; o < OUTCOME_COUNT; o++)
            hist_view_add(v, &t->endpoints[i].latency[o]);
}
