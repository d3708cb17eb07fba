#include "tools/cli/controls.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "tools/cli/stop_signals.h"
#include "tools/live/keys.h"
#include "tools/live/settling.h"

#define NOTICE_NS UINT64_C(4000000000)

/* What the figures must leave out, or say. A pause before the end of the warm-up is left out with
 * it. */
static void tell_pauses(struct controls *c, uint64_t now_ns)
{
    struct measurement *m = c->measurement;
    settling_postpone(m->settling, controls_paused_ns(c, now_ns));
    if (!c->has_settled && m->settling->cut != NULL) {
        c->has_settled = true;
        c->paused_reset_ns = controls_paused_ns(c, now_ns);
        m->changes.pauses = c->is_paused;
    }
    m->paused_ns = controls_paused_ns(c, now_ns) - c->paused_reset_ns;
    m->changes.paused_s = (double)m->paused_ns / 1e9;
}

void controls_open(struct controls *c, struct measurement *m, int fd)
{
    *c = (struct controls){ .measurement = m, .keyboard = keyboard_open(fd) };
}

void controls_close(struct controls *c, uint64_t now_ns)
{
    tell_pauses(c, now_ns);
    keyboard_close(c->keyboard);
    c->keyboard = NULL;
}

static void notify(struct controls *c, uint64_t now_ns, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void notify(struct controls *c, uint64_t now_ns, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(c->notice, sizeof c->notice, format, arguments);
    va_end(arguments);
    c->notice_until_ns = now_ns + NOTICE_NS;
}

const char *controls_notice(const struct controls *c, uint64_t now_ns)
{
    return now_ns < c->notice_until_ns ? c->notice : NULL;
}

uint64_t controls_step(uint64_t users)
{
    uint64_t step = 1;
    while (step <= users / 100)
        step *= 10;
    return step;
}

const char *controls_fixed_users(const struct measurement *m)
{
    const struct plan_load *load = &m->plan->load;
    if (m->options->form == FORM_URL)
        return "+ and - change the users of a scenario; these connections stay as they are";
    if (load->is_open)
        return "+ and - change users; this run has a rate";
    return load->stage_count > 0 ? "+ and - change users; these follow the stages of the scenario"
                                 : NULL;
}

/* To the next whole step, up or down. */
static void change_users(struct controls *c, uint64_t now_ns, bool is_up)
{
    struct fleet *f = c->measurement->fleet;
    const char *fixed = controls_fixed_users(c->measurement);
    const uint64_t users = fleet_users_wanted(f), most = fleet_users_max(f);
    const uint64_t step = controls_step(is_up || users == 0 ? users : users - 1);
    if (fixed != NULL) {
        notify(c, now_ns, "%s", fixed);
        return;
    }
    const uint64_t down = users > step ? (users - 1) / step * step : 1;
    uint64_t wanted = is_up ? (users / step + 1) * step : down;
    if (wanted > most)
        wanted = most;
    if (wanted == users) {
        notify(c, now_ns,
               is_up ? "no more than %" PRIu64 " users were reserved: begin with more --users"
                     : "%" PRIu64 " user is the least",
               users);
        return;
    }
    fleet_set_users(f, (uint32_t)wanted, (struct ratio){ 0, 1 });
    c->measurement->changes.users_changes++;
    c->measurement->changes.users_last = wanted;
    notify(c, now_ns, "%" PRIu64 " users wanted, at the spawn rate", wanted);
}

static void change_pause(struct controls *c, uint64_t now_ns)
{
    c->is_paused = !c->is_paused;
    fleet_pause(c->measurement->fleet, c->is_paused);
    if (c->is_paused) {
        c->measurement->changes.pauses++;
        c->paused_at_ns = now_ns;
        c->notice_until_ns = 0; /* the view itself tells */
    } else {
        c->paused_ns += now_ns - c->paused_at_ns;
        notify(c, now_ns, "going on after %.1f s", (double)(now_ns - c->paused_at_ns) / 1e9);
    }
}

static void reset(struct controls *c, uint64_t now_ns)
{
    struct measurement *m = c->measurement;
    if (measurement_begin_anew(m, now_ns) != 0) {
        notify(c, now_ns, "no memory to begin the numbers anew: they go on");
        return;
    }
    m->changes.resets++;
    m->changes.reset_at_s = (double)(now_ns - fleet_started_ns(m->fleet)) / 1e9;
    m->changes.pauses = c->is_paused;
    c->paused_reset_ns = controls_paused_ns(c, now_ns);
    notify(c, now_ns, "all numbers begin anew");
}

static void act_on(struct controls *c, enum key key, uint64_t now_ns)
{
    switch (key) {
    case KEY_MORE:
    case KEY_FEWER:
        change_users(c, now_ns, key == KEY_MORE);
        return;
    case KEY_PAUSE:
        change_pause(c, now_ns);
        return;
    case KEY_RESET:
        reset(c, now_ns);
        return;
    case KEY_STOP:
        if (stop_signals_count() < 2) /* a third would leave no report */
            (void)raise(SIGINT);
        return;
    case KEY_HELP:
        c->shows_keys = !c->shows_keys;
        return;
    case KEY_NONE:
        return;
    }
}

bool controls_act(struct controls *c, uint64_t now_ns)
{
    bool has_acted = false;
    for (char byte = keyboard_read(c->keyboard); byte != 0; byte = keyboard_read(c->keyboard)) {
        act_on(c, key_of(byte), now_ns);
        has_acted = true;
    }
    tell_pauses(c, now_ns);
    return has_acted;
}

uint64_t controls_paused_ns(const struct controls *c, uint64_t now_ns)
{
    const uint64_t open_ns =
        c->is_paused && now_ns > c->paused_at_ns ? now_ns - c->paused_at_ns : 0;
    return c->paused_ns + open_ns;
}
