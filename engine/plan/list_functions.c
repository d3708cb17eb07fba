#include "engine/plan/function.h"
#include "http/out.h"
#include "http/text_list.h"

/* A variable that was never set has the length 0: a loop that fills it may ask. */
struct value list_length(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span text;
    if (arguments[0].kind == VALUE_NONE)
        return value_integer(0);
    if (arguments[0].kind == VALUE_LIST)
        return value_integer(text_list_count(arguments[0].text));
    return value_as_text(e, &arguments[0], &text) ? value_integer((int64_t)text.len) : value_none();
}

static struct value item_at(const struct value *list, int64_t index)
{
    struct span item;
    if (list->kind != VALUE_LIST || !text_list_at(list->text, index, &item))
        return value_none();
    return value_item(item);
}

struct value list_first(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    return item_at(&arguments[0], 0);
}

struct value list_last(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    return item_at(&arguments[0], -1);
}

/* A list as long as the scratch allows, up to TEXT_LIST_BYTES_MAX, under way. */
struct new_list {
    char *bytes;
    size_t len, cap;
};

/* Refuses what would push older items out of the list: a list that lost some would be a lie. */
static bool list_put(struct new_list *l, struct span item)
{
    if (item.len > TEXT_LIST_ITEM_MAX || item.len + 2 > l->cap - l->len)
        return false;
    const int len = text_list_append(l->bytes, l->len, l->cap, item, false);
    l->len = len > 0 ? (size_t)len : l->len;
    return len > 0;
}

/* "a,b," has the items a, b and an empty one; the empty text has none. */
struct value list_split(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span rest, separator;
    if (!value_as_text(e, &arguments[0], &rest) || !value_as_text(e, &arguments[1], &separator) ||
        separator.len == 0)
        return value_none();
    struct new_list l = { .bytes = evaluator_room(e, TEXT_LIST_BYTES_MAX),
                          .cap = TEXT_LIST_BYTES_MAX };
    if (l.bytes == NULL)
        return value_none();
    bool has_more = rest.len > 0;
    while (has_more) {
        const char *found = memmem(rest.bytes, rest.len, separator.bytes, separator.len);
        const size_t len = found == NULL ? rest.len : (size_t)(found - rest.bytes);
        if (!list_put(&l, (struct span){ rest.bytes, len }))
            return value_none();
        has_more = found != NULL;
        const size_t taken = len + (has_more ? separator.len : 0);
        rest = (struct span){ rest.bytes + taken, rest.len - taken };
    }
    return (struct value){ .kind = VALUE_LIST, .text = evaluator_keep(e, l.len) };
}

struct value list_join(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span separator, item;
    if (arguments[0].kind != VALUE_LIST || !value_as_text(e, &arguments[1], &separator))
        return value_none();
    struct out o = { .bytes = evaluator_room(e, VALUE_TEXT_MAX), .cap = VALUE_TEXT_MAX };
    if (o.bytes == NULL)
        return value_none();
    bool is_first = true;
    for (size_t at = 0; text_list_next(arguments[0].text, &at, &item); is_first = false) {
        if (!is_first)
            out_put_span(&o, separator);
        if (out_put_span(&o, item) != 0)
            break;
    }
    return out_finish(&o) < 0 ? value_none() : value_text(evaluator_keep(e, o.len));
}
