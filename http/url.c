#include "http/url.h"

#include <arpa/inet.h>
#include <stdint.h>

#define HOST_NAME_MAX_LEN 254 /* 253 and a dot that ends it */

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* The bytes before the first one that is in `set`. */
static struct span span_until(struct span text, const char *set)
{
    size_t len = 0;
    while (len < text.len && !is_one_of(text.bytes[len], set))
        len++;
    return (struct span){ text.bytes, len };
}

static struct span span_after(struct span text, size_t skipped)
{
    return (struct span){ text.bytes + skipped, text.len - skipped };
}

static const char *control_fault(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = (uint8_t)text.bytes[i];
        if (c < ' ' || c == 0x7f)
            return "expected a URL of printable characters, found a control byte";
    }
    return NULL;
}

static const char *bytes_fault(struct span text)
{
    if (text.len == 0)
        return "expected a URL such as 'http://127.0.0.1:8080/', found nothing";
    const char *fault = control_fault(text);
    if (!fault && memchr(text.bytes, ' ', text.len) != NULL)
        return "expected a URL without spaces (write '%20'), found one";
    return fault;
}

/* Takes "http://" or "https://" off the text; without "://" it is http. */
static const char *take_scheme(struct url *u, struct span *text)
{
    const struct span scheme = span_until(*text, ":/?#@[");
    const struct span rest = span_after(*text, scheme.len);
    const bool is_http = span_equal_ignoring_case(scheme, SPAN_LITERAL("http"));
    const bool is_https = span_equal_ignoring_case(scheme, SPAN_LITERAL("https"));

    if (rest.len >= 3 && memcmp(rest.bytes, "://", 3) == 0) {
        if (!is_http && !is_https)
            return "expected 'http://' or 'https://', found another scheme";
        u->is_tls = is_https;
        *text = span_after(rest, 3);
    } else if ((is_http || is_https) && rest.len >= 2 && memcmp(rest.bytes, ":/", 2) == 0) {
        return "expected '://' after 'http' or 'https', found ':/'";
    }
    return NULL;
}

/* Up to the last '@': a password may hold one, a host cannot. */
static void take_userinfo(struct url *u, struct span *authority)
{
    size_t len = authority->len;
    while (len > 0 && authority->bytes[len - 1] != '@')
        len--;
    if (len == 0)
        return;
    u->userinfo = (struct span){ authority->bytes, len - 1 };
    *authority = span_after(*authority, len);
}

static const char *take_ipv6(struct url *u, struct span *authority)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    const struct span inner = span_until(span_after(*authority, 1), "]");

    if (inner.len + 1 == authority->len)
        return "expected ']' after an IPv6 address, found none";
    if (inner.len >= sizeof(text))
        return "expected an IPv6 address between '[' and ']', found something longer";
    memcpy(text, inner.bytes, inner.len);
    text[inner.len] = '\0';
    if (inet_pton(AF_INET6, text, &address) != 1)
        return "expected an IPv6 address between '[' and ']', found something else";
    u->host = inner;
    u->host_is_ipv6 = true;
    *authority = span_after(*authority, inner.len + 2);
    return NULL;
}

static bool is_host_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           is_one_of(c, ".-_");
}

static const char *take_name(struct url *u, struct span *authority)
{
    const struct span name = span_until(*authority, ":");

    if (name.len == 0 && authority->len > 1 && authority->bytes[1] == ':')
        return "expected an IPv6 address in brackets such as '[::1]', found one without";
    if (name.len == 0)
        return "expected a host name, found none";
    if (name.len > HOST_NAME_MAX_LEN)
        return "expected a host name of at most 253 characters, found a longer one";
    for (size_t i = 0; i < name.len; i++)
        if (!is_host_byte(name.bytes[i]))
            return "expected a host name of letters, digits, '-', '_' and '.', found another "
                   "character";
    u->host = name;
    *authority = span_after(*authority, name.len);
    return NULL;
}

