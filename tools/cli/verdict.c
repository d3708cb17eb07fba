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

/* The worker that used most of its CPU; NaN shares count as nothing. */
static uint32_t busiest(const struct verdict_facts *f)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < f->workers; i++)
        if (f->cpu[i] > f->cpu[best] || isnan(f->cpu[best]))
            best = i;
    return best;
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

/* The sentence for a run whose workers had time to spare. */
static void name_bottleneck(struct verdict *v, const struct verdict_facts *f, double cpu_max)
{
    const double wait_s = wait_mean_s(f);
    if (f->count == 0)
        (void)snprintf(v->bottleneck, sizeof v->bottleneck, "unknown: no request finished");
    else if (f->ok == 0)
        (void)snprintf(v->bottleneck, sizeof v->bottleneck, "unknown: no request succeeded");
    else if (f->duration_s < VERDICT_RUN_TELLING_S)
        (void)snprintf(v->bottleneck, sizeof v->bottleneck,
                       "unknown: a run of %s is too short to tell",
                       duration_text(f->duration_s).text);
    else if (!isnan(f->rate_asked) &&
             (double)f->count >= f->rate_asked * f->duration_s * RATE_REACHED)
        (void)snprintf(v->bottleneck, sizeof v->bottleneck, "the rate asked for, %g/s, was reached",
                       f->rate_asked);
    else if (isnan(f->rate_asked) && f->has_waits && wait_s > f->latency_mean_s)
        (void)snprintf(v->bottleneck, sizeof v->bottleneck,
                       "think time: users waited for answers only %s of their time; more users "
                       "would send more requests",
                       share_text(f->latency_mean_s / (wait_s + f->latency_mean_s)).text);
    else
        (void)snprintf(v->bottleneck, sizeof v->bottleneck,
                       "the server or the network, as far as CPU share tells: squall used at most "
                       "%.0f %% of a CPU",
                       cpu_max * 100);
}

struct verdict verdict_of(const struct verdict_facts *f)
{
    struct verdict v = { .word = "ok" };
    const uint32_t worker = busiest(f);
    const double cpu_max = f->workers > 0 && !isnan(f->cpu[worker]) ? f->cpu[worker] : 0;
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
    if (cpu_max >= VERDICT_CPU_BUSY && f->duration_s >= VERDICT_RUN_TELLING_S) {
        v.word = "generator";
        add_reason(&v,
                   "worker %u used %.0f %% of its CPU: these latencies include waiting in squall; "
                   "use more --threads "
                   "or CPUs",
                   worker, cpu_max * 100);
        (void)snprintf(v.bottleneck, sizeof v.bottleneck,
                       "squall itself: worker %u used %.0f %% of its CPU", worker, cpu_max * 100);
        return v;
    }
    name_bottleneck(&v, f, cpu_max);
    return v;
}
