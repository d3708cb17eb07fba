#include "engine/plan/plan_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_TEXT_MAX 48u

void words_ratio(FILE *out, struct ratio r)
{
    if (r.num % r.den == 0)
        fprintf(out, "%" PRIu64, r.num / r.den);
    else if (1000000 % r.den == 0)
        fprintf(out, "%g", (double)r.num / (double)r.den);
    else
        fprintf(out, "%" PRIu64 "/%" PRIu64, r.num, r.den);
}

void words_duration(FILE *out, uint64_t ns)
{
    char text[DURATION_TEXT_MAX];
    fputs(quantity_format_duration(text, sizeof(text), ns), out);
}

const char *words_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void words_wait(FILE *out, const struct wait_rule *wait)
{
    switch (wait->kind) {
    case WAIT_NONE:
        fputs("no pause", out);
        return;
    case WAIT_CONSTANT:
        fputs("pauses ", out);
        words_duration(out, wait->low_ns);
        return;
    case WAIT_UNIFORM:
        fputs("pauses ", out);
        words_duration(out, wait->low_ns);
        fputs(" to ", out);
        words_duration(out, wait->high_ns);
        return;
    case WAIT_EXPONENTIAL:
        fputs("pauses ", out);
        words_duration(out, wait->low_ns);
        fputs(" on average (exponential)", out);
        return;
    case WAIT_PACING:
        fputs("starts a task every ", out);
        words_duration(out, wait->low_ns);
        return;
    }
}

/* Hidden variables, which a scenario cannot name, have a blank in their name. */
static bool is_hidden(const struct plan *p, uint32_t variable)
{
    return strchr(p->variables[variable], ' ') != NULL;
}

static void write_expression(FILE *out, const struct plan *p, uint32_t index)
{
    const struct span text = p->expressions[index].text;
    fprintf(out, "%.*s", (int)text.len, text.bytes);
}

static void write_slot(FILE *out, const struct plan *p, uint32_t slot)
{
    fputs("${", out);
    write_expression(out, p, slot);
    fputc('}', out);
}

/* ---- requests ---- */

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
            write_slot(out, p, piece->slot);
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

/* The first word of the request line. */
static void write_method(FILE *out, const struct template *t)
{
    const char *bytes = template_is_fixed(t) ? t->whole.bytes : t->bytes;
    for (; *bytes != ' '; bytes++)
        fputc(*bytes, out);
}

static void write_row(FILE *out, const struct plan *p, const struct plan_request *r)
{
    char *target = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&target, &len);
    if (memory != NULL) {
        write_target(memory, p, &r->template);
        fclose(memory);
    }
    fputs(target == NULL ? "" : target, out);
    if (!r->is_recorded)
        fputs("  counted nowhere", out);
    else if (target == NULL || !names_target(p, p->endpoints[r->endpoint].name, target))
        fprintf(out, "  as %s", p->endpoints[r->endpoint].name);
    free(target);
}

static void write_capture(FILE *out, const struct capture *c)
{
    static const char *const kinds[] = { [CAPTURE_JSON] = "json ",
                                         [CAPTURE_HEADER] = "header ",
                                         [CAPTURE_COOKIE] = "cookie ",
                                         [CAPTURE_REGEX] = "regex ",
                                         [CAPTURE_BODY] = "body" };
    fprintf(out, "%s%.*s", kinds[c->kind], (int)c->what.len, c->what.bytes);
    if (c->absence == ABSENCE_DEFAULTS)
        fprintf(out, " (or '%.*s')", (int)c->fallback.len, c->fallback.bytes);
    else if (c->absence == ABSENCE_FORGETS)
        fputs(" (if there)", out);
}

static void write_captures(FILE *out, const struct plan *p, const struct plan_request *r)
{
    const char *before = "  captures ";
    for (uint32_t i = 0; i < r->capture_count; i++) {
        const struct capture *c = &r->captures[i];
        if (is_hidden(p, c->variable))
            continue;
        fprintf(out, "%s%s from ", before, p->variables[c->variable]);
        write_capture(out, c);
        before = ", ";
    }
}

