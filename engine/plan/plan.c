#include "engine/plan/plan.h"

#include <errno.h>
#include <stdio.h>

#include "engine/plan/arena.h"
#include "engine/plan/plan_make.h"
#include "http/header.h"
#include "http/regex.h"

int plan_open(struct plan **ret_plan)
{
    struct arena *a;
    int rc = arena_open(&a);
    if (rc != 0)
        return rc;
    struct plan *p = arena_alloc(a, sizeof(*p));
    if (p == NULL) {
        arena_close(a);
        return -ENOMEM;
    }
    p->arena = a;
    *ret_plan = p;
    return 0;
}

void plan_captures_close(const struct plan_request *requests, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < requests[i].capture_count; k++)
            regex_close((struct regex *)requests[i].captures[k].regex);
    }
}

void plan_close(struct plan *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->expression_count; i++)
        expression_close((struct expression *)&p->expressions[i]);
    plan_captures_close(p->requests, p->request_count);
    arena_close(p->arena); /* the plan itself lives there too */
}

uint32_t plan_first_step(const struct plan *p, uint32_t first)
{
    uint32_t at = first;
    while (p->steps[at].kind == STEP_CLEAR)
        at++;
    return p->steps[at].kind == STEP_JUMP && p->steps[at].target < first ? p->steps[at].target
                                                                         : first;
}

uint32_t plan_find_origin(const struct plan_origin *origins, uint32_t count, const struct url *url)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct plan_origin *o = &origins[i];
        if (o->is_tls == url->is_tls && o->connect_port == url->port &&
            span_equal_ignoring_case(span_of(o->connect_host), url->host))
            return i;
    }
    return PLAN_NONE;
}

const char *plan_read_host(struct plan_host *ret_host, struct span text)
{
    struct plan_host host;
    const char *fault = url_parse(&host.url, text);
    if (fault != NULL)
        return fault;
    if (host.url.userinfo.len > 0)
        return "expected a host without a user's name, found one: give it as header "
               "'Authorization'";
    if (host.url.has_query)
        return "expected a host without '?', found one: a query belongs to each path";
    host.prefix = host.url.path;
    while (host.prefix.len > 0 && host.prefix.bytes[host.prefix.len - 1] == '/')
        host.prefix.len--;
    const size_t len = url_host_header(&host.url, host.header, sizeof(host.header) - 1);
    host.header[len] = '\0';
    *ret_host = host;
    return NULL;
}

struct span plan_target_prefix(const struct plan *p, const struct plan_origin *origin)
{
    return p->is_proxied && !origin->is_tls ? span_of(origin->text) : SPAN_LITERAL("");
}

bool plan_tunnel_request(const struct plan *p, const struct plan_host *host,
                         struct span *ret_request)
{
    const struct url *u = &host->url;
    char text[2 * sizeof host->header + 64];
    char place[sizeof host->header];
    *ret_request = SPAN_LITERAL("");
    if (!p->is_proxied || !u->is_tls)
        return true;
    snprintf(place, sizeof place, u->host_is_ipv6 ? "[%.*s]:%u" : "%.*s:%u", (int)u->host.len,
             u->host.bytes, u->port);
    snprintf(text, sizeof text, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", place, place);
    const char *copy = arena_copy(p->arena, span_of(text));
    if (copy == NULL)
        return false;
    *ret_request = span_of(copy);
    return true;
}

const char *plan_origin_text(struct arena *a, const struct plan_host *host)
{
    char text[sizeof(host->header) + sizeof("https://")];
    snprintf(text, sizeof(text), "%s%s", host->url.is_tls ? "https://" : "http://", host->header);
    return arena_copy(a, span_of(text));
}

bool plan_read_header(const char *line, size_t index, struct diag_list *diags,
                      struct span *ret_name, struct span *ret_value)
{
    const struct diag_quote found = diag_quote(span_of(line));
    if (index >= PLAN_EXTRA_HEADERS_MAX) {
        if (index == PLAN_EXTRA_HEADERS_MAX)
            diag_add(diags, DIAG_NO_PLACE, "expected at most %u headers, found more",
                     PLAN_EXTRA_HEADERS_MAX);
        return false;
    }
    if (!header_split(span_of(line), ret_name, ret_value)) {
        diag_add(diags, DIAG_NO_PLACE, "expected a header such as 'Accept: text/html', found %s",
                 found.text);
        return false;
    }
    if (span_equal_ignoring_case(*ret_name, SPAN_LITERAL("Content-Length")) ||
        span_equal_ignoring_case(*ret_name, SPAN_LITERAL("Transfer-Encoding"))) {
        diag_add(diags, DIAG_NO_PLACE,
                 "expected no header %s: the length is written from the body sent",
                 diag_quote(*ret_name).text);
        return false;
    }
    if (span_equal_ignoring_case(*ret_name, SPAN_LITERAL("Host")) && ret_value->len == 0) {
        diag_add(diags, DIAG_NO_PLACE, "expected a host after 'Host:', found nothing");
        return false;
    }
    return true;
}
