/* goal: the life of a connection cannot change unseen, and every state leads to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/conn_states.h"

static void every_state_can_reach_idle(void **state)
{
    (void)state;
    bool reaches[CONN_STATE_COUNT] = { [CONN_IDLE] = true };
    for (int round = 0; round < CONN_STATE_COUNT; round++) {
        for (int s = CONN_IDLE; s < CONN_STATE_COUNT; s++) {
            for (int e = 0; e < CONN_EVENT_COUNT; e++) {
                const enum conn_state to = conn_next_state((enum conn_state)s, (enum conn_event)e);
                reaches[s] |= to != CONN_BAD && reaches[to];
            }
        }
    }
    for (int s = CONN_IDLE; s < CONN_STATE_COUNT; s++)
        assert_true(reaches[s]);
}

static void every_event_is_allowed_somewhere(void **state)
{
    (void)state;
    for (int e = 0; e < CONN_EVENT_COUNT; e++) {
        bool is_allowed = false;
        for (int s = CONN_IDLE; s < CONN_STATE_COUNT; s++)
            is_allowed |= conn_next_state((enum conn_state)s, (enum conn_event)e) != CONN_BAD;
        assert_true(is_allowed);
    }
}

static void the_table_is_the_one_that_is_drawn(void **state)
{
    (void)state;
    static char drawn[8192];
    static char kept[8192];
    size_t used = (size_t)snprintf(drawn, sizeof drawn, "digraph conn {\n");
    for (int s = CONN_IDLE; s < CONN_STATE_COUNT; s++) {
        for (int e = 0; e < CONN_EVENT_COUNT; e++) {
            const enum conn_state to = conn_next_state((enum conn_state)s, (enum conn_event)e);
            if (to == CONN_BAD)
                continue;
            used += (size_t)snprintf(drawn + used, sizeof drawn - used, "    %s -> %s [label=%s]\n",
                                     conn_state_name((enum conn_state)s), conn_state_name(to),
                                     conn_event_name((enum conn_event)e));
        }
    }
    snprintf(drawn + used, sizeof drawn - used, "}\n");

    FILE *file = fopen(SQUALL_TESTS_DATA "/conn_states.dot", "r");
    assert_non_null(file);
    kept[fread(kept, 1, sizeof kept - 1, file)] = '\0';
    fclose(file);
    if (strcmp(drawn, kept) != 0)
        print_message("the table now reads:\n%s", drawn);
    assert_string_equal(drawn, kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_can_reach_idle),
        cmocka_unit_test(every_event_is_allowed_somewhere),
        cmocka_unit_test(the_table_is_the_one_that_is_drawn),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("conn_states", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                              : EXIT_FAILURE;
}
