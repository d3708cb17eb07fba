/* test_preflight — goal: what cannot work is refused with its sum before it starts, and nothing
 * that works is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/doctor_host.h"
#include "tools/doctor/preflight.h"

/* So many connections that are busy all the time, for ten seconds, to a server that may be here. */
static struct preflight_load busy_load(uint64_t connections)
{
    return (struct preflight_load){
        .users = connections,
        .spawn_rate_per_s = INFINITY,
        .connections = connections,
        .pipeline = 1,
        .duration_s = 10,
        .task_requests_max = 1,
        .threads = 2,
        .origins = 1,
        .sources = 1,
        .may_be_loopback = true,
    };
}

/* Requests that come at a rate, over at most 1000 connections. */
static struct preflight_load open_load(double rate_per_s)
{
    struct preflight_load l = busy_load(1000);
    l.is_open = true;
    l.rate_per_s = rate_per_s;
    return l;
}

static void assert_passes(const struct preflight_load *l, const struct host *h)
{
    struct preflight_verdict verdicts[PREFLIGHT_MAX];
    const size_t count = preflight(l, h, verdicts);
    if (count > 0)
        fail_msg("%s: %s", verdicts[0].sentence, verdicts[0].remedy);
}

static void assert_verdict(const struct preflight_load *l, const struct host *h, bool is_refused,
                           const char *sentence, const char *remedy)
{
    struct preflight_verdict verdicts[PREFLIGHT_MAX];
    assert_int_equal(preflight(l, h, verdicts), 1);
    assert_string_equal(verdicts[0].sentence, sentence);
    assert_string_equal(verdicts[0].remedy, remedy);
    assert_int_equal(verdicts[0].is_refused, is_refused);
}

static bool is_refused(const struct preflight_load *l, const struct host *h)
{
    struct preflight_verdict verdicts[PREFLIGHT_MAX];
    const size_t count = preflight(l, h, verdicts);
    bool refused = false;
    for (size_t i = 0; i < count; i++)
        refused |= verdicts[i].is_refused;
    return refused;
}

static void usual_loads_pass(void **state)
{
    static const uint64_t connections[] = { 0, 1, 64, 1000, 15000, 28232 };
    const struct host h = fine_host();
    (void)state;
    for (size_t i = 0; i < sizeof connections / sizeof connections[0]; i++) {
        const struct preflight_load l = busy_load(connections[i]);
        assert_passes(&l, &h);
    }
}

static void what_is_not_known_refuses_nothing(void **state)
{
    struct host h;
    const struct preflight_load l = busy_load(500000);
    (void)state;
    host_read_limits(&h, "/nowhere");
    assert_passes(&l, &h);
}

/* ---- descriptors ---- */

static void a_ring_holds_as_many_connections_as_descriptors(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = busy_load(20001);
    (void)state;
    h.limits.files_hard = 10000;
    assert_verdict(&l, &h, true,
                   "20001 connections / 2 threads = 10001 for a ring, and the limit of descriptors "
                   "is 10000",
                   "raise it with 'ulimit -n 10001', or use --threads 3, or fewer connections");
    l = busy_load(20000);
    assert_passes(&l, &h);
    l.users = 40000;
    l.pipeline = 2;
    assert_passes(&l, &h);
}

static void every_origin_has_connections_of_its_own_in_a_ring(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = busy_load(10001);
    (void)state;
    h.limits.files_hard = 10000;
    l.origins = 2;
    assert_verdict(&l, &h, true,
                   "10001 connections / 2 threads x 2 hosts = 10002 for a ring, and the limit of "
                   "descriptors is 10000",
                   "raise it with 'ulimit -n 10002', or use --threads 3, or fewer connections");
    l.connections = 10000;
    assert_passes(&l, &h);
    h.limits.files_hard = 1;
    l.connections = 2;
    assert_verdict(&l, &h, true,
                   "2 connections / 2 threads x 2 hosts = 2 for a ring, and the limit of "
                   "descriptors is 1",
                   "use more --threads, or fewer connections");
}

static void a_ring_has_a_limit_of_its_own(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = busy_load(2097153);
    (void)state;
    h.limits.files_hard = READING_UNLIMITED;
    h.network.port_first = READING_UNKNOWN;
    h.memory.available_bytes = READING_UNKNOWN;
    assert_verdict(&l, &h, true,
                   "2097153 connections / 2 threads = 1048577 for a ring, and a ring holds at most "
                   "1048576",
                   "use more --threads, or fewer connections");
    l.connections--;
    assert_passes(&l, &h);
}

/* ---- ports ---- */

