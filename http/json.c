#include "http/json.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "http/json_text.h"

/* A text being read: each function below takes where it is and returns how far it came, NULL when
 * what stands there is not valid. The place is no part of the reader, so it stays in a register. */
struct reader {
    const char *begin, *end;
    struct json_node *nodes; /* NULL: it is checked only */
    uint32_t count;
    bool has_escapes; /* the string read last */
};

static const char *read_value(struct reader *r, const char *at, unsigned depth);

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_blanks(const struct reader *r, const char *at)
{
    while (at < r->end && *at <= ' ' && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

static bool is_at(const struct reader *r, const char *at, char byte)
{
    return at < r->end && *at == byte;
}

/* At least one. */
static const char *read_digits(const struct reader *r, const char *at)
{
    const char *first = at;
    while (at < r->end && is_digit(*at))
        at++;
    return at > first ? at : NULL;
}

static const char *read_number(const struct reader *r, const char *at)
{
    at += is_at(r, at, '-');
    at = is_at(r, at, '0') ? at + 1 : read_digits(r, at);
    if (at != NULL && is_at(r, at, '.'))
        at = read_digits(r, at + 1);
    if (at != NULL && (is_at(r, at, 'e') || is_at(r, at, 'E'))) {
        at++;
        at += is_at(r, at, '+') || is_at(r, at, '-');
        at = read_digits(r, at);
    }
    return at;
}

static const char *read_word(const struct reader *r, const char *at, struct span word)
{
    const bool is_there =
        (size_t)(r->end - at) >= word.len && memcmp(at, word.bytes, word.len) == 0;
    return is_there ? at + word.len : NULL;
}

/* ---- nodes ---- */

static void node_end(struct reader *r, uint32_t node, const char *begin, const char *end)
{
    if (r->nodes == NULL)
        return;
    r->nodes[node] = (struct json_node){ .begin = (uint32_t)(begin - r->begin),
                                         .end = (uint32_t)(end - r->begin),
                                         .next = r->count & INT32_MAX,
                                         .has_escapes = r->has_escapes };
}

/* ---- values ---- */

static const char *read_odd_character(struct reader *r, const char *at)
{
    char utf8[4];
    if (r->end - at < 2)
        return NULL; /* at least it and a '"' */
    r->has_escapes |= *at == '\\';
    return json_char_read(&at, r->end, utf8) != 0 ? at : NULL;
}

/* The rest of a string, from anywhere in it. Most strings have none behind their blocks, and
 * inlined it would have each of them save six registers. */
static __attribute__((noinline)) const char *read_rest(struct reader *r, const char *at)
{
    while (at != NULL) {
        at = json_skip_blocks(at, r->end, &r->has_escapes);
        at += json_plain_len(at, r->end);
        if (is_at(r, at, '"'))
            return at + 1;
        at = read_odd_character(r, at);
    }
    return NULL;
}

static const char *read_string(struct reader *r, const char *at)
{
    if (!is_at(r, at, '"'))
        return NULL;
    r->has_escapes = false;
    at = json_skip_blocks(at + 1, r->end, &r->has_escapes);
    return is_at(r, at, '"') ? at + 1 : read_rest(r, at);
}

static const char *read_name(struct reader *r, const char *at)
{
    const char *begin = skip_blanks(r, at);
    const uint32_t node = r->count++;
    at = read_string(r, begin);
    if (at == NULL)
        return NULL;
    node_end(r, node, begin, at);
    at = skip_blanks(r, at);
    return is_at(r, at, ':') ? at + 1 : NULL;
}

/* An object or array, at its opening byte. */
static const char *read_inside(struct reader *r, const char *at, unsigned depth)
{
    const bool is_object = *at == '{';
    const char close = is_object ? '}' : ']';
    if (depth > JSON_DEPTH_MAX)
        return NULL;
    at = skip_blanks(r, at + 1);
    if (is_at(r, at, close))
        return at + 1;
    for (;; at++) {
        if (is_object)
            at = read_name(r, at);
        if (at != NULL)
            at = read_value(r, at, depth);
        if (at == NULL)
            return NULL;
        if (!is_at(r, at, ','))
            return is_at(r, at, close) ? at + 1 : NULL;
    }
}

static const char *read_by_first_byte(struct reader *r, const char *at, unsigned depth)
{
    if (at == r->end)
        return NULL;
    switch (*at) {
    case '{':
    case '[':
        return read_inside(r, at, depth + 1);
    case '"':
        return read_string(r, at);
    case 't':
        return read_word(r, at, SPAN_LITERAL("true"));
    case 'f':
        return read_word(r, at, SPAN_LITERAL("false"));
    case 'n':
        return read_word(r, at, SPAN_LITERAL("null"));
    default:
        return read_number(r, at);
    }
}

/* A value and the blanks around it. Recursion is bounded by JSON_DEPTH_MAX. */
static const char *read_value(struct reader *r, const char *at, unsigned depth)
{
    const char *begin = skip_blanks(r, at);
    const uint32_t node = r->count++;
    at = read_by_first_byte(r, begin, depth);
    if (at == NULL)
        return NULL;
    node_end(r, node, begin, at);
    return skip_blanks(r, at);
}

static struct reader reader_of(struct span text, struct json_node *nodes)
{
    return (struct reader){ .begin = text.bytes, .end = text.bytes + text.len, .nodes = nodes };
}

/* ---- without nodes ---- */

bool json_is_valid(struct span text, struct span *ret_value)
{
    struct reader r = reader_of(text, NULL);
    ret_value->bytes = skip_blanks(&r, text.bytes);
    const char *end = read_by_first_byte(&r, ret_value->bytes, 0);
    if (end == NULL)
        return false;
    ret_value->len = (size_t)(end - ret_value->bytes);
    return skip_blanks(&r, end) == r.end;
}

bool json_is_plain_value(struct span text)
{
    if (text.len == 0 || text.bytes[0] == '"' || text.bytes[0] == '[' || text.bytes[0] == '{')
        return false;
    struct reader r = reader_of(text, NULL);
    return read_by_first_byte(&r, text.bytes, 0) == r.end;
}

bool json_next_member(struct span object, size_t *at, struct span *ret_name, struct span *ret_value)
{
    struct reader r = reader_of(object, NULL);
    const char *before = skip_blanks(&r, object.bytes + *at);
    if (!is_at(&r, before, '{') && !is_at(&r, before, ','))
        return false;
    const char *name = skip_blanks(&r, before + 1);
    const char *name_end = read_string(&r, name);
    if (name_end == NULL)
        return false;
    const char *colon = skip_blanks(&r, name_end);
    const char *value = skip_blanks(&r, colon + is_at(&r, colon, ':'));
    const char *value_end = read_by_first_byte(&r, value, 0);
    if (value_end == NULL)
        return false;
    *ret_name = (struct span){ name, (size_t)(name_end - name) };
    *ret_value = (struct span){ value, (size_t)(value_end - value) };
    *at = (size_t)(value_end - object.bytes);
    return true;
}

/* ---- with nodes ---- */

/* Each value but the first has a byte before it that is its own, and one of its own; a text that
 * is broken off may lack the closing bytes. */
static size_t nodes_max(size_t bytes_max)
{
    return bytes_max / 2 + JSON_DEPTH_MAX + 2;
}

int json_document_open(struct json_document *j, size_t bytes_max)
{
    *j = (struct json_document){ .bytes_max = bytes_max };
    j->nodes = malloc(nodes_max(bytes_max) * sizeof(*j->nodes));
    return j->nodes == NULL ? -ENOMEM : 0;
}

void json_document_close(struct json_document *j)
{
    free(j->nodes);
    *j = (struct json_document){ 0 };
}

int json_document_read(struct json_document *j, struct span text)
{
    struct reader r = reader_of(text, j->nodes);
    j->text = text;
    if (text.len > j->bytes_max)
        return -EFBIG;
    return text.len > 0 && read_value(&r, text.bytes, 0) == r.end ? 0 : -EBADMSG;
}

int json_node_string(const struct json_document *j, uint32_t node, char *out, size_t cap)
{
    const struct span quoted = json_node_text(j, node);
    if (j->nodes[node].has_escapes)
        return json_unescape(quoted, out, cap);
    const size_t len = quoted.len - 2;
    if (len > cap || len > INT_MAX)
        return -ENOSPC;
    memcpy(out, quoted.bytes + 1, len);
    return (int)len;
}

/* ---- pointers ---- */

/* One token of a pointer, "~0" and "~1" still in it. */
static struct span pointer_token(struct span rest)
{
    const struct span inner = { rest.bytes + 1, rest.len - 1 };
    const char *slash = memchr(inner.bytes, '/', inner.len);
    return (struct span){ inner.bytes, slash ? (size_t)(slash - inner.bytes) : inner.len };
}

/* Whether the token goes on with these bytes; takes them off it. */
static bool token_accept(struct span *token, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (token->len == 0)
            return false;
        char want = token->bytes[0];
        size_t taken = 1;
        if (want == '~' && token->len > 1) {
            want = token->bytes[1] == '1' ? '/' : '~';
            taken = 2;
        }
        if (want != bytes[i])
            return false;
        token->bytes += taken;
        token->len -= taken;
    }
    return true;
}

/* `is_plain`: there is no '~' in the token. */
static bool token_says(struct span token, bool is_plain, const struct json_document *j,
                       uint32_t name)
{
    const struct span quoted = json_node_text(j, name);
    const char *at = quoted.bytes + 1;
    const char *end = quoted.bytes + quoted.len - 1;
    char utf8[4];
    if (!j->nodes[name].has_escapes && is_plain)
        return span_equal(token, (struct span){ at, (size_t)(end - at) });
    if (!j->nodes[name].has_escapes)
        return token_accept(&token, at, (size_t)(end - at)) && token.len == 0;
    while (at < end)
        if (!token_accept(&token, utf8, json_char_read(&at, end, utf8)))
            return false;
    return token.len == 0;
}

/* An index has no sign and no zeros before it. */
static bool token_as_index(struct span token, uint32_t *ret_index)
{
    uint32_t index = 0;
    if (token.len == 0 || token.len > 9 || (token.len > 1 && token.bytes[0] == '0'))
        return false;
    for (size_t i = 0; i < token.len; i++) {
        if (!is_digit(token.bytes[i]))
            return false;
        index = index * 10 + (uint32_t)(token.bytes[i] - '0');
    }
    *ret_index = index;
    return true;
}

/* Of equal names the last one counts. */
static bool find_child(const struct json_document *j, uint32_t parent, struct span token,
                       uint32_t *ret_node)
{
    const bool is_object = json_node_is_object(j, parent);
    uint32_t at = 0, name, value, index = 0, wanted = 0;
    const bool is_plain = token.len == 0 || memchr(token.bytes, '~', token.len) == NULL;
    bool is_found = false;
    if (!is_object && !token_as_index(token, &wanted))
        return false;
    while (json_node_next(j, parent, &at, &name, &value)) {
        if (is_object ? !token_says(token, is_plain, j, name) : index++ != wanted)
            continue;
        *ret_node = value;
        is_found = true;
    }
    return is_found;
}

int json_node_find(const struct json_document *j, uint32_t from, struct span pointer,
                   uint32_t *ret_node)
{
    *ret_node = from;
    while (pointer.len > 0) {
        const struct span token = pointer_token(pointer);
        if (pointer.bytes[0] != '/' || !find_child(j, *ret_node, token, ret_node))
            return -ENOENT;
        pointer.bytes += 1 + token.len;
        pointer.len -= 1 + token.len;
    }
    return 0;
}
