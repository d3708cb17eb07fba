/* test_findings — goal: what was found is shown whole and harmless: as text that fits, as JSON that
 * parses, as a script in which only commands are no comments. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/glyph.h"
#include "tests/unit/doctor_host.h"
#include "tools/doctor/findings.h"

/* A host with a fault of every kind, and names that nobody should call a thing. */
static struct host sick_host(void)
{
    struct host h = fine_host();
    h.ring.error = -ENOSYS;
    h.network.port_first = 65000;
    h.network.port_last = 65009;
    h.network.tw_reuse = 0;
    h.limits.files_hard = 64;
    h.limits.locked_bytes = READING_UNKNOWN;
    memcpy(h.kernel.release, "6.1\x1b[2J\xff", sizeof "6.1\x1b[2J\xff");
    h.interfaces.items[0] = (struct interface){ .name = "a\n;reboot", .queues = 1 };
    return h;
}

static char *text_of(const struct host *h, const struct report_text_style *style)
{
    struct findings all;
    char *text = NULL;
    checks_run(h, &all);
    assert_int_equal(findings_text(&text, &all, style), 0);
    return text;
}

static void assert_lines_fit(const char *text, unsigned columns, bool unicode)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");
        assert_true(glyph_columns(text, len) <= columns);
        assert_true(len == 0 || text[len - 1] != ' ');
        for (size_t i = 0; i < len; i++)
            assert_true((unsigned char)text[i] >= ' ' &&
                        (unicode || (unsigned char)text[i] < 0x7F));
        text += len + (text[len] == '\n');
    }
}

static void the_text_fits_whatever_was_found(void **state)
{
    (void)state;
    for (unsigned columns = 60; columns <= 130; columns += 10) {
        for (int i = 0; i < 4; i++) {
            const struct report_text_style style = { .unicode = i & 1, .columns = columns };
            const struct host h = i & 2 ? sick_host() : fine_host();
            char *text = text_of(&h, &style);
            assert_lines_fit(text, columns, style.unicode);
            free(text);
        }
    }
}

static void every_level_has_its_mark(void **state)
{
    const struct host h = sick_host();
    struct report_text_style style = { .unicode = true, .columns = 80 };
    (void)state;
    char *text = text_of(&h, &style);
    assert_non_null(strstr(text, "\n io_uring    ✗ not there (ENOSYS)"));
    assert_non_null(strstr(text, "\n ports       ! 65009 - 65000 + 1 = 10 connections"));
    assert_non_null(strstr(text, "\n             → sysctl -w net.ipv4.ip_local_port_range"));
    assert_non_null(strstr(text, "\n clock       ✓ tsc"));
    assert_non_null(strstr(text, "\n locked      ? the limit"));
    assert_non_null(strstr(text, "\n ✗ squall cannot run on this host."));
    free(text);
    style.unicode = false;
    text = text_of(&h, &style);
    assert_non_null(strstr(text, "\n io_uring    BROKEN: not there"));
    assert_non_null(strstr(text, "\n ports       LIMITS: 65009"));
    assert_non_null(strstr(text, "\n             fix: sysctl"));
    assert_non_null(strstr(text, "\n clock       fine: tsc"));
    assert_non_null(strstr(text, "\n locked      unknown: the limit"));
    free(text);
}

static void the_verdict_counts_what_limits(void **state)
{
    struct host h = fine_host();
    const struct report_text_style style = { .columns = 120 };
    (void)state;
    char *text = text_of(&h, &style);
    assert_non_null(strstr(text, "squall can run on this host, and nothing that was found limits"));
    free(text);
    h.network.somaxconn = 128;
    text = text_of(&h, &style);
    assert_non_null(strstr(text, "squall can run on this host; 1 finding limits some loads."));
    free(text);
    h.limits.files_hard = 64;
    text = text_of(&h, &style);
    assert_non_null(strstr(text, "squall can run on this host; 2 findings limit some loads."));
    free(text);
}

