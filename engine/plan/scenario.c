#include "engine/plan/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/plan/arena.h"

/* Tree, check, build. `a` holds everything but the plan. */
static int read_scenario(struct plan **ret_plan, struct arena *a, struct span text,
                         const struct plan_overrides *over, struct diag_list *diags)
{
    const struct node *root;
    const int rc = scenario_tree_read(&root, a, text, diags);
    if (root == NULL)
        return rc;
    struct scenario *s = arena_alloc(a, sizeof(*s));
    if (s == NULL)
        return -ENOMEM;
    s->arena = a;
    s->diags = diags;
    scenario_check(s, root, over->host != NULL);
    return s->is_out_of_memory ? -ENOMEM : scenario_build(ret_plan, s, over);
}

int plan_from_text(struct plan **ret_plan, const char *path, const char *text, size_t len,
                   const struct plan_overrides *over, struct diag_list *diags)
{
    static const struct plan_overrides nothing = { 0 };
    struct plan *plan = NULL;
    struct arena *a;
    int rc = arena_open(&a);
    if (rc != 0)
        return rc;
    diags->path = path;
    rc = read_scenario(&plan, a, (struct span){ text, len }, over == NULL ? &nothing : over, diags);
    diags->text = NULL; /* what had to be shown of it was copied */
    diags->text_len = 0;
    arena_close(a);
    if (rc == 0 && diags->count > 0)
        rc = -EINVAL;
    if (rc != 0) {
        plan_close(plan);
        return rc;
    }
    *ret_plan = plan;
    return 0;
}

/* Reads up to `cap` bytes. Bytes read, or -errno. */
static ssize_t read_whole(int fd, char *out, size_t cap)
{
    size_t used = 0;
    while (used < cap) {
        const ssize_t got = read(fd, out + used, cap - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

static const char *error_text(int err)
{
    switch (err) {
    case ENOENT:
        return "no such file";
    case EACCES:
        return "permission denied";
    default:
        return strerrordesc_np(err);
    }
}

static int report_file(struct diag_list *diags, const char *verb, const char *path, const char *why)
{
    diag_add(diags, DIAG_NO_PLACE, "cannot %s '%.200s': %s", verb, path, why);
    return -EINVAL;
}

/* Opens without waiting, as opening a named pipe would. The descriptor, or -EINVAL with an entry.
 */
static int open_regular(const char *path, struct diag_list *diags)
{
    struct stat about;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return report_file(diags, "open", path, error_text(errno));
    const char *why = NULL;
    if (fstat(fd, &about) != 0)
        why = error_text(errno);
    else if (S_ISDIR(about.st_mode))
        why = "it is a directory";
    else if (!S_ISREG(about.st_mode))
        why = "it is no regular file";
    else if (about.st_size > SCENARIO_BYTES_MAX)
        why = "it is longer than 1 MiB";
    if (why == NULL)
        return fd;
    close(fd);
    return report_file(diags, "read", path, why);
}

int plan_from_file(struct plan **ret_plan, const char *path, const struct plan_overrides *over,
                   struct diag_list *diags)
{
    const int fd = open_regular(path, diags);
    if (fd < 0)
        return fd;
    /* One byte more than allowed: a file that grew meanwhile is noticed. */
    char *text = malloc(SCENARIO_BYTES_MAX + 1);
    if (text == NULL) {
        close(fd);
        return -ENOMEM;
    }
    const ssize_t len = read_whole(fd, text, SCENARIO_BYTES_MAX + 1);
    close(fd);
    int rc;
    if (len < 0)
        rc = report_file(diags, "read", path, error_text((int)-len));
    else
        rc = plan_from_text(ret_plan, path, text, (size_t)len, over, diags);
    free(text);
    return rc;
}
