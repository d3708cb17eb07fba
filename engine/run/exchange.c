#include "engine/run/exchange.h"

#include <errno.h>
#include <stdio.h>

#include "engine/plan/value.h"
#include "engine/run/worker_state.h"

/* ---- rendering ---- */

struct render_context {
    struct worker *worker;
    struct user *user;
};

static int slot_value(void *context, uint32_t slot, struct span *ret_value)
{
    const struct render_context *r = context;
    const struct expression *e = &r->worker->plan->expressions[slot];
    if (e->kind == EXPRESSION_VARIABLE)
        return values_get(&r->worker->values, worker_user_index(r->worker, r->user), e->variable,
                          ret_value);
    return expression_value(e, &r->user->random, r->worker->scratch, VALUES_TEXT_MAX, ret_value);
}

int exchange_render_value(struct worker *w, struct user *u, const struct template *value, char *out,
                          size_t cap, size_t *ret_len)
{
    uint32_t bad_slot = 0;
    struct render_context context = { w, u };
    return step_value_render(value, slot_value, &context, out, cap, ret_len, &bad_slot);
}

static const char *render_fault(int err)
{
    switch (err) {
    case -ENODATA:
        return "has no value";
    case -EILSEQ:
        return "has a value that may not stand there";
    case -ENOSPC:
        return "makes the request too long";
    default:
        return "could not be made";
    }
}

int exchange_render(struct worker *w, struct user *u, char *out, size_t cap, size_t *ret_len)
{
    const struct plan_request *request = &w->plan->requests[u->request];
    uint32_t bad_slot = 0;
    struct render_context context = { w, u };
    const int rc =
        template_render(&request->template, slot_value, &context, out, cap, ret_len, &bad_slot);
    if (rc == 0 || (rc == -ENOSPC && cap < w->tx.bytes))
        return rc;

    char message[FAILURE_MESSAGE_MAX];
    const char *slot =
        bad_slot < w->plan->expression_count ? w->plan->expressions[bad_slot].text : "";
    snprintf(message, sizeof message, "'%s' %s", slot, render_fault(rc));
    u->task_asked = false; /* nothing was sent: the next attempt must not come at once */
    exchange_failed(w, u, NULL, FAILURE_SCENARIO, message);
    return rc == -ENOSPC ? -EMSGSIZE : rc;
}

/* ---- counting ---- */

static void exchange_count(struct worker *w, struct user *u, const struct response *r,
                           enum outcome outcome)
{
    const uint64_t sent_ns = u->sent_ns;
    struct shard_result result = {
        .endpoint = w->plan->requests[u->request].endpoint,
        .outcome = outcome,
        .latency_ns = w->now_ns > u->due_ns ? w->now_ns - u->due_ns : 0,
        .service_ns = sent_ns == 0          ? UINT64_MAX
                      : w->now_ns > sent_ns ? w->now_ns - sent_ns
                                            : 0,
    };
    if (r != NULL) {
        result.bytes_in = response_bytes(r);
        result.bytes_body = response_body_bytes(r);
        result.status = response_has_head(r) ? response_head(r)->status : 0;
    }
    shard_finish(w->shard, &result);
    w->last_done_ns = w->now_ns;
    w->requests_open--;
    if (u->state == USER_IN_FLIGHT)
        w->in_flight--;
}

void exchange_failed(struct worker *w, struct user *u, const struct response *partial,
                     enum failure_class class, const char *message)
{
    exchange_count(w, u, partial, OUTCOME_FAILED);
    failure_note(&w->shard->failures, w->plan->requests[u->request].endpoint, class, message);
    user_request_over(w, u, false, true);
}

/* ---- what a response means ---- */

static bool status_is_expected(const struct plan_request *request, unsigned status)
{
    if (!request->expects_status)
        return status < 400;
    return status < 1024 && (request->status_expected[status / 64] >> (status % 64) & 1) != 0;
}

