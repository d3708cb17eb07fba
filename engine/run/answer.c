#include "engine/run/answer.h"

#include <errno.h>
#include <stdio.h>

#include "engine/run/exchange.h"
#include "engine/run/jar.h"
#include "engine/run/scope.h"
#include "http/capture.h"
#include "http/content_coding.h"
#include "http/regex.h"

#define JSON_UNREAD 1

/* ---- watching ---- */

static void note_location(struct worker *w, struct conn *c, struct span value)
{
    if (c->location == 0)
        c->location = chunks_take(&w->lines);
    if (c->location == 0)
        return;
    memcpy(chunks_at(&w->lines, c->location), value.bytes, value.len);
    c->location_len = (uint16_t)value.len;
}

static void take_header(struct worker *w, struct conn *c, const struct user *u,
                        const struct plan_request *request, struct span name, struct span value)
{
    for (uint32_t i = 0; i < request->capture_count; i++) {
        const struct capture *capture = &request->captures[i];
        if (capture->kind != CAPTURE_HEADER || !span_equal_ignoring_case(capture->what, name))
            continue;
        c->headers_seen |= UINT64_C(1) << i;
        if (values_set(&w->values, worker_user_index(w, u), capture->variable, value, false) < 0)
            c->capture_fault = "the header to capture is longer than 4096 bytes";
    }
}

static bool watch_header(void *worker, struct span name, struct span value)
{
    struct worker *w = worker;
    struct conn *c = w->watched;
    const struct user *u = user_list_first(w, &c->flight);
    const struct plan_request *request = &w->plan->requests[u->request];
    const bool is_cookie =
        w->plan->jar != PLAN_NONE && span_equal_ignoring_case(name, SPAN_LITERAL("Set-Cookie"));
    const bool is_location = span_equal_ignoring_case(name, SPAN_LITERAL("Location"));
    const bool is_coding =
        w->decoder != NULL && span_equal_ignoring_case(name, SPAN_LITERAL("Content-Encoding"));
    if (is_cookie)
        jar_take(w, u, exchange_origin(w, u), exchange_target(exchange_sent(w, c)), value);
    if (is_location && request->redirects_max > 0)
        note_location(w, c, value);
    if (request->wants_body && is_coding)
        c->coding = (uint8_t)content_coding_read(value);
    if (request->wants_headers)
        take_header(w, c, u, request, name, value);
    return is_cookie || is_location || is_coding;
}

static void watch_body(void *worker, struct span bytes)
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

static char *lend_line_room(void *worker)
{
    struct worker *w = worker;
    w->watched->line = chunks_take(&w->lines);
    return w->watched->line == 0 ? NULL : chunks_at(&w->lines, w->watched->line);
}

const struct response_watch *answer_watch(const struct plan *plan,
                                          const struct plan_request *request)
{
    static const struct response_watch headers = { watch_header, NULL, lend_line_room, false };
    static const struct response_watch notable = { watch_header, NULL, lend_line_room, true };
    static const struct response_watch all = { watch_header, watch_body, lend_line_room, false };
    static const struct response_watch body = { watch_header, watch_body, lend_line_room, true };
    if (request->wants_headers)
        return request->wants_body ? &all : &headers;
    if (request->wants_body)
        return &body;
    return plan->jar != PLAN_NONE || request->redirects_max > 0 ? &notable : NULL;
}

void answer_begin(struct conn *c)
{
    c->body_len = 0;
    c->body_overflowed = false;
    c->body_is_lost = false;
    c->coding = CODING_IDENTITY;
    c->headers_seen = 0;
    c->capture_fault = NULL;
}

void answer_give_back(struct worker *w, struct conn *c)
{
    if (c->body != 0)
        chunks_give_back(&w->bodies, c->body);
    if (c->line != 0)
        chunks_give_back(&w->lines, c->line);
    if (c->location != 0)
        chunks_give_back(&w->lines, c->location);
    c->body = 0;
    c->line = 0;
    c->location = 0;
}

/* ---- the body ---- */

