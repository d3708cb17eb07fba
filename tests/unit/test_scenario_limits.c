/* test_scenario_limits.c — goal: no file, however large, cut or strange, costs more than a message.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/plan/diag.h"
#include "engine/plan/plan.h"
#include "engine/plan/scenario_yaml.h"

#define HOST    "host: http://127.0.0.1:8000\n"
#define EXAMPLE SQUALL_TESTS_DATA "/scenario_good/kinds.yaml"

static struct diag_list diags;

/* The scenario that has every key, NUL-terminated; the caller frees it. */
static char *read_example(size_t *ret_len)
{
    FILE *in = fopen(EXAMPLE, "rb");
    assert_non_null(in);
    char *text = calloc(1, SCENARIO_BYTES_MAX);
    *ret_len = fread(text, 1, SCENARIO_BYTES_MAX - 1, in);
    fclose(in);
    return text;
}

static void assert_mistake(const char *text, const char *message)
{
    struct plan *plan = NULL;
    diag_list_init(&diags, NULL);
    assert_int_equal(plan_from_text(&plan, "t.yaml", text, strlen(text), NULL, &diags), -EINVAL);
    assert_null(plan);
    assert_int_equal(diags.count, 1);
    assert_string_equal(diags.entries[0].message, message);
}

static void what_is_no_regular_file_is_refused_at_once(void **state)
{
    (void)state;
    char folder[] = "/tmp/squall-scenario-XXXXXX", path[128], message[256];
    struct plan *plan = NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    const struct {
        const char *path, *format;
    } rows[] = {
        { path, "cannot read '%s': it is no regular file" },
        { folder, "cannot read '%s': it is a directory" },
        { "/dev/zero", "cannot read '%s': it is no regular file" },
        { "/nowhere/at/all.yaml", "cannot open '%s': no such file" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        diag_list_init(&diags, rows[i].path);
        assert_int_equal(plan_from_file(&plan, rows[i].path, NULL, &diags), -EINVAL);
        assert_int_equal(diags.count, 1);
        snprintf(message, sizeof(message), rows[i].format, rows[i].path);
        assert_string_equal(diags.entries[0].message, message);
    }
    unlink(path);
    rmdir(folder);
}

static void a_file_of_more_than_1_MiB_is_not_read(void **state)
{
    (void)state;
    char path[] = "/tmp/squall-scenario-XXXXXX";
    struct plan *plan = NULL;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)1 << 30), 0);
    diag_list_init(&diags, path);
    assert_int_equal(plan_from_file(&plan, path, NULL, &diags), -EINVAL);
    assert_non_null(strstr(diags.entries[0].message, "': it is longer than 1 MiB"));

    char *text = calloc(1, SCENARIO_BYTES_MAX + 1);
    diag_list_init(&diags, path);
    assert_int_equal(plan_from_text(&plan, "t", text, SCENARIO_BYTES_MAX + 1, NULL, &diags),
                     -EINVAL);
    assert_string_equal(diags.entries[0].message,
                        "expected a scenario of at most 1 MiB in 't', found more");
    free(text);
    close(fd);
    unlink(path);
}

static void a_byte_order_mark_of_utf8_is_skipped(void **state)
{
    (void)state;
    static const char marked[] = "\xEF\xBB\xBF" HOST "tasks: [{ get: / }]\n";
    struct plan *plan = NULL;
    diag_list_init(&diags, NULL);
    assert_int_equal(plan_from_text(&plan, "t", marked, sizeof(marked) - 1, NULL, &diags), 0);
    plan_close(plan);
    assert_mistake("\xEF\xBB\xBF" HOST "tasks: [{ get: a }]\n",
                   "expected a path that begins with '/' or '${' after 'get', found 'a'");
    assert_int_equal(diags.entries[0].place.column, 16);
    assert_string_equal(diags.entries[0].excerpt, "tasks: [{ get: a }]");
}

/* Fills a text of `len` bytes by repeating `part` after `head`. */
static char *repeat(const char *head, const char *part, size_t len)
{
    char *text = calloc(1, len + 1);
    size_t used = strlen(head);
    memcpy(text, head, used);
    for (; used + strlen(part) <= len; used += strlen(part))
        memcpy(text + used, part, strlen(part));
    return text;
}

static void the_largest_files_of_any_kind_are_answered(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "", "[" },
        { "", "{a: " },
        { "", "- " },
        { "", "? " },
        { "", "a: " },
        { "[", "a," },
        { "", "\"" },
        { "a: |\n", " x\n" },
        { "a: &a b\nc: [", "*a," },
        { HOST "tasks:\n", "  - get: /\n" },
        { HOST "tasks:\n", "  - gte: /\n" },
        { HOST "tasks:\n", "  - get: /${b}\n" },
        { HOST "tasks:\n  - get: /\n    form: {", "k: ," },
        { HOST "tasks:\n  - get: /", "${b}" },
        { HOST "tasks:\n  - get: /", "${uuid()}" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = repeat(rows[i][0], rows[i][1], SCENARIO_BYTES_MAX);
        struct plan *plan = NULL;
        diag_list_init(&diags, "t");
        const int rc = plan_from_text(&plan, "t", text, strlen(text), NULL, &diags);
        assert_true((rc == 0 && plan != NULL) || (rc == -EINVAL && diags.count > 0));
        plan_close(plan);
        free(text);
    }
}

