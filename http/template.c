#include "http/template.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>

#include "http/header.h"
#include "http/json_text.h"
#include "http/out.h"

#define LENGTH_HEADER "Content-Length: "
#define DIGITS_MAX    20u /* of a uint64_t */

static size_t digits_of(uint64_t n, char digits[DIGITS_MAX])
{
    size_t at = DIGITS_MAX;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    memmove(digits, digits + at, DIGITS_MAX - at);
    return DIGITS_MAX - at;
}

static bool is_unreserved(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/* What a path segment may hold beside the unreserved: sub-delims, ':' and '@' (RFC 3986, 3.3). */
static bool is_segment_byte(uint8_t c)
{
    static const char marks[] = "!$&'()*+,;=:@";
    return memchr(marks, c, sizeof(marks) - 1) != NULL;
}

static int escape_percent(enum escape how, struct span value, struct out *o)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < value.len; i++) {
        const uint8_t c = (uint8_t)value.bytes[i];
        char code[3] = { '%', hex[c >> 4], hex[c & 15] };
        size_t len = 3;
        if (is_unreserved(c) || (how == ESCAPE_PATH && is_segment_byte(c))) {
            code[0] = (char)c;
            len = 1;
        } else if (how == ESCAPE_FORM && c == ' ') {
            code[0] = '+';
            len = 1;
        }
        const int rc = out_put(o, code, len);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int escape_json(struct span value, struct out *o)
{
    const char *at = value.bytes;
    const char *end = at + value.len;
    char escaped[JSON_ESCAPE_MAX];
    int rc = 0;
    while (rc == 0 && at < end) {
        const size_t plain = json_plain_len(at, end);
        rc = out_put(o, at, plain);
        at += plain;
        if (rc < 0 || at == end)
            break;
        const size_t len = json_utf8_len(at, (size_t)(end - at));
        if (len == 0)
            return -EILSEQ;
        rc = out_put(o, escaped, json_escape(at, len, escaped));
        at += len;
    }
    return rc;
}

static int escape_json_string(struct span value, struct out *o)
{
    int rc = out_put(o, "\"", 1);
    if (rc == 0)
        rc = escape_json(value, o);
    return rc == 0 ? out_put(o, "\"", 1) : rc;
}

static int escape_into(enum escape how, struct span value, struct out *o)
{
    switch (how) {
    case ESCAPE_PATH:
    case ESCAPE_QUERY:
    case ESCAPE_FORM:
        return escape_percent(how, value, o);
    case ESCAPE_JSON:
        return escape_json(value, o);
    case ESCAPE_JSON_VALUE:
        return escape_json_string(value, o);
    case ESCAPE_HEADER:
        if (!header_value_is_valid(value))
            return -EILSEQ;
        return out_put(o, value.bytes, value.len);
    case ESCAPE_NONE:
        break;
    }
    return out_put(o, value.bytes, value.len);
}

int template_escape(enum escape how, struct span value, char *out, size_t cap)
{
    struct out o = { .bytes = out, .cap = cap < INT_MAX ? cap : INT_MAX };
    const int rc = escape_into(how, value, &o);

    return rc < 0 ? rc : (int)o.len;
}

/* One rendering under way. */
struct render {
    const struct template *t;
    template_value_fn *value;
    void *context;
    uint32_t *ret_bad_slot;
    struct out out;
};

static int render_slot(struct render *r, const struct piece *p, bool is_head)
{
    struct slot_value value;
    int rc = r->value(r->context, p->slot, &value);

    if (rc == 0 && is_head && p->escape == ESCAPE_NONE && !target_is_valid(value.text))
        rc = -EILSEQ;
    if (rc < 0)
        return rc;
    if (p->escape == ESCAPE_JSON_VALUE && value.is_json)
        return out_put(&r->out, value.text.bytes, value.text.len);
    return escape_into(p->escape, value.text, &r->out);
}

/* A URL of another origin is refused: what is sent goes to the one that the plan says. */
static int render_target(struct render *r, const struct piece *p)
{
    const struct span origin = { r->t->bytes + p->offset, p->len };
    struct slot_value value;
    int rc = r->value(r->context, p->slot, &value);
    if (rc < 0)
        return rc;
    struct span target = value.text;
    const bool is_url = span_begins_ignoring_case(target, origin);
    if (is_url) {
        target.bytes += origin.len;
        target.len -= origin.len;
    }
    const bool lacks_path = is_url && (target.len == 0 || target.bytes[0] == '?');
    if (!lacks_path && (target.len == 0 || target.bytes[0] != '/'))
        return -EILSEQ;
    if (target.len > 0 && !target_is_valid(target))
        return -EILSEQ;
    rc = out_put(&r->out, "/", lacks_path);
    return rc == 0 ? out_put_span(&r->out, target) : rc;
}

static int render_optional_header(struct render *r, const struct piece *p)
{
    struct slot_value value;
    int rc = r->value(r->context, p->slot, &value);

    if (rc == -ENODATA)
        return 0;
    if (rc == 0)
        rc = out_put(&r->out, r->t->bytes + p->offset, p->len);
    if (rc == 0)
        rc = escape_into(ESCAPE_HEADER, value.text, &r->out);
    return rc == 0 ? out_put(&r->out, "\r\n", 2) : rc;
}

static int render_pieces(struct render *r, const struct piece *pieces, uint32_t count, bool is_head)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct piece *p = &pieces[i];
        int rc;
        if (p->kind == PIECE_FIXED)
            rc = out_put(&r->out, r->t->bytes + p->offset, p->len);
        else if (p->kind == PIECE_SLOT)
            rc = render_slot(r, p, is_head);
        else if (p->kind == PIECE_TARGET)
            rc = render_target(r, p);
        else
            rc = render_optional_header(r, p);
        if (rc < 0) {
            *r->ret_bad_slot = p->slot;
            return rc;
        }
    }
    return 0;
}

