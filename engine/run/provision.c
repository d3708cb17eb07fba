#include "engine/run/provision.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/tls.h"
#include "engine/run/answer.h"
#include "engine/run/jar.h"
#include "engine/run/redirects.h"
#include "engine/run/scope.h"
#include "engine/run/worker_state.h"
#include "http/content_coding.h"
#include "http/cookie.h"
#include "http/regex.h"

#define TX_BYTES_WANTED (64u * 1024u) /* of requests rendered for one send, when pipelining */

/* What the requests of a plan want of a worker. */
struct wishes {
    bool body, headers, regex;
    bool all_fixed;
    size_t request_bytes_max; /* as sent, with cookies and after redirects */
    size_t growth;            /* through redirects; 0 = none is followed */
};

static struct wishes wishes_of(const struct plan *plan)
{
    struct wishes wishes = { .all_fixed = true, .growth = redirects_growth(plan) };
    const bool has_jar = plan->jar != PLAN_NONE;
    for (uint32_t i = 0; i < plan->request_count; i++) {
        const struct plan_request *r = &plan->requests[i];
        wishes.body |= r->wants_body;
        wishes.headers |= r->wants_headers || r->wants_body;
        wishes.all_fixed &= template_is_fixed(&r->template);
        for (uint32_t k = 0; k < r->capture_count; k++)
            wishes.regex |= r->captures[k].kind == CAPTURE_REGEX;
    }
    wishes.headers |= has_jar || wishes.growth > 0;
    wishes.all_fixed &= !has_jar && wishes.growth == 0;
    wishes.request_bytes_max =
        plan->request_bytes_max + (has_jar ? JAR_HEADER_MAX : 0) + wishes.growth;
    wishes.request_bytes_max = (wishes.request_bytes_max + 7) & ~(size_t)7;
    return wishes;
}

/* ---- shares ---- */

/* How many of `all` this core has, dealt out round robin. */
static uint32_t share_of(const struct worker *w, uint32_t all)
{
    return all > w->setup.core ? (all - w->setup.core - 1) / w->setup.cores + 1 : 0;
}

/* Connections are dealt out with the users that they carry, the last one may carry fewer; shared
 * ones and users are dealt out each for themselves. */
static void take_shares(struct worker *w)
{
    const struct plan_load *load = &w->plan->load;
    const uint32_t users = load->users > w->setup.users_max ? load->users : w->setup.users_max;
    const uint32_t all = (users + load->pipeline - 1) / load->pipeline;
    const uint32_t core = w->setup.core;
    const uint32_t cores = w->setup.cores;
    w->user_count = share_of(w, all) * load->pipeline;
    if (w->user_count > 0 && (all - 1) % cores == core)
        w->user_count -= all * load->pipeline - users;
    w->conns_per_origin = share_of(w, load->is_shared ? load->connections : all);
    w->conn_count = w->conns_per_origin * w->plan->origin_count;

    w->requests_left = UINT64_MAX;
    if (load->requests_max > 0)
        w->requests_left = load->requests_max / cores + (core < load->requests_max % cores);
}

/* Kinds with a fixed count come first. */
static uint16_t kind_of_user(const struct plan *plan, uint64_t number)
{
    for (uint32_t k = 0; k < plan->kind_count; k++) {
        if (number < plan->kinds[k].fixed_count)
            return (uint16_t)k;
        number -= plan->kinds[k].fixed_count;
    }
    return plan->kind_cycle[number % plan->kind_cycle_count];
}

static struct conn *make_conn(struct worker *w, uint32_t index)
{
    struct conn *c = &w->conns[index];
    c->state = CONN_IDLE;
    c->origin = (uint16_t)(index / w->conns_per_origin);
    return c;
}

void provision_make_user(struct worker *w)
{
    const uint32_t index = w->users_made++;
    const uint64_t number = worker_user_number(w, index);
    struct user *u = &w->users[index];
    prng_init(&u->random, w->plan->load.seed, number);
    u->kind = kind_of_user(w->plan, number);
    if (w->pools != NULL)
        return;
    u->conn = index / w->plan->load.pipeline;
    if (index % w->plan->load.pipeline == 0)
        for (uint32_t i = u->conn; i < w->conn_count; i += w->conns_per_origin)
            make_conn(w, i);
}

static void offer_shared_conns(struct worker *w)
{
    for (uint32_t i = w->conn_count; i-- > 0;)
        pool_offer(w, make_conn(w, i));
}

