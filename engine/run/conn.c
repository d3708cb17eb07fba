#include "engine/run/conn.h"

#include <assert.h>
#include <errno.h>

#include "engine/run/answer.h"
#include "engine/run/exchange.h"
#include "stats/mutant.h"

#define ONE_SEGMENT_BYTES 1200u
#define TRIAL_NS          UINT64_C(250000000) /* as RFC 8305 section 8 has it */
#define SILENT_BYTES_MAX  4096u /* alone, an empty socket buffer takes it whole, however small */

/* Read a row as: in this state these events are allowed, and lead there. All others are CONN_BAD,
 * 0. */
static const uint8_t next_state[CONN_STATE_COUNT][CONN_EVENT_COUNT] = {
    [CONN_IDLE] = { [EV_ASKED] = CONN_CONNECTING },
    [CONN_CONNECTING] = { [EV_CONNECTED] = CONN_OPEN,
                          [EV_TUNNELLING] = CONN_TUNNELLING,
                          [EV_SECURING] = CONN_HANDSHAKING,
                          [EV_FAILED] = CONN_DRAINING,
                          [EV_TIMED_OUT] = CONN_DRAINING,
                          [EV_RETIRED] = CONN_DRAINING },
    [CONN_TUNNELLING] = { [EV_SECURING] = CONN_HANDSHAKING,
                          [EV_FAILED] = CONN_DRAINING,
                          [EV_TIMED_OUT] = CONN_DRAINING,
                          [EV_RETIRED] = CONN_DRAINING },
    [CONN_HANDSHAKING] = { [EV_SECURED] = CONN_OPEN,
                           [EV_FAILED] = CONN_DRAINING,
                           [EV_TIMED_OUT] = CONN_DRAINING,
                           [EV_PEER_CLOSED] = CONN_DRAINING,
                           [EV_RETIRED] = CONN_DRAINING },
    [CONN_OPEN] = { [EV_REQUESTED] = CONN_EXCHANGING,
                    [EV_FAILED] = CONN_DRAINING,
                    [EV_PEER_CLOSED] = CONN_DRAINING,
                    [EV_RETIRED] = CONN_DRAINING },
    [CONN_EXCHANGING] = { [EV_REQUESTED] = CONN_EXCHANGING,
                          [EV_ANSWERED] = CONN_OPEN,
                          [EV_FAILED] = CONN_DRAINING,
                          [EV_TIMED_OUT] = CONN_DRAINING,
                          [EV_PEER_CLOSED] = CONN_DRAINING,
                          [EV_RETIRED] = CONN_DRAINING },
    [CONN_DRAINING] = { [EV_QUIET] = CONN_IDLE },
};

const char *conn_state_name(enum conn_state s)
{
    static const char *const names[] = {
#define X(id, sentence) #id,
        CONN_STATES(X)
#undef X
    };
    return names[s];
}

const char *conn_event_name(enum conn_event e)
{
    static const char *const names[] = {
#define X(id, sentence) #id,
        CONN_EVENTS(X)
#undef X
    };
    return names[e];
}

enum conn_state conn_next_state(enum conn_state from, enum conn_event e)
{
    return (enum conn_state)next_state[from][e];
}

uint64_t conn_tag(const struct worker *w, const struct conn *c, enum op_kind kind)
{
    return op_pack((struct op_tag){ .kind = kind, .gen = c->gen, .slot = worker_conn_index(w, c) });
}

static bool conn_is_wanted(const struct worker *w, const struct conn *c)
{
    return c->queue.count > 0 && !w->closing;
}

/* ---- deadlines ---- */

/* The timer is set when none is, or a sooner one is needed: most deadlines pass unseen and cost
 * nothing. */
static void conn_watch_deadline(struct worker *w, struct conn *c, uint64_t deadline_ns)
{
    if (!timer_is_armed(&c->timer) || deadline_ns < c->timer.due_ns)
        timers_set(w->conn_timers, worker_conn_index(w, c), deadline_ns);
}

static uint64_t user_deadline_ns(const struct worker *w, const struct user *u)
{
    const uint64_t timeout_ns = w->plan->requests[u->request].timeout_ns;
    const uint64_t sent_ns = exchange_sent_ns(w, u);
    return timeout_ns > UINT64_MAX - sent_ns ? UINT64_MAX : sent_ns + timeout_ns;
}

