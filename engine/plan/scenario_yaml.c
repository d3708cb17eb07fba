#include "engine/plan/scenario_yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "engine/plan/arena.h"
#include "http/json.h"

/* Where in the text a character is. libyaml counts characters, we keep bytes; events come nearly in
 * order, so walking from the last place is short. */
struct cursor {
    struct span text;
    size_t byte, character;
};

struct frame {
    struct node *node;
    struct node *last;      /* newest child */
    const struct node *key; /* of a mapping: waits for its value */
};

struct reader {
    struct arena *arena;
    struct diag_list *diags;
    struct cursor cursor;
    struct node *root;
    uint32_t nodes;
    uint32_t depth;
    struct frame frames[SCENARIO_DEPTH_MAX];
};

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

static size_t cursor_move(struct cursor *c, size_t character)
{
    while (c->character < character && c->byte < c->text.len) {
        do
            c->byte++;
        while (c->byte < c->text.len && is_continuation(c->text.bytes[c->byte]));
        c->character++;
    }
    while (c->character > character && c->byte > 0) {
        do
            c->byte--;
        while (c->byte > 0 && is_continuation(c->text.bytes[c->byte]));
        c->character--;
    }
    return c->byte;
}

static struct place place_at(const yaml_mark_t *mark, uint32_t len)
{
    return (struct place){ (uint32_t)mark->line + 1, (uint32_t)mark->column + 1, len };
}

/* From `start` to `end`, or one character where they are on different lines. */
static struct place place_between(const yaml_mark_t *start, const yaml_mark_t *end)
{
    const bool is_short = end->line != start->line || end->column <= start->column;
    return place_at(start, is_short ? 1 : (uint32_t)(end->column - start->column));
}

static uint32_t count_characters(struct span text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += is_continuation(text.bytes[i]) ? 0 : 1;
    return count;
}

struct place node_place_of(const struct node *n, struct span part)
{
    if (!n->is_verbatim || part.bytes < n->text.bytes ||
        part.bytes + part.len > n->text.bytes + n->text.len)
        return n->place;
    const struct span before = { n->text.bytes, (size_t)(part.bytes - n->text.bytes) };
    const uint32_t len = count_characters(part);
    return (struct place){ n->place.line, n->text_column + count_characters(before),
                           len == 0 ? 1 : len };
}

struct diag_quote node_found(const struct node *n)
{
    struct diag_quote q;
    switch (n->kind) {
    case NODE_SEQUENCE:
        snprintf(q.text, sizeof(q.text), "a list");
        return q;
    case NODE_MAPPING:
        snprintf(q.text, sizeof(q.text), "a mapping");
        return q;
    case NODE_SCALAR:
        break;
    }
    if (n->text.len == 0 && !n->is_plain) {
        snprintf(q.text, sizeof(q.text), "an empty text");
        return q;
    }
    return diag_quote(n->text);
}

bool node_is_null(const struct node *n)
{
    if (n->kind != NODE_SCALAR || !n->is_plain)
        return false;
    return n->text.len == 0 || span_equal(n->text, SPAN_LITERAL("~")) ||
           span_equal(n->text, SPAN_LITERAL("null")) || span_equal(n->text, SPAN_LITERAL("Null")) ||
           span_equal(n->text, SPAN_LITERAL("NULL"));
}

bool node_is_json(const struct node *n)
{
    return n->kind == NODE_SCALAR && n->is_plain && !node_is_null(n) &&
           json_is_plain_value(n->text);
}

static struct node *node_open(struct reader *r, enum node_kind kind, const yaml_event_t *event)
{
    struct node *n = arena_alloc(r->arena, sizeof(*n));
    if (n == NULL)
        return NULL;
    n->kind = kind;
    n->place = place_between(&event->start_mark, &event->end_mark);
    return n;
}

/* Fills in the text and whether the file shows it just so, between quotes or bare, on one line. */
static int node_take_text(struct reader *r, struct node *n, const yaml_event_t *event)
{
    const yaml_scalar_style_t style = event->data.scalar.style;
    const struct span value = { (const char *)event->data.scalar.value, event->data.scalar.length };
    char *copy = arena_copy(r->arena, value);
    if (copy == NULL)
        return -ENOMEM;
    n->text = (struct span){ copy, value.len };
    n->is_plain = style == YAML_PLAIN_SCALAR_STYLE;
    const uint32_t quote =
        style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    const bool is_one_line = event->start_mark.line == event->end_mark.line;
    const size_t start = cursor_move(&r->cursor, event->start_mark.index) + quote;
    n->text_column = n->place.column + quote;
    n->is_verbatim = is_one_line && (n->is_plain || quote > 0) && value.len > 0 &&
                     start + value.len <= r->cursor.text.len &&
                     memcmp(r->cursor.text.bytes + start, value.bytes, value.len) == 0;
    return 0;
}

