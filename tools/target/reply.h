/* reply — the head of an answer, and small answers whole. */
#ifndef SQUALL_TOOLS_TARGET_REPLY_H
#define SQUALL_TOOLS_TARGET_REPLY_H

#include "tools/target/outbox.h"
#include "tools/target/request.h"

#define TYPE_TEXT  "text/plain"
#define TYPE_JSON  "application/json"
#define TYPE_BYTES "application/octet-stream"

struct reply {
    int status;
    const char *type;   /* NULL = no Content-Type */
    const char *fields; /* further header lines, each with its CRLF; NULL = none */
};

/* Writes the head for a body of `length` bytes to come. */
void reply_add_head(struct outbox *o, const struct request *rq, const struct reply *reply,
                    uint64_t length);
/* Likewise for a chunked body; to an HTTP/1.0 client, for one that ends with the connection. */
void reply_add_chunked_head(struct outbox *o, const struct request *rq, const struct reply *reply);
/* Writes head and body; a HEAD request gets the head alone. */
void reply_add(struct outbox *o, const struct request *rq, const struct reply *reply,
               struct span body);

/* "Not Found"; "Unknown" for a status without a name. */
const char *status_reason(int status);
bool status_has_body(int status);

#endif
