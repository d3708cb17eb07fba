#include "http/text_list.h"

#include <assert.h>
#include <errno.h>

#define LENGTH_BYTES 2u
#define JSON_BIT     0x80u /* in the second of them */

_Static_assert(TEXT_LIST_ITEM_MAX < JSON_BIT << 8, "a length leaves room for the bit");

bool text_list_next(struct span list, size_t *at, struct span *ret_item)
{
    if (*at > list.len || list.len - *at < LENGTH_BYTES)
        return false;
    const uint8_t *head = (const uint8_t *)list.bytes + *at;
    const size_t len = head[0] | (size_t)(head[1] & ~JSON_BIT) << 8;
    if (len > list.len - *at - LENGTH_BYTES)
        return false;
    *ret_item = (struct span){ list.bytes + *at + LENGTH_BYTES, len };
    *at += LENGTH_BYTES + len;
    return true;
}

bool text_list_is_json(struct span item)
{
    return ((uint8_t)item.bytes[-1] & JSON_BIT) != 0;
}

uint32_t text_list_count(struct span list)
{
    struct span item;
    uint32_t count = 0;
    for (size_t at = 0; text_list_next(list, &at, &item);)
        count++;
    return count;
}

bool text_list_at(struct span list, int64_t index, struct span *ret_item)
{
    struct span item;
    if (index < 0)
        index += text_list_count(list);
    if (index < 0)
        return false;
    for (size_t at = 0; text_list_next(list, &at, &item); index--) {
        if (index == 0) {
            *ret_item = item;
            return true;
        }
    }
    return false;
}

int text_list_append(char *out, size_t used, size_t cap, struct span item, bool is_json)
{
    const size_t room = cap < TEXT_LIST_BYTES_MAX ? cap : TEXT_LIST_BYTES_MAX;
    const size_t added = LENGTH_BYTES + item.len;
    struct span oldest;
    size_t dropped = 0;

    assert(used <= cap);
    if (item.len > TEXT_LIST_ITEM_MAX || added > room)
        return -ENOSPC;
    while (used - dropped > room - added)
        if (!text_list_next((struct span){ out, used }, &dropped, &oldest))
            dropped = used;
    if (dropped > 0)
        memmove(out, out + dropped, used - dropped);
    char *at = out + used - dropped;
    at[0] = (char)(item.len & 0xff);
    at[1] = (char)(item.len >> 8 | (is_json ? JSON_BIT : 0));
    if (item.len > 0)
        memcpy(at + LENGTH_BYTES, item.bytes, item.len);
    return (int)(used - dropped + added);
}
