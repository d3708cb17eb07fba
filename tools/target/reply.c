#include "tools/target/reply.h"

/* STATUS(number, reason) */
#define STATUSES(X)                                                                                \
    X(200, "OK")                                                                                   \
    X(201, "Created")                                                                              \
    X(202, "Accepted")                                                                             \
    X(204, "No Content")                                                                           \
    X(205, "Reset Content")                                                                        \
    X(206, "Partial Content")                                                                      \
    X(301, "Moved Permanently")                                                                    \
    X(302, "Found")                                                                                \
    X(303, "See Other")                                                                            \
    X(304, "Not Modified")                                                                         \
    X(307, "Temporary Redirect")                                                                   \
    X(308, "Permanent Redirect")                                                                   \
    X(400, "Bad Request")                                                                          \
    X(401, "Unauthorized")                                                                         \
    X(403, "Forbidden")                                                                            \
    X(404, "Not Found")                                                                            \
    X(405, "Method Not Allowed")                                                                   \
    X(408, "Request Timeout")                                                                      \
    X(409, "Conflict")                                                                             \
    X(410, "Gone")                                                                                 \
    X(413, "Content Too Large")                                                                    \
    X(415, "Unsupported Media Type")                                                               \
    X(418, "I'm a teapot")                                                                         \
    X(422, "Unprocessable Content")                                                                \
    X(429, "Too Many Requests")                                                                    \
    X(431, "Request Header Fields Too Large")                                                      \
    X(500, "Internal Server Error")                                                                \
    X(501, "Not Implemented")                                                                      \
    X(502, "Bad Gateway")                                                                          \
    X(503, "Service Unavailable")                                                                  \
    X(504, "Gateway Timeout")                                                                      \
    X(505, "HTTP Version Not Supported")                                                           \
    X(507, "Insufficient Storage")

const char *status_reason(int status)
{
    switch (status) {
#define X(number, reason)                                                                          \
    case number:                                                                                   \
        return reason;
        STATUSES(X)
#undef X
    default:
        return "Unknown";
    }
}

bool status_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

static void add_start(struct outbox *o, const struct reply *reply)
{
    outbox_add_text(o, "HTTP/1.1 ");
    outbox_add_number(o, (uint64_t)reply->status);
    outbox_add_text(o, " ");
    outbox_add_text(o, status_reason(reply->status));
    outbox_add_text(o, "\r\nServer: squall\r\n");
    if (reply->type != NULL && status_has_body(reply->status)) {
        outbox_add_text(o, "Content-Type: ");
        outbox_add_text(o, reply->type);
        outbox_add_text(o, "\r\n");
    }
    if (reply->fields != NULL)
        outbox_add_text(o, reply->fields);
}

/* HTTP/1.1 stays open unless told otherwise, HTTP/1.0 the other way round: only what is not so is
 * said. */
static void add_end(struct outbox *o, const struct request *rq, bool keeps_alive)
{
    if (!keeps_alive)
        outbox_add_text(o, "Connection: close\r\n");
    else if (rq->is_http10)
        outbox_add_text(o, "Connection: keep-alive\r\n");
    outbox_add_text(o, "\r\n");
}

void reply_add_head(struct outbox *o, const struct request *rq, const struct reply *reply,
                    uint64_t length)
{
    add_start(o, reply);
    if (status_has_body(reply->status)) {
        outbox_add_text(o, "Content-Length: ");
        outbox_add_number(o, length);
        outbox_add_text(o, "\r\n");
    }
    add_end(o, rq, rq->keeps_alive);
}

void reply_add_chunked_head(struct outbox *o, const struct request *rq, const struct reply *reply)
{
    add_start(o, reply);
    if (!rq->is_http10)
        outbox_add_text(o, "Transfer-Encoding: chunked\r\n");
    add_end(o, rq, rq->keeps_alive && !rq->is_http10);
}

void reply_add(struct outbox *o, const struct request *rq, const struct reply *reply,
               struct span body)
{
    if (!status_has_body(reply->status))
        body.len = 0;
    reply_add_head(o, rq, reply, body.len);
    if (rq->method != METHOD_HEAD)
        outbox_add(o, body);
}
