#include "tools/web/run_control.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/io/clock.h"
#include "engine/run/fleet.h"
#include "stats/report/report.h"
#include "tools/cli/fault.h"
#include "tools/cli/planning.h"
#include "tools/web/run_order.h"

#define POLL_NS           UINT64_C(20000000) /* how soon the end is noticed */
#define NS_PER_S          UINT64_C(1000000000)
#define RESERVE_TIMES     10u
#define RESERVE_MIN       1000u
#define DESCRIPTORS_SPARE 256u /* not for connections of users that are only reserved */

/* A run from its order to the last look at its figures. */
struct run {
    struct run_order order;
    struct plan *plan;
    struct measurement measured;
    char id[RUN_ID_MAX + 1];
    uint64_t started_ns, ended_ns; /* monotonic; 0 = not yet */
    struct ratio spawn_rate;       /* asked for last; num 0 = all at once */
    bool is_stopping;
};

struct run_control {
    struct run_control_setup setup;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct run *run;  /* the last one; NULL = none yet */
    uint64_t version; /* of its figures */

    const struct form *wanted; /* of a start that is asked for; NULL = none is */
    bool is_started;           /* what became of it, … */
    struct run_refusal *refusal;
    bool is_closing;
};

const char *run_state_name(enum run_state s)
{
    static const char *const names[] = { "ready", "spawning", "running", "stopping", "stopped" };
    return names[s];
}

static void run_close(struct run *r)
{
    if (r == NULL)
        return;
    measurement_close(&r->measured);
    plan_close(r->plan);
    run_order_close(&r->order);
    free(r);
}

/* ---- starting: on the watching thread ---- */

/* A connection is a descriptor where the ring has no table of its own. */
static uint32_t descriptors_for_users(const struct plan *plan)
{
    struct rlimit files;
    if (plan->load.is_shared || getrlimit(RLIMIT_NOFILE, &files) != 0 ||
        files.rlim_max == RLIM_INFINITY)
        return UINT32_MAX;
    const uint64_t free_files =
        files.rlim_max > DESCRIPTORS_SPARE ? files.rlim_max - DESCRIPTORS_SPARE : 0;
    return (uint32_t)(free_files / plan->origin_count);
}

/* Users that the run can be raised to; 0 = its own, as nobody may set them. */
static uint32_t users_max_of(const struct run *r)
{
    const struct plan_load *load = &r->plan->load;
    if (load->is_open || load->stage_count > 0)
        return 0;
    if (r->order.options.max_users.given)
        return (uint32_t)r->order.options.max_users.value;
    const uint64_t wished = (uint64_t)load->users * RESERVE_TIMES;
    const uint64_t most = wished > RESERVE_MIN ? wished : RESERVE_MIN;
    const uint32_t possible = descriptors_for_users(r->plan);
    return most < possible ? (uint32_t)most : possible;
}

static int open_run(struct run *r)
{
    const int code = planning_from_file(&r->plan, &r->order.options);
    if (code != EXIT_DONE)
        return code;
    r->spawn_rate = r->plan->load.spawn_rate;
    r->measured = (struct measurement){ .plan = r->plan,
                                        .options = &r->order.options,
                                        .call = &r->order.call };
    return measurement_open(&r->measured, users_max_of(r));
}

/* What the command line would have printed, as sentences: each without the program's name. */
static void tell_caught(struct run_refusal *ret, unsigned status, char *text)
{
    static const char program[] = "squall: ";
    const size_t program_len = sizeof program - 1;
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '\n')
        text[--len] = '\0';
    for (char *at = strstr(text, program); at != NULL; at = strstr(at, program)) {
        if (at == text || at[-1] == '\n')
            memmove(at, at + program_len, strlen(at + program_len) + 1);
        else
            at += program_len;
    }
    run_refusal_say(ret, status, text);
}

