/* Any Location: a target that can be requested and means the same when asked for again, or none.
 * Any request: exactly one that asks for the new target, with the headers of the old one, or none.
 *
 * Input: a byte for the status, a byte of options, and a Location, a target, a Cookie value and a
 * request, with 0x1E between them. */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "http/header.h"
#include "http/redirect.h"
#include "tests/fuzz/replay.h"

#define E "\x1e"

enum { OPTION_TLS = 1, OPTION_OTHER_HOST = 2 };

const struct span replay_seeds[] = {
    SPAN_LITERAL("\x02\x00/g" E "/b/c/d;p?q" E "a=1; b=2" E
                 "POST /b/c/d;p?q HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                 "Authorization: Basic eDp5\r\nContent-Length: 3\r\nCookie: a=0\r\n\r\na\r\n"),
    SPAN_LITERAL("\x03\x02https://u@b.example:8443/../x/./y/..?z#f" E "/" E E
                 "PUT / HTTP/1.1\r\nX:y \t\r\nhost: c\r\nEmpty:\r\nexpect: 100-continue\r\n\r\n{}"),
    SPAN_LITERAL("\x01\x01//[::1]:8080?y" E "/x?y" E "a=1" E
                 "HEAD /x?y HTTP/1.1\r\nHost: d\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n"),
    SPAN_LITERAL("\x00\x03../../../g/.." E "/a/./b" E E "GET /a/./b HTTP/1.1\r\n\r\n"),
    SPAN_LITERAL("\x04\x00/x\r\nX: y" E "*" E "a=1\r\nX: y" E
                 "OPTIONS * HTTP/1.1\r\nHost: a\r\nX: y\nZ: w\r\n folded\r\n\r\n"),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- where to ---- */

/* The URL written out is the URL that was found. */
static void check_url(const struct url *url, struct span target)
{
    char text[REDIRECT_TARGET_MAX + 400];
    const char *scheme = url->is_tls ? "https://" : "http://";
    struct url again;
    size_t len = strlen(scheme);
    memcpy(text, scheme, len);
    const size_t host_len = url_host_header(url, text + len, 300);
    require(host_len > 0);
    len += host_len;
    memcpy(text + len, target.bytes, target.len);
    require(url_parse(&again, (struct span){ text, len + target.len }) == NULL);
    require(span_equal(again.host, url->host) && again.port == url->port);
    require(again.is_tls == url->is_tls && span_equal(again.path, url_target_path(target)));
}

static void check_resolve(struct span location, struct span target, unsigned options)
{
    const char *base_text = options & OPTION_TLS ? "https://a.example" : "http://[::2]:8080";
    static char out[REDIRECT_TARGET_MAX];
    struct url base, url, again;

    require(url_parse(&base, span_of(base_text)) == NULL);
    int len = redirect_resolve(location, &base, target, &url, out, sizeof(out));
    require(len == -EINVAL || len == -ENOSPC || len > 0);
    if (len < 0)
        return;
    const struct span found = { out, (size_t)len };
    require(found.bytes[0] == '/' && target_is_valid(found));
    if (memchr(found.bytes, '#', found.len) != NULL)
        return; /* it came with the target */
    check_url(&url, found);
    if (found.len > 1 && found.bytes[1] == '/')
        return; /* as a Location that names a host */

    char once[REDIRECT_TARGET_MAX], twice[REDIRECT_TARGET_MAX];
    len = redirect_resolve(found, &url, SPAN_LITERAL("/x"), &again, once, sizeof(once));
    require(len > 0 && span_equal(again.host, url.host) && again.port == url.port);
    if (len > 1 && once[1] == '/')
        return;
    const struct span normal = { once, (size_t)len };
    len = redirect_resolve(normal, &url, SPAN_LITERAL("/x"), &again, twice, sizeof(twice));
    require(len > 0 && span_equal((struct span){ twice, (size_t)len }, normal));
}

/* ---- the next request ---- */

static bool is_named(struct span line, const char *name)
{
    const size_t len = strlen(name);
    return line.len > len && strncasecmp(line.bytes, name, len) == 0 && line.bytes[len] == ':';
}

static bool is_meant_to_go(struct span line, const struct redirect_next *next, bool has_body)
{
    if (is_named(line, "Host") || is_named(line, "Cookie"))
        return true;
    if (is_named(line, "Authorization"))
        return next->is_other_host;
    return !has_body && (strncasecmp(line.bytes, "content-", 8) == 0 ||
                         is_named(line, "transfer-encoding") || is_named(line, "expect"));
}

/* The next line of `text`, without its CR LF; there must be one. */
static struct span next_line(struct span *text)
{
    const char *end = memmem(text->bytes, text->len, "\r\n", 2);
    require(end != NULL);
    const struct span line = { text->bytes, (size_t)(end - text->bytes) };
    *text = (struct span){ end + 2, text->len - line.len - 2 };
    return line;
}

static void require_line(struct span *text, const char *begin, struct span rest)
{
    const struct span line = next_line(text);
    const size_t len = strlen(begin);
    require(line.len == len + rest.len && memcmp(line.bytes, begin, len) == 0);
    require(span_equal((struct span){ line.bytes + len, rest.len }, rest));
}

static bool has_start(struct span line, struct span method, struct span target)
{
    char expected[REDIRECT_TARGET_MAX];
    size_t len = 0;
    const struct span pieces[] = { method, SPAN_LITERAL(" "), target, SPAN_LITERAL(" HTTP/1.1") };
    for (size_t i = 0; i < 4; i++) {
        if (pieces[i].len > sizeof(expected) - len)
            return false;
        memcpy(expected + len, pieces[i].bytes, pieces[i].len);
        len += pieces[i].len;
    }
    return span_equal(line, (struct span){ expected, len });
}

static void check_next(struct span was, struct span is, const struct redirect_next *next)
{
    const struct span start = next_line(&was);
    const struct span method = {
        start.bytes, (size_t)((const char *)memchr(start.bytes, ' ', start.len) - start.bytes)
    };
    const bool is_post = span_equal(method, SPAN_LITERAL("POST"));
    const bool is_head = span_equal(method, SPAN_LITERAL("HEAD"));
    const bool becomes_get = (next->status == 303 && !is_head) || (next->status < 303 && is_post);
    const bool has_body = !becomes_get && next->status != 303;

    require(has_start(next_line(&is), becomes_get ? SPAN_LITERAL("GET") : method, next->target));
    require_line(&is, "Host: ", next->host_header);
    for (;;) {
        struct span line = next_line(&was), old_name, old_value, name, value;
        if (line.len == 0)
            break;
        if (is_meant_to_go(line, next, has_body))
            continue;
        require(header_split(line, &old_name, &old_value));
        require(header_split(next_line(&is), &name, &value));
        require(span_equal(name, old_name) && span_equal(value, old_value));
    }
    if (next->cookie.len > 0)
        require_line(&is, "Cookie: ", next->cookie);
    require(next_line(&is).len == 0);
    require(span_equal(is, has_body ? was : (struct span){ "", 0 }));
}

static void check_render(struct span request, const struct redirect_next *next)
{
    static char out[65536];
    bool is_head = false, is_idempotent = false, again_head, again_idempotent;

    const int len = redirect_render(request, next, out, sizeof(out), &is_head, &is_idempotent);
    require(len == -EINVAL || len == -ENOSPC || len > 0);
    if (len < 0)
        return;
    check_next(request, (struct span){ out, (size_t)len }, next);
    require(is_head == (memcmp(out, "HEAD ", 5) == 0));
    require(is_idempotent || memcmp(out, "GET ", 4) != 0);
    char *exact = malloc((size_t)len);
    require(exact != NULL);
    require(redirect_render(request, next, exact, (size_t)len, &again_head, &again_idempotent) ==
            len);
    require(memcmp(exact, out, (size_t)len) == 0);
    require(redirect_render(request, next, exact, (size_t)len - 1, &again_head,
                            &again_idempotent) == -ENOSPC);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned statuses[] = { 301, 302, 303, 307, 308 };
    struct span fields[4]; /* location, target, cookie, request */

    if (size < 2)
        return 0;
    struct span rest = { (const char *)data + 2, size - 2 };
    for (size_t i = 0; i < 4; i++) {
        const char *end = i < 3 && rest.len > 0 ? memchr(rest.bytes, E[0], rest.len) : NULL;
        fields[i] = (struct span){ rest.bytes, end ? (size_t)(end - rest.bytes) : rest.len };
        const size_t used = fields[i].len + (end != NULL);
        rest = (struct span){ rest.bytes + used, rest.len - used };
    }
    const struct redirect_next next = {
        .status = statuses[data[0] % 5],
        .target = fields[1],
        .host_header = SPAN_LITERAL("new.example:8080"),
        .cookie = fields[2],
        .is_other_host = (data[1] & OPTION_OTHER_HOST) != 0,
    };
    check_resolve(fields[0], fields[1], data[1]);
    check_render(fields[3], &next);
    return 0;
}