static void request_timed_out(struct worker *w, struct conn *c, struct user *oldest)
{
    const enum failure_class class =
        response_has_begun(&c->response) ? FAILURE_TIMEOUT_TOTAL : FAILURE_TIMEOUT_FIRST_BYTE;
    if (MUTANT_IS(9)) {
        failure_note(&w->shard->failures, w->plan->requests[oldest->request].endpoint, class, NULL);
        timers_set(w->conn_timers, worker_conn_index(w, c), w->now_ns + PAUSE_MAX_NS);
    } else if (MUTANT_IS(23)) {
        user_list_pop(w, &c->flight);
        conn_step(w, c, EV_ANSWERED);
        exchange_failed(w, oldest, NULL, class, NULL);
    } else {
        conn_end(w, c, EV_TIMED_OUT, CLOSE_TIMEOUT, class, NULL);
    }
}

/* It is not open yet. */
static bool conn_is_on_its_way(const struct conn *c)
{
    return c->state == CONN_CONNECTING || c->state == CONN_TUNNELLING ||
           c->state == CONN_HANDSHAKING;
}

/* A trial does not keep a request waiting for long that could go elsewhere. */
static uint64_t conn_connect_deadline_ns(const struct worker *w, const struct conn *c)
{
    const uint64_t timeout_ns = w->plan->load.timeout_ns;
    const bool is_shorter = c->is_trial && timeout_ns > TRIAL_NS;
    return is_shorter ? c->deadline_ns - timeout_ns + TRIAL_NS : c->deadline_ns;
}

/* What did not come in time; NULL = what the failure's class says. */
static const char *late_sentence(enum conn_state s)
{
    return s == CONN_TUNNELLING    ? "no tunnel through the proxy in time"
           : s == CONN_HANDSHAKING ? "no TLS handshake in time"
                                   : NULL;
}

void conn_timer_fired(struct worker *w, struct conn *c)
{
    struct user *oldest = user_list_first(w, &c->flight);
    if (c->state == CONN_IDLE) {
        if (conn_is_wanted(w, c))
            conn_step(w, c, EV_ASKED);
        else if (w->pools != NULL)
            pool_offer(w, c);
    } else if (conn_is_on_its_way(c)) {
        if (w->now_ns < conn_connect_deadline_ns(w, c))
            conn_watch_deadline(w, c, conn_connect_deadline_ns(w, c));
        else
            conn_end(w, c, EV_TIMED_OUT, CLOSE_CONNECT_FAILED, FAILURE_CONNECT_TIMEOUT,
                     late_sentence((enum conn_state)c->state));
    } else if (c->state == CONN_EXCHANGING && oldest != NULL) {
        const uint64_t deadline_ns = user_deadline_ns(w, oldest);
        if (w->now_ns < deadline_ns)
            conn_watch_deadline(w, c, deadline_ns);
        else
            request_timed_out(w, c, oldest);
    }
}

/* ---- sending ---- */

void conn_want_flush(struct worker *w, struct conn *c)
{
    if (c->in_flush || c->queue.count == 0) {
        if (w->pools != NULL)
            pool_offer(w, c);
        return;
    }
    c->in_flush = true;
    c->flush_next = w->flush_first;
    w->flush_first = worker_conn_index(w, c) + 1;
}

void conn_ask(struct worker *w, struct conn *c, struct user *u)
{
    user_list_push(w, &c->queue, u);
    if (c->state == CONN_OPEN || c->state == CONN_EXCHANGING) {
        conn_want_flush(w, c);
    } else if (c->state == CONN_IDLE) {
        if (c->retry_at_ns <= w->now_ns)
            conn_step(w, c, EV_ASKED);
        else
            conn_watch_deadline(w, c, c->retry_at_ns);
    }
}

/* How many queued requests may go out now. */
static uint32_t conn_room(const struct worker *w, const struct conn *c)
{
    const struct plan_load *load = &w->plan->load;
    uint32_t room = load->pipeline - c->flight.count;
    /* Refilled at half depth, many requests go out in one send. */
    if (c->flight.count > 0 && room < load->pipeline / 2)
        return 0;
    if (room > c->queue.count)
        room = c->queue.count;
    if (load->requests_per_connection > 0 && room > load->requests_per_connection - c->carried)
        room = (uint32_t)(load->requests_per_connection - c->carried);
    return room;
}