/* Puts a finished scalar or an opened list or mapping where it belongs. */
static void node_attach(struct reader *r, struct node *n)
{
    if (r->depth == 0) {
        r->root = n;
        return;
    }
    struct frame *f = &r->frames[r->depth - 1];
    if (f->node->kind == NODE_MAPPING && f->key == NULL) {
        f->key = n;
        return;
    }
    n->key = f->key;
    f->key = NULL;
    if (f->last == NULL)
        f->node->first = n;
    else
        f->last->next = n;
    f->last = n;
    f->node->count++;
}

static int compare_keys(const void *left, const void *right)
{
    const struct node *a = (*(const struct node *const *)left)->key;
    const struct node *b = (*(const struct node *const *)right)->key;
    const size_t common = a->text.len < b->text.len ? a->text.len : b->text.len;
    const int order = common == 0 ? 0 : memcmp(a->text.bytes, b->text.bytes, common);
    if (order != 0)
        return order;
    if (a->text.len != b->text.len)
        return a->text.len < b->text.len ? -1 : 1;
    if (a->place.line != b->place.line)
        return a->place.line < b->place.line ? -1 : 1;
    return a->place.column < b->place.column ? -1 : a->place.column > b->place.column;
}

/* Sorted, so that a mapping of 100,000 keys costs no more than reading it did. */
static int report_duplicates(struct reader *r, const struct node *mapping)
{
    if (mapping->count < 2)
        return 0;
    const struct node **sorted = malloc(mapping->count * sizeof(struct node *));
    if (sorted == NULL)
        return -ENOMEM;
    size_t count = 0;
    for (const struct node *n = mapping->first; n != NULL; n = n->next)
        sorted[count++] = n;
    qsort(sorted, count, sizeof(sorted[0]), compare_keys);
    for (size_t i = 1; i < count; i++) {
        const struct node *key = sorted[i]->key, *before = sorted[i - 1]->key;
        if (span_equal(key->text, before->text))
            diag_add(r->diags, key->place, "key %s is given twice, before on line %u",
                     diag_quote(key->text).text, before->place.line);
    }
    free(sorted);
    return 0;
}

static bool is_key_position(const struct reader *r)
{
    return r->depth > 0 && r->frames[r->depth - 1].node->kind == NODE_MAPPING &&
           r->frames[r->depth - 1].key == NULL;
}

/* 0; -EINVAL when the file cannot be read on from here; -ENOMEM. */
static int collection_begins(struct reader *r, const yaml_event_t *event)
{
    const bool is_mapping = event->type == YAML_MAPPING_START_EVENT;
    if (r->depth == SCENARIO_DEPTH_MAX) {
        diag_add(r->diags, place_at(&event->start_mark, 1),
                 "expected at most %u levels, found more", SCENARIO_DEPTH_MAX);
        return -EINVAL;
    }
    struct node *n = node_open(r, is_mapping ? NODE_MAPPING : NODE_SEQUENCE, event);
    if (n == NULL)
        return -ENOMEM;
    if (is_key_position(r)) {
        diag_add(r->diags, place_at(&event->start_mark, 1), "expected a name as key, found a %s",
                 is_mapping ? "mapping" : "list");
        return -EINVAL;
    }
    node_attach(r, n);
    r->frames[r->depth++] = (struct frame){ .node = n };
    return 0;
}

static int collection_ends(struct reader *r)
{
    const struct node *n = r->frames[--r->depth].node;
    return n->kind == NODE_MAPPING ? report_duplicates(r, n) : 0;
}

static int scalar_found(struct reader *r, const yaml_event_t *event)
{
    struct node *n = node_open(r, NODE_SCALAR, event);
    if (n == NULL || node_take_text(r, n, event) != 0)
        return -ENOMEM;
    node_attach(r, n);
    return 0;
}

/* An alias stands for nothing afterwards; the mistake is reported here. */
static int alias_found(struct reader *r, const yaml_event_t *event)
{
    diag_add(r->diags, place_between(&event->start_mark, &event->end_mark),
             "expected a value, found the alias '*%.40s': write the value out",
             (const char *)event->data.alias.anchor);
    struct node *n = node_open(r, NODE_SCALAR, event);
    if (n == NULL)
        return -ENOMEM;
    n->text = SPAN_LITERAL("");
    n->is_plain = true;
    n->is_broken = true;
    node_attach(r, n);
    return 0;
}

