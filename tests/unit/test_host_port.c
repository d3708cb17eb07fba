/* test_host_port — goal: a host and a port as users write them are read, and nothing else is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/host_port.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static void hosts_and_ports_are_read(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } rows[] = {
        { "127.0.0.1:8080", "127.0.0.1", 8080 },
        { "shop.example:80", "shop.example", 80 },
        { "[::1]:8443", "::1", 8443 },
        { ":0", "", 0 },
        { "a:65535", "a", 65535 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct host_port at;
        assert_true(host_port_parse(&at, rows[i].text));
        assert_string_equal(at.host, rows[i].host);
        assert_int_equal(at.port, rows[i].port);
    }
}

static void anything_else_is_refused(void **state)
{
    static const char *const wrong[] = {
        "", "a", "8080", "a:", "a:65536", "a:-1", "a:8x", "a: 8", "::1:80", "a:b:80", "a:000080",
    };
    char long_host[HOST_PORT_HOST_MAX + 8];
    struct host_port at = { .port = 7 };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        if (host_port_parse(&at, wrong[i]))
            fail_msg("'%s' was accepted", wrong[i]);
    }
    memset(long_host, 'a', sizeof long_host);
    memcpy(long_host + HOST_PORT_HOST_MAX, ":80", 4);
    assert_false(host_port_parse(&at, long_host));
    assert_true(host_port_parse(&at, long_host + 1));
    assert_int_equal(at.port, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_ports_are_read),
        cmocka_unit_test(anything_else_is_refused),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("host_port", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                            : EXIT_FAILURE;
}