void words_request(FILE *out, const struct plan *p, const struct plan_request *r)
{
    write_method(out, &r->template);
    fputc(' ', out);
    if (r->origin > 0)
        fputs(p->origins[r->origin].text, out);
    write_row(out, p, r);
    if (r->expects_status) {
        fputs("  expects", out);
        write_statuses(out, r->status_expected);
    }
    for (uint32_t i = 0; i < r->check_count; i++)
        fprintf(out, "%s%s", i == 0 ? "  checks " : ", ", r->checks[i].text);
    if (r->timeout_ns != p->load.timeout_ns) {
        fputs("  timeout ", out);
        words_duration(out, r->timeout_ns);
    }
    if (r->redirects_max != (r->is_head ? 0 : p->redirects_max))
        fprintf(out, "  follows %u redirect%s", r->redirects_max, words_plural(r->redirects_max));
    write_captures(out, p, r);
}

/* ---- steps ---- */

struct walk {
    FILE *out;
    const struct plan *plan;
};

static void write_range(const struct walk *w, uint32_t at, uint32_t end, uint32_t indent);

static void begin_line(const struct walk *w, uint32_t indent)
{
    fprintf(w->out, "%*s", (int)indent, "");
}

static void write_text(FILE *out, const struct plan *p, const struct template *t)
{
    for (uint32_t i = 0; i < t->head_count; i++) {
        if (t->head[i].kind == PIECE_SLOT)
            write_slot(out, p, t->head[i].slot);
        else
            fprintf(out, "%.*s", (int)t->head[i].len, t->bytes + t->head[i].offset);
    }
}

static void write_simple(FILE *out, const struct plan *p, const struct plan_step *step)
{
    switch (step->kind) {
    case STEP_REQUEST:
        words_request(out, p, &p->requests[step->index]);
        return;
    case STEP_SET:
        fprintf(out, "sets %s: ", p->variables[step->index]);
        write_text(out, p, step->value);
        return;
    case STEP_ASSIGN:
        fprintf(out, "sets %s: ", p->variables[step->into]);
        write_slot(out, p, step->index);
        return;
    case STEP_CLEAR:
        fprintf(out, "forgets %s", p->variables[step->index]);
        return;
    case STEP_EMPTY:
        fprintf(out, "empties the list %s", p->variables[step->index]);
        return;
    case STEP_APPEND:
        fprintf(out, "appends to %s: ", p->variables[step->index]);
        write_text(out, p, step->value);
        return;
    case STEP_COOKIE:
        fprintf(out, "sets the cookie %.*s: ", (int)step->name.len, step->name.bytes);
        write_text(out, p, step->value);
        return;
    case STEP_FORGET_COOKIES:
        fputs("forgets all cookies", out);
        return;
    case STEP_FEED:
        fprintf(out, "takes the next row of %s", p->feeds[step->index].name);
        return;
    case STEP_PAUSE:
        words_wait(out, &step->wait);
        return;
    case STEP_SKIP:
        fputs("skips the rest of the task", out);
        return;
    case STEP_LEAVE:
        fputs("leaves this set of tasks", out);
        return;
    case STEP_STOP_USER:
        fputs("stops for good", out);
        return;
    case STEP_END:
    case STEP_JUMP:
    case STEP_JUMP_IF:
    case STEP_JUMP_UNLESS:
    case STEP_LOOP:
    case STEP_LOOP_NEXT:
    case STEP_EACH:
        return; /* written as blocks */
    }
}

/* The step gives the loop behind it its list. */
static bool is_list_of_loop(const struct plan_step *step)
{
    return step[0].kind == STEP_ASSIGN && step[1].kind == STEP_LOOP && step[2].kind == STEP_EACH &&
           step[2].index == step[0].into;
}

