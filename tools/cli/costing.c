#include "tools/cli/costing.h"

#include <inttypes.h>

#include "engine/io/timers.h"
#include "engine/plan/cost.h"
#include "engine/run/conn.h"
#include "engine/run/user.h"
#include "engine/run/values.h"

static void write_row(FILE *out, const struct plan *p, uint32_t first_step, const char *set,
                      const char *name)
{
    if (first_step == PLAN_NONE)
        return;
    const struct cost cost = cost_of_steps(p, first_step);
    fprintf(out, "  %8" PRIu32 "%s %8" PRIu64 " %7" PRIu32 " %8.2f + %-7.2f %s: %s\n",
            cost.requests, cost.repeats ? "+" : " ", cost.bytes, cost.slots,
            (double)cost.user_ns / 1000, (double)cost.kernel_ns / 1000, set, name);
}

static void write_set(FILE *out, const struct plan *p, const struct plan_set *set)
{
    write_row(out, p, set->on_start, set->name, "first");
    for (uint32_t i = 0; i < set->task_count; i++) {
        if (set->tasks[i].weight > 0)
            write_row(out, p, set->tasks[i].first_step, set->name, set->tasks[i].name);
    }
    write_row(out, p, set->on_stop, set->name, "at last");
}

static void write_users(FILE *out, const struct plan *p)
{
    const struct cost_sizes sizes = { .user = sizeof(struct user) + TIMERS_BYTES_EACH,
                                      .word = sizeof(uint32_t),
                                      .variable = sizeof(struct values_slot),
                                      .connection = sizeof(struct conn) + TIMERS_BYTES_EACH };
    const uint64_t bytes = cost_of_user(p, &sizes);
    fprintf(out,
            "\nA user takes %" PRIu64 " bytes beside its socket, %" PRIu32
            " of them %.1f MiB: %zu of its own,\n%zu for each of %" PRIu32
            " variables, %zu of a connection; and what its variables hold.\n",
            bytes, p->load.users, (double)bytes * p->load.users / (1024 * 1024), (size_t)sizes.user,
            (size_t)sizes.variable, p->variable_count, (size_t)sizes.connection);
}

void costing_write(FILE *out, const struct plan *p)
{
    fputs("\nCost of each task, its steps taken once; bytes without those of values, CPU in us of\n"
          "squall and of the kernel, as the benches measured it on one machine ('+': it repeats "
          "some).\n\n"
          "  requests     bytes  values       CPU\n",
          out);
    for (uint32_t i = 0; i < p->set_count; i++)
        write_set(out, p, &p->sets[i]);
    write_users(out, p);
}
