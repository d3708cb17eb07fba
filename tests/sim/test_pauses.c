/* goal: a run that stands still for a while is the same run, only later: no request is late for it,
 * and its warm-up is as long as it was to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "engine/run/worker.h"
#include "tests/sim/scene.h"
#include "tools/live/settling.h"

#define MS UINT64_C(1000000)

static struct scene scene;

static int close_scene(void **state)
{
    (void)state;
    scene_close(&scene);
    return 0;
}

static const char *const breathers = "host: http://127.0.0.1\n"
                                     "users: 10\n"
                                     "run_time: 1s\n"
                                     "wait: 40ms\n"
                                     "tasks:\n"
                                     "  - get: /a\n";

/* 10 users, one request each 50 ms of the time that is not stood still: the pause changes nothing
 * but when. */
static void a_pause_is_a_hole_in_the_time_of_the_run(void **state)
{
    (void)state;
    scene_open(&scene, breathers);
    scene_run(&scene);
    const uint64_t requests = scene_count(&scene, "/a", OUTCOME_OK);
    const uint64_t elapsed_ns = scene.result.elapsed_ns;
    assert_int_equal(requests, 200);

    scene.config.pause_at_ns = 333 * MS;
    scene.config.resume_at_ns = 2333 * MS;
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), requests);
    assert_true(scene.result.elapsed_ns >= elapsed_ns + 1950 * MS);
    assert_true(scene.result.elapsed_ns <= elapsed_ns + 2050 * MS);
    /* Nobody asked for an answer while it stood still, so none was late. */
    const struct hist_view *latency = &scene.result.tally->endpoints[0].latency[OUTCOME_OK];
    assert_true(latency->max_ns < 50 * MS);
}

static void a_run_that_is_paused_can_be_stopped(void **state)
{
    (void)state;
    scene_open(&scene, breathers);
    scene.config.pause_at_ns = 333 * MS;
    scene.config.resume_at_ns = 60000 * MS;
    scene.config.stop_at_ns = 500 * MS;
    scene.config.stop_word = STOP_DRAIN;
    scene_run(&scene);
    assert_true(scene.result.elapsed_ns < 600 * MS);
    assert_true(scene_count(&scene, "/a", OUTCOME_OK) <= 70);
}

static void arrivals_are_postponed_by_a_pause(void **state)
{
    (void)state;
    scene_open(&scene, breathers);
    scene.plan->load.is_open = true;
    scene.plan->load.rate = (struct ratio){ 100, 1 };
    scene.config.pause_at_ns = 333 * MS;
    scene.config.resume_at_ns = 1333 * MS;
    scene_run(&scene);
    assert_int_equal(scene_counter(&scene, COUNTER_SCHEDULED), 100);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 100);
    assert_true(scene.result.elapsed_ns >= 1950 * MS);
}

/* Who watches a run with a warm-up, as the command line does it. */
struct spectator {
    struct collector *collector;
    struct settling *settling;
    uint64_t asked_ns;
};

static uint64_t paused_by(uint64_t at_ns)
{
    const struct sim_config *c = &scene.config;
    const uint64_t until_ns = at_ns < c->resume_at_ns ? at_ns : c->resume_at_ns;
    return c->pause_at_ns != 0 && until_ns > c->pause_at_ns ? until_ns - c->pause_at_ns : 0;
}

static void look(void *context, const struct shard *const *shards, uint32_t count, uint64_t at_ns)
{
    struct spectator *s = context;
    const struct collector_setup setup = { .shards = shards,
                                           .shard_count = count,
                                           .endpoint_count = scene.plan->endpoint_count,
                                           .names = scene.plan->endpoints,
                                           .started_ns = MS };
    if (s->collector == NULL) {
        assert_int_equal(collector_open(&s->collector, &setup), 0);
        assert_int_equal(settling_open(&s->settling, s->collector, false, s->asked_ns), 0);
    }
    settling_postpone(s->settling, paused_by(at_ns));
    assert_int_equal(settling_watch(s->settling, MS + at_ns), 0);
    if (MS + at_ns >= collector_due_ns(s->collector))
        assert_int_equal(collector_tick(s->collector, MS + at_ns), 0);
}

/* Requests finished after the warm-up; *ret_cut_ns is when it ended. */
static uint64_t count_after_warmup(uint64_t asked_ns, uint64_t *ret_cut_ns)
{
    struct spectator s = { .asked_ns = asked_ns };
    struct tally *counted;
    scene.config.watch = look;
    scene.config.watch_context = &s;
    scene.config.watch_every_ns = 5 * MS;
    scene_run(&scene);
    assert_non_null(s.settling->cut);
    assert_int_equal(tally_open(&counted, scene.plan->endpoint_count), 0);
    tally_since(counted, scene.result.tally, s.settling->cut);
    const uint64_t finished = tally_finished(counted, OUTCOME_OK);
    *ret_cut_ns = s.settling->cut_ns;
    tally_close(counted);
    settling_close(s.settling);
    collector_close(s.collector);
    return finished;
}

static void a_pause_inside_a_warmup_is_no_part_of_it(void **state)
{
    (void)state;
    uint64_t cut_ns;
    scene_open(&scene, breathers);
    assert_int_equal(count_after_warmup(505 * MS, &cut_ns), 100);
    assert_int_equal(cut_ns, 505 * MS);

    scene.config.pause_at_ns = 200 * MS;
    scene.config.resume_at_ns = 2200 * MS;
    assert_int_equal(count_after_warmup(505 * MS, &cut_ns), 100);
    assert_int_equal(cut_ns, 2505 * MS);

    scene.config.pause_at_ns = 600 * MS; /* after it */
    assert_int_equal(count_after_warmup(505 * MS, &cut_ns), 100);
    assert_int_equal(cut_ns, 505 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SCENE(f) cmocka_unit_test_teardown(f, close_scene)
        SCENE(a_pause_is_a_hole_in_the_time_of_the_run),
        SCENE(a_run_that_is_paused_can_be_stopped),
        SCENE(arrivals_are_postponed_by_a_pause),
        SCENE(a_pause_inside_a_warmup_is_no_part_of_it),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("pauses", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
