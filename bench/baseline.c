#include "bench/baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "http/json.h"

#define TEXT_MAX (1024u * 1024u)

int baseline_open(struct baseline *b, const char *path)
{
    uint32_t found;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -errno;
    b->text = malloc(TEXT_MAX);
    b->len = b->text == NULL ? 0 : fread(b->text, 1, TEXT_MAX, file);
    fclose(file);
    if (b->text == NULL || json_document_open(&b->json, TEXT_MAX) < 0)
        return -ENOMEM;
    if (json_document_read(&b->json, (struct span){ b->text, b->len }) < 0 ||
        json_node_find(&b->json, JSON_ROOT, SPAN_LITERAL("/benches"), &found) < 0) {
        baseline_close(b);
        return -EBADMSG;
    }
    return 0;
}

void baseline_close(struct baseline *b)
{
    json_document_close(&b->json);
    free(b->text);
    b->text = NULL;
    b->len = 0;
}

/* The value of `key` of benchmark number `index`, as text. False when it is not there. */
static bool find_text(const struct baseline *b, unsigned index, const char *key, char *out,
                      size_t cap)
{
    char pointer[64];
    uint32_t node;
    snprintf(pointer, sizeof pointer, "/benches/%u/%s", index, key);
    if (json_node_find(&b->json, JSON_ROOT, span_of(pointer), &node) < 0)
        return false;
    const struct span value = json_node_text(&b->json, node);
    if (value.bytes[0] == '"') {
        const int len = json_node_string(&b->json, node, out, cap - 1);
        out[len < 0 ? 0 : len] = '\0';
    } else {
        snprintf(out, cap, "%.*s", (int)value.len, value.bytes);
    }
    return true;
}

static double find_number(const struct baseline *b, unsigned index, const char *key)
{
    char text[64];
    return find_text(b, index, key, text, sizeof text) ? strtod(text, NULL) : 0;
}

bool baseline_find(const struct baseline *b, const char *name, struct figures *ret_figures)
{
    char found[128];
    for (unsigned i = 0; find_text(b, i, "name", found, sizeof found); i++) {
        if (strcmp(found, name) != 0)
            continue;
        *ret_figures = (struct figures){
            .name = name,
            .min_ns = find_number(b, i, "min_ns"),
            .median_ns = find_number(b, i, "median_ns"),
            .max_ns = find_number(b, i, "max_ns"),
        };
        return ret_figures->median_ns > 0;
    }
    return false;
}
