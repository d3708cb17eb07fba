#include "engine/plan/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_TEXT_MAX 48u
#define RATIO_TEXT_MAX    48u

/* '25', '0.5', '1/3': a ratio as people would write it. */
static const char *format_ratio(char *out, size_t cap, struct ratio r)
{
    if (r.num % r.den == 0)
        snprintf(out, cap, "%" PRIu64, r.num / r.den);
    else if (1000000 % r.den == 0)
        snprintf(out, cap, "%g", (double)r.num / (double)r.den);
    else
        snprintf(out, cap, "%" PRIu64 "/%" PRIu64, r.num, r.den);
    return out;
}

/* '62.5%', its whole part in `width` columns. */
static void write_share(FILE *out, int width, uint64_t weight, uint64_t sum)
{
    const uint64_t tenths = sum == 0 ? 0 : (weight * 2000 + sum) / (2 * sum);
    fprintf(out, "%*" PRIu64 ".%" PRIu64 "%%", width, tenths / 10, tenths % 10);
}

static void write_duration(FILE *out, uint64_t ns)
{
    char text[DURATION_TEXT_MAX];
    fputs(quantity_format_duration(text, sizeof(text), ns), out);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
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

static void write_users(FILE *out, const struct plan_load *load)
{
    char rate[RATIO_TEXT_MAX];
    if (load->is_open) {
        fprintf(out, "  rate       %s per second%s\n", format_ratio(rate, sizeof(rate), load->rate),
                load->is_poisson ? ", at random (Poisson)" : ", evenly spread");
        return;
    }
    fprintf(out, "  users      %" PRIu32, load->users);
    if (spawn_ns(load) > 0) {
        fprintf(out, ", %s started per second, all there after ",
                format_ratio(rate, sizeof(rate), load->spawn_rate));
        write_duration(out, spawn_ns(load));
    } else if (load->users > 1) {
        fputs(", all started at once", out);
    }
    fputc('\n', out);
}

static void write_load(FILE *out, const struct plan_load *load)
{
    write_users(out, load);
    if (load->connections > 0)
        fprintf(
            out, "  connects   %" PRIu32 " connection%s, %" PRIu32 " request%s in flight on each\n",
            load->connections, plural(load->connections), load->pipeline, plural(load->pipeline));
    if (load->duration_ns > 0) {
        fputs("  run time   ", out);
        write_duration(out, load->duration_ns);
        fputc('\n', out);
    }
    if (load->requests_max > 0)
        fprintf(out, "  requests   %" PRIu64 ", then stop\n", load->requests_max);
    if (load->requests_per_connection > 0)
        fprintf(out, "  reconnect  after %" PRIu64 " request%s\n", load->requests_per_connection,
                plural(load->requests_per_connection));
    fputs("  timeout    ", out);
    write_duration(out, load->timeout_ns);
    fputs(" for a request; at the end ", out);
    write_duration(out, load->grace_ns);
    fputs(" for those in flight\n", out);
}

static void write_wait(FILE *out, const struct wait_rule *wait)
{
    switch (wait->kind) {
    case WAIT_NONE:
        fputs("no pause between tasks", out);
        return;
    case WAIT_CONSTANT:
        fputs("pauses ", out);
        write_duration(out, wait->low_ns);
        fputs(" after each task", out);
        return;
    case WAIT_UNIFORM:
        fputs("pauses ", out);
        write_duration(out, wait->low_ns);
        fputs(" to ", out);
        write_duration(out, wait->high_ns);
        fputs(" after each task", out);
        return;
    case WAIT_EXPONENTIAL:
        fputs("pauses ", out);
        write_duration(out, wait->low_ns);
        fputs(" on average (exponential) after each task", out);
        return;
    case WAIT_PACING:
        fputs("starts a task every ", out);
        write_duration(out, wait->low_ns);
        return;
    }
}

/* A template's bytes between the first two blanks: its target, slots as they were written. */
struct target_scan {
    FILE *out;
    uint32_t blanks;
};

static void scan_fixed(struct target_scan *scan, struct span bytes)
{
    for (size_t i = 0; i < bytes.len && scan->blanks < 2; i++) {
        const char c = bytes.bytes[i];
        if (c == ' ')
            scan->blanks++;
        else if (scan->blanks == 1)
            fputc(c, scan->out);
    }
}

static void write_target(FILE *out, const struct plan *p, const struct template *t)
{
    struct target_scan scan = { .out = out };
    if (template_is_fixed(t)) {
        scan_fixed(&scan, t->whole);
        return;
    }
    for (uint32_t i = 0; i < t->head_count && scan.blanks < 2; i++) {
        const struct piece *piece = &t->head[i];
        if (piece->kind == PIECE_FIXED)
            scan_fixed(&scan, (struct span){ t->bytes + piece->offset, piece->len });
        else if (scan.blanks == 1)
            fputs(p->expressions[piece->slot].text, out);
    }
}

/* '2xx', '200..204', '201': the expected statuses, in runs. */
static void write_statuses(FILE *out, const uint64_t bits[16])
{
    bool is_first = true;
    for (uint32_t low = 100; low < 1000; low++) {
        if ((bits[low / 64] >> (low % 64) & 1) == 0)
            continue;
        uint32_t high = low;
        while (high + 1 < 1000 && (bits[(high + 1) / 64] >> ((high + 1) % 64) & 1) != 0)
            high++;
        fputs(is_first ? " " : ", ", out);
        is_first = false;
        if (low % 100 == 0 && high == low + 99)
            fprintf(out, "%uxx", low / 100);
        else if (high > low)
            fprintf(out, "%u..%u", low, high);
        else
            fprintf(out, "%u", low);
        low = high;
    }
}

/* A row is named after its target, which the path of the host may precede. */
static bool names_target(const struct plan *p, const char *name, const char *target)
{
    const size_t name_len = strlen(name), target_len = strlen(target), host_len = strlen(p->host);
    if (target_len < name_len || strcmp(target + (target_len - name_len), name) != 0)
        return false;
    size_t end = host_len;
    while (end > 0 && p->host[end - 1] == '/')
        end--;
    const size_t before = target_len - name_len;
    return before == 0 || (before < end && memcmp(p->host + end - before, target, before) == 0);
}

static void write_request(FILE *out, const struct plan *p, const struct plan_request *r)
{
    const struct endpoint_name *row = &p->endpoints[r->endpoint];
    char *target = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&target, &len);
    if (memory != NULL) {
        write_target(memory, p, &r->template);
        fclose(memory);
    }
    fprintf(out, "%s %s", row->method, target == NULL ? "" : target);
    if (target == NULL || !names_target(p, row->name, target))
        fprintf(out, "  as %s", row->name);
    free(target);
    if (r->expects_status) {
        fputs("  expects", out);
        write_statuses(out, r->status_expected);
    }
    if (r->timeout_ns != p->load.timeout_ns) {
        fputs("  timeout ", out);
        write_duration(out, r->timeout_ns);
    }
    for (uint32_t i = 0; i < r->capture_count; i++) {
        const struct capture *c = &r->captures[i];
        fprintf(out, "%s%s from %s %.*s", i == 0 ? "  captures " : ", ", p->variables[c->variable],
                c->kind == CAPTURE_JSON ? "json" : "header", (int)c->what.len, c->what.bytes);
    }
    fputc('\n', out);
}

