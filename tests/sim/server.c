#include "tests/sim/server.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MS       UINT64_C(1000000)
#define HEAD_MAX 8192u

struct pending_reply {
    struct reply reply;
    uint64_t arrived_ns;
};

/* The server's end of one link. */
struct server_side {
    struct server *server;
    struct link *link;
    char head[HEAD_MAX]; /* of the request that is arriving */
    uint32_t head_len;
    uint64_t body_left;
    uint64_t requests;
    uint64_t activity; /* changes with each request and reply: an idle close that finds it changed
                          is void */
    bool is_deaf;      /* answers nothing any more */

    struct pending_reply *queue; /* [first, count) */
    size_t first, count, capacity;
    char *out; /* bytes of the reply being sent */
    size_t out_done, out_len;
};

static uint64_t world_age_ns(const struct world *w)
{
    return w->now_ns - WORLD_START_NS;
}

static void outage_begins(struct world *w, const struct event *e)
{
    (void)e;
    world_note(w, "outage begins", w->link_count, 0);
    for (size_t i = 0; i < w->link_count; i++) {
        struct link *l = w->links[i];
        if (!l->is_accepted || l->is_shut)
            continue;
        l->server_side->is_deaf = true;
        w->server->truth.links_lost++;
        if (world_pick(w, 1))
            link_reset(l);
        else
            link_shut(l);
    }
}

void server_init(struct server *s, struct world *w, const struct server_script *script)
{
    *s = (struct server){ .world = w, .script = *script };
    w->server = s;
    if (script->outage_to_ns != 0)
        world_schedule(w, &(struct event){ .at_ns = WORLD_START_NS + script->outage_from_ns,
                                           .fire = outage_begins });
}

void server_close(struct server *s)
{
    free(s->composed);
    s->composed = NULL;
}

bool server_listens(const struct server *s)
{
    const uint64_t age_ns = world_age_ns(s->world);
    return age_ns < s->script.outage_from_ns || age_ns >= s->script.outage_to_ns;
}

static void speak_first(struct link *l, uint64_t number)
{
    static const char whole[] = "HTTP/1.1 200 Unasked\r\nContent-Length: 0\r\n\r\n";
    if (l->is_shut)
        return;
    world_note(l->world, "unsolicited", l->number, number);
    link_push(l, whole, number == 0 ? sizeof whole - 1 : 1 + number % (sizeof whole - 2));
}

bool server_accepts(struct server *s, struct link *l)
{
    struct server_side *side = calloc(1, sizeof *side);
    if (side == NULL)
        abort();
    side->server = s;
    side->link = l;
    l->server_side = side;
    s->truth.accepted++;
    world_note(s->world, "accepted", l->number, 0);
    if (world_strikes(s->world, FAULT_UNSOLICITED))
        link_schedule(l, s->world->now_ns + world_pick(s->world, 200 * MS), speak_first,
                      world_pick(s->world, 60));
    return true;
}

void server_side_lost(struct server_side *side)
{
    side->is_deaf = true;
    side->server->truth.links_lost++;
}

void server_side_close(struct server_side *side)
{
    if (side == NULL)
        return;
    free(side->queue);
    free(side->out);
    free(side);
}

/* ---- answering ---- */

static void reply_begins(struct link *l, uint64_t number);

static void answer_next(struct server_side *side)
{
    if (side->is_deaf || side->first == side->count)
        return;
    const struct pending_reply *next = &side->queue[side->first];
    if (next->reply.fate == FATE_NEVER) {
        side->is_deaf = true;
        return;
    }
    link_schedule(side->link, next->arrived_ns + next->reply.delay_ns, reply_begins, 0);
}

static void close_if_idle(struct link *l, uint64_t activity)
{
    struct server_side *side = l->server_side;
    if (side->activity != activity || side->is_deaf || l->is_shut)
        return;
    side->is_deaf = true;
    link_shut(l);
}

