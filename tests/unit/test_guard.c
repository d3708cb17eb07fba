/* test_guard — goal: a page of strangers in the user's own browser can neither read nor change
 * anything, and a script on this machine needs no token. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tools/web/guard.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define WRONG "0123456789abcdef0123456789abcdee"
#define HOST  "127.0.0.1:8089"
#define OWN   "http://127.0.0.1:8089"

static const struct guard local = { .is_local = true, .port = 8089, .token = TOKEN };
static const struct guard open_to_all = { .is_local = false, .port = 8089, .token = TOKEN };

struct row {
    struct guard_request request; /* host_count 0 stands for 1 */
    unsigned status;
};

static void assert_rows(const struct guard *g, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct guard_request r = rows[i].request;
        if (r.host_count == 0)
            r.host_count = 1;
        const struct guard_verdict v = guard_judge(g, &r);
        if (v.status != rows[i].status)
            fail_msg("row %zu: %u, expected %u", i, v.status, rows[i].status);
        assert_true(v.status == 200 || v.sentence != NULL);
    }
}

#define ASSERT_ROWS(g, rows) assert_rows(g, rows, sizeof(rows) / sizeof((rows)[0]))

static void only_our_own_names_at_our_port_are_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        unsigned status;
    } hosts[] = {
        { HOST, 200 },
        { "localhost:8089", 200 },
        { "LocalHost:8089", 200 },
        { "[::1]:8089", 200 },
        { "127.0.0.1", 421 },
        { "127.0.0.1:80", 421 },
        { "127.0.0.1:8089x", 421 },
        { "127.0.0.1:08089", 421 },
        { "127.0.0.10:8089", 421 },
        { "127.0.0.1.evil.example:8089", 421 },
        { "localhost.evil.example:8089", 421 },
        { "evil.example:8089", 421 },
        { "evil.example", 421 },
        { "[::2]:8089", 421 },
        { "0.0.0.0:8089", 421 },
        { " 127.0.0.1:8089", 421 },
        { "", 421 },
    };
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        const struct guard_request r = { .access = GUARD_PAGE,
                                         .host_count = 1,
                                         .host = hosts[i].host };
        assert_int_equal(guard_judge(&local, &r).status, hosts[i].status);
    }
    const struct guard_request two = { .access = GUARD_READ, .host_count = 2, .host = HOST };
    assert_int_equal(guard_judge(&local, &two).status, 421);
    const struct guard_request none = { .access = GUARD_READ, .host_count = 0 };
    assert_int_equal(guard_judge(&local, &none).status, 421);
    assert_int_equal(guard_judge(&open_to_all, &none).status, 421);
}

static void a_script_of_this_machine_does_what_it_wants(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { { .access = GUARD_PAGE, .host = HOST }, 200 },
        { { .access = GUARD_READ, .host = HOST }, 200 },
        { { .access = GUARD_CHANGE, .host = HOST }, 200 },
        { { .access = GUARD_LOCUST_GET, .host = HOST }, 200 },
        { { .access = GUARD_CHANGE, .host = HOST, .token = TOKEN }, 200 },
        { { .access = GUARD_CHANGE, .host = HOST, .token = WRONG }, 403 },
        { { .access = GUARD_READ, .host = HOST, .token = "" }, 403 },
    };
    ASSERT_ROWS(&local, rows);
}

static void our_own_page_changes_things_with_the_token_only(void **state)
{
    (void)state;
#define PAGE(a) .access = (a), .host = HOST, .fetch_site = "same-origin", .fetch_mode = "cors"
    static const struct row rows[] = {
        { { PAGE(GUARD_READ) }, 200 },
        { { PAGE(GUARD_CHANGE) }, 403 },
        { { PAGE(GUARD_CHANGE), .token = WRONG, .origin = OWN }, 403 },
        { { PAGE(GUARD_CHANGE), .token = TOKEN, .origin = OWN }, 200 },
        { { PAGE(GUARD_CHANGE), .token = TOKEN, .origin = OWN, .referer = OWN "/" }, 200 },
        { { PAGE(GUARD_CHANGE), .token = TOKEN, .origin = "http://127.0.0.1:80890" }, 403 },
        { { PAGE(GUARD_CHANGE), .token = TOKEN, .origin = "null" }, 403 },
        { { PAGE(GUARD_CHANGE), .token = TOKEN, .origin = "" }, 403 },
        { { PAGE(GUARD_LOCUST_GET), .token = TOKEN, .origin = OWN }, 403 },
        { { .access = GUARD_CHANGE, .host = HOST, .origin = OWN }, 403 },
        { { .access = GUARD_CHANGE, .host = HOST, .referer = OWN "/" }, 403 },
        { { .access = GUARD_CHANGE, .host = "localhost:8089", .origin = OWN, .token = TOKEN },
          403 },
    };
    ASSERT_ROWS(&local, rows);
}

