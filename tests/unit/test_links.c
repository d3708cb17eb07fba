/* test_links — goal: whoever keeps the server waiting loses the place, and nobody else does. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/web/links.h"

#define COUNT (LINKS_MANY + 4)

struct world {
    struct links all;
    int ends[COUNT][2];
    struct link *links[COUNT];
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, w->ends[i]), 0);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < COUNT; i++) {
        links_remove(&w->all, w->links[i]);
        close(w->ends[i][0]);
        close(w->ends[i][1]);
    }
    assert_int_equal(w->all.count, 0);
    assert_null(w->all.first);
    free(w);
    return 0;
}

static void add(struct world *w, size_t i, uint64_t now_ns)
{
    w->links[i] = links_add(&w->all, w->ends[i][0], now_ns);
    assert_non_null(w->links[i]);
}

/* The other end sees that it was shut down. */
static bool is_ended(const struct world *w, size_t i)
{
    char byte;
    return recv(w->ends[i][1], &byte, 1, MSG_DONTWAIT) == 0;
}

static void a_request_has_five_seconds_and_an_answer_thirty(void **state)
{
    struct world *w = *state;
    add(w, 0, 0);
    add(w, 1, 0);
    link_is_answering(w->links[1], 0);
    links_end_overdue(&w->all, LINK_REQUEST_NS);
    assert_false(is_ended(w, 0));
    links_end_overdue(&w->all, LINK_REQUEST_NS + 1);
    assert_true(is_ended(w, 0));
    links_end_overdue(&w->all, LINK_ANSWER_NS);
    assert_false(is_ended(w, 1));
    link_is_waiting(w->links[1], LINK_ANSWER_NS);
    links_end_overdue(&w->all, LINK_ANSWER_NS + LINK_REQUEST_NS);
    assert_false(is_ended(w, 1));
    links_end_overdue(&w->all, LINK_ANSWER_NS + LINK_REQUEST_NS + 1);
    assert_true(is_ended(w, 1));
}

static void when_there_are_many_the_longest_waiting_gives_way(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < LINKS_MANY; i++)
        add(w, i, i);
    link_is_answering(w->links[0], LINKS_MANY);
    link_is_waiting(w->links[1], LINKS_MANY + 1);
    add(w, LINKS_MANY, LINKS_MANY + 2);
    assert_false(is_ended(w, 0));
    assert_false(is_ended(w, 1));
    assert_true(is_ended(w, 2));
    add(w, LINKS_MANY + 1, LINKS_MANY + 3);
    assert_true(is_ended(w, 3));
    assert_false(is_ended(w, 4));
}

static void without_memory_for_a_link_nothing_is_done_with_it(void **state)
{
    (void)state;
    struct links all = { .count = 0 };
    link_is_answering(NULL, 1);
    link_is_waiting(NULL, 1);
    links_remove(&all, NULL);
    assert_int_equal(all.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_has_five_seconds_and_an_answer_thirty, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(when_there_are_many_the_longest_waiting_gives_way,
                                        open_world, close_world),
        cmocka_unit_test(without_memory_for_a_link_nothing_is_done_with_it),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("links", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