/* Does `step` and keeps what it tells. True when it succeeded; then what it told goes to stderr. */
static bool catch_faults(struct run *r, int (*step)(struct run *r), struct run_refusal *ret_refusal)
{
    char *text = NULL;
    size_t len = 0;
    FILE *caught = open_memstream(&text, &len);
    if (caught == NULL) {
        run_refusal_say(ret_refusal, 500, "no memory");
        return false;
    }
    fault_set_stream(caught);
    const int code = step(r);
    fault_set_stream(NULL);
    if (fclose(caught) != 0 || text == NULL)
        run_refusal_say(ret_refusal, 500, "no memory");
    else if (code != EXIT_DONE)
        tell_caught(ret_refusal, code == EXIT_USAGE ? 400 : 409, text);
    else
        fputs(text, stderr);
    free(text);
    return code == EXIT_DONE;
}

static int start_run(struct run *r)
{
    return measurement_start(&r->measured);
}

static struct run *run_open(const struct run_control *c, const struct form *form,
                            struct run_refusal *ret_refusal)
{
    struct run *r = calloc(1, sizeof *r);
    if (r == NULL) {
        run_refusal_say(ret_refusal, 500, "no memory");
        return NULL;
    }
    if (run_order_read(&r->order, c->setup.options, c->setup.call, form, ret_refusal) &&
        catch_faults(r, open_run, ret_refusal))
        return r;
    run_close(r);
    return NULL;
}

/* With the lock held; it is released while the run is prepared. */
static void start_wanted(struct run_control *c)
{
    struct run_refusal refusal;
    const struct form *form = c->wanted;
    pthread_mutex_unlock(&c->lock);
    struct run *r = run_open(c, form, &refusal);
    pthread_mutex_lock(&c->lock);
    if (r != NULL && !catch_faults(r, start_run, &refusal)) {
        run_close(r);
        r = NULL;
    }
    c->is_started = r != NULL;
    if (r != NULL) {
        run_close(c->run);
        r->started_ns = clock_now_ns();
        run_store_name(r->id, r->measured.started_at_s);
        c->run = r;
        c->version++;
    } else {
        *c->refusal = refusal;
    }
    c->wanted = NULL;
    pthread_cond_broadcast(&c->changed);
}

/* ---- watching ---- */

static void wait_until(struct run_control *c, uint64_t until_ns)
{
    const struct timespec until = { .tv_sec = (time_t)(until_ns / NS_PER_S),
                                    .tv_nsec = (int64_t)(until_ns % NS_PER_S) };
    (void)pthread_cond_timedwait(&c->changed, &c->lock, &until);
}

/* The whole result to the store. The lock is released while the disk works. */
static void keep_run(struct run_control *c)
{
    const struct run *r = c->run;
    struct record *record = NULL;
    char *text = NULL, id[RUN_ID_MAX + 1];
    int rc = measurement_record(&record, &r->measured, true);
    if (rc == 0) {
        record->result.name = r->order.name;
        rc = report_json(&text, &record->result);
    }
    record_close(record);
    memcpy(id, r->id, sizeof id);
    if (rc == 0 && c->setup.store != NULL) {
        pthread_mutex_unlock(&c->lock);
        rc = run_store_put(c->setup.store, id, text, strlen(text));
        pthread_mutex_lock(&c->lock);
    }
    if (rc != 0)
        fault_note("the run '%s' cannot be kept: %s", id, fault_reason(-rc).text);
    free(text);
}

static void watch_run(struct run_control *c)
{
    struct measurement *m = &c->run->measured;
    while (!fleet_is_done(m->fleet)) {
        const uint64_t due_ns = collector_due_ns(m->collector);
        const uint64_t poll_ns = clock_now_ns() + POLL_NS;
        wait_until(c, due_ns < poll_ns ? due_ns : poll_ns);
        c->version += measurement_look(m, clock_now_ns());
    }
    c->run->is_stopping = true;
    measurement_end(m);
    keep_run(c);
    c->run->ended_ns = clock_now_ns();
    c->version++;
}

