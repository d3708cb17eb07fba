#include <errno.h>

#include "engine/plan/plan_make.h"
#include "engine/plan/scenario_build.h"

static uint32_t find_origin(const struct build *b, const struct url *u)
{
    return plan_find_origin((const struct plan_origin *)b->origins.items, b->origins.count, u);
}

static void add_origin(struct build *b, const struct plan_host *host)
{
    const char *text = plan_origin_text(b->arena, host);
    const struct span header = scenario_plan_copy_span(b, span_of(host->header));
    const char *name = scenario_plan_copy(b, host->url.host);
    struct plan_origin *origin = scenario_row_add(b, &b->origins, sizeof(*origin));
    struct span tunnel;
    if (!plan_tunnel_request(b->plan, host, &tunnel) || text == NULL)
        b->error = -ENOMEM;
    if (origin != NULL)
        *origin = (struct plan_origin){ .text = text,
                                        .connect_host = name,
                                        .connect_port = host->url.port,
                                        .is_tls = host->url.is_tls,
                                        .host_header = header,
                                        .tunnel_request = tunnel };
}

static void build_host(struct build *b)
{
    const struct scenario *s = b->s;
    const char *given = b->over->host;
    struct plan_host host;
    if (given == NULL && (s->host == NULL || s->is_host_broken))
        return;
    const struct span text = given == NULL ? s->host->text : span_of(given);
    const char *fault = plan_read_host(&host, text);
    if (fault != NULL) {
        diag_add(s->diags, given == NULL ? s->host->place : DIAG_NO_PLACE, "%s%s",
                 given == NULL ? "" : "--host: ", fault);
        return;
    }
    add_origin(b, &host);
    b->prefix = host.prefix;
    b->plan->host = scenario_plan_copy(b, text);
}

void scenario_origins_build(struct build *b)
{
    struct plan_host host;
    build_host(b);
    if (b->s->hosts == NULL)
        return;
    for (const struct node *item = b->s->hosts->first; item != NULL && b->error == 0;
         item = item->next) {
        const char *fault = plan_read_host(&host, item->text);
        if (fault == NULL && host.prefix.len > 0)
            fault = "expected a host without a path: it belongs into each request";
        if (fault != NULL)
            diag_add(b->s->diags, item->place, "%s", fault);
        else if (find_origin(b, &host.url) == PLAN_NONE)
            add_origin(b, &host);
    }
}

/* Bytes of "http://host:port" at the beginning of a whole URL. */
static size_t authority_len(struct span url)
{
    size_t at = 8; /* "http://" and at least one byte more, or "https://" */
    while (at < url.len && strchr("/?#", url.bytes[at]) == NULL)
        at++;
    return at;
}

/* Who writes a whole URL names its host: what may stand under 'hosts' need not. */
static uint32_t add_stranger(struct build *b, const struct node *path, struct span place)
{
    struct plan_host host;
    if (b->origins.count == 0 || plan_read_host(&host, place) != NULL)
        return 0; /* 'host' is missing or bad, or the URL is: reported already */
    if (b->origins.count == SCENARIO_ORIGINS_MAX) {
        diag_add(b->s->diags, scenario_place_of(b, path, place),
                 "expected at most %u hosts beside 'host', found one more: %s",
                 SCENARIO_ORIGINS_MAX - 1, diag_quote(place).text);
        return 0;
    }
    add_origin(b, &host);
    return b->origins.count - 1;
}

uint32_t scenario_origin_of(struct build *b, const struct node *path, struct span *ret_target)
{
    const struct span text = path->text;
    struct url url;
    *ret_target = text;
    if (text.len == 0 || strchr("/*$", text.bytes[0]) != NULL)
        return 0;
    const struct span place = { text.bytes, authority_len(text) };
    *ret_target = (struct span){ text.bytes + place.len, text.len - place.len };
    if (expression_is_present(place)) {
        diag_add(b->s->diags, path->place, "expected a host without '${...}' after %s, found %s",
                 diag_quote(path->key->text).text, diag_quote(place).text);
        return 0;
    }
    const char *fault = url_parse(&url, place);
    if (fault != NULL) {
        diag_add(b->s->diags, path->place, "%s", fault);
        return 0;
    }
    if (url.userinfo.len > 0)
        diag_add(b->s->diags, path->place,
                 "expected a URL without a user's name, found one: use 'auth'");
    const uint32_t origin = find_origin(b, &url);
    return origin == PLAN_NONE ? add_stranger(b, path, place) : origin;
}
