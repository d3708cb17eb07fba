/* authority — writes certificates, good and bad, into a folder: one PEM file for each row of the
 * table, with its chain and its key.
 *
 *     authority FOLDER
 *
 * root.pem is what a client should trust; strict_root.pem says in addition that `revoked` is not to
 * be trusted any more. Servers are 127.0.0.1, ::1 and localhost. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/tls/certificate.h"

#define YEAR_S      31536000
#define HERE        "DNS:localhost,IP:127.0.0.1,IP:::1"
#define CHAIN_COUNT 500 /* of a certificate each: 100 KiB and more */

enum issuer { ITSELF, ROOT, OTHER_ROOT, MIDDLE, FENCE, ISSUER_COUNT };

static const struct certificate_wish issuers[ISSUER_COUNT] = {
    [ROOT] = { .name = "root", .is_authority = true },
    [OTHER_ROOT] = { .name = "other root", .is_authority = true },
    [MIDDLE] = { .name = "middle", .is_authority = true },
    [FENCE] = { .name = "fence", .constraints = "permitted;DNS:example.org", .is_authority = true },
};

static const struct row {
    const char *file;
    enum issuer issuer;
    bool is_chain_left_out, is_revoked;
    int copies; /* of itself in its chain */
    struct certificate_wish wish;
} rows[] = {
    { "good", ROOT, .wish = { .name = "good", .alternative = HERE } },
    { "revoked", ROOT, .is_revoked = true, .wish = { .name = "revoked", .alternative = HERE } },
    { "expired", ROOT,
      .wish = { .name = "old", .alternative = HERE, .begins_s = -YEAR_S, .ends_s = -60 } },
    { "future", ROOT,
      .wish = { .name = "new", .alternative = HERE, .begins_s = 3600, .ends_s = YEAR_S } },
    { "wrong_host", ROOT, .wish = { .name = "other", .alternative = "DNS:other.example" } },
    { "wrong_address", ROOT, .wish = { .name = "other", .alternative = "IP:127.0.0.2" } },
    { "self_signed", ITSELF, .wish = { .name = "self", .alternative = HERE } },
    { "stranger", OTHER_ROOT, .wish = { .name = "stranger", .alternative = HERE } },
    { "family", MIDDLE, .wish = { .name = "child", .alternative = HERE } },
    { "orphan", MIDDLE, .is_chain_left_out = true,
      .wish = { .name = "orphan", .alternative = HERE } },
    { "weak_key", ROOT, .wish = { .name = "weak", .alternative = HERE, .rsa_bits = 768 } },
    { "sha1", ROOT, .wish = { .name = "sha1", .alternative = HERE, .digest = "SHA1" } },
    { "wildcard", ROOT, .wish = { .name = "any", .alternative = "DNS:*.example.org" } },
    { "wrong_usage", ROOT,
      .wish = { .name = "client", .alternative = HERE, .usage = "clientAuth" } },
    { "fenced", FENCE, .wish = { .name = "outside", .alternative = HERE } },
    { "long_chain", ROOT, .copies = CHAIN_COUNT, .wish = { .name = "long", .alternative = HERE } },
    { "client", ROOT, .wish = { .name = "me" } },
    { "stranger_client", OTHER_ROOT, .wish = { .name = "not me" } },
};

int main(int argc, char **argv)
{
    struct certificate *made[ISSUER_COUNT] = { NULL };
    char path[4096], strict[4096];
    if (argc != 2) {
        fputs("usage: authority FOLDER\n", stderr);
        return EXIT_FAILURE;
    }
    for (int i = ROOT; i < ISSUER_COUNT; i++)
        made[i] = certificate_make(&issuers[i], i == MIDDLE || i == FENCE ? made[ROOT] : NULL);
    (void)snprintf(path, sizeof path, "%s/root.pem", argv[1]);
    certificate_save(made[ROOT], path);
    (void)snprintf(strict, sizeof strict, "%s/strict_root.pem", argv[1]);
    certificate_save(made[ROOT], strict);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct certificate *c = certificate_make(&row->wish, made[row->issuer]);
        (void)snprintf(path, sizeof path, "%s/%s.pem", argv[1], row->file);
        for (int copy = 0; copy <= row->copies; copy++)
            certificate_save(c, path);
        if (row->issuer >= MIDDLE && !row->is_chain_left_out)
            certificate_save(made[row->issuer], path);
        certificate_save_key(c, path, NULL);
        if (row->is_revoked)
            certificate_revoke(c, made[row->issuer], strict);
        certificate_free(c);
    }
    for (int i = 0; i < ISSUER_COUNT; i++)
        certificate_free(made[i]);
    return EXIT_SUCCESS;
}
