/* text_list — several texts in one run of bytes: what a user appends to and picks from.
 *
 * Each item is its length in two bytes, least significant first, and its bytes; the highest bit of
 * the two says that it is JSON as it stands. An empty span is the empty list. No allocation; the
 * caller owns the bytes.
 */
#ifndef SQUALL_HTTP_TEXT_LIST_H
#define SQUALL_HTTP_TEXT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/span.h"

#define TEXT_LIST_BYTES_MAX 65536u /* a whole list */
#define TEXT_LIST_ITEM_MAX  4096u  /* one item */

uint32_t text_list_count(struct span list);

/* Item `index` from 0, or from -1 backwards. False when there is none. */
bool text_list_at(struct span list, int64_t index, struct span *ret_item);

/* The item at *at, which is stepped over; begin with *at = 0. False at the end. */
bool text_list_next(struct span list, size_t *at, struct span *ret_item);

/* Whether an item of a list, as the two above give it, is JSON as it stands: 12, true, null, [1].
 */
bool text_list_is_json(struct span item);

/* Writes `item`, which lies elsewhere, behind out[0..used); out holds `cap` bytes. The oldest items
 * go when there is no room or the list would be longer than TEXT_LIST_BYTES_MAX. The new length, or
 * -ENOSPC: the item alone is longer than that or TEXT_LIST_ITEM_MAX; then nothing was written. */
int text_list_append(char *out, size_t used, size_t cap, struct span item, bool is_json);

#endif
