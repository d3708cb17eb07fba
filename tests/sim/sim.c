#include "tests/sim/sim.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/worker_state.h"
#include "stats/audit.h"

#define EVENTS_MAX UINT64_C(20000000)
#define DRAIN_NS   UINT64_C(100000000000)

/* One run while it runs. */
struct sim {
    struct world world;
    struct server server;
    const struct sim_config *config;
    struct worker *workers[WORLD_FIBERS_MAX];
    struct shard *shards[WORLD_FIBERS_MAX];
    uint32_t cores;
    uint32_t addresses;    /* of each origin */
    struct routes *routes; /* to each origin: they are all the same server */
    _Atomic uint32_t stop, users_gone;
    _Atomic uint64_t users_wanted;
    uint64_t start_ns;
    bool is_over;
    struct sim_result *result;
};

static void time_elapses(void *context, uint64_t ns)
{
    struct sim *s = context;
    for (uint32_t i = 0; i < s->cores; i++) {
        s->result->open_area += (unsigned __int128)s->workers[i]->requests_open * ns;
        s->result->in_flight_area += (unsigned __int128)s->workers[i]->in_flight * ns;
    }
}

static void stop_is_asked(struct world *w, const struct event *e)
{
    struct sim *s = e->subject;
    world_note(w, "stop", e->number, 0);
    atomic_store(&s->stop, (uint32_t)e->number);
}

/* As fleet_pause() does it: a run that stops is not paused, nor taken back. */
static void pause_is_asked(struct world *w, const struct event *e)
{
    struct sim *s = e->subject;
    uint32_t before = e->number == STOP_PAUSE ? STOP_NO : STOP_PAUSE;
    world_note(w, "pause", e->number, 0);
    atomic_compare_exchange_strong(&s->stop, &before, (uint32_t)e->number);
}

static void users_are_retargeted(struct world *w, const struct event *e)
{
    struct sim *s = e->subject;
    world_note(w, "users target", e->number, 0);
    const struct sim_config *c = s->config;
    atomic_store(&s->users_wanted, users_wanted_pack((struct users_wanted){
                                       (uint32_t)e->number, c->retarget_spawn_rate }));
}

/* The names of all origins stand for these addresses, `count` of them from the `first` on. */
static void names_stand_for(struct sim *s, uint32_t origins, uint32_t first, uint32_t count)
{
    struct route found[ROUTES_MAX];
    for (uint32_t i = 0; i < count; i++) {
        struct sockaddr_in *to = (struct sockaddr_in *)&found[i].address;
        found[i] = (struct route){ .address_len = sizeof *to };
        to->sin_family = AF_INET;
        to->sin_port = htons(80);
        to->sin_addr.s_addr = htonl(INADDR_LOOPBACK + first + i);
    }
    for (uint32_t i = 0; i < origins; i++)
        routes_set(&s->routes[i], found, count);
}

/* All but the first go on to stand for them, and for one more. */
static void names_move(struct world *w, const struct event *e)
{
    struct sim *s = e->subject;
    world_note(w, "names move", e->number, 0);
    names_stand_for(s, (uint32_t)e->number, 1, s->addresses);
}

static void watcher_looks(struct world *w, const struct event *e)
{
    struct sim *s = e->subject;
    const struct sim_config *c = s->config;
    if (s->is_over)
        return;
    c->watch(c->watch_context, (const struct shard *const *)s->shards, s->cores,
             w->now_ns - s->start_ns);
    world_schedule(w, &(struct event){ .at_ns = w->now_ns + c->watch_every_ns,
                                       .fire = watcher_looks,
                                       .subject = s });
}

