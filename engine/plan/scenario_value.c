#include <inttypes.h>
#include <stdio.h>

#include "engine/plan/scenario.h"
#include "http/header.h"

static const char *const duration_expected = "a duration such as '250ms'";
static const char *const status_expected = "a status such as '201', '2xx' or '200..299'";

void scenario_expected(struct scenario *s, const struct node *value, const char *what)
{
    if (value->is_broken)
        return;
    if (value->key == NULL)
        diag_add(s->diags, value->place, "expected %s, found %s", what, node_found(value).text);
    else
        diag_add(s->diags, value->place, "expected %s after %s, found %s", what,
                 diag_quote(value->key->text).text, node_found(value).text);
}

bool scenario_read_text(struct scenario *s, const struct node *value, const char *what)
{
    if (value->kind == NODE_SCALAR && !node_is_null(value))
        return true;
    scenario_expected(s, value, what);
    return false;
}

bool scenario_read_duration(struct scenario *s, const struct node *value, uint64_t *ret_ns)
{
    uint64_t ns = 0;
    const char *fault = quantity_duration_ns(value->text, &ns);
    if (fault == NULL && ns == 0)
        fault = "a duration above 0";
    if (fault != NULL) {
        scenario_expected(s, value, fault);
        return false;
    }
    *ret_ns = ns;
    return true;
}

bool scenario_read_weight(struct scenario *s, const struct node *value, uint64_t *ret_weight)
{
    uint64_t weight;
    char what[64];
    if (quantity_count(value->text, &weight) != NULL || weight > SCENARIO_WEIGHT_MAX) {
        snprintf(what, sizeof(what), "a weight from 0 to %u", SCENARIO_WEIGHT_MAX);
        scenario_expected(s, value, what);
        return false;
    }
    *ret_weight = weight;
    return true;
}

static struct span trim(struct span text)
{
    while (text.len > 0 && text.bytes[0] == ' ') {
        text.bytes++;
        text.len--;
    }
    while (text.len > 0 && text.bytes[text.len - 1] == ' ')
        text.len--;
    return text;
}

/* The place of `part`, or where one is missing the whole value's. */
static struct place part_place(const struct node *value, struct span part)
{
    return part.len == 0 ? value->place : node_place_of(value, part);
}

/* One duration of a wait, that stands `where` ("after 'exp'"). */
static bool read_wait_part(struct scenario *s, const struct node *value, struct span part,
                           const char *where, uint64_t *ret_ns)
{
    const char *fault = quantity_duration_ns(part, ret_ns);
    if (fault == NULL)
        return true;
    /* In a wait the hours and minutes of the usual words would mislead. */
    const bool is_range = strstr(fault, "at most") != NULL;
    diag_add(s->diags, part_place(value, part), "expected %s %s, found %s",
             is_range ? fault : duration_expected, where, diag_quote(part).text);
    return false;
}

static void read_wait_range(struct scenario *s, const struct node *value, size_t dots,
                            struct wait_rule *ret_wait)
{
    const struct span text = value->text;
    const struct span low = trim((struct span){ text.bytes, dots });
    const struct span high = trim((struct span){ text.bytes + dots + 2, text.len - dots - 2 });
    struct wait_rule w = { .kind = WAIT_UNIFORM };
    const bool has_low = read_wait_part(s, value, low, "before '..'", &w.low_ns);
    const bool has_high = read_wait_part(s, value, high, "after '..'", &w.high_ns);
    if (!has_low || !has_high)
        return;
    if (w.low_ns > w.high_ns) {
        diag_add(s->diags, value->place,
                 "expected the shorter duration first after 'wait', found %s",
                 node_found(value).text);
        return;
    }
    *ret_wait = w;
}

static void read_wait_throughput(struct scenario *s, const struct node *value, struct span part,
                                 struct wait_rule *ret_wait)
{
    struct ratio rate;
    if (quantity_rate(part, &rate) != NULL) {
        diag_add(s->diags, part_place(value, part),
                 "expected a rate such as '0.5/s' after 'throughput', found %s",
                 diag_quote(part).text);
        return;
    }
    const unsigned __int128 ns = (unsigned __int128)rate.den * 1000000000 / rate.num;
    *ret_wait = (struct wait_rule){ .kind = WAIT_PACING, .low_ns = (uint64_t)ns };
}

static void report_wait(struct scenario *s, const struct node *value, struct span word)
{
    static const char *const words[] = { "exp", "pacing", "throughput" };
    char given[32];
    snprintf(given, sizeof(given), "%.*s", (int)(word.len < 31 ? word.len : 31), word.bytes);
    const char *near = diag_nearest(given, words, 3);
    diag_add(s->diags, value->place, "expected %s after 'wait', found %s%s%s%s", duration_expected,
             node_found(value).text, near == NULL ? "" : "; did you mean '",
             near == NULL ? "" : near, near == NULL ? "" : "'?");
}

