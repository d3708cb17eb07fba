#include <inttypes.h>
#include <stdio.h>

#include "engine/plan/expression.h"
#include "engine/plan/scenario.h"
#include "http/header.h"

static void read_method(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    if (r->method != NULL) {
        diag_add(s->diags, value->key->place,
                 "expected one method, found %s beside %s on line %" PRIu32,
                 node_found(value->key).text, node_found(r->method).text, r->method->place.line);
        return;
    }
    r->method = value->key;
    if (!scenario_read_text(s, value, "a path such as '/api/'"))
        return;
    const bool is_asterisk = span_equal(value->text, SPAN_LITERAL("*")) &&
                             span_equal(value->key->text, SPAN_LITERAL("options"));
    if (!is_asterisk && (value->text.len == 0 || value->text.bytes[0] != '/')) {
        scenario_expected(s, value, "a path that begins with '/'");
        return;
    }
    r->path = value;
}

static void read_name(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    if (!scenario_read_text(s, value, "a name"))
        return;
    bool is_shown = value->text.len > 0;
    for (size_t i = 0; i < value->text.len; i++)
        is_shown = is_shown && (unsigned char)value->text.bytes[i] >= 0x20;
    if (is_shown)
        r->name = value;
    else
        scenario_expected(s, value, "a name of one line");
}

/* Notes a key that only a request may have, for a task that turns out to be none. */
static void note_alone(struct scenario_request *r, const struct node *value)
{
    if (r->alone == NULL)
        r->alone = value->key;
}

static void read_headers(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    note_alone(r, value);
    scenario_read_headers(s, value, &r->headers);
}

static void read_body_of(struct scenario *s, const struct node *value, struct scenario_request *r,
                         enum scenario_body kind)
{
    note_alone(r, value);
    if (r->body != NULL) {
        diag_add(
            s->diags, value->key->place, "expected one body, found %s beside %s on line %" PRIu32,
            node_found(value->key).text, node_found(r->body->key).text, r->body->key->place.line);
        return;
    }
    r->body = value;
    r->body_kind = kind;
}

static void read_json(struct scenario *s, const struct node *value, void *into)
{
    read_body_of(s, value, into, BODY_JSON);
}

static void read_form(struct scenario *s, const struct node *value, void *into)
{
    if (value->kind == NODE_MAPPING)
        read_body_of(s, value, into, BODY_FORM);
    else
        scenario_expected(s, value, "fields such as '{ name: value }'");
}

static void read_body(struct scenario *s, const struct node *value, void *into)
{
    if (scenario_read_text(s, value, "a text"))
        read_body_of(s, value, into, BODY_RAW);
}

/* 'json /token' or 'header Location' to the kind and what follows. */
static bool read_capture_source(struct scenario *s, const struct node *value,
                                struct scenario_capture *c)
{
    static const char *const expected = "'json /pointer' or 'header Name'";
    const struct span text = value->text;
    if (value->kind != NODE_SCALAR) {
        scenario_expected(s, value, expected);
        return false;
    }
    const char *blank = memchr(text.bytes, ' ', text.len);
    const size_t first = blank == NULL ? text.len : (size_t)(blank - text.bytes);
    const struct span word = { text.bytes, first };
    struct span what = { text.bytes + first, text.len - first };
    while (what.len > 0 && what.bytes[0] == ' ')
        what = (struct span){ what.bytes + 1, what.len - 1 };
    const bool is_json = span_equal(word, SPAN_LITERAL("json"));
    if (!is_json && !span_equal(word, SPAN_LITERAL("header"))) {
        scenario_expected(s, value, expected);
        return false;
    }
    const char *fault = NULL;
    if (what.len == 0)
        fault = is_json ? "a JSON pointer such as '/token'" : "a header name such as 'Location'";
    else if (is_json && capture_pointer_fault(what) != NULL)
        fault = "a JSON pointer such as '/token' or '/items/0/id'";
    else if (!is_json && !header_name_is_valid(what))
        fault = "a header name such as 'Location'";
    if (fault != NULL) {
        diag_add(s->diags, what.len == 0 ? value->place : node_place_of(value, what),
                 "expected %s after '%s', found %s", fault, is_json ? "json" : "header",
                 diag_quote(what).text);
        return false;
    }
    c->kind = is_json ? CAPTURE_JSON : CAPTURE_HEADER;
    c->what = what;
    return true;
}

static void read_capture(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    note_alone(r, value);
    if (value->kind != NODE_MAPPING) {
        scenario_expected(s, value, "variables such as '{ token: json /token }'");
        return;
    }
    if (value->count == 0) {
        diag_add(s->diags, value->place,
                 "expected variables such as '{ token: json /token }' after 'capture', found none");
        return;
    }
    if (value->count > PLAN_CAPTURES_MAX) {
        diag_add(s->diags, value->place, "expected at most %u variables to capture, found %" PRIu32,
                 PLAN_CAPTURES_MAX, value->count);
        return;
    }
    struct scenario_capture *captures = scenario_alloc(s, value->count * sizeof(*captures));
    if (captures == NULL)
        return;
    uint32_t count = 0;
    for (const struct node *item = value->first; item != NULL; item = item->next) {
        struct scenario_capture *c = &captures[count];
        if (!expression_name_is_valid(item->key->text)) {
            diag_add(s->diags, item->key->place,
                     "expected a variable's name such as 'token', found %s",
                     node_found(item->key).text);
            continue;
        }
        c->node = item;
        /* The variable is known from here on even if its source is wrong: one mistake, one message.
         */
        c->variable = scenario_variable(s, item->key->text, item->key->place);
        read_capture_source(s, item, c);
        count += c->variable == PLAN_NONE ? 0 : 1;
    }
    r->captures = captures;
    r->capture_count = count;
}

