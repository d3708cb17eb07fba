/* Any bytes as a scenario: either a plan whose requests render as exactly one request each,
 * whatever the values, or at least one mistake; nothing else. */
#include <errno.h>
#include <stdlib.h>

#include "engine/plan/diag.h"
#include "engine/plan/plan.h"
#include "tests/fuzz/replay.h"

const struct span replay_seeds[] = {
    SPAN_LITERAL(
        "host: http://127.0.0.1:8000\nusers: 250\nspawn_rate: 25\nrun_time: 60s\nwait: 5s..10s\n"
        "headers: { Accept: application/json }\non_start:\n  - post: /api-token-auth/\n"
        "    form: { username: admin@tweetcheck.com, password: admin }\n"
        "    capture: { token: json /token }\n"
        "  - session_headers: { Authorization: \"Token ${token}\" }\ntasks:\n  - weight: 5\n"
        "    get: /api/tweets/${random(1, 100)}/\n    name: /api/tweets/[id]/\n"
        "  - post: /a b?c=${token}\n    json: { handle: 1.5, body: \"x ${uuid()}\" }\n"
        "    expect: { status: [201, 2xx, 300..400] }\n"),
    SPAN_LITERAL(
        "host: a\nuser_kinds:\n  x:\n    weight: 2\n    wait: exp 3s\n    tasks:\n      - steps:\n"
        "          - head: /\n            capture: { l: header Location }\n            timeout: "
        "1s\n"
        "          - put: /${l}\n            body: $${x} ${l}\n            headers: { X: ${l} }\n"),
    SPAN_LITERAL("tasks: [{get: /, json: [null, ~, 0x1f, -.5e3, true, {a: [b]}]}]\nhost: '\\'\n"),
    SPAN_LITERAL("a: &a [*a, !!str x, \"\\0\\x41\\u00e9\", 'it''s', |\n"),
    SPAN_LITERAL("\xEF\xBB\xBFhost: \xC3\xA4\r\nwait: pacing 1m30s\rtasks:\t- get\n"),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* A value with everything in it that means something somewhere. */
static int hostile_value(void *context, uint32_t slot, struct span *ret_value)
{
    const struct plan *plan = context;
    require(slot < plan->expression_count);
    const struct expression *e = &plan->expressions[slot];
    require(e->kind != EXPRESSION_VARIABLE || e->variable < plan->variable_count);
    *ret_value = SPAN_LITERAL("a b\r\nX: y\r\n\r\n/?&=#\"\\%\xC3\xA4\t");
    return 0;
}

/* The head of a request must hold one request line, one Host and nothing that looks like a second
 * request. */
static void check_request(const struct plan *plan, const struct plan_request *r)
{
    char *out = malloc(plan->request_bytes_max);
    size_t len;
    uint32_t bad_slot = UINT32_MAX;
    require(out != NULL && r->endpoint < plan->endpoint_count);
    const int rc = template_render(&r->template, hostile_value, (void *)plan, out,
                                   plan->request_bytes_max, &len, &bad_slot);
    require(rc == 0 || rc == -EILSEQ || rc == -ENOSPC);
    if (rc == 0) {
        const char *line_end = memmem(out, len, "\r\n", 2),
                   *head_end = memmem(out, len, "\r\n\r\n", 4);
        require(line_end != NULL && head_end != NULL);
        unsigned blanks = 0;
        for (const char *c = out; c < line_end; c++) {
            require((unsigned char)*c >= 0x20 && (unsigned char)*c < 0x7F);
            blanks += *c == ' ';
        }
        require(blanks == 2 && memmem(out, (size_t)(head_end - out), "\r\nX: y", 6) == NULL);
        if (!r->template.has_body)
            require(head_end + 4 == out + len);
    }
    free(out);
}

static void check_steps(const struct plan *plan, const struct plan_step *steps, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (steps[i].kind == STEP_REQUEST)
            require(steps[i].request < plan->request_count);
        else
            require(steps[i].variable < plan->variable_count && steps[i].value != NULL);
    }
}

static void check_plan(const struct plan *plan)
{
    require(plan->kind_count > 0 && plan->request_count > 0 && plan->connect_host[0] != '\0');
    for (uint32_t i = 0; i < plan->request_count; i++)
        check_request(plan, &plan->requests[i]);
    for (uint32_t i = 0; i < plan->kind_count; i++) {
        const struct plan_kind *kind = &plan->kinds[i];
        require(kind->task_count > 0 && kind->choice.count == kind->task_count);
        check_steps(plan, kind->on_start, kind->on_start_count);
        for (uint32_t k = 0; k < kind->task_count; k++)
            check_steps(plan, kind->tasks[k].steps, kind->tasks[k].step_count);
    }
    char *words = plan_describe(plan);
    require(words != NULL && words[0] != '\0');
    free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct diag_list diags;
    struct plan *plan = NULL;
    diag_list_init(&diags, NULL);
    const int rc = plan_from_text(&plan, "fuzz.yaml", (const char *)data, size, NULL, &diags);
    require(rc == 0 || rc == -EINVAL || rc == -ENOMEM);
    require((rc == 0) == (plan != NULL) && (rc == -EINVAL) == (diags.count > 0));
    if (rc == 0)
        check_plan(plan);
    char *shown = diag_format(&diags);
    require(shown != NULL && (shown[0] == '\0') == (rc == 0));
    free(shown);
    plan_close(plan);
    return 0;
}
