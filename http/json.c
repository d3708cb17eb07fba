#include "http/json.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>

struct scan {
    const char *at, *end;
    struct span found;
    bool is_found;
    const struct json_each *each; /* NULL = a '*' in the pointer is a name like any other */
};

/* Where the value being scanned stands: on the pointer's way, `rest` of which is still to go, or
 * beside it. */
struct place {
    bool is_on_way;
    struct span rest;
    unsigned depth;
};

static bool scan_value(struct scan *s, struct place place);

size_t json_utf8_len(const char *bytes, size_t len)
{
    const uint8_t *b = (const uint8_t *)bytes;
    if (len == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    if (b[0] < 0xc2 || b[0] > 0xf4)
        return 0;
    const size_t need = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (len < need)
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    /* The second byte decides about overlong forms, surrogates and what lies beyond U+10FFFF. */
    const bool is_wrong = (b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
                          (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f);
    return is_wrong ? 0 : need;
}

/* One half of a pair, or a whole character. */
static size_t put_unit(uint32_t unit, char out[6])
{
    static const char hex[] = "0123456789abcdef";
    out[0] = '\\';
    out[1] = 'u';
    for (size_t i = 0; i < 4; i++)
        out[2 + i] = hex[unit >> (12 - 4 * i) & 15];
    return 6;
}

size_t json_escape(const char *bytes, size_t len, char out[JSON_ESCAPE_MAX])
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* a byte, and what stands for it */
    const uint8_t first = (uint8_t)bytes[0];
    for (size_t i = 0; len == 1 && i + 1 < sizeof(named); i += 2) {
        if (bytes[0] == named[i]) {
            out[0] = '\\';
            out[1] = named[i + 1];
            return 2;
        }
    }
    if (first >= ' ' && first < 0x7f) {
        out[0] = bytes[0];
        return 1;
    }
    uint32_t code = len == 1 ? first : first & (0x7fu >> len);
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((uint8_t)bytes[i] & 0x3fu);
    if (code < 0x10000)
        return put_unit(code, out);
    put_unit(0xd800 + ((code - 0x10000) >> 10), out);
    return 6 + put_unit(0xdc00 + ((code - 0x10000) & 0x3ff), out + 6);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool accept_byte(struct scan *s, char byte)
{
    if (s->at == s->end || *s->at != byte)
        return false;
    s->at++;
    return true;
}

static bool skip_digits(struct scan *s)
{
    const char *start = s->at;
    while (s->at < s->end && is_digit(*s->at))
        s->at++;
    return s->at > start;
}

static bool scan_number(struct scan *s)
{
    accept_byte(s, '-');
    if (!accept_byte(s, '0') && !skip_digits(s))
        return false;
    if (accept_byte(s, '.') && !skip_digits(s))
        return false;
    if (accept_byte(s, 'e') || accept_byte(s, 'E')) {
        if (!accept_byte(s, '+'))
            accept_byte(s, '-');
        return skip_digits(s);
    }
    return true;
}

static bool scan_word(struct scan *s, struct span word)
{
    if ((size_t)(s->end - s->at) < word.len || memcmp(s->at, word.bytes, word.len) != 0)
        return false;
    s->at += word.len;
    return true;
}

/* The value of four hexadecimal digits, or -1. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const char c = at[i];
        const char lower = (char)(c | 0x20);
        if (is_digit(c))
            value = value * 16 + (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value * 16 + (lower - 'a' + 10);
        else
            return -1;
    }
    return value;
}

static size_t utf8_put(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    const size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(first[len] | code);
    return len;
}

/* "\u" was read; its digits, and those of a second half, follow. A half without the other is no
 * character. */
static size_t unicode_read(const char **at, const char *end, char out[4])
{
    const int32_t high = hex4(*at, end);
    if (high < 0 || (high >= 0xdc00 && high <= 0xdfff))
        return 0;
    *at += 4;
    if (high < 0xd800 || high > 0xdbff)
        return utf8_put((uint32_t)high, out);
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return 0;
    const int32_t low = hex4(*at + 2, end);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *at += 6;
    return utf8_put(0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00), out);
}

/* Reads one character of a string into out as UTF-8. Returns its length, or 0 when it is not valid.
 */
static size_t char_read(const char **at, const char *end, char out[4])
{
    if (*at == end || (uint8_t) * *at < 0x20)
        return 0;
    if (**at != '\\') {
        const size_t len = json_utf8_len(*at, (size_t)(end - *at));
        memcpy(out, *at, len);
        *at += len;
        return len;
    }
    if (end - *at < 2)
        return 0;
    static const char names[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    const char name = (*at)[1];
    *at += 2;
    if (name == 'u')
        return unicode_read(at, end, out);
    const char *known = memchr(names, name, sizeof(names) - 1);
    if (!known)
        return 0;
    out[0] = bytes[known - names];
    return 1;
}

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

/* A bit per byte of `word` that is zero, at its top; exact up to the first one. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

/* How many bytes from `at` on stand for themselves in a string: ASCII without controls, '"' and
 * '\\'. Eight at a time (Mycroft 1987), since bodies are mostly that. */
static size_t plain_len(const char *at, const char *end)
{
    const char *begin = at;
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        word = le64toh(word);
        const uint64_t odd = ((word - UINT64_C(0x2020202020202020)) & ~word) | word |
                             zero_bytes(word ^ UINT64_C(0x2222222222222222)) |
                             zero_bytes(word ^ UINT64_C(0x5c5c5c5c5c5c5c5c));
        const uint64_t marks = odd & UINT64_C(0x8080808080808080);
        if (marks != 0)
            return (size_t)(at - begin) + (size_t)__builtin_ctzll(marks) / 8;
    }
    while (at < end && (uint8_t)*at >= 0x20 && (uint8_t)*at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return (size_t)(at - begin);
}

/* Scans a string; *ret_equal tells whether it says what the token says. */
static bool scan_string(struct scan *s, struct span token, bool *ret_equal)
{
    bool is_equal = true;
    if (!accept_byte(s, '"'))
        return false;
    while (!accept_byte(s, '"')) {
        const size_t plain = plain_len(s->at, s->end);
        if (plain > 0) {
            is_equal = is_equal && token_accept(&token, s->at, plain);
            s->at += plain;
            continue;
        }
        char utf8[4];
        const size_t len = char_read(&s->at, s->end, utf8);
        if (len == 0)
            return false;
        is_equal = is_equal && token_accept(&token, utf8, len);
    }
    *ret_equal = is_equal && token.len == 0;
    return true;
}

static bool token_is_index(struct span token, size_t index)
{
    char digits[24];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + index % 10);
        index /= 10;
    } while (index > 0);
    return span_equal(token, (struct span){ digits + at, sizeof(digits) - at });
}

