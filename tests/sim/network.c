#include "tests/sim/network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/server.h"

#define MS UINT64_C(1000000)

static void link_free(struct link *l)
{
    struct world *w = l->world;
    server_side_close(l->server_side);
    w->links[l->place] = w->links[--w->link_count];
    w->links[l->place]->place = l->place;
    free(l->bytes);
    free(l);
}

static void link_let_go(struct link *l)
{
    if (--l->pending == 0 && l->is_closed)
        link_free(l);
}

static void link_event_fires(struct world *w, const struct event *e)
{
    (void)w;
    struct link *l = e->subject;
    e->link_fire(l, e->number);
    link_let_go(l);
}

void link_schedule(struct link *l, uint64_t at_ns, void (*fire)(struct link *l, uint64_t number),
                   uint64_t number)
{
    l->pending++;
    world_schedule(l->world, &(struct event){ .at_ns = at_ns,
                                              .fire = link_event_fires,
                                              .subject = l,
                                              .link_fire = fire,
                                              .number = number });
}

/* When something leaving now arrives, not before what left earlier. */
static uint64_t arrival_ns(struct link *l, uint64_t *last_ns)
{
    struct world *w = l->world;
    const uint64_t at_ns = w->now_ns + w->latency_ns + world_pick(w, w->jitter_ns);
    if (at_ns > *last_ns)
        *last_ns = at_ns;
    return *last_ns;
}

static void link_changed(struct link *l)
{
    if (!l->is_closed)
        l->changed(l->owner, l->file);
}

static void connect_is_decided(struct link *l, uint64_t error)
{
    if (l->is_decided || l->is_closed)
        return;
    l->is_decided = true;
    l->connect_error = -(int)error;
    if (error == 0 && l->is_shut) { /* the server fell over between its SYN-ACK and now */
        l->is_reset = true;
        l->error = -ECONNRESET;
    }
    world_note(l->world, "connect decided", l->number, error);
    link_changed(l);
}

static void syn_arrives(struct link *l, uint64_t number)
{
    (void)number;
    struct world *w = l->world;
    uint64_t error = 0;
    if (!server_listens(w->server))
        error = ECONNREFUSED;
    else if (!l->is_closed && server_accepts(w->server, l))
        l->is_accepted = true;
    else
        return;
    link_schedule(l, arrival_ns(l, &l->down_last_ns), connect_is_decided, error);
}

struct link *link_open(struct world *w, void (*changed)(void *owner, uint32_t file), void *owner,
                       uint32_t file)
{
    struct link *l = calloc(1, sizeof *l);
    if (l == NULL)
        abort();
    if (w->link_count == w->link_capacity) {
        w->link_capacity = w->link_capacity ? 2 * w->link_capacity : 64;
        w->links = realloc(w->links, w->link_capacity * sizeof(struct link *));
        if (w->links == NULL)
            abort();
    }
    l->world = w;
    l->number = ++w->links_made;
    l->place = w->link_count;
    l->changed = changed;
    l->owner = owner;
    l->file = file;
    w->links[w->link_count++] = l;

    const uint64_t round_ns = w->now_ns + 2 * w->latency_ns;
    if (world_strikes(w, FAULT_CONNECT_REFUSED))
        link_schedule(l, round_ns, connect_is_decided, ECONNREFUSED);
    else if (world_strikes(w, FAULT_CONNECT_UNREACHABLE))
        link_schedule(l, round_ns + world_pick(w, 3 * MS), connect_is_decided,
                      world_pick(w, 1) ? EHOSTUNREACH : ENETUNREACH);
    else if (world_strikes(w, FAULT_CONNECT_SILENT))
        return l;
    else if (world_strikes(w, FAULT_CONNECT_SLOW))
        link_schedule(l, w->now_ns + world_pick(w, 50 * MS), syn_arrives, 0);
    else
        link_schedule(l, arrival_ns(l, &l->up_last_ns), syn_arrives, 0);
    return l;
}

static void client_is_gone(struct link *l, uint64_t number)
{
    (void)number;
    if (!l->is_accepted || l->is_shut)
        return;
    l->is_shut = true;
    server_side_lost(l->server_side);
}

