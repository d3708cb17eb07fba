#include "tools/doctor/preflight.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "stats/report/figure.h"
#include "tools/doctor/sums.h"

static void say(struct preflight_verdict *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void mend(struct preflight_verdict *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct preflight_verdict *v, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    (void)vsnprintf(v->sentence, sizeof v->sentence, format, words);
    va_end(words);
}

static void mend(struct preflight_verdict *v, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    (void)vsnprintf(v->remedy, sizeof v->remedy, format, words);
    va_end(words);
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

static double requests_at_most(const struct preflight_load *l)
{
    return l->requests_max > 0 ? (double)l->requests_max : INFINITY;
}

/* Open to one origin at once, at most: those of users who have been started, when each has sent a
 * request. */
static uint64_t connections_at_once(const struct preflight_load *l)
{
    const double started = fmin((double)l->users, floor(l->spawn_rate_per_s * l->duration_s) + 1);
    const double wanted = l->is_shared ? started : ceil(started / l->pipeline);
    return (uint64_t)fmin(fmin(wanted, (double)l->connections), requests_at_most(l));
}

/* Whether all of them are sure to be open at once. */
static bool opens_all(const struct preflight_load *l)
{
    return !l->is_open && !l->is_shared && l->origins == 1 &&
           !(l->requests_per_connection == 1 && l->wait_s > 0);
}

/* ---- one limit each: false = nothing to say about it ---- */

typedef bool look(const struct preflight_load *l, const struct host *h,
                  struct preflight_verdict *v);

static bool look_at_descriptors(const struct preflight_load *l, const struct host *h,
                                struct preflight_verdict *v)
{
    const uint64_t each = divide_up(l->connections, l->threads) * l->origins;
    const int64_t limit = sums_files_per_ring(&h->limits);
    char origins[48] = "";
    if (limit <= 0 || each <= (uint64_t)limit)
        return false;
    if (l->origins > 1)
        (void)snprintf(origins, sizeof origins, " x %" PRIu32 " hosts", l->origins);
    v->is_refused = true;
    say(v,
        "%" PRIu64 " connections / %" PRIu32 " thread%s%s = %" PRIu64
        " for a ring, and %s %" PRId64,
        l->connections, l->threads, l->threads == 1 ? "" : "s", origins, each,
        limit == SUMS_RING_FILES_MAX ? "a ring holds at most" : "the limit of descriptors is",
        limit);
    const uint64_t share = (uint64_t)limit / l->origins; /* connections to each that fit */
    if (limit == SUMS_RING_FILES_MAX || share == 0)
        mend(v, "use more --threads, or fewer connections");
    else
        mend(v,
             "raise it with 'ulimit -n %" PRIu64 "', or use --threads %" PRIu64
             ", or fewer connections",
             each, divide_up(l->connections, share));
    return true;
}

static bool look_at_ports(const struct preflight_load *l, const struct host *h,
                          struct preflight_verdict *v)
{
    char sum[SUMS_TEXT_MAX], sources[64] = "";
    const uint64_t connections = connections_at_once(l);
    const int64_t ports = sums_ports(&h->network);
    if (l->is_unix || ports == READING_UNKNOWN || (double)connections <= (double)ports * l->sources)
        return false;
    v->is_refused = opens_all(l) && !l->may_be_many;
    if (l->sources > 1)
        (void)snprintf(sources, sizeof sources, " for each of %" PRIu32 " addresses", l->sources);
    sums_write_ports(&h->network, sum);
    say(v, "%s%" PRIu64 " connections to one server need a local port each, and there are %s%s",
        v->is_refused ? "" : "up to ", connections, sum, sources);
    mend(v, "use fewer connections, --source with more local addresses, or sysctl -w "
            "net.ipv4.ip_local_port_range='10000 65535'");
    return true;
}

/* New connections per second that the load asks for at most, when squall closes them. */
static double opened_at_most_per_s(const struct preflight_load *l)
{
    const double requests = (double)l->requests_per_connection;
    if (l->is_open)
        return l->rate_per_s / requests;
    const double able = (double)l->threads * SUMS_OPENED_PER_CORE_S;
    if (l->wait_s <= 0)
        return able;
    return fmin(able, (double)l->users * l->task_requests_max / l->wait_s / requests);
}

static bool look_at_time_wait(const struct preflight_load *l, const struct host *h,
                              struct preflight_verdict *v)
{
    const struct host_network *n = &h->network;
    const double requests = (double)l->requests_per_connection;
    const double pairs = (double)l->origins * l->sources; /* each has all the ports */
    char sum[SUMS_TEXT_MAX];
    /* With one request per connection the server is asked to close: if it is first, it keeps the
     * port. */
    if (l->is_unix || l->requests_per_connection < 2 || sums_ports(n) == READING_UNKNOWN)
        return false;
    const double asked = opened_at_most_per_s(l);
    const double asked_in_all = fmin(asked * l->duration_s, requests_at_most(l) / requests);
    if (asked <= sums_opened_per_s(n, l->may_be_loopback) * pairs ||
        asked_in_all <= (double)sums_ports(n) * pairs)
        return false;
    v->is_refused = l->is_open;
    sums_write_opened(n, l->may_be_loopback, sum);
    if (l->is_open)
        say(v,
            "%s requests/s / %" PRIu64 " per connection = %s new connections/s that squall "
            "closes, and TIME_WAIT allows %s to each address and port",
            sums_figure(l->rate_per_s).text, l->requests_per_connection, sums_figure(asked).text,
            sum);
    else
        say(v,
            "there may be up to %.0f new connections/s that squall closes, and TIME_WAIT allows "
            "%s to each address and port",
            asked, sum);
    const bool can_reuse = sums_port_rest_s(n, l->may_be_loopback) >= SUMS_TIME_WAIT_S;
    mend(v, "raise --requests-per-connection%s",
         can_reuse ? ", or sysctl -w net.ipv4.tcp_tw_reuse=1" : "");
    return true;
}

/* Our side of the connections only: the server may be elsewhere. */
static bool look_at_memory(const struct preflight_load *l, const struct host *h,
                           struct preflight_verdict *v)
{
    const uint64_t connections = connections_at_once(l);
    const int64_t left = host_memory_left(h);
    const uint64_t more = SUMS_KERNEL_BYTES_OUR_SIDE + (l->is_tls ? SUMS_TLS_BYTES : 0);
    const double taken = sums_memory(connections, l->users, more);
    if (left == READING_UNKNOWN || taken <= (double)left)
        return false;
    v->is_refused = !l->is_open;
    say(v,
        "%" PRIu64 " connections x %" PRIu64 " bytes + %" PRIu64
        " users x %d bytes = %s of memory, and %s are available",
        connections, SUMS_CONNECTION_BYTES + more, l->users, SUMS_USER_BYTES,
        figure_bytes(taken).text, figure_bytes((double)left).text);
    mend(v, "use fewer of them, free memory, or raise the container's limit");
    return true;
}

size_t preflight(const struct preflight_load *l, const struct host *h,
                 struct preflight_verdict ret_verdicts[PREFLIGHT_MAX])
{
    static look *const looks[PREFLIGHT_MAX] = { look_at_descriptors, look_at_ports,
                                                look_at_time_wait, look_at_memory };
    size_t count = 0;
    for (size_t i = 0; i < PREFLIGHT_MAX; i++) {
        ret_verdicts[count] = (struct preflight_verdict){ .is_refused = false };
        count += looks[i](l, h, &ret_verdicts[count]);
    }
    return count;
}
