/* reply — one scripted answer: what it says, when, and how it goes wrong; and its bytes. */
#ifndef SQUALL_TESTS_SIM_REPLY_H
#define SQUALL_TESTS_SIM_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum framing {
    FRAMING_LENGTH,  /* Content-Length */
    FRAMING_CHUNKED, /* chunks of `chunk_bytes`, the last one shorter */
    FRAMING_CLOSE,   /* neither: the end of the connection ends the body */
    FRAMING_COUNT
};

enum fate {
    FATE_WHOLE,     /* all bytes arrive */
    FATE_NEVER,     /* no byte ever */
    FATE_STOPS,     /* `fate_permille` of the bytes, then nothing */
    FATE_CUT,       /* `fate_permille` of the bytes, then closed */
    FATE_RESET,     /* `fate_permille` of the bytes, then reset */
    FATE_MALFORMED, /* bytes that are no response */
    FATE_TRAILED,   /* whole, and bytes after it */
    FATE_CLOSES     /* whole, then closed without having said so */
};

#define REPLY_HEADERS_MAX 512u

struct reply {
    uint64_t delay_ns; /* from the arrival of the request's last byte to the departure of the first
                          byte of the answer */
    uint64_t pause_ns; /* between the pieces of a segmented answer, at most */
    uint32_t piece_bytes; /* 0 = all at once; else its body leaves in pieces of so many … */
    uint64_t piece_ns;    /* … each so long after what was before it */
    uint16_t status;
    enum framing framing;
    char headers[REPLY_HEADERS_MAX]; /* more of them, each with its line end */
    const char *body;                /* its `body_bytes` bytes; NULL = any bytes */
    uint32_t body_bytes;
    uint32_t chunk_bytes; /* 0 = one chunk */
    uint32_t informs;     /* 1xx responses before it */
    bool says_close;      /* Connection: close, and the server closes after it */
    bool is_http10;       /* HTTP/1.0 without keep-alive: likewise */
    bool lingers;         /* says so and leaves the closing to the client */
    bool is_head;         /* answers HEAD: no body follows */
    enum fate fate;
    uint32_t fate_permille; /* below 1000 */
};

/* A 200 with two bytes of body after 1 ms. */
void reply_init(struct reply *r);

bool reply_ends_connection(const struct reply *r);
bool reply_has_body(const struct reply *r); /* as the rules of HTTP have it */
/* It has a body, and nothing but the end of the connection says where that ends. */
bool reply_ends_with_close(const struct reply *r);

/* Makes its bytes; malloc'd. */
char *reply_compose(const struct reply *r, size_t *ret_len);

#endif