/* Its body, decoded; NULL, or why there is none to look into. */
static const char *answer_body(struct worker *w, const struct conn *c, struct span *ret_body)
{
    *ret_body = (struct span){ c->body == 0 ? "" : chunks_at(&w->bodies, c->body), c->body_len };
    if (c->body_overflowed)
        return "the response is too large to capture from";
    if (c->coding == CODING_IDENTITY || c->body_len == 0)
        return NULL;
    const int len = content_decode(w->decoder, (enum content_coding)c->coding, *ret_body,
                                   w->decoded, WATCHED_BODY_MAX);
    *ret_body = (struct span){ w->decoded, len < 0 ? 0 : (size_t)len };
    switch (len) {
    case -ENOSPC:
        return "the response is too large to capture from";
    case -EOPNOTSUPP:
        return "the response has a Content-Encoding that is not known";
    default:
        return len < 0 ? "the response's body is not what its Content-Encoding says" : NULL;
    }
}

/* ---- captures ---- */

/* The first capture that wants JSON has the body read, for all of them. */
static int answer_json(struct worker *w, struct span body)
{
    if (w->json_fault == JSON_UNREAD)
        w->json_fault = json_document_read(&w->json, body);
    return w->json_fault;
}

/* 0, or -errno as json_document_read() and capture_json() have them. */
static int capture_find(struct worker *w, const struct user *u, const struct capture *capture,
                        struct span body, struct slot_value *ret_value)
{
    const size_t cap = capture->is_list ? TEXT_LIST_BYTES_MAX : VALUES_TEXT_MAX;
    int rc = 0;
    switch (capture->kind) {
    case CAPTURE_JSON:
        rc = answer_json(w, body);
        if (rc == 0)
            rc = capture_json(&w->json, capture->what, w->scratch, cap, &ret_value->is_json);
        ret_value->text = (struct span){ w->scratch, rc < 0 ? 0 : (size_t)rc };
        break;
    case CAPTURE_REGEX:
        rc = regex_find(capture->regex, w->matcher, body, &ret_value->text);
        break;
    case CAPTURE_COOKIE:
        rc = jar_find(w, u, capture->what, &ret_value->text) ? 0 : -ENOENT;
        break;
    case CAPTURE_BODY:
        ret_value->text = body;
        break;
    case CAPTURE_HEADER:
        break;
    }
    return rc < 0 ? rc : ret_value->text.len > cap ? -ENOSPC : 0;
}

static const char *nothing_found(enum capture_kind kind)
{
    switch (kind) {
    case CAPTURE_JSON:
        return "nothing at json";
    case CAPTURE_HEADER:
        return "no header";
    case CAPTURE_COOKIE:
        return "no cookie";
    case CAPTURE_REGEX:
    case CAPTURE_BODY:
        break;
    }
    return "nothing matches regex";
}

/* Which variable has no value, and why, in worker.message. */
static const char *capture_fault(struct worker *w, const struct capture *capture, int err)
{
    const char *name = w->plan->variables[capture->variable];
    const char *fault = NULL;
    switch (err) {
    case -ENOSPC:
        fault = "the value to capture is longer than 4096 bytes";
        break;
    case -ENOMEM:
        fault = "no memory is left for captured values";
        break;
    case -EBADMSG:
        fault = "the response to capture from is not valid JSON";
        break;
    case -E2BIG:
        fault = "the pattern to capture by takes too long on this response";
        break;
    default:
        snprintf(w->message, sizeof w->message, "'%s': %s %.*s", name, nothing_found(capture->kind),
                 (int)capture->what.len, capture->what.bytes);
        return w->message;
    }
    snprintf(w->message, sizeof w->message, "'%s': %s", name, fault);
    return w->message;
}

/* False when it may not be missing. */
static bool capture_is_spared(struct worker *w, uint32_t user, const struct capture *capture)
{
    switch (capture->absence) {
    case ABSENCE_FORGETS:
        values_drop(&w->values, user, capture->variable);
        return true;
    case ABSENCE_DEFAULTS:
        values_set(&w->values, user, capture->variable, capture->fallback,
                   capture->fallback_is_json);
        return true;
    case ABSENCE_FAILS:
        break;
    }
    return false;
}

/* `first`, the fault of a capture before; else NULL, or why a capture that is required has no
 * value.
 */
