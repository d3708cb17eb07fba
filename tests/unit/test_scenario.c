/* test_scenario.c — goal: a scenario becomes the bytes its writer meant, or a list of all that is
 * wrong with it.
 *
 * tests/data/scenario_bad: NAME.yaml and NAME.expect, the exact text of its mistakes.
 * tests/data/scenario_good: NAME.yaml and NAME.expect, the plan in words and each request as it is
 * sent.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/diag.h"
#include "engine/plan/plan.h"
#include "engine/plan/scenario_yaml.h"
#include "engine/plan/value.h"

#define HOST "host: http://127.0.0.1:8000\n"

static struct diag_list diags;

/* Everything of a file, NUL-terminated; the caller frees it. NULL when there is none. */
static char *read_file(const char *path, size_t *ret_len)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return NULL;
    char *text = calloc(1, SCENARIO_BYTES_MAX);
    *ret_len = fread(text, 1, SCENARIO_BYTES_MAX - 1, in);
    fclose(in);
    return text;
}

/* The plan of a text that must have one. */
static struct plan *plan_of(const char *text, const struct plan_overrides *over)
{
    struct plan *plan = NULL;
    diag_list_init(&diags, NULL);
    if (plan_from_text(&plan, "t.yaml", text, strlen(text), over, &diags) != 0) {
        char *shown = diag_format(&diags);
        fail_msg("%s%s", text, shown);
    }
    return plan;
}

/* The messages of a text that must have mistakes, the places left out. */
static void assert_mistake(const char *text, const struct plan_overrides *over, const char *message)
{
    struct plan *plan = NULL;
    diag_list_init(&diags, NULL);
    assert_int_equal(plan_from_text(&plan, "t.yaml", text, strlen(text), over, &diags), -EINVAL);
    assert_null(plan);
    assert_int_equal(diags.count, 1);
    assert_string_equal(diags.entries[0].message, message);
}

/* A captured value with something to escape for every place; random numbers at their upper end. */
static int test_value(void *context, uint32_t slot, struct span *ret_value)
{
    static char digits[24];
    const struct plan *plan = context;
    const struct expression *e = &plan->expressions[slot];
    switch (e->kind) {
    case EXPRESSION_VARIABLE:
        *ret_value = strncmp(plan->variables[e->variable], "header ", 7) == 0
                         ? SPAN_LITERAL("Session 1")
                         : SPAN_LITERAL("a b/\"&1");
        return 0;
    case EXPRESSION_RANDOM:
        snprintf(digits, sizeof(digits), "%lld", (long long)e->high);
        *ret_value = span_of(digits);
        return 0;
    case EXPRESSION_UUID:
        *ret_value = SPAN_LITERAL("00000000-0000-4000-8000-000000000000");
        return 0;
    }
    return -EINVAL;
}

/* In its own block of request_bytes_max, so that a bound that is too low is seen. */
static char *render(const struct plan *plan, uint32_t request, size_t *ret_len)
{
    char *out = malloc(plan->request_bytes_max + 1);
    uint32_t bad_slot;
    assert_int_equal(template_render(&plan->requests[request].template, test_value, (void *)plan,
                                     out, plan->request_bytes_max, ret_len, &bad_slot),
                     0);
    out[*ret_len] = '\0';
    return out;
}

static void assert_request(const struct plan *plan, uint32_t request, const char *expected)
{
    size_t len;
    char *sent = render(plan, request, &len);
    assert_string_equal(sent, expected);
    free(sent);
}

/* ---- folders ---- */