static void write_value(FILE *out, const struct plan *p, const struct plan_step *step)
{
    const struct template *t = step->value;
    fprintf(out, "sets %s: ", p->variables[step->variable]);
    for (uint32_t i = 0; i < t->head_count; i++) {
        if (t->head[i].kind == PIECE_SLOT)
            fputs(p->expressions[t->head[i].slot].text, out);
        else
            fprintf(out, "%.*s", (int)t->head[i].len, t->bytes + t->head[i].offset);
    }
    fputc('\n', out);
}

static void write_step(FILE *out, const struct plan *p, const struct plan_step *step)
{
    if (step->kind == STEP_REQUEST)
        write_request(out, p, &p->requests[step->request]);
    else
        write_value(out, p, step);
}

static void write_steps(FILE *out, const struct plan *p, const struct plan_step *steps,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fputs("            ", out);
        write_step(out, p, &steps[i]);
    }
}

static void write_task(FILE *out, const struct plan *p, const struct plan_task *task, uint64_t sum)
{
    fputs("    ", out);
    write_share(out, 3, task->weight, sum);
    if (task->step_count == 1) {
        fputs("  ", out);
        write_step(out, p, &task->steps[0]);
        return;
    }
    fprintf(out, "  %s\n", task->name);
    write_steps(out, p, task->steps, task->step_count);
}

static void write_kind(FILE *out, const struct plan *p, const struct plan_kind *kind, uint64_t sum)
{
    fprintf(out, "\n%s", kind->name);
    if (p->kind_count > 1) {
        fputs(": ", out);
        write_share(out, 1, kind->weight, sum);
        fputs(" of the users", out);
    }
    fputs(p->kind_count > 1 ? ", " : ": ", out);
    write_wait(out, &kind->wait);
    fputc('\n', out);
    if (kind->on_start_count > 0) {
        fputs("     first\n", out);
        write_steps(out, p, kind->on_start, kind->on_start_count);
    }
    uint64_t tasks = 0;
    for (uint32_t i = 0; i < kind->task_count; i++)
        tasks += kind->tasks[i].weight;
    for (uint32_t i = 0; i < kind->task_count; i++)
        write_task(out, p, &kind->tasks[i], tasks);
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
    for (uint32_t i = 0; i < p->kind_count; i++)
        sum += p->kinds[i].weight;
    for (uint32_t i = 0; i < p->kind_count; i++)
        write_kind(out, p, &p->kinds[i], sum);
    const bool is_broken = ferror(out) != 0;
    if (fclose(out) != 0 || is_broken) {
        free(text);
        return NULL;
    }
    return text;
}
