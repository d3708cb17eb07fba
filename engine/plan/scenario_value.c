#include <inttypes.h>
#include <stdio.h>

#include "engine/plan/scenario.h"
#include "http/header.h"

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

bool scenario_read_count(struct scenario *s, const struct node *value, const char *what,
                         uint64_t low, uint64_t high, uint64_t *ret_count)
{
    char expected[96];
    uint64_t count;
    if (quantity_count(value->text, &count) == NULL && count >= low && count <= high) {
        *ret_count = count;
        return true;
    }
    snprintf(expected, sizeof(expected), "%s from %" PRIu64 " to %" PRIu64, what, low, high);
    scenario_expected(s, value, expected);
    return false;
}

bool scenario_read_weight(struct scenario *s, const struct node *value, uint64_t *ret_weight)
{
    return scenario_read_count(s, value, "a weight", 0, SCENARIO_WEIGHT_MAX, ret_weight);
}

bool scenario_read_truth(struct scenario *s, const struct node *value, bool *ret_truth)
{
    static const char *const words[] = { "true", "True", "TRUE", "false", "False", "FALSE" };
    for (size_t i = 0; i < 6 && value->kind == NODE_SCALAR && value->is_plain; i++) {
        if (!span_equal(value->text, span_of(words[i])))
            continue;
        *ret_truth = i < 3;
        return true;
    }
    scenario_expected(s, value, "true or false");
    return false;
}

bool scenario_read_word(struct scenario *s, const struct node *value, const char *const *words,
                        size_t count, size_t *ret_index)
{
    char what[128] = "", given[66];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (value->kind == NODE_SCALAR && span_equal(value->text, span_of(words[i]))) {
            *ret_index = i;
            return true;
        }
        used += (size_t)snprintf(what + used, sizeof(what) - used, "%s'%s'",
                                 i == 0           ? ""
                                 : i + 1 == count ? " or "
                                                  : ", ",
                                 words[i]);
    }
    snprintf(given, sizeof(given), "%.*s", (int)(value->text.len < 65 ? value->text.len : 0),
             value->text.len == 0 ? "" : value->text.bytes);
    const char *near = diag_nearest(given, words, count);
    if (near == NULL)
        scenario_expected(s, value, what);
    else
        diag_add(s->diags, value->place, "expected %s after %s, found %s; did you mean '%s'?", what,
                 diag_quote(value->key->text).text, node_found(value).text, near);
    return false;
}

bool scenario_read_mapping(struct scenario *s, const struct node *value, const char *what)
{
    if (value->kind == NODE_MAPPING && value->count > 0)
        return true;
    if (value->kind == NODE_MAPPING)
        diag_add(s->diags, value->place, "expected %s after %s, found none", what,
                 diag_quote(value->key->text).text);
    else
        scenario_expected(s, value, what);
    return false;
}

bool scenario_read_redirects(struct scenario *s, const struct node *value, uint8_t *ret_max)
{
    uint64_t count;
    if (value->kind == NODE_SCALAR && span_equal(value->text, SPAN_LITERAL("false"))) {
        *ret_max = 0;
        return true;
    }
    if (!scenario_read_count(s, value, "false, or a number", 0, UINT8_MAX, &count))
        return false;
    *ret_max = (uint8_t)count;
    return true;
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
        *ret_low = status_number(span_trim((struct span){ text.bytes, at }));
        *ret_high = status_number(span_trim((struct span){ dots + 2, text.len - at - 2 }));
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

static void read_status_item(struct scenario *s, const struct node *item, struct scenario_expect *e)
{
    uint32_t low, high;
    if (item->kind != NODE_SCALAR || !status_range(span_trim(item->text), &low, &high)) {
        scenario_expected(s, item, status_expected);
        return;
    }
    e->has_status = true;
    for (uint32_t status = low; status <= high; status++)
        e->status[status / 64] |= UINT64_C(1) << (status % 64);
}

void scenario_read_status(struct scenario *s, const struct node *value, struct scenario_expect *e)
{
    if (value->kind != NODE_SEQUENCE) {
        read_status_item(s, value, e);
        return;
    }
    if (value->count == 0)
        diag_add(s->diags, value->place, "expected %s after 'status', found an empty list",
                 status_expected);
    for (const struct node *item = value->first; item != NULL; item = item->next)
        read_status_item(s, item, e);
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