static int is_scenario(const struct dirent *entry)
{
    const size_t len = strlen(entry->d_name);
    return len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

typedef char *shown_fn(const char *name, const char *text, size_t len);

static unsigned check_file(const char *folder, const char *name, shown_fn *shown_of)
{
    char path[4096];
    size_t len, expected_len;
    snprintf(path, sizeof(path), SQUALL_TESTS_DATA "/%s/%s", folder, name);
    char *text = read_file(path, &len);
    snprintf(path, sizeof(path), SQUALL_TESTS_DATA "/%s/%.*s.expect", folder, (int)strlen(name) - 5,
             name);
    char *expected = read_file(path, &expected_len);
    char *shown = shown_of(name, text, len);
    const bool is_equal = expected != NULL && strcmp(shown, expected) == 0;
    if (!is_equal)
        print_error("%s/%s\nexpected:\n%s\nfound:\n%s\n", folder, name,
                    expected == NULL ? "" : expected, shown);
    free(shown);
    free(expected);
    free(text);
    return is_equal ? 0 : 1;
}

/* How many files there were; each must be shown as its .expect says. */
static int check_folder(const char *folder, shown_fn *shown_of)
{
    char path[4096];
    struct dirent **entries;
    unsigned wrong = 0;
    snprintf(path, sizeof(path), SQUALL_TESTS_DATA "/%s", folder);
    const int count = scandir(path, &entries, is_scenario, alphasort);
    for (int i = 0; i < count; i++) {
        wrong += check_file(folder, entries[i]->d_name, shown_of);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    assert_int_equal(wrong, 0);
    return count;
}

static char *show_mistakes(const char *name, const char *text, size_t len)
{
    struct plan *plan = NULL;
    /* A block of exactly its size: reading past it is seen. */
    char *exact = malloc(len + 1);
    memcpy(exact, text, len);
    exact = realloc(exact, len == 0 ? 1 : len);
    diag_list_init(&diags, name);
    const int rc = plan_from_text(&plan, name, exact, len, NULL, &diags);
    free(exact);
    assert_int_equal(rc, -EINVAL);
    assert_null(plan);
    assert_true(diags.count > 0);
    return diag_format(&diags);
}

static void every_bad_scenario_gets_exactly_its_messages(void **state)
{
    (void)state;
    assert_true(check_folder("scenario_bad", show_mistakes) >= 35);
}

/* Line ends as C writes them, a new line after each '\n'; the version, which changes, as a word. */
static void show_bytes(FILE *out, const char *bytes, size_t len)
{
    static const char version[] = SQUALL_VERSION;
    for (size_t i = 0; i < len; i++) {
        if (i + sizeof(version) <= len && memcmp(bytes + i, version, sizeof(version) - 1) == 0) {
            fputs("VERSION", out);
            i += sizeof(version) - 2;
        } else if (bytes[i] == '\n')
            fputs("\\n\n", out);
        else if (bytes[i] == '\r')
            fputs("\\r", out);
        else
            fputc(bytes[i], out);
    }
}

static char *show_plan(const char *name, const char *text, size_t len)
{
    struct plan *plan = NULL;
    char *shown;
    size_t shown_len;
    diag_list_init(&diags, name);
    if (plan_from_text(&plan, name, text, len, NULL, &diags) != 0)
        return diag_format(&diags);
    FILE *out = open_memstream(&shown, &shown_len);
    char *words = plan_describe(plan);
    fputs(words, out);
    free(words);
    for (uint32_t i = 0; i < plan->request_count; i++) {
        size_t sent_len;
        char *sent = render(plan, i, &sent_len);
        const struct endpoint_name *row = &plan->endpoints[plan->requests[i].endpoint];
        fprintf(out, "\n--- request %u, row %s %s\n", i, row->method, row->name);
        show_bytes(out, sent, sent_len);
        fputc('\n', out);
        free(sent);
    }
    plan_close(plan);
    fclose(out);
    return shown;
}

static void every_good_scenario_means_exactly_its_plan(void **state)
{
    (void)state;
    assert_true(check_folder("scenario_good", show_plan) >= 3);
}

/* ---- requests ---- */

static void a_login_is_sent_byte_for_byte(void **state)
{
    (void)state;
    struct plan *plan =
        plan_of(HOST "on_start:\n"
                     "  - post: /api-token-auth/\n"
                     "    form: { username: admin@tweetcheck.com, password: admin }\n"
                     "    capture: { token: json /token }\n"
                     "  - session_headers: { Authorization: \"Token ${token}\" }\n"
                     "tasks:\n"
                     "  - post: /api/tweets/\n"
                     "    json: { handle: 1, body: This tweet brought to you by Locust }\n",
                NULL);
    assert_request(plan, 0,
                   "POST /api-token-auth/ HTTP/1.1\r\n"
                   "Host: 127.0.0.1:8000\r\n"
                   "User-Agent: squall/" SQUALL_VERSION "\r\n"
                   "Accept: */*\r\n"
                   "Content-Type: application/x-www-form-urlencoded\r\n"
                   "Authorization: Session 1\r\n"
                   "Content-Length: 46\r\n"
                   "\r\n"
                   "username=admin%40tweetcheck.com&password=admin");
    assert_request(plan, 1,
                   "POST /api/tweets/ HTTP/1.1\r\n"
                   "Host: 127.0.0.1:8000\r\n"
                   "User-Agent: squall/" SQUALL_VERSION "\r\n"
                   "Accept: */*\r\n"
                   "Content-Type: application/json\r\n"
                   "Authorization: Session 1\r\n"
                   "Content-Length: 60\r\n"
                   "\r\n"
                   "{\"handle\": 1, \"body\": \"This tweet brought to you by Locust\"}");
    plan_close(plan);
}

static void a_session_header_is_the_text_alone(void **state)
{
    (void)state;
    struct plan *plan = plan_of(HOST "on_start:\n"
                                     "  - get: /\n"
                                     "    capture: { token: json /token }\n"
                                     "  - session_headers: { A: \"Token ${token}!\", B: fixed }\n"
                                     "tasks: [{ get: / }]\n",
                                NULL);
    const struct plan_step *steps = plan->kinds[0].on_start;
    char out[64];
    size_t len;
    uint32_t bad_slot;
    assert_int_equal(plan->kinds[0].on_start_count, 3);
    assert_int_equal(steps[1].kind, STEP_SET);
    assert_string_equal(plan->variables[steps[1].variable], "header A");
    assert_int_equal(
        step_value_render(steps[1].value, test_value, plan, out, sizeof(out), &len, &bad_slot), 0);
    assert_true(span_equal((struct span){ out, len }, SPAN_LITERAL("Token a b/\"&1!")));
    assert_int_equal(
        step_value_render(steps[2].value, test_value, plan, out, sizeof(out), &len, &bad_slot), 0);
    assert_true(span_equal((struct span){ out, len }, SPAN_LITERAL("fixed")));
    plan_close(plan);
}

static void requests_of_one_method_and_name_share_a_row(void **state)
{
    (void)state;
    struct plan *plan = plan_of(HOST "tasks:\n  - get: /a?x=1\n  - get: /b\n    name: /a?x=1\n"
                                     "  - post: /a?x=1\n  - get: /a?x=1\n",
                                NULL);
    assert_int_equal(plan->endpoint_count, 2);
    assert_int_equal(plan->request_count, 4);
    assert_int_equal(plan->requests[1].endpoint, plan->requests[0].endpoint);
    assert_int_equal(plan->requests[3].endpoint, plan->requests[0].endpoint);
    assert_string_equal(plan->endpoints[0].name, "/a?x=1");
    assert_string_equal(plan->endpoints[1].method, "POST");
    plan_close(plan);
}

static bool expects(const struct plan_request *r, uint32_t status)
{
    return (r->status_expected[status / 64] >> (status % 64) & 1) != 0;
}

static void a_request_knows_what_its_answer_must_be(void **state)
{
    (void)state;
    struct plan *plan =
        plan_of(HOST "timeout: 5s\ntasks:\n"
                     "  - get: /a\n    expect: { status: [201, 3xx, 404..406] }\n    timeout: 1s\n"
                     "  - head: /b\n    capture: { x: header Location }\n"
                     "  - patch: /c\n    capture: { y: json /y }\n",
                NULL);
    const struct plan_request *r = plan->requests;
    uint32_t count = 0;
    for (uint32_t status = 0; status < 1024; status++)
        count += expects(&r[0], status);
    assert_int_equal(count, 1 + 100 + 3);
    assert_true(r[0].expects_status && expects(&r[0], 201) && expects(&r[0], 300) &&
                expects(&r[0], 399));
    assert_true(expects(&r[0], 404) && expects(&r[0], 406) && !expects(&r[0], 200) &&
                !expects(&r[0], 400));
    assert_int_equal(r[0].timeout_ns, 1000000000);
    assert_true(r[0].is_idempotent && !r[0].is_head && !r[0].wants_body && !r[0].wants_headers);
    assert_false(r[1].expects_status);
    assert_int_equal(r[1].timeout_ns, 5000000000);
    assert_true(r[1].is_idempotent && r[1].is_head && !r[1].wants_body && r[1].wants_headers);
    assert_true(!r[2].is_idempotent && !r[2].is_head && r[2].wants_body && !r[2].wants_headers);
    assert_string_equal(plan->variables[r[2].captures[0].variable], "y");
    assert_true(span_equal(r[2].captures[0].what, SPAN_LITERAL("/y")));
    plan_close(plan);
}

static void a_request_with_the_longest_values_fits_its_buffer(void **state)
{
    (void)state;
    /* test_value's values are short: here the bound itself is worked out by hand. */
    struct plan *plan = plan_of(HOST "tasks:\n  - post: /${v}\n    capture: { v: json /v }\n"
                                     "    body: ${random(1, 2)}${uuid()}\n",
                                NULL);
    const uint32_t slots = 3 * 4096 + 20 + 36;
    assert_true(plan->request_bytes_max >=
                slots + strlen("POST / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"
                               "User-Agent: squall/" SQUALL_VERSION "\r\nAccept: */*\r\n"
                               "Content-Length: 12345\r\n\r\n"));
    assert_true(plan->request_bytes_max < slots + 256);
    plan_close(plan);
}

/* ---- load and overrides ---- */

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    struct plan *plan = plan_of(HOST "tasks: [{ get: / }]\n", NULL);
    assert_int_equal(plan->load.users, 1);
    assert_int_equal(plan->load.spawn_rate.num, 1);
    assert_int_equal(plan->load.spawn_rate.den, 1);
    assert_int_equal(plan->load.duration_ns, 0);
    assert_int_equal(plan->load.timeout_ns, 30000000000);
    assert_int_equal(plan->load.grace_ns, 2000000000);
    assert_int_equal(plan->load.pipeline, 1);
    assert_int_equal(plan->load.connections, 0);
    assert_false(plan->load.is_open);
    assert_int_equal(plan->kinds[0].wait.kind, WAIT_NONE);
    assert_int_equal(plan->kinds[0].tasks[0].weight, 1);
    assert_string_equal(plan->connect_host, "127.0.0.1");
    assert_int_equal(plan->connect_port, 8000);
    assert_string_equal(plan->host, "http://127.0.0.1:8000");
    assert_string_equal(plan->file, "t.yaml");
    plan_close(plan);
}

static void the_command_line_wins_over_the_file(void **state)
{
    (void)state;
    const char *const headers[] = { "x-own: 3", "Accept:", "Authorization: Basic x" };
    const struct plan_overrides over = {
        .host = "https://[::1]:8443",
        .headers = headers,
        .header_count = 3,
        .has_users = true,
        .users = 7,
        .has_spawn_rate = true,
        .spawn_rate = { 1, 2 },
        .has_duration = true,
        .duration_ns = 5,
        .has_requests = true,
        .requests_max = 6,
        .has_timeout = true,
        .timeout_ns = 8,
        .has_rate = true,
        .rate = { 9, 10 },
        .is_poisson = true,
        .has_grace = true,
        .grace_ns = 0,
        .requests_per_connection = 11,
        .seed = 12,
        .pipeline = 13,
        .connections = 14,
    };
    struct plan *plan =
        plan_of("host: http://a\nusers: 2\nspawn_rate: 3\nrun_time: 4s\ntimeout: 5s\n"
                "headers: { X-Own: 1 }\n"
                "on_start: [{ session_headers: { authorization: a } }]\n"
                "tasks:\n  - get: /\n    headers: { X-Own: 2 }\n",
                &over);
    const struct plan_load *l = &plan->load;
    assert_request(plan, 0,
                   "GET / HTTP/1.1\r\nHost: [::1]:8443\r\nUser-Agent: squall/" SQUALL_VERSION
                   "\r\nx-own: 3\r\nAuthorization: Basic x\r\n\r\n");
    assert_true(plan->is_tls);
    assert_string_equal(plan->connect_host, "::1");
    assert_int_equal(plan->connect_port, 8443);
    assert_true(l->users == 7 && l->spawn_rate.num == 1 && l->spawn_rate.den == 2 &&
                l->duration_ns == 5);
    assert_true(l->requests_max == 6 && l->timeout_ns == 8 && l->is_open && l->is_poisson);
    assert_true(l->rate.num == 9 && l->rate.den == 10 && l->grace_ns == 0 && l->seed == 12);
    assert_true(l->requests_per_connection == 11 && l->pipeline == 13 && l->connections == 14);
    assert_int_equal(plan->requests[0].timeout_ns, 8);
    plan_close(plan);
}

static void mistakes_of_the_command_line_have_no_place(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "no header", "expected a header such as 'Accept: text/html', found 'no header'" },
        { "A: b\r\nC: d",
          "expected a header such as 'Accept: text/html', found 'A: b\\x0D\\x0AC: d'" },
        { "Content-length: 1",
          "expected no header 'Content-length': the length is written from the body sent" },
        { "Host:", "expected a host after 'Host:', found nothing" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const header[] = { rows[i][0] };
        assert_mistake(HOST "tasks: [{ get: / }]\n",
                       &(struct plan_overrides){ .headers = header, .header_count = 1 },
                       rows[i][1]);
        assert_int_equal(diags.entries[0].place.line, 0);
    }
    assert_mistake("tasks: [{ get: / }]\n", &(struct plan_overrides){ .host = "ftp://a" },
                   "--host: expected 'http://' or 'https://', found another scheme");
}

