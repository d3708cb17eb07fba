#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "tools/doctor/check.h"
#include "tools/doctor/judges.h"

static const struct check checks[] = {
    { "kernel", "kernel", judge_kernel, 0 },
    { "io_uring", "io_uring", judge_ring, 0 },
    { "features", "features", judge_features, 0 },
    { "tls", "TLS", judge_tls, 0 },

    { "cpus", "CPUs", judge_cpus, 1 },
    { "cores", "cores", judge_cores, 1 },
    { "quota", "CPU quota", judge_quota, 1 },
    { "governor", "governor", judge_governor, 1 },
    { "steal", "steal", judge_steal, 1 },
    { "clock", "clock", judge_clock, 1 },
    { "timer_slack", "timer slack", judge_timer_slack, 1 },
    { "interrupts", "interrupts", judge_interrupts, 1 },

    { "descriptors", "descriptors", judge_descriptors, 2 },
    { "ports", "ports", judge_ports, 2 },
    { "time_wait", "TIME_WAIT", judge_time_wait, 2 },
    { "backlog", "backlog", judge_backlog, 2 },
    { "conntrack", "conntrack", judge_tracking, 2 },

    { "memory", "memory", judge_memory, 3 },
    { "locked_memory", "locked", judge_locked_memory, 3 },
};

static_assert(sizeof checks / sizeof checks[0] <= CHECKS_MAX, "each has room for a finding");

void checks_run(const struct host *h, struct findings *ret_findings)
{
    ret_findings->count = 0;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct finding *f = &ret_findings->items[ret_findings->count];
        *f = (struct finding){ .check = &checks[i] };
        checks[i].judge(h, f);
        if (f->sentence[0] != '\0')
            ret_findings->count++;
    }
}

enum check_level findings_worst(const struct findings *f)
{
    enum check_level worst = CHECK_FINE;
    for (size_t i = 0; i < f->count; i++) {
        if (f->items[i].level > worst)
            worst = f->items[i].level;
    }
    return worst;
}

void finding_say(struct finding *f, enum check_level level, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    f->level = level;
    (void)vsnprintf(f->sentence, sizeof f->sentence, format, words);
    va_end(words);
}

void finding_advise(struct finding *f, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    (void)vsnprintf(f->remedy, sizeof f->remedy, format, words);
    va_end(words);
}

void finding_command(struct finding *f, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    f->is_command = true;
    (void)vsnprintf(f->remedy, sizeof f->remedy, format, words);
    va_end(words);
}
