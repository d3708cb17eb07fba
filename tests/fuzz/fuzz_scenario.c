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
    SPAN_LITERAL("host: a\nhosts: [http://b]\nconnections: 3\nstages: [{users: 5, over: 1s}, "
                 "{users: 0, for: 2s}]\n"
                 "constants: {k: \"${uuid()}\", l: \"${k}\"}\nvariables: {ids: [1], n: 0, c: "
                 "\"${hex(8)}\"}\n"
                 "expect: [p99 < 2s]\nsequence:\n  - weight: 3\n    get: http://b/x\n    query: "
                 "{a: [1, \"${k}\"]}\n"
                 "    auth: {basic: \"a:${c}\"}\n    redirects: 5\n    record: false\n  - tags: "
                 "[x]\n    tasks:\n"
                 "      - {get: /, weight: 2, if: n > 1}\n      - leave: true\n"),
    SPAN_LITERAL(
        "host: a\nvariables: {ids: [], n: 0}\ntasks:\n  - steps:\n      - post: /\n        "
        "multipart: {a: \"${n}\", "
        "b: [1]}\n        capture: {a: json /x/*, b: {cookie: c, default: d}, r: 'regex (a+)', w: "
        "body}\n"
        "        expect: {json: {/id: '> 5', /n: \"x${n}\"}, header: {A: exists}, body: {contains: "
        "b, "
        "matches: c+}, size: '> 1', latency: 2s, that: length(a) > 2 and body contains 'x'}\n"
        "      - if: json('/id') == 3\n        steps: [{append: {ids: \"${json('/id')}\"}}]\n      "
        "  else: [skip]\n"
        "      - repeat: 2\n        steps:\n          - for_each: {i: ids}\n            steps: "
        "[{get: \"/${i}\"}]\n"
        "          - for_each: {i: [a, b]}\n            steps: [{get: \"/${header('A')}\"}]\n"
        "      - while: n < 3\n        at_most: 10\n        unless: ok\n        steps: [{set: {n: "
        "\"${n + 1}\", "
        "ids: [1, 2]}}]\n      - cookies: {a: b}\n      - pause: 1s..2s\n      - clear_cookies\n   "
        "   - stop_user\n"),
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
static int hostile_value(void *context, uint32_t slot, struct slot_value *ret_value)
{
    const struct plan *plan = context;
    require(slot < plan->expression_count);
    *ret_value =
        (struct slot_value){ SPAN_LITERAL("a b\r\nX: y\r\n\r\n/?&=#\"\\%\xC3\xA4\t"), false };
    return 0;
}

/* The head of a request must hold one request line, one Host and nothing that looks like a second
 * request. */
static void check_request(const struct plan *plan, const struct plan_request *r, char *out)
{
    size_t len;
    uint32_t bad_slot = UINT32_MAX;
    require(r->origin < plan->origin_count);
    require(r->is_recorded ? r->endpoint < plan->endpoint_count : r->endpoint == PLAN_NONE);
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
}

static void check_answer(const struct plan *plan, const struct plan_request *r)
{
    require(r->capture_count <= PLAN_CAPTURES_MAX);
    for (uint32_t i = 0; i < r->capture_count; i++) {
        const struct capture *c = &r->captures[i];
        require(c->variable < plan->variable_count);
        require((c->kind == CAPTURE_REGEX) == (c->regex != NULL));
    }
    for (uint32_t i = 0; i < r->check_count; i++) {
        require(r->checks[i].expression < plan->expression_count && r->checks[i].text != NULL);
        require(r->checks[i].left == PLAN_NONE || r->checks[i].left < plan->expression_count);
    }
}

/* What a template names by number is there. */
static void check_text(const struct plan *plan, const struct template *t)
{
    require(t != NULL);
    for (uint32_t i = 0; i < t->head_count; i++)
        require(t->head[i].kind == PIECE_FIXED || t->head[i].slot < plan->expression_count);
}

static void check_step(const struct plan *plan, const struct plan_step *step)
{
    switch (step->kind) {
    case STEP_REQUEST:
        require(step->index < plan->request_count);
        return;
    case STEP_SET:
    case STEP_APPEND:
        require(step->index < plan->variable_count);
        check_text(plan, step->value);
        return;
    case STEP_COOKIE:
        require(plan->jar < plan->variable_count && step->name.len > 0);
        check_text(plan, step->value);
        return;
    case STEP_CLEAR:
    case STEP_EMPTY:
        require(step->index < plan->variable_count);
        return;
    case STEP_ASSIGN:
        require(step->index < plan->expression_count && step->into < plan->variable_count);
        return;
    case STEP_FEED:
        require(step->index < plan->feed_count);
        return;
    case STEP_JUMP:
        require(step->target < plan->step_count);
        return;
    case STEP_JUMP_IF:
    case STEP_JUMP_UNLESS:
        require(step->target < plan->step_count && step->index < plan->expression_count);
        return;
    case STEP_LOOP:
        require(step->counter < plan->loop_depth && step->index < plan->expression_count);
        return;
    case STEP_LOOP_NEXT:
        require(step->counter < plan->loop_depth && step->target < plan->step_count);
        return;
    case STEP_EACH:
        require(step->counter < plan->loop_depth && step->target < plan->step_count);
        require(step->index < plan->variable_count && step->into < plan->variable_count);
        return;
    case STEP_END:
    case STEP_FORGET_COOKIES:
    case STEP_PAUSE:
    case STEP_SKIP:
    case STEP_LEAVE:
    case STEP_STOP_USER:
        return;
    }
    abort();
}

static void check_set(const struct plan *plan, const struct plan_set *set)
{
    require(set->task_count > 0 && set->depth < plan->set_depth);
    require((set->depth == 0) == (set->parent == PLAN_NONE));
    require(set->on_start == PLAN_NONE || set->on_start < plan->step_count);
    require(set->on_stop == PLAN_NONE || set->on_stop < plan->step_count);
    for (uint32_t i = 0; i < set->task_count; i++) {
        const struct plan_task *task = &set->tasks[i];
        require((task->set == PLAN_NONE) != (task->first_step == PLAN_NONE));
        require(task->set == PLAN_NONE ? task->first_step < plan->step_count
                                       : task->set < plan->set_count);
    }
    require(set->order != NULL ? set->order_count > 0 : set->choice.count == set->task_count);
    for (uint32_t i = 0; i < set->order_count; i++)
        require(set->order[i] < set->task_count);
}

static void check_plan(const struct plan *plan)
{
    require(plan->kind_count > 0 && plan->origin_count > 0 &&
            plan->origins[0].connect_host[0] != '\0');
    require(plan->loop_depth <= PLAN_LOOPS_MAX && plan->set_depth <= PLAN_SET_DEPTH_MAX);
    require(plan->load.users > 0 && plan->steps[plan->step_count - 1].kind != STEP_REQUEST);
    char *out = malloc(plan->request_bytes_max);
    require(out != NULL);
    for (uint32_t i = 0; i < plan->request_count; i++) {
        check_request(plan, &plan->requests[i], out);
        check_answer(plan, &plan->requests[i]);
    }
    free(out);
    for (uint32_t i = 0; i < plan->step_count; i++)
        check_step(plan, &plan->steps[i]);
    for (uint32_t i = 0; i < plan->set_count; i++)
        check_set(plan, &plan->sets[i]);
    for (uint32_t i = 0; i < plan->kind_count; i++)
        require(plan->kinds[i].set < plan->set_count);
    for (uint32_t i = 0; i < plan->kind_cycle_count; i++)
        require(plan->kind_cycle[i] < plan->kind_count);
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