static void every_way_to_wait_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct wait_rule rule;
    } rows[] = {
        { "1s", { WAIT_CONSTANT, 1000000000, 0 } },
        { "0", { WAIT_NONE, 0, 0 } },
        { "1.5", { WAIT_CONSTANT, 1500000000, 0 } },
        { "5s..10s", { WAIT_UNIFORM, 5000000000, 10000000000 } },
        { "250ms .. 1m", { WAIT_UNIFORM, 250000000, 60000000000 } },
        { "0..1", { WAIT_UNIFORM, 0, 1000000000 } },
        { "0.5..1.5", { WAIT_UNIFORM, 500000000, 1500000000 } },
        { "exp 3s", { WAIT_EXPONENTIAL, 3000000000, 0 } },
        { "pacing   2s", { WAIT_PACING, 2000000000, 0 } },
        { "throughput 0.5/s", { WAIT_PACING, 2000000000, 0 } },
        { "throughput 3", { WAIT_PACING, 333333333, 0 } },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), HOST "wait: %s\ntasks: [{ get: / }]\n", rows[i].text);
        struct plan *plan = plan_of(text, NULL);
        assert_memory_equal(&plan->kinds[0].wait, &rows[i].rule, sizeof(struct wait_rule));
        plan_close(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_scenario_gets_exactly_its_messages),
        cmocka_unit_test(every_good_scenario_means_exactly_its_plan),
        cmocka_unit_test(a_login_is_sent_byte_for_byte),
        cmocka_unit_test(a_session_header_is_the_text_alone),
        cmocka_unit_test(requests_of_one_method_and_name_share_a_row),
        cmocka_unit_test(a_request_knows_what_its_answer_must_be),
        cmocka_unit_test(a_request_with_the_longest_values_fits_its_buffer),
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(the_command_line_wins_over_the_file),
        cmocka_unit_test(mistakes_of_the_command_line_have_no_place),
        cmocka_unit_test(every_way_to_wait_is_understood),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("scenario", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