static void colors_come_only_where_they_are_wanted(void **state)
{
    const struct host h = sick_host();
    struct report_text_style style = { .unicode = true, .columns = 80, .color = true };
    (void)state;
    char *text = text_of(&h, &style);
    assert_non_null(strstr(text, "\x1b[31m✗ not there"));
    assert_null(strstr(text, "\x1b[2J"));
    free(text);
    style.color = false;
    text = text_of(&h, &style);
    assert_null(strchr(text, '\x1b'));
    free(text);
}

static json_t *json_of(const struct host *h)
{
    struct findings all;
    char *text = NULL;
    checks_run(h, &all);
    assert_int_equal(findings_json(&text, &all, h), 0);
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    assert_int_equal(text[strlen(text) - 1], '\n');
    free(text);
    return json;
}

static void the_json_has_every_finding_and_the_facts(void **state)
{
    const struct host h = fine_host();
    (void)state;
    json_t *json = json_of(&h);
    const json_t *facts = json_object_get(json, "facts");
    assert_string_equal(json_string_value(json_object_get(json, "schema")), "squall-doctor/1");
    assert_string_equal(json_string_value(json_object_get(json, "level")), "fine");
    assert_int_equal(json_array_size(json_object_get(json, "checks")), 18);
    assert_int_equal(json_integer_value(json_object_get(facts, "ports")), 28232);
    assert_int_equal(json_integer_value(json_object_get(facts, "connections_per_worker")), 524288);
    assert_true(json_is_null(json_object_get(facts, "cpu_quota")));
    assert_true(json_is_null(json_object_get(facts, "locked_memory_bytes")));
    json_decref(json);
}

static void the_json_of_a_sick_host_parses_too(void **state)
{
    const struct host h = sick_host();
    (void)state;
    json_t *json = json_of(&h);
    assert_string_equal(json_string_value(json_object_get(json, "level")), "broken");
    assert_true(json_is_null(json_object_get(json_object_get(json, "facts"), "ring_features")));
    json_decref(json);
    struct host unread;
    host_read(&unread, "/nowhere");
    json = json_of(&unread);
    assert_true(json_is_null(json_object_get(json_object_get(json, "facts"), "ports")));
    json_decref(json);
}

static char *script_of(const struct host *h)
{
    struct findings all;
    char *text = NULL;
    checks_run(h, &all);
    assert_int_equal(findings_script(&text, &all), 0);
    return text;
}

static void a_script_holds_comments_and_the_commands(void **state)
{
    const struct host h = sick_host();
    (void)state;
    static const char *const commands[] = {
        "ulimit -n 1048576",
        "sysctl -w net.ipv4.ip_local_port_range='10000 65535'",
        "sysctl -w net.ipv4.tcp_tw_reuse=1",
    };
    char *text = script_of(&h);
    size_t found = 0;
    assert_memory_equal(text, "#!/bin/sh\n", 10);
    assert_non_null(strstr(text, "\n# No command mends it: run on Linux 6.1 or newer"));
    assert_null(strstr(text, "\n# locked")); /* what is not known has nothing to mend */
    assert_lines_fit(text, 80, false);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n")) {
        line += *line == '\n';
        const size_t len = strcspn(line, "\n");
        if (len == 0 || line[0] == '#')
            continue;
        assert_true(found < sizeof commands / sizeof commands[0]);
        assert_int_equal(len, strlen(commands[found]));
        assert_memory_equal(line, commands[found], len);
        found++;
    }
    assert_int_equal(found, sizeof commands / sizeof commands[0]);
    free(text);
}

static void a_script_of_a_fine_host_is_empty_but_says_so(void **state)
{
    const struct host h = fine_host();
    (void)state;
    char *text = script_of(&h);
    assert_non_null(strstr(text, "\n# Nothing was found.\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_fits_whatever_was_found),
        cmocka_unit_test(every_level_has_its_mark),
        cmocka_unit_test(the_verdict_counts_what_limits),
        cmocka_unit_test(colors_come_only_where_they_are_wanted),
        cmocka_unit_test(the_json_has_every_finding_and_the_facts),
        cmocka_unit_test(the_json_of_a_sick_host_parses_too),
        cmocka_unit_test(a_script_holds_comments_and_the_commands),
        cmocka_unit_test(a_script_of_a_fine_host_is_empty_but_says_so),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("findings", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