static void reply_ended(struct server_side *side)
{
    const struct pending_reply *done = &side->queue[side->first++];
    struct server *s = side->server;
    const struct reply *r = &done->reply;
    side->activity++;
    free(side->out);
    side->out = NULL;

    if (r->fate == FATE_WHOLE || r->fate == FATE_TRAILED || r->fate == FATE_CLOSES) {
        s->truth.replies_whole++;
        s->truth.replies_passable++;
        s->truth.delays_ns += s->world->now_ns - done->arrived_ns;
    }
    if (r->fate == FATE_CUT && reply_ends_with_close(r))
        s->truth.replies_passable++;
    s->truth.said_close = s->truth.said_close || reply_ends_connection(r);
    if (r->fate == FATE_STOPS) {
        side->is_deaf = true;
    } else if (r->fate == FATE_RESET) {
        side->is_deaf = true;
        link_reset(side->link);
    } else if (reply_ends_connection(r)) {
        side->is_deaf = true;
        if (!r->lingers || reply_ends_with_close(r) || r->fate == FATE_CUT)
            link_shut(side->link);
    } else {
        if (s->script.idle_close_ns != 0)
            link_schedule(side->link, s->world->now_ns + s->script.idle_close_ns, close_if_idle,
                          side->activity);
        answer_next(side);
    }
}

/* How much leaves now: all that is left, or the head, or a piece of the body. */
static size_t reply_part(const struct reply *r, size_t len, size_t done)
{
    if (r->piece_bytes == 0)
        return len - done;
    if (done == 0)
        return len - r->body_bytes;
    return len - done < r->piece_bytes ? len - done : r->piece_bytes;
}

static void reply_goes_on(struct link *l, uint64_t number)
{
    (void)number;
    struct server_side *side = l->server_side;
    struct world *w = l->world;
    if (l->is_shut || side->is_deaf)
        return;
    const struct reply *r = &side->queue[side->first].reply;
    size_t part = reply_part(r, side->out_len, side->out_done);
    if (part > 1 && world_strikes(w, FAULT_SEGMENTED))
        part = 1 + world_pick(w, part - 2);
    link_push(l, side->out + side->out_done, part);
    side->server->truth.bytes_sent += part;
    side->out_done += part;
    if (side->out_done == side->out_len)
        reply_ended(side);
    else
        link_schedule(l, w->now_ns + r->piece_ns + world_pick(w, r->pause_ns), reply_goes_on, 0);
}

/* Most answers of a run are the same bytes: the last ones are copied if they are. */
static char *server_compose(struct server *s, const struct reply *r, size_t *ret_len)
{
    struct reply wanted = *r;
    wanted.delay_ns = 0;
    if (s->composed == NULL || r->body != NULL ||
        memcmp(&wanted, &s->composed_of, sizeof wanted) != 0) {
        free(s->composed);
        s->composed = reply_compose(r, &s->composed_len);
        memcpy(&s->composed_of, &wanted, sizeof wanted);
    }
    char *out = malloc(s->composed_len);
    if (out == NULL)
        abort();
    memcpy(out, s->composed, s->composed_len);
    *ret_len = s->composed_len;
    return out;
}

static void reply_begins(struct link *l, uint64_t number)
{
    struct server_side *side = l->server_side;
    if (l->is_shut || side->is_deaf)
        return;
    const struct reply *r = &side->queue[side->first].reply;
    side->out = server_compose(side->server, r, &side->out_len);
    side->out_done = 0;
    if (r->fate == FATE_STOPS || r->fate == FATE_CUT || r->fate == FATE_RESET)
        side->out_len = side->out_len * r->fate_permille / 1000;
    world_note(l->world, "server answers", l->number, side->out_len);
    if (side->out_len == 0)
        reply_ended(side);
    else
        reply_goes_on(l, number);
}

