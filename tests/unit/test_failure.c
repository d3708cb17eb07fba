/* test_failure.c — goal: every failure that is noted is counted, whatever the server says and
 * however often. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/counter.h"
#include "stats/failure.h"

static int open_table(void **state)
{
    *state = calloc(1, sizeof(struct failure_table));
    return *state == NULL;
}

static int close_table(void **state)
{
    free(*state);
    return 0;
}

static uint64_t count_all(const struct failure_table *t)
{
    uint64_t count = cell_read(&t->overflow);

    for (int i = 0; i < FAILURES_MAX; i++)
        count += cell_read(&t->entries[i].count);
    return count;
}

static void the_same_failure_is_one_entry(void **state)
{
    struct failure_table *t = *state;

    for (int i = 0; i < 5; i++)
        failure_note(t, 3, FAILURE_HTTP_ERROR, "status 500");
    assert_int_equal(cell_read(&t->entries[0].count), 5);
    assert_int_equal(cell_read(&t->entries[1].count), 0);
    assert_int_equal(t->entries[0].endpoint, 3);
    assert_int_equal(t->entries[0].class, FAILURE_HTTP_ERROR);
    assert_string_equal(t->entries[0].message, "status 500");
}

static void endpoint_class_and_message_each_make_a_difference(void **state)
{
    struct failure_table *t = *state;

    failure_note(t, 0, FAILURE_HTTP_ERROR, "status 500");
    failure_note(t, 1, FAILURE_HTTP_ERROR, "status 500");
    failure_note(t, 0, FAILURE_TIMEOUT_TOTAL, "status 500");
    failure_note(t, 0, FAILURE_HTTP_ERROR, "status 50");
    failure_note(t, 0, FAILURE_HTTP_ERROR, "status 5000");
    for (int i = 0; i < 5; i++)
        assert_int_equal(cell_read(&t->entries[i].count), 1);
}

static void without_a_message_the_class_speaks(void **state)
{
    struct failure_table *t = *state;

    failure_note(t, 0, FAILURE_TIMEOUT_TOTAL, NULL);
    failure_note(t, 0, FAILURE_TIMEOUT_TOTAL, "");
    failure_note(t, 0, FAILURE_TIMEOUT_TOTAL, failure_sentence(FAILURE_TIMEOUT_TOTAL));
    assert_int_equal(cell_read(&t->entries[0].count), 3);
    assert_string_equal(t->entries[0].message, "no complete response in time");
}

static void a_full_table_loses_no_count(void **state)
{
    struct failure_table *t = *state;
    char message[32];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2 * FAILURES_MAX; i++) {
            snprintf(message, sizeof(message), "message %d", i);
            failure_note(t, 0, FAILURE_PROTO_PARSE, message);
        }
    }
    assert_int_equal(cell_read(&t->entries[FAILURES_MAX - 1].count), 3);
    assert_int_equal(cell_read(&t->overflow), 3 * FAILURES_MAX);
    assert_int_equal(count_all(t), 6 * FAILURES_MAX);
}

static void messages_of_every_length_end_in_a_nul(void **state)
{
    struct failure_table *t = *state;
    char message[2 * FAILURE_MESSAGE_MAX];

    for (size_t len = 1; len < sizeof(message); len++) {
        memset(message, 'x', len);
        message[len] = '\0';
        memset(t, 0, sizeof(*t));
        failure_note(t, 0, FAILURE_PROTO_PARSE, message);
        failure_note(t, 0, FAILURE_PROTO_PARSE, message);
        const bool is_cut = len >= FAILURE_MESSAGE_MAX;
        const char *kept = t->entries[0].message;
        assert_int_equal(cell_read(&t->entries[0].count), 2);
        assert_int_equal(strnlen(kept, FAILURE_MESSAGE_MAX),
                         is_cut ? FAILURE_MESSAGE_MAX - 1 : len);
        assert_int_equal(strspn(kept, "x"), is_cut ? FAILURE_MESSAGE_MAX - 4 : len);
        assert_string_equal(kept + strspn(kept, "x"), is_cut ? "..." : "");
    }
}

static void a_cut_leaves_characters_whole(void **state)
{
    struct failure_table *t = *state;
    static const char *const letters[] = { "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\xA6\x86" };

    for (size_t l = 0; l < 3; l++) {
        const size_t bytes = strlen(letters[l]);
        for (size_t before = 0; before < bytes; before++) {
            char message[FAILURE_MESSAGE_MAX + 16] = "";
            size_t len = before;
            memset(message, 'x', before);
            for (; len + bytes < sizeof(message); len += bytes)
                memcpy(message + len, letters[l], bytes);
            message[len] = '\0';
            memset(t, 0, sizeof(*t));
            failure_note(t, 0, FAILURE_HTTP_ERROR, message);
            const char *end = strstr(t->entries[0].message, "...");
            assert_non_null(end);
            const size_t kept = (size_t)(end - t->entries[0].message);
            assert_int_equal((kept - before) % bytes, 0);
            assert_true(kept + bytes + 3 >= FAILURE_MESSAGE_MAX);
        }
    }
}

static void a_run_of_continuation_bytes_is_cut_all_the_same(void **state)
{
    struct failure_table *t = *state;
    char message[2 * FAILURE_MESSAGE_MAX];

    memset(message, 0x80, sizeof(message) - 1);
    message[sizeof(message) - 1] = '\0';
    failure_note(t, 0, FAILURE_HTTP_ERROR, message);
    assert_int_equal(strlen(t->entries[0].message), FAILURE_MESSAGE_MAX - 1);
}

static void every_row_of_the_lists_has_a_name_and_a_sentence(void **state)
{
    (void)state;

    for (int i = FAILURE_NONE + 1; i < FAILURE_CLASS_COUNT; i++) {
        assert_true(strlen(failure_name((enum failure_class)i)) > 0);
        assert_true(strlen(failure_sentence((enum failure_class)i)) > 0);
        for (int other = FAILURE_NONE; other < i; other++)
            assert_string_not_equal(failure_name((enum failure_class)i),
                                    failure_name((enum failure_class)other));
    }
    for (int i = 0; i < COUNTER_COUNT; i++) {
        assert_true(strlen(counter_name((enum counter)i)) > 0);
        assert_true(strlen(counter_sentence((enum counter)i)) > 0);
    }
    for (int i = 0; i < CLOSE_REASON_COUNT; i++) {
        assert_true(strlen(close_reason_name((enum close_reason)i)) > 0);
        assert_true(strlen(close_reason_sentence((enum close_reason)i)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, open_table, close_table)
        WITH_TABLE(the_same_failure_is_one_entry),
        WITH_TABLE(endpoint_class_and_message_each_make_a_difference),
        WITH_TABLE(without_a_message_the_class_speaks),
        WITH_TABLE(a_full_table_loses_no_count),
        WITH_TABLE(messages_of_every_length_end_in_a_nul),
        WITH_TABLE(a_cut_leaves_characters_whole),
        WITH_TABLE(a_run_of_continuation_bytes_is_cut_all_the_same),
        cmocka_unit_test(every_row_of_the_lists_has_a_name_and_a_sentence),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("failure", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
