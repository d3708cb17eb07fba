/* test_tls_trust.c — goal: nobody is believed to be the server who has not proved it, and we prove
 * who we are when asked. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tls/certificate.h"
#include "tests/tls/link.h"

#define PATH_MAX_  96
#define FILES_MAX  256
#define YEAR_S     (365 * 86400)
#define EVIL_NAME  "evil\x1b[2J\r\n\xc2\x9b"
#define EVIL_SHOWN "CN=evil\\1B[2J\\0D\\0A\\C2\\9B"

static char folder[] = "/tmp/test_tls_trust.XXXXXX";
static char files[FILES_MAX][PATH_MAX_]; /* to be removed at the end */
static unsigned file_count;
static struct tls_link link_;

static struct certificate *root, *middle, *other_root;
static const char *root_file, *middle_file;

static const char *new_file(void)
{
    assert_true(file_count < FILES_MAX);
    snprintf(files[file_count], PATH_MAX_, "%s/%u.pem", folder, file_count);
    return files[file_count++];
}

static const char *save(const struct certificate *c)
{
    const char *path = new_file();
    certificate_save(c, path);
    return path;
}

/* A certificate as a server or a client shows it: with `between`, if any, and its key. */
static const char *issue(const struct certificate_wish *wish, const struct certificate *issuer,
                         const struct certificate *between)
{
    struct certificate *c = certificate_make(wish, issuer);
    const char *path = save(c);
    if (between != NULL)
        certificate_save(between, path);
    certificate_save_key(c, path, NULL);
    certificate_free(c);
    return path;
}

static int make_authorities(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    root =
        certificate_make(&(struct certificate_wish){ .name = "root", .is_authority = true }, NULL);
    other_root = certificate_make(
        &(struct certificate_wish){ .name = "other root", .is_authority = true }, NULL);
    middle = certificate_make(&(struct certificate_wish){ .name = "middle", .is_authority = true },
                              root);
    root_file = save(root);
    middle_file = save(middle);
    return 0;
}

static int forget_authorities(void **state)
{
    (void)state;
    certificate_free(root);
    certificate_free(middle);
    certificate_free(other_root);
    for (unsigned i = 0; i < file_count; i++)
        unlink(files[i]);
    return rmdir(folder);
}

static struct tls_context *context_of(struct tls_options options, const char *host)
{
    struct tls_context *ctx = NULL;
    char fault[TLS_FAULT_MAX] = "";
    if (options.ca_file == NULL)
        options.ca_file = root_file;
    if (tls_context_open(&ctx, &options, &host, 1, fault) != 0)
        fail_msg("%s", fault);
    return ctx;
}

/* Is the server that shows `cert_file` believed to be `host`? `reason` NULL = it is. */
static void assert_trust(const char *host, const char *ca_file, const char *cert_file,
                         const char *reason)
{
    struct tls_context *ctx = context_of((struct tls_options){ .ca_file = ca_file }, host);
    struct tls_server *server = tls_server_open(&(struct server_wish){ .cert_file = cert_file });
    for (int round = 0; round < 2; round++) {
        tls_link_connect(&link_, ctx, 0, server);
        if (reason == NULL) {
            assert_true(link_.is_secured);
        } else {
            assert_false(link_.is_secured);
            assert_int_equal(tls_failure(link_.client), FAILURE_TLS_CERT);
            assert_string_equal(tls_reason(link_.client), reason);
            assert_false(tls_peer_is_secured(link_.server));
        }
        tls_link_close(&link_);
    }
    tls_server_close(server);
    tls_context_close(ctx);

    ctx = context_of((struct tls_options){ .insecure = true }, host);
    server = tls_server_open(&(struct server_wish){ .cert_file = cert_file });
    tls_link_connect(&link_, ctx, 0, server);
    assert_true(link_.is_secured);
    tls_link_close(&link_);
    tls_server_close(server);
    tls_context_close(ctx);
}

/* ---- names ---- */