static void write_list_of_loop(const struct walk *w, uint32_t loop)
{
    const struct plan *p = w->plan;
    if (loop > 0 && is_list_of_loop(&p->steps[loop - 1]))
        write_expression(w->out, p, p->steps[loop - 1].index);
    else
        fputs(p->variables[p->steps[loop + 1].index], w->out);
}

/* A loop: its counter is set at `at`. The step behind it. */
static uint32_t write_loop(const struct walk *w, uint32_t at, uint32_t indent)
{
    const struct plan *p = w->plan;
    const struct plan_step *next = &p->steps[at + 1];
    uint32_t body = at + 2;
    begin_line(w, indent);
    if (next->kind == STEP_EACH) {
        fprintf(w->out, "for each %s of ", p->variables[next->into]);
        write_list_of_loop(w, at);
    } else if (p->steps[body].kind == STEP_JUMP_UNLESS && p->steps[body].target == next->target) {
        fputs("while ", w->out);
        write_expression(w->out, p, p->steps[body++].index);
        fputs(", at most ", w->out);
        write_expression(w->out, p, p->steps[at].index);
    } else {
        fputs("repeats ", w->out);
        write_expression(w->out, p, p->steps[at].index);
    }
    fputc('\n', w->out);
    write_range(w, body, next->target - 1, indent + 4);
    return next->target;
}

/* A jump that leaves something out: 'while', 'if' or 'unless' with its 'else'. The step behind. */
static uint32_t write_condition(const struct walk *w, uint32_t at, uint32_t indent)
{
    const struct plan_step *steps = w->plan->steps, *step = &steps[at];
    const struct plan_step *last = &steps[step->target - 1];
    const bool is_while = last->kind == STEP_JUMP && last->target == at;
    const bool has_else = last->kind == STEP_JUMP && last->target >= step->target;
    uint32_t body = at + 1;
    begin_line(w, indent);
    fputs(is_while ? "while " : step->kind == STEP_JUMP_UNLESS ? "if " : "unless ", w->out);
    write_expression(w->out, w->plan, step->index);
    if (step->kind == STEP_JUMP_UNLESS && steps[body].kind == STEP_JUMP_IF &&
        steps[body].target == step->target) {
        fputs(" unless ", w->out);
        write_expression(w->out, w->plan, steps[body++].index);
    }
    fputc('\n', w->out);
    write_range(w, body, step->target - (is_while || has_else ? 1 : 0), indent + 4);
    if (!has_else)
        return step->target;
    begin_line(w, indent);
    fputs("else\n", w->out);
    write_range(w, step->target, last->target, indent + 4);
    return last->target;
}

/* As deep as blocks are in the scenario, which is bounded by the depth of its tree. */
static void write_range(const struct walk *w, uint32_t at, uint32_t end, uint32_t indent)
{
    while (at < end) {
        const struct plan_step *step = &w->plan->steps[at];
        if (is_list_of_loop(step)) {
            at = write_loop(w, at + 1, indent);
        } else if (step->kind == STEP_LOOP) {
            at = write_loop(w, at, indent);
        } else if (step->kind == STEP_JUMP_UNLESS || step->kind == STEP_JUMP_IF) {
            at = write_condition(w, at, indent);
        } else {
            begin_line(w, indent);
            write_simple(w->out, w->plan, step);
            fputc('\n', w->out);
            at++;
        }
    }
}

static uint32_t end_of(const struct plan *p, uint32_t first)
{
    while (p->steps[first].kind != STEP_END)
        first++;
    return first;
}

void words_steps(FILE *out, const struct plan *p, uint32_t first, uint32_t indent)
{
    const struct walk w = { out, p };
    const uint32_t begin = plan_first_step(p, first);
    write_range(&w, begin, end_of(p, begin), indent);
}

const struct plan_request *words_single(const struct plan *p, uint32_t first)
{
    const struct plan_step *step = &p->steps[plan_first_step(p, first)];
    return step->kind == STEP_REQUEST && step[1].kind == STEP_END ? &p->requests[step->index]
                                                                  : NULL;
}
