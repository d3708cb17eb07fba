/* hist_codec — the counts of a histogram as bytes: HdrHistogram's V2 encoding, which its libraries
 * read in every language.
 *
 * Three forms, each around the one before:
 *   counts      each count as ZigZag LEB128 of at most 9 bytes, from bucket 0 to the last one that
 *               counted; two or more empty buckets in a row are their number, negative
 *   compressed  a header with the layout and the counts, in a zlib stream behind a header
 *   text        the compressed form in Base64, beginning "HISTFAAA"
 *
 * Counts survive exactly. What a bucket cannot tell does not: min and max come back as the edges of
 * the outermost buckets, the sum as that of the buckets' middles, and values over HIST_MAX_NS lie
 * in the last bucket like any other.
 */
#ifndef SQUALL_STATS_HIST_CODEC_H
#define SQUALL_STATS_HIST_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "stats/hist.h"

/* Room that the counts of `v` need at most. */
static inline size_t hist_codec_counts_room(const struct hist_view *v)
{
    return 9u * (size_t)(v->index_last == 0 ? 1u : v->index_last);
}

/* Writes the counts, hist_codec_counts_room() bytes at most, and returns how many. Every count must
 * be below 2^63. */
size_t hist_codec_encode_counts(uint8_t *out, const struct hist_view *v);

/* Adds encoded counts into `v`. 0, or -EBADMSG when they are cut, lie beyond the last bucket or add
 * up to 2^63 or more; then a part of them may have been added. */
int hist_codec_add_counts(struct hist_view *v, const uint8_t *bytes, size_t size);

/* The compressed form, malloc'd. 0 or -ENOMEM. */
int hist_codec_encode(uint8_t **ret_bytes, size_t *ret_size, const struct hist_view *v);

/* The text form, malloc'd and NUL-terminated. 0 or -ENOMEM. */
int hist_codec_encode_text(char **ret_text, const struct hist_view *v);

/* Replaces `v` by what was encoded, here or by another library. 0; -EBADMSG when it is no such
 * histogram, whole and with nothing behind it; -ENOTSUP when its layout is not that of hist.h;
 * -ENOMEM. On failure `v` is empty. Takes no more memory than the largest histogram needs, whatever
 * the bytes promise. */
int hist_codec_decode(struct hist_view *v, const uint8_t *bytes, size_t size);
int hist_codec_decode_text(struct hist_view *v, const char *text, size_t len);

#endif
