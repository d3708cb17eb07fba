#include "http/redirect.h"

#include <errno.h>

#include "http/header.h"
#include "http/out.h"

bool redirect_is_status(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* ---- where to ---- */

/* RFC 3986 section 5.2.4, in place, of a path that begins with '/'. The new length. */
static size_t remove_dot_segments(char *path, size_t len)
{
    size_t kept = 0;

    for (size_t at = 0; at < len;) {
        const char *slash = memchr(path + at + 1, '/', len - at - 1);
        const size_t end = slash != NULL ? (size_t)(slash - path) : len;
        const struct span segment = { path + at, end - at };
        const bool is_up = span_equal(segment, SPAN_LITERAL("/.."));

        if (is_up)
            while (kept > 0 && path[--kept] != '/')
                ;
        if (is_up || span_equal(segment, SPAN_LITERAL("/."))) {
            if (end == len)
                path[kept++] = '/';
        } else {
            memmove(path + kept, segment.bytes, segment.len);
            kept += segment.len;
        }
        at = end;
    }
    return kept;
}

/* Bytes that servers write bare into a Location and no target may have, as browsers send them: the
 * path and special-query percent-encode sets of the URL standard, and all that is not ASCII. */
#define ENCODED_IN_PATH  " \"<>^`{}"
#define ENCODED_IN_QUERY " \"'<>"

static void put_encoded(struct out *o, struct span text, const char *encoded)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.bytes[i];
        if ((unsigned char)c >= 0x7f || strchr(encoded, c) != NULL)
            out_put_percent_encoded(o, c);
        else
            out_put(o, &c, 1);
    }
}

/* The path without what follows its last '/'. */
static struct span folder_of(struct span path)
{
    while (path.len > 1 && path.bytes[path.len - 1] != '/')
        path.len--;
    return path;
}

/* The location's own path, or what it means beside the path of the request. */
static void put_path(struct out *o, const struct url *url, bool has_host, struct span target)
{
    if (url->path.len == 0)
        out_put_span(o, SPAN_LITERAL("/"));
    else if (!has_host && url->path.bytes[0] != '/')
        out_put_span(o, folder_of(url_target_path(target)));
    put_encoded(o, url->path, ENCODED_IN_PATH);
    if (!o->has_overflowed)
        o->len = remove_dot_segments(o->bytes, o->len);
}

int redirect_resolve(struct span location, const struct url *base, struct span target,
                     struct url *ret_url, char *out, size_t cap)
{
    struct out o = { .bytes = out, .cap = cap };
    struct url url;
    bool has_host;

    if (url_parse_reference(&url, base, span_trim(location), &has_host))
        return -EINVAL;
    if (target.len == 0 || target.bytes[0] != '/') /* '*', of OPTIONS */
        target = SPAN_LITERAL("/");
    if (has_host || url.path.len > 0)
        put_path(&o, &url, has_host, target);
    else
        out_put_span(&o, url.has_query ? url_target_path(target) : target);
    if (url.has_query) {
        out_put_span(&o, SPAN_LITERAL("?"));
        put_encoded(&o, url.query, ENCODED_IN_QUERY);
    }
    const int len = out_finish(&o);
    if (len < 0)
        return len;
    if (!target_is_valid((struct span){ out, o.len }))
        return -EINVAL;
    *ret_url = url;
    return len;
}

/* ---- the next request ---- */

static bool becomes_get(struct span method, const struct redirect_next *next)
{
    if (span_equal(method, SPAN_LITERAL("HEAD")))
        return false;
    if (next->status == 303 || (next->status == 302 && next->imitates_locust))
        return true;
    return (next->status == 301 || next->status == 302) && span_equal(method, SPAN_LITERAL("POST"));
}

static bool body_goes_on(struct span old, struct span method, const struct redirect_next *next)
{
    if (next->imitates_locust)
        return next->status == 307 || next->status == 308;
    return next->status != 303 && span_equal(method, old);
}

/* Where a body is usual, that there is none is told by its length (RFC 9110 section 8.6). */
static bool lacks_body(struct span method)
{
    return span_equal(method, SPAN_LITERAL("PUT")) || span_equal(method, SPAN_LITERAL("PATCH"));
}

/* Headers that tell of a body. */
static bool header_is_of_body(struct span name)
{
    return span_begins_ignoring_case(name, SPAN_LITERAL("Content-")) ||
           span_equal_ignoring_case(name, SPAN_LITERAL("Transfer-Encoding")) ||
           span_equal_ignoring_case(name, SPAN_LITERAL("Expect"));
}

static bool header_stays(struct span name, const struct redirect_next *next, bool has_body)
{
    if (span_equal_ignoring_case(name, SPAN_LITERAL("Host")) ||
        span_equal_ignoring_case(name, SPAN_LITERAL("Cookie")))
        return false;
    if (next->is_other_host && span_equal_ignoring_case(name, SPAN_LITERAL("Authorization")))
        return false;
    return has_body || !header_is_of_body(name);
}

static void put_header(struct out *o, struct span name, struct span value)
{
    out_put_span(o, name);
    out_put_span(o, SPAN_LITERAL(": "));
    out_put_span(o, value);
    out_put_span(o, SPAN_LITERAL("\r\n"));
}

/* Copies the headers that stay, up to the blank line. False when one is no header. */
static bool put_headers(struct out *o, struct span *text, const struct redirect_next *next,
                        bool has_body)
{
    struct span line, name, value;

    while (header_take_line(text, &line)) {
        if (line.len == 0)
            return true;
        if (!header_split(line, &name, &value))
            return false;
        if (header_stays(name, next, has_body))
            put_header(o, name, value);
    }
    return false;
}

int redirect_render(struct span request, const struct redirect_next *next, char *out, size_t cap,
                    bool *ret_is_head, bool *ret_is_idempotent)
{
    struct out o = { .bytes = out, .cap = cap };
    struct span line;

    if (!header_take_line(&request, &line) || !target_is_valid(next->target) ||
        !header_value_is_valid(next->host_header) || !header_value_is_valid(next->cookie))
        return -EINVAL;
    const char *blank = memchr(line.bytes, ' ', line.len);
    const struct span old = { line.bytes, blank != NULL ? (size_t)(blank - line.bytes) : 0 };
    const struct span method = becomes_get(old, next) ? SPAN_LITERAL("GET") : old;
    const bool has_body = body_goes_on(old, method, next);
    if (!method_is_valid(old))
        return -EINVAL;

    out_put_span(&o, method);
    out_put_span(&o, SPAN_LITERAL(" "));
    out_put_span(&o, next->authority);
    out_put_span(&o, next->target);
    out_put_span(&o, SPAN_LITERAL(" HTTP/1.1\r\n"));
    put_header(&o, SPAN_LITERAL("Host"), next->host_header);
    if (!put_headers(&o, &request, next, has_body))
        return -EINVAL;
    if (!has_body && lacks_body(method))
        put_header(&o, SPAN_LITERAL("Content-Length"), SPAN_LITERAL("0"));
    if (next->cookie.len > 0)
        put_header(&o, SPAN_LITERAL("Cookie"), next->cookie);
    out_put_span(&o, SPAN_LITERAL("\r\n"));
    if (has_body)
        out_put_span(&o, request);
    const int len = out_finish(&o);
    if (len < 0)
        return len;
    *ret_is_head = span_equal(method, SPAN_LITERAL("HEAD"));
    *ret_is_idempotent = method_is_idempotent(method);
    return len;
}