static struct place place_within(struct place outer, struct span token, bool is_chosen)
{
    struct place inner = { .depth = outer.depth + 1 };
    if (is_chosen) {
        inner.is_on_way = true;
        inner.rest =
            (struct span){ outer.rest.bytes + 1 + token.len, outer.rest.len - 1 - token.len };
    }
    return inner;
}

/* Which of the values in an object or array the pointer goes on to. */
struct choice {
    enum { CHOICE_NONE, CHOICE_ONE, CHOICE_EACH } kind;
    struct span token;
};

static struct choice choice_at(const struct scan *s, struct place place)
{
    if (!place.is_on_way || place.rest.len == 0)
        return (struct choice){ CHOICE_NONE, { "", 0 } };
    const struct span token = pointer_token(place.rest);
    const bool is_each = s->each && span_equal(token, SPAN_LITERAL("*"));
    return (struct choice){ is_each ? CHOICE_EACH : CHOICE_ONE, token };
}

static bool scan_chosen(struct scan *s, struct place place, struct choice choice, bool is_named)
{
    if (choice.kind == CHOICE_NONE || (choice.kind == CHOICE_ONE && !is_named))
        return scan_value(s, place_within(place, choice.token, false));
    s->is_found = false; /* what an earlier member of this name held counts no more */
    if (!scan_value(s, place_within(place, choice.token, true)))
        return false;
    if (choice.kind == CHOICE_EACH && s->is_found)
        s->each->add(s->each->context, s->found);
    return true;
}

static bool scan_item(struct scan *s, struct place place, struct choice choice, size_t index)
{
    return scan_chosen(s, place, choice,
                       choice.kind == CHOICE_ONE && token_is_index(choice.token, index));
}

static bool scan_member(struct scan *s, struct place place, struct choice choice)
{
    bool is_named;
    skip_blanks(s);
    if (!scan_string(s, choice.token, &is_named))
        return false;
    skip_blanks(s);
    return accept_byte(s, ':') && scan_chosen(s, place, choice, is_named);
}

