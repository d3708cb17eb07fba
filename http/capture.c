#include "http/capture.h"

#include <errno.h>
#include <limits.h>

#include "http/json.h"
#include "http/text_list.h"

/* How many reference tokens are just '*'. */
static size_t star_count(struct span pointer)
{
    size_t count = 0;
    for (size_t i = 0; i + 1 < pointer.len; i++) {
        const bool ends = i + 2 == pointer.len || pointer.bytes[i + 2] == '/';
        count += pointer.bytes[i] == '/' && pointer.bytes[i + 1] == '*' && ends;
    }
    return count;
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
    if (star_count(pointer) > 1)
        return "expected at most one '*' in a JSON pointer, found another";
    return NULL;
}

bool capture_pointer_is_list(struct span pointer)
{
    return star_count(pointer) > 0;
}

/* Whether its text alone says what it is: all but strings, which lose their quotes. */
static bool value_is_json(struct span value)
{
    return value.bytes[0] != '"';
}

/* A value as what it says: a string without its quotes, anything else as it stands. */
static int value_write(struct span value, char *out, size_t cap)
{
    if (!value_is_json(value))
        return json_unescape(value, out, cap);
    if (value.len > cap || value.len > INT_MAX)
        return -ENOSPC;
    memcpy(out, value.bytes, value.len);
    return (int)value.len;
}

/* A text_list that is being written. */
struct list {
    char *out;
    size_t cap;
    int len; /* or -ENOSPC */
};

static void list_begin(void *context)
{
    struct list *list = context;
    list->len = 0;
}

static void list_add(void *context, struct span value)
{
    struct list *list = context;
    char text[TEXT_LIST_ITEM_MAX];
    const int used = list->len;
    const int len = used < 0 ? used : value_write(value, text, sizeof(text));
    if (len < 0) {
        list->len = -ENOSPC;
        return;
    }
    list->len = text_list_append(list->out, (size_t)used, list->cap,
                                 (struct span){ text, (size_t)len }, value_is_json(value));
    /* Grown by less than the item, it has begun to drop the oldest. */
    if (list->len <= used + len)
        list->len = -ENOSPC;
}

static int list_capture(struct span body, struct span pointer, char *out, size_t cap)
{
    struct list list = { .out = out, .cap = cap };
    const struct json_each each = { .begin = list_begin, .add = list_add, .context = &list };
    const int rc = json_find_each(body, pointer, &each);
    return rc < 0 ? rc : list.len;
}

int capture_json(struct span body, struct span pointer, char *out, size_t cap, bool *ret_is_json)
{
    struct span value;

    *ret_is_json = false;
    if (capture_pointer_fault(pointer))
        return -ENOENT;
    if (capture_pointer_is_list(pointer))
        return list_capture(body, pointer, out, cap);
    const int rc = json_find(body, pointer, &value);
    if (rc < 0)
        return rc;
    *ret_is_json = value_is_json(value);
    return value_write(value, out, cap);
}
