/* Any values in a request with a slot in each kind of place: it is refused, or a server reads
 * exactly the request that was meant, and in each place the value that was put there.
 *
 * Input: a byte that chooses the body, then the values, with 0x1E between them. */
#include <errno.h>
#include <stdlib.h>

#include "http/header.h"
#include "http/json.h"
#include "http/template.h"
#include "tests/fuzz/replay.h"
#include "tools/target/request.h"

#define E "\x1e"

enum { SLOT_PATH, SLOT_QUERY, SLOT_HEADER, SLOT_OPTIONAL, SLOT_FIRST, SLOT_SECOND, SLOT_COUNT };
enum { BODY_NONE, BODY_JSON, BODY_FORM, BODY_RAW, BODY_COUNT };

#define OUT_MAX 65536u

const struct span replay_seeds[] = {
    SPAN_LITERAL("\x01"
                 "a b/c" E "x=1&y" E "text/plain" E "yes" E "say \"hi\"\n" E "12"),
    SPAN_LITERAL("\x01"
                 "\xc3\xa9" E "\xff" E "a\tb" E E "\xf0\x9f\x98\x80\\" E "[1,{\"a\":null}]"),
    SPAN_LITERAL("\x02"
                 "../.." E "#?%" E "v" E "w" E "a=b&c d" E "+%20\0"),
    SPAN_LITERAL("\x03"
                 "p" E "q" E "a\r\nX: y" E "b\nHost: c" E "raw\r\n\r\n" E "GET / HTTP/1.1"),
    SPAN_LITERAL("\x01" E E E E E "\"\xff\""),
    SPAN_LITERAL("\x00"
                 "p" E "q" E "h"),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- the templates, made once ---- */

static void *take(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void write_body(struct template_builder *b, unsigned kind)
{
    static const struct {
        const char *before, *between, *behind;
        enum escape first, second;
    } bodies[BODY_COUNT] = {
        [BODY_JSON] = { "{\"s\":\"", "\",\"v\":", "}", ESCAPE_JSON, ESCAPE_JSON_VALUE },
        [BODY_FORM] = { "k=", "&l=", "", ESCAPE_FORM, ESCAPE_FORM },
        [BODY_RAW] = { "<", "|", ">", ESCAPE_NONE, ESCAPE_NONE },
    };
    if (kind == BODY_NONE)
        return;
    template_builder_begin_body(b);
    template_builder_fixed(b, span_of(bodies[kind].before));
    template_builder_slot(b, SLOT_FIRST, bodies[kind].first);
    template_builder_fixed(b, span_of(bodies[kind].between));
    template_builder_slot(b, SLOT_SECOND, bodies[kind].second);
    template_builder_fixed(b, span_of(bodies[kind].behind));
}

static const struct template *template_with(unsigned kind)
{
    static struct template templates[BODY_COUNT];
    struct template_builder *b;
    if (templates[kind].head_count > 0)
        return &templates[kind];
    require(template_builder_open(&b) == 0);
    template_builder_fixed(b, SPAN_LITERAL("POST /a/"));
    template_builder_slot(b, SLOT_PATH, ESCAPE_PATH);
    template_builder_fixed(b, SPAN_LITERAL("?q="));
    template_builder_slot(b, SLOT_QUERY, ESCAPE_QUERY);
    template_builder_fixed(b, SPAN_LITERAL(" HTTP/1.1\r\nHost: a\r\nX-Value: "));
    template_builder_slot(b, SLOT_HEADER, ESCAPE_HEADER);
    template_builder_fixed(b, SPAN_LITERAL("\r\n"));
    template_builder_optional_header(b, SPAN_LITERAL("X-Optional"), SLOT_OPTIONAL);
    write_body(b, kind);
    require(template_builder_finish(b, &templates[kind], take, NULL) == 0);
    template_builder_close(b);
    return &templates[kind];
}

/* ---- the values ---- */

static bool value_is_json(struct span value)
{
    struct span inner;
    return json_is_valid(value, &inner) && inner.len == value.len && value.bytes[0] != '"';
}

static int value_of(void *context, uint32_t slot, struct slot_value *ret_value)
{
    const struct span *values = context;
    require(slot < SLOT_COUNT);
    if (values[slot].bytes == NULL)
        return -ENODATA;
    *ret_value = (struct slot_value){ values[slot], value_is_json(values[slot]) };
    return 0;
}

static void split(struct span rest, struct span values[SLOT_COUNT])
{
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        const char *end = rest.len > 0 ? memchr(rest.bytes, 0x1e, rest.len) : NULL;
        values[i] = (struct span){ rest.bytes, end ? (size_t)(end - rest.bytes) : rest.len };
        if (i == SLOT_OPTIONAL && values[i].len == 0)
            values[i].bytes = NULL;
        rest.bytes += end ? values[i].len + 1 : rest.len;
        rest.len -= end ? values[i].len + 1 : rest.len;
    }
}

/* ---- what the server reads ---- */

static unsigned hex_value(char c)
{
    const char *digits = "0123456789ABCDEF";
    const char *found = c == '\0' ? NULL : strchr(digits, c);
    require(found != NULL);
    return (unsigned)(found - digits);
}

/* Takes a percent-encoded text off the front of *rest, up to a byte of `end` or its end. */
static void require_decoded(struct span *rest, struct span meant, const char *end, bool is_form)
{
    size_t at = 0, used = 0;
    for (; at < rest->len && strchr(end, rest->bytes[at]) == NULL; used++) {
        char byte = rest->bytes[at++];
        if (byte == '%') {
            require(at + 2 <= rest->len);
            byte = (char)(hex_value(rest->bytes[at]) << 4 | hex_value(rest->bytes[at + 1]));
            at += 2;
        } else if (is_form && byte == '+') {
            byte = ' ';
        }
        require(used < meant.len && meant.bytes[used] == byte);
    }
    require(used == meant.len);
    rest->bytes += at;
    rest->len -= at;
}

static void require_text(struct span *rest, const char *text)
{
    const size_t len = strlen(text);
    require(rest->len >= len && memcmp(rest->bytes, text, len) == 0);
    rest->bytes += len;
    rest->len -= len;
}

static struct span trimmed(struct span text)
{
    while (text.len > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t')) {
        text.bytes++;
        text.len--;
    }
    while (text.len > 0 && (text.bytes[text.len - 1] == ' ' || text.bytes[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static void require_field(struct span *fields, const char *name, struct span meant)
{
    struct span found, value;
    require(request_next_field(fields, &found, &value));
    require(span_equal(found, span_of(name)));
    require(span_equal(trimmed(value), trimmed(meant)));
}

static void check_json(struct span body, const struct span values[SLOT_COUNT])
{
    static char text[OUT_MAX];
    struct json_document json;
    uint32_t node;
    const struct span value = values[SLOT_SECOND];
    require(json_document_open(&json, body.len) == 0);
    require(json_document_read(&json, body) == 0);
    require(json_node_find(&json, JSON_ROOT, SPAN_LITERAL("/s"), &node) == 0);
    int len = json_node_string(&json, node, text, sizeof(text));
    require(len >= 0 && span_equal((struct span){ text, (size_t)len }, values[SLOT_FIRST]));
    require(json_node_find(&json, JSON_ROOT, SPAN_LITERAL("/v"), &node) == 0);
    if (value_is_json(value)) {
        require(span_equal(json_node_text(&json, node), value));
    } else {
        len = json_node_string(&json, node, text, sizeof(text));
        require(len >= 0 && span_equal((struct span){ text, (size_t)len }, value));
    }
    json_document_close(&json);
}

static void check_body(unsigned kind, struct span body, const struct span values[SLOT_COUNT])
{
    const struct span first = values[SLOT_FIRST], second = values[SLOT_SECOND];
    switch (kind) {
    case BODY_JSON:
        check_json(body, values);
        return;
    case BODY_FORM:
        require_text(&body, "k=");
        require_decoded(&body, first, "&", true);
        require_text(&body, "&l=");
        require_decoded(&body, second, "&", true);
        break;
    case BODY_RAW:
        require(body.len == first.len + second.len + 3);
        require(memcmp(body.bytes + 1, first.bytes, first.len) == 0);
        require(memcmp(body.bytes + 2 + first.len, second.bytes, second.len) == 0);
        return;
    default:
        break;
    }
    require(body.len == 0);
}

static void check_request(unsigned kind, struct span sent, const struct span values[SLOT_COUNT])
{
    struct request rq;
    size_t head_len, scanned = 0;
    int status;
    require(request_read(&rq, &head_len, &status, sent.bytes, sent.len, &scanned) == REQUEST_WHOLE);
    require(rq.method == METHOD_POST && !rq.is_chunked);
    struct span target = rq.target;
    require_text(&target, "/a/");
    require_decoded(&target, values[SLOT_PATH], "?/", false);
    require_text(&target, "?q=");
    require_decoded(&target, values[SLOT_QUERY], "", false);
    struct span fields = rq.fields;
    require_field(&fields, "Host", SPAN_LITERAL("a"));
    require_field(&fields, "X-Value", values[SLOT_HEADER]);
    if (values[SLOT_OPTIONAL].bytes != NULL)
        require_field(&fields, "X-Optional", values[SLOT_OPTIONAL]);
    struct span name, value;
    require(request_next_field(&fields, &name, &value) == (kind != BODY_NONE));
    require(rq.content_length == sent.len - head_len);
    check_body(kind, (struct span){ sent.bytes + head_len, sent.len - head_len }, values);
}

static bool is_utf8(struct span text)
{
    static char escaped[OUT_MAX];
    return template_escape(ESCAPE_JSON, text, escaped, sizeof(escaped)) != -EILSEQ;
}

static bool may_be_refused(unsigned kind, const struct span values[SLOT_COUNT])
{
    return !header_value_is_valid(values[SLOT_HEADER]) ||
           (values[SLOT_OPTIONAL].bytes != NULL && !header_value_is_valid(values[SLOT_OPTIONAL])) ||
           (kind == BODY_JSON && (!is_utf8(values[SLOT_FIRST]) || !is_utf8(values[SLOT_SECOND])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char out[OUT_MAX];
    struct span values[SLOT_COUNT];
    size_t len = 0;
    uint32_t slot;
    if (size == 0 || size > 4096)
        return 0;
    const unsigned kind = data[0] % BODY_COUNT;
    split((struct span){ (const char *)data + 1, size - 1 }, values);
    const int rc =
        template_render(template_with(kind), value_of, values, out, sizeof(out), &len, &slot);
    require(rc == (may_be_refused(kind, values) ? -EILSEQ : 0));
    if (rc == 0)
        check_request(kind, (struct span){ out, len }, values);
    return 0;
}
