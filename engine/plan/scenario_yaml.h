/* scenario_yaml — bytes of a scenario file to a tree of nodes that know their place. The only user
 * of libyaml.
 *
 * Anything a scenario has no use for is refused here with its place: anchors, aliases, tags,
 * several documents, keys given twice, control characters, other encodings than UTF-8. The caps
 * keep any file cheap to refuse.
 */
#ifndef SQUALL_ENGINE_PLAN_SCENARIO_YAML_H
#define SQUALL_ENGINE_PLAN_SCENARIO_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/plan/diag.h"
#include "http/span.h"

struct arena;

#define SCENARIO_BYTES_MAX (1024u * 1024u)
#define SCENARIO_DEPTH_MAX 64u
#define SCENARIO_NODES_MAX 100000u

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node {
    enum node_kind kind;
    bool is_plain;    /* a scalar without quotes: may mean a number, true, false or null */
    bool is_broken;   /* a mistake here was reported already: what follows from it is not */
    bool is_verbatim; /* the text stands in the file as it is, from text_column on */
    uint32_t text_column;
    struct place place;
    struct span text;         /* of a scalar; may hold NUL, which double quotes can write */
    const struct node *key;   /* what names it in a mapping, else NULL */
    const struct node *first; /* of a sequence or mapping, in order */
    const struct node *next;
    uint32_t count;
};

/* The root, a mapping, living in `a` as its texts do. 0; -EINVAL with at least one more entry in
 * `diags`, in which case *ret_root may still be set to a whole tree with mistakes in it, or else to
 * NULL; -ENOMEM. */
int scenario_tree_read(const struct node **ret_root, struct arena *a, struct span text,
                       struct diag_list *diags);

/* Where `part`, a piece of n->text, stands in the file; the whole node where that cannot be told.
 */
struct place node_place_of(const struct node *n, struct span part);

/* What was found, for a message: 'text', nothing, a list, a mapping. */
struct diag_quote node_found(const struct node *n);

/* An empty scalar without quotes, or null. */
bool node_is_null(const struct node *n);

/* A scalar without quotes that is a number, true or false as JSON has them. */
bool node_is_json(const struct node *n);

#endif
