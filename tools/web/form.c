#include "tools/web/form.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes over `key` and `value`, which may be NULL: no memory. */
static int form_add(struct form *f, char *key, char *value)
{
    int rc = key == NULL || value == NULL ? -ENOMEM : 0;
    if (rc == 0 && f->count == FORM_FIELDS_MAX)
        rc = -EINVAL;
    if (rc != 0) {
        free(key);
        free(value);
        return rc;
    }
    f->fields[f->count++] = (struct form_field){ .key = key, .value = value };
    return 0;
}

/* ---- JSON ---- */

static char *text_of(const json_t *value)
{
    char number[32];
    if (json_is_string(value))
        return strdup(json_string_value(value));
    if (json_is_integer(value))
        (void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        (void)snprintf(number, sizeof number, "%.15g", json_real_value(value));
    return strdup(number);
}

static int add_value(struct form *f, const char *key, const json_t *value)
{
    if (json_is_null(value))
        return 0;
    if (!json_is_string(value) && !json_is_number(value))
        return -EINVAL;
    return form_add(f, strdup(key), text_of(value));
}

int form_read_json(struct form *ret_form, const char *body, size_t len)
{
    struct form f = { .count = 0 };
    json_error_t error;
    json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);
    int rc = json_is_object(root) ? 0 : -EINVAL;
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        size_t i;
        json_t *item;
        if (rc == 0 && !json_is_array(value))
            rc = add_value(&f, key, value);
        else if (rc == 0 && json_array_size(value) == 0)
            rc = form_add(&f, strdup(key), strdup(""));
        json_array_foreach(value, i, item)
        {
            if (rc == 0)
                rc = add_value(&f, key, item);
        }
    }
    json_decref(root);
    if (rc != 0)
        form_close(&f);
    else
        *ret_form = f;
    return rc;
}

/* ---- application/x-www-form-urlencoded ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* NULL = no memory; *ret_rc is -EINVAL when it holds a byte 0. */
static char *decode(const char *text, size_t len, int *ret_rc)
{
    char *out = malloc(len + 1);
    size_t at = 0;
    for (size_t i = 0; out != NULL && i < len; i++) {
        const bool is_escape = text[i] == '%' && i + 2 < len && hex_digit(text[i + 1]) >= 0 &&
                               hex_digit(text[i + 2]) >= 0;
        char c = text[i] == '+' ? ' ' : text[i];
        if (is_escape) {
            c = (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
            i += 2;
        }
        if (c == '\0')
            *ret_rc = -EINVAL;
        out[at++] = c;
    }
    if (out != NULL)
        out[at] = '\0';
    return out;
}

static int add_pair(struct form *f, const char *pair, size_t len)
{
    const char *equals = memchr(pair, '=', len);
    const size_t key_len = equals != NULL ? (size_t)(equals - pair) : len;
    const char *value = equals != NULL ? equals + 1 : pair + len;
    int rc = 0;
    char *key = decode(pair, key_len, &rc);
    const int added = form_add(f, key, decode(value, (size_t)(pair + len - value), &rc));
    return added != 0 ? added : rc;
}

int form_read_urlencoded(struct form *ret_form, const char *body, size_t len)
{
    struct form f = { .count = 0 };
    int rc = 0;
    for (size_t at = 0; at < len && rc == 0;) {
        const char *ampersand = memchr(body + at, '&', len - at);
        const size_t end = ampersand != NULL ? (size_t)(ampersand - body) : len;
        if (end > at)
            rc = add_pair(&f, body + at, end - at);
        at = end + 1;
    }
    if (rc != 0)
        form_close(&f);
    else
        *ret_form = f;
    return rc;
}

/* ---- both ---- */

void form_close(struct form *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->fields[i].key);
        free(f->fields[i].value);
    }
    f->count = 0;
}

bool form_has(const struct form *f, const char *key)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->fields[i].key, key) == 0)
            return true;
    return false;
}

const char *form_get(const struct form *f, const char *key)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->fields[i].key, key) == 0)
            return f->fields[i].value[0] != '\0' ? f->fields[i].value : NULL;
    return NULL;
}
