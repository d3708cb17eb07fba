/* request — the head of an HTTP/1.x request, read strictly: what RFC 9112 forbids is refused, with
 * the status to answer. Spans point into the caller's bytes. No memory of its own, no I/O.
 */
#ifndef SQUALL_TOOLS_TARGET_REQUEST_H
#define SQUALL_TOOLS_TARGET_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/span.h"

#define REQUEST_HEAD_MAX (64u * 1024u)
#define REQUEST_BODY_MAX (16u * 1024u * 1024u)

#define METHODS(X) X(GET) X(HEAD) X(POST) X(PUT) X(DELETE) X(PATCH) X(OPTIONS) X(TRACE) X(CONNECT)

enum method {
#define X(id) METHOD_##id,
    METHODS(X)
#undef X
        METHOD_COUNT
};

#define METHOD_BIT(id) (1u << METHOD_##id)

struct request {
    enum method method;
    bool is_http10;
    bool keeps_alive; /* the connection stays open after the answer */
    bool is_chunked;
    bool expects_continue;
    uint64_t content_length;                       /* 0 when absent */
    struct span target;                            /* as sent */
    struct span path;                              /* of the target, without the query */
    struct span query;                             /* without '?' */
    struct span fields;                            /* the header lines, each with its CRLF */
    struct span host, authorization, content_type; /* empty when absent */
    struct span body;                              /* filled by who has read it */
};

enum request_state { REQUEST_PARTIAL, REQUEST_WHOLE, REQUEST_BAD };

/* Reads the head at the start of `bytes`. `*scanned` says how many of them an earlier call has
 * looked at (0 at first); it makes reading byte by byte linear. WHOLE: *ret and *ret_head_len
 * (blank line and leading empty lines included) are written. BAD: *ret_status is the status to
 * answer before closing. */
enum request_state request_read(struct request *ret, size_t *ret_head_len, int *ret_status,
                                const char *bytes, size_t len, size_t *scanned);

/* Takes the first header line off `*rest`, which starts as request.fields. False when there is none
 * left. */
bool request_next_field(struct span *rest, struct span *ret_name, struct span *ret_value);

bool request_has_body(const struct request *rq);
const char *method_name(enum method method);

#endif