static void report_properties(struct reader *r, const yaml_event_t *event,
                              const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL)
        diag_add(
            r->diags, place_at(&event->start_mark, (uint32_t)strlen((const char *)anchor) + 1),
            "expected a value, found the anchor '&%.40s': write the value out where it is used",
            (const char *)anchor);
    if (tag != NULL)
        diag_add(r->diags, place_at(&event->start_mark, 1),
                 "expected a value, found the tag %s: tags mean nothing here",
                 diag_quote(span_of((const char *)tag)).text);
}

static int take_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        report_properties(r, event, event->data.scalar.anchor, event->data.scalar.tag);
        return scalar_found(r, event);
    case YAML_SEQUENCE_START_EVENT:
        report_properties(r, event, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
        return collection_begins(r, event);
    case YAML_MAPPING_START_EVENT:
        report_properties(r, event, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
        return collection_begins(r, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return collection_ends(r);
    case YAML_ALIAS_EVENT:
        return alias_found(r, event);
    case YAML_DOCUMENT_START_EVENT:
        if (r->root == NULL)
            return 0;
        diag_add(r->diags, place_between(&event->start_mark, &event->end_mark),
                 "expected one document, found a second");
        return -EINVAL;
    default:
        return 0;
    }
}

static bool makes_node(yaml_event_type_t type)
{
    return type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT ||
           type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
}

/* libyaml's words for what a writer of scenarios runs into, said as we say it. */
static const struct {
    const char *problem;
    bool is_at_context; /* the place is where the thing began */
    const char *message;
} syntax_problems[] = {
    { "mapping values are not allowed in this context", false,
      "expected a value in one piece, found a second ':': put quotes around the value" },
    { "could not find expected ':'", true, "expected ':' after a key, found none" },
    { "did not find expected key", false,
      "expected a key in line with the keys above, found other indentation" },
    { "did not find expected '-' indicator", false,
      "expected '- ' in line with the items above, found other indentation" },
    { "did not find expected ',' or ']'", true, "expected ']' for this '[', found none" },
    { "did not find expected ',' or '}'", true, "expected '}' for this '{', found none" },
    { "found unexpected end of stream", true,
      "expected a closing quote, found the end of the file" },
    { "found unknown escape character", false,
      "expected an escape such as '\\n' or '\\\"', found an unknown one" },
    { "block sequence entries are not allowed in this context", false,
      "expected a value, found '- ': a list begins on a line of its own" },
    { "did not find expected node content", false, "expected a value, found none" },
    { "did not find expected <document start>", false, "expected the end of the file, found more" },
};

static void report_syntax(struct reader *r, const yaml_parser_t *p)
{
    const char *problem = p->problem == NULL ? "no YAML" : p->problem;
    struct cursor *c = &r->cursor;
    const size_t at = cursor_move(c, p->problem_mark.index);
    const char found = at < c->text.len ? c->text.bytes[at] : '\0';
    if (found == '\t' &&
        (strstr(problem, "cannot start") != NULL || strstr(problem, "tab") != NULL)) {
        diag_add(r->diags, place_at(&p->problem_mark, 1), "expected spaces, found a tab");
        return;
    }
    if (found == '{' && at > 0 && c->text.bytes[at - 1] == '$' && p->problem_mark.column > 0) {
        yaml_mark_t dollar = p->problem_mark;
        dollar.column--;
        diag_add(r->diags, place_at(&dollar, 2),
                 "expected quotes around '${...}' inside '{ }' or '[ ]', found none");
        return;
    }
    if (strstr(problem, "cannot start any token") != NULL) {
        diag_add(r->diags, place_at(&p->problem_mark, 1),
                 "expected a value, found '%c': put quotes around a value that begins with it",
                 found);
        return;
    }
    for (size_t i = 0; i < sizeof(syntax_problems) / sizeof(syntax_problems[0]); i++) {
        if (strcmp(problem, syntax_problems[i].problem) != 0)
            continue;
        const bool is_at_context = syntax_problems[i].is_at_context && p->context != NULL;
        diag_add(r->diags, place_at(is_at_context ? &p->context_mark : &p->problem_mark, 1), "%s",
                 syntax_problems[i].message);
        return;
    }
    diag_add(r->diags, place_at(&p->problem_mark, 1), "expected YAML: %s", problem);
}

/* Length of the character at text[i..), 0 when it may not stand in a file; *ret_fault says why. */
static size_t character_read(struct span text, size_t i, struct diag_quote *ret_fault)
{
    const unsigned char *b = (const unsigned char *)text.bytes + i;
    const size_t left = text.len - i;
    if (b[0] == '\t' || b[0] == '\n' || b[0] == '\r' || (b[0] >= 0x20 && b[0] < 0x7F))
        return 1;
    const size_t size = b[0] >= 0xF0 ? 4 : b[0] >= 0xE0 ? 3 : 2;
    uint32_t code = b[0] & (0x7Fu >> size);
    bool is_utf8 = b[0] >= 0xC2 && b[0] <= 0xF4 && left >= size;
    for (size_t k = 1; is_utf8 && k < size; k++) {
        is_utf8 = (b[k] & 0xC0) == 0x80;
        code = code << 6 | (b[k] & 0x3Fu);
    }
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    is_utf8 =
        is_utf8 && code >= least[size] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    if (b[0] < 0x20 || b[0] == 0x7F)
        snprintf(ret_fault->text, sizeof(ret_fault->text), "the control character \\x%02X",
                 (unsigned)b[0]);
    else if (!is_utf8)
        snprintf(ret_fault->text, sizeof(ret_fault->text), "the byte \\x%02X", (unsigned)b[0]);
    else if (code < 0xA0 || code == 0x2028 || code == 0x2029 || code == 0xFEFF ||
             (code & 0xFFFE) == 0xFFFE)
        snprintf(ret_fault->text, sizeof(ret_fault->text), "the character U+%04X", (unsigned)code);
    else
        return size;
    return 0;
}

/* libyaml would stop at such characters with a byte offset, or take them for line ends. The first
 * one is reported. */
static bool text_is_sound(struct span text, struct diag_list *diags)
{
    struct place place = { 1, 1, 1 };
    for (size_t i = 0; i < text.len;) {
        struct diag_quote fault;
        const size_t size = character_read(text, i, &fault);
        if (size == 0) {
            diag_add(diags, place, "expected text in UTF-8, found %s", fault.text);
            return false;
        }
        const char c = text.bytes[i];
        const bool is_end =
            c == '\n' || (c == '\r' && (i + 1 == text.len || text.bytes[i + 1] != '\n'));
        place.line += is_end ? 1 : 0;
        place.column = is_end ? 1 : place.column + 1;
        i += size;
    }
    return true;
}

static int read_events(struct reader *r, yaml_parser_t *p)
{
    int rc = 0;
    for (bool is_done = false; !is_done && rc == 0;) {
        yaml_event_t event;
        if (!yaml_parser_parse(p, &event)) {
            if (p->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
            report_syntax(r, p);
            return -EINVAL;
        }
        is_done = event.type == YAML_STREAM_END_EVENT;
        if (makes_node(event.type) && r->nodes++ == SCENARIO_NODES_MAX) {
            diag_add(r->diags, place_at(&event.start_mark, 1),
                     "expected at most %u values, found more", SCENARIO_NODES_MAX);
            rc = -EINVAL;
        } else {
            rc = take_event(r, &event);
        }
        yaml_event_delete(&event);
    }
    return rc;
}

int scenario_tree_read(const struct node **ret_root, struct arena *a, struct span text,
                       struct diag_list *diags)
{
    *ret_root = NULL;
    if (text.len > SCENARIO_BYTES_MAX) {
        diag_add(diags, DIAG_NO_PLACE,
                 "expected a scenario of at most 1 MiB in '%.200s', found more",
                 diags->path == NULL ? "" : diags->path);
        return -EINVAL;
    }
    if (text.len >= 2 &&
        (memcmp(text.bytes, "\xFF\xFE", 2) == 0 || memcmp(text.bytes, "\xFE\xFF", 2) == 0)) {
        diag_add(diags, (struct place){ 1, 1, 1 }, "expected text in UTF-8, found UTF-16");
        return -EINVAL;
    }
    if (text.len >= 3 && memcmp(text.bytes, "\xEF\xBB\xBF", 3) == 0)
        text = (struct span){ text.bytes + 3, text.len - 3 };
    diags->text = text.bytes;
    diags->text_len = text.len;
    if (!text_is_sound(text, diags))
        return -EINVAL;

    struct reader r = { .arena = a, .diags = diags, .cursor = { .text = text } };
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.bytes, text.len);
    const size_t mistakes = diags->count + diags->more;
    int rc = read_events(&r, &parser);
    yaml_parser_delete(&parser);
    if (rc != 0)
        return rc;
    if (r.root == NULL || r.root->kind != NODE_MAPPING) {
        diag_add(diags, r.root == NULL ? (struct place){ 1, 1, 1 } : r.root->place,
                 "expected a mapping such as 'host: http://127.0.0.1:8000', found %s",
                 r.root == NULL ? "nothing" : node_found(r.root).text);
        return -EINVAL;
    }
    *ret_root = r.root;
    return diags->count + diags->more == mistakes ? 0 : -EINVAL;
}
