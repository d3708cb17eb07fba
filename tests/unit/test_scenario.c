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
#include <unistd.h>

#include "engine/plan/scenario_yaml.h"
#include "tests/unit/scenario_reader.h"

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
    assert_int_equal(chdir(path), 0); /* files are named from where the scenario lies */
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
    struct reader reader;
    reader_open(&reader, plan, NULL);
    FILE *out = open_memstream(&shown, &shown_len);
    char *words = plan_describe(plan);
    fputs(words, out);
    free(words);
    for (uint32_t i = 0; i < plan->request_count; i++) {
        size_t sent_len;
        char *sent = render(&reader, i, &sent_len);
        const uint32_t row = plan->requests[i].endpoint;
        fprintf(out, "\n--- request %u, row %s %s\n", i,
                row == PLAN_NONE ? "of" : plan->endpoints[row].method,
                row == PLAN_NONE ? "none" : plan->endpoints[row].name);
        show_bytes(out, sent, sent_len);
        fputc('\n', out);
        free(sent);
    }
    reader_close(&reader);
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

static void the_host_of_a_whole_url_is_named_by_that(void **state)
{
    (void)state;
    struct plan *plan = plan_of(HOST "hosts: [http://second.example]\ntasks:\n"
                                     "- get: https://third.example/a${1 + 1}?b\n- get: /\n"
                                     "- get: http://SECOND.example/c\n"
                                     "- get: https://Third.example:443\n"
                                     "- get: https://third.example:8443/d\n",
                                NULL);
    assert_int_equal(plan->origin_count, 4);
    assert_string_equal(plan->origins[2].text, "https://third.example");
    assert_int_equal(plan->requests[0].origin, 2);
    assert_int_equal(plan->requests[1].origin, 0);
    assert_int_equal(plan->requests[2].origin, 1);
    assert_int_equal(plan->requests[3].origin, 2);
    assert_int_equal(plan->requests[4].origin, 3);
    assert_request(plan, 0,
                   "GET /a2?b HTTP/1.1\r\nHost: third.example\r\nUser-Agent: squall/" SQUALL_VERSION
                   "\r\nAccept: */*\r\n\r\n");
    plan_close(plan);
}

static void whole_urls_of_too_many_hosts_are_refused(void **state)
{
    (void)state;
    char text[4096] = HOST "tasks:\n";
    for (unsigned i = 1; i <= 64; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "- get: http://h%u/\n", i);
    assert_mistake(text, NULL,
                   "expected at most 63 hosts beside 'host', found one more: 'http://h64'");
    *strstr(text, "- get: http://h64") = '\0';
    struct plan *plan = plan_of(text, NULL);
    assert_int_equal(plan->origin_count, 64);
    plan_close(plan);
}

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
    const struct plan_step *steps = &plan->steps[plan->sets[0].on_start];
    struct reader r;
    char out[64];
    size_t len;
    reader_open(&r, plan, NULL);
    assert_int_equal(steps[1].kind, STEP_SET);
    assert_string_equal(plan->variables[steps[1].index], "header A");
    assert_int_equal(
        template_render_text(steps[1].value, reader_value, &r, out, sizeof(out), &len, NULL), 0);
    assert_true(span_equal((struct span){ out, len }, SPAN_LITERAL("Token a b/\"&1!")));
    assert_int_equal(
        template_render_text(steps[2].value, reader_value, &r, out, sizeof(out), &len, NULL), 0);
    assert_true(span_equal((struct span){ out, len }, SPAN_LITERAL("fixed")));
    assert_int_equal(steps[3].kind, STEP_END);
    reader_close(&r);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_scenario_gets_exactly_its_messages),
        cmocka_unit_test(every_good_scenario_means_exactly_its_plan),
        cmocka_unit_test(the_host_of_a_whole_url_is_named_by_that),
        cmocka_unit_test(whole_urls_of_too_many_hosts_are_refused),
        cmocka_unit_test(a_login_is_sent_byte_for_byte),
        cmocka_unit_test(a_session_header_is_the_text_alone),
        cmocka_unit_test(requests_of_one_method_and_name_share_a_row),
        cmocka_unit_test(a_request_knows_what_its_answer_must_be),
        cmocka_unit_test(a_request_with_the_longest_values_fits_its_buffer),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("scenario", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
