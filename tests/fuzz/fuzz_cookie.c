/* Any cookies in any order: the jar stays a jar and within its limit, what is taken is found again,
 * and what is sent can stand in a request. A jar of any bytes is read without a step outside.
 *
 * Input: steps, each ended by 0x1E; the first byte of a step says which it is. */
#include <errno.h>
#include <stdlib.h>

#include "http/cookie.h"
#include "http/header.h"
#include "tests/fuzz/replay.h"

#define STEP_END 0x1E
#define E        "\x1e"

const struct span replay_seeds[] = {
    SPAN_LITERAL("hwww.a.example" E "p/x/y?z" E "ta=1; Path=/; Max-Age=10" E "tb=2; Secure" E
                 "ta=3; Domain=.a.example; Expires=Sun, 06 Nov 2094 08:49:37 GMT" E "hA.Example" E
                 "ub=4" E "+" E "ta=; Max-Age=0; HttpOnly" E "tc=\"5\"; SameSite=None;;=" E),
    SPAN_LITERAL("shlocalhost" E "s" E "t__Host-a=1; Secure; Path=/" E "t__Secure-b=2; Secure" E
                 "s" E "t__Host-a=3" E "tb=4; Domain=localhost" E "u__Secure-b=5" E),
    SPAN_LITERAL("h127.0.0.1" E "ta=1; Domain=0.0.1" E "h::1" E "ta = 1 ; path = /a ; domain" E
                 "ta=; Expires=Thu, 01-Jan-70 00:00:00 GMT" E "tnothing" E "t=a" E "ta=\r\nb: c" E),
    SPAN_LITERAL("ta=1" E "tb=2" E "g****" E "tc=3" E "f" E "td=4" E "f" E "te=5; Path=/zz" E),
    SPAN_LITERAL("j\xff\xff\xff\xff\x01\x00\x00\x00\x01\x00\x01\x00\x01\x00\x03\x02n"
                 "va.b/" E "tn=2" E),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

struct play {
    struct cookie_place place;
    int64_t now_s;
    bool is_any; /* the jar is bytes from the input: only safety is asked for */
    size_t len;
    char jar[COOKIE_JAR_BYTES_MAX];
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool has_byte(struct span text, char c)
{
    return text.len > 0 && memchr(text.bytes, c, text.len) != NULL;
}

/* The jar in a block of exactly its size. */
static struct span lend_jar(const struct play *p)
{
    char *block = malloc(p->len ? p->len : 1);
    require(block != NULL);
    memcpy(block, p->jar, p->len);
    return (struct span){ block, p->len };
}

/* A cookie that is over, of a host that no other has, leaves every record as it is and drops what
 * is none. In 1970 no cookie of the jar was over. */
static void check_jar(const struct play *p, struct span jar)
{
    static char out[COOKIE_JAR_BYTES_MAX];
    const struct cookie_place nowhere = { SPAN_LITERAL("a.invalid"), SPAN_LITERAL("/"), true };
    const int len =
        cookie_jar_take(jar, &nowhere, SPAN_LITERAL("n=; Max-Age=0"), 0, out, sizeof(out));
    require(len >= 0 && (size_t)len <= jar.len);
    if (!p->is_any)
        require((size_t)len == jar.len && memcmp(out, jar.bytes, jar.len) == 0);
}

static void check_sent(const struct play *p, struct span jar)
{
    static char out[2 * COOKIE_JAR_BYTES_MAX];
    const int len = cookie_jar_header(jar, &p->place, p->now_s, out, sizeof(out));
    require(len >= 0 && (size_t)len <= jar.len);
    if (p->is_any)
        return;
    require(header_value_is_valid((struct span){ out, (size_t)len }));
    require(len == 0 || has_byte((struct span){ out, (size_t)len }, '='));
    char *exact = malloc(len ? (size_t)len : 1);
    require(exact != NULL);
    require(cookie_jar_header(jar, &p->place, p->now_s, exact, (size_t)len) == len);
    require(memcmp(exact, out, (size_t)len) == 0);
    if (len > 0)
        require(cookie_jar_header(jar, &p->place, p->now_s, exact, (size_t)len - 1) == -ENOSPC);
    free(exact);
}

/* The name and value that a text of "name=value; .." brings, blanks around them trimmed. */
static void split_pair(struct span text, struct span *ret_name, struct span *ret_value)
{
    const char *semicolon = memchr(text.bytes, ';', text.len);
    const size_t len = semicolon != NULL ? (size_t)(semicolon - text.bytes) : text.len;
    const char *equals = memchr(text.bytes, '=', len);
    require(equals != NULL);
    const size_t name_len = (size_t)(equals - text.bytes);
    *ret_name = span_trim((struct span){ text.bytes, name_len });
    *ret_value = span_trim((struct span){ equals + 1, len - name_len - 1 });
}

/* What was taken is found, unless it was over already. */
static void check_found(const struct play *p, struct span text)
{
    struct span name, value, found;
    split_pair(text, &name, &value);
    require(name.len > 0 && header_value_is_valid(text));
    if (cookie_jar_find((struct span){ p->jar, p->len }, name, p->now_s, &found) &&
        !has_byte(text, ';'))
        require(span_equal(found, value));
    else
        require(has_byte(text, ';'));
}

static void take(struct play *p, struct span text, bool is_by_hand)
{
    const struct span jar = lend_jar(p);
    const size_t cap = COOKIE_JAR_BYTES_MAX - (is_by_hand ? 0 : text.len % 3 * 1000);
    char *out = malloc(cap);
    int len;
    require(out != NULL);
    if (is_by_hand) {
        const char *equals = text.len > 0 ? memchr(text.bytes, '=', text.len) : NULL;
        const size_t name_len = equals != NULL ? (size_t)(equals - text.bytes) : text.len;
        const size_t value_at = equals != NULL ? name_len + 1 : name_len;
        const struct span value = { text.bytes + value_at, text.len - value_at };
        len =
            cookie_jar_set(jar, &p->place, (struct span){ text.bytes, name_len }, value, out, cap);
    } else {
        len = cookie_jar_take(jar, &p->place, text, p->now_s, out, cap);
    }
    require(len == -EINVAL || len == -ENOSPC || (len >= 0 && (size_t)len <= cap));
    if (len >= 0) {
        memcpy(p->jar, out, (size_t)len);
        p->len = (size_t)len;
        if (!p->is_any && has_byte(text, '='))
            check_found(p, text);
    }
    free(out);
    free((char *)jar.bytes);
}

/* More than a jar holds. */
static void flood(struct play *p)
{
    char text[600];
    memset(text, 'v', sizeof(text));
    text[1] = '=';
    for (unsigned i = 0; i < 16; i++) {
        text[0] = (char)('a' + i);
        take(p, (struct span){ text, 2 + i * 37 % 500 }, false);
    }
}

static void step(struct play *p, char kind, struct span text)
{
    switch (kind) {
    case 't':
    case 'u':
        take(p, text, kind == 'u');
        break;
    case 'h':
        p->place.host = text;
        break;
    case 'p':
        p->place.path = text;
        break;
    case 's':
        p->place.is_secure = !p->place.is_secure;
        break;
    case '+':
        p->now_s += 7;
        break;
    case 'f':
        flood(p);
        break;
    case 'j':
        p->len = text.len < sizeof(p->jar) ? text.len : sizeof(p->jar);
        memcpy(p->jar, text.bytes, p->len);
        p->is_any = true;
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct play p;
    p = (struct play){ .place = { SPAN_LITERAL("a.example"), SPAN_LITERAL("/"), false },
                       .now_s = 1700000000 };

    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, STEP_END, size - at);
        const size_t len = end != NULL ? (size_t)(end - data) - at : size - at;
        if (len > 0)
            step(&p, (char)data[at], (struct span){ (const char *)data + at + 1, len - 1 });
        const struct span jar = lend_jar(&p);
        check_jar(&p, jar);
        check_sent(&p, jar);
        free((char *)jar.bytes);
        at += len + 1;
    }
    return 0;
}
