#include "http/response.h"

#include <assert.h>
#include <llhttp.h>

#include "http/memo.h"
#include "http/strict.h"
#include "stats/mutant.h"

enum response_state { IN_HEAD, IN_BODY_OF_LENGTH, IN_CHUNKS, IN_BODY_UNTIL_EOF, COMPLETE, BROKEN };

#define CHUNK_LINE_FREE 32u

static_assert(sizeof(llhttp_t) <= RESPONSE_PARSER_BYTES, "llhttp_t fits its room");
static_assert(alignof(llhttp_t) <= 8, "llhttp_t may stand where its room is");

/* One run of llhttp over fed bytes: what its callbacks share. */
struct feed {
    struct response *r;
    const char *accounted;   /* head or framing bytes before this one are counted and checked */
    struct span name, value; /* of a header that began in these bytes */
};

static llhttp_t *parser_of(struct response *r)
{
    return (llhttp_t *)(void *)r->parser;
}

static struct feed *feed_of(llhttp_t *parser)
{
    return parser->data;
}

static void response_break(struct response *r, enum failure_class failure, const char *reason)
{
    r->state = BROKEN;
    r->failure = (uint8_t)failure;
    r->reason = reason;
}

/* Counts head or chunk framing bytes up to `end` against their limit and checks them. False when
 * that broke the response; f->accounted is then the byte that did it. */
static bool feed_account(struct feed *f, const char *end)
{
    struct response *r = f->r;
    const size_t len = (size_t)(end - f->accounted);
    if (len == 0)
        return true;

    const uint32_t limit = r->state == IN_HEAD ? RESPONSE_HEAD_MAX : RESPONSE_CHUNK_EXT_MAX;
    const size_t room = r->line_left + (limit - r->framing_bytes);
    const size_t fitting = len < room ? len : room;
    const uint8_t *bytes = (const uint8_t *)f->accounted;
    const size_t fault = strict_find_fault(bytes, fitting, r->last_byte);

    if (fault < fitting) {
        const uint8_t before = fault == 0 ? r->last_byte : bytes[fault - 1];
        f->accounted += fault;
        response_break(r, FAILURE_PROTO_PARSE, strict_fault_reason(before, bytes[fault]));
        return false;
    }
    if (fitting < len) {
        f->accounted += fitting;
        response_break(r, FAILURE_PROTO_LIMIT,
                       r->state == IN_HEAD ? "the head is longer than 64 KiB"
                                           : "chunk sizes, extensions and trailers exceed 16 KiB");
        return false;
    }
    const size_t free_bytes = len < r->line_left ? len : r->line_left;
    r->line_left = (uint8_t)(r->line_left - free_bytes);
    r->framing_bytes += (uint32_t)(len - free_bytes);
    r->last_byte = bytes[len - 1];
    f->accounted = end;
    return true;
}

/* llhttp stops at the end of every head and of every chunked body; all other bodies are none of its
 * business. */