static void sim_open_world(struct sim *s, uint64_t seed)
{
    const struct sim_config *c = s->config;
    struct world *w = &s->world;
    world_open(w, seed);
    w->chances = c->chances;
    w->faults_end_ns = c->faults_end_ns == 0 ? UINT64_MAX : WORLD_START_NS + c->faults_end_ns;
    w->latency_ns = c->latency_ns;
    w->jitter_ns = c->jitter_ns;
    w->buf_count = c->buf_count;
    w->buf_bytes = c->buf_bytes;
    w->is_traced = c->is_traced;
    w->fired_max = c->events_max == 0 ? EVENTS_MAX : c->events_max;
    w->asleep_from_ns = w->now_ns + c->asleep_from_ns;
    w->asleep_to_ns = w->now_ns + c->asleep_to_ns;
    w->wall_offset_ns = c->wall_offset_ns;
    w->elapsed = time_elapses;
    w->elapsed_context = s;
    s->start_ns = w->now_ns;
    server_init(&s->server, w, &c->server);
    if (c->stop_at_ns != 0)
        world_schedule(w, &(struct event){ .at_ns = s->start_ns + c->stop_at_ns,
                                           .fire = stop_is_asked,
                                           .subject = s,
                                           .number = c->stop_word });
    if (c->watch != NULL)
        world_schedule(w, &(struct event){ .at_ns = s->start_ns + c->watch_every_ns,
                                           .fire = watcher_looks,
                                           .subject = s });
    if (c->pause_at_ns != 0) {
        world_schedule(w, &(struct event){ .at_ns = s->start_ns + c->pause_at_ns,
                                           .fire = pause_is_asked,
                                           .subject = s,
                                           .number = STOP_PAUSE });
        world_schedule(w, &(struct event){ .at_ns = s->start_ns + c->resume_at_ns,
                                           .fire = pause_is_asked,
                                           .subject = s,
                                           .number = STOP_NO });
    }
    if (c->retarget_at_ns != 0)
        world_schedule(w, &(struct event){ .at_ns = s->start_ns + c->retarget_at_ns,
                                           .fire = users_are_retargeted,
                                           .subject = s,
                                           .number = c->retarget_users });
}

static void sim_open_workers(struct sim *s, const struct plan *plan)
{
    s->routes = calloc(plan->origin_count, sizeof *s->routes);
    if (s->routes == NULL)
        abort();
    s->addresses = s->config->addresses == 0 ? 1 : s->config->addresses;
    names_stand_for(s, plan->origin_count, 0, s->addresses);
    if (s->config->move_at_ns != 0)
        world_schedule(&s->world, &(struct event){ .at_ns = s->start_ns + s->config->move_at_ns,
                                                   .fire = names_move,
                                                   .subject = s,
                                                   .number = plan->origin_count });
    atomic_store(&s->users_wanted,
                 users_wanted_pack((struct users_wanted){ .users = plan->load.users }));
    for (uint32_t i = 0; i < s->cores; i++) {
        const struct worker_setup setup = { .plan = plan,
                                            .core = i,
                                            .cores = s->cores,
                                            .routes = s->routes,
                                            .follows_names = s->config->move_at_ns != 0,
                                            .shard = s->shards[i],
                                            .stop = &s->stop,
                                            .users_wanted = &s->users_wanted,
                                            .users_gone = &s->users_gone,
                                            .users_max = s->config->users_max,
                                            .no_memo = s->config->no_memo,
                                            .gather_ns = s->config->gather_ns,
                                            .no_discard = s->config->no_discard };
        const int rc = worker_open(&s->workers[i], &setup);
        if (rc < 0)
            world_violate(&s->world, "worker %u cannot be opened: %s", i, strerror(-rc));
    }
}

/* What the thread of a core does. */
static void sim_run_core(void *context, uint32_t core)
{
    struct sim *s = context;
    struct world *w = &s->world;
    const int rc = worker_start(s->workers[core], s->start_ns);
    if (rc < 0)
        world_violate(w, "worker %u cannot start: %s", core, strerror(-rc));
    for (uint64_t turns = 0; !world_is_broken(w) && worker_turn(s->workers[core]); turns++) {
        s->result->turns++;
        if (turns > w->fired_max)
            world_violate(w, "more than %llu turns: the run does not end",
                          (unsigned long long)w->fired_max);
    }
    if (worker_error(s->workers[core]) < 0)
        world_violate(w, "worker %u: %s", core, strerror(-worker_error(s->workers[core])));
    if (w->now_ns - s->start_ns > s->result->elapsed_ns)
        s->result->elapsed_ns = w->now_ns - s->start_ns;
}

