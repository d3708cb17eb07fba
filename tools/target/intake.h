/* intake — a request whose body arrives in pieces: keeps the head, gathers or throws away the body.
 * Only for requests that did not come whole in one receive, and for chunked ones.
 */
#ifndef SQUALL_TOOLS_TARGET_INTAKE_H
#define SQUALL_TOOLS_TARGET_INTAKE_H

#include "tools/target/outbox.h"
#include "tools/target/request.h"

struct intake {
    struct request request;
    struct outbox head, body;
    bool keeps_body;
    int step;            /* private: where in a chunked body */
    uint64_t left;       /* bytes of the body, or of this chunk, still to come */
    uint64_t taken;      /* decoded bytes of a chunked body so far */
    uint64_t raw;        /* bytes of this request read so far, head included */
    uint32_t line_bytes; /* of a chunk's size line, or of all trailers */
};

enum intake_state { INTAKE_PARTIAL, INTAKE_WHOLE, INTAKE_BAD };

/* Copies the head (known to be whole) and prepares for its body. 0 or -ENOMEM. */
int intake_begin(struct intake *in, struct span head, bool keeps_body);

/* Reads on; *ret_used of the bytes were of this request. WHOLE: in->request.body is set. BAD:
 * *ret_status. */
enum intake_state intake_read(struct intake *in, const char *bytes, size_t len, size_t *ret_used,
                              int *ret_status);

/* Gives back what it holds, keeping small buffers. */
void intake_end(struct intake *in);
void intake_close(struct intake *in);

#endif
