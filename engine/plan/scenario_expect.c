#include "engine/plan/scenario.h"

static void read_status(struct scenario *s, const struct node *value, void *into)
{
    scenario_read_status(s, value, into);
}

static void read_header(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_expect *e = into;
    if (scenario_read_mapping(s, value, "headers such as '{ Content-Type: application/json }'"))
        e->headers = value;
}

static void read_json(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_expect *e = into;
    if (scenario_read_mapping(s, value, "JSON pointers such as '{ /id: \"> 5\" }'"))
        e->json = value;
}

static void read_contains(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_expect *e = into;
    if (scenario_read_text(s, value, "a text"))
        e->contains = value;
}

static void read_matches(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_expect *e = into;
    if (scenario_read_text(s, value, "a pattern such as 'id=(\\d+)'"))
        e->matches = value;
}

static const struct scenario_key body_keys[] = {
    { "contains", read_contains, "a text that the body has somewhere" },
    { "matches", read_matches, "a PCRE2 pattern that the body matches" },
};
const struct scenario_table scenario_expect_body_table = SCENARIO_TABLE("expect.body", body_keys);

static void read_body(struct scenario *s, const struct node *value, void *into)
{
    const struct scenario_context context = { "in 'body' of 'expect'", &scenario_expect_body_table,
                                              into, NULL };
    scenario_read_keys(s, value, "'{ contains: text }'", &context);
}

static void read_size(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_expect *e = into;
    if (scenario_read_text(s, value, "a comparison such as '> 10'"))
        e->size = value;
}

static void read_latency(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_expect *e = into;
    if (scenario_read_duration(s, value, &e->latency_ns))
        e->latency = value;
}

static void read_that(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_expect *e = into;
    if (scenario_read_text(s, value, "an expression such as 'length(ids) > 0'"))
        e->that = value;
}

static const struct scenario_key expect_keys[] = {
    { "status", read_status, "statuses that are a success: 201, [200, 404], 2xx, 200..299" },
    { "header", read_header, "headers and what they must be: a text, 'exists' or '> 5'" },
    { "body", read_body, "what the body must contain or match" },
    { "json", read_json, "JSON pointers and what is there: a text, 'exists' or '> 5'" },
    { "size", read_size, "bytes of the body: 10, '> 10'" },
    { "latency", read_latency, "at most so long" },
    { "that", read_that, "an expression that must hold" },
};
const struct scenario_table scenario_expect_table = SCENARIO_TABLE("expect", expect_keys);

void scenario_read_expect(struct scenario *s, const struct node *value, struct scenario_request *r)
{
    struct scenario_expect *e = scenario_alloc(s, sizeof(*e));
    const struct scenario_context context = { "in 'expect'", &scenario_expect_table, e, NULL };
    if (e == NULL)
        return;
    scenario_read_keys(s, value, "'{ status: 201 }'", &context);
    r->expect = e;
}