static void *control_main(void *argument)
{
    struct run_control *c = argument;
    pthread_mutex_lock(&c->lock);
    while (!c->is_closing) {
        if (c->wanted == NULL) {
            pthread_cond_wait(&c->changed, &c->lock);
            continue;
        }
        start_wanted(c);
        if (c->is_started)
            watch_run(c);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* ---- opening and closing ---- */

int run_control_open(struct run_control **ret_control, const struct run_control_setup *setup)
{
    struct run_control *c = calloc(1, sizeof *c);
    pthread_condattr_t attributes;
    if (c == NULL)
        return -ENOMEM;
    c->setup = *setup;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    const int rc = pthread_create(&c->thread, NULL, control_main, c);
    if (rc != 0) {
        free(c);
        return -rc;
    }
    *ret_control = c;
    return 0;
}

static bool is_going_on(const struct run_control *c)
{
    return c->wanted != NULL || (c->run != NULL && c->run->ended_ns == 0);
}

void run_control_begin_close(struct run_control *c, bool at_once)
{
    pthread_mutex_lock(&c->lock);
    c->is_closing = true;
    if (is_going_on(c) && c->run != NULL) {
        c->run->is_stopping = true;
        if (at_once)
            fleet_stop_now(c->run->measured.fleet);
        else
            fleet_stop(c->run->measured.fleet);
    }
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

bool run_control_is_idle(struct run_control *c)
{
    pthread_mutex_lock(&c->lock);
    const bool is_idle = !is_going_on(c);
    pthread_mutex_unlock(&c->lock);
    return is_idle;
}

void run_control_close(struct run_control *c)
{
    if (c == NULL)
        return;
    run_control_begin_close(c, true);
    pthread_join(c->thread, NULL);
    run_close(c->run);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- looking ---- */

static bool users_are_set(const struct plan_load *load)
{
    return !load->is_open && load->stage_count == 0;
}

static enum run_state state_of(const struct run *r, double elapsed_s)
{
    const struct plan_load *load = &r->plan->load;
    if (r->ended_ns != 0)
        return RUN_STOPPED;
    if (r->is_stopping || (load->duration_ns > 0 && elapsed_s * 1e9 >= (double)load->duration_ns))
        return RUN_STOPPING;
    return users_are_set(load) &&
                   r->measured.collector->users_now < fleet_users_wanted(r->measured.fleet)
               ? RUN_SPAWNING
               : RUN_RUNNING;
}

static struct run_view view_of(const struct run *r)
{
    const struct plan_load *load = &r->plan->load;
    const uint64_t until_ns = r->ended_ns != 0 ? r->ended_ns : clock_now_ns();
    const double elapsed_s = (double)(until_ns - r->started_ns) / 1e9;
    const bool is_over = r->ended_ns != 0;
    return (struct run_view){
        .state = state_of(r, elapsed_s),
        .id = r->id,
        .name = r->order.name,
        .plan = r->plan,
        .options = &r->order.options,
        .measured = &r->measured,
        .elapsed_s = elapsed_s,
        .time_left_s = load->duration_ns == 0 || is_over
                           ? NAN
                           : fmax(0, (double)load->duration_ns / 1e9 - elapsed_s),
        .users = is_over ? 0 : r->measured.collector->users_now,
        .users_wanted = fleet_users_wanted(r->measured.fleet),
        .users_max = fleet_users_max(r->measured.fleet),
        .spawn_rate =
            r->spawn_rate.num == 0 ? NAN : (double)r->spawn_rate.num / (double)r->spawn_rate.den,
    };
}

void run_control_hold(struct run_control *c, struct run_view *ret_view)
{
    pthread_mutex_lock(&c->lock);
    if (c->run == NULL)
        *ret_view = (struct run_view){
            .state = RUN_READY, .elapsed_s = NAN, .time_left_s = NAN, .spawn_rate = NAN
        };
    else
        *ret_view = view_of(c->run);
    ret_view->version = c->version;
}

void run_control_release(struct run_control *c)
{
    pthread_mutex_unlock(&c->lock);
}

/* ---- orders ---- */

bool run_control_start(struct run_control *c, const struct form *form,
                       struct run_refusal *ret_refusal)
{
    bool is_started = false;
    pthread_mutex_lock(&c->lock);
    if (is_going_on(c) || c->is_closing) {
        run_refusal_say(ret_refusal, 409, "a run is going on: stop it first");
    } else {
        c->refusal = ret_refusal;
        c->wanted = form;
        pthread_cond_broadcast(&c->changed);
        while (c->wanted != NULL)
            pthread_cond_wait(&c->changed, &c->lock);
        is_started = c->is_started;
    }
    pthread_mutex_unlock(&c->lock);
    return is_started;
}

/* True when a run goes on and is not stopping. */
static bool may_change(const struct run_control *c, struct run_refusal *ret_refusal)
{
    if (c->wanted == NULL && c->run != NULL && c->run->ended_ns == 0 && !c->run->is_stopping)
        return true;
    run_refusal_say(ret_refusal, 409, "no run is going on: start one first");
    return false;
}

static bool edit(struct run *r, const struct form *form, const struct run_control_setup *setup,
                 struct run_refusal *ret_refusal)
{
    struct fleet *fleet = r->measured.fleet;
    struct run_order order;
    char sentence[160];
    bool is_read = run_order_read(&order, &r->order.options, setup->call, form, ret_refusal);
    const uint64_t users = is_read && form_get(form, "users") != NULL ? order.options.users.value
                                                                      : fleet_users_wanted(fleet);
    const struct ratio rate = is_read && form_get(form, "spawn_rate") != NULL
                                  ? order.options.spawn_rate.per_s
                                  : r->spawn_rate;
    run_order_close(&order);
    if (is_read && users > fleet_users_max(fleet)) {
        (void)snprintf(sentence, sizeof sentence,
                       "--users: expected at most the %u that are reserved (--max-users), got %llu",
                       fleet_users_max(fleet), (unsigned long long)users);
        run_refusal_say(ret_refusal, 400, sentence);
        is_read = false;
    }
    if (!is_read)
        return false;
    r->spawn_rate = rate;
    fleet_set_users(fleet, (uint32_t)users, rate);
    return true;
}

bool run_control_edit(struct run_control *c, const struct form *form,
                      struct run_refusal *ret_refusal)
{
    pthread_mutex_lock(&c->lock);
    bool is_done = may_change(c, ret_refusal);
    if (is_done && !users_are_set(&c->run->plan->load)) {
        run_refusal_say(ret_refusal, 409,
                        c->run->plan->load.is_open
                            ? "this run keeps to a rate: its users cannot be set"
                            : "the users of this run follow its stages: they cannot be set");
        is_done = false;
    }
    is_done = is_done && edit(c->run, form, &c->setup, ret_refusal);
    pthread_mutex_unlock(&c->lock);
    return is_done;
}

bool run_control_stop(struct run_control *c, struct run_refusal *ret_refusal)
{
    pthread_mutex_lock(&c->lock);
    const bool is_done = may_change(c, ret_refusal);
    if (is_done) {
        c->run->is_stopping = true;
        fleet_stop(c->run->measured.fleet);
    }
    pthread_mutex_unlock(&c->lock);
    return is_done;
}

bool run_control_reset(struct run_control *c, struct run_refusal *ret_refusal)
{
    pthread_mutex_lock(&c->lock);
    bool is_done = may_change(c, ret_refusal);
    if (is_done && measurement_begin_anew(&c->run->measured, clock_now_ns()) != 0) {
        run_refusal_say(ret_refusal, 500, "no memory");
        is_done = false;
    }
    c->version += is_done;
    pthread_mutex_unlock(&c->lock);
    return is_done;
}
