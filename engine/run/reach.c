#include "engine/run/reach.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/socket.h"

struct reach {
    const struct plan *plan;
    const struct fleet_options *options;
    struct route *routes; /* to each origin */
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

/* ---- where they lead ---- */

static int find_origin(struct reach *r, uint32_t i, struct fleet_fault *ret_fault)
{
    const struct plan_origin *origin = &r->plan->origins[i];
    const struct host_port *instead = r->options->connect_to;
    const char *path = r->options->unix_path;
    const char *host = instead != NULL ? instead->host : origin->connect_host;
    const uint16_t port = instead != NULL ? instead->port : origin->connect_port;
    const char *why = "";
    if (path != NULL)
        return resolve_unix(path, &r->routes[i]) == 0
                   ? 0
                   : fault(ret_fault, -ENAMETOOLONG, "use a shorter path",
                           "'%s' is too long for a socket", path);
    if (resolve_host(host, port, &r->routes[i], 1, &why) > 0)
        return 0;
    return fault(ret_fault, -EHOSTUNREACH, "check the host's name", "cannot resolve '%s': %s", host,
                 why);
}

/* ---- where they come from ---- */

/* Every address is tried: one that is not there would fail its connections all through the run. */
static int check_sources(const struct reach *r, int family, struct fleet_fault *ret_fault)
{
    const uint32_t count = sources_count(r->options->sources, family);
    if (count == 0)
        return fault(ret_fault, -EAFNOSUPPORT, "name local addresses of the server's family",
                     "none of the local addresses is an IPv%d address, as the server's is",
                     family == AF_INET6 ? 6 : 4);
    for (uint32_t i = 0; i < count; i++) {
        struct route source;
        char text[ROUTE_TEXT_MAX];
        source.address_len = sources_address(r->options->sources, family, i, &source.address);
        const int rc = socket_try_source(&source);
        if (rc == 0)
            continue;
        resolve_write_host(&source, text);
        return fault(ret_fault, rc, "name addresses that this host has, 'ip address' lists them",
                     "cannot connect from %s: %s", text, strerrordesc_np(-rc));
    }
    return 0;
}

int reach_open(struct reach **ret_reach, const struct plan *plan,
               const struct fleet_options *options, struct fleet_fault *ret_fault)
{
    struct reach *r = calloc(1, sizeof *r);
    if (r == NULL)
        return fault(ret_fault, -ENOMEM, "free some memory", "no memory");
    r->plan = plan;
    r->options = options;
    r->routes = calloc(plan->origin_count, sizeof *r->routes);
    int rc = r->routes != NULL ? 0 : fault(ret_fault, -ENOMEM, "free some memory", "no memory");
    for (uint32_t i = 0; rc == 0 && i < plan->origin_count; i++) {
        rc = find_origin(r, i, ret_fault);
        if (rc == 0 && options->sources != NULL)
            rc = check_sources(r, r->routes[i].address.ss_family, ret_fault);
    }
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
    free(r->routes);
    free(r);
}

const struct route *reach_routes(const struct reach *r)
{
    return r->routes;
}

const struct sources *reach_sources(const struct reach *r)
{
    return r->options->sources;
}