static void more_busy_connections_than_ports_are_refused(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = busy_load(28233);
    (void)state;
    assert_verdict(
        &l, &h, true,
        "28233 connections to one server need a local port each, and there are 60999 - 32768 + 1 = "
        "28232",
        "use fewer connections, --source with more local addresses, or sysctl -w "
        "net.ipv4.ip_local_port_range='10000 65535'");
    h.network.ports_reserved = 1;
    l = busy_load(28232);
    assert_verdict(&l, &h, true,
                   "28232 connections to one server need a local port each, and there are 60999 - "
                   "32768 + 1 - 1 "
                   "reserved = 28231",
                   "use fewer connections, --source with more local addresses, or sysctl -w "
                   "net.ipv4.ip_local_port_range='10000 65535'");
}

static void every_address_of_ours_has_all_the_ports(void **state)
{
    const struct host h = fine_host();
    struct preflight_load l = busy_load(2 * 28232);
    (void)state;
    l.sources = 2;
    assert_passes(&l, &h);
    l.users = ++l.connections;
    assert_verdict(&l, &h, true,
                   "56465 connections to one server need a local port each, and there are 60999 - "
                   "32768 + 1 = 28232 for each of 2 addresses",
                   "use fewer connections, --source with more local addresses, or sysctl -w "
                   "net.ipv4.ip_local_port_range='10000 65535'");
}

static void connections_that_never_come_to_be_need_no_port(void **state)
{
    const struct host h = fine_host();
    struct preflight_load l = busy_load(50000);
    (void)state;
    l.requests_max = 28232; /* each opens one connection at most */
    assert_passes(&l, &h);
    l.requests_max = 28233;
    assert_true(is_refused(&l, &h));
    l.requests_max = 0;
    l.spawn_rate_per_s = 2823.1; /* the first at once, the 28232nd in the tenth second */
    assert_passes(&l, &h);
    l.spawn_rate_per_s = 2823.3;
    assert_true(is_refused(&l, &h));
    l.spawn_rate_per_s = 0.001;
    l.duration_s = INFINITY;
    assert_true(is_refused(&l, &h));
}

static void what_may_stay_below_the_ports_is_only_warned_about(void **state)
{
    const struct host h = fine_host();
    struct preflight_load l = open_load(100);
    (void)state;
    l.users = l.connections = 30000;
    assert_verdict(&l, &h, false,
                   "up to 30000 connections to one server need a local port each, and there are "
                   "60999 - 32768 + "
                   "1 = 28232",
                   "use fewer connections, --source with more local addresses, or sysctl -w "
                   "net.ipv4.ip_local_port_range='10000 65535'");
    l = busy_load(30000);
    l.is_unix = true;
    assert_passes(&l, &h);
    l = busy_load(30000);
    l.may_be_many = true;
    assert_false(is_refused(&l, &h));
    l = busy_load(30000);
    l.origins = 2; /* nobody knows how many users each has */
    assert_false(is_refused(&l, &h));
    l = busy_load(30000);
    l.is_shared = true; /* as few as will do */
    assert_false(is_refused(&l, &h));
    l = busy_load(30000);
    l.requests_per_connection = 1;
    assert_true(is_refused(&l, &h));
    l.wait_s = 5;
    assert_false(is_refused(&l, &h));
}

/* ---- TIME_WAIT ---- */

static void a_rate_of_new_connections_that_ports_cannot_follow_is_refused(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = open_load(1000);
    (void)state;
    h.network.tw_reuse = 2;
    l.may_be_loopback = false;
    l.requests_per_connection = 2;
    l.duration_s = 60; /* 30,000 connections: in 56 s no port is left */
    assert_verdict(&l, &h, true,
                   "1000 requests/s / 2 per connection = 500 new connections/s that squall closes, "
                   "and TIME_WAIT allows 28232 ports / 60 s = 470.5 to each address and port",
                   "raise --requests-per-connection, or sysctl -w net.ipv4.tcp_tw_reuse=1");
    l.requests_per_connection = 3; /* 333 new ones each second */
    assert_passes(&l, &h);
}

static void a_run_that_ends_before_the_ports_do_passes(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = open_load(1000);
    (void)state;
    h.network.tw_reuse = 0;
    l.requests_per_connection = 2;
    l.duration_s = 56; /* 28,000 connections */
    assert_passes(&l, &h);
    l.duration_s = INFINITY;
    assert_true(is_refused(&l, &h));
    l.requests_max = 56464; /* 28,232 connections */
    assert_passes(&l, &h);
    l.requests_max = 56466;
    assert_true(is_refused(&l, &h));
}

static void ports_that_are_used_again_allow_much_more(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = open_load(56000);
    (void)state;
    l.requests_per_connection = 2;
    l.duration_s = INFINITY;
    assert_passes(&l, &h); /* 28000 per second, each port every second */
    h.network.tw_reuse = 2;
    assert_passes(&l, &h);
    l.may_be_loopback = false;
    assert_true(is_refused(&l, &h));
    h.network.tw_reuse = 1;
    assert_passes(&l, &h);
    h.network.timestamps = 0;
    assert_true(is_refused(&l, &h));
    h.network.tw_buckets = 20000; /* fewer are kept than there are ports */
    assert_passes(&l, &h);
}

