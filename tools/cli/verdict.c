#include "tools/cli/verdict.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/plan/quantity.h"

/* A rate is reached when no more than this is missing: the last request of a whole number may fall
 * past the end. */
#define RATE_REACHED 0.99

struct duration_text {
    char text[48];
};

/* Two or three digits are enough for a sentence: whole milliseconds over 10 ms, tenths of a second
 * over 10 s. */
static struct duration_text duration_text(double s)
{
    struct duration_text d;
    uint64_t ns = s > 0 ? (uint64_t)(s * 1e9) : 0;
    const uint64_t step = ns >= 10000000000u  ? 100000000u
                          : ns >= 1000000000u ? 10000000u
                          : ns >= 10000000u   ? 1000000u
                                              : 1000u;
    ns = (ns + step / 2) / step * step;
    quantity_format_duration(d.text, sizeof d.text, ns);
    return d;
}

/* "12 %", "0.21 %" */
static struct duration_text share_text(double share)
{
    struct duration_text d;
    if (share < 0.0001)
        (void)snprintf(d.text, sizeof d.text, "less than 0.01 %%");
    else
        (void)snprintf(d.text, sizeof d.text, "%.2g %%", share * 100);
    return d;
}

static void add_reason(struct verdict *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_reason(struct verdict *v, const char *format, ...)
{
    if (v->reason_count == VERDICT_REASONS_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(v->reasons[v->reason_count++], sizeof v->reasons[0], format, arguments);
    va_end(arguments);
}

/* Little's law, users = rate * (wait + latency), solved for the mean wait. NaN when nothing
 * finished. */
static double wait_mean_s(const struct verdict_facts *f)
{
    return f->count == 0 ? NAN : f->user_s / (double)f->count - f->latency_mean_s;
}

static const char *signal_name(int number)
{
    switch (number) {
    case SIGINT:
        return "SIGINT";
    case SIGTERM:
        return "SIGTERM";
    default:
        return "SIGHUP";
    }
}

/* The worker with the highest of `values`; NaN counts as nothing. */
static uint32_t highest(const double *values, uint32_t count)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++)
        if (values[i] > values[best] || isnan(values[best]))
            best = i;
    return best;
}

static double highest_value(const double *values, uint32_t count)
{
    const uint32_t best = highest(values, count);
    return count > 0 && values != NULL && !isnan(values[best]) ? values[best] : 0;
}

/* ---- was it squall? ---- */

static void judge_share(struct verdict *v, const struct verdict_facts *f)
{
    const double tolerated_us =
        fmax(VERDICT_SHARE_TOLERATED_US, VERDICT_SHARE_TOLERATED * f->p99_us);
    if (f->blame.generator_p99_us > tolerated_us)
        add_reason(v,
                   "for 1 request in 100 squall itself took %s or more, and the p99 of all "
                   "latencies is %s",
                   duration_text(f->blame.generator_p99_us / 1e6).text,
                   duration_text(f->p99_us / 1e6).text);
}

static void judge_cpu(struct verdict *v, const struct verdict_facts *f)
{
    const uint32_t worker = highest(f->cpu, f->workers);
    size_t busy = 0;
    for (size_t i = 0; i < f->point_count; i++)
        busy += f->points[i].cpu >= VERDICT_CPU_BUSY;
    if (highest_value(f->cpu, f->workers) >= VERDICT_CPU_BUSY)
        add_reason(v,
                   "worker %u used %.0f %% of its CPU: these latencies include waiting in squall; "
                   "use more --threads or CPUs",
                   worker, f->cpu[worker] * 100);
    else if ((double)busy > VERDICT_LOST_TOLERATED * (double)f->point_count)
        add_reason(v, "in %zu of %zu seconds of all workers one used 90 %% of its CPU or more",
                   busy, f->point_count);
}

static void judge_run_delay(struct verdict *v, const struct verdict_facts *f)
{
    const uint32_t worker = highest(f->run_delay, f->workers);
    const double share = highest_value(f->run_delay, f->workers);
    if (share > VERDICT_LOST_TOLERATED)
        add_reason(v,
                   "worker %u waited for a CPU %.2g %% of the time: others run there too; free "
                   "the CPU, or name another with --cpus",
                   worker, share * 100);
}

/* Of a worker's CPU, over the run; NaN when nothing is known. */
static double steal_of(const struct verdict_facts *f, uint32_t worker)
{
    double stolen_s = 0, known_s = 0, t_s = 0;
    for (size_t i = 0; i < f->point_count; i++) {
        const struct result_strain *p = &f->points[i];
        if (p->core != worker)
            continue;
        if (!isnan(p->steal)) {
            stolen_s += p->steal * (p->t_s - t_s);
            known_s += p->t_s - t_s;
        }
        t_s = p->t_s;
    }
    return stolen_s / known_s;
}

static void judge_host(struct verdict *v, const struct verdict_facts *f)
{
    double steal = 0;
    for (uint32_t i = 0; i < f->workers; i++)
        steal = fmax(steal, steal_of(f, i));
    if (steal > VERDICT_LOST_TOLERATED)
        add_reason(v, "the hypervisor took %.2g %% of a worker's CPU away (steal)", steal * 100);
    if (f->throttled > 0)
        add_reason(v,
                   "the control group's CPU quota stopped squall in %" PRIu64
                   " periods: raise it, or ask for less",
                   f->throttled);
}

