#include "engine/plan/scenario.h"

#include <errno.h>

#include "engine/plan/arena.h"
#include "engine/plan/file.h"

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

int plan_from_file(struct plan **ret_plan, const char *path, const struct plan_overrides *over,
                   struct diag_list *diags)
{
    char fault[DIAG_MESSAGE_MAX];
    struct span text;
    struct arena *a;
    int rc = arena_open(&a);
    if (rc != 0)
        return rc;
    rc = file_read(&text, a, path, SCENARIO_BYTES_MAX, fault, sizeof(fault));
    if (rc == 0)
        rc = plan_from_text(ret_plan, path, text.bytes, text.len, over, diags);
    else if (rc == -EINVAL)
        diag_add(diags, DIAG_NO_PLACE, "%s", fault);
    arena_close(a);
    return rc;
}