/* What is left after the host: nothing, ":" or ":port". */
static const char *take_port(struct url *u, struct span rest)
{
    const uint16_t own = u->is_tls ? 443 : 80;
    uint32_t port = 0;

    u->port = own;
    u->port_is_default = true;
    if (rest.len > 0 && rest.bytes[0] != ':')
        return "expected ':' and a port after the host, found another character";
    if (rest.len <= 1)
        return NULL;
    for (size_t i = 1; i < rest.len; i++) {
        const char c = rest.bytes[i];
        if (c == ':')
            return "expected an IPv6 address in brackets such as '[::1]', found one without";
        if (c < '0' || c > '9')
            return "expected a port from 1 to 65535, found something that is no number";
        port = port * 10 + (uint32_t)(c - '0');
        if (port > UINT16_MAX)
            return "expected a port from 1 to 65535, found a larger number";
    }
    if (port == 0)
        return "expected a port from 1 to 65535, found 0";
    u->port = (uint16_t)port;
    u->port_is_default = port == own;
    return NULL;
}

static void take_path_and_query(struct url *u, struct span text)
{
    u->path = span_until(text, "?#");
    const struct span rest = span_after(text, u->path.len);
    u->query = (struct span){ rest.bytes, 0 };
    u->has_query = rest.len > 0 && rest.bytes[0] == '?';
    if (u->has_query)
        u->query = span_until(span_after(rest, 1), "#");
}

/* What stands behind "//". */
static const char *take_rest(struct url *u, struct span text)
{
    struct span authority = span_until(text, "/?#");

    take_path_and_query(u, span_after(text, authority.len));
    take_userinfo(u, &authority);
    const bool is_bracketed = authority.len > 0 && authority.bytes[0] == '[';
    const char *fault = is_bracketed ? take_ipv6(u, &authority) : take_name(u, &authority);
    return fault ? fault : take_port(u, authority);
}

const char *url_parse(struct url *ret_url, struct span text)
{
    struct url u = { .userinfo = { text.bytes, 0 } };
    const char *fault = bytes_fault(text);

    if (fault || (fault = take_scheme(&u, &text)) || (fault = take_rest(&u, text)))
        return fault;
    *ret_url = u;
    return NULL;
}

static bool begins_with_slashes(struct span text)
{
    return text.len >= 2 && memcmp(text.bytes, "//", 2) == 0;
}

const char *url_parse_reference(struct url *ret_url, const struct url *base, struct span text,
                                bool *ret_has_host)
{
    struct url u = *base;
    const struct span scheme = span_until(text, ":/?#");
    const struct span rest = span_after(text, scheme.len);
    const char *fault = control_fault(text);

    if (fault)
        return fault;
    if (scheme.len > 0 && rest.len > 0 && rest.bytes[0] == ':') {
        u.is_tls = span_equal_ignoring_case(scheme, SPAN_LITERAL("https"));
        if (!u.is_tls && !span_equal_ignoring_case(scheme, SPAN_LITERAL("http")))
            return "expected 'http://' or 'https://', found another scheme";
        if (!begins_with_slashes(span_after(rest, 1)))
            return "expected '://' after 'http' or 'https', found something else";
        text = span_after(rest, 1);
    }
    *ret_has_host = begins_with_slashes(text);
    if (*ret_has_host) {
        u = (struct url){ .is_tls = u.is_tls, .userinfo = { text.bytes, 0 } };
        fault = take_rest(&u, span_after(text, 2));
    } else {
        take_path_and_query(&u, text);
    }
    if (!fault)
        *ret_url = u;
    return fault;
}

struct span url_target_path(struct span target)
{
    if (target.len == 0 || target.bytes[0] != '/')
        return SPAN_LITERAL("/");
    return span_until(target, "?");
}

/* Decimal digits of `n` at the end of `digits`; returns where they begin. */
static size_t port_digits(char digits[5], uint16_t n)
{
    size_t at = 5;
    do {
        digits[--at] = (char)('0' + n % 10);
        n = (uint16_t)(n / 10);
    } while (n > 0);
    return at;
}

size_t url_host_header(const struct url *u, char *out, size_t cap)
{
    char digits[5];
    const size_t first = port_digits(digits, u->port);
    const size_t port_len = u->port_is_default ? 0 : 1 + sizeof(digits) - first;
    const size_t bracket_len = u->host_is_ipv6 ? 1 : 0;
    const size_t len = u->host.len + 2 * bracket_len + port_len;
    char *at = out;

    if (len > cap)
        return 0;
    if (u->host_is_ipv6)
        *at++ = '[';
    memcpy(at, u->host.bytes, u->host.len);
    at += u->host.len;
    if (u->host_is_ipv6)
        *at++ = ']';
    if (port_len > 0) {
        *at++ = ':';
        memcpy(at, digits + first, sizeof(digits) - first);
    }
    return len;
}