static void judge_loop(struct verdict *v, const struct verdict_facts *f)
{
    if (f->overflows > 0)
        add_reason(v, "the completion queue ran over in %" PRIu64 " turns of the event loop",
                   f->overflows);
    const double lost = f->blame.standstill_s / (f->duration_s * fmax(f->workers, 1));
    if (lost > VERDICT_LOST_TOLERATED)
        add_reason(v,
                   "the event loop stood still for %.2g %% of the time, once for %s: squall was "
                   "stopped, or had no CPU",
                   lost * 100, duration_text(f->blame.turn_max_us / 1e6).text);
}

static void blame_generator(struct verdict *v, const struct verdict_facts *f)
{
    const size_t before = v->reason_count;
    judge_loop(v, f);
    judge_run_delay(v, f);
    judge_host(v, f);
    judge_cpu(v, f);
    judge_share(v, f);
    if (v->reason_count == before)
        return;
    v->word = v->limited_by = "generator";
    (void)snprintf(v->bottleneck, sizeof v->bottleneck, "generator: %s", v->reasons[before]);
}

/* ---- who else? ---- */

static void name_bottleneck(struct verdict *v, const char *limited_by, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void name_bottleneck(struct verdict *v, const char *limited_by, const char *format, ...)
{
    v->limited_by = limited_by;
    const int used = snprintf(v->bottleneck, sizeof v->bottleneck, "%s: ", limited_by);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(v->bottleneck + used, sizeof v->bottleneck - (size_t)used, format, arguments);
    va_end(arguments);
}

struct share_text {
    char text[2 * sizeof(struct duration_text) + 32];
};

/* "of a p99 of 5 ms squall took 12 us" */
static struct share_text share_of_p99(const struct verdict_facts *f)
{
    struct share_text t;
    const double share_us = f->blame.share_us[SUMMARY_P99];
    (void)snprintf(t.text, sizeof t.text, "of a p99 of %s squall took %s",
                   duration_text(f->p99_us / 1e6).text,
                   duration_text(isnan(share_us) ? 0 : share_us / 1e6).text);
    return t;
}

/* What a task sends after its first request came at no rate: of what finished at least the others
 * did. Never when no rate was asked for. */
static bool is_rate_reached(const struct verdict_facts *f)
{
    const double finished = (double)f->count - (double)(f->scheduled - f->count_due);
    return finished >= f->rate_asked * f->duration_s * RATE_REACHED;
}

/* Squall had time to spare. */
static void blame_others(struct verdict *v, const struct verdict_facts *f)
{
    const double wait_s = wait_mean_s(f);
    if (is_rate_reached(f))
        name_bottleneck(v, "server", "the rate asked for, %g/s, was reached; %s", f->rate_asked,
                        share_of_p99(f).text);
    else if (isnan(f->rate_asked) && f->has_waits && wait_s > f->latency_mean_s)
        name_bottleneck(v, "think time",
                        "users waited for answers only %s of their time; more users would send "
                        "more requests",
                        share_text(f->latency_mean_s / (wait_s + f->latency_mean_s)).text);
    else
        name_bottleneck(v, "server", "%s, and it used at most %.0f %% of a CPU",
                        share_of_p99(f).text, highest_value(f->cpu, f->workers) * 100);
}

static bool is_telling(const struct verdict_facts *f)
{
    return f->duration_s >= VERDICT_RUN_TELLING_S;
}

static void find_bottleneck(struct verdict *v, const struct verdict_facts *f)
{
    if (is_telling(f))
        blame_generator(v, f);
    if (v->limited_by != NULL)
        return;
    if (f->count == 0)
        name_bottleneck(v, "unproven", "no request finished");
    else if (f->ok == 0)
        name_bottleneck(v, "unproven", "no request succeeded");
    else if (!is_telling(f))
        name_bottleneck(v, "unproven", "a run of %s is too short to tell",
                        duration_text(f->duration_s).text);
    else
        blame_others(v, f);
}

static const char *times(uint64_t count, char out[32])
{
    if (count == 1)
        return "once";
    (void)snprintf(out, 32, "%" PRIu64 " times", count);
    return out;
}

/* What is no fault, but must be known to read the numbers. */
static void tell_changes(struct verdict *v, const struct verdict_changes *c)
{
    char often[32];
    if (c->resets > 0)
        add_reason(v, "the numbers were reset %s%s after the start: nothing here is from before",
                   c->resets == 1 ? "" : "more than once, the last time ",
                   duration_text(c->reset_at_s).text);
    if (c->pauses > 0)
        add_reason(v, "paused %s, %s in all: in no duration and no rate, but in the timeline",
                   times(c->pauses, often), duration_text(c->paused_s).text);
    if (c->users_changes > 0)
        add_reason(v, "the number of users was changed %s while it ran, in the end to %" PRIu64,
                   times(c->users_changes, often), c->users_last);
}

struct verdict verdict_of(const struct verdict_facts *f)
{
    struct verdict v = { .word = "ok" };
    if (f->bugs > 0) {
        v.word = "invalid";
        add_reason(&v,
                   "%" PRIu64
                   " events that cannot happen did: a bug in squall, do not trust this result",
                   f->bugs);
    }
    if (f->signal != 0) {
        v.word = "interrupted";
        add_reason(&v, "stopped by %s after %s", signal_name(f->signal),
                   duration_text(f->duration_s).text);
    }
    find_bottleneck(&v, f);
    tell_changes(&v, &f->changes);
    return v;
}