static uint64_t fixed_len(const struct piece *pieces, uint32_t count)
{
    uint64_t len = 0;
    for (uint32_t i = 0; i < count; i++)
        if (pieces[i].kind == PIECE_FIXED)
            len += pieces[i].len;
    return len;
}

/* Writes the length, the blank line and the body. The length stands before the body but is known
 * after it: room is left for the digits of the body's fixed bytes, and in the rare case of more
 * digits the body moves. */
static int render_body(struct render *r)
{
    const struct template *t = r->t;
    struct out *o = &r->out;
    char digits[DIGITS_MAX];
    const size_t guess = digits_of(fixed_len(t->body, t->body_count), digits);
    int rc = out_put(o, LENGTH_HEADER, sizeof(LENGTH_HEADER) - 1);

    const size_t digits_at = o->len;
    if (rc == 0)
        rc = out_put(o, digits, guess);
    if (rc == 0)
        rc = out_put(o, "\r\n\r\n", 4);
    const size_t body_at = o->len;
    if (rc == 0)
        rc = render_pieces(r, t->body, t->body_count, false);
    if (rc < 0)
        return rc;

    const size_t body_len = o->len - body_at;
    const size_t count = digits_of(body_len, digits);
    assert(count >= guess);
    if (count > guess) {
        rc = out_put(o, digits, count - guess); /* any bytes: only the room counts */
        if (rc < 0)
            return rc;
        memmove(o->bytes + digits_at + count, o->bytes + digits_at + guess, 4 + body_len);
    }
    memcpy(o->bytes + digits_at, digits, count);
    return 0;
}

static int render_request(struct render *r)
{
    const struct template *t = r->t;
    const int rc = render_pieces(r, t->head, t->head_count, true);
    if (rc < 0)
        return rc;
    return t->has_body ? render_body(r) : out_put(&r->out, "\r\n", 2);
}

int template_render(const struct template *t, template_value_fn *value, void *context, char *out,
                    size_t cap, size_t *ret_len, uint32_t *ret_bad_slot)
{
    uint32_t bad_slot = 0;
    struct render r = { t, value, context, &bad_slot, { out, 0, cap } };
    const int rc = template_is_fixed(t) ? out_put_span(&r.out, t->whole) : render_request(&r);
    if (rc < 0 && ret_bad_slot)
        *ret_bad_slot = bad_slot;
    if (rc == 0)
        *ret_len = r.out.len;
    return rc;
}

int template_render_text(const struct template *t, template_value_fn *value, void *context,
                         char *out, size_t cap, size_t *ret_len, uint32_t *ret_bad_slot)
{
    uint32_t bad_slot = 0;
    struct render r = { t, value, context, &bad_slot, { out, 0, cap } };
    const int rc = render_pieces(&r, t->head, t->head_count, false);
    if (rc < 0 && ret_bad_slot)
        *ret_bad_slot = bad_slot;
    if (rc == 0)
        *ret_len = r.out.len;
    return rc;
}
