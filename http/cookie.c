#include "http/cookie.h"

#include <errno.h>

#include "http/header.h"
#include "http/out.h"
#include "http/url.h"

#define ATTRIBUTE_MAX 1024u /* a longer attribute is not looked at (RFC 6265bis section 5.6) */
#define DOMAIN_MAX    UINT8_MAX
#define NEVER         UINT32_MAX

struct cookie {
    struct span name, value, domain, path;
    uint32_t expires_s; /* since 1970; NEVER = with its user */
    uint32_t set_order; /* higher = set later */
    bool is_secure;
    bool is_host_only; /* goes to `domain` itself, not to hosts below it */
};

/* ---- records ---- */

/* A jar is a row of records, each this and the bytes of name, value, domain and path. They stand in
 * the order in which a request sends them: longest path first, and of equally long ones the one
 * first set. A cookie that replaces one of the same path so takes its place. */
struct record {
    uint32_t expires_s, set_order;
    uint16_t name_len, value_len, path_len;
    uint8_t domain_len;
    uint8_t flags;
};

enum { FLAG_SECURE = 1, FLAG_HOST_ONLY = 2 };

static bool has_byte(struct span text, char byte)
{
    return text.len > 0 && memchr(text.bytes, byte, text.len) != NULL;
}

static struct span take_bytes(struct span *from, size_t len)
{
    const struct span taken = { from->bytes, len };
    *from = (struct span){ from->bytes + len, from->len - len };
    return taken;
}

/* The cookie at *at, which is stepped over. False at the end, and at what is no record. */
static bool jar_next(struct span jar, size_t *at, struct cookie *ret_cookie)
{
    struct record r;
    if (jar.len - *at < sizeof(r))
        return false;
    memcpy(&r, jar.bytes + *at, sizeof(r));
    struct span rest = { jar.bytes + *at + sizeof(r), jar.len - *at - sizeof(r) };
    const size_t len = (size_t)r.name_len + r.value_len + r.domain_len + r.path_len;
    if (len > rest.len)
        return false;
    *ret_cookie = (struct cookie){ .expires_s = r.expires_s,
                                   .set_order = r.set_order,
                                   .is_secure = (r.flags & FLAG_SECURE) != 0,
                                   .is_host_only = (r.flags & FLAG_HOST_ONLY) != 0 };
    ret_cookie->name = take_bytes(&rest, r.name_len);
    ret_cookie->value = take_bytes(&rest, r.value_len);
    ret_cookie->domain = take_bytes(&rest, r.domain_len);
    ret_cookie->path = take_bytes(&rest, r.path_len);
    *at += sizeof(r) + len;
    return true;
}

static size_t cookie_bytes(const struct cookie *c)
{
    return sizeof(struct record) + c->name.len + c->value.len + c->domain.len + c->path.len;
}

static void jar_put(struct out *o, const struct cookie *c)
{
    const struct record r = { .expires_s = c->expires_s,
                              .set_order = c->set_order,
                              .name_len = (uint16_t)c->name.len,
                              .value_len = (uint16_t)c->value.len,
                              .path_len = (uint16_t)c->path.len,
                              .domain_len = (uint8_t)c->domain.len,
                              .flags = (uint8_t)((c->is_secure ? FLAG_SECURE : 0) |
                                                 (c->is_host_only ? FLAG_HOST_ONLY : 0)) };
    out_put(o, (const char *)&r, sizeof(r));
    out_put_span(o, c->name);
    out_put_span(o, c->value);
    out_put_span(o, c->domain);
    out_put_span(o, c->path);
}

/* ---- where a cookie belongs ---- */

/* An IPv6 address has a colon, and only an IPv4 address ends in a label of digits. */
static bool host_is_address(struct span host)
{
    size_t at = host.len;
    while (at > 0 && host.bytes[at - 1] >= '0' && host.bytes[at - 1] <= '9')
        at--;
    const bool ends_in_number = at < host.len && (at == 0 || host.bytes[at - 1] == '.');
    return ends_in_number || has_byte(host, ':');
}

