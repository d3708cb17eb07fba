/* Any bytes in place of a server's, and a real server's with any of them changed: what is read is
 * the beginning of what the server wrote, and all of it when the end was announced.
 *
 * Input: a byte of flags, the size of the pieces the client gets, then the bytes themselves; or the
 * edits of a real conversation, four bytes each: where (two bytes, little-endian), what, with what.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/replay.h"
#include "tests/tls/certificate.h"
#include "tests/tls/link.h"

#define IS_OLDER   1u /* TLS 1.2 */
#define IS_REAL    2u /* edits of a real conversation */
#define IS_RESUMED 4u /* of the second one with that server */
#define EDIT_BYTES 4u
#define BODY_BYTES 3000u

/* A round is a handshake. */
unsigned replay_rounds = 2500;

#define HELLO                                                                                      \
    "\x16\x03\x03\x00\x5a\x02\x00\x00\x56\x03\x03"                                                 \
    "01234567890123456789012345678901\x20"                                                         \
    "01234567890123456789012345678901\x13\x01\x00\x00\x0e"                                         \
    "\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x04\x00\x1d\x00\x00"

const struct span replay_seeds[] = {
    SPAN_LITERAL("\x00\x00"
                 "HTTP/1.1 400 Bad Request\r\n\r\n"),
    SPAN_LITERAL("\x00\x07" HELLO),
    SPAN_LITERAL("\x01\x00" HELLO "\x16\x03\x03\x00\x04\x0e\x00\x00\x00"),
    SPAN_LITERAL("\x00\x00\x15\x03\x03\x00\x02\x01\x00"),
    SPAN_LITERAL("\x02\x00"),
    SPAN_LITERAL("\x02\x01"),
    SPAN_LITERAL("\x07\x05"),
    SPAN_LITERAL("\x03\x00\x10\x00\x00\x01"),
    SPAN_LITERAL("\x02\x00\x80\x00\x01\x00\x81\x00\x01\x00"),
    SPAN_LITERAL("\x06\x20\x80\x01\x02\x17\x00\x00\x03\x00"),
    SPAN_LITERAL("\x02\x00\x00\x07\x00\xff\x00\x06\x02\x15"),
    SPAN_LITERAL("\x03\x00\x00\x05\x03\x00"),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

static struct tls_context *context;
static struct tls_server *servers[2];
static struct tls_link link_;
static char body[BODY_BYTES];
static char flight[LINK_FLIGHT_MAX];

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void prepare(void)
{
    static const char *const host = "localhost";
    char path[] = "/tmp/fuzz_tls.XXXXXX";
    char fault[TLS_FAULT_MAX];
    if (context != NULL)
        return;
    close(mkstemp(path));
    struct certificate *own = certificate_make(&(struct certificate_wish){ .name = host }, NULL);
    certificate_save(own, path);
    certificate_save_key(own, path, NULL);
    certificate_free(own);
    require(tls_context_open(&context, &(struct tls_options){ .ca_file = path }, &host, 1, fault) ==
            0);
    for (unsigned i = 0; i < 2; i++)
        servers[i] = tls_server_open(&(struct server_wish){
            .cert_file = path, .version = i == 0 ? SERVER_TLS_1_3 : SERVER_TLS_1_2 });
    unlink(path);
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)(i % 251);
}

/* Changes those of `len` bytes that lie at `from` in the conversation and are named by an edit.
 * Returns their new number. */
static size_t edit(char *bytes, size_t len, size_t from, const uint8_t *edits, size_t edits_len)
{
    for (; edits_len >= EDIT_BYTES; edits += EDIT_BYTES, edits_len -= EDIT_BYTES) {
        const size_t where = edits[0] + 256u * edits[1];
        if (where < from || where - from >= len || len == LINK_FLIGHT_MAX)
            continue;
        char *at = bytes + (where - from);
        const size_t behind = len - (where - from);
        switch (edits[2] % 4) {
        case 0:
            *at = (char)(*at ^ edits[3]);
            break;
        case 1:
            memmove(at, at + 1, behind - 1);
            len--;
            break;
        case 2:
            memmove(at + 1, at, behind);
            *at = (char)edits[3];
            len++;
            break;
        default:
            len = where - from;
        }
    }
    return len;
}

static void play_edited(const uint8_t *edits, size_t edits_len)
{
    size_t from = 0;
    bool has_answered = false;
    for (;;) {
        if (!has_answered && tls_peer_is_secured(link_.server)) {
            has_answered = true;
            tls_peer_write(link_.server, body, sizeof body);
            tls_peer_write_close(link_.server);
        }
        const size_t len = tls_peer_take(link_.server, flight, sizeof flight / 2);
        if (len == 0)
            return;
        tls_link_deliver(&link_, flight, edit(flight, len, from, edits, edits_len));
        from += len;
    }
}

static void check(void)
{
    require(link_.plain_len <= sizeof body);
    require(memcmp(link_.plain, body, link_.plain_len) == 0);
    if (tls_eof(link_.client) == TLS_CLOSED)
        require(link_.plain_len == sizeof body);
    else
        require(tls_failure(link_.client) == FAILURE_TLS_PROTO ||
                tls_failure(link_.client) == FAILURE_TLS_CERT ||
                tls_failure(link_.client) == FAILURE_TLS_EOF);
    require(strlen(tls_reason(link_.client)) < FAILURE_MESSAGE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    prepare();
    const unsigned flags = data[0];
    struct tls_server *server = servers[(flags & IS_OLDER) != 0];
    link_.piece = 0;
    if (flags & IS_RESUMED) {
        tls_link_connect(&link_, context, 0, server);
        require(link_.is_secured);
        tls_link_close(&link_);
    }
    link_.piece = data[1];
    tls_link_open(&link_, context, 0, server);
    tls_link_step(&link_);
    if (flags & IS_REAL)
        play_edited(data + 2, size - 2);
    else
        tls_link_deliver(&link_, (const char *)data + 2, size - 2);
    check();
    tls_link_close(&link_);
    return 0;
}
