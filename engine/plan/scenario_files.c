#include <errno.h>
#include <stdio.h>

#include "engine/plan/arena.h"
#include "engine/plan/file.h"
#include "engine/plan/scenario_build.h"

#define FAULT_MAX 300u

/* A file's name is meant from where the scenario lies, not from where squall was started. */
const char *scenario_file_path(struct build *b, struct span name)
{
    const char *scenario = b->s->diags->path;
    const char *slash = scenario == NULL ? NULL : strrchr(scenario, '/');
    const bool is_absolute = name.len > 0 && name.bytes[0] == '/';
    const size_t folder = slash == NULL || is_absolute ? 0 : (size_t)(slash - scenario) + 1;
    char *path = scenario_alloc(b->s, folder + name.len + 1);
    if (path == NULL) {
        b->error = -ENOMEM;
        return "";
    }
    if (folder > 0)
        memcpy(path, scenario, folder);
    memcpy(path + folder, name.bytes, name.len);
    return path;
}

/* A NUL would cut the name short. */
static bool is_name(struct build *b, const struct node *name)
{
    if (name->text.len > 0 && memchr(name->text.bytes, '\0', name->text.len) == NULL)
        return true;
    diag_add(b->s->diags, name->place, "expected the name of a file after %s, found %s",
             diag_quote(name->key == NULL ? SPAN_LITERAL("file") : name->key->text).text,
             node_found(name).text);
    return false;
}

bool scenario_file_read(struct build *b, const struct node *name, struct span *ret_bytes)
{
    char fault[FAULT_MAX];
    if (!is_name(b, name))
        return false;
    const size_t left = SCENARIO_FILE_BYTES_MAX - b->file_bytes;
    const int rc = file_read(ret_bytes, b->s->arena, scenario_file_path(b, name->text),
                             SCENARIO_FILE_BYTES_MAX, fault, sizeof(fault));
    if (rc == -ENOMEM) {
        b->error = rc;
        return false;
    }
    if (rc != 0) {
        diag_add(b->s->diags, name->place, "%s", fault);
        return false;
    }
    if (ret_bytes->len > left) {
        diag_add(b->s->diags, name->place,
                 "expected files to be sent of at most 8 MiB in all, found more");
        b->error = -E2BIG;
        return false;
    }
    b->file_bytes += ret_bytes->len;
    return true;
}

static void build_feed(struct build *b, const struct scenario_feed *from)
{
    char fault[FAULT_MAX];
    struct feed feed = { .order = from->order };
    struct feed *added = scenario_row_add(b, &b->feeds, sizeof(*added));
    if (added == NULL)
        return;
    added->name = scenario_plan_copy(b, from->node->key->text);
    if (from->file == NULL || !is_name(b, from->file))
        return;
    const int rc = feed_read(&feed, b->arena, scenario_file_path(b, from->file->text), from->order,
                             b->over->seed, fault, sizeof(fault));
    if (rc == -ENOMEM) {
        b->error = rc;
    } else if (rc != 0) {
        diag_add(b->s->diags, from->file->place, "%s", fault);
    } else {
        feed.name = added->name;
        feed.order = from->order;
        feed.stops = from->stops;
        *added = feed;
    }
}

void scenario_feeds_build(struct build *b)
{
    for (uint32_t i = 0; i < b->s->feed_count && b->error == 0; i++)
        build_feed(b, &b->s->feeds[i]);
    b->feed_bytes = arena_bytes(b->arena);
}

uint32_t scenario_feed_find(struct build *b, const struct node *name)
{
    const char *known[SCENARIO_FEEDS_MAX];
    char given[66];
    const struct feed *feeds = (const struct feed *)b->feeds.items;
    for (uint32_t i = 0; i < b->feeds.count; i++) {
        known[i] = feeds[i].name;
        if (span_equal(name->text, span_of(feeds[i].name)))
            return i;
    }
    snprintf(given, sizeof(given), "%.*s", (int)(name->text.len < 65 ? name->text.len : 0),
             name->text.bytes);
    const char *near = diag_nearest(given, known, b->feeds.count);
    if (near != NULL)
        diag_add(b->s->diags, name->place, "unknown feed %s; did you mean '%s'?",
                 node_found(name).text, near);
    else
        diag_add(b->s->diags, name->place, "unknown feed %s: 'feeds' has none of that name",
                 node_found(name).text);
    return PLAN_NONE;
}
