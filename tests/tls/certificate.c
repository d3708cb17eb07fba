#include "tests/tls/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    if (value == NULL)
        return;
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    require(extension != NULL && X509_add_ext(x509, extension, -1));
    X509_EXTENSION_free(extension);
}

static void set_dates(X509 *x509, const struct certificate_wish *wish)
{
    const bool is_usual = wish->begins_s == 0 && wish->ends_s == 0;
    require(X509_gmtime_adj(X509_getm_notBefore(x509), is_usual ? -DAY_S : wish->begins_s) != NULL);
    require(X509_gmtime_adj(X509_getm_notAfter(x509), is_usual ? DAY_S : wish->ends_s) != NULL);
}

struct certificate *certificate_make(const struct certificate_wish *wish,
                                     const struct certificate *issuer)
{
    static int serial;
    struct certificate *c = calloc(1, sizeof *c);
    require(c != NULL);
    c->key = wish->rsa_bits > 0 ? EVP_RSA_gen(wish->rsa_bits) : EVP_EC_gen("P-256");
    c->x509 = X509_new();
    require(c->key != NULL && c->x509 != NULL);
    X509 *signer = issuer == NULL ? c->x509 : issuer->x509;
    const EVP_MD *digest = EVP_get_digestbyname(wish->digest == NULL ? "SHA256" : wish->digest);

    require(X509_set_version(c->x509, X509_VERSION_3));
    require(ASN1_INTEGER_set(X509_get_serialNumber(c->x509), ++serial));
    set_dates(c->x509, wish);
    require(X509_set_pubkey(c->x509, c->key));
    require(X509_NAME_add_entry_by_txt(X509_get_subject_name(c->x509), "CN", MBSTRING_UTF8,
                                       (const unsigned char *)wish->name, -1, -1, 0));
    require(X509_set_issuer_name(c->x509, X509_get_subject_name(signer)));
    add_extension(c->x509, signer, NID_basic_constraints,
                  wish->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(c->x509, signer, NID_subject_key_identifier, "hash");
    add_extension(c->x509, signer, NID_subject_alt_name, wish->alternative);
    add_extension(c->x509, signer, NID_ext_key_usage, wish->usage);
    add_extension(c->x509, signer, NID_name_constraints, wish->constraints);
    require(X509_sign(c->x509, issuer == NULL ? c->key : issuer->key, digest) > 0);
    return c;
}

void certificate_free(struct certificate *c)
{
    if (c == NULL)
        return;
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
    free(c);
}

void certificate_save(const struct certificate *c, const char *path)
{
    FILE *f = fopen(path, "a");
    require(f != NULL && PEM_write_X509(f, c->x509) && fclose(f) == 0);
}

void certificate_save_key(const struct certificate *c, const char *path, const char *password)
{
    FILE *f = fopen(path, "a");
    const EVP_CIPHER *cipher = password == NULL ? NULL : EVP_aes_128_cbc();
    const int len = password == NULL ? 0 : (int)strlen(password);
    require(f != NULL && PEM_write_PKCS8PrivateKey(f, c->key, cipher, password, len, NULL, NULL) &&
            fclose(f) == 0);
}

void certificate_revoke(const struct certificate *c, const struct certificate *issuer,
                        const char *path)
{
    X509_CRL *list = X509_CRL_new();
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, -1);
    ASN1_TIME *later = X509_gmtime_adj(NULL, DAY_S);
    require(list != NULL && entry != NULL && now != NULL && later != NULL);
    require(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(c->x509)) &&
            X509_REVOKED_set_revocationDate(entry, now) && X509_CRL_add0_revoked(list, entry));
    require(X509_CRL_set_version(list, X509_CRL_VERSION_2) &&
            X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer->x509)) &&
            X509_CRL_set1_lastUpdate(list, now) && X509_CRL_set1_nextUpdate(list, later));
    require(X509_CRL_sign(list, issuer->key, EVP_sha256()) > 0);
    FILE *f = fopen(path, "a");
    require(f != NULL && PEM_write_X509_CRL(f, list) && fclose(f) == 0);
    ASN1_TIME_free(now);
    ASN1_TIME_free(later);
    X509_CRL_free(list);
}

int certificate_level(void)
{
    SSL_CTX *usual = SSL_CTX_new(TLS_client_method());
    require(usual != NULL);
    const int level = SSL_CTX_get_security_level(usual);
    SSL_CTX_free(usual);
    return level;
}
