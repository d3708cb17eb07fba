#include "http/capture.h"

#include <errno.h>
#include <limits.h>

#include "http/json.h"
#include "http/text_list.h"

/* Where the first '*' that is a whole token stands, from `from` on; the pointer's end when there is
 * none. */
static size_t find_star(struct span pointer, size_t from)
{
    if (pointer.len == 0 || memchr(pointer.bytes, '*', pointer.len) == NULL)
        return pointer.len;
    for (size_t i = from; i + 1 < pointer.len; i++) {
        const bool ends = i + 2 == pointer.len || pointer.bytes[i + 2] == '/';
        if (pointer.bytes[i] == '/' && pointer.bytes[i + 1] == '*' && ends)
            return i + 1;
    }
    return pointer.len;
}

const char *capture_pointer_fault(struct span pointer)
{
    if (pointer.len > 0 && pointer.bytes[0] != '/')
        return "expected a JSON pointer such as '/items/0/id', found one that does not begin with "
               "'/'";
    for (size_t i = 0; i < pointer.len; i++) {
        const bool has_next = i + 1 < pointer.len;
        if (pointer.bytes[i] == '~' &&
            !(has_next && (pointer.bytes[i + 1] == '0' || pointer.bytes[i + 1] == '1')))
            return "expected '~0' or '~1' in a JSON pointer, found another '~'";
    }
    const size_t star = find_star(pointer, 0);
    if (star < pointer.len && find_star(pointer, star) < pointer.len)
        return "expected at most one '*' in a JSON pointer, found another";
    return NULL;
}

bool capture_pointer_is_list(struct span pointer)
{
    return find_star(pointer, 0) < pointer.len;
}

/* A value as what it says: a string without its quotes, anything else as it stands, of which
 * *ret_is_json tells. */
static int value_write(const struct json_document *j, uint32_t node, char *out, size_t cap,
                       bool *ret_is_json)
{
    const struct span value = json_node_text(j, node);
    *ret_is_json = value.bytes[0] != '"';
    if (!*ret_is_json)
        return json_node_string(j, node, out, cap);
    if (value.len > cap || value.len > INT_MAX)
        return -ENOSPC;
    memcpy(out, value.bytes, value.len);
    return (int)value.len;
}

/* The list's new length; -ENOSPC when it has no room for all. */
static int list_add(const struct json_document *j, uint32_t node, char *out, int used, size_t cap)
{
    char text[TEXT_LIST_ITEM_MAX];
    bool is_json;
    const int item = value_write(j, node, text, sizeof(text), &is_json);
    if (item < 0)
        return item;
    const int len =
        text_list_append(out, (size_t)used, cap, (struct span){ text, (size_t)item }, is_json);
    /* Grown by less than the item, it has begun to drop the oldest. */
    return len <= used + item ? -ENOSPC : len;
}

/* `star` is where the '*' of the pointer stands. */
static int list_capture(const struct json_document *j, struct span pointer, size_t star, char *out,
                        size_t cap)
{
    const struct span rest = { pointer.bytes + star + 1, pointer.len - star - 1 };
    uint32_t parent, at = 0, name, child, node;
    int len = 0;
    if (json_node_find(j, JSON_ROOT, (struct span){ pointer.bytes, star - 1 }, &parent) < 0 ||
        (!json_node_is_object(j, parent) && !json_node_is_array(j, parent)))
        return -ENOENT;
    while (len >= 0 && json_node_next(j, parent, &at, &name, &child))
        if (json_node_find(j, child, rest, &node) == 0)
            len = list_add(j, node, out, len, cap);
    return len;
}

int capture_json(const struct json_document *j, struct span pointer, char *out, size_t cap,
                 bool *ret_is_json)
{
    const size_t star = find_star(pointer, 0);
    uint32_t node;
    *ret_is_json = false;
    if (star < pointer.len)
        return list_capture(j, pointer, star, out, cap);
    const int rc = json_node_find(j, JSON_ROOT, pointer, &node);
    return rc < 0 ? rc : value_write(j, node, out, cap, ret_is_json);
}