static void more_than_100_000_values_are_refused(void **state)
{
    (void)state;
    char *text = repeat("a: [", "b,", 4 + 2 * (SCENARIO_NODES_MAX - 2));
    assert_mistake(text, "expected at most 100000 values, found more");
    free(text);
}

static void shared_headers_cannot_multiply_without_bound(void **state)
{
    (void)state;
    char *value = repeat("", "x", 400000);
    char *text = malloc(900000);
    size_t used = (size_t)snprintf(text, 900000, HOST "headers: { A: %s }\ntasks:\n", value);
    while (used < 600000)
        used += (size_t)snprintf(text + used, 900000 - used, "  - get: /\n");
    assert_mistake(
        text, "expected requests of at most 8 MiB in all, found more: are there long 'headers'?");
    free(text);
    free(value);
}

/* Both are read, and each into memory for what it has itself. */
static void a_key_that_is_given_twice_is_one_mistake(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "stages: [{ users: 1, for: 1s }, { users: 1, for: 1s }, { users: 1, for: 1s }]\n",
          "stages: [{ users: 1, for: 1s }]\n" },
        { "feeds: { a: { file: a.csv }, b: { file: b.csv }, c: { file: c.csv } }\n",
          "feeds: { d: { file: d.csv } }\n" },
        { "constants: { a: 1, b: 2 }\n", "constants: { c: 3 }\n" },
        { "variables: { a: 1, b: 2 }\n", "variables: { c: 3 }\n" },
        { "tasks: [{ get: / }, { get: / }]\n", "tasks: [{ get: / }]\n" },
        { "user_kinds: { a: { tasks: [{ get: / }] }, b: { tasks: [{ get: / }] } }\n",
          "user_kinds: { c: { tasks: [{ get: / }] } }\n" },
        { "expect: [rps > 1, p99 < 1s]\n", "expect: [rps > 1]\n" },
        { "hosts: [http://a, http://b]\n", "hosts: [http://c]\n" },
        { "headers: { A: b, C: d }\n", "headers: { E: f }\n" },
        { "on_start: [{ get: / }, { get: / }]\n", "on_start: [{ get: / }]\n" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[400];
        struct plan *plan = NULL;
        snprintf(text, sizeof(text), HOST "%s%stasks: [{ get: / }, { get: / }]\n", rows[i][0],
                 rows[i][1]);
        diag_list_init(&diags, NULL);
        assert_int_equal(plan_from_text(&plan, "t.yaml", text, strlen(text), NULL, &diags),
                         -EINVAL);
        assert_non_null(strstr(diags.entries[0].message, "is given twice, before on line 2"));
    }
}

static void every_prefix_of_a_scenario_is_a_plan_or_a_mistake(void **state)
{
    (void)state;
    size_t len;
    char *text = read_example(&len);
    unsigned plans = 0;
    for (size_t cut = 0; cut <= len; cut++) {
        struct plan *plan = NULL;
        char *exact = malloc(cut == 0 ? 1 : cut);
        memcpy(exact, text, cut);
        diag_list_init(&diags, "t");
        const int rc = plan_from_text(&plan, "t", exact, cut, NULL, &diags);
        assert_true((rc == 0) == (diags.count == 0) && (rc == 0) == (plan != NULL));
        plans += rc == 0;
        plan_close(plan);
        free(exact);
    }
    assert_true(plans > 10);
    free(text);
}

static void a_scenario_without_one_of_its_lines_is_a_plan_or_a_mistake(void **state)
{
    (void)state;
    size_t len;
    char *text = read_example(&len);
    for (size_t start = 0; start < len;) {
        const size_t end = (size_t)(strchr(text + start, '\n') - text) + 1;
        struct plan *plan = NULL;
        char *rest = malloc(len);
        memcpy(rest, text, start);
        memcpy(rest + start, text + end, len - end);
        diag_list_init(&diags, "t");
        const int rc = plan_from_text(&plan, "t", rest, len - (end - start), NULL, &diags);
        assert_true((rc == 0) == (diags.count == 0) && (rc == 0) == (plan != NULL));
        plan_close(plan);
        free(rest);
        start = end;
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_regular_file_is_refused_at_once),
        cmocka_unit_test(a_file_of_more_than_1_MiB_is_not_read),
        cmocka_unit_test(a_byte_order_mark_of_utf8_is_skipped),
        cmocka_unit_test(the_largest_files_of_any_kind_are_answered),
        cmocka_unit_test(more_than_100_000_values_are_refused),
        cmocka_unit_test(shared_headers_cannot_multiply_without_bound),
        cmocka_unit_test(a_key_that_is_given_twice_is_one_mistake),
        cmocka_unit_test(every_prefix_of_a_scenario_is_a_plan_or_a_mistake),
        cmocka_unit_test(a_scenario_without_one_of_its_lines_is_a_plan_or_a_mistake),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("scenario_limits", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                                  : EXIT_FAILURE;
}
