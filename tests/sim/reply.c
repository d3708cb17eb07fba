#include "tests/sim/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_ROOM   (512u + REPLY_HEADERS_MAX)
#define INFORM_ROOM 64u
#define CHUNK_ROOM  16u

void reply_init(struct reply *r)
{
    *r = (struct reply){ .delay_ns = UINT64_C(1000000), .status = 200, .body_bytes = 2 };
}

bool reply_ends_with_close(const struct reply *r)
{
    /* HTTP/1.0 knows no chunks. */
    return reply_has_body(r) &&
           (r->framing == FRAMING_CLOSE || (r->framing == FRAMING_CHUNKED && r->is_http10));
}

bool reply_ends_connection(const struct reply *r)
{
    return r->says_close || r->is_http10 || reply_ends_with_close(r) || r->fate == FATE_CLOSES ||
           r->fate == FATE_CUT || r->fate == FATE_RESET || r->fate == FATE_MALFORMED;
}

bool reply_has_body(const struct reply *r)
{
    return !r->is_head && r->status != 204 && r->status != 304;
}

static size_t compose_head(const struct reply *r, char *out, size_t cap)
{
    size_t used = 0;
    for (uint32_t i = 0; i < r->informs; i++)
        used += (size_t)snprintf(out + used, cap - used, "HTTP/1.1 %s\r\nX-Number: %u\r\n\r\n",
                                 i % 2 ? "103 Early Hints" : "100 Continue", i);
    used +=
        (size_t)snprintf(out + used, cap - used,
                         "HTTP/1.%d %u %s\r\nServer: simulated\r\nContent-Type: text/plain\r\n",
                         r->is_http10 ? 0 : 1, r->status, r->status < 400 ? "Fine" : "Not Fine");
    if (r->status != 204) {
        if (r->framing == FRAMING_LENGTH)
            used += (size_t)snprintf(out + used, cap - used, "Content-Length: %u\r\n",
                                     r->status == 304 ? 0 : r->body_bytes);
        else if (r->framing == FRAMING_CHUNKED && !r->is_http10)
            used += (size_t)snprintf(out + used, cap - used, "Transfer-Encoding: chunked\r\n");
    }
    used += (size_t)snprintf(out + used, cap - used, "%s", r->headers);
    if (r->says_close)
        used += (size_t)snprintf(out + used, cap - used, "Connection: close\r\n");
    return used + (size_t)snprintf(out + used, cap - used, "\r\n");
}

static size_t compose_chunks(const struct reply *r, char *out, size_t cap)
{
    const uint32_t step = r->chunk_bytes ? r->chunk_bytes : r->body_bytes;
    size_t used = 0;
    for (uint32_t done = 0; done < r->body_bytes;) {
        const uint32_t part = r->body_bytes - done < step ? r->body_bytes - done : step;
        used += (size_t)snprintf(out + used, cap - used, "%x\r\n", part);
        if (r->body != NULL)
            memcpy(out + used, r->body + done, part);
        else
            memset(out + used, 'c', part);
        used += part;
        memcpy(out + used, "\r\n", 2);
        used += 2;
        done += part;
    }
    memcpy(out + used, "0\r\n\r\n", 5);
    return used + 5;
}

char *reply_compose(const struct reply *r, size_t *ret_len)
{
    const size_t chunks = r->chunk_bytes ? r->body_bytes / r->chunk_bytes + 2 : 2;
    const size_t cap = HEAD_ROOM + r->informs * INFORM_ROOM + r->body_bytes + chunks * CHUNK_ROOM;
    char *out = malloc(cap);
    if (out == NULL)
        abort();
    if (r->fate == FATE_MALFORMED) {
        static const char garbage[] = "HTTP/1.1 two hundred\r\n\r\n";
        memcpy(out, garbage, sizeof garbage - 1);
        *ret_len = sizeof garbage - 1;
        return out;
    }
    size_t used = compose_head(r, out, cap);
    if (reply_has_body(r)) {
        if (r->framing == FRAMING_CHUNKED && !r->is_http10) {
            used += compose_chunks(r, out + used, cap - used);
        } else {
            if (r->body != NULL)
                memcpy(out + used, r->body, r->body_bytes);
            else
                memset(out + used, 'b', r->body_bytes);
            used += r->body_bytes;
        }
    }
    if (r->fate == FATE_TRAILED)
        out[used++] = 'x';
    *ret_len = used;
    return out;
}