static void conn_mark_sent(struct worker *w, struct conn *c, struct user *u, size_t bytes)
{
    const struct plan_request *request = &w->plan->requests[u->request];
    const bool is_first = c->flight.count == 0;
    u->sent_ns = w->flush_ns;
    if (MUTANT_IS(1))
        u->due_ns = u->sent_ns;
    u->sent_bytes = (uint32_t)bytes;
    u->state = USER_IN_FLIGHT;
    user_list_push(w, &c->flight, u);
    shard_count(w->shard, COUNTER_SENT, 1);
    if (c->carried++ > 0)
        shard_count(w->shard, COUNTER_REUSED, 1);
    if (request->is_recorded) {
        exchange_note_sent(w, u);
        w->in_flight += u->chain == 0; /* a chain is in flight from its first request on */
        cell_add(&w->shard->endpoints[request->endpoint].bytes_out, bytes);
    }
    if (is_first)
        conn_begin_response(w, c);
}

void conn_send(struct worker *w, struct conn *c, const char *bytes, size_t len, bool is_alone)
{
    const bool silent = is_alone && w->plan->load.pipeline == 1 && len <= SILENT_BYTES_MAX;
    const enum op_kind kind = silent ? OP_SEND_SILENT : OP_SEND;
    c->armed |= OP_BIT(kind);
    ring_send(w->ring, conn_tag(w, c, kind), worker_conn_index(w, c), bytes, len, silent);
    shard_count(w->shard, COUNTER_BYTES_OUT, len);
}

static void conn_hand_over(struct worker *w, struct conn *c, const char *bytes, size_t len)
{
    conn_step(w, c, EV_REQUESTED);
    conn_watch_deadline(w, c, user_deadline_ns(w, user_list_first(w, &c->flight)));
    if (c->tls != NULL)
        conn_send_sealed(w, c, bytes, len);
    else
        conn_send(w, c, bytes, len, true);
}

/* Requests without slots leave from the plan's own bytes, nothing is copied. */
static bool conn_send_fixed(struct worker *w, struct conn *c, uint32_t room)
{
    struct user *u = user_list_first(w, &c->queue);
    const struct template *t = &w->plan->requests[u->request].template;
    if (!exchange_is_fixed(w, u) || (w->plan->load.pipeline > 1 && w->repeated == NULL))
        return false;
    for (uint32_t i = 0; i < room; i++)
        conn_mark_sent(w, c, user_list_pop(w, &c->queue), t->whole.len);
    conn_hand_over(w, c, room > 1 ? w->repeated : t->whole.bytes, t->whole.len * room);
    return true;
}

static void conn_send_rendered(struct worker *w, struct conn *c, uint32_t room)
{
    struct conn_tx *tx = &c->tx[0];
    while (tx < c->tx + CONN_TX_MAX && tx->chunk != 0)
        tx++;
    if (tx == c->tx + CONN_TX_MAX)
        return; /* asked again when an answer frees one */
    tx->chunk = chunks_take(&w->tx);
    tx->unanswered = 0;
    tx->answered_bytes = 0;
    assert(tx->chunk != 0); /* the pool holds CONN_TX_MAX for every connection */
    char *out = chunks_at(&w->tx, tx->chunk);

    size_t used = 0;
    while (room-- > 0) {
        struct user *u = user_list_first(w, &c->queue);
        size_t len = 0;
        user_list_pop(w, &c->queue);
        const int rc = exchange_render(w, u, out + used, w->tx.bytes - used, &len);
        if (rc == -ENOSPC) {
            user_list_push_front(w, &c->queue, u);
            break;
        }
        if (rc < 0)
            continue; /* it has been failed */
        conn_mark_sent(w, c, u, len);
        tx->unanswered++;
        used += len;
    }
    if (used > 0) {
        conn_hand_over(w, c, out, used);
    } else {
        chunks_give_back(&w->tx, tx->chunk);
        tx->chunk = 0;
    }
}

