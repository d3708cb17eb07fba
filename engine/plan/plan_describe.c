#include "engine/plan/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/plan_words.h"

#define STEP_INDENT 12u /* of the steps of a task; each set around it adds to it */

/* '62.5%', its whole part in `width` columns. */
static void write_share(FILE *out, int width, uint64_t weight, uint64_t sum)
{
    const uint64_t tenths = sum == 0 ? 0 : (weight * 2000 + sum) / (2 * sum);
    fprintf(out, "%*" PRIu64 ".%" PRIu64 "%%", width, tenths / 10, tenths % 10);
}

/* Nanoseconds until the last of the users has started. The first one starts at once. */
static uint64_t spawn_ns(const struct plan_load *load)
{
    if (load->spawn_rate.num == 0 || load->users < 2)
        return 0;
    const unsigned __int128 ns = (unsigned __int128)(load->users - 1) * 1000000000 *
                                 load->spawn_rate.den / load->spawn_rate.num;
    return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

static void write_stages(FILE *out, const struct plan_load *load)
{
    for (uint32_t i = 0; i < load->stage_count; i++) {
        const struct plan_stage *stage = &load->stages[i];
        fputs(i == 0 ? "  stages     " : "             ", out);
        fputs(stage->is_ramp ? "to " : "", out);
        words_ratio(out, stage->level);
        fputs(load->is_open ? " per second" : " users", out);
        fputs(stage->is_ramp ? " over " : " for ", out);
        words_duration(out, stage->duration_ns);
        fputc('\n', out);
    }
}

static void write_users(FILE *out, const struct plan_load *load)
{
    const char *arrival = load->is_poisson ? ", at random (Poisson)" : ", evenly spread";
    if (load->stage_count > 0) {
        write_stages(out, load);
        return;
    }
    if (load->is_open) {
        fputs("  rate       ", out);
        words_ratio(out, load->rate);
        fprintf(out, " per second%s\n", arrival);
        return;
    }
    fprintf(out, "  users      %" PRIu32, load->users);
    if (spawn_ns(load) > 0) {
        fputs(", ", out);
        words_ratio(out, load->spawn_rate);
        fputs(" started per second, all there after ", out);
        words_duration(out, spawn_ns(load));
    } else if (load->users > 1) {
        fputs(", all started at once", out);
    }
    fputc('\n', out);
}

static void write_connections(FILE *out, const struct plan_load *load)
{
    if (load->connections > 0 && load->is_shared)
        fprintf(out, "  connects   %" PRIu32 " connection%s, shared by all users\n",
                load->connections, words_plural(load->connections));
    else if (load->connections > 0)
        fprintf(out,
                "  connects   %" PRIu32 " connection%s, %" PRIu32 " request%s in flight on each\n",
                load->connections, words_plural(load->connections), load->pipeline,
                words_plural(load->pipeline));
    if (load->requests_per_connection > 0)
        fprintf(out, "  reconnect  after %" PRIu64 " request%s\n", load->requests_per_connection,
                words_plural(load->requests_per_connection));
}

static void write_load(FILE *out, const struct plan_load *load)
{
    write_users(out, load);
    if (load->imitates_locust)
        fputs("  imitates   Locust: users in batches, pacing begins with a wait, 302 makes GET\n",
              out);
    if (load->duration_ns > 0) {
        fputs("  run time   ", out);
        words_duration(out, load->duration_ns);
        fputc('\n', out);
    }
    if (load->requests_max > 0)
        fprintf(out, "  requests   %" PRIu64 ", then stop\n", load->requests_max);
    write_connections(out, load);
    fputs("  timeout    ", out);
    words_duration(out, load->timeout_ns);
    fputs(" for a request; at the end ", out);
    words_duration(out, load->grace_ns);
    fputs(" for those in flight\n", out);
}

static void write_feed(FILE *out, const struct feed *feed)
{
    static const char *const orders[] = { [FEED_SEQUENTIAL] = "in order",
                                          [FEED_SHUFFLED] = "shuffled once",
                                          [FEED_RANDOM] = "any row, every time" };
    fprintf(out, "%s: %" PRIu32 " row%s of ", feed->name, feed->row_count,
            words_plural(feed->row_count));
    for (uint32_t i = 0; i < feed->column_count; i++)
        fprintf(out, "%s%.*s", i == 0 ? "" : ", ", (int)feed->columns[i].len,
                feed->columns[i].bytes);
    fprintf(out, "; %s, %s\n", orders[feed->order],
            feed->stops ? "users stop at the end" : "again at the end");
}

/* Lines of one kind under one heading. */
static const char *heading(uint32_t index, const char *words)
{
    return index == 0 ? words : "             ";
}

static void write_surroundings(FILE *out, const struct plan *p)
{
    for (uint32_t i = 1; i < p->origin_count; i++)
        fprintf(out, "%s%s\n", heading(i - 1, "  hosts      "), p->origins[i].text);
    if (p->jar == PLAN_NONE && p->file != NULL)
        fputs("  cookies    none are kept\n", out);
    for (uint32_t i = 0; i < p->feed_count; i++) {
        fputs(heading(i, "  feeds      "), out);
        write_feed(out, &p->feeds[i]);
    }
    for (uint32_t i = 0; i < p->threshold_count; i++)
        fprintf(out, "%s%s\n", heading(i, "  expects    "), p->thresholds[i]);
}

/* ---- sets of tasks ---- */

static void write_set(FILE *out, const struct plan *p, const struct plan_set *set, uint32_t indent);

static void write_wait(FILE *out, const struct wait_rule *wait)
{
    words_wait(out, wait);
    if (wait->kind == WAIT_NONE)
        fputs(" between tasks", out);
    else if (wait->kind != WAIT_PACING)
        fputs(" after each task", out);
}

static uint64_t weight_sum(const struct plan_set *set)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < set->task_count; i++)
        sum += set->tasks[i].weight;
    return sum;
}

