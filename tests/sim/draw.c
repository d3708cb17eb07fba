#include "tests/sim/draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/diag.h"
#include "engine/run/worker.h"

#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

static bool chance(struct prng *p, uint64_t percent)
{
    return prng_below(p, 100) < percent;
}

static uint64_t between(struct prng *p, uint64_t low, uint64_t high)
{
    return low + prng_below(p, high - low + 1);
}

static void answer_with_headers(const struct draw_server *s, struct prng *p, struct reply *reply)
{
    static const uint16_t moved[] = { 301, 302, 303, 307, 308 };
    static const char *const places[] = { "/moved", "next?a=b", "http://other.example:8080/c",
                                          "//evil.example/", "?" };
    static const char json[] = "{\"id\": 7, \"list\": [\"a\", \"b\"]}";
    size_t len = 0;
    if (chance(p, s->json)) {
        reply->body = json;
        reply->body_bytes = sizeof json - 1;
        len += (size_t)snprintf(reply->headers + len, sizeof reply->headers - len,
                                "X-Drawn: %u\r\n", (unsigned)prng_below(p, 2));
    }
    if (chance(p, s->cookies))
        len += (size_t)snprintf(reply->headers + len, sizeof reply->headers - len,
                                "Set-Cookie: drawn=%u%s\r\n", (unsigned)prng_below(p, 1000),
                                chance(p, 20) ? "; Max-Age=0" : "");
    if (chance(p, s->redirects)) {
        reply->status = moved[prng_below(p, 5)];
        snprintf(reply->headers + len, sizeof reply->headers - len, "Location: %s\r\n",
                 places[prng_below(p, 5)]);
    }
}

static void answer_as_drawn(void *context, const struct server_request *asked, struct reply *reply)
{
    const struct draw_server *s = context;
    struct prng *p = asked->prng;
    reply->delay_ns = s->delay_ns + prng_below(p, s->delay_spread_ns + 1);
    reply->pause_ns = s->pause_ns;
    reply->body_bytes = (uint32_t)prng_below(p, s->body_bytes_max + 1);
    if (chance(p, s->chunked)) {
        reply->framing = FRAMING_CHUNKED;
        reply->chunk_bytes = (uint32_t)(reply->body_bytes / between(p, 1, 5));
    } else if (chance(p, s->close_delimited)) {
        reply->framing = FRAMING_CLOSE;
    }
    reply->says_close = chance(p, s->says_close);
    reply->is_http10 = chance(p, s->http10);
    reply->lingers = chance(p, s->lingers);
    if (chance(p, s->informs) && !reply->is_http10)
        reply->informs = (uint32_t)between(p, 1, 3);
    if (chance(p, s->not_fine))
        reply->status = chance(p, 50) ? 500 : 404;
    else if (chance(p, s->bodiless))
        reply->status = chance(p, 50) ? 204 : 304;
    if (s->json > 0)
        answer_with_headers(s, p, reply);
}

static void draw_plan(struct draw *d, struct prng *p)
{
    static const char *const methods[] = { "GET", "GET", "POST", "HEAD" };
    struct sketch *s = &d->sketch;
    struct plan_load *load = &s->plan.load;
    sketch_init(s);
    for (uint64_t left = chance(p, 50) ? 1 : between(p, 2, SKETCH_REQUESTS_MAX); left > 0; left--) {
        const uint64_t i = prng_below(p, 4);
        const uint64_t body_max =
            chance(p, 30) ? 20000 : 200; /* a large one is not sent silently */
        sketch_add(s, methods[i], i == 2 ? (uint32_t)prng_below(p, body_max) : 0);
    }
    load->seed = d->seed;
    load->pipeline = chance(p, 60) ? 1 : (uint32_t)between(p, 2, 16);
    if (chance(p, 30))
        load->requests_per_connection = between(p, 1, 10);
    sketch_timeout(s, chance(p, 50) ? between(p, 20, 500) * MS : between(p, 1, 30) * S);
    load->grace_ns = chance(p, 30) ? 0 : between(p, 1, 2000) * MS;
    if (chance(p, 60)) {
        sketch_closed(s, (uint32_t)between(p, 1, 24), chance(p, 50) ? 0 : between(p, 1, 100) * MS);
        if (chance(p, 30))
            load->spawn_rate = (struct ratio){ between(p, 1, 200), between(p, 1, 3) };
    } else {
        sketch_open(s, between(p, 1, 2000), between(p, 1, 7), (uint32_t)between(p, 1, 12));
        load->is_poisson = chance(p, 50);
    }
    const bool by_count = chance(p, 40);
    if (by_count || chance(p, 20))
        load->requests_max = between(p, 1, 200);
    if (!by_count)
        load->duration_ns = between(p, 1, 300) * MS;
    d->plan = &s->plan;
}