static void another_site_may_link_to_the_page_and_no_more(void **state)
{
    (void)state;
#define FOREIGN(a, mode)                                                                           \
    .access = (a), .host = HOST, .fetch_site = "cross-site", .fetch_mode = (mode)
    static const struct row rows[] = {
        { { FOREIGN(GUARD_PAGE, "navigate") }, 200 },
        { { FOREIGN(GUARD_PAGE, "no-cors") }, 403 },
        { { FOREIGN(GUARD_PAGE, NULL) }, 403 },
        { { FOREIGN(GUARD_READ, "navigate") }, 403 },
        { { FOREIGN(GUARD_READ, "cors") }, 403 },
        { { FOREIGN(GUARD_CHANGE, "navigate"), .token = TOKEN }, 403 },
        { { FOREIGN(GUARD_LOCUST_GET, "navigate") }, 403 },
        { { .access = GUARD_READ, .host = HOST, .fetch_site = "same-site" }, 403 },
        { { .access = GUARD_READ, .host = HOST, .fetch_site = "anything" }, 403 },
        { { .access = GUARD_READ, .host = HOST, .fetch_site = "none" }, 200 },
        { { .access = GUARD_LOCUST_GET, .host = HOST, .fetch_site = "none" }, 403 },
        { { .access = GUARD_LOCUST_GET, .host = HOST, .referer = "http://evil.example/" }, 403 },
        { { .access = GUARD_READ, .host = HOST, .origin = "http://evil.example" }, 403 },
        { { .access = GUARD_PAGE, .host = HOST, .referer = "http://evil.example/" }, 200 },
    };
    ASSERT_ROWS(&local, rows);
}

static void on_another_address_all_but_the_page_needs_the_token(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { { .access = GUARD_PAGE, .host = "loadgen:8089" }, 200 },
        { { .access = GUARD_READ, .host = "loadgen:8089" }, 401 },
        { { .access = GUARD_CHANGE, .host = "loadgen:8089" }, 401 },
        { { .access = GUARD_LOCUST_GET, .host = "loadgen:8089" }, 401 },
        { { .access = GUARD_READ, .host = "loadgen:8089", .token = WRONG }, 403 },
        { { .access = GUARD_READ, .host = "loadgen:8089", .token = TOKEN }, 200 },
        { { .access = GUARD_LOCUST_GET, .host = "loadgen:8089", .token = TOKEN }, 200 },
        { { .access = GUARD_CHANGE,
            .host = "loadgen:8089",
            .token = TOKEN,
            .origin = "http://loadgen:8089" },
          200 },
        { { .access = GUARD_CHANGE,
            .host = "loadgen:8089",
            .token = TOKEN,
            .origin = "http://loadgen" },
          403 },
    };
    ASSERT_ROWS(&open_to_all, rows);
}

static void tokens_differ_and_only_the_whole_one_is_right(void **state)
{
    (void)state;
    struct guard a = { .is_local = true }, b = { .is_local = true };
    assert_int_equal(guard_draw_token(&a), 0);
    assert_int_equal(guard_draw_token(&b), 0);
    assert_int_equal(strspn(a.token, "0123456789abcdef"), GUARD_TOKEN_CHARS);
    assert_string_not_equal(a.token, b.token);
    assert_true(guard_token_is(&a, a.token));
    assert_false(guard_token_is(&a, b.token));
    assert_false(guard_token_is(&local, "0123456789ABCDEF0123456789abcdef"));
    assert_false(guard_token_is(&local, TOKEN "0"));
    assert_false(guard_token_is(&local, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_our_own_names_at_our_port_are_hosts),
        cmocka_unit_test(a_script_of_this_machine_does_what_it_wants),
        cmocka_unit_test(our_own_page_changes_things_with_the_token_only),
        cmocka_unit_test(another_site_may_link_to_the_page_and_no_more),
        cmocka_unit_test(on_another_address_all_but_the_page_needs_the_token),
        cmocka_unit_test(tokens_differ_and_only_the_whole_one_is_right),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
