/* token — what a user shows to be let in: 40 hex digits, as Django REST framework writes them. The
 * first 16 name the user, the rest prove that this process issued it (SipHash under a secret drawn
 * at start), so none need be kept.
 */
#ifndef SQUALL_TOOLS_TARGET_TOKEN_H
#define SQUALL_TOOLS_TARGET_TOKEN_H

#include <stdint.h>

#include "http/span.h"

#define TOKEN_LEN 40u

struct token_secret {
    uint64_t key[2];
};

void token_secret_draw(struct token_secret *ret);

/* The same user gets the same token for as long as the secret lives. Writes TOKEN_LEN digits, no
 * NUL. */
void token_issue(const struct token_secret *secret, struct span user, char *out);
bool token_is_ours(const struct token_secret *secret, struct span token);

#endif