void scenario_read_wait(struct scenario *s, const struct node *value, struct wait_rule *ret_wait)
{
    if (!scenario_read_text(s, value, duration_expected))
        return;
    const struct span text = trim(value->text);
    const char *dots = memmem(value->text.bytes, value->text.len, "..", 2);
    if (dots != NULL) {
        read_wait_range(s, value, (size_t)(dots - value->text.bytes), ret_wait);
        return;
    }
    const char *blank = memchr(text.bytes, ' ', text.len);
    const size_t first = blank == NULL ? text.len : (size_t)(blank - text.bytes);
    const struct span word = { text.bytes, first };
    const struct span rest = trim((struct span){ text.bytes + first, text.len - first });
    struct wait_rule w = { .kind = WAIT_CONSTANT };
    if (span_equal(word, SPAN_LITERAL("throughput"))) {
        read_wait_throughput(s, value, rest, ret_wait);
    } else if (span_equal(word, SPAN_LITERAL("exp"))) {
        w.kind = WAIT_EXPONENTIAL;
        if (read_wait_part(s, value, rest, "after 'exp'", &w.low_ns))
            *ret_wait = w;
    } else if (span_equal(word, SPAN_LITERAL("pacing"))) {
        w.kind = WAIT_PACING;
        if (read_wait_part(s, value, rest, "after 'pacing'", &w.low_ns))
            *ret_wait = w;
    } else if (rest.len > 0) {
        report_wait(s, value, word);
    } else if (read_wait_part(s, value, text, "after 'wait'", &w.low_ns)) {
        w.kind = w.low_ns == 0 ? WAIT_NONE : WAIT_CONSTANT;
        *ret_wait = w;
    }
}

/* Three digits from 100 on, 0 when `text` is something else. */
static uint32_t status_number(struct span text)
{
    uint32_t number = 0;
    if (text.len != 3)
        return 0;
    for (size_t i = 0; i < 3; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return 0;
        number = number * 10 + (uint32_t)(text.bytes[i] - '0');
    }
    return number >= 100 ? number : 0;
}

/* '201', '2xx', '200..299'. False when it is none of them. */
static bool status_range(struct span text, uint32_t *ret_low, uint32_t *ret_high)
{
    const char *dots = memmem(text.bytes, text.len, "..", 2);
    if (dots != NULL) {
        const size_t at = (size_t)(dots - text.bytes);
        *ret_low = status_number(trim((struct span){ text.bytes, at }));
        *ret_high = status_number(trim((struct span){ dots + 2, text.len - at - 2 }));
        return *ret_low > 0 && *ret_high >= *ret_low;
    }
    if (text.len == 3 && text.bytes[0] >= '1' && text.bytes[0] <= '9' &&
        (text.bytes[1] | 0x20) == 'x' && (text.bytes[2] | 0x20) == 'x') {
        *ret_low = (uint32_t)(text.bytes[0] - '0') * 100;
        *ret_high = *ret_low + 99;
        return true;
    }
    *ret_low = *ret_high = status_number(text);
    return *ret_low > 0;
}

static void read_status_item(struct scenario *s, const struct node *item,
                             struct scenario_request *r)
{
    uint32_t low, high;
    if (item->kind != NODE_SCALAR || !status_range(trim(item->text), &low, &high)) {
        scenario_expected(s, item, status_expected);
        return;
    }
    r->expects_status = true;
    for (uint32_t status = low; status <= high; status++)
        r->status_expected[status / 64] |= UINT64_C(1) << (status % 64);
}

void scenario_read_status(struct scenario *s, const struct node *value, struct scenario_request *r)
{
    if (value->kind != NODE_SEQUENCE) {
        read_status_item(s, value, r);
        return;
    }
    if (value->count == 0)
        diag_add(s->diags, value->place, "expected %s after 'status', found an empty list",
                 status_expected);
    for (const struct node *item = value->first; item != NULL; item = item->next)
        read_status_item(s, item, r);
}

/* One header of a mapping; those before it have been looked at. */
static void check_header(struct scenario *s, const struct node *mapping, const struct node *header)
{
    const struct node *key = header->key;
    if (!header_name_is_valid(key->text)) {
        diag_add(s->diags, key->place, "expected a header name such as 'Accept', found %s",
                 node_found(key).text);
        return;
    }
    if (header->kind != NODE_SCALAR)
        scenario_expected(s, header, "a text");
    if (span_equal_ignoring_case(key->text, SPAN_LITERAL("Content-Length")) ||
        span_equal_ignoring_case(key->text, SPAN_LITERAL("Transfer-Encoding")))
        diag_add(s->diags, key->place,
                 "expected no header %s: the length is written from the body sent",
                 node_found(key).text);
    if (span_equal_ignoring_case(key->text, SPAN_LITERAL("Host")) && node_is_null(header))
        scenario_expected(s, header, "a host");
    for (const struct node *other = mapping->first; other != header; other = other->next) {
        if (span_equal_ignoring_case(other->key->text, key->text) &&
            !span_equal(other->key->text, key->text)) {
            diag_add(s->diags, key->place,
                     "header %s is given twice, before as %s on line %" PRIu32,
                     node_found(key).text, node_found(other->key).text, other->key->place.line);
            return;
        }
    }
}

bool scenario_read_headers(struct scenario *s, const struct node *value,
                           const struct node **ret_headers)
{
    if (value->kind != NODE_MAPPING) {
        scenario_expected(s, value, "headers such as '{ Accept: text/html }'");
        return false;
    }
    if (value->count > SCENARIO_HEADERS_MAX) {
        diag_add(s->diags, value->place, "expected at most %u headers after %s, found %" PRIu32,
                 SCENARIO_HEADERS_MAX, diag_quote(value->key->text).text, value->count);
        return false;
    }
    for (const struct node *header = value->first; header != NULL; header = header->next)
        check_header(s, value, header);
    *ret_headers = value;
    return true;
}
