#include "engine/plan/digest.h"

#include <stdint.h>

/* The functions below EVP, which OpenSSL 3 would rather not see used: EVP allocates at every
 * digest, even with a context that was made ready before. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>

static void write_hex(const uint8_t *bytes, size_t len, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
}

/* Of `first` and `second` together. */
static void sha256(struct span first, struct span second, uint8_t ret[SHA256_DIGEST_LENGTH])
{
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, first.bytes, first.len);
    SHA256_Update(&context, second.bytes, second.len);
    SHA256_Final(ret, &context);
}

void digest_sha256(struct span text, char hex[DIGEST_SHA256_HEX])
{
    uint8_t bytes[SHA256_DIGEST_LENGTH];
    sha256(text, SPAN_LITERAL(""), bytes);
    write_hex(bytes, sizeof(bytes), hex);
}

void digest_md5(struct span text, char hex[DIGEST_MD5_HEX])
{
    uint8_t bytes[MD5_DIGEST_LENGTH];
    MD5_CTX context;
    MD5_Init(&context);
    MD5_Update(&context, text.bytes, text.len);
    MD5_Final(bytes, &context);
    write_hex(bytes, sizeof(bytes), hex);
}

/* RFC 2104: H(key ^ outer, H(key ^ inner, text)), where a key longer than a block is its digest. */
void digest_hmac_sha256(struct span key, struct span text, char hex[DIGEST_SHA256_HEX])
{
    uint8_t block[SHA256_CBLOCK] = { 0 }, bytes[SHA256_DIGEST_LENGTH];
    char inner[SHA256_CBLOCK], outer[SHA256_CBLOCK];
    if (key.len > sizeof(block))
        sha256(key, SPAN_LITERAL(""), block);
    else if (key.len > 0)
        memcpy(block, key.bytes, key.len);
    for (size_t i = 0; i < sizeof(block); i++) {
        inner[i] = (char)(block[i] ^ 0x36);
        outer[i] = (char)(block[i] ^ 0x5c);
    }
    sha256((struct span){ inner, sizeof(inner) }, text, bytes);
    sha256((struct span){ outer, sizeof(outer) },
           (struct span){ (const char *)bytes, sizeof(bytes) }, bytes);
    write_hex(bytes, sizeof(bytes), hex);
}