/* ---- memory ---- */

static void *take_array(size_t count, size_t size, bool *all_taken)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    *all_taken &= memory != NULL;
    return memory;
}

static int take_arrays(struct worker *w)
{
    const struct plan *plan = w->plan;
    bool all_taken = true;
    w->memory_words = plan->loop_depth + plan->set_depth + plan->feed_count;
    w->users = take_array(w->user_count, sizeof *w->users, &all_taken);
    w->conns = take_array(w->conn_count, sizeof *w->conns, &all_taken);
    w->memory = take_array((size_t)w->user_count * w->memory_words, sizeof *w->memory, &all_taken);
    w->routes = take_array(plan->origin_count, sizeof *w->routes, &all_taken);
    w->bases = take_array(plan->origin_count, sizeof *w->bases, &all_taken);
    w->body_expected = take_array(plan->request_count, sizeof *w->body_expected, &all_taken);
    w->watches = take_array(plan->request_count, sizeof(struct response_watch *), &all_taken);
    w->rows_taken = take_array(plan->feed_count, sizeof *w->rows_taken, &all_taken);
    w->scratch = take_array(TEXT_LIST_BYTES_MAX, 1, &all_taken);
    w->rendered = take_array(VALUES_TEXT_MAX, 1, &all_taken);
    w->cookie = take_array(COOKIE_JAR_BYTES_MAX, 1, &all_taken);
    if (plan->load.is_shared)
        w->pools = take_array(plan->origin_count, sizeof *w->pools, &all_taken);
    return all_taken ? 0 : -ENOMEM;
}

/* One fixed request and nothing else can be sent many times over from one place. */
static int take_repeated(struct worker *w)
{
    const uint32_t pipeline = w->plan->load.pipeline;
    const struct span whole = w->plan->requests[0].template.whole;
    w->repeated = malloc(whole.len * pipeline);
    if (w->repeated == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < pipeline; i++)
        memcpy(w->repeated + i * whole.len, whole.bytes, whole.len);
    return 0;
}

static uint32_t at_most(uint64_t count, uint32_t limit)
{
    return count < limit ? (uint32_t)count : limit;
}

static int take_chunks(struct worker *w, const struct wishes *wishes)
{
    const uint32_t pipeline = w->plan->load.pipeline;
    size_t tx_bytes = wishes->request_bytes_max * pipeline;
    if (tx_bytes > TX_BYTES_WANTED)
        tx_bytes = wishes->request_bytes_max > TX_BYTES_WANTED ? wishes->request_bytes_max
                                                               : TX_BYTES_WANTED;
    const bool needs_tx = !wishes->all_fixed || (pipeline > 1 && w->repeated == NULL);
    const uint32_t watched = at_most(w->conn_count, WATCHED_MAX);
    int rc = chunks_open(&w->tx, needs_tx ? w->conn_count * (pipeline > 1 ? CONN_TX_MAX : 1) : 0,
                         tx_bytes);
    if (rc == 0)
        rc = chunks_open(&w->bodies, wishes->body ? watched : 0, WATCHED_BODY_MAX);
    if (rc == 0) /* a header that came in pieces, and a Location */
        rc = chunks_open(&w->lines, wishes->headers ? 2 * watched : 0, RESPONSE_LINE_MAX);
    if (rc == 0) /* one more: the next request of a chain is made while the one before is held */
        rc =
            chunks_open(&w->chains, wishes->growth > 0 ? at_most(w->user_count + 1, CHAINS_MAX) : 0,
                        sizeof(struct chain) + wishes->request_bytes_max);
    if (rc == 0)
        rc = values_open(&w->values, w->user_count, w->plan->variable_count);
    return rc;
}

/* What is sealed and opened. */
static int take_tls(struct worker *w, const struct wishes *wishes)
{
    uint32_t origins = 0;
    for (uint32_t i = 0; i < w->plan->origin_count; i++)
        origins += w->plan->origins[i].is_tls;
    if (origins == 0)
        return 0;
    w->plain = malloc(TLS_PLAIN_MAX);
    if (w->plain == NULL)
        return -ENOMEM;
    const size_t longest = wishes->request_bytes_max * w->plan->load.pipeline;
    return chunks_open(&w->sealed, origins * w->conns_per_origin, conn_sealed_bytes(w, longest));
}

