/* test_routes — goal: connections take the addresses of a name in turn, leave those alone that do
 * not answer while another does, and follow the name when it comes to stand for others. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/routes.h"

#define SECOND UINT64_C(1000000000)
#define START  (100 * SECOND)

struct desk {
    struct routes routes;
    struct routes_view view;
};

static struct route address(uint32_t last)
{
    struct route route = { .address_len = sizeof(struct sockaddr_in) };
    struct sockaddr_in *to = (struct sockaddr_in *)&route.address;
    to->sin_family = AF_INET;
    to->sin_port = htons(80);
    to->sin_addr.s_addr = htonl((UINT32_C(10) << 24) + last);
    return route;
}

/* The name stands for 10.0.0.first and so many after it. */
static uint32_t stand_for(struct desk *d, uint32_t first, uint32_t count)
{
    struct route found[2 * ROUTES_MAX];
    for (uint32_t i = 0; i < count; i++)
        found[i] = address(first + i);
    return routes_set(&d->routes, found, count);
}

static int desk_open(void **state)
{
    *state = calloc(1, sizeof(struct desk));
    return *state == NULL;
}

static int desk_close(void **state)
{
    free(*state);
    return 0;
}

static struct desk *begin(void **state, uint32_t addresses)
{
    struct desk *d = *state;
    assert_int_equal(stand_for(d, 0, addresses), 0);
    routes_view_init(&d->view, &d->routes, 0, START);
    return d;
}

static void assert_next(struct desk *d, uint64_t now_ns, uint32_t index)
{
    assert_int_equal(routes_choose(&d->view, now_ns), index);
}

static void addresses_are_taken_in_turn(void **state)
{
    struct desk *d = begin(state, 100);
    for (uint32_t i = 0; i < 1000; i++)
        assert_next(d, START, i % 100);
}

static void workers_begin_with_different_addresses(void **state)
{
    struct desk *d = begin(state, 3);
    routes_view_init(&d->view, &d->routes, 5, START);
    assert_next(d, START, 2);
    assert_next(d, START, 0);
}

static void one_that_does_not_answer_is_passed_over_while_another_does(void **state)
{
    struct desk *d = begin(state, 3);
    assert_true(routes_failed(&d->view, 1, true, START));
    assert_next(d, START, 0);
    assert_next(d, START, 2);
    assert_next(d, START + SECOND / 2 - 1, 0);
    assert_next(d, START + SECOND / 2, 1); /* one connection tries it again, … */
    assert_next(d, START + SECOND / 2, 2);
    assert_next(d, START + SECOND / 2, 0);
    assert_next(d, START + SECOND / 2, 2); /* … the others wait for what comes of it */
    routes_opened(&d->view, 1);
    assert_next(d, START + SECOND / 2, 0);
    assert_next(d, START + SECOND / 2, 1);
}

static void the_longer_it_does_not_answer_the_more_seldom_it_is_tried(void **state)
{
    struct desk *d = begin(state, 2);
    uint64_t now_ns = START;
    uint32_t tries = 0;
    assert_true(routes_failed(&d->view, 0, true, now_ns));
    for (; now_ns < START + 100 * SECOND; now_ns += SECOND / 10) {
        if (routes_choose(&d->view, now_ns) == 1)
            continue;
        assert_true(routes_failed(&d->view, 0, true, now_ns));
        tries++;
    }
    assert_int_equal(tries, 8); /* after 0.5, 1, 2, 4, 8, 16, 32 and 32 seconds */
}

static void when_none_answers_each_has_its_turn(void **state)
{
    struct desk *d = begin(state, 2);
    assert_true(routes_failed(&d->view, 0, true, START));
    assert_false(routes_failed(&d->view, 1, true, START)); /* nowhere else to go */
    assert_next(d, START, 0);
    assert_next(d, START, 1);
    assert_next(d, START, 0);
}

static void a_failure_of_this_host_says_nothing_about_the_address(void **state)
{
    struct desk *d = begin(state, 2);
    assert_false(routes_failed(&d->view, 0, false, START));
    assert_next(d, START, 0);
    assert_int_equal(cell_read(&d->view.marks[0].failed), 1);
}

static void what_was_silent_before_the_run_is_passed_over_at_first(void **state)
{
    struct desk *d = *state;
    stand_for(d, 0, 2);
    d->routes.entries[0].was_silent = true;
    routes_view_init(&d->view, &d->routes, 0, START);
    assert_next(d, START, 1);
    assert_next(d, START, 1);
    assert_next(d, START + SECOND / 2, 0);
}

static void a_name_that_stands_for_others_is_followed(void **state)
{
    struct desk *d = begin(state, 2);
    assert_int_equal(stand_for(d, 1, 2), 0); /* 0 is gone, 2 is new */
    assert_next(d, START, 1);
    assert_next(d, START, 2);
    assert_next(d, START, 1);
    assert_int_equal(stand_for(d, 0, 1), 0); /* it comes back to where it was */
    assert_next(d, START, 0);
    assert_next(d, START, 0);
    assert_int_equal(d->routes.count, 3);
}

static void addresses_past_the_table_are_left_out_and_counted(void **state)
{
    struct desk *d = begin(state, ROUTES_MAX - 1);
    assert_int_equal(stand_for(d, ROUTES_MAX - 1, 3), 2);
    assert_next(d, START, ROUTES_MAX - 1);
    assert_next(d, START, ROUTES_MAX - 1);
    assert_int_equal(stand_for(d, 1000, 2), 2); /* no room for any: those before stay */
    assert_next(d, START, ROUTES_MAX - 1);
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, desk_open, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(addresses_are_taken_in_turn),
        TEST(workers_begin_with_different_addresses),
        TEST(one_that_does_not_answer_is_passed_over_while_another_does),
        TEST(the_longer_it_does_not_answer_the_more_seldom_it_is_tried),
        TEST(when_none_answers_each_has_its_turn),
        TEST(a_failure_of_this_host_says_nothing_about_the_address),
        TEST(what_was_silent_before_the_run_is_passed_over_at_first),
        TEST(a_name_that_stands_for_others_is_followed),
        TEST(addresses_past_the_table_are_left_out_and_counted),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("routes", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
