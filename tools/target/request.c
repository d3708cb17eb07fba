#include "tools/target/request.h"

#include <strings.h>

#define REQUEST_LEADING_MAX 8u /* empty lines skipped before a request line */

static const char *const method_names[METHOD_COUNT] = {
#define X(id) [METHOD_##id] = #id,
    METHODS(X)
#undef X
};

const char *method_name(enum method method)
{
    return method_names[method];
}

bool request_has_body(const struct request *rq)
{
    return rq->is_chunked || rq->content_length > 0;
}

static bool is_alphanumeric(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_token(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        const unsigned char c = (unsigned char)s.bytes[i];
        if (!is_alphanumeric(c) && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return s.len > 0;
}

static bool is_value(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        const unsigned char c = (unsigned char)s.bytes[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

static struct span trim(struct span s)
{
    while (s.len > 0 && (s.bytes[0] == ' ' || s.bytes[0] == '\t')) {
        s.bytes++;
        s.len--;
    }
    while (s.len > 0 && (s.bytes[s.len - 1] == ' ' || s.bytes[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static bool is_named(struct span s, const char *lower)
{
    return strlen(lower) == s.len && strncasecmp(s.bytes, lower, s.len) == 0;
}

/* Everything up to `end`, which is taken off *rest too. False when `end` is not there. */
static bool take_until(struct span *rest, char end, struct span *ret)
{
    const char *found = memchr(rest->bytes, end, rest->len);
    if (found == NULL)
        return false;
    *ret = (struct span){ rest->bytes, (size_t)(found - rest->bytes) };
    rest->bytes = found + 1;
    rest->len -= ret->len + 1;
    return true;
}

/* ---- the request line ---- */

/* 0 or the status to answer. */
static int read_version(struct request *rq, struct span version)
{
    if (version.len != 8 || memcmp(version.bytes, "HTTP/", 5) != 0 || version.bytes[6] != '.')
        return 400;
    const char major = version.bytes[5], minor = version.bytes[7];
    if (major < '0' || major > '9' || minor < '0' || minor > '9')
        return 400;
    if (major != '1')
        return 505;
    rq->is_http10 = minor == '0';
    rq->keeps_alive = !rq->is_http10;
    return 0;
}

static int read_target(struct request *rq, struct span target)
{
    for (size_t i = 0; i < target.len; i++) {
        if ((unsigned char)target.bytes[i] <= 0x20 || target.bytes[i] == 0x7F)
            return 400;
    }
    rq->target = target;
    struct span path = target;
    if (target.len > 7 && strncasecmp(target.bytes, "http://", 7) == 0) {
        const char *slash = memchr(target.bytes + 7, '/', target.len - 7);
        path = slash == NULL ? SPAN_LITERAL("/")
                             : (struct span){ slash, (size_t)(target.bytes + target.len - slash) };
    }
    if (path.len == 0 ||
        (path.bytes[0] != '/' && rq->method != METHOD_OPTIONS && rq->method != METHOD_CONNECT))
        return 400;
    rq->path = path;
    struct span before;
    if (take_until(&path, '?', &before)) {
        rq->path = before;
        rq->query = path;
    }
    return 0;
}

static int read_request_line(struct request *rq, struct span line)
{
    struct span method, target;
    if (!take_until(&line, ' ', &method) || !take_until(&line, ' ', &target) || !is_token(method))
        return 400;
    const int status = read_version(rq, line);
    if (status != 0)
        return status;
    unsigned id = 0;
    while (id < METHOD_COUNT && !span_equal(method, span_of(method_names[id])))
        id++;
    if (id == METHOD_COUNT)
        return 501;
    rq->method = (enum method)id;
    return read_target(rq, target);
}

/* ---- the fields ---- */

#define SEEN_HOST       1u
#define SEEN_LENGTH     2u
#define SEEN_ENCODING   4u
#define SEEN_KEEP_ALIVE 8u
#define SEEN_CLOSE      16u

static int read_length(struct request *rq, struct span value)
{
    uint64_t length = 0;
    if (value.len == 0 || value.len > 18)
        return 400;
    for (size_t i = 0; i < value.len; i++) {
        if (value.bytes[i] < '0' || value.bytes[i] > '9')
            return 400;
        length = length * 10 + (uint64_t)(value.bytes[i] - '0');
    }
    rq->content_length = length;
    return length > REQUEST_BODY_MAX ? 413 : 0;
}

static void read_connection(struct span value, unsigned *seen)
{
    while (value.len > 0) {
        struct span word;
        if (!take_until(&value, ',', &word)) {
            word = value;
            value.len = 0;
        }
        word = trim(word);
        if (is_named(word, "close"))
            *seen |= SEEN_CLOSE;
        else if (is_named(word, "keep-alive"))
            *seen |= SEEN_KEEP_ALIVE;
    }
}

/* The few fields that mean something here, told apart by their length first. */
static int read_field(struct request *rq, struct span name, struct span value, unsigned *seen)
{
    switch (name.len) {
    case 4:
        if (is_named(name, "host")) {
            if (*seen & SEEN_HOST)
                return 400;
            *seen |= SEEN_HOST;
            rq->host = value;
        }
        return 0;
    case 6:
        if (is_named(name, "expect") && is_named(value, "100-continue"))
            rq->expects_continue = !rq->is_http10;
        return 0;
    case 10:
        if (is_named(name, "connection"))
            read_connection(value, seen);
        return 0;
    case 12:
        if (is_named(name, "content-type"))
            rq->content_type = value;
        return 0;
    case 13:
        if (is_named(name, "authorization"))
            rq->authorization = value;
        return 0;
    case 14:
        if (!is_named(name, "content-length"))
            return 0;
        if (*seen & SEEN_LENGTH)
            return 400;
        *seen |= SEEN_LENGTH;
        return read_length(rq, value);
    case 17:
        if (!is_named(name, "transfer-encoding"))
            return 0;
        if ((*seen & SEEN_ENCODING) || rq->is_http10)
            return 400;
        *seen |= SEEN_ENCODING;
        rq->is_chunked = true;
        return is_named(value, "chunked") ? 0 : 501;
    default:
        return 0;
    }
}

bool request_next_field(struct span *rest, struct span *ret_name, struct span *ret_value)
{
    struct span line;
    if (!take_until(rest, '\n', &line) || line.len == 0 || !take_until(&line, ':', ret_name))
        return false;
    line.len -= line.len > 0; /* the carriage return */
    *ret_value = trim(line);
    return true;
}

static int read_fields(struct request *rq, struct span fields)
{
    unsigned seen = 0;
    rq->fields = fields;
    while (fields.len > 0) {
        struct span line, name;
        if (!take_until(&fields, '\n', &line) || line.len == 0 || line.bytes[line.len - 1] != '\r')
            return 400;
        line.len--;
        if (!take_until(&line, ':', &name) || !is_token(name) || !is_value(line))
            return 400;
        const int status = read_field(rq, name, trim(line), &seen);
        if (status != 0)
            return status;
    }
    if (!(seen & SEEN_HOST) && !rq->is_http10)
        return 400;
    if ((seen & SEEN_LENGTH) && (seen & SEEN_ENCODING))
        return 400;
    if (seen & SEEN_CLOSE)
        rq->keeps_alive = false;
    else if (seen & SEEN_KEEP_ALIVE)
        rq->keeps_alive = true;
    return 0;
}

/* ---- the whole head ---- */

/* What can be said before the blank line has come: 0 or the status to answer. Otherwise a client
 * that ends its lines with a bare line feed, or speaks TLS, would wait for an answer for ever. */
static int judge_partial(const char *bytes, size_t len, size_t scanned)
{
    if (len > REQUEST_HEAD_MAX)
        return 431;
    if (!is_token((struct span){ bytes, 1 }))
        return 400;
    const char *at = bytes + scanned;
    while ((at = memchr(at, '\n', (size_t)(bytes + len - at))) != NULL) {
        if (at == bytes || at[-1] != '\r')
            return 400;
        at++;
    }
    return 0;
}

enum request_state request_read(struct request *ret, size_t *ret_head_len, int *ret_status,
                                const char *bytes, size_t len, size_t *scanned)
{
    size_t lead = 0;
    while (lead + 2 <= len && lead < 2 * REQUEST_LEADING_MAX &&
           memcmp(bytes + lead, "\r\n", 2) == 0)
        lead += 2;
    if (lead == len || (len - lead == 1 && bytes[lead] == '\r'))
        return REQUEST_PARTIAL;

    const size_t from = *scanned > lead + 3 ? *scanned - 3 : lead;
    const char *blank = memmem(bytes + from, len - from, "\r\n\r\n", 4);
    if (blank == NULL || (size_t)(blank - bytes) + 4 > REQUEST_HEAD_MAX) {
        const int status =
            judge_partial(bytes + lead, len - lead, *scanned > lead ? *scanned - lead : 0);
        *scanned = len;
        if (status == 0 && blank == NULL)
            return REQUEST_PARTIAL;
        *ret_status = status != 0 ? status : 431;
        return REQUEST_BAD;
    }

    struct request rq = { .method = METHOD_GET };
    struct span head = { bytes + lead, (size_t)(blank + 2 - (bytes + lead)) };
    struct span line;
    int status = 400;
    if (take_until(&head, '\n', &line) && line.len > 0 && line.bytes[line.len - 1] == '\r') {
        line.len--;
        status = read_request_line(&rq, line);
    }
    if (status == 0)
        status = read_fields(&rq, head);
    if (status != 0) {
        *ret_status = status;
        return REQUEST_BAD;
    }
    *ret = rq;
    *ret_head_len = (size_t)(blank + 4 - bytes);
    return REQUEST_WHOLE;
}