/* NULL when every capture found its value. */
static const char *captures_take(struct worker *w, struct conn *c, struct user *u,
                                 const struct plan_request *request)
{
    const char *fault = c->capture_fault;
    for (uint32_t i = 0; i < request->capture_count && fault == NULL; i++) {
        const struct capture *capture = &request->captures[i];
        const uint32_t user = worker_user_index(w, u);
        if (capture->kind == CAPTURE_HEADER) {
            if ((c->headers_seen >> i & 1) == 0)
                fault = "the response lacks the header to capture";
            continue;
        }
        const struct span body = { c->body == 0 ? "" : chunks_at(&w->bodies, c->body),
                                   c->body_len };
        const int len = capture_json(body, capture->what, w->scratch, VALUES_TEXT_MAX);
        if (c->body_overflowed)
            fault = "the response is too large to capture from";
        else if (len == -ENOENT)
            fault = "the response has nothing at the JSON pointer to capture";
        else if (len == -ENOSPC)
            fault = "the value to capture is longer than 4096 bytes";
        else if (len < 0)
            fault = "the response to capture from is not valid JSON";
        else if (values_set(&w->values, user, capture->variable,
                            (struct span){ w->scratch, (size_t)len }) < 0)
            fault = "no memory is left for captured values";
    }
    return fault;
}

void exchange_answered(struct worker *w, struct conn *c, struct user *u, bool has_trailing)
{
    const struct plan_request *request = &w->plan->requests[u->request];
    const struct response *r = &c->response;
    const unsigned status = response_head(r)->status;
    const bool is_expected = status_is_expected(request, status);
    const char *capture_fault = NULL;

    w->body_expected[u->request] = response_body_bytes(r);
    if (is_expected && !has_trailing && request->capture_count > 0)
        capture_fault = captures_take(w, c, u, request);

    if (is_expected && capture_fault == NULL && !has_trailing) {
        exchange_count(w, u, r, OUTCOME_OK);
        user_request_over(w, u, true, true);
        return;
    }
    exchange_count(w, u, r, OUTCOME_FAILED);
    if (has_trailing) {
        failure_note(&w->shard->failures, request->endpoint, FAILURE_UNSOLICITED,
                     "bytes after the response");
    } else if (capture_fault != NULL && c->body_is_lost) {
        failure_note(&w->shard->failures, request->endpoint, FAILURE_LOCAL_MEMORY,
                     "too many captured responses at once on one core");
    } else if (capture_fault != NULL) {
        failure_note(&w->shard->failures, request->endpoint, FAILURE_HTTP_ERROR, capture_fault);
    } else {
        char message[32];
        snprintf(message, sizeof message, "status %u", status);
        failure_note(&w->shard->failures, request->endpoint, FAILURE_HTTP_ERROR, message);
    }
    user_request_over(w, u, false, capture_fault == NULL);
}

/* ---- watching ---- */

void exchange_watch_header(void *worker, struct span name, struct span value)
{
    struct worker *w = worker;
    struct conn *c = w->watched;
    const struct user *u = user_list_first(w, &c->flight);
    const struct plan_request *request = &w->plan->requests[u->request];
    for (uint32_t i = 0; i < request->capture_count; i++) {
        const struct capture *capture = &request->captures[i];
        if (capture->kind != CAPTURE_HEADER || !span_equal_ignoring_case(capture->what, name))
            continue;
        c->headers_seen |= UINT64_C(1) << i;
        if (values_set(&w->values, worker_user_index(w, u), capture->variable, value) < 0)
            c->capture_fault = "the header to capture is longer than 4096 bytes";
    }
}

void exchange_watch_body(void *worker, struct span bytes)
{
    struct worker *w = worker;
    struct conn *c = w->watched;
    if (c->body == 0)
        c->body = chunks_take(&w->bodies);
    c->body_is_lost |= c->body == 0;
    if (c->body == 0 || c->body_len + bytes.len > w->bodies.bytes) {
        c->body_overflowed = true;
        return;
    }
    memcpy(chunks_at(&w->bodies, c->body) + c->body_len, bytes.bytes, bytes.len);
    c->body_len += (uint32_t)bytes.len;
}

char *exchange_line_room(void *worker)
{
    struct worker *w = worker;
    w->watched->line = chunks_take(&w->lines);
    return w->watched->line == 0 ? NULL : chunks_at(&w->lines, w->watched->line);
}
