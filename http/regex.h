/* regex — patterns of PCRE2: compiled at load, matched without allocation.
 *
 * A pattern is immutable and shared by all cores; each core has a matcher of its own with the
 * memory that matching needs. Text and pattern are bytes; a pattern that begins with (*UTF) means
 * characters, and finds nothing in a text that is not UTF-8.
 *
 * Matching is bounded, so a pattern that explodes ends with -E2BIG: a million steps from each place
 * where a match may begin, and the matcher's memory.
 */
#ifndef SQUALL_HTTP_REGEX_H
#define SQUALL_HTTP_REGEX_H

#include <stddef.h>

#include "http/span.h"

struct regex;
struct regex_matcher;

/* 0, -ENOMEM, or -EINVAL with what is wrong in `message` and *ret_offset where in the pattern. */
int regex_open(struct regex **ret_regex, struct span pattern, char *message, size_t message_size,
               size_t *ret_offset);
void regex_close(struct regex *r);

int regex_matcher_open(struct regex_matcher **ret_matcher); /* 0 or -ENOMEM */
void regex_matcher_close(struct regex_matcher *m);

/* Finds the first match in `text`; *ret_match is the first group when the pattern has one (empty
 * when it took no part in the match), else the whole match, within `text`. 0; -ENOENT: none;
 * -E2BIG: the bounds of work or memory were reached. */
int regex_find(const struct regex *r, struct regex_matcher *m, struct span text,
               struct span *ret_match);

#endif