void link_close(struct link *l)
{
    l->is_closed = true;
    link_schedule(l, arrival_ns(l, &l->up_last_ns), client_is_gone, 0);
}

size_t link_readable(const struct link *l)
{
    return l->len - l->head;
}

void link_take(struct link *l, char *out, size_t len)
{
    if (out != NULL)
        memcpy(out, l->bytes + l->head, len);
    l->head += len;
    if (l->head == l->len)
        l->head = l->len = 0;
}

int link_take_error(struct link *l)
{
    const int error = l->error;
    l->error = 0;
    return error;
}

static void link_append(struct link *l, const char *bytes, size_t len)
{
    if (l->len + len > l->capacity) {
        l->capacity = 2 * (l->len + len);
        l->bytes = realloc(l->bytes, l->capacity);
        if (l->bytes == NULL)
            abort();
    }
    memcpy(l->bytes + l->len, bytes, len);
    l->len += len;
}

static void reset_arrives(struct link *l, uint64_t number)
{
    (void)number;
    if (l->is_closed || l->is_reset)
        return;
    world_note(l->world, "reset arrives", l->number, 0);
    l->is_reset = true;
    if (!l->has_eof) /* after a FIN, as on Linux, receiving ends in order and only sending fails */
        l->error = -ECONNRESET;
    l->has_eof = true;
    link_changed(l);
}

/* Bytes on their way to one end. */
static void link_carry(struct link *l, uint64_t at_ns,
                       void (*arrive)(struct world *w, const struct event *e), const char *bytes,
                       size_t len)
{
    char *copy = malloc(len);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, len);
    l->pending++;
    world_schedule(
        l->world, &(struct event){
                      .at_ns = at_ns, .fire = arrive, .subject = l, .bytes = copy, .number = len });
}

static void up_bytes_arrive(struct world *w, const struct event *e)
{
    struct link *l = e->subject;
    world_note(w, "server receives", l->number, e->number);
    if (l->is_shut)
        link_schedule(l, arrival_ns(l, &l->down_last_ns), reset_arrives, 0);
    else
        server_receives(l->server_side, e->bytes, e->number);
    link_let_go(l);
}

int link_send(struct link *l, const char *bytes, size_t len)
{
    struct world *w = l->world;
    if (l->error != 0)
        return link_take_error(l);
    if (l->is_reset)
        return -EPIPE;
    for (size_t done = 0; done < len;) {
        size_t part = len - done;
        if (part > 1 && world_strikes(w, FAULT_SEGMENTED))
            part = 1 + world_pick(w, part - 1);
        link_carry(l, arrival_ns(l, &l->up_last_ns), up_bytes_arrive, bytes + done, part);
        done += part;
    }
    return 0;
}

void link_break(struct link *l)
{
    l->is_reset = true;
    l->has_eof = true;
    l->head = l->len = 0;
    client_is_gone(l, 0);
}

static void down_bytes_arrive(struct world *w, const struct event *e)
{
    struct link *l = e->subject;
    if (!l->is_closed && !l->is_reset && !l->has_eof) {
        world_note(w, "client receives", l->number, e->number);
        link_append(l, e->bytes, e->number);
        link_changed(l);
    }
    link_let_go(l);
}

void link_push(struct link *l, const char *bytes, size_t len)
{
    if (l->is_shut || len == 0)
        return;
    link_carry(l, arrival_ns(l, &l->down_last_ns), down_bytes_arrive, bytes, len);
}

static void eof_arrives(struct link *l, uint64_t number)
{
    (void)number;
    if (l->is_closed || l->has_eof)
        return;
    world_note(l->world, "eof arrives", l->number, 0);
    l->has_eof = true;
    link_changed(l);
}

void link_shut(struct link *l)
{
    if (l->is_shut)
        return;
    l->is_shut = true;
    link_schedule(l, arrival_ns(l, &l->down_last_ns), eof_arrives, 0);
}

void link_reset(struct link *l)
{
    if (l->is_shut)
        return;
    l->is_shut = true;
    link_schedule(l, arrival_ns(l, &l->down_last_ns), reset_arrives, 0);
}

void network_close(struct world *w)
{
    while (w->link_count > 0)
        link_free(w->links[w->link_count - 1]);
}