static void write_task(FILE *out, const struct plan *p, const struct plan_set *set,
                       const struct plan_task *task, uint32_t indent)
{
    fprintf(out, "%*s", (int)(indent - 8), "");
    if (set->order != NULL)
        fprintf(out, "%4" PRIu64 " x", task->weight);
    else
        write_share(out, 3, task->weight, weight_sum(set));
    fputs("  ", out);
    const struct plan_request *single =
        task->set != PLAN_NONE ? NULL : words_single(p, task->first_step);
    if (single != NULL) {
        words_request(out, p, single);
        fputc('\n', out);
        return;
    }
    fputs(task->name, out);
    if (task->set != PLAN_NONE) {
        const struct plan_set *inner = &p->sets[task->set];
        fputs(inner->order != NULL ? ": in order, again and again, " : ": ", out);
        write_wait(out, &inner->wait);
        fputc('\n', out);
        write_set(out, p, inner, indent + 8);
        return;
    }
    fputc('\n', out);
    words_steps(out, p, task->first_step, indent);
}

/* Steps that are no task, under a word of their own. */
static void write_edge(FILE *out, const struct plan *p, const char *word, uint32_t first,
                       uint32_t indent)
{
    if (first == PLAN_NONE)
        return;
    fprintf(out, "%*s%s\n", (int)(indent - 7), "", word);
    words_steps(out, p, first, indent);
}

static void write_set(FILE *out, const struct plan *p, const struct plan_set *set, uint32_t indent)
{
    write_edge(out, p, "first", set->on_start, indent);
    for (uint32_t i = 0; i < set->task_count; i++)
        write_task(out, p, set, &set->tasks[i], indent);
    write_edge(out, p, "at last", set->on_stop, indent);
}

static void write_kind(FILE *out, const struct plan *p, const struct plan_kind *kind, uint64_t sum)
{
    const struct plan_set *set = &p->sets[kind->set];
    fprintf(out, "\n%s: ", kind->name);
    if (kind->fixed_count > 0) {
        fprintf(out, "%" PRIu32 " user%s, ", kind->fixed_count, words_plural(kind->fixed_count));
    } else if (p->kind_count > 1) {
        write_share(out, 1, kind->weight, sum);
        fputs(" of the users, ", out);
    }
    fputs(set->order != NULL ? "tasks in order, " : "", out);
    write_wait(out, &set->wait);
    fputc('\n', out);
    write_edge(out, p, "begins with", kind->setup, STEP_INDENT);
    write_set(out, p, set, STEP_INDENT);
}

char *plan_describe(const struct plan *p)
{
    char *text = NULL;
    size_t len = 0;
    uint64_t sum = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return NULL;
    fprintf(out, "%s%s%s\n", p->file == NULL ? "" : p->file, p->file == NULL ? "" : " against ",
            p->host);
    write_load(out, &p->load);
    write_surroundings(out, p);
    for (uint32_t i = 0; i < p->kind_count; i++)
        sum += p->kinds[i].fixed_count > 0 ? 0 : p->kinds[i].weight;
    for (uint32_t i = 0; i < p->kind_count; i++)
        write_kind(out, p, &p->kinds[i], sum);
    const bool is_broken = ferror(out) != 0;
    if (fclose(out) != 0 || is_broken) {
        free(text);
        return NULL;
    }
    return text;
}
