#include "tests/tls/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tls/certificate.h"

#define REQUEST "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

const char *const origin_names[ORIGIN_COUNT] = { "localhost", "127.0.0.1", "other.example" };
struct tls_link link_;
char flight[LINK_FLIGHT_MAX];

static char folder[] = "/tmp/test_tls.XXXXXX";
static char cert_file[sizeof folder + sizeof "/own.pem"];

int fixture_open(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(cert_file, sizeof cert_file, "%s/own.pem", folder);
    struct certificate *own = certificate_make(
        &(struct certificate_wish){ .name = "localhost",
                                    .alternative = "DNS:localhost,DNS:other.example,IP:127.0.0.1" },
        NULL);
    certificate_save(own, cert_file);
    certificate_save_key(own, cert_file, NULL);
    certificate_free(own);
    return 0;
}

int fixture_close(void **state)
{
    (void)state;
    unlink(cert_file);
    return rmdir(folder);
}

const char *fixture_cert_file(void)
{
    return cert_file;
}

struct tls_context *context_of(struct tls_options options)
{
    struct tls_context *ctx = NULL;
    char fault[TLS_FAULT_MAX] = "";
    options.ca_file = cert_file;
    if (tls_context_open(&ctx, &options, origin_names, ORIGIN_COUNT, fault) != 0)
        fail_msg("%s", fault);
    return ctx;
}

struct tls_server *server_of(enum server_version version)
{
    return tls_server_open(&(struct server_wish){ .cert_file = cert_file, .version = version });
}

void assert_broken(const struct tls_link *l, enum failure_class class, const char *reason)
{
    assert_int_equal(l->verdict, TLS_BROKEN);
    if (tls_failure(l->client) != class || strstr(tls_reason(l->client), reason) == NULL)
        fail_msg("class %d, '%s'", tls_failure(l->client), tls_reason(l->client));
}

void assert_read(struct tls_link *l, const char *expected, size_t len)
{
    assert_int_equal(l->plain_len, len);
    assert_memory_equal(l->plain, expected, len);
    l->plain_len = 0;
}

void exchange(struct tls_link *l)
{
    char got[256];
    tls_link_write(l, REQUEST, strlen(REQUEST));
    assert_int_equal(tls_peer_read(l->server, got, sizeof got), strlen(REQUEST));
    assert_memory_equal(got, REQUEST, strlen(REQUEST));
    tls_peer_write(l->server, "answer", 6);
    tls_link_run(l);
    assert_int_equal(l->verdict, TLS_MORE);
    assert_read(l, "answer", 6);
}

void connect_and_exchange(struct tls_context *ctx, struct tls_server *server, bool resumes)
{
    tls_link_connect(&link_, ctx, LOCALHOST, server);
    assert_true(link_.is_secured);
    assert_true(tls_peer_is_secured(link_.server));
    assert_int_equal(tls_is_resumed(link_.client), resumes);
    exchange(&link_);
    tls_link_close(&link_);
}
