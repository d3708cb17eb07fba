#include "engine/plan/plan.h"

#include <errno.h>

#include "engine/plan/arena.h"
#include "engine/plan/plan_make.h"
#include "http/header.h"

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

void plan_close(struct plan *p)
{
    if (p != NULL)
        arena_close(p->arena); /* the plan itself lives there too */
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