static void draw_plan_of_scenario(struct draw *d, struct prng *p)
{
    static struct diag_list diags;
    const struct plan_overrides over = { .seed = d->seed };
    diag_list_init(&diags, "drawn.yaml");
    draw_scenario(p, d->scenario, sizeof d->scenario);
    if (plan_from_text(&d->plan, SQUALL_TESTS_DATA "/scenes/drawn.yaml", d->scenario,
                       strlen(d->scenario), &over, &diags) < 0) {
        char *text = diag_format(&diags);
        fprintf(stderr, "%s%s", d->scenario, text);
        abort();
    }
    struct plan_load *load = &d->plan->load;
    load->grace_ns = chance(p, 20) ? 0 : between(p, 1, 500) * MS;
    if (!load->is_shared && chance(p, 20))
        load->pipeline = (uint32_t)between(p, 2, 4);
    if (chance(p, 20))
        load->requests_per_connection = between(p, 1, 10);
    if (chance(p, 20))
        load->requests_max = between(p, 1, 200);
    d->config.is_scenario = true;
    d->server.json = (uint32_t)between(p, 1, 100);
    d->server.cookies = chance(p, 50) ? 0 : (uint32_t)between(p, 1, 100);
    d->server.redirects = chance(p, 50) ? 0 : (uint32_t)between(p, 1, 90);
}

void draw_close(struct draw *d)
{
    if (d->scenario[0] != '\0')
        plan_close(d->plan);
}

static void draw_server(struct draw *d, struct prng *p)
{
    struct draw_server *s = &d->server;
    s->delay_ns = between(p, 1, 5 * MS);
    s->delay_spread_ns = chance(p, 50) ? 0 : between(p, 0, 40 * MS);
    s->pause_ns = between(p, 0, 5 * MS);
    s->body_bytes_max = chance(p, 10) ? 200000 : chance(p, 50) ? 0 : (uint32_t)between(p, 0, 3000);
    if (chance(p, 30))
        s->chunked = (uint32_t)between(p, 1, 100);
    if (chance(p, 15))
        s->close_delimited = (uint32_t)between(p, 1, 100);
    if (chance(p, 20))
        s->says_close = (uint32_t)between(p, 1, 100);
    if (chance(p, 10))
        s->http10 = (uint32_t)between(p, 1, 100);
    if (chance(p, 50))
        s->lingers = 50;
    if (chance(p, 20))
        s->informs = (uint32_t)between(p, 1, 50);
    if (chance(p, 20))
        s->not_fine = (uint32_t)between(p, 1, 50);
    if (chance(p, 20))
        s->bodiless = (uint32_t)between(p, 1, 100);

    struct server_script *script = &d->config.server;
    *script = (struct server_script){ .answer = answer_as_drawn, .context = s };
    if (chance(p, 15))
        script->idle_close_ns = between(p, 1, 60 * MS);
    if (chance(p, 15)) {
        script->requests_per_link = between(p, 1, 20);
        script->announces_last = chance(p, 50);
    }
    if (chance(p, 10)) {
        script->outage_from_ns = between(p, 1, 150) * MS;
        script->outage_to_ns = script->outage_from_ns + between(p, 1, 200) * MS;
    }
}

/* A quarter of the runs is spared; a quarter suffers from one fault alone, which is then easy to
 * read. */
static void draw_faults(struct draw *d, struct prng *p)
{
    uint16_t *chances = d->config.chances;
    const uint64_t kind = prng_below(p, 4);
    if (kind == 0)
        return;
    if (kind == 1) {
        chances[prng_below(p, FAULT_COUNT)] = (uint16_t)between(p, 1, FAULT_CERTAIN / 4);
        return;
    }
    for (int f = 0; f < FAULT_COUNT; f++)
        if (chance(p, 35))
            chances[f] = (uint16_t)between(p, 1, chance(p, 20) ? 3000 : 300);
}

