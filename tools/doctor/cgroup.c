#include "tools/doctor/cgroup.h"

#include <stdio.h>
#include <string.h>

#include "tools/doctor/reading.h"

#define FOLDER_MAX   400u
#define NO_LIMIT_MIN (INT64_C(1) << 60) /* version 1 writes "no limit" as a huge number */

/* A group's folder below the root. */
struct group {
    const char *root;
    char folder[FOLDER_MAX];
    size_t mount_len; /* the part of it that is where the groups are mounted */
};

/* Whether `names`, up to a ':', has the controller in its comma-separated list. */
static bool has_controller(const char *names, const char *controller)
{
    const size_t len = strlen(controller);
    while (*names != ':' && *names != '\0') {
        const size_t name_len = strcspn(names, ",:");
        if (name_len == len && memcmp(names, controller, len) == 0)
            return true;
        names += name_len;
        names += *names == ',';
    }
    return false;
}

/* A line of /proc/self/cgroup is "id:controllers:path"; version 2 has the id 0 and no controllers.
 * NULL = none for this controller. The path goes up to the end of the line. */
static const char *find_path(const struct reading *groups, const char *controller)
{
    for (const char *line = groups->text; line != NULL && *line != '\0';) {
        const char *names = strchr(line, ':');
        const char *path = names == NULL ? NULL : strchr(names + 1, ':');
        if (path == NULL)
            return NULL;
        if (controller == NULL ? strncmp(line, "0::", 3) == 0
                               : has_controller(names + 1, controller))
            return path + 1;
        line = strchr(path, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return NULL;
}

static bool group_has(const struct group *g, const char *file)
{
    char line[64];
    return reading_line(line, sizeof line, g->root, "%s/%s", g->folder, file);
}

/* The group of this process, or its nearest parent that has `file`: inside a container its own
 * group is what is mounted, whatever its path is outside. False when there is none. */
static bool group_up_to(struct group *g, const char *file)
{
    while (!group_has(g, file)) {
        char *cut = strrchr(g->folder, '/');
        if (cut == NULL || (size_t)(cut - g->folder) < g->mount_len)
            return false;
        *cut = '\0';
    }
    return true;
}

static bool group_open(struct group *g, const char *root, const char *mount, const char *path)
{
    if (path == NULL)
        return false;
    *g = (struct group){ .root = root, .mount_len = strlen(mount) };
    const int len =
        snprintf(g->folder, sizeof g->folder, "%s%.*s", mount, (int)strcspn(path, "\n"), path);
    return len > 0 && (size_t)len < sizeof g->folder;
}

static bool group_to_parent(struct group *g, const char *file)
{
    char *cut = strrchr(g->folder, '/');
    if (cut == NULL || (size_t)(cut - g->folder) < g->mount_len)
        return false;
    *cut = '\0';
    return group_up_to(g, file);
}

/* ---- CPU ---- */

static void take_quota(struct cgroup *c, int64_t quota_us, int64_t period_us)
{
    if (quota_us <= 0 || period_us <= 0 || quota_us == READING_UNLIMITED)
        return;
    if (c->quota_us != READING_UNLIMITED &&
        (double)quota_us / (double)period_us >= (double)c->quota_us / (double)c->period_us)
        return;
    c->quota_us = quota_us;
    c->period_us = period_us;
}

static void take_throttling(struct cgroup *c, const struct group *g)
{
    struct reading stat;
    if (c->throttled != READING_UNKNOWN || !reading_take(&stat, g->root, "%s/cpu.stat", g->folder))
        return;
    c->periods = reading_field_number(&stat, "nr_periods ");
    c->throttled = reading_field_number(&stat, "nr_throttled ");
}

static void read_cpu_1(struct cgroup *c, const char *root, const char *path)
{
    static const char quota[] = "cpu.cfs_quota_us";
    struct group g;
    if (!group_open(&g, root, "sys/fs/cgroup/cpu", path) || !group_up_to(&g, quota))
        return;
    do {
        take_quota(c, reading_number(root, "%s/%s", g.folder, quota),
                   reading_number(root, "%s/cpu.cfs_period_us", g.folder));
        take_throttling(c, &g);
    } while (group_to_parent(&g, quota));
}

static void read_cpu_2(struct cgroup *c, const char *root, const char *path)
{
    struct group g;
    if (!group_open(&g, root, "sys/fs/cgroup", path) || !group_up_to(&g, "cpu.max"))
        return;
    do {
        char line[64];
        const char *at = line;
        (void)reading_line(line, sizeof line, root, "%s/cpu.max", g.folder);
        const int64_t quota_us = reading_next_number(&at);
        take_quota(c, quota_us, reading_next_number(&at));
        take_throttling(c, &g);
    } while (group_to_parent(&g, "cpu.max"));
}

/* ---- memory ---- */

static void take_memory(struct cgroup *c, int64_t limit, int64_t used)
{
    if (limit < 0 || limit >= NO_LIMIT_MIN || used < 0)
        return;
    const int64_t left = limit > used ? limit - used : 0;
    if (left >= c->memory_left)
        return;
    c->memory_left = left;
    c->memory_limit = limit;
}

/* What the page cache holds is given back when it is wanted. */
static int64_t memory_in_use(const struct group *g, const char *usage, const char *cache)
{
    struct reading stat;
    const int64_t used = reading_number(g->root, "%s/%s", g->folder, usage);
    (void)reading_take(&stat, g->root, "%s/memory.stat", g->folder);
    const int64_t cached = reading_field_number(&stat, cache);
    return cached > 0 && cached <= used ? used - cached : used;
}

static void read_memory(struct cgroup *c, struct group *g, const char *limit, const char *usage,
                        const char *cache)
{
    if (!group_up_to(g, limit))
        return;
    do {
        take_memory(c, reading_number(g->root, "%s/%s", g->folder, limit),
                    memory_in_use(g, usage, cache));
    } while (group_to_parent(g, limit));
}

struct cgroup cgroup_read(const char *root)
{
    struct cgroup c = { .quota_us = READING_UNLIMITED,
                        .period_us = READING_UNKNOWN,
                        .periods = READING_UNKNOWN,
                        .throttled = READING_UNKNOWN,
                        .memory_left = READING_UNLIMITED,
                        .memory_limit = READING_UNLIMITED };
    struct reading groups;
    struct group g;
    if (!reading_take(&groups, root, "proc/self/cgroup"))
        return c;
    read_cpu_1(&c, root, find_path(&groups, "cpu"));
    read_cpu_2(&c, root, find_path(&groups, NULL));
    if (group_open(&g, root, "sys/fs/cgroup/memory", find_path(&groups, "memory")))
        read_memory(&c, &g, "memory.limit_in_bytes", "memory.usage_in_bytes",
                    "total_inactive_file ");
    if (group_open(&g, root, "sys/fs/cgroup", find_path(&groups, NULL)))
        read_memory(&c, &g, "memory.max", "memory.current", "inactive_file ");
    return c;
}