static void reply_suffers(struct world *w, struct reply *r)
{
    static const struct {
        enum fault fault;
        enum fate fate;
    } fates[] = {
        { FAULT_ANSWER_NEVER, FATE_NEVER },
        { FAULT_ANSWER_STOPS, FATE_STOPS },
        { FAULT_ANSWER_CUT, FATE_CUT },
        { FAULT_ANSWER_RESET, FATE_RESET },
        { FAULT_ANSWER_MALFORMED, FATE_MALFORMED },
        { FAULT_ANSWER_TRAILED, FATE_TRAILED },
        { FAULT_ANSWER_CLOSES, FATE_CLOSES },
    };
    for (size_t i = 0; i < sizeof fates / sizeof fates[0]; i++) {
        if (world_strikes(w, fates[i].fault)) {
            r->fate = fates[i].fate;
            r->fate_permille = (uint32_t)(world_pick(w, 3) ? world_pick(w, 999) : 0);
        }
    }
    if (world_strikes(w, FAULT_ANSWER_LATE))
        r->delay_ns += world_pick(w, 1000 * MS);
}

bool server_request_is(const struct server_request *asked, const char *line)
{
    const size_t len = strlen(line);
    return strncmp(asked->head, line, len) == 0 && asked->head[len] == ' ';
}

static void request_arrived(struct server_side *side)
{
    struct server *s = side->server;
    struct world *w = s->world;
    const struct server_request asked = { .index = s->truth.requests++,
                                          .link = side->link->number,
                                          .index_on_link = side->requests++,
                                          .arrived_ns = world_age_ns(w),
                                          .is_head = strncmp(side->head, "HEAD ", 5) == 0,
                                          .head = side->head,
                                          .prng = &w->prng };
    struct pending_reply pending = { .arrived_ns = w->now_ns };
    reply_init(&pending.reply);
    if (s->script.answer != NULL)
        s->script.answer(s->script.context, &asked, &pending.reply);
    pending.reply.is_head = asked.is_head;
    if (side->requests == s->script.requests_per_link) {
        if (s->script.announces_last)
            pending.reply.says_close = true;
        else if (pending.reply.fate == FATE_WHOLE)
            pending.reply.fate = FATE_CLOSES;
    }
    reply_suffers(w, &pending.reply);
    side->activity++;
    world_note(w, "request", side->link->number, asked.index);

    if (side->first == side->count)
        side->first = side->count = 0;
    if (side->count == side->capacity) {
        side->capacity = side->capacity ? 2 * side->capacity : 8;
        side->queue = realloc(side->queue, side->capacity * sizeof *side->queue);
        if (side->queue == NULL)
            abort();
    }
    side->queue[side->count++] = pending;
    if (side->count - side->first == 1)
        answer_next(side);
}

/* The next line of the head, or as much of it as there is; how many bytes that was. */
static size_t head_takes(struct server_side *side, const char *bytes, size_t len)
{
    const char *line_end = memchr(bytes, '\n', len);
    const size_t part = line_end == NULL ? len : (size_t)(line_end - bytes) + 1;
    if (side->head_len + part >= HEAD_MAX) {
        world_violate(side->server->world, "a request head of more than %u bytes", HEAD_MAX);
        return len;
    }
    memcpy(side->head + side->head_len, bytes, part);
    side->head_len += (uint32_t)part;
    return part;
}

static bool head_is_whole(const struct server_side *side)
{
    return side->head_len >= 4 && memcmp(side->head + side->head_len - 4, "\r\n\r\n", 4) == 0;
}

static uint64_t head_announces(struct server_side *side)
{
    static const char name[] = "\r\nContent-Length:";
    side->head[side->head_len] = '\0';
    const char *found = strcasestr(side->head, name);
    return found == NULL ? 0 : strtoull(found + sizeof name - 1, NULL, 10);
}

void server_receives(struct server_side *side, const char *bytes, size_t len)
{
    side->server->truth.bytes_received += len;
    for (size_t i = 0; i < len;) {
        if (side->body_left > 0) {
            const size_t part = side->body_left < len - i ? side->body_left : len - i;
            side->body_left -= part;
            i += part;
        } else {
            i += head_takes(side, bytes + i, len - i);
            if (!head_is_whole(side))
                continue;
            side->body_left = head_announces(side);
        }
        if (side->body_left == 0) {
            side->head_len = 0;
            request_arrived(side);
        }
    }
}
