/* digest — SHA-256, MD5 and HMAC in lower case hex. No allocation. */
#ifndef SQUALL_ENGINE_PLAN_DIGEST_H
#define SQUALL_ENGINE_PLAN_DIGEST_H

#include "http/span.h"

#define DIGEST_SHA256_HEX 64u
#define DIGEST_MD5_HEX    32u

void digest_sha256(struct span text, char hex[DIGEST_SHA256_HEX]);
void digest_md5(struct span text, char hex[DIGEST_MD5_HEX]);
void digest_hmac_sha256(struct span key, struct span text, char hex[DIGEST_SHA256_HEX]);

#endif