/* Its host's name has come to stand for other addresses. */
static bool conn_is_left_behind(const struct worker *w, const struct conn *c)
{
    return w->setup.follows_names && !routes_is_current(&w->setup.routes[c->origin], c->route);
}

void conn_flush(struct worker *w, struct conn *c)
{
    if (c->state != CONN_OPEN && c->state != CONN_EXCHANGING)
        return;
    if (c->armed & OP_BIT(OP_SEND))
        return; /* two under way could overtake one another: its completion flushes again */
    if (conn_is_left_behind(w, c)) {
        if (c->flight.count == 0)
            conn_end(w, c, EV_RETIRED, CLOSE_ADDRESS_GONE, FAILURE_NONE, NULL);
        return;
    }
    const uint32_t room = conn_room(w, c);
    if (room == 0)
        return;
    conn_suit_receive(w, c);
    if (!conn_send_fixed(w, c, room))
        conn_send_rendered(w, c, room);
}

/* ---- states ---- */

/* The next of the local addresses, which are of the family that the connection needs. */
static void choose_source(struct worker *w, int family, struct socket_options *options,
                          struct sockaddr_storage *source)
{
    if (w->setup.sources == NULL)
        return;
    options->source_len = sources_address(w->setup.sources, family, w->source_turn++, source);
    options->source = (const struct sockaddr *)source;
}

static void enter_connecting(struct worker *w, struct conn *c)
{
    c->route = (uint16_t)routes_choose(&w->routes[c->origin], w->now_ns);
    c->is_trial = routes_is_doubtful(&w->routes[c->origin], c->route);
    const struct route *route = &w->setup.routes[c->origin].entries[c->route].route;
    struct sockaddr_storage source;
    /* Alone in flight and within one segment, a request never waits behind another. */
    struct socket_options options = {
        .no_delay = w->plan->load.pipeline > 1 || w->plan->request_bytes_max > ONE_SEGMENT_BYTES,
        .speaks_at_once =
            w->plan->load.requests_per_connection == 1 && route->address.ss_family != AF_UNIX,
    };
    choose_source(w, route->address.ss_family, &options, &source);
    c->deadline_ns = w->now_ns + w->plan->load.timeout_ns;
    c->carried = 0;
    w->conns_in_use++;
    shard_count(w->shard, COUNTER_CONNECTS, 1);

    const int rc =
        ring_connect(w->ring, conn_tag(w, c, OP_CONNECT), worker_conn_index(w, c),
                     (const struct sockaddr *)&route->address, route->address_len, &options);
    if (rc == 0) {
        c->has_file = true;
        c->armed |= OP_BIT(OP_CONNECT);
        conn_watch_deadline(w, c, conn_connect_deadline_ns(w, c));
        return;
    }
    const enum failure_class class = rc == -EMFILE || rc == -ENFILE ? FAILURE_LOCAL_FD
                                     : rc == -EADDRNOTAVAIL || rc == -EADDRINUSE
                                         ? FAILURE_LOCAL_PORT
                                     : rc == -ENOMEM || rc == -ENOBUFS ? FAILURE_LOCAL_MEMORY
                                                                       : FAILURE_LOCAL_RING;
    conn_end(w, c, EV_FAILED, CLOSE_CONNECT_FAILED, class, NULL);
}

static void enter_open(struct worker *w, struct conn *c)
{
    if (c->carried > 0)
        return; /* back from an exchange: the receive goes on */
    shard_count(w->shard, COUNTER_OPENED, 1);
    routes_opened(&w->routes[c->origin], c->route);
    conn_arm_receive(w, c);
}

static void conn_cancel(struct worker *w, struct conn *c, enum op_kind cancel, enum op_kind target)
{
    if ((c->armed & OP_BIT(target)) == 0 || (c->armed & OP_BIT(cancel)) ||
        (c->cancelled & OP_BIT(target)))
        return;
    c->armed |= OP_BIT(cancel);
    ring_cancel(w->ring, conn_tag(w, c, cancel), conn_tag(w, c, target));
}

void conn_cancel_receive(struct worker *w, struct conn *c)
{
    conn_cancel(w, c, OP_CANCEL_RECV, c->armed & OP_BIT(OP_RECV) ? OP_RECV : OP_DISCARD);
}

