#include "tools/target/fields.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

struct fields {
    json_t *json;     /* NULL for a form */
    struct span form; /* owned copy, '%' and '+' still in it; as much room again follows, for
                         decoded values */
    size_t decoded;   /* of that room, used */
};

static bool contains(struct span text, const char *word)
{
    const size_t len = strlen(word);
    for (size_t at = 0; at + len <= text.len; at++) {
        if (strncasecmp(text.bytes + at, word, len) == 0)
            return true;
    }
    return false;
}

static int open_json(struct fields *f, struct span body)
{
    f->json = json_loadb(body.bytes != NULL ? body.bytes : "", body.len, JSON_ALLOW_NUL, NULL);
    return json_is_object(f->json) ? 0 : -EINVAL;
}

static int open_form(struct fields *f, struct span body)
{
    char *copy = malloc(2 * body.len + 1);
    if (copy == NULL)
        return -ENOMEM;
    if (body.len > 0)
        memcpy(copy, body.bytes, body.len);
    f->form = (struct span){ copy, body.len };
    return 0;
}

int fields_open(struct fields **ret_fields, struct span content_type, struct span body)
{
    const bool is_json = contains(content_type, "json");
    if (!is_json && content_type.len > 0 && !contains(content_type, "form-urlencoded") &&
        !contains(content_type, "text/plain"))
        return -ENOTSUP;
    struct fields *f = calloc(1, sizeof *f);
    if (f == NULL)
        return -ENOMEM;
    /* Without a word about its type, a body that begins as an object is taken for one. */
    const bool looks_json = body.len > 0 && body.bytes[0] == '{';
    const int rc = is_json || looks_json ? open_json(f, body) : open_form(f, body);
    if (rc < 0) {
        fields_close(f);
        return rc;
    }
    *ret_fields = f;
    return 0;
}

void fields_close(struct fields *f)
{
    if (f == NULL)
        return;
    json_decref(f->json);
    free((void *)(uintptr_t)f->form.bytes);
    free(f);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Undoes the form's encoding into the room behind it. What is no valid escape stays as it is. */
static struct span decode(struct fields *f, struct span value)
{
    char *const room = (char *)(uintptr_t)f->form.bytes + f->form.len + f->decoded;
    size_t to = 0;
    if (value.len > f->form.len - f->decoded)
        return (struct span){ room, 0 };
    for (size_t from = 0; from < value.len; from++) {
        char c = value.bytes[from] == '+' ? ' ' : value.bytes[from];
        if (c == '%' && from + 2 < value.len && hex_value(value.bytes[from + 1]) >= 0 &&
            hex_value(value.bytes[from + 2]) >= 0) {
            c = (char)(hex_value(value.bytes[from + 1]) * 16 + hex_value(value.bytes[from + 2]));
            from += 2;
        }
        room[to++] = c;
    }
    f->decoded += to;
    return (struct span){ room, to };
}

static bool form_text(struct fields *f, const char *name, struct span *ret)
{
    const size_t name_len = strlen(name);
    const char *at = f->form.bytes;
    const char *const end = at + f->form.len;
    while (at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        if ((size_t)(stop - at) > name_len && memcmp(at, name, name_len) == 0 &&
            at[name_len] == '=') {
            at += name_len + 1;
            *ret = decode(f, (struct span){ at, (size_t)(stop - at) });
            return true;
        }
        at = stop + (stop < end);
    }
    return false;
}

bool fields_text(struct fields *f, const char *name, struct span *ret)
{
    if (f->json == NULL)
        return form_text(f, name, ret);
    const json_t *value = json_object_get(f->json, name);
    if (!json_is_string(value))
        return false;
    *ret = (struct span){ json_string_value(value), json_string_length(value) };
    return true;
}

bool fields_number(struct fields *f, const char *name, int64_t *ret)
{
    const json_t *value = f->json != NULL ? json_object_get(f->json, name) : NULL;
    if (json_is_integer(value)) {
        *ret = json_integer_value(value);
        return true;
    }
    struct span text;
    char copy[24];
    if (!fields_text(f, name, &text) || text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.bytes, text.len);
    copy[text.len] = '\0';
    char *end;
    errno = 0;
    const long long number = strtoll(copy, &end, 10);
    if (*end != '\0' || errno != 0)
        return false;
    *ret = number;
    return true;
}
