#include "tests/fake/desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

struct desk *desk_open(uint64_t timeout_ns)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    fake_reset(START);
    sketch_init(&d->sketch);
    sketch_add(&d->sketch, "GET", 0);
    sketch_timeout(&d->sketch, timeout_ns);
    sketch_closed(&d->sketch, 1, 10 * MS);
    assert_int_equal(shard_open(&d->shard, 1), 0);
    assert_int_equal(tally_open(&d->tally, 1), 0);
    routes_set(&d->routes, &(struct route){ .address_len = 16 }, 1);
    return d;
}

void desk_close(struct desk *d)
{
    worker_close(d->worker);
    shard_close(d->shard);
    tally_close(d->tally);
    fake_reset(START);
    free(d);
}

void desk_start(struct desk *d)
{
    const struct worker_setup setup = { .plan = &d->sketch.plan,
                                        .cores = 1,
                                        .routes = &d->routes,
                                        .tls = d->tls,
                                        .shard = d->shard,
                                        .stop = &d->stop,
                                        .users_wanted = &d->users_wanted,
                                        .users_gone = &d->users_gone };
    d->users_wanted =
        users_wanted_pack((struct users_wanted){ .users = d->sketch.plan.load.users });
    assert_int_equal(worker_open(&d->worker, &setup), 0);
    assert_int_equal(worker_start(d->worker, START), 0);
}

void desk_settle(struct desk *d)
{
    assert_true(worker_turn(d->worker));
    assert_true(worker_turn(d->worker));
}

void desk_settle_at(struct desk *d, uint64_t ms)
{
    fake_set_clock(START + ms * MS);
    desk_settle(d);
}

const struct tally *desk_books(struct desk *d)
{
    tally_clear(d->tally);
    tally_take(d->tally, d->shard);
    return d->tally;
}

void desk_send_is_over(void)
{
    fake_complete(OP_SEND, 0, (int32_t)fake_armed(OP_SEND, 0)->len);
}