static void a_certificate_is_good_for_the_names_in_it_only(void **state)
{
    (void)state;
    static const struct {
        const char *alternative, *host, *reason;
    } cases[] = {
        { "DNS:a.example", "a.example", NULL },
        { "DNS:a.example", "A.Example", NULL },
        { "DNS:a.example", "a.example.", NULL },
        { "DNS:a.example", "b.example", "b.example: hostname mismatch, certificate of 'CN=leaf'" },
        { "DNS:a.example", "x.a.example",
          "x.a.example: hostname mismatch, certificate of 'CN=leaf'" },
        { "DNS:*.a.example", "x.a.example", NULL },
        { "DNS:*.a.example", "x.y.a.example",
          "x.y.a.example: hostname mismatch, certificate of 'CN=leaf'" },
        { "DNS:*.a.example", "a.example",
          "a.example: hostname mismatch, certificate of 'CN=leaf'" },
        { "DNS:x*.a.example", "xy.a.example",
          "xy.a.example: hostname mismatch, certificate of 'CN=leaf'" },
        { "IP:127.0.0.1", "127.0.0.1", NULL },
        { "IP:127.0.0.1", "127.0.0.2", "127.0.0.2: IP address mismatch, certificate of 'CN=leaf'" },
        { "DNS:127.0.0.1", "127.0.0.1",
          "127.0.0.1: IP address mismatch, certificate of 'CN=leaf'" },
        { "IP:::1", "::1", NULL },
        { "IP:::1", "::2", "::2: IP address mismatch, certificate of 'CN=leaf'" },
        { "IP:127.0.0.1", "localhost", "localhost: hostname mismatch, certificate of 'CN=leaf'" },
        { NULL, "leaf", NULL }, /* of old, the common name */
        { "DNS:a.example", "leaf", "leaf: hostname mismatch, certificate of 'CN=leaf'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *file =
            issue(&(struct certificate_wish){ .name = "leaf", .alternative = cases[i].alternative },
                  root, NULL);
        assert_trust(cases[i].host, NULL, file, cases[i].reason);
    }
}

static void what_a_certificate_says_cannot_steer_a_terminal(void **state)
{
    (void)state;
    const char *file = issue(&(struct certificate_wish){ .name = EVIL_NAME }, root, NULL);
    assert_trust("a.example", NULL, file,
                 "a.example: hostname mismatch, certificate of '" EVIL_SHOWN "'");
}

/* ---- dates, chains, purposes ---- */

static void certificates_have_their_time(void **state)
{
    (void)state;
    const char *past =
        issue(&(struct certificate_wish){ .name = "host", .begins_s = -YEAR_S, .ends_s = -60 },
              root, NULL);
    const char *future =
        issue(&(struct certificate_wish){ .name = "host", .begins_s = 3600, .ends_s = YEAR_S },
              root, NULL);
    assert_trust("host", NULL, past, "host: certificate has expired, certificate of 'CN=host'");
    assert_trust("host", NULL, future,
                 "host: certificate is not yet valid, certificate of 'CN=host'");
}

static void a_chain_has_to_end_at_something_trusted(void **state)
{
    (void)state;
    const struct certificate_wish host = { .name = "host" };
    const char *whole = issue(&host, middle, middle);
    const char *gap = issue(&host, middle, NULL);
    const char *foreign = issue(&host, other_root, NULL);
    const char *foreign_with_root = issue(&host, other_root, other_root);
    const char *alone = issue(&host, NULL, NULL);

    assert_trust("host", root_file, whole, NULL);
    assert_trust("host", middle_file, whole, NULL);
    assert_trust("host", middle_file, gap, NULL);
    assert_trust("host", alone, alone, NULL);
    assert_trust("host", root_file, gap,
                 "host: unable to get local issuer certificate, certificate of 'CN=host'");
    assert_trust("host", root_file, foreign,
                 "host: unable to get local issuer certificate, certificate of 'CN=host'");
    assert_trust("host", root_file, foreign_with_root,
                 "host: self-signed certificate in certificate chain, certificate of "
                 "'CN=other root'");
    assert_trust("host", root_file, alone,
                 "host: self-signed certificate, certificate of 'CN=host'");
}

static void certificates_serve_their_purpose_only(void **state)
{
    (void)state;
    const struct certificate_wish host = { .name = "host", .alternative = "DNS:host" };
    const char *client =
        issue(&(struct certificate_wish){ .name = "host", .usage = "clientAuth" }, root, NULL);
    const char *server =
        issue(&(struct certificate_wish){ .name = "host", .usage = "serverAuth" }, root, NULL);
    struct certificate *leaf = certificate_make(&(struct certificate_wish){ .name = "leaf" }, root);
    struct certificate *fenced = certificate_make(
        &(struct certificate_wish){
            .name = "fenced", .is_authority = true, .constraints = "permitted;DNS:b.example" },
        root);
    const char *by_leaf = issue(&host, leaf, leaf);
    const char *by_fenced = issue(&host, fenced, fenced);

    assert_trust("host", NULL, server, NULL);
    assert_trust("host", NULL, client,
                 "host: unsuitable certificate purpose, certificate of 'CN=host'");
    assert_trust("host", NULL, by_leaf, "host: invalid CA certificate, certificate of 'CN=leaf'");
    assert_trust("host", NULL, by_fenced,
                 "host: permitted subtree violation, certificate of 'CN=host'");
    certificate_free(leaf);
    certificate_free(fenced);
}

/* What is weak is for OpenSSL to say: level 2 of Debian's wants 2048 bits, level 1 of others 1024.
 */
static void weak_keys_and_digests_are_refused(void **state)
{
    (void)state;
    const int level = certificate_level();
    const char *weak =
        issue(&(struct certificate_wish){ .name = "host", .rsa_bits = 1024 }, root, NULL);
    const char *strong =
        issue(&(struct certificate_wish){ .name = "host", .rsa_bits = 2048 }, root, NULL);
    const char *old =
        issue(&(struct certificate_wish){ .name = "host", .digest = "SHA1" }, root, NULL);

    assert_trust("host", NULL, strong, NULL);
    if (level >= 2)
        assert_trust("host", NULL, weak,
                     "host: EE certificate key too weak, certificate of 'CN=host'");
    if (level >= 1)
        assert_trust("host", NULL, old,
                     "host: CA signature digest algorithm too weak, certificate of 'CN=host'");
}

/* ---- our own certificate ---- */

static void try_as_client(enum server_version version, const char *cert_file, const char *reason)
{
    const char *server_file = issue(&(struct certificate_wish){ .name = "host" }, root, NULL);
    struct tls_context *ctx = context_of((struct tls_options){ .cert_file = cert_file }, "host");
    struct tls_server *server = tls_server_open(&(struct server_wish){
        .cert_file = server_file, .client_root = root_file, .version = version });
    for (int round = 0; round < 2; round++) {
        tls_link_connect(&link_, ctx, 0, server);
        assert_int_equal(tls_peer_is_secured(link_.server), reason == NULL);
        if (reason != NULL) { /* in TLS 1.3 we hear of it after our side of the handshake */
            assert_int_equal(link_.verdict, TLS_BROKEN);
            assert_int_equal(tls_failure(link_.client), FAILURE_TLS_PROTO);
            assert_non_null(strstr(tls_reason(link_.client), reason));
        } else {
            assert_int_equal(tls_is_resumed(link_.client), round == 1);
        }
        tls_link_close(&link_);
    }
    tls_server_close(server);
    tls_context_close(ctx);
}

static void we_prove_who_we_are_when_asked(void **state)
{
    (void)state;
    const struct certificate_wish me = { .name = "me" };
    const char *right = issue(&me, middle, middle);
    const char *wrong = issue(&me, other_root, NULL);
    try_as_client(SERVER_TLS_1_2, right, NULL);
    try_as_client(SERVER_TLS_1_3, right, NULL);
    try_as_client(SERVER_TLS_1_2, NULL, "alert handshake failure");
    try_as_client(SERVER_TLS_1_3, NULL, "alert certificate required");
    try_as_client(SERVER_TLS_1_2, wrong, "alert unknown ca");
    try_as_client(SERVER_TLS_1_3, wrong, "alert unknown ca");
}

static void a_long_chain_of_our_own_fits_the_room_for_a_handshake(void **state)
{
    (void)state;
    const char *file = new_file();
    struct certificate *me = certificate_make(&(struct certificate_wish){ .name = "me" }, middle);
    certificate_save(me, file);
    for (int i = 0; i < 100; i++)
        certificate_save(middle, file);
    certificate_save_key(me, file, NULL);
    certificate_free(me);
    try_as_client(SERVER_TLS_1_2, file, NULL);
    try_as_client(SERVER_TLS_1_3, file, NULL);
}

/* ---- options that cannot be followed ---- */

static void assert_fault(struct tls_options options, const char *host, const char *begin)
{
    struct tls_context *ctx = NULL;
    char fault[TLS_FAULT_MAX] = "";
    assert_int_equal(tls_context_open(&ctx, &options, &host, 1, fault), -EINVAL);
    assert_null(ctx);
    assert_memory_equal(fault, begin, strlen(begin));
}

static void what_cannot_be_used_is_named(void **state)
{
    (void)state;
    char long_name[300], sentence[TLS_FAULT_MAX];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    const struct certificate_wish me = { .name = "me" };
    const char *whole = issue(&me, root, NULL);
    const char *other = issue(&me, root, NULL);
    const char *locked = new_file();
    certificate_save(middle, locked);
    certificate_save_key(middle, locked, "secret");

    assert_fault((struct tls_options){ .insecure = true }, "",
                 "a host name has 1 to 255 bytes, not 0");
    assert_fault((struct tls_options){ .insecure = true }, long_name,
                 "a host name has 1 to 255 bytes, not 299");
    assert_fault((struct tls_options){ .min = TLS_VERSION_1_3, .max = TLS_VERSION_1_2 }, "host",
                 "the lowest TLS version allowed is above the highest");
    assert_fault((struct tls_options){ .ciphers = "NONE-OF-THESE" }, "host",
                 "no cipher that this OpenSSL knows is in 'NONE-OF-THESE'");
    assert_fault((struct tls_options){ .ciphers = "" }, "host",
                 "no cipher that this OpenSSL knows is in ''");
    assert_fault((struct tls_options){ .ca_file = "/nowhere.pem" }, "host",
                 "cannot use the trusted certificates '/nowhere.pem': No such file or directory");
    assert_fault((struct tls_options){ .insecure = true, .key_file = "/nowhere.pem" }, "host",
                 "the key '/nowhere.pem' is of no use without a certificate");
    assert_fault((struct tls_options){ .insecure = true, .cert_file = "/nowhere.pem" }, "host",
                 "cannot use the certificate '/nowhere.pem': No such file or directory");
    snprintf(sentence, sizeof sentence, "cannot use the key '%s': key values mismatch", other);
    assert_fault((struct tls_options){ .insecure = true, .cert_file = whole, .key_file = other },
                 "host", sentence);
    snprintf(sentence, sizeof sentence, "cannot use the key '%s': it is encrypted", locked);
    assert_fault((struct tls_options){ .insecure = true, .cert_file = locked }, "host", sentence);
    snprintf(sentence, sizeof sentence, "cannot use the key '%s': ", middle_file);
    assert_fault((struct tls_options){ .insecure = true, .cert_file = middle_file }, "host",
                 sentence);
}

static void ciphers_of_both_kinds_are_chosen_by_one_list(void **state)
{
    (void)state;
    static const char *const expected[] = { NULL, "ECDHE-ECDSA-AES256-GCM-SHA384",
                                            "TLS_CHACHA20_POLY1305_SHA256" };
    const char *file = issue(&(struct certificate_wish){ .name = "host" }, root, NULL);
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of(
            (struct tls_options){
                .ciphers = ":TLS_CHACHA20_POLY1305_SHA256::ECDHE-ECDSA-AES256-GCM-SHA384:" },
            "host");
        struct tls_server *server =
            tls_server_open(&(struct server_wish){ .cert_file = file, .version = v });
        tls_link_connect(&link_, ctx, 0, server);
        assert_true(link_.is_secured);
        assert_string_equal(tls_cipher_name(link_.client), expected[v]);
        tls_link_close(&link_);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

static void the_roots_of_the_system_do_not_know_ours(void **state)
{
    (void)state;
    static const char *const host = "host";
    char fault[TLS_FAULT_MAX] = "";
    struct tls_context *ctx = NULL;
    const char *file = issue(&(struct certificate_wish){ .name = "host" }, root, NULL);
    assert_int_equal(tls_context_open(&ctx, &(struct tls_options){ 0 }, &host, 1, fault), 0);
    struct tls_server *server = tls_server_open(&(struct server_wish){ .cert_file = file });
    tls_link_connect(&link_, ctx, 0, server);
    assert_int_equal(link_.verdict, TLS_BROKEN);
    assert_int_equal(tls_failure(link_.client), FAILURE_TLS_CERT);
    tls_link_close(&link_);
    tls_server_close(server);
    tls_context_close(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_good_for_the_names_in_it_only),
        cmocka_unit_test(what_a_certificate_says_cannot_steer_a_terminal),
        cmocka_unit_test(certificates_have_their_time),
        cmocka_unit_test(a_chain_has_to_end_at_something_trusted),
        cmocka_unit_test(certificates_serve_their_purpose_only),
        cmocka_unit_test(weak_keys_and_digests_are_refused),
        cmocka_unit_test(we_prove_who_we_are_when_asked),
        cmocka_unit_test(a_long_chain_of_our_own_fits_the_room_for_a_handshake),
        cmocka_unit_test(what_cannot_be_used_is_named),
        cmocka_unit_test(ciphers_of_both_kinds_are_chosen_by_one_list),
        cmocka_unit_test(the_roots_of_the_system_do_not_know_ours),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("tls_trust", tests, make_authorities, forget_authorities) ==
                   0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