static void read_status(struct scenario *s, const struct node *value, void *into)
{
    scenario_read_status(s, value, into);
}

static const struct scenario_key expect_keys[] = {
    { "status", read_status, "statuses that are a success: 201, [200, 404], 2xx, 200..299" },
};

static void read_expect(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    const struct scenario_context context = { "in 'expect'", expect_keys, 1, into, NULL };
    note_alone(r, value);
    scenario_read_keys(s, value, "'{ status: 201 }'", &context);
}

static void read_timeout(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    note_alone(r, value);
    scenario_read_duration(s, value, &r->timeout_ns);
}

const struct scenario_key scenario_request_keys[] = {
    { "get", read_method, "path of a GET request" },
    { "post", read_method, "path of a POST request" },
    { "put", read_method, "path of a PUT request" },
    { "patch", read_method, "path of a PATCH request" },
    { "delete", read_method, "path of a DELETE request" },
    { "head", read_method, "path of a HEAD request" },
    { "options", read_method, "path of an OPTIONS request, or '*'" },
    { "name", read_name,
      "row of the report it is counted under; the path as written unless given" },
    { "headers", read_headers, "headers of this request; they replace those of the scenario" },
    { "json", read_json, "body: any value, sent as JSON" },
    { "form", read_form, "body: fields, sent as application/x-www-form-urlencoded" },
    { "body", read_body, "body: a text, sent as it is" },
    { "capture", read_capture,
      "variables taken from the answer: 'json /pointer' or 'header Name'" },
    { "expect", read_expect, "what makes the answer a success" },
    { "timeout", read_timeout, "for this request" },
};
const size_t scenario_request_key_count =
    sizeof(scenario_request_keys) / sizeof(scenario_request_keys[0]);

void scenario_check_request(struct scenario *s, const struct node *mapping,
                            const struct scenario_request *r)
{
    static const char *const methods[] = { "get",    "post", "put",    "patch",
                                           "delete", "head", "options" };
    if (r->method == NULL && scenario_is_mistyped(mapping, methods, 7))
        return;
    if (r->method == NULL) {
        const struct node *at = mapping->first == NULL ? mapping : mapping->first->key;
        diag_add(s->diags, at->place, "expected a request such as 'get: /path', found none");
        return;
    }
    if (!span_equal(r->method->text, SPAN_LITERAL("head")))
        return;
    for (uint32_t i = 0; i < r->capture_count; i++) {
        if (r->captures[i].kind == CAPTURE_JSON && r->captures[i].what.len > 0)
            diag_add(s->diags, r->captures[i].node->place,
                     "expected a header to capture from, found %s: the answer to HEAD has no body",
                     node_found(r->captures[i].node).text);
    }
}

static void read_session_headers(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_step *step = into;
    if (value->kind == NODE_MAPPING && value->count == 0) {
        diag_add(s->diags, value->place, "expected headers after 'session_headers', found none");
        return;
    }
    if (!scenario_read_headers(s, value, &step->session_headers))
        return;
    for (const struct node *header = value->first; header != NULL; header = header->next) {
        if (span_equal_ignoring_case(header->key->text, SPAN_LITERAL("Host")))
            diag_add(s->diags, header->key->place,
                     "expected no 'Host' in 'session_headers': it belongs into 'headers'");
        else if (node_is_null(header))
            scenario_expected(s, header, "a text");
    }
}

static const struct scenario_key step_keys[] = {
    { "session_headers", read_session_headers, "headers this user sends from here on" },
};

static void read_step(struct scenario *s, const struct node *node, struct scenario_step *step)
{
    const struct scenario_context request = { "in a step", scenario_request_keys,
                                              scenario_request_key_count, &step->request, NULL };
    const struct scenario_context context = { "in a step", step_keys, 1, step, &request };
    step->node = node;
    if (!scenario_read_keys(s, node, "'get: /path'", &context))
        return;
    bool is_session = false;
    for (const struct node *n = node->first; n != NULL; n = n->next)
        is_session = is_session || span_equal(n->key->text, SPAN_LITERAL("session_headers"));
    if (!is_session) {
        scenario_check_request(s, node, &step->request);
        return;
    }
    for (const struct node *n = node->first; n != NULL; n = n->next) {
        if (!span_equal(n->key->text, SPAN_LITERAL("session_headers"))) {
            diag_add(s->diags, n->key->place,
                     "expected 'session_headers' alone in its step, found %s beside it",
                     node_found(n->key).text);
            return;
        }
    }
}

void scenario_read_steps(struct scenario *s, const struct node *list,
                         struct scenario_steps *ret_steps)
{
    if (list->kind != NODE_SEQUENCE) {
        scenario_expected(s, list, "a list of steps such as '- get: /path'");
        return;
    }
    struct scenario_step *items = scenario_alloc(s, list->count * sizeof(*items));
    if (items == NULL)
        return;
    uint32_t count = 0;
    for (const struct node *node = list->first; node != NULL; node = node->next)
        read_step(s, node, &items[count++]);
    *ret_steps = (struct scenario_steps){ items, count };
}