void draw_run(struct draw *d, uint64_t seed)
{
    struct prng p;
    prng_init(&p, seed, 1);
    d->seed = seed;
    d->config = (struct sim_config){ .cores = chance(&p, 70) ? 1 : (uint32_t)between(&p, 2, 4) };
    d->server = (struct draw_server){ 0 };
    d->scenario[0] = '\0';
    if (chance(&p, 50))
        draw_plan_of_scenario(d, &p);
    else
        draw_plan(d, &p);
    const struct plan_load *load = &d->plan->load;
    uint32_t conns = (load->users + load->pipeline - 1) / load->pipeline;
    if (load->is_shared && load->connections < conns)
        conns = load->connections;
    if (d->config.cores > conns) /* a fleet never has more cores than connections */
        d->config.cores = conns;
    draw_server(d, &p);
    draw_faults(d, &p);
    struct sim_config *c = &d->config;
    c->latency_ns = chance(&p, 50) ? 0 : between(&p, 1, 3 * MS);
    c->jitter_ns = chance(&p, 70) ? 0 : between(&p, 1, 2 * MS);
    if (chance(&p, 50)) {
        c->buf_count = (uint32_t)1 << prng_below(&p, 6);
        c->buf_bytes = (uint32_t)between(&p, 1, chance(&p, 50) ? 200 : 20000);
        if (d->server.body_bytes_max > 3000)
            c->buf_bytes += 1000; /* a body in pieces of a byte would take a million turns */
    }
    if (chance(&p, 10)) {
        c->stop_at_ns = between(&p, 1, 300) * MS;
        c->stop_word = chance(&p, 70) ? STOP_DRAIN : STOP_NOW;
    }
    /* A core that is left without users keeps its share of a count, and would not end without a
     * duration. */
    const bool may_starve = d->config.cores > 1 && load->duration_ns == 0;
    if (chance(&p, 10) && !load->is_open && !may_starve) {
        c->retarget_at_ns = between(&p, 1, 200) * MS;
        c->users_max = chance(&p, 50) ? 0 : 3 * load->users;
        c->retarget_users = (uint32_t)between(&p, 1, c->users_max > 0 ? c->users_max : load->users);
        c->retarget_spawn_rate = chance(&p, 50) ? 0 : (uint32_t)between(&p, 1000, 1000000);
    }
    c->service_floor_ns = 2 * c->latency_ns + d->server.delay_ns;
    c->no_memo = chance(&p, 20);
    c->no_discard = chance(&p, 20);
    if (chance(&p, 30))
        c->addresses = (uint32_t)between(&p, 2, 3);
    if (chance(&p, 10))
        c->move_at_ns = between(&p, 1, 200) * MS;
    if (chance(&p, 15)) {
        c->pause_at_ns = between(&p, 1, 200) * MS;
        c->resume_at_ns = c->pause_at_ns + between(&p, 1, 300) * MS;
    }
    if (chance(&p, 20) && !load->is_open)
        c->gather_ns = between(&p, 1, 2000) * 1000;
}

char *draw_describe(const struct draw *d, char *out, size_t cap)
{
    const struct plan_load *l = &d->plan->load;
    int used =
        snprintf(out, cap,
                 "seed %llu: %s%s, %u core(s), %u users, pipeline %u, %u kinds of request, "
                 "timeout %llu ms, duration %llu ms, at most %llu requests, %llu per connection",
                 (unsigned long long)d->seed, d->scenario[0] != '\0' ? "scenario, " : "",
                 l->is_open ? "open" : "closed", d->config.cores, l->users, l->pipeline,
                 d->plan->request_count, (unsigned long long)(l->timeout_ns / MS),
                 (unsigned long long)(l->duration_ns / MS), (unsigned long long)l->requests_max,
                 (unsigned long long)l->requests_per_connection);
    for (int f = 0; f < FAULT_COUNT && used > 0 && (size_t)used < cap; f++)
        if (d->config.chances[f] != 0)
            used += snprintf(out + used, cap - (size_t)used, ", %s %u", fault_name((enum fault)f),
                             d->config.chances[f]);
    return out;
}