void conn_drain(struct worker *w, struct conn *c)
{
    if (c->armed & OP_BIT(OP_CLOSE))
        return;
    conn_cancel(w, c, OP_CANCEL_CONNECT, OP_CONNECT);
    conn_cancel(w, c, OP_CANCEL_SEND, OP_SEND);
    conn_cancel(w, c, OP_CANCEL_SEND, OP_SEND_SILENT);
    conn_cancel_receive(w, c);
    if (c->armed != 0)
        return;
    if (c->has_file) {
        c->has_file = false;
        c->armed |= OP_BIT(OP_CLOSE);
        ring_close_file(w->ring, conn_tag(w, c, OP_CLOSE), worker_conn_index(w, c));
        return;
    }
    conn_step(w, c, EV_QUIET);
}

static void enter_idle(struct worker *w, struct conn *c)
{
    w->conns_in_use--;
    c->gen = c->gen == OP_GEN_MAX ? 0 : c->gen + 1;
    for (struct conn_tx *tx = c->tx; tx < c->tx + CONN_TX_MAX; tx++) {
        if (tx->chunk != 0)
            chunks_give_back(&w->tx, tx->chunk);
        tx->chunk = 0;
    }
    if (c->tls != NULL)
        conn_end_tls(w, c);
    if (!conn_is_wanted(w, c)) {
        if (w->pools != NULL)
            pool_offer(w, c);
        return;
    }
    if (c->retry_at_ns <= w->now_ns)
        conn_step(w, c, EV_ASKED);
    else
        timers_set(w->conn_timers, worker_conn_index(w, c), c->retry_at_ns);
}

void conn_step(struct worker *w, struct conn *c, enum conn_event ev)
{
    const enum conn_state to = conn_next_state((enum conn_state)c->state, ev);
    if (to == CONN_BAD) {
        /* A programming error, made visible and survivable: counted; a connection that is not
         * closing yet is closed. */
        shard_count(w->shard, COUNTER_BAD_EVENTS, 1);
        assert(!"a connection got an event that its state does not allow");
        if (c->state != CONN_IDLE && c->state != CONN_DRAINING)
            conn_end(w, c, EV_FAILED, CLOSE_BAD_EVENT, FAILURE_LOCAL_RING, NULL);
        return;
    }
    c->state = (uint8_t)to;
    switch (to) {
    case CONN_CONNECTING:
        enter_connecting(w, c);
        break;
    case CONN_TUNNELLING:
        conn_begin_tunnel(w, c);
        break;
    case CONN_HANDSHAKING:
        conn_begin_tls(w, c);
        break;
    case CONN_OPEN:
        enter_open(w, c);
        break;
    case CONN_DRAINING:
        conn_drain(w, c);
        break;
    case CONN_IDLE:
        enter_idle(w, c);
        break;
    case CONN_EXCHANGING:
    case CONN_BAD:
    case CONN_STATE_COUNT:
        break;
    }
}

/* ---- the end of a connection ---- */

/* After a failure the next connect waits, twice as long each time in a row, so a dead server does
 * not make us spin. */
static void conn_pause(struct worker *w, struct conn *c)
{
    uint64_t pause_ns = PAUSE_FIRST_NS << (c->failures_in_row < 16 ? c->failures_in_row : 16);
    if (pause_ns > PAUSE_MAX_NS)
        pause_ns = PAUSE_MAX_NS;
    c->failures_in_row++;
    c->retry_at_ns = w->now_ns + pause_ns;
}

static bool reason_is_trouble(enum close_reason reason)
{
    return reason == CLOSE_CONNECT_FAILED || reason == CLOSE_TLS_FAILED || reason == CLOSE_CUT ||
           reason == CLOSE_PROTOCOL || reason == CLOSE_LOCAL || reason == CLOSE_BAD_EVENT;
}

/* Those who wait for a connection that cannot be had fail with it. */
static void conn_fail_queue(struct worker *w, struct conn *c, enum failure_class class,
                            const char *message)
{
    struct user_list waiting = c->queue;
    c->queue = (struct user_list){ 0 };
    for (struct user *u = user_list_pop(w, &waiting); u != NULL; u = user_list_pop(w, &waiting))
        exchange_failed(w, u, NULL, class, message);
}

/* Unanswered requests of a connection that ended in order go out again on the next one, before all
 * others. */
