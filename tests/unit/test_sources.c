/* test_sources — goal: a list of local addresses means exactly the addresses it says, in turn. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/sources.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static struct sources read_well(const char *text)
{
    struct sources s;
    const char *expected = sources_parse(&s, text);
    if (expected != NULL)
        fail_msg("'%s' was refused: expected %s", text, expected);
    return s;
}

static void assert_turn(const struct sources *s, int family, uint32_t turn, const char *address)
{
    struct sockaddr_storage got;
    char text[INET6_ADDRSTRLEN];
    const socklen_t len = sources_address(s, family, turn, &got);
    assert_int_equal(got.ss_family, family);
    if (family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)&got;
        assert_int_equal(len, sizeof *four);
        assert_int_equal(four->sin_port, 0);
        inet_ntop(family, &four->sin_addr, text, sizeof text);
    } else {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&got;
        assert_int_equal(len, sizeof *six);
        assert_int_equal(six->sin6_port, 0);
        inet_ntop(family, &six->sin6_addr, text, sizeof text);
    }
    assert_string_equal(text, address);
}

static void one_address_is_used_again_and_again(void **state)
{
    const struct sources s = read_well("127.0.0.2");
    (void)state;
    assert_int_equal(s.count, 1);
    assert_turn(&s, AF_INET, 0, "127.0.0.2");
    assert_turn(&s, AF_INET, 1, "127.0.0.2");
    assert_turn(&s, AF_INET, UINT32_MAX, "127.0.0.2");
}

static void a_range_has_both_its_ends(void **state)
{
    const struct sources s = read_well("127.0.0.254-127.0.1.1");
    (void)state;
    assert_int_equal(s.count, 4);
    assert_turn(&s, AF_INET, 0, "127.0.0.254");
    assert_turn(&s, AF_INET, 2, "127.0.1.0");
    assert_turn(&s, AF_INET, 3, "127.0.1.1");
    assert_turn(&s, AF_INET, 4, "127.0.0.254");
}

static void a_network_is_without_its_own_and_its_broadcast_address(void **state)
{
    struct sources s = read_well("10.0.0.5/29");
    (void)state;
    assert_int_equal(s.count, 6);
    assert_turn(&s, AF_INET, 0, "10.0.0.1");
    assert_turn(&s, AF_INET, 5, "10.0.0.6");
    s = read_well("10.0.0.4/31");
    assert_int_equal(s.count, 2);
    assert_turn(&s, AF_INET, 0, "10.0.0.4");
    s = read_well("10.0.0.4/32");
    assert_int_equal(s.count, 1);
    s = read_well("fd00::8/126");
    assert_int_equal(s.count, 4);
    assert_turn(&s, AF_INET6, 3, "fd00::b");
    assert_int_equal(read_well("10.1.0.0/16").count, 65534);
}

static void families_take_turns_of_their_own(void **state)
{
    const struct sources s = read_well("::1,127.0.0.2-127.0.0.3,fd00::fffe-fd00::1:1,127.0.0.9");
    (void)state;
    assert_int_equal(s.count, 8);
    assert_int_equal(sources_count(&s, AF_INET), 3);
    assert_int_equal(sources_count(&s, AF_INET6), 5);
    assert_turn(&s, AF_INET, 2, "127.0.0.9");
    assert_turn(&s, AF_INET, 3, "127.0.0.2");
    assert_turn(&s, AF_INET6, 0, "::1");
    assert_turn(&s, AF_INET6, 1, "fd00::fffe");
    assert_turn(&s, AF_INET6, 4, "fd00::1:1");
}

static void what_is_no_list_of_addresses_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        ",",
        "127.0.0.2,",
        "localhost",
        "127.0.0",
        "127.0.0.2-",
        "-1.2.3.4",
        "127.0.0.9-127.0.0.2",
        "127.0.0.2-::1",
        "::1-fd00::1",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/15",
        "10.0.0.0/0x8",
        "::1/129",
        "::/64",
        "10.0.0.0/28-10.0.0.9",
        "1.2.3.4 ",
        "0.0.0.0-0.1.0.0",
        "[::1]",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct sources s = { .count = 77 };
        if (sources_parse(&s, wrong[i]) == NULL)
            fail_msg("'%s' was accepted", wrong[i]);
        assert_int_equal(s.count, 77);
    }
}

static void lists_have_their_limits(void **state)
{
    static const char item[] = "1.2.3.4,";
    char text[(SOURCES_RANGES_MAX + 1) * (sizeof item - 1) + 1] = "";
    struct sources s;
    (void)state;
    for (uint32_t i = 0; i <= SOURCES_RANGES_MAX; i++)
        memcpy(text + i * (sizeof item - 1), item, sizeof item);
    text[strlen(text) - 1] = '\0';
    assert_non_null(sources_parse(&s, text));
    text[strlen(text) - strlen(item)] = '\0';
    assert_int_equal(read_well(text).count, SOURCES_RANGES_MAX);
    assert_int_equal(read_well("10.0.0.0-10.0.255.255").count, SOURCES_MAX);
    assert_non_null(sources_parse(&s, "10.0.0.0-10.0.255.255,10.1.0.0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_is_used_again_and_again),
        cmocka_unit_test(a_range_has_both_its_ends),
        cmocka_unit_test(a_network_is_without_its_own_and_its_broadcast_address),
        cmocka_unit_test(families_take_turns_of_their_own),
        cmocka_unit_test(what_is_no_list_of_addresses_is_refused),
        cmocka_unit_test(lists_have_their_limits),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("sources", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