/* What every run of the product checks of itself must hold here too. */
static void sim_audit_core(struct world *w, const struct plan *plan, const struct shard *shard,
                           uint32_t core)
{
    struct tally *alone = NULL;
    struct audit audit = { 0 };
    if (tally_open(&alone, plan->endpoint_count) < 0)
        abort();
    tally_take(alone, shard);
    audit_tally(&audit, alone, core, plan->endpoints);
    tally_close(alone);
    if (!audit_is_ok(&audit))
        world_violate(w, "the run's own audit: %s", audit.shown[0].text);
}

/* Every connection led to some address. */
static void audit_addresses(struct sim *s, const struct plan *plan, uint32_t core)
{
    uint64_t opened = 0, failed = 0;
    for (uint32_t i = 0; i < plan->origin_count; i++) {
        const struct routes_view *v = worker_routes(s->workers[core], i);
        for (uint32_t k = 0; k < atomic_load(&s->routes[i].count); k++) {
            opened += cell_read(&v->marks[k].opened);
            failed += cell_read(&v->marks[k].failed);
        }
    }
    const uint64_t connects = cell_read(&s->shards[core]->counters[COUNTER_CONNECTS]);
    if (opened != cell_read(&s->shards[core]->counters[COUNTER_OPENED]) ||
        opened + failed > connects)
        world_violate(&s->world, "of %llu connects the addresses have opened %llu and failed %llu",
                      (unsigned long long)connects, (unsigned long long)opened,
                      (unsigned long long)failed);
}

static void sim_finish(struct sim *s, const struct plan *plan)
{
    struct sim_result *r = s->result;
    struct world *w = &s->world;
    w->leaves_open = s->config->stop_word == STOP_NOW;
    for (uint32_t i = 0; i < s->cores; i++) {
        if (!world_is_broken(w))
            audit_addresses(s, plan, i);
        if (!world_is_broken(
                w)) /* a broken run is left as it is: its worker may not be fit for closing */
            worker_close(s->workers[i]);
        tally_take(r->tally, s->shards[i]);
        if (!world_is_broken(w))
            sim_audit_core(w, plan, s->shards[i], i);
    }
    w->elapsed = NULL;
    s->is_over = true;
    world_drain(w, DRAIN_NS); /* what is under way still arrives, so the server knows all */
    r->truth = s->server.truth;
    r->hash = w->hash;
    r->events = w->fired;
    memcpy(r->strikes, w->strikes, sizeof r->strikes);
    if (!world_is_broken(w))
        audit_run(w, plan, s->config, r);
    memcpy(r->violation, w->violation, sizeof r->violation);
}

bool sim_run(const struct plan *plan, const struct sim_config *config, uint64_t seed,
             struct sim_result *ret_result)
{
    struct sim *s = calloc(1, sizeof *s);
    *ret_result = (struct sim_result){ 0 };
    if (s == NULL || tally_open(&ret_result->tally, plan->endpoint_count) < 0)
        abort();
    s->config = config;
    s->result = ret_result;
    s->cores = config->cores == 0 ? 1 : config->cores;
    for (uint32_t i = 0; i < s->cores; i++)
        if (shard_open(&s->shards[i], plan->endpoint_count) < 0)
            abort();
    sim_open_world(s, seed);
    sim_open_workers(s, plan);
    if (!world_is_broken(&s->world))
        world_run_fibers(&s->world, s->cores, sim_run_core, s);
    sim_finish(s, plan);
    network_close(&s->world);
    server_close(&s->server);
    world_close(&s->world);
    for (uint32_t i = 0; i < s->cores; i++)
        shard_close(s->shards[i]);
    free(s->routes);
    free(s);
    return ret_result->violation[0] == '\0';
}

void sim_result_close(struct sim_result *r)
{
    tally_close(r->tally);
    r->tally = NULL;
}

uint64_t tally_finished(const struct tally *t, enum outcome o)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < t->endpoint_count; i++)
        sum += t->endpoints[i].latency[o].total;
    return sum;
}
