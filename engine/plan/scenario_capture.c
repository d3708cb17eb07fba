#include "engine/plan/scenario.h"
#include "http/header.h"

/* What may stand before what is looked for, in a text or as the key of a mapping. */
struct source {
    const char *word;
    enum capture_kind kind;
    const char *expected; /* after the word */
};

static const struct source sources[] = {
    { "json", CAPTURE_JSON, "a JSON pointer such as '/token' or '/items/0/id'" },
    { "header", CAPTURE_HEADER, "a header name such as 'Location'" },
    { "cookie", CAPTURE_COOKIE, "the name of a cookie" },
    { "regex", CAPTURE_REGEX, "a pattern such as 'id=(\\d+)'" },
    { "body", CAPTURE_BODY, "nothing" },
};
#define SOURCE_COUNT (sizeof(sources) / sizeof(sources[0]))

static const char *const sources_expected =
    "'json /pointer', 'header Name', 'cookie name', 'regex pattern' or 'body'";

static bool is_sound(const struct source *from, struct span what)
{
    switch (from->kind) {
    case CAPTURE_JSON:
        return what.len > 0 && capture_pointer_fault(what) == NULL;
    case CAPTURE_HEADER:
    case CAPTURE_COOKIE:
        return header_name_is_valid(what); /* both are tokens */
    case CAPTURE_REGEX:
        return what.len > 0;
    case CAPTURE_BODY:
        return what.len == 0;
    }
    return false;
}

/* `what` is a piece of `value`. */
static void take_source(struct scenario *s, const struct node *value, const struct source *from,
                        struct span what, struct scenario_capture *c)
{
    c->kind = from->kind;
    c->source = value;
    c->what = what;
    if (!is_sound(from, what))
        diag_add(s->diags, what.len == 0 ? value->place : node_place_of(value, what),
                 "expected %s after '%s', found %s", from->expected, from->word,
                 diag_quote(what).text);
}

/* 'json /token', 'header Location', 'body'. */
static void read_source_text(struct scenario *s, const struct node *value,
                             struct scenario_capture *c)
{
    const struct span text = value->text;
    const char *blank = text.len == 0 ? NULL : memchr(text.bytes, ' ', text.len);
    const size_t first = blank == NULL ? text.len : (size_t)(blank - text.bytes);
    struct span what = { text.bytes + first, text.len - first };
    while (what.len > 0 && what.bytes[0] == ' ')
        what = (struct span){ what.bytes + 1, what.len - 1 };
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (!span_equal((struct span){ text.bytes, first }, span_of(sources[i].word)))
            continue;
        take_source(s, value, &sources[i], what, c);
        return;
    }
    scenario_expected(s, value, sources_expected);
}

static void read_source(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_capture *c = into;
    if (c->source != NULL) {
        diag_add(s->diags, value->key->place, "expected one source of a value, found %s beside %s",
                 node_found(value->key).text, node_found(c->source->key).text);
        return;
    }
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (!span_equal(value->key->text, span_of(sources[i].word)))
            continue;
        const bool is_body = sources[i].kind == CAPTURE_BODY;
        bool is_wanted = true;
        const bool is_sound = is_body ? scenario_read_truth(s, value, &is_wanted)
                                      : scenario_read_text(s, value, sources[i].expected);
        if (!is_wanted)
            scenario_expected(s, value, "true");
        if (is_sound)
            take_source(s, value, &sources[i], is_body ? (struct span){ NULL, 0 } : value->text, c);
        c->source = value;
    }
}

static void read_default(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_capture *c = into;
    if (!scenario_read_text(s, value, "a text"))
        return;
    c->absence = ABSENCE_DEFAULTS;
    c->fallback = value->text;
    c->fallback_is_json = node_is_json(value);
    if (value->text.len > PLAN_VARIABLE_BYTES_MAX)
        diag_add(s->diags, value->place, "expected a text of at most %u bytes, found %zu",
                 PLAN_VARIABLE_BYTES_MAX, value->text.len);
}

static void read_optional(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_capture *c = into;
    bool is_optional = false;
    if (scenario_read_truth(s, value, &is_optional) && is_optional && c->absence == ABSENCE_FAILS)
        c->absence = ABSENCE_FORGETS;
}

static const struct scenario_key capture_keys[] = {
    { "json", read_source, "a JSON pointer; '*' is every item: a list" },
    { "header", read_source, "name of a header" },
    { "cookie", read_source, "name of a cookie that the answer sets" },
    { "regex", read_source, "a PCRE2 pattern: its first group, or the whole match" },
    { "body", read_source, "true: the whole body" },
    { "default", read_default, "what the variable becomes where there is nothing to be found" },
    { "optional", read_optional, "true: where there is nothing, the variable is none" },
};
const struct scenario_table scenario_capture_table = SCENARIO_TABLE("capture", capture_keys);

static void read_source_mapping(struct scenario *s, const struct node *mapping,
                                struct scenario_capture *c)
{
    const struct scenario_context context = { "in a capture", &scenario_capture_table, c, NULL };
    static const char *const words[] = { "json", "header", "cookie", "regex", "body" };
    scenario_read_keys(s, mapping, "'{ json: /token }'", &context);
    if (c->source == NULL && !scenario_is_mistyped(mapping, words, SOURCE_COUNT))
        diag_add(s->diags, mapping->place,
                 "expected a source such as 'json: /token' in %s, found "
                 "none",
                 diag_quote(mapping->key->text).text);
}

static void read_capture(struct scenario *s, const struct node *value, struct scenario_capture *c)
{
    c->node = value;
    if (value->kind == NODE_MAPPING)
        read_source_mapping(s, value, c);
    else if (value->kind == NODE_SCALAR)
        read_source_text(s, value, c);
    else
        scenario_expected(s, value, sources_expected);
}

void scenario_read_captures(struct scenario *s, const struct node *value,
                            struct scenario_request *r)
{
    if (!scenario_read_mapping(s, value, "variables such as '{ token: json /token }'"))
        return;
    struct scenario_capture *captures = scenario_alloc_items(
        s, value, PLAN_CAPTURES_MAX, "variables to capture", sizeof(*captures));
    if (captures == NULL)
        return;
    uint32_t count = 0;
    for (const struct node *item = value->first; item != NULL; item = item->next) {
        struct scenario_capture *c = &captures[count];
        /* The variable is known from here on even if its source is wrong: one mistake, one message.
         */
        c->variable = scenario_variable_define(s, item->key);
        if (c->variable == PLAN_NONE)
            continue;
        read_capture(s, item, c);
        count++;
    }
    r->captures = captures;
    r->capture_count = count;
}
