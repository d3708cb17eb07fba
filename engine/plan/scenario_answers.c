#include <errno.h>

#include "engine/plan/scenario_build.h"
#include "http/header.h"
#include "http/regex.h"

#define CAPTURES_MAX                                                                               \
    100000u /* of a scenario, those repeated in each request of a task included                    \
             */

/* What the answer to a request with these captures has to be watched for. */
static void note_wants(struct plan_request *request, const struct capture *more, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const enum capture_kind kind = more[i].kind;
        request->wants_headers |= kind == CAPTURE_HEADER || kind == CAPTURE_COOKIE;
        request->wants_body |=
            kind == CAPTURE_JSON || kind == CAPTURE_REGEX || kind == CAPTURE_BODY;
    }
}

/* Puts more captures behind those of a request. They must be few enough. */
static void append_captures(struct build *b, struct plan_request *request,
                            const struct capture *more, uint32_t count)
{
    const uint32_t sum = request->capture_count + count;
    struct capture *captures = scenario_plan_alloc(b, sum * sizeof(*captures));
    if (captures == NULL)
        return;
    if (request->capture_count > 0)
        memcpy(captures, request->captures, request->capture_count * sizeof(*captures));
    memcpy(captures + request->capture_count, more, count * sizeof(*captures));
    request->captures = captures;
    request->capture_count = sum;
    b->capture_count += sum;
    note_wants(request, more, count);
}

bool scenario_captures_add(struct build *b, struct plan_request *request,
                           const struct capture *more, uint32_t count, struct place at)
{
    if (request->capture_count + count > PLAN_CAPTURES_MAX) {
        diag_add(b->s->diags, at,
                 "expected at most %u values to be looked for in one answer, found more",
                 PLAN_CAPTURES_MAX);
        return false;
    }
    append_captures(b, request, more, count);
    if (b->capture_count > CAPTURES_MAX && b->error == 0) {
        diag_add(b->s->diags, at,
                 "expected at most %u values to be looked for in all answers, found more",
                 CAPTURES_MAX);
        b->error = -E2BIG;
    }
    return b->error == 0;
}

/* The pattern of a capture. False when it is none, reported. */
static bool open_pattern(struct build *b, const struct scenario_capture *from,
                         struct capture *capture)
{
    char message[200];
    size_t offset = 0;
    struct regex *regex = NULL;
    const int rc = regex_open(&regex, from->what, message, sizeof(message), &offset);
    capture->regex = regex;
    if (rc == -ENOMEM)
        b->error = rc;
    if (rc != -EINVAL)
        return rc == 0;
    const struct span rest = { from->what.bytes + offset, from->what.len - offset };
    diag_add(b->s->diags,
             scenario_place_of(b, from->source,
                               rest.len > 0 ? (struct span){ rest.bytes, 1 } : from->what),
             "expected a pattern after 'regex': %s", message);
    return false;
}

void scenario_captures_build(struct build *b, const struct scenario_request *r,
                             struct plan_request *request)
{
    struct capture captures[PLAN_CAPTURES_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->capture_count && b->error == 0; i++) {
        const struct scenario_capture *from = &r->captures[i];
        struct capture *c = &captures[count];
        *c = (struct capture){ .kind = from->kind,
                               .absence = from->absence,
                               .what = scenario_plan_copy_span(b, from->what),
                               .fallback = scenario_plan_copy_span(b, from->fallback),
                               .is_list = from->kind == CAPTURE_JSON &&
                                          capture_pointer_is_list(from->what),
                               .fallback_is_json = from->fallback_is_json,
                               .variable = from->variable };
        if (from->source == NULL || (from->kind == CAPTURE_REGEX && !open_pattern(b, from, c)))
            continue;
        count++;
    }
    if (count > 0)
        append_captures(b, request, captures, count);
}

void scenario_answers_attach(struct build *b, uint32_t first, struct place at)
{
    struct capture *captures = scenario_plan_alloc(b, b->answer_count * sizeof(*captures));
    for (uint32_t i = 0; i < b->answer_count && captures != NULL; i++)
        captures[i] =
            (struct capture){ .kind = b->answers[i].is_header ? CAPTURE_HEADER : CAPTURE_JSON,
                              .absence = ABSENCE_FORGETS,
                              .what = b->answers[i].what,
                              .is_list = !b->answers[i].is_header &&
                                         capture_pointer_is_list(b->answers[i].what),
                              .variable = b->answers[i].variable };
    struct plan_request *requests = (struct plan_request *)b->requests.items;
    for (uint32_t i = first; i < b->requests.count && b->error == 0; i++) {
        if (requests[i].capture_count > 0) {
            scenario_captures_add(b, &requests[i], captures, b->answer_count, at);
            continue;
        }
        requests[i].captures = captures; /* shared by all that have none of their own */
        requests[i].capture_count = b->answer_count;
        note_wants(&requests[i], captures, b->answer_count);
    }
}

bool scenario_cookie_check(struct build *b, const struct node *cookie)
{
    const struct span value = cookie->text;
    if (!header_name_is_valid(cookie->key->text)) {
        diag_add(b->s->diags, cookie->key->place,
                 "expected a cookie's name such as 'theme', found "
                 "%s",
                 node_found(cookie->key).text);
        return false;
    }
    if (cookie->kind != NODE_SCALAR || node_is_null(cookie))
        return false; /* reported already */
    if (value.len > 0 && memchr(value.bytes, ';', value.len) != NULL &&
        !expression_is_present(value)) {
        diag_add(b->s->diags, cookie->place,
                 "expected a cookie's value without ';' after %s, "
                 "found %s",
                 diag_quote(cookie->key->text).text, node_found(cookie).text);
        return false;
    }
    return true;
}