/* RFC 6265 section 5.1.3. */
static bool domain_matches(struct span host, struct span domain)
{
    if (host.len < domain.len)
        return false;
    const size_t below = host.len - domain.len;
    if (!span_equal_ignoring_case((struct span){ host.bytes + below, domain.len }, domain))
        return false;
    return below == 0 || (host.bytes[below - 1] == '.' && !host_is_address(host));
}

/* RFC 6265 section 5.1.4. */
static bool path_matches(struct span path, struct span cookie_path)
{
    const size_t len = cookie_path.len;
    if (len == 0 || path.len < len || memcmp(path.bytes, cookie_path.bytes, len) != 0)
        return false;
    return path.len == len || cookie_path.bytes[len - 1] == '/' || path.bytes[len] == '/';
}

/* The path of a cookie that brings none (RFC 6265 section 5.1.4). */
static struct span default_path(const struct cookie_place *place)
{
    struct span path = url_target_path(place->path);
    while (path.len > 1 && path.bytes[path.len - 1] != '/')
        path.len--;
    if (path.len > 1)
        path.len--;
    return path;
}

static bool cookie_goes_to(const struct cookie *c, const struct cookie_place *to, struct span path)
{
    if (c->is_secure && !to->is_secure)
        return false;
    if (c->is_host_only ? !span_equal_ignoring_case(to->host, c->domain)
                        : !domain_matches(to->host, c->domain))
        return false;
    return path_matches(path, c->path);
}

/* ---- Set-Cookie ---- */

/* What of the attributes counts: of equal ones the last that can be read. */
struct attributes {
    struct span domain; /* without the dot before it; empty = none */
    struct span path;   /* empty = none */
    int64_t expires_s;
    bool has_max_age;
    bool is_secure;
};

/* The text before the first `mark`, which is stepped over; all of it when there is none. */
static struct span take_until(struct span *text, char mark)
{
    const char *end = text->len > 0 ? memchr(text->bytes, mark, text->len) : NULL;
    if (end == NULL)
        return span_trim(take_bytes(text, text->len));
    const struct span taken = take_bytes(text, (size_t)(end - text->bytes));
    take_bytes(text, 1);
    return span_trim(taken);
}

/* RFC 6265 section 5.2.2. */
static bool max_age_read(struct span text, int64_t now_s, int64_t *ret_expires_s)
{
    const bool is_negative = text.len > 0 && text.bytes[0] == '-';
    uint64_t age_s = 0;

    if (is_negative)
        take_bytes(&text, 1);
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        if (age_s < NEVER)
            age_s = age_s * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    if (age_s > NEVER)
        age_s = NEVER;
    *ret_expires_s = is_negative || age_s == 0 ? 0 : now_s + (int64_t)age_s;
    return true;
}

static void attribute_read(struct attributes *a, struct span name, struct span value, int64_t now_s)
{
    if (value.len > ATTRIBUTE_MAX)
        return;
    if (span_equal_ignoring_case(name, SPAN_LITERAL("secure"))) {
        a->is_secure = true;
    } else if (span_equal_ignoring_case(name, SPAN_LITERAL("max-age"))) {
        if (max_age_read(value, now_s, &a->expires_s))
            a->has_max_age = true;
    } else if (span_equal_ignoring_case(name, SPAN_LITERAL("expires"))) {
        int64_t expires_s;
        if (!a->has_max_age && cookie_date_read(value, &expires_s))
            a->expires_s = expires_s;
    } else if (span_equal_ignoring_case(name, SPAN_LITERAL("domain"))) {
        if (value.len > 0 && value.bytes[0] == '.')
            take_bytes(&value, 1);
        a->domain = value;
    } else if (span_equal_ignoring_case(name, SPAN_LITERAL("path"))) {
        a->path = value.len > 0 && value.bytes[0] == '/' ? value : (struct span){ "", 0 };
    }
}

static struct attributes attributes_read(struct span text, int64_t now_s)
{
    struct attributes a = { .expires_s = NEVER };
    while (text.len > 0) {
        struct span value = take_until(&text, ';');
        const struct span name = take_until(&value, '=');
        attribute_read(&a, name, span_trim(value), now_s);
    }
    return a;
}