static const char *capture_take(struct worker *w, const struct conn *c, struct user *u, uint32_t i,
                                struct span body, const char *body_fault, const char *first)
{
    const struct capture *capture = &w->plan->requests[u->request].captures[i];
    const uint32_t user = worker_user_index(w, u);
    const bool is_in_body = capture->kind == CAPTURE_JSON || capture->kind == CAPTURE_REGEX ||
                            capture->kind == CAPTURE_BODY;
    const char *fault = is_in_body ? body_fault : NULL;
    struct slot_value value = { { NULL, 0 }, false };
    int rc = 0;
    if (capture->kind == CAPTURE_HEADER) {
        fault = c->capture_fault;
        rc = (c->headers_seen >> i & 1) != 0 ? 0 : -ENOENT;
    } else if (fault == NULL) {
        rc = capture_find(w, u, capture, body, &value);
        if (rc == 0)
            rc = capture->is_list
                     ? values_set_list(&w->values, user, capture->variable, value.text)
                     : values_set(&w->values, user, capture->variable, value.text, value.is_json);
    }
    if ((rc == 0 && fault == NULL) || capture_is_spared(w, user, capture) || first != NULL)
        return first;
    return fault != NULL ? fault : capture_fault(w, capture, rc);
}

/* The first fault there is. */
static const char *captures_take(struct worker *w, const struct conn *c, struct user *u,
                                 struct span body, const char *body_fault)
{
    const char *first = NULL;
    for (uint32_t i = 0; i < w->plan->requests[u->request].capture_count; i++)
        first = capture_take(w, c, u, i, body, body_fault, first);
    return first;
}

bool answer_missed(struct worker *w, const struct user *u)
{
    const struct plan_request *request = &w->plan->requests[u->request];
    bool goes_on = true;
    for (uint32_t i = 0; i < request->capture_count; i++)
        goes_on &= capture_is_spared(w, worker_user_index(w, u), &request->captures[i]);
    return goes_on;
}

/* ---- checks ---- */

/* NULL when it holds, else what was expected and found, in worker.message. */
static const char *check_make(struct worker *w, struct user *u, const struct plan_check *check)
{
    if (scope_holds(w, u, check->expression))
        return NULL;
    char found[80];
    if (check->left == PLAN_NONE) {
        snprintf(w->message, sizeof w->message, "expected %s", check->text);
        return w->message;
    }
    const struct value value =
        expression_evaluate(&w->plan->expressions[check->left], w->evaluator, scope_enter(w, u));
    value_describe(&value, found, sizeof found);
    snprintf(w->message, sizeof w->message, "expected %s, found %s", check->text, found);
    return w->message;
}

static const char *checks_make(struct worker *w, const struct conn *c, struct user *u,
                               struct span body)
{
    const struct plan_request *request = &w->plan->requests[u->request];
    const char *fault = NULL;
    w->seen.body = body;
    w->seen.body_bytes = response_body_bytes(&c->response);
    w->seen.latency_ns = w->now_ns > u->due_ns ? w->now_ns - u->due_ns : 0;
    for (uint32_t i = 0; i < request->check_count && fault == NULL; i++)
        fault = check_make(w, u, &request->checks[i]);
    w->seen.body = (struct span){ "", 0 };
    return fault;
}

struct verdict answer_judge(struct worker *w, const struct conn *c, struct user *u,
                            struct verdict at_sight)
{
    const struct plan_request *request = &w->plan->requests[u->request];
    struct span body = { "", 0 };
    const char *body_fault = request->wants_body ? answer_body(w, c, &body) : NULL;
    w->json_fault = JSON_UNREAD;
    const char *fault = captures_take(w, c, u, body, body_fault);
    struct verdict verdict = at_sight;
    verdict.ends_task = fault != NULL;
    if (at_sight.class != FAILURE_NONE)
        return verdict;
    if (fault == NULL && request->check_count > 0)
        fault = body_fault != NULL ? body_fault : checks_make(w, c, u, body);
    if (fault == NULL)
        return verdict;
    verdict.class = FAILURE_HTTP_ERROR;
    verdict.message = fault;
    if (c->body_is_lost) {
        verdict.class = FAILURE_LOCAL_MEMORY;
        verdict.message = "too many captured responses at once on one core";
    }
    return verdict;
}
