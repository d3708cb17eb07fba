#include "engine/run/reach.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/clock.h"
#include "engine/io/probe.h"
#include "engine/io/socket.h"

struct reach {
    const struct plan *plan;
    struct fleet_options options;
    struct routes *routes; /* to each origin */

    pthread_t thread; /* looks names up again */
    bool is_started;
    pthread_mutex_t lock;
    pthread_cond_t over; /* signalled when … */
    bool is_over;        /* … it shall end; under the lock */
};

static int fault(struct fleet_fault *ret_fault, int err, const char *remedy, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

static int fault(struct fleet_fault *ret_fault, int err, const char *remedy, const char *format,
                 ...)
{
    va_list words;
    va_start(words, format);
    vsnprintf(ret_fault->message, sizeof ret_fault->message, format, words);
    va_end(words);
    snprintf(ret_fault->remedy, sizeof ret_fault->remedy, "%s", remedy);
    return err;
}

/* ---- where they come from ---- */

/* Each is tried: one that is not there would fail its connections all through the run. */
static int check_sources(const struct sources *sources, int family, struct fleet_fault *ret_fault)
{
    const uint32_t count = sources_count(sources, family);
    for (uint32_t i = 0; i < count; i++) {
        struct route source;
        char text[ROUTE_TEXT_MAX];
        source.address_len = sources_address(sources, family, i, &source.address);
        const int rc = socket_try_source(&source);
        if (rc == 0)
            continue;
        resolve_write_host(&source, text);
        return fault(ret_fault, rc, "name addresses that this host has, 'ip address' lists them",
                     "cannot connect from %s: %s", text,
                     rc == -EADDRNOTAVAIL ? "this host does not have it" : strerrordesc_np(-rc));
    }
    return 0;
}

/* ---- where they lead ---- */

/* Those of a family that none of the local addresses has are of no use. */
static uint32_t keep_usable(const struct sources *sources, struct route *found, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (sources == NULL || sources_count(sources, found[i].address.ss_family) > 0)
            found[kept++] = found[i];
    }
    return kept;
}

/* Every address that the name of an origin stands for, in the resolver's order. How many, or -errno
 * with *ret_fault. */
static int find_addresses(const struct reach *r, uint32_t origin, struct route found[ROUTES_MAX],
                          struct fleet_fault *ret_fault)
{
    const struct fleet_options *o = &r->options;
    const char *host = r->plan->origins[origin].connect_host;
    uint16_t port = r->plan->origins[origin].connect_port;
    const char *why = "";
    if (o->connect_to != NULL) {
        host = o->connect_to->host;
        port = o->connect_to->port;
    }
    const int count = resolve_host(host, port, found, ROUTES_MAX, &why);
    if (count < 0)
        return fault(ret_fault, -EHOSTUNREACH, "check the host's name, or use --connect-to",
                     "cannot resolve '%s': %s", host, why);
    const uint32_t usable = keep_usable(o->sources, found, (uint32_t)count);
    if (usable == 0)
        return fault(ret_fault, -EAFNOSUPPORT, "name local addresses of the server's family",
                     "none of the local addresses is an IPv%d address, as the server's is",
                     found[0].address.ss_family == AF_INET6 ? 6 : 4);
    return (int)usable;
}

/* Of several addresses those that do not answer, while another does, are passed over from the
 * beginning: a name may have addresses of a family that leads nowhere from here. */
static void mark_silent(const struct reach *r, struct routes *routes, const struct route *found,
                        uint32_t count)
{
    bool answers[ROUTES_MAX];
    if (count < 2 || probe_routes(found, count, r->options.sources, answers) == 0)
        return;
    for (uint32_t i = 0; i < count; i++)
        routes->entries[i].was_silent = !answers[i];
}

static int find_origin(struct reach *r, uint32_t origin, struct fleet_fault *ret_fault)
{
    struct route found[ROUTES_MAX];
    const char *path = r->options.unix_path;
    if (path != NULL) {
        if (resolve_unix(path, found) < 0)
            return fault(ret_fault, -ENAMETOOLONG, "use a shorter path",
                         "'%s' is too long for a socket", path);
        routes_set(&r->routes[origin], found, 1);
        return 0;
    }
    const int count = find_addresses(r, origin, found, ret_fault);
    if (count < 0)
        return count;
    routes_set(&r->routes[origin], found, (uint32_t)count);
    mark_silent(r, &r->routes[origin], found, (uint32_t)count);
    return 0;
}

static void open_signal(struct reach *r)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->over, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&r->lock, NULL);
}

int reach_open(struct reach **ret_reach, const struct plan *plan,
               const struct fleet_options *options, struct fleet_fault *ret_fault)
{
    struct reach *r = calloc(1, sizeof *r);
    if (r == NULL)
        return fault(ret_fault, -ENOMEM, "free some memory", "no memory");
    r->plan = plan;
    r->options = *options;
    open_signal(r);
    r->routes = calloc(plan->origin_count, sizeof *r->routes);
    int rc = r->routes != NULL ? 0 : fault(ret_fault, -ENOMEM, "free some memory", "no memory");
    if (rc == 0 && options->sources != NULL)
        rc = check_sources(options->sources, AF_INET, ret_fault);
    if (rc == 0 && options->sources != NULL)
        rc = check_sources(options->sources, AF_INET6, ret_fault);
    for (uint32_t i = 0; rc == 0 && i < plan->origin_count; i++)
        rc = find_origin(r, i, ret_fault);
    if (rc < 0) {
        reach_close(r);
        return rc;
    }
    *ret_reach = r;
    return 0;
}

void reach_close(struct reach *r)
{
    if (r == NULL)
        return;
    if (r->is_started) {
        pthread_mutex_lock(&r->lock);
        r->is_over = true;
        pthread_cond_signal(&r->over);
        pthread_mutex_unlock(&r->lock);
        pthread_join(r->thread, NULL);
    }
    pthread_cond_destroy(&r->over);
    pthread_mutex_destroy(&r->lock);
    free(r->routes);
    free(r);
}

/* ---- while the run goes on ---- */

/* False when it is over. */
static bool sleep_until(struct reach *r, uint64_t due_ns)
{
    const struct timespec due = { .tv_sec = (time_t)(due_ns / 1000000000),
                                  .tv_nsec = (long)(due_ns % 1000000000) };
    pthread_mutex_lock(&r->lock);
    int rc = 0;
    while (!r->is_over && rc == 0)
        rc = pthread_cond_timedwait(&r->over, &r->lock, &due);
    const bool goes_on = !r->is_over;
    pthread_mutex_unlock(&r->lock);
    return goes_on;
}

/* A name that cannot be found just now stands for what it stood for. */
static void *follow_names(void *argument)
{
    struct reach *r = argument;
    uint64_t due_ns = clock_now_ns() + r->options.resolve_every_ns;
    while (sleep_until(r, due_ns)) {
        for (uint32_t i = 0; i < r->plan->origin_count; i++) {
            struct route found[ROUTES_MAX];
            struct fleet_fault unheard;
            const int count = find_addresses(r, i, found, &unheard);
            if (count > 0)
                routes_set(&r->routes[i], found, (uint32_t)count);
        }
        due_ns = clock_now_ns() + r->options.resolve_every_ns;
    }
    return NULL;
}

int reach_start(struct reach *r)
{
    if (r->options.resolve_every_ns == 0 || r->options.unix_path != NULL)
        return 0;
    const int rc = pthread_create(&r->thread, NULL, follow_names, r);
    r->is_started = rc == 0;
    return -rc;
}

const struct routes *reach_routes(const struct reach *r)
{
    return r->routes;
}