static void a_server_that_closes_keeps_the_ports(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = open_load(20000);
    (void)state;
    h.network.tw_reuse = 0;
    l.duration_s = INFINITY;
    l.requests_per_connection = 1;
    assert_passes(&l, &h);
    l.requests_per_connection = 0;
    assert_passes(&l, &h);
}

static void a_closed_loop_is_warned_as_its_rate_is_not_known(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = busy_load(64);
    (void)state;
    h.network.tw_reuse = 0;
    l.requests_per_connection = 10;
    assert_verdict(&l, &h, false,
                   "there may be up to 50000 new connections/s that squall closes, and TIME_WAIT "
                   "allows 28232 ports / 60 s = 470.5 to each address and port",
                   "raise --requests-per-connection, or sysctl -w net.ipv4.tcp_tw_reuse=1");
    l.duration_s = 0.5; /* 25,000 at most */
    assert_passes(&l, &h);
}

static void users_who_wait_open_few_connections(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = busy_load(250);
    (void)state;
    h.network.tw_reuse = 0;
    l.requests_per_connection = 2;
    l.duration_s = INFINITY;
    l.wait_s = 1;
    l.task_requests_max = 3; /* 250 x 3 / 1 s / 2 = 375 */
    assert_passes(&l, &h);
    l.task_requests_max = 4; /* 500 */
    assert_verdict(&l, &h, false,
                   "there may be up to 500 new connections/s that squall closes, and TIME_WAIT "
                   "allows 28232 ports / 60 s = 470.5 to each address and port",
                   "raise --requests-per-connection, or sysctl -w net.ipv4.tcp_tw_reuse=1");
}

/* ---- memory ---- */

/* 1000 x (568 + 4400) + 1000 x 144 = 5,112,000 bytes. */
static void more_than_the_memory_that_is_left_is_refused(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = busy_load(1000);
    (void)state;
    h.memory.available_bytes = 5112000;
    assert_passes(&l, &h);
    h.memory.available_bytes--;
    assert_verdict(&l, &h, true,
                   "1000 connections x 4968 bytes + 1000 users x 144 bytes = 5.1 MB of memory, and "
                   "5.1 MB are available",
                   "use fewer of them, free memory, or raise the container's limit");
    h = fine_host();
    h.cgroup.memory_left = 5111999;
    assert_true(is_refused(&l, &h));
    l.pipeline = 2;
    assert_passes(&l, &h);
}

/* 1000 x (568 + 4400 + 26,000) + 1000 x 144 = 31,112,000 bytes. */
static void tls_takes_its_own_part_of_the_memory(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = busy_load(1000);
    (void)state;
    l.is_tls = true;
    h.cgroup.memory_left = 31112000;
    assert_passes(&l, &h);
    h.cgroup.memory_left--;
    assert_verdict(&l, &h, true,
                   "1000 connections x 30968 bytes + 1000 users x 144 bytes = 31.1 MB of memory, "
                   "and 31.1 MB are available",
                   "use fewer of them, free memory, or raise the container's limit");
}

static void all_that_stands_in_the_way_is_told_at_once(void **state)
{
    struct host h = fine_host();
    struct preflight_load l = busy_load(100000);
    struct preflight_verdict verdicts[PREFLIGHT_MAX];
    (void)state;
    h.limits.files_hard = 1024;
    h.memory.available_bytes = 1000000;
    l.requests_per_connection = 2;
    assert_int_equal(preflight(&l, &h, verdicts), PREFLIGHT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_loads_pass),
        cmocka_unit_test(what_is_not_known_refuses_nothing),
        cmocka_unit_test(a_ring_holds_as_many_connections_as_descriptors),
        cmocka_unit_test(every_origin_has_connections_of_its_own_in_a_ring),
        cmocka_unit_test(a_ring_has_a_limit_of_its_own),
        cmocka_unit_test(more_busy_connections_than_ports_are_refused),
        cmocka_unit_test(every_address_of_ours_has_all_the_ports),
        cmocka_unit_test(connections_that_never_come_to_be_need_no_port),
        cmocka_unit_test(what_may_stay_below_the_ports_is_only_warned_about),
        cmocka_unit_test(a_rate_of_new_connections_that_ports_cannot_follow_is_refused),
        cmocka_unit_test(a_run_that_ends_before_the_ports_do_passes),
        cmocka_unit_test(ports_that_are_used_again_allow_much_more),
        cmocka_unit_test(a_server_that_closes_keeps_the_ports),
        cmocka_unit_test(a_closed_loop_is_warned_as_its_rate_is_not_known),
        cmocka_unit_test(users_who_wait_open_few_connections),
        cmocka_unit_test(more_than_the_memory_that_is_left_is_refused),
        cmocka_unit_test(tls_takes_its_own_part_of_the_memory),
        cmocka_unit_test(all_that_stands_in_the_way_is_told_at_once),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("preflight", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                            : EXIT_FAILURE;
}
