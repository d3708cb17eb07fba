/* stage — a TLS server on a free port of 127.0.0.1 that plays one act to every connection, one
 * after the other, down to the byte.
 *
 *     stage CERTIFICATE ACT TIMES [CLIENT_ROOT]
 *
 * Says "listening on PORT". Acts: the table below. After so many TIMES it does nothing but answer
 * as it should; 0 = never. With CLIENT_ROOT clients have to show a certificate of that root. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/tls/server.h"

#define ANSWER     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define HALF       "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
#define UNENDED    "HTTP/1.1 200 OK\r\n\r\nhow much of it is this?"
#define BAD_RECORD "\x17\x03\x03\xff\xff and so on"
#define ALERT      "\x15\x03\x03\x00\x02\x02\x50"
#define FLOOD      64

struct scene {
    int fd;
    struct tls_peer *peer;
    size_t body_left; /* of a request whose head is here */
    bool has_head;
    size_t plain_len;
    char plain[131072];
    char heard[32768]; /* and a record begun before are less than a peer keeps of plaintext */
};

/* ---- the socket ---- */

static bool send_raw(const struct scene *s, const char *bytes, size_t len)
{
    return send(s->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool flush(const struct scene *s)
{
    static char bytes[1 << 20];
    size_t len = 0;
    while ((len = tls_peer_take(s->peer, bytes, sizeof bytes)) > 0)
        if (!send_raw(s, bytes, len))
            return false;
    return true;
}

/* False when the client has gone. */
static bool hear(struct scene *s)
{
    const ssize_t len = recv(s->fd, s->heard, sizeof s->heard, 0);
    if (len <= 0)
        return false;
    tls_peer_feed(s->peer, s->heard, (size_t)len);
    return true;
}

static void hear_out(struct scene *s)
{
    while (recv(s->fd, s->heard, sizeof s->heard, 0) > 0) {
    }
}

static void reset(const struct scene *s)
{
    const struct linger now = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static bool shake(struct scene *s)
{
    while (!tls_peer_is_secured(s->peer))
        if (!hear(s) || !flush(s))
            return false;
    return true;
}

static void forget_plain(struct scene *s, size_t len)
{
    s->plain_len -= len;
    memmove(s->plain, s->plain + len, s->plain_len);
}

static void take_head(struct scene *s)
{
    const char *end = memmem(s->plain, s->plain_len, "\r\n\r\n", 4);
    if (end == NULL)
        return;
    const size_t len = (size_t)(end - s->plain) + 4;
    const char *length = memmem(s->plain, len, "Content-Length: ", 16);
    s->body_left = length == NULL ? 0 : strtoul(length + 16, NULL, 10);
    forget_plain(s, len);
    s->has_head = true;
}

/* True when a whole one is there; it is forgotten then. */
static bool take_request(struct scene *s)
{
    if (!s->has_head)
        take_head(s);
    const size_t body = s->body_left < s->plain_len ? s->body_left : s->plain_len;
    forget_plain(s, body);
    s->body_left -= body;
    const bool is_whole = s->has_head && s->body_left == 0;
    s->has_head &= !is_whole;
    return is_whole;
}

/* Until a request is there. */
static bool await_request(struct scene *s)
{
    for (;;) {
        s->plain_len +=
            tls_peer_read(s->peer, s->plain + s->plain_len, sizeof s->plain - s->plain_len);
        if (take_request(s))
            return true;
        if (!hear(s) || !flush(s))
            return false;
    }
}

static bool say(const struct scene *s, const char *text)
{
    tls_peer_write(s->peer, text, strlen(text));
    return flush(s);
}

/* ---- acts ---- */

static void answer(struct scene *s)
{
    if (shake(s))
        while (await_request(s) && say(s, ANSWER)) {
        }
}

static void answer_in_plaintext(struct scene *s)
{
    if (recv(s->fd, s->heard, sizeof s->heard, 0) > 0)
        (void)send_raw(s, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    hear_out(s);
}

static void stall(struct scene *s)
{
    hear_out(s);
}

static void trickle(struct scene *s)
{
    char byte;
    if (!hear(s))
        return;
    while (tls_peer_take(s->peer, &byte, 1) == 1) {
        if (!send_raw(s, &byte, 1))
            return;
        usleep(20000);
    }
}

static void close_after_hello(struct scene *s)
{
    (void)recv(s->fd, s->heard, sizeof s->heard, 0);
}

static void reset_after_hello(struct scene *s)
{
    (void)recv(s->fd, s->heard, sizeof s->heard, 0);
    reset(s);
}

static void reset_in_a_body(struct scene *s)
{
    if (shake(s) && await_request(s))
        (void)say(s, HALF);
    usleep(20000);
    reset(s);
}

static void alert_in_a_body(struct scene *s)
{
    if (shake(s) && await_request(s) && say(s, HALF))
        (void)send_raw(s, ALERT, sizeof ALERT - 1);
    hear_out(s);
}

static void overlong_record(struct scene *s)
{
    if (shake(s) && await_request(s) && say(s, HALF))
        (void)send_raw(s, BAD_RECORD, sizeof BAD_RECORD - 1);
    hear_out(s);
}

/* The end of the connection is the end of the body, but nobody said so in TLS. */
static void cut_unended(struct scene *s)
{
    if (shake(s) && await_request(s))
        (void)say(s, UNENDED);
}

static void end_unended(struct scene *s)
{
    if (!shake(s) || !await_request(s))
        return;
    tls_peer_write(s->peer, UNENDED, sizeof UNENDED - 1);
    tls_peer_write_close(s->peer);
    (void)flush(s);
    hear_out(s);
}

static void cut_in_a_body(struct scene *s)
{
    if (shake(s) && await_request(s))
        (void)say(s, HALF);
}

static void end_in_a_body(struct scene *s)
{
    if (!shake(s) || !await_request(s))
        return;
    tls_peer_write(s->peer, HALF, sizeof HALF - 1);
    tls_peer_write_close(s->peer);
    (void)flush(s);
    hear_out(s);
}

/* Between two requests; the second one then meets a closed connection, or finds a new one. */
static void cut_when_idle(struct scene *s)
{
    if (shake(s) && await_request(s))
        (void)say(s, ANSWER);
}

static void renegotiate(struct scene *s)
{
    if (!shake(s) || !await_request(s))
        return;
    tls_peer_renegotiate(s->peer);
    (void)flush(s);
    hear_out(s);
}

static void flood(struct scene *s, void (*wave)(struct tls_peer *))
{
    if (!shake(s) || !await_request(s))
        return;
    for (int i = 0; i < FLOOD; i++)
        wave(s->peer);
    (void)flush(s);
    hear_out(s);
}

static void flood_of_keys(struct scene *s)
{
    flood(s, tls_peer_change_keys);
}

static void flood_of_tickets(struct scene *s)
{
    flood(s, tls_peer_give_ticket);
}

static void flood_of_nothing(struct scene *s)
{
    flood(s, tls_peer_write_nothing);
}

/* As many as a server may have reasons for; those that are to be answered too. */
static void new_keys(struct scene *s)
{
    if (!shake(s))
        return;
    while (await_request(s)) {
        tls_peer_demand_new_keys(s->peer);
        tls_peer_give_ticket(s->peer);
        if (!say(s, ANSWER))
            return;
    }
}

/* An answer that comes in records of a byte each. */
static void tiny_records(struct scene *s)
{
    if (!shake(s))
        return;
    while (await_request(s)) {
        for (const char *at = ANSWER; *at != '\0'; at++)
            tls_peer_write(s->peer, at, 1);
        if (!flush(s))
            return;
    }
}

static const struct act {
    const char *name;
    void (*play)(struct scene *);
    struct server_wish wish;
} acts[] = {
    { "answer", answer, { 0 } },
    { "answer_tls_1_2", answer, { .version = SERVER_TLS_1_2 } },
    { "answer_tls_1_1", answer, { .version = SERVER_TLS_1_1 } },
    { "answer_forgetful", answer, { .is_forgetful = true } },
    { "answer_http2", answer, { .says_http2 = true } },
    { "answer_in_plaintext", answer_in_plaintext, { 0 } },
    { "stall", stall, { 0 } },
    { "trickle", trickle, { 0 } },
    { "close_after_hello", close_after_hello, { 0 } },
    { "reset_after_hello", reset_after_hello, { 0 } },
    { "reset_in_a_body", reset_in_a_body, { 0 } },
    { "alert_in_a_body", alert_in_a_body, { 0 } },
    { "overlong_record", overlong_record, { 0 } },
    { "cut_unended", cut_unended, { 0 } },
    { "end_unended", end_unended, { 0 } },
    { "cut_in_a_body", cut_in_a_body, { 0 } },
    { "end_in_a_body", end_in_a_body, { 0 } },
    { "cut_when_idle", cut_when_idle, { 0 } },
    { "renegotiate", renegotiate, { .version = SERVER_TLS_1_2 } },
    { "flood_of_keys", flood_of_keys, { .version = SERVER_TLS_1_3 } },
    { "flood_of_tickets", flood_of_tickets, { .version = SERVER_TLS_1_3 } },
    { "flood_of_nothing", flood_of_nothing, { .version = SERVER_TLS_1_3, .is_forgetful = true } },
    { "new_keys", new_keys, { .version = SERVER_TLS_1_3 } },
    { "tiny_records", tiny_records, { 0 } },
};

static const struct act *act_of(const char *name)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (strcmp(acts[i].name, name) == 0)
            return &acts[i];
    return NULL;
}

static int listen_here(void)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof here;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, len) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&here, &len) != 0)
        return -1;
    printf("listening on %u\n", ntohs(here.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    static struct scene scene;
    const struct act *act = argc >= 4 ? act_of(argv[2]) : NULL;
    if (act == NULL) {
        fputs("usage: stage CERTIFICATE ACT TIMES [CLIENT_ROOT]\n", stderr);
        return EXIT_FAILURE;
    }
    struct server_wish wish = act->wish;
    wish.cert_file = argv[1];
    wish.client_root = argv[4];
    const unsigned long times = strtoul(argv[3], NULL, 10);
    struct tls_server *server = tls_server_open(&wish);
    const int door = listen_here();
    for (unsigned long played = 0;; played++) {
        const int on = 1;
        scene.fd = accept(door, NULL, NULL);
        if (scene.fd < 0)
            return EXIT_FAILURE;
        setsockopt(scene.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        scene.peer = tls_peer_open(server);
        scene.body_left = scene.plain_len = 0;
        scene.has_head = false;
        (times > 0 && played >= times ? answer : act->play)(&scene);
        tls_peer_close(scene.peer);
        close(scene.fd);
    }
}