/* Where the cookie may go. False: `from` has no say over that domain. A domain of one label is
 * shared by strangers, so it means the host itself or nothing. */
static bool cookie_set_domain(struct cookie *c, const struct cookie_place *from, struct span domain)
{
    if (from->host.len == 0 || from->host.len > DOMAIN_MAX)
        return false;
    c->domain = from->host;
    c->is_host_only = true;
    if (domain.len == 0)
        return true;
    if (!domain_matches(from->host, domain))
        return false;
    if (!has_byte(domain, '.'))
        return domain.len == from->host.len;
    c->domain = domain;
    c->is_host_only = false;
    return true;
}

/* Names that promise something (RFC 6265bis section 4.1.3). */
static bool name_is_of_host(struct span name)
{
    return span_begins_ignoring_case(name, SPAN_LITERAL("__Host-"));
}

static bool name_is_secure(struct span name)
{
    return name_is_of_host(name) || span_begins_ignoring_case(name, SPAN_LITERAL("__Secure-"));
}

static bool promise_is_kept(const struct cookie *c, bool has_path)
{
    if (name_is_secure(c->name) && !c->is_secure)
        return false;
    return !name_is_of_host(c->name) ||
           (c->is_host_only && has_path && span_equal(c->path, SPAN_LITERAL("/")));
}

/* ---- the jar ---- */

static bool cookie_is_over(const struct cookie *c, int64_t now_s)
{
    return c->expires_s != NEVER && c->expires_s <= now_s;
}

static bool cookie_is_same(const struct cookie *a, const struct cookie *b)
{
    return span_equal(a->name, b->name) && span_equal(a->path, b->path) &&
           a->is_host_only == b->is_host_only && span_equal_ignoring_case(a->domain, b->domain);
}

/* Whether it would stand in front of a secure cookie (RFC 6265bis section 5.7, "leave secure
 * cookies alone"). */
static bool hides_secure_cookie(struct span jar, const struct cookie *c, int64_t now_s)
{
    struct cookie old;
    for (size_t at = 0; jar_next(jar, &at, &old);) {
        if (old.is_secure && !cookie_is_over(&old, now_s) && span_equal(old.name, c->name) &&
            path_matches(c->path, old.path) &&
            (domain_matches(old.domain, c->domain) || domain_matches(c->domain, old.domain)))
            return true;
    }
    return false;
}

static bool stays_beside(const struct cookie *old, const struct cookie *c, int64_t now_s)
{
    return !cookie_is_over(old, now_s) && !cookie_is_same(old, c);
}

/* The bytes of what stays beside `c` and was set at `from` or later; *ret_first is the earliest of
 * that. */
static size_t bytes_beside(struct span jar, const struct cookie *c, int64_t now_s, uint64_t from,
                           uint64_t *ret_first)
{
    struct cookie old;
    size_t bytes = 0;
    *ret_first = UINT32_MAX;
    for (size_t at = 0; jar_next(jar, &at, &old);) {
        if (old.set_order < from || !stays_beside(&old, c, now_s))
            continue;
        bytes += cookie_bytes(&old);
        if (old.set_order < *ret_first)
            *ret_first = old.set_order;
    }
    return bytes;
}

static uint32_t next_set_order(struct span jar)
{
    struct cookie old;
    uint32_t last = 0;
    for (size_t at = 0; jar_next(jar, &at, &old);)
        if (old.set_order > last)
            last = old.set_order;
    return last + 1;
}

