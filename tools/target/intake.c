#include "tools/target/intake.h"

#include <errno.h>

#define INTAKE_KEEP      (16u * 1024u)
#define SIZE_LINE_MAX    256u
#define TRAILERS_MAX     REQUEST_HEAD_MAX
#define CHUNK_DIGITS_MAX 8u

enum chunk_step {
    STEP_LENGTH, /* a body of known length */
    STEP_SIZE,
    STEP_EXTENSION,
    STEP_SIZE_LF,
    STEP_DATA,
    STEP_DATA_CR,
    STEP_DATA_LF,
    STEP_TRAILER_START,
    STEP_TRAILER,
    STEP_TRAILER_LF,
    STEP_END_LF,
    STEP_DONE,
};

int intake_begin(struct intake *in, struct span head, bool keeps_body)
{
    outbox_clear(&in->head, INTAKE_KEEP);
    outbox_clear(&in->body, INTAKE_KEEP);
    outbox_add(&in->head, head);
    size_t head_len, scanned = 0;
    int status;
    if (in->head.is_short || request_read(&in->request, &head_len, &status, in->head.bytes,
                                          in->head.len, &scanned) != REQUEST_WHOLE)
        return -ENOMEM;
    in->keeps_body = keeps_body;
    in->step = in->request.is_chunked ? STEP_SIZE : STEP_LENGTH;
    in->left = in->request.is_chunked ? 0 : in->request.content_length;
    in->taken = 0;
    in->line_bytes = 0;
    in->raw = head.len;
    return 0;
}

static size_t intake_take(struct intake *in, const char *bytes, size_t len)
{
    const size_t taken = in->left < len ? (size_t)in->left : len;
    if (in->keeps_body)
        outbox_add(&in->body, (struct span){ bytes, taken });
    in->left -= taken;
    return taken;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The end of a chunk's size line. 0 or the status to answer. */
static int chunk_begin(struct intake *in)
{
    in->taken += in->left;
    in->line_bytes = 0;
    in->step = in->left == 0 ? STEP_TRAILER_START : STEP_DATA;
    return in->taken > REQUEST_BODY_MAX ? 413 : 0;
}

static int read_size(struct intake *in, char c)
{
    const int digit = hex_value(c);
    if (digit >= 0) {
        in->left = in->left * 16 + (uint64_t)digit;
        return ++in->line_bytes > CHUNK_DIGITS_MAX ? 413 : 0;
    }
    if (in->line_bytes == 0 || (c != '\r' && c != ';' && c != ' ' && c != '\t'))
        return 400;
    in->step = c == '\r' ? STEP_SIZE_LF : STEP_EXTENSION;
    return 0;
}

/* One byte outside the data. 0 or the status to answer. */
static int read_frame(struct intake *in, char c)
{
    switch (in->step) {
    case STEP_SIZE:
        return read_size(in, c);
    case STEP_EXTENSION:
        if (c == '\r')
            in->step = STEP_SIZE_LF;
        return c == '\n' || ++in->line_bytes > SIZE_LINE_MAX ? 400 : 0;
    case STEP_SIZE_LF:
        return c == '\n' ? chunk_begin(in) : 400;
    case STEP_DATA_CR:
        in->step = STEP_DATA_LF;
        return c == '\r' ? 0 : 400;
    case STEP_DATA_LF:
        in->step = STEP_SIZE;
        return c == '\n' ? 0 : 400;
    case STEP_TRAILER_START:
        in->step = c == '\r' ? STEP_END_LF : STEP_TRAILER;
        return c == '\n' ? 400 : 0;
    case STEP_TRAILER:
        if (c == '\r')
            in->step = STEP_TRAILER_LF;
        if (++in->line_bytes > TRAILERS_MAX)
            return 431;
        return c == '\n' ? 400 : 0;
    case STEP_TRAILER_LF:
        in->step = STEP_TRAILER_START;
        return c == '\n' ? 0 : 400;
    default:
        in->step = STEP_DONE;
        return c == '\n' ? 0 : 400;
    }
}

enum intake_state intake_read(struct intake *in, const char *bytes, size_t len, size_t *ret_used,
                              int *ret_status)
{
    size_t at = 0;
    int status = 0;
    while (at < len && status == 0 && in->step != STEP_DONE) {
        if (in->step == STEP_LENGTH || in->step == STEP_DATA) {
            at += intake_take(in, bytes + at, len - at);
            if (in->left == 0)
                in->step = in->step == STEP_DATA ? STEP_DATA_CR : STEP_DONE;
        } else {
            status = read_frame(in, bytes[at]);
            at++;
        }
    }
    *ret_used = at;
    in->raw += at;
    if (status == 0 && in->body.is_short)
        status = 503;
    if (status != 0) {
        *ret_status = status;
        return INTAKE_BAD;
    }
    if (in->step != STEP_DONE)
        return INTAKE_PARTIAL;
    in->request.body = outbox_span(&in->body);
    return INTAKE_WHOLE;
}

void intake_end(struct intake *in)
{
    outbox_clear(&in->head, INTAKE_KEEP);
    outbox_clear(&in->body, INTAKE_KEEP);
}

void intake_close(struct intake *in)
{
    outbox_close(&in->head);
    outbox_close(&in->body);
}