static int pause_parser(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

static int body_seen(llhttp_t *parser, const char *at, size_t len)
{
    struct feed *f = feed_of(parser);
    struct response *r = f->r;

    if (!feed_account(f, at))
        return -1;
    f->accounted = at + len;
    r->last_byte = 0;
    r->line_left = CHUNK_LINE_FREE;
    r->body_bytes += len;
    if (r->watch && r->watch->body)
        r->watch->body(r->context, (struct span){ at, len });
    return 0;
}

/* Headers of a 1xx are nobody's, and neither are trailers. */
static bool header_is_wanted(llhttp_t *parser)
{
    return feed_of(parser)->r->state == IN_HEAD && parser->status_code >= 200;
}

/* Appends to the header that was cut; what goes past RESPONSE_LINE_MAX is left out. */
static void line_append(struct response *r, uint16_t *part_len, struct span bytes)
{
    const size_t filled = (size_t)r->name_len + r->value_len;
    const size_t room = RESPONSE_LINE_MAX - filled;
    const size_t len = bytes.len < room ? bytes.len : room;

    memcpy(r->line + filled, bytes.bytes, len);
    *part_len = (uint16_t)(*part_len + len);
}

/* A piece of a header's name or value: kept as a span, unless the header was cut and lies in
 * `line`. */
static int header_part_seen(struct feed *f, bool is_wanted, struct span bytes, struct span *part,
                            uint16_t *part_len)
{
    if (!feed_account(f, bytes.bytes + bytes.len))
        return -1;
    if (!is_wanted)
        return 0;
    if (f->r->has_line)
        line_append(f->r, part_len, bytes);
    else
        *part = bytes;
    return 0;
}

static int header_name_seen(llhttp_t *parser, const char *at, size_t len)
{
    struct feed *f = feed_of(parser);
    return header_part_seen(f, header_is_wanted(parser), (struct span){ at, len }, &f->name,
                            &f->r->name_len);
}

static int header_value_seen(llhttp_t *parser, const char *at, size_t len)
{
    struct feed *f = feed_of(parser);
    return header_part_seen(f, header_is_wanted(parser), (struct span){ at, len }, &f->value,
                            &f->r->value_len);
}

static int header_complete(llhttp_t *parser)
{
    struct feed *f = feed_of(parser);
    struct response *r = f->r;
    struct span name = f->name;
    struct span value = f->value;

    if (!header_is_wanted(parser))
        return 0;
    if (r->has_line) {
        name = (struct span){ r->line, r->name_len };
        value = (struct span){ r->line + r->name_len, r->value_len };
    }
    if (name.len > RESPONSE_LINE_MAX)
        name.len = RESPONSE_LINE_MAX;
    if (value.len > RESPONSE_LINE_MAX - name.len)
        value.len = RESPONSE_LINE_MAX - name.len;
    while (value.len > 0 &&
           (value.bytes[value.len - 1] == ' ' || value.bytes[value.len - 1] == '\t'))
        value.len--;
    r->has_line = false;
    f->name.len = 0;
    f->value.len = 0;
    r->is_notable |= r->watch->header(r->context, name, value);
    return 0;
}

/* The bytes are about to go away: a header that is still in progress moves to the room the watcher
 * lends. */
static void feed_keep_cut_header(struct feed *f)
{
    struct response *r = f->r;

    if (f->name.len == 0)
        return;
    if (!r->line)
        r->line = r->watch->line_room(r->context);
    if (!r->line) {
        response_break(r, FAILURE_LOCAL_MEMORY, "no room for a header that came in pieces");
        return;
    }
    r->has_line = true;
    r->name_len = 0;
    r->value_len = 0;
    line_append(r, &r->name_len, f->name);
    if (f->value.len > 0)
        line_append(r, &r->value_len, f->value);
}

/* Two tables, because a callback that is not there costs nothing: 140 ns a head against 220.
 */
static const llhttp_settings_t settings_plain = {
    .on_headers_complete = pause_parser,
    .on_body = body_seen,
    .on_message_complete = pause_parser,
};

static const llhttp_settings_t settings_watched = {
    .on_header_field = header_name_seen,
    .on_header_value = header_value_seen,
    .on_header_value_complete = header_complete,
    .on_headers_complete = pause_parser,
    .on_body = body_seen,
    .on_message_complete = pause_parser,
};

static const char *parse_reason(llhttp_errno_t error)
{
    switch ((int)error) {
    case HPE_INVALID_CONSTANT:
    case HPE_INVALID_VERSION:
        return "the response does not begin with HTTP/1.0 or HTTP/1.1";
    case HPE_INVALID_STATUS:
        return "the status code is not valid";
    case HPE_INVALID_HEADER_TOKEN:
        return "a header holds a byte that may not stand there";
    case HPE_UNEXPECTED_SPACE:
        return "a blank before the first header";
    case HPE_CR_EXPECTED:
    case HPE_LF_EXPECTED:
        return "a line does not end in CR LF";
    case HPE_INVALID_CONTENT_LENGTH:
        return "Content-Length is not a number";
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        return "Content-Length twice, or together with Transfer-Encoding";
    case HPE_INVALID_TRANSFER_ENCODING:
        return "Transfer-Encoding is not valid";
    case HPE_INVALID_CHUNK_SIZE:
        return "the size of a chunk, or what follows it, is not valid";
    case HPE_STRICT:
        return "a chunk or a line is not ended as it must be";
    default:
        return "the response is not valid HTTP/1.1";
    }
}

/* Runs llhttp over the bytes. Returns how many it took; *ret_error is HPE_OK when it wants more,
 * HPE_PAUSED when the head or the chunked body is complete, and the response is broken on any
 * other. */
static size_t feed_run(struct feed *f, size_t len, llhttp_errno_t *ret_error)
{
    struct response *r = f->r;
    llhttp_t *parser = parser_of(r);
    const char *bytes = f->accounted;

    parser->data = f; /* set anew each time: the response may have moved, and the feed has */
    const llhttp_errno_t error = llhttp_execute(parser, bytes, len);
    const char *stop = error == HPE_OK ? bytes + len : llhttp_get_error_pos(parser);

    *ret_error = error;
    if (r->state == BROKEN || !feed_account(f, stop))
        return (size_t)(f->accounted - bytes);
    if (error != HPE_OK && error != HPE_PAUSED)
        response_break(r, FAILURE_PROTO_PARSE, parse_reason(error));
    return (size_t)(stop - bytes);
}

static bool status_has_no_body(unsigned status)
{
    return status == 204 || status == 304;
}

static struct response_head head_read(llhttp_t *parser, bool is_head_request)
{
    const bool has_no_body = is_head_request || status_has_no_body(parser->status_code);
    /* RFC 9112, 6.1: Transfer-Encoding in HTTP/1.0 cannot be trusted to end where it seems to. */
    const bool is_doubtful = (parser->flags & F_TRANSFER_ENCODING) && parser->http_minor == 0;

    if (is_head_request)
        parser->flags |= F_SKIPBODY; /* else llhttp expects a body until the connection ends */
    struct response_head head = {
        .status = parser->status_code,
        .keep_alive = llhttp_should_keep_alive(parser) && !is_doubtful &&
                      !(parser->flags & F_CONNECTION_CLOSE),
    };
    if (has_no_body) {
        head.has_length = true;
    } else if (parser->flags & F_TRANSFER_ENCODING) {
        head.is_chunked = (parser->flags & F_CHUNKED) != 0;
    } else if (parser->flags & F_CONTENT_LENGTH) {
        head.has_length = true;
        head.length = parser->content_length;
    }
    return head;
}

static void enter_body(struct response *r)
{
    if (r->head.is_chunked) {
        llhttp_resume(parser_of(r));
        r->framing_bytes = 0;
        r->line_left = CHUNK_LINE_FREE;
        r->last_byte = 0;
        r->state = IN_CHUNKS;
    } else if (!r->head.has_length) {
        r->state = IN_BODY_UNTIL_EOF;
    } else {
        r->body_left = r->head.length;
        r->state = r->body_left > 0 ? IN_BODY_OF_LENGTH : COMPLETE;
    }
}

static void head_completed(struct response *r)
{
    llhttp_t *parser = parser_of(r);

    if (MUTANT_IS(24) && parser->status_code < 200) {
        r->head = head_read(parser, true);
        r->state = COMPLETE;
    } else if (parser->status_code >= 200) {
        r->head = head_read(parser, r->is_head_request);
        enter_body(r);
    } else if (parser->status_code == 101) {
        response_break(r, FAILURE_PROTO_PARSE, "status 101, although no upgrade was asked for");
    } else if (r->inform_count == RESPONSE_INFORM_MAX) {
        response_break(r, FAILURE_PROTO_LIMIT, "more than 10 responses with status 1xx");
    } else {
        /* A 1xx has no body whatever its headers say, so the next head begins here. */
        r->inform_count++;
        r->start_len = 0;
    }
}

static bool is_header_watched(const struct response *r)
{
    return r->watch && r->watch->header;
}

static size_t feed_head(struct response *r, const char *bytes, size_t len)
{
    struct feed f = { .r = r, .accounted = bytes };

    if (r->start_len == 0) {
        llhttp_init(parser_of(r), HTTP_RESPONSE,
                    is_header_watched(r) ? &settings_watched : &settings_plain);
        r->last_byte = 0;
    }
    if (r->start_len < STRICT_START_LEN) {
        const size_t fitting = strict_match_start(r->start_len, bytes, len);
        r->start_len = (uint8_t)(r->start_len + fitting);
        if (fitting < len && r->start_len < STRICT_START_LEN) {
            if (feed_account(&f, bytes + fitting))
                response_break(r, FAILURE_PROTO_PARSE, strict_start_reason(r->start_len));
            return (size_t)(f.accounted - bytes);
        }
    }
    llhttp_errno_t error;
    const size_t used = feed_run(&f, len, &error);
    if (r->state != IN_HEAD)
        return used;
    if (error == HPE_PAUSED)
        head_completed(r);
    else
        feed_keep_cut_header(&f);
    return used;
}

static size_t feed_chunks(struct response *r, const char *bytes, size_t len)
{
    struct feed f = { .r = r, .accounted = bytes };
    llhttp_errno_t error;
    const size_t used = feed_run(&f, len, &error);

    if (r->state == IN_CHUNKS && error == HPE_PAUSED)
        r->state = COMPLETE;
    return used;
}

static size_t feed_body(struct response *r, const char *bytes, size_t len)
{
    const bool has_length = r->state == IN_BODY_OF_LENGTH;
    const size_t used = has_length && r->body_left < len ? (size_t)r->body_left : len;

    r->body_bytes += used;
    if (r->watch && r->watch->body)
        r->watch->body(r->context, (struct span){ bytes, used });
    if (has_length) {
        r->body_left -= used;
        if (r->body_left == 0)
            r->state = COMPLETE;
    }
    return used;
}

static bool memo_may_serve(const struct response_memo *memo, const struct response *r)
{
    return memo && memo->enabled && r->bytes == 0 && !r->is_head_request &&
           (!is_header_watched(r) || (r->watch->skips_dull && memo->is_dull));
}

/* What a head means depends on its bytes and on HEAD having been asked; answers to HEAD are never
 * remembered. */
static void memo_remember(struct response_memo *memo, const struct response *r, const char *bytes,
                          size_t head_len)
{
    if (!memo || !memo->enabled || r->is_head_request || !r->head.has_length ||
        head_len > RESPONSE_MEMO_MAX)
        return;
    memo_keep(memo, (struct span){ bytes, head_len }, &r->head,
              !status_has_no_body(r->head.status));
    memo->is_dull = is_header_watched(r) && !r->is_notable;
}

/* The first feed of a response: the only one in which a head can come whole. */
static size_t feed_first(struct response *r, struct response_memo *memo, const char *bytes,
                         size_t len, bool *ret_memoised)
{
    struct response_head head;
    if (memo_may_serve(memo, r) && memo_matches(memo, bytes, len, &head)) {
        r->head = head;
        enter_body(r);
        *ret_memoised = true;
        return memo->len;
    }
    const size_t used = feed_head(r, bytes, len);
    if (r->head.status != 0)
        memo_remember(memo, r, bytes, used);
    return used;
}

static enum response_verdict response_verdict(const struct response *r)
{
    if (r->state == COMPLETE)
        return RESPONSE_DONE;
    return r->state == BROKEN ? RESPONSE_BROKEN : RESPONSE_MORE;
}

void response_begin(struct response *r, bool is_head, const struct response_watch *watch,
                    void *context)
{
    assert(!watch || !watch->header || watch->line_room);

    r->watch = watch;
    r->context = context;
    r->reason = NULL;
    r->line = NULL;
    r->head = (struct response_head){ 0 };
    r->bytes = 0;
    r->body_bytes = 0;
    r->body_left = 0;
    r->framing_bytes = 0;
    r->state = IN_HEAD;
    r->inform_count = 0;
    r->failure = FAILURE_NONE;
    r->start_len = 0;
    r->line_left = 0;
    r->is_head_request = is_head;
    r->is_notable = false;
    r->has_line = false;
}

enum response_verdict response_feed(struct response *r, struct response_memo *memo,
                                    const char *bytes, size_t len, size_t *ret_used,
                                    bool *ret_memoised)
{
    bool is_memoised = false;
    size_t used = 0;

    if (r->bytes == 0 && len > 0 && r->state == IN_HEAD)
        used = feed_first(r, memo, bytes, len, &is_memoised);
    while (used < len && r->state < COMPLETE) {
        if (r->state == IN_HEAD)
            used += feed_head(r, bytes + used, len - used);
        else if (r->state == IN_CHUNKS)
            used += feed_chunks(r, bytes + used, len - used);
        else
            used += feed_body(r, bytes + used, len - used);
    }
    assert(used <= len);
    r->bytes += used;
    *ret_used = used;
    if (ret_memoised)
        *ret_memoised = is_memoised;
    return response_verdict(r);
}

enum response_verdict response_eof(struct response *r)
{
    if (r->state == IN_BODY_UNTIL_EOF)
        r->state = COMPLETE;
    else if (r->state < COMPLETE && r->bytes == 0)
        response_break(r, FAILURE_EOF_BEFORE_RESPONSE, "closed before the response began");
    else if (r->state < COMPLETE)
        response_break(r, FAILURE_EOF_MID_BODY,
                       r->state == IN_HEAD ? "closed in the middle of the head"
                                           : "closed in the middle of the body");
    return response_verdict(r);
}

uint64_t response_discardable(const struct response *r)
{
    const bool is_watched = r->watch && r->watch->body;

    return r->state == IN_BODY_OF_LENGTH && !is_watched ? r->body_left : 0;
}

enum response_verdict response_discarded(struct response *r, uint64_t bytes)
{
    assert(bytes <= response_discardable(r));

    if (r->state == IN_BODY_OF_LENGTH) {
        r->bytes += bytes;
        r->body_bytes += bytes;
        r->body_left -= bytes;
        if (r->body_left == 0)
            r->state = COMPLETE;
    }
    return response_verdict(r);
}

bool response_has_begun(const struct response *r)
{
    return r->bytes > 0;
}

bool response_has_head(const struct response *r)
{
    return r->head.status != 0;
}

const struct response_head *response_head(const struct response *r)
{
    return &r->head;
}

uint64_t response_bytes(const struct response *r)
{
    return r->bytes;
}

uint64_t response_body_bytes(const struct response *r)
{
    return r->body_bytes;
}

enum failure_class response_failure(const struct response *r)
{
    return (enum failure_class)r->failure;
}

const char *response_reason(const struct response *r)
{
    return r->reason;
}
