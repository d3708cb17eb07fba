/* json — a JSON text (RFC 8259, strictly) read once into a row of nodes, and as many pointers as
 * are asked for followed in it.
 *
 * One `struct json_document` is one thread's; it is read into again and again. Only
 * json_document_open() allocates. The text stays the caller's and must live as long as its nodes
 * are looked at.
 */
#ifndef SQUALL_HTTP_JSON_H
#define SQUALL_HTTP_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "http/span.h"

#define JSON_DEPTH_MAX 64 /* arrays and objects inside each other */
#define JSON_ROOT      0u

/* A value, or a member's name: then the value is the node after it. */
struct json_node {
    uint32_t begin, end;      /* in the text; a string with its quotes */
    uint32_t next : 31;       /* the first node behind it and all that is in it */
    uint32_t has_escapes : 1; /* a string; of anything else it says nothing */
};

struct json_document {
    struct span text;
    struct json_node *nodes; /* in the order of the text; JSON_ROOT is the whole */
    size_t bytes_max;        /* of a text */
};

/* For texts of at most `bytes_max`. 0 or -ENOMEM. Twelve bytes for every two of them, of which the
 * kernel gives those that are used. */
int json_document_open(struct json_document *j, size_t bytes_max);
void json_document_close(struct json_document *j);

/* 0; -EBADMSG: the text as a whole is no valid JSON, or deeper than JSON_DEPTH_MAX; -EFBIG: longer
 * than json_document_open() was told. */
int json_document_read(struct json_document *j, struct span text);

static inline struct span json_node_text(const struct json_document *j, uint32_t node)
{
    const struct json_node *n = &j->nodes[node];
    return (struct span){ j->text.bytes + n->begin, n->end - n->begin };
}

static inline bool json_node_is_object(const struct json_document *j, uint32_t node)
{
    return j->text.bytes[j->nodes[node].begin] == '{';
}

static inline bool json_node_is_array(const struct json_document *j, uint32_t node)
{
    return j->text.bytes[j->nodes[node].begin] == '[';
}

/* What a node that is a string says, as UTF-8. Returns its length, or -ENOSPC. */
int json_node_string(const struct json_document *j, uint32_t node, char *out, size_t cap);

/* The child of an object or array at *at, which is stepped over; begin with 0. False at the end,
 * and for a value that has no children. *ret_name is *ret_value in an array. */
static inline bool json_node_next(const struct json_document *j, uint32_t parent, uint32_t *at,
                                  uint32_t *ret_name, uint32_t *ret_value)
{
    if (*at == 0)
        *at = parent + 1;
    if (*at >= j->nodes[parent].next)
        return false;
    *ret_name = *at;
    *ret_value = json_node_is_object(j, parent) ? *at + 1 : *at;
    *at = j->nodes[*ret_value].next;
    return true;
}

/* Where `pointer` (RFC 6901) leads to from a node. 0, or -ENOENT: nothing there. Of equal names in
 * an object the last one counts. */
int json_node_find(const struct json_document *j, uint32_t from, struct span pointer,
                   uint32_t *ret_node);

/* ---- without nodes ---- */

/* *ret_value is the text without the blanks around its value. */
bool json_is_valid(struct span text, struct span *ret_value);

/* A number, true, false or null, and nothing around it. */
bool json_is_plain_value(struct span text);

/* The member at *at of an object, whose text is valid; *at is stepped over it, begin with 0. The
 * name has its quotes. False at the end, and when it is no object. */
bool json_next_member(struct span object, size_t *at, struct span *ret_name,
                      struct span *ret_value);

#endif
