/* tls_certificate — a certificate for a server that people try things on. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "engine/io/tls_state.h"

#define NAMES  "DNS:localhost,IP:127.0.0.1,IP:::1"
#define YEAR_S 31536000

static bool set_extension(X509 *x509, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    const bool is_set = extension != NULL && X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
    return is_set;
}

static bool fill(X509 *x509, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(x509);
    uint64_t serial = 0;
    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
           X509_set_version(x509, X509_VERSION_3) &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1 | 1) &&
           X509_gmtime_adj(X509_getm_notBefore(x509), -60) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(x509), YEAR_S) != NULL &&
           X509_set_pubkey(x509, key) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"squall target", -1, -1, 0) &&
           X509_set_issuer_name(x509, name) &&
           set_extension(x509, NID_basic_constraints, "critical,CA:FALSE") &&
           set_extension(x509, NID_subject_alt_name, NAMES) &&
           X509_sign(x509, key, EVP_sha256()) > 0;
}

int tls_certificate_make(SSL_CTX *ssl)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    const bool is_made = key != NULL && x509 != NULL && fill(x509, key) &&
                         SSL_CTX_use_certificate(ssl, x509) && SSL_CTX_use_PrivateKey(ssl, key);
    X509_free(x509);
    EVP_PKEY_free(key);
    return is_made ? 0 : -ENOMEM;
}
