#include "tools/target/server.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/io/clock.h"
#include "engine/io/op.h"

#define ACCEPT_AGAIN_NS UINT64_C(20000000)

int server_open(struct server **ret_server, struct target *target, int listen_fd, uint32_t files)
{
    int rc = -ENOMEM;
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        close(listen_fd);
        return rc;
    }
    s->target = target;
    s->listen_fd = listen_fd;
    s->files = files;
    census_init(&s->census);
    s->guests = calloc(files, sizeof *s->guests);
    if (s->guests == NULL)
        goto fail;
    for (uint32_t i = 0; i < files; i++)
        s->guests[i].file = i;
    rc = timers_open(&s->timers, s->guests, sizeof *s->guests, files, clock_now_ns());
    if (rc == 0)
        rc = ring_open(&s->ring, &(struct ring_setup){ .files = files });
    if (rc < 0)
        goto fail;
    *ret_server = s;
    return 0;
fail:
    server_close(s);
    return rc;
}

void server_close(struct server *s)
{
    if (s == NULL)
        return;
    ring_close(s->ring);
    timers_close(s->timers);
    for (uint32_t i = 0; s->guests != NULL && i < s->files; i++)
        guest_close(&s->guests[i]);
    free(s->guests);
    tls_context_close(s->tls);
    images_close(&s->images);
    outbox_close(&s->page);
    close(s->listen_fd);
    free(s);
}

static void server_accept(struct server *s)
{
    s->is_accepting = true;
    ring_accept(s->ring, op_pack((struct op_tag){ .kind = OP_ACCEPT }), s->listen_fd);
}

static void accepted(struct server *s, const struct completion *got)
{
    if (!got->more) {
        s->is_accepting = false;
        s->accept_again_ns = got->result < 0 ? s->now_ns + ACCEPT_AGAIN_NS : 0;
    }
    if (got->result >= 0)
        guest_begin(s, &s->guests[got->result]);
}

static void server_deliver(void *owner, const struct completion *got)
{
    struct server *s = owner;
    const struct op_tag tag = op_unpack(got->tag);
    const uint64_t epoch = atomic_load_explicit(&s->target->census_epoch, memory_order_acquire);
    if (epoch != atomic_load_explicit(&s->census.epoch, memory_order_relaxed)) {
        census_begin_epoch(&s->census, epoch);
        memo_forget(&s->memo);
    }
    if (tag.kind == OP_ACCEPT) {
        accepted(s, got);
        return;
    }
    struct guest *g = &s->guests[tag.slot];
    if (tag.gen == g->gen && g->state != GUEST_FREE)
        guest_complete(s, g, tag.kind, got);
    if (got->buf_id != BUF_NONE)
        ring_give_back(s->ring, got->buf_id);
}

static void server_fire(void *owner, uint32_t index, uint64_t now_ns)
{
    struct server *s = owner;
    (void)now_ns;
    guest_fire(s, &s->guests[index]);
}

int server_run(struct server *s)
{
    int rc = ring_start(s->ring);
    s->now_ns = clock_now_ns();
    while (rc == 0 && !atomic_load_explicit(&s->target->stop, memory_order_relaxed)) {
        if (!s->is_accepting && s->now_ns >= s->accept_again_ns)
            server_accept(s);
        uint64_t until_ns = timers_next_ns(s->timers);
        if (!s->is_accepting && s->accept_again_ns < until_ns)
            until_ns = s->accept_again_ns;
        rc = ring_submit_and_wait(s->ring, s->now_ns, until_ns);
        s->now_ns = clock_now_ns();
        ring_reap(s->ring, server_deliver, s);
        timers_run(s->timers, s->now_ns, s->files, server_fire, s);
    }
    return rc;
}