/* The inside of an object or array, its opening byte read. */
static bool scan_inside(struct scan *s, struct place place, struct choice choice, bool is_object)
{
    const char close = is_object ? '}' : ']';
    skip_blanks(s);
    if (accept_byte(s, close))
        return true;
    for (size_t index = 0;; index++) {
        if (!(is_object ? scan_member(s, place, choice) : scan_item(s, place, choice, index)))
            return false;
        if (accept_byte(s, close))
            return true;
        if (!accept_byte(s, ','))
            return false;
    }
}

static bool scan_container(struct scan *s, struct place place, bool is_object)
{
    const struct choice choice = choice_at(s, place);
    if (place.depth >= JSON_DEPTH_MAX)
        return false;
    if (choice.kind != CHOICE_EACH)
        return scan_inside(s, place, choice, is_object);
    s->each->begin(s->each->context);
    if (!scan_inside(s, place, choice, is_object))
        return false;
    s->is_found = true;
    return true;
}

static bool scan_by_first_byte(struct scan *s, struct place place)
{
    bool ignored;
    if (s->at == s->end)
        return false;
    switch (*s->at) {
    case '{':
    case '[':
        s->at++;
        return scan_container(s, place, s->at[-1] == '{');
    case '"':
        return scan_string(s, (struct span){ "", 0 }, &ignored);
    case 't':
        return scan_word(s, SPAN_LITERAL("true"));
    case 'f':
        return scan_word(s, SPAN_LITERAL("false"));
    case 'n':
        return scan_word(s, SPAN_LITERAL("null"));
    default:
        return scan_number(s);
    }
}

/* A value and the blanks around it. Recursion is bounded by JSON_DEPTH_MAX. */
static bool scan_value(struct scan *s, struct place place)
{
    skip_blanks(s);
    const char *start = s->at;
    if (!scan_by_first_byte(s, place))
        return false;
    if (place.is_on_way && place.rest.len == 0) {
        s->found = (struct span){ start, (size_t)(s->at - start) };
        s->is_found = true;
    }
    skip_blanks(s);
    return true;
}

static int scan_text(struct scan *s, struct span text, struct span pointer)
{
    if (text.len == 0)
        return -EBADMSG;
    s->at = text.bytes;
    s->end = text.bytes + text.len;
    if (!scan_value(s, (struct place){ .is_on_way = true, .rest = pointer }) || s->at != s->end)
        return -EBADMSG;
    return s->is_found ? 0 : -ENOENT;
}

int json_find(struct span text, struct span pointer, struct span *ret_value)
{
    struct scan s = { 0 };
    const int rc = scan_text(&s, text, pointer);
    if (rc == 0)
        *ret_value = s.found;
    return rc;
}

int json_find_each(struct span text, struct span pointer, const struct json_each *each)
{
    struct scan s = { .each = each };
    return scan_text(&s, text, pointer);
}

bool json_next_member(struct span object, size_t *at, struct span *ret_name, struct span *ret_value)
{
    struct scan s = { .at = object.bytes + *at, .end = object.bytes + object.len };
    bool ignored;
    skip_blanks(&s);
    if (!accept_byte(&s, '{') && !accept_byte(&s, ','))
        return false;
    skip_blanks(&s);
    const char *name = s.at;
    if (!scan_string(&s, (struct span){ "", 0 }, &ignored))
        return false;
    *ret_name = (struct span){ name, (size_t)(s.at - name) };
    skip_blanks(&s);
    accept_byte(&s, ':');
    skip_blanks(&s);
    const char *value = s.at;
    if (!scan_by_first_byte(&s, (struct place){ 0 }))
        return false;
    *ret_value = (struct span){ value, (size_t)(s.at - value) };
    *at = (size_t)(s.at - object.bytes);
    return true;
}

int json_unescape(struct span quoted, char *out, size_t cap)
{
    const char *at = quoted.bytes + 1;
    const char *end = quoted.bytes + quoted.len - 1;
    size_t filled = 0;

    while (at < end) {
        char utf8[4];
        const size_t len = char_read(&at, end, utf8);
        if (len == 0 || len > cap - filled || filled > INT_MAX - sizeof(utf8))
            return -ENOSPC;
        memcpy(out + filled, utf8, len);
        filled += len;
    }
    return (int)filled;
}

bool json_is_plain_value(struct span text)
{
    if (text.len == 0 || text.bytes[0] == '"' || text.bytes[0] == '[' || text.bytes[0] == '{')
        return false;
    struct scan s = { .at = text.bytes, .end = text.bytes + text.len };
    return scan_by_first_byte(&s, (struct place){ 0 }) && s.at == s.end;
}
