/* form — the fields of a request's body: a JSON object, or a form as browsers and scripts send it.
 * Every value is a text; a list is the same key several times, one that is empty is once an empty
 * text. */
#ifndef SQUALL_TOOLS_WEB_FORM_H
#define SQUALL_TOOLS_WEB_FORM_H

#include <stdbool.h>
#include <stddef.h>

#define FORM_FIELDS_MAX 128u

struct form {
    size_t count;
    struct form_field {
        char *key, *value;
    } fields[FORM_FIELDS_MAX];
};

/* 0; -EINVAL: it is none, or has too many fields, or a byte 0; -ENOMEM. form_close() after 0 only.
 */
int form_read_json(struct form *ret_form, const char *body, size_t len);
int form_read_urlencoded(struct form *ret_form, const char *body, size_t len);
void form_close(struct form *f);

/* The first value of that key, NULL when there is none or it is empty. */
const char *form_get(const struct form *f, const char *key);

/* Whether it has that key, be it with an empty value. */
bool form_has(const struct form *f, const char *key);

#endif
