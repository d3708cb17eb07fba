#include "http/json.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "http/json_text.h"

/* A text being read. */
struct reader {
    const char *at, *end;
    const char *begin;
    struct json_node *nodes; /* NULL: it is checked only */
    uint32_t count;
};

static bool read_value(struct reader *r, unsigned depth);

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct reader *r)
{
    if (r->at<r->end && * r->at> ' ')
        return; /* nearly always */
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool accept_byte(struct reader *r, char byte)
{
    if (r->at == r->end || *r->at != byte)
        return false;
    r->at++;
    return true;
}

static bool skip_digits(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && is_digit(*r->at))
        r->at++;
    return r->at > start;
}

static bool read_number(struct reader *r)
{
    accept_byte(r, '-');
    if (!accept_byte(r, '0') && !skip_digits(r))
        return false;
    if (accept_byte(r, '.') && !skip_digits(r))
        return false;
    if (accept_byte(r, 'e') || accept_byte(r, 'E')) {
        if (!accept_byte(r, '+'))
            accept_byte(r, '-');
        return skip_digits(r);
    }
    return true;
}

static bool read_word(struct reader *r, struct span word)
{
    if ((size_t)(r->end - r->at) < word.len || memcmp(r->at, word.bytes, word.len) != 0)
        return false;
    r->at += word.len;
    return true;
}

/* ---- nodes ---- */

static uint32_t node_begin(struct reader *r)
{
    if (r->nodes != NULL)
        r->nodes[r->count].begin = (uint32_t)(r->at - r->begin);
    return r->count++;
}

static void node_end(struct reader *r, uint32_t node, bool has_escapes)
{
    if (r->nodes == NULL)
        return;
    r->nodes[node].end = (uint32_t)(r->at - r->begin);
    r->nodes[node].next = r->count & INT32_MAX;
    r->nodes[node].has_escapes = has_escapes;
}

/* ---- values ---- */

/* Of the escapes '\"' is by far the most frequent: JSON in JSON. */
static bool read_odd_character(struct reader *r, bool *ret_has_escapes)
{
    char utf8[4];
    if (r->end - r->at < 2)
        return false; /* at least it and a '"' */
    *ret_has_escapes |= *r->at == '\\';
    if (r->at[0] == '\\' && r->at[1] == '"') {
        r->at += 2;
        return true;
    }
    return json_char_read(&r->at, r->end, utf8) != 0;
}

static bool read_string(struct reader *r, bool *ret_has_escapes)
{
    *ret_has_escapes = false;
    if (!accept_byte(r, '"'))
        return false;
    for (;;) {
        r->at += json_plain_len(r->at, r->end);
        if (accept_byte(r, '"'))
            return true;
        if (!read_odd_character(r, ret_has_escapes))
            return false;
    }
}

static bool read_name(struct reader *r)
{
    bool has_escapes = false;
    skip_blanks(r);
    const uint32_t node = node_begin(r);
    if (!read_string(r, &has_escapes))
        return false;
    node_end(r, node, has_escapes);
    skip_blanks(r);
    return accept_byte(r, ':');
}

/* The inside of an object or array, its opening byte read. */
static bool read_inside(struct reader *r, unsigned depth, bool is_object)
{
    const char close = is_object ? '}' : ']';
    if (depth > JSON_DEPTH_MAX)
        return false;
    skip_blanks(r);
    if (accept_byte(r, close))
        return true;
    do {
        if ((is_object && !read_name(r)) || !read_value(r, depth))
            return false;
    } while (accept_byte(r, ','));
    return accept_byte(r, close);
}

static bool read_by_first_byte(struct reader *r, unsigned depth, bool *ret_has_escapes)
{
    if (r->at == r->end)
        return false;
    switch (*r->at) {
    case '{':
    case '[':
        r->at++;
        return read_inside(r, depth + 1, r->at[-1] == '{');
    case '"':
        return read_string(r, ret_has_escapes);
    case 't':
        return read_word(r, SPAN_LITERAL("true"));
    case 'f':
        return read_word(r, SPAN_LITERAL("false"));
    case 'n':
        return read_word(r, SPAN_LITERAL("null"));
    default:
        return read_number(r);
    }
}

/* A value and the blanks around it. Recursion is bounded by JSON_DEPTH_MAX. */
static bool read_value(struct reader *r, unsigned depth)
{
    bool has_escapes = false;
    skip_blanks(r);
    const uint32_t node = node_begin(r);
    if (!read_by_first_byte(r, depth, &has_escapes))
        return false;
    node_end(r, node, has_escapes);
    skip_blanks(r);
    return true;
}

static struct reader reader_of(struct span text, struct json_node *nodes)
{
    return (struct reader){
        .at = text.bytes, .end = text.bytes + text.len, .begin = text.bytes, .nodes = nodes
    };
}

/* ---- without nodes ---- */

bool json_is_valid(struct span text, struct span *ret_value)
{
    struct reader r = reader_of(text, NULL);
    bool ignored;
    skip_blanks(&r);
    ret_value->bytes = r.at;
    if (!read_by_first_byte(&r, 0, &ignored))
        return false;
    ret_value->len = (size_t)(r.at - ret_value->bytes);
    skip_blanks(&r);
    return r.at == r.end;
}

bool json_is_plain_value(struct span text)
{
    if (text.len == 0 || text.bytes[0] == '"' || text.bytes[0] == '[' || text.bytes[0] == '{')
        return false;
    struct reader r = reader_of(text, NULL);
    bool ignored;
    return read_by_first_byte(&r, 0, &ignored) && r.at == r.end;
}

bool json_next_member(struct span object, size_t *at, struct span *ret_name, struct span *ret_value)
{
    struct reader r = reader_of(object, NULL);
    bool ignored;
    r.at += *at;
    skip_blanks(&r);
    if (!accept_byte(&r, '{') && !accept_byte(&r, ','))
        return false;
    skip_blanks(&r);
    const char *name = r.at;
    if (!read_string(&r, &ignored))
        return false;
    *ret_name = (struct span){ name, (size_t)(r.at - name) };
    skip_blanks(&r);
    accept_byte(&r, ':');
    skip_blanks(&r);
    const char *value = r.at;
    if (!read_by_first_byte(&r, 0, &ignored))
        return false;
    *ret_value = (struct span){ value, (size_t)(r.at - value) };
    *at = (size_t)(r.at - object.bytes);
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
    return text.len > 0 && read_value(&r, 0) && r.at == r.end ? 0 : -EBADMSG;
}

struct span json_node_text(const struct json_document *j, uint32_t node)
{
    const struct json_node *n = &j->nodes[node];
    return (struct span){ j->text.bytes + n->begin, n->end - n->begin };
}

bool json_node_is_object(const struct json_document *j, uint32_t node)
{
    return j->text.bytes[j->nodes[node].begin] == '{';
}

bool json_node_is_array(const struct json_document *j, uint32_t node)
{
    return j->text.bytes[j->nodes[node].begin] == '[';
}

bool json_node_next(const struct json_document *j, uint32_t parent, uint32_t *at,
                    uint32_t *ret_name, uint32_t *ret_value)
{
    if (*at == 0)
        *at = parent + 1;
    if (*at >= j->nodes[parent].next)
        return false;
    *ret_name = *at;
    *ret_value = json_node_is_object(j, parent) ? *at + 1 : *at;
    *at = j->nodes[*ret_value].next;
    return true;
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