static void conn_requeue_flight(struct worker *w, struct conn *c, struct user_list *flight)
{
    struct user_list rest = c->queue;
    shard_count(w->shard, COUNTER_RESENT, flight->count);
    c->queue = (struct user_list){ 0 };
    for (struct user *u = user_list_pop(w, flight); u != NULL; u = user_list_pop(w, flight)) {
        w->in_flight -= u->chain == 0 && w->plan->requests[u->request].is_recorded;
        u->state = USER_QUEUED;
        u->is_resend = true;
        user_list_push(w, &c->queue, u);
    }
    for (struct user *u = user_list_pop(w, &rest); u != NULL; u = user_list_pop(w, &rest))
        user_list_push(w, &c->queue, u);
}

/* Only what is past its own deadline has timed out. What was sent later behind it goes out again on
 * the next connection, where that does no harm. */
static void conn_spare_young(struct worker *w, struct conn *c, struct user_list *flight)
{
    struct user_list late = { 0 };
    struct user_list young = { 0 };
    for (struct user *u = user_list_pop(w, flight); u != NULL; u = user_list_pop(w, flight)) {
        const bool may_go_again = exchange_is_idempotent(w, u) && !u->is_resend;
        user_list_push(w, may_go_again && user_deadline_ns(w, u) > w->now_ns ? &young : &late, u);
    }
    conn_requeue_flight(w, c, &young);
    *flight = late;
}

/* A connect has failed. True when it is tried again at once, at an address that answers. */
static bool conn_turns_elsewhere(struct worker *w, struct conn *c, enum conn_event ev,
                                 enum failure_class class)
{
    const bool is_silent = class == FAILURE_CONNECT_REFUSED || class == FAILURE_CONNECT_TIMEOUT ||
                           class == FAILURE_CONNECT_UNREACHABLE;
    return routes_failed(&w->routes[c->origin], c->route, is_silent, w->now_ns) &&
           (ev != EV_TIMED_OUT || c->is_trial);
}

void conn_end(struct worker *w, struct conn *c, enum conn_event ev, enum close_reason reason,
              enum failure_class class, const char *message)
{
    const bool was_connecting = conn_is_on_its_way(c);
    const bool turns_elsewhere =
        was_connecting && ev != EV_RETIRED && conn_turns_elsewhere(w, c, ev, class);
    struct user_list flight = c->flight;
    c->flight = (struct user_list){ 0 };
    if (w->pools != NULL)
        pool_withdraw(w, c);
    if (ev == EV_TIMED_OUT)
        conn_spare_young(w, c, &flight);
    cell_add(&w->shard->closes[reason], 1);
    if (turns_elsewhere)
        class = FAILURE_NONE;
    else if (reason_is_trouble(reason))
        conn_pause(w, c);

    /* The state changes first: users that go on at once find a connection that is closing. */
    if (class == FAILURE_NONE)
        conn_requeue_flight(w, c, &flight);
    if (c->tls != NULL && ev == EV_RETIRED)
        conn_say_close(w, c);
    conn_step(w, c, ev);

    if (was_connecting && class != FAILURE_NONE)
        conn_fail_queue(w, c, class, message);
    const struct response *partial = &c->response;
    for (struct user *u = user_list_pop(w, &flight); u != NULL; u = user_list_pop(w, &flight)) {
        exchange_failed(w, u, partial, class, message);
        partial = NULL; /* only the oldest can have begun to be answered */
    }
    answer_release(w, c);
}

static bool flight_may_go_again(const struct worker *w, const struct conn *c)
{
    if (c->carried <= c->flight.count || response_has_begun(&c->response))
        return false;
    for (uint32_t link = c->flight.first; link != 0; link = w->users[link - 1].next) {
        const struct user *u = &w->users[link - 1];
        if (u->is_resend || !exchange_is_idempotent(w, u))
            return false;
    }
    return true;
}

void conn_cut(struct worker *w, struct conn *c, enum conn_event ev, enum failure_class class,
              const char *message)
{
    if (flight_may_go_again(w, c))
        conn_end(w, c, ev, CLOSE_SERVER_CLOSED, FAILURE_NONE, NULL);
    else
        conn_end(w, c, ev, CLOSE_CUT, class, message);
}
