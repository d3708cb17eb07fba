#include <inttypes.h>

#include "engine/plan/scenario.h"
#include "http/header.h"

/* Notes a key that only a request may have, for a step that turns out to be none. */
static void note_alone(struct scenario_request *r, const struct node *value)
{
    if (r->alone == NULL)
        r->alone = value->key;
}

static bool is_url(struct span text)
{
    return (text.len > 7 && memcmp(text.bytes, "http://", 7) == 0) ||
           (text.len > 8 && memcmp(text.bytes, "https://", 8) == 0);
}

static bool begins_with_value(struct span text)
{
    size_t at = 0;
    return expression_next(text, &at).kind == PART_SLOT;
}

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
    const bool is_path = value->text.len > 0 && value->text.bytes[0] == '/';
    if (!is_asterisk && !is_path && !is_url(value->text) && !begins_with_value(value->text)) {
        scenario_expected(s, value, "a path that begins with '/' or '${'");
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
    if (!is_shown)
        scenario_expected(s, value, "a name of one line");
    else if (expression_is_present(value->text))
        diag_add(s->diags, value->place,
                 "expected a name without '${' after 'name', found %s: rows are fixed",
                 node_found(value).text);
    else
        r->name = value;
}

static void read_query(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    note_alone(r, value);
    if (scenario_read_mapping(s, value, "fields such as '{ q: tea, page: 2 }'"))
        r->query = value;
}

static void read_headers(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    note_alone(r, value);
    scenario_read_headers(s, value, &r->headers);
}

static void read_basic(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    if (scenario_read_text(s, value, "a text such as 'user:password'"))
        r->basic = value;
}

static void read_bearer(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    if (scenario_read_text(s, value, "a token such as '${token}'"))
        r->bearer = value;
}

static const struct scenario_key auth_keys[] = {
    { "basic", read_basic, "'user:password', sent in base64 (RFC 7617)" },
    { "bearer", read_bearer, "a token, sent as it is (RFC 6750)" },
};
const struct scenario_table scenario_auth_table = SCENARIO_TABLE("auth", auth_keys);

static void read_auth(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    const struct scenario_context context = { "in 'auth'", &scenario_auth_table, r, NULL };
    note_alone(r, value);
    if (!scenario_read_keys(s, value, "'{ bearer: \"${token}\" }'", &context))
        return;
    if (value->count != 1)
        diag_add(s->diags, value->place, "expected either 'basic' or 'bearer' in 'auth', found %s",
                 value->count == 0 ? "none" : "more");
}

static void take_body(struct scenario *s, const struct node *value, struct scenario_request *r,
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
    take_body(s, value, into, BODY_JSON);
}

static void read_form(struct scenario *s, const struct node *value, void *into)
{
    if (value->kind == NODE_MAPPING)
        take_body(s, value, into, BODY_FORM);
    else
        scenario_expected(s, value, "fields such as '{ name: value }'");
}

static void read_body(struct scenario *s, const struct node *value, void *into)
{
    if (scenario_read_text(s, value, "a text"))
        take_body(s, value, into, BODY_RAW);
}

static void read_body_file(struct scenario *s, const struct node *value, void *into)
{
    if (scenario_read_text(s, value, "the name of a file"))
        take_body(s, value, into, BODY_FILE);
}

static void read_multipart(struct scenario *s, const struct node *value, void *into)
{
    if (scenario_read_mapping(s, value, "parts such as '{ title: A picture }'"))
        take_body(s, value, into, BODY_MULTIPART);
}

static void read_compress(struct scenario *s, const struct node *value, void *into)
{
    static const char *const words[] = { "gzip" };
    struct scenario_request *r = into;
    size_t index;
    note_alone(r, value);
    if (scenario_read_word(s, value, words, 1, &index))
        r->compress = value;
}

static void read_capture(struct scenario *s, const struct node *value, void *into)
{
    note_alone(into, value);
    scenario_read_captures(s, value, into);
}

static void read_expect(struct scenario *s, const struct node *value, void *into)
{
    note_alone(into, value);
    scenario_read_expect(s, value, into);
}

static void read_timeout(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    note_alone(r, value);
    scenario_read_duration(s, value, &r->timeout_ns);
}

static void read_redirects(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    note_alone(r, value);
    r->has_redirects = scenario_read_redirects(s, value, &r->redirects_max);
}

static void read_record(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_request *r = into;
    bool is_recorded;
    note_alone(r, value);
    if (scenario_read_truth(s, value, &is_recorded))
        r->is_unrecorded = !is_recorded;
}

static const struct scenario_key request_keys[] = {
    { "get", read_method, "path or whole URL of a GET request" },
    { "post", read_method, "path or whole URL of a POST request" },
    { "put", read_method, "path or whole URL of a PUT request" },
    { "patch", read_method, "path or whole URL of a PATCH request" },
    { "delete", read_method, "path or whole URL of a DELETE request" },
    { "head", read_method, "path or whole URL of a HEAD request" },
    { "options", read_method, "path or whole URL of an OPTIONS request, or '*'" },
    { "name", read_name,
      "row of the report it is counted under; the path as written unless given" },
    { "query", read_query, "fields put behind the path, after '?'; a list is sent as several" },
    { "headers", read_headers, "headers of this request; they replace those of the scenario" },
    { "auth", read_auth, "the Authorization header: { basic: 'user:pass' } or { bearer: token }" },
    { "json", read_json, "body: any value, sent as JSON" },
    { "form", read_form, "body: fields, sent as application/x-www-form-urlencoded" },
    { "body", read_body, "body: a text, sent as it is" },
    { "body_file", read_body_file, "body: a file beside the scenario, read once, sent as it is" },
    { "multipart", read_multipart, "body: texts and files, sent as multipart/form-data" },
    { "compress", read_compress, "gzip: send the body compressed; it may have nothing variable" },
    { "capture", read_capture, "variables taken from the answer: { token: json /token }" },
    { "expect", read_expect, "what makes the answer a success" },
    { "timeout", read_timeout, "for this request, its redirects included" },
    { "redirects", read_redirects,
      "how many redirects are followed; 0 or false: none. 30 unless given, of HEAD 0" },
    { "record", read_record, "false: it is sent, but counted in no row" },
};
const struct scenario_table scenario_request_table = SCENARIO_TABLE("request", request_keys);

static bool wants_body(const struct scenario_capture *c)
{
    return c->kind == CAPTURE_BODY || c->kind == CAPTURE_REGEX ||
           (c->kind == CAPTURE_JSON && c->what.len > 0);
}

static void report_head(struct scenario *s, const struct node *at)
{
    diag_add(s->diags, at->place,
             "expected a header to look at, found %s: the answer to HEAD has no body",
             node_found(at).text);
}

static void check_head(struct scenario *s, const struct scenario_request *r)
{
    for (uint32_t i = 0; i < r->capture_count; i++) {
        if (wants_body(&r->captures[i]))
            report_head(s, r->captures[i].node);
    }
    if (r->expect == NULL)
        return;
    const struct node *const of_body[] = { r->expect->json, r->expect->contains,
                                           r->expect->matches };
    for (size_t i = 0; i < sizeof(of_body) / sizeof(of_body[0]); i++) {
        if (of_body[i] != NULL)
            report_head(s, of_body[i]->key);
    }
}

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
    if (r->compress != NULL && r->body == NULL)
        diag_add(s->diags, r->compress->key->place,
                 "expected a body beside 'compress', found none");
    if (span_equal(r->method->text, SPAN_LITERAL("head")))
        check_head(s, r);
}
