/* response — bytes of one connection to responses: llhttp for heads and framing, our own limits
 * around it.
 *
 * llhttp is strict (no lenient flag) and has no size limits: header, trailer, chunk-extension and
 * 1xx bytes are counted here. Bodies of known length are counted down without the parser. The
 * outcome never depends on how the bytes were cut. One owner thread; no allocation; no I/O.
 */
#ifndef SQUALL_HTTP_RESPONSE_H
#define SQUALL_HTTP_RESPONSE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/span.h"
#include "stats/failure.h"

#define RESPONSE_HEAD_MAX   (64u * 1024u) /* bytes of one head, all its 1xx predecessors included */
#define RESPONSE_INFORM_MAX 10u           /* 1xx responses before the real one */
#define RESPONSE_CHUNK_EXT_MAX                                                                     \
    (16u * 1024u) /* bytes of chunk sizes, extensions and trailers of one response beyond one      \
                      line of 32 bytes per chunk */
#define RESPONSE_MEMO_MAX 1024u /* a longer head is always parsed */
#define RESPONSE_LINE_MAX 8192u /* name and value of a header as a watcher gets them, together */

enum response_verdict {
    RESPONSE_MORE,  /* not complete: feed more bytes */
    RESPONSE_DONE,  /* complete: *ret_used bytes belong to it, the rest do not */
    RESPONSE_BROKEN /* see failure and reason; the connection must be closed */
};

/* What a head said. */
struct response_head {
    uint16_t status;
    bool keep_alive; /* the connection may carry another request after this response */
    bool has_length; /* Content-Length, or a status or method without body: length is exact */
    bool is_chunked;
    uint64_t length; /* body bytes to come when has_length */
};

/* Watchers see the final response only, never a 1xx. Any of the functions may be NULL; with all of
 * them NULL, or `watch` itself NULL, the fast ways are taken. Spans are valid during the call only.
 * A header's name and value are given whole, however they were cut, up to RESPONSE_LINE_MAX bytes
 * together (longer values are cut off there); trailers of a chunked body are not given. */
struct response_watch {
    /* True: also a watch that skips dull heads must see this header, whatever the response and
     * the value. */
    bool (*header)(void *context, struct span name, struct span value);
    void (*body)(void *context,
                 struct span bytes); /* decoded of chunking, not of Content-Encoding */
    /* Must be given with `header`: RESPONSE_LINE_MAX bytes that are this response's own until its
     * head is complete. Asked at most once per response, and only when a header was cut between two
     * feeds. NULL breaks it with LOCAL_MEMORY. */
    char *(*line_room)(void *context);
    bool skips_dull; /* a head all of whose headers are known to be dull may be taken from the memo:
                        then `header` sees none of them */
};

/* The last head of a core that was parsed whole, for skipping those that say the same but for the
 * length of their body. One per worker; off when `enabled` is false. */
struct response_memo {
    bool enabled;
    bool is_dull; /* a watcher saw all its headers, and none that others must see */
    uint16_t digits_at, digit_count; /* of Content-Length, which may be others; none: `len`, 0 */
    uint32_t len;
    struct response_head head;
    char bytes[RESPONSE_MEMO_MAX];
};

#define RESPONSE_PARSER_BYTES 128u /* room for an llhttp_t, which only response.c may see */

/* One response being received; lives inside its connection. Read it through the functions below
 * only. */
struct response {
    alignas(8) unsigned char parser[RESPONSE_PARSER_BYTES];
    const struct response_watch *watch;
    void *context;
    const char *reason;
    char *line; /* what line_room gave: a header cut between two feeds, name first */
    struct response_head head;
    uint64_t bytes; /* of this response, 1xx included */
    uint64_t body_bytes;
    uint64_t body_left;     /* while counting down a body of known length */
    uint32_t framing_bytes; /* head bytes, later chunk framing bytes, against the limits */
    uint16_t name_len;      /* of the header in `line` */
    uint16_t value_len;
    uint8_t state; /* private to response.c, as all that follows */
    uint8_t inform_count;
    uint8_t failure;
    uint8_t start_len; /* bytes seen of the current head, up to where its status code ends; 0 =
                          parser not begun */
    uint8_t line_left; /* bytes of the current chunk's line that are free of the limit */
    uint8_t last_byte; /* of head or chunk framing, before the bytes to come */
    bool is_head_request;
    bool is_notable : 1; /* not dull, see response_watch */
    bool has_line : 1;   /* `line` holds a header that is not complete */
};

/* Prepares for the next response on a connection: what was asked decides how the answer is framed.
 * `is_head`: the request's method was HEAD. */
void response_begin(struct response *r, bool is_head, const struct response_watch *watch,
                    void *context);

/* Feeds bytes as they came. *ret_used is how many were consumed: all of them unless DONE or BROKEN.
 * `memo` may be NULL; `*ret_memoised` (may be NULL) tells whether this head was taken from it. */
enum response_verdict response_feed(struct response *r, struct response_memo *memo,
                                    const char *bytes, size_t len, size_t *ret_used,
                                    bool *ret_memoised);

/* The peer closed its side. DONE when the body was delimited by the close, BROKEN otherwise. */
enum response_verdict response_eof(struct response *r);

/* Body bytes still to come that nobody watches and whose number is known; 0 when unknown or
 * watched. The caller may throw away up to that many from the socket and report it with
 * response_discarded(). */
uint64_t response_discardable(const struct response *r);
enum response_verdict response_discarded(struct response *r, uint64_t bytes);

bool response_has_begun(const struct response *r); /* any byte fed since response_begin() */
bool response_has_head(const struct response *r);  /* the final head is complete */
const struct response_head *response_head(const struct response *r);
uint64_t
response_bytes(const struct response *r); /* all bytes of this response so far, 1xx included */
uint64_t
response_body_bytes(const struct response *r); /* body bytes so far, chunk framing left out */
enum failure_class response_failure(const struct response *r); /* after BROKEN */
const char *response_reason(const struct response *r);         /* static text, after BROKEN */

#endif