/* Writes the jar with `c` in it, or without it when it is over already. The length, or -ENOSPC. */
static int jar_store(struct span jar, const struct cookie *c, int64_t now_s, char *out, size_t cap)
{
    struct out o = { .bytes = out, .cap = cap < COOKIE_JAR_BYTES_MAX ? cap : COOKIE_JAR_BYTES_MAX };
    bool is_due = !cookie_is_over(c, now_s);
    const size_t added = is_due ? cookie_bytes(c) : 0;
    uint64_t from = 0, first;
    struct cookie old;

    if (added > o.cap)
        return -ENOSPC;
    while (bytes_beside(jar, c, now_s, from, &first) > o.cap - added)
        from = first + 1;
    for (size_t at = 0; jar_next(jar, &at, &old);) {
        if (is_due && (cookie_is_same(&old, c) || old.path.len < c->path.len)) {
            jar_put(&o, c);
            is_due = false;
        }
        if (old.set_order >= from && stays_beside(&old, c, now_s))
            jar_put(&o, &old);
    }
    if (is_due)
        jar_put(&o, c);
    return out_finish(&o);
}

/* Takes `c` in, if `from` may set it. `has_path`: it came with a path of its own. */
static int jar_admit(struct span jar, struct cookie *c, const struct cookie_place *from,
                     bool has_path, int64_t now_s, char *out, size_t cap)
{
    if (c->name.len == 0 || !promise_is_kept(c, has_path))
        return -EINVAL;
    if (!from->is_secure && (c->is_secure || hides_secure_cookie(jar, c, now_s)))
        return -EINVAL;
    c->set_order = next_set_order(jar);
    return jar_store(jar, c, now_s, out, cap);
}

int cookie_jar_take(struct span jar, const struct cookie_place *from, struct span set_cookie,
                    int64_t now_s, char *out, size_t cap)
{
    if (set_cookie.len == 0 || !header_value_is_valid(set_cookie))
        return -EINVAL;
    struct span value = take_until(&set_cookie, ';');
    if (!has_byte(value, '='))
        return -EINVAL;
    struct cookie c = { .name = take_until(&value, '=') };
    c.value = span_trim(value);
    const struct attributes a = attributes_read(set_cookie, now_s);
    if (!cookie_set_domain(&c, from, a.domain))
        return -EINVAL;
    c.path = a.path.len > 0 ? a.path : default_path(from);
    c.expires_s = a.expires_s < 0 ? 0 : a.expires_s < NEVER ? (uint32_t)a.expires_s : NEVER;
    c.is_secure = a.is_secure;
    return jar_admit(jar, &c, from, a.path.len > 0, now_s, out, cap);
}

int cookie_jar_set(struct span jar, const struct cookie_place *place, struct span name,
                   struct span value, char *out, size_t cap)
{
    struct cookie c = { .name = span_trim(name),
                        .value = span_trim(value),
                        .path = SPAN_LITERAL("/"),
                        .expires_s = NEVER };

    c.is_secure = name_is_secure(c.name);
    if (!header_value_is_valid(name) || has_byte(name, ';') || has_byte(name, '=') ||
        !header_value_is_valid(value) || has_byte(value, ';') ||
        !cookie_set_domain(&c, place, (struct span){ "", 0 }))
        return -EINVAL;
    return jar_admit(jar, &c, place, true, 0, out, cap);
}

int cookie_jar_header(struct span jar, const struct cookie_place *to, int64_t now_s, char *out,
                      size_t cap)
{
    const struct span path = url_target_path(to->path);
    struct out o = { .bytes = out, .cap = cap };
    struct cookie c;

    for (size_t at = 0; jar_next(jar, &at, &c);) {
        if (cookie_is_over(&c, now_s) || !cookie_goes_to(&c, to, path))
            continue;
        if (o.len > 0)
            out_put_span(&o, SPAN_LITERAL("; "));
        out_put_span(&o, c.name);
        out_put_span(&o, SPAN_LITERAL("="));
        out_put_span(&o, c.value);
    }
    return out_finish(&o);
}

bool cookie_jar_find(struct span jar, struct span name, int64_t now_s, struct span *ret_value)
{
    struct cookie c;
    uint32_t last = 0;
    bool is_found = false;

    for (size_t at = 0; jar_next(jar, &at, &c);) {
        if (cookie_is_over(&c, now_s) || !span_equal(c.name, name) ||
            (is_found && c.set_order < last))
            continue;
        *ret_value = c.value;
        last = c.set_order;
        is_found = true;
    }
    return is_found;
}