/* What looks into answers and evaluates. */
static int take_instruments(struct worker *w, const struct wishes *wishes)
{
    int rc = 0;
    if (w->plan->expression_count > 0)
        rc = evaluator_open(&w->evaluator);
    if (rc == 0 && wishes->regex)
        rc = regex_matcher_open(&w->matcher);
    if (rc == 0 && wishes->body)
        rc = content_decoder_open(&w->decoder);
    if (rc == 0 && wishes->body)
        rc = json_document_open(&w->json, WATCHED_BODY_MAX);
    if (rc == 0 && wishes->body) {
        w->decoded = malloc(WATCHED_BODY_MAX);
        rc = w->decoded == NULL ? -ENOMEM : 0;
    }
    return rc;
}

/* The feeds that have their fields in the request, a bit for each. */
static uint64_t feeds_of(const struct plan *plan, const struct piece *pieces, uint32_t count)
{
    uint64_t feeds = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (pieces[i].kind == PIECE_FIXED)
            continue;
        const struct expression *x = &plan->expressions[pieces[i].slot];
        for (uint32_t k = 0; k < x->count; k++)
            if (x->operations[k].kind == OPERATION_FIELD && x->operations[k].index < 64)
                feeds |= UINT64_C(1) << x->operations[k].index;
    }
    return feeds;
}

static int take_feeds(struct worker *w)
{
    const struct plan *plan = w->plan;
    if (plan->feed_count == 0)
        return 0;
    w->feeds_used = calloc(plan->request_count, sizeof *w->feeds_used);
    if (w->feeds_used == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < plan->request_count; i++) {
        const struct template *t = &plan->requests[i].template;
        w->feeds_used[i] =
            feeds_of(plan, t->head, t->head_count) | feeds_of(plan, t->body, t->body_count);
    }
    return 0;
}

static void choose_watches(struct worker *w)
{
    for (uint32_t i = 0; i < w->plan->request_count; i++)
        w->watches[i] = answer_watch(w->plan, &w->plan->requests[i]);
}

static int read_bases(struct worker *w)
{
    for (uint32_t i = 0; i < w->plan->origin_count; i++)
        if (url_parse(&w->bases[i], span_of(w->plan->origins[i].text)) != NULL)
            return -EINVAL;
    return 0;
}

int provision_take(struct worker *w)
{
    const struct wishes wishes = wishes_of(w->plan);
    take_shares(w);
    int rc = take_arrays(w);
    if (rc == 0)
        rc = timers_open(&w->user_timers, &w->users[0].timer, sizeof *w->users, w->user_count, 0);
    if (rc == 0)
        rc = timers_open(&w->conn_timers, &w->conns[0].timer, sizeof *w->conns, w->conn_count, 0);
    if (rc == 0)
        rc = read_bases(w);
    if (rc == 0 && w->plan->request_count == 1 && wishes.all_fixed && w->plan->load.pipeline > 1)
        rc = take_repeated(w);
    if (rc == 0)
        rc = take_chunks(w, &wishes);
    if (rc == 0)
        rc = take_tls(w, &wishes);
    if (rc == 0)
        rc = take_instruments(w, &wishes);
    if (rc == 0)
        rc = take_feeds(w);
    if (rc < 0)
        return rc;
    scope_init(w);
    choose_watches(w);
    if (w->pools != NULL)
        offer_shared_conns(w);
    return 0;
}

void provision_give_back(struct worker *w)
{
    for (uint32_t i = 0; w->plain != NULL && i < w->conn_count; i++)
        tls_close(w->conns[i].tls); /* of a run that was broken off */
    timers_close(w->user_timers);
    timers_close(w->conn_timers);
    evaluator_close(w->evaluator);
    regex_matcher_close(w->matcher);
    content_decoder_close(w->decoder);
    chunks_close(&w->tx);
    chunks_close(&w->sealed);
    chunks_close(&w->bodies);
    chunks_close(&w->lines);
    chunks_close(&w->chains);
    values_close(&w->values);
    free(w->users);
    free(w->conns);
    free(w->memory);
    free(w->routes);
    free(w->bases);
    free(w->body_expected);
    free(w->watches);
    free(w->rows_taken);
    free(w->feeds_used);
    free(w->scratch);
    free(w->rendered);
    free(w->cookie);
    json_document_close(&w->json);
    free(w->decoded);
    free(w->pools);
    free(w->plain);
    free(w->repeated);
}
