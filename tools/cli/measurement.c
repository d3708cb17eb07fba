#include "tools/cli/measurement.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "engine/io/clock.h"
#include "engine/io/tls_context.h"
#include "engine/run/fleet.h"
#include "tools/cli/controls.h"
#include "tools/cli/delivery.h"
#include "tools/cli/fault.h"
#include "tools/cli/readiness.h"
#include "tools/cli/stop_signals.h"
#include "tools/live/collector.h"
#include "tools/live/screen.h"

#define POLL_NS          UINT64_C(20000000) /* how soon the end is noticed */
#define RING_ENTRIES_MAX 4096u
#define USERS_RESERVED   10 /* times as many as were asked for may be wanted by key */
#define FILES_SPARE      256

/* As many descriptors as this process may have: a connection takes one. */
static void raise_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static uint32_t cpus_allowed(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    const int count = CPU_COUNT(&set);
    return count > 0 ? (uint32_t)count : 1;
}

/* As asked for, else one per CPU; in a closed loop no more than there are connections or users to
 * share out. */
static uint32_t threads_wanted(const struct plan *plan, const struct options *o)
{
    if (o->threads.given)
        return (uint32_t)o->threads.value;
    uint32_t threads = o->cpus.count > 0 ? o->cpus.count : cpus_allowed();
    const struct plan_load *load = &plan->load;
    const uint32_t most = load->connections > 0 ? load->connections : load->users;
    if (most > 0 && threads > most)
        threads = most;
    if (load->requests_max > 0 && threads > load->requests_max)
        threads = (uint32_t)load->requests_max;
    return threads;
}

/* Whether this process may use every CPU of --cpus; says which one not. */
static bool check_cpus(const struct options *o)
{
    cpu_set_t set;
    if (o->cpus.count == 0 || sched_getaffinity(0, sizeof set, &set) != 0)
        return true;
    for (uint32_t i = 0; i < o->cpus.count; i++) {
        if (CPU_ISSET((unsigned)o->cpus.items[i], &set))
            continue;
        fault_note("CPU %d is not there for this process: name others with --cpus, or allow it "
                   "with taskset or the "
                   "container's cpuset",
                   o->cpus.items[i]);
        return false;
    }
    return true;
}

static struct tls_options tls_of(const struct options *o)
{
    static const enum tls_version versions[] = {
        [TLS_CHOICE_1_2] = TLS_VERSION_1_2,
        [TLS_CHOICE_1_3] = TLS_VERSION_1_3,
    };
    return (struct tls_options){
        .insecure = o->insecure,
        .no_resume = o->no_tls_resume,
        .min = o->tls_min.given ? versions[o->tls_min.index] : TLS_VERSION_ANY,
        .max = o->tls_max.given ? versions[o->tls_max.index] : TLS_VERSION_ANY,
        .ca_file = o->ca_file,
        .cert_file = o->cert_file,
        .key_file = o->key_file,
        .ciphers = o->ciphers,
    };
}

/* A mistake in what was asked for has no remedy but the message. */
static int tell_fault(int rc, const struct fleet_fault *fault)
{
    if (fault->message[0] == '\0')
        fault_note("cannot start: %s", fault_reason(-rc).text);
    else if (fault->remedy[0] == '\0')
        fault_note("%s", fault->message);
    else
        fault_note("%s: %s", fault->message, fault->remedy);
    return fault->message[0] != '\0' && fault->remedy[0] == '\0' ? EXIT_USAGE : EXIT_HOST;
}

/* Queues too small for the load show what happens when the kernel has no room for completions. */
static uint32_t ring_entries_wanted(void)
{
    const char *text = getenv("SQUALL_RING_ENTRIES");
    const unsigned long entries = text != NULL ? strtoul(text, NULL, 10) : 0;
    return entries <= RING_ENTRIES_MAX ? (uint32_t)entries : RING_ENTRIES_MAX;
}

/* Whether somebody sits there who may press keys. */
static bool is_watched(const struct options *o)
{
    return !o->quiet && isatty(STDERR_FILENO) && isatty(STDIN_FILENO);
}

/* Room for more users than were asked for, as far as the descriptors of their connections go. */
static uint32_t users_to_reserve(const struct plan *plan)
{
    const uint64_t users = plan->load.users;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max < FILES_SPARE)
        return 0;
    const uint64_t most = (files.rlim_max - FILES_SPARE) / (plan->origin_count + 1);
    const uint64_t wanted = users * USERS_RESERVED;
    return (uint32_t)(most < users ? users : wanted < most ? wanted : most);
}

int measurement_open(struct measurement *m, uint32_t users_max)
{
    const struct options *o = m->options;
    struct fleet_fault fault = { .message = "" };
    const struct tls_options tls = tls_of(o);
    const struct fleet_options options = {
        .threads = threads_wanted(m->plan, o),
        .cpus = o->cpus.count > 0 ? o->cpus.items : NULL,
        .cpu_count = o->cpus.count,
        .ring_mask = getenv("SQUALL_RING_MASK"),
        .ring_entries = ring_entries_wanted(),
        .kernel_stamps = o->kernel_stamps,
        .no_memo = getenv("SQUALL_NO_MEMO") != NULL,
        .no_discard = getenv("SQUALL_NO_DISCARD") != NULL,
        .busy_poll = o->busy_poll,
        .gather_ns = o->gather.ns,
        .tls = &tls,
        .sni = o->sni,
        .users_max = users_max,
        .resolve_every_ns = o->resolve_every.ns,
        .connect_to = o->proxy.host[0] != '\0'        ? &o->proxy
                      : o->connect_to.host[0] != '\0' ? &o->connect_to
                                                      : NULL,
        .unix_path = o->unix_path,
        .sources = o->sources.count > 0 ? &o->sources : NULL,
    };
    if (!check_cpus(o))
        return EXIT_HOST;
    raise_limits();
    if (!readiness_check(m->plan, &options, !o->quiet))
        return EXIT_HOST;
    const int rc = fleet_open(&m->fleet, m->plan, &options, &fault);
    return rc == 0 ? EXIT_DONE : tell_fault(rc, &fault);
}

static void tell_setup(const struct measurement *m)
{
    if (!m->options->verbose)
        return;
    const uint32_t threads = fleet_threads(m->fleet);
    fprintf(stderr, "squall: %" PRIu32 " thread%s on CPU", threads, threads == 1 ? "" : "s");
    for (uint32_t i = 0; i < threads; i++) {
        if (fleet_cpu(m->fleet, i) < 0)
            fputs(" any", stderr);
        else
            fprintf(stderr, " %d", fleet_cpu(m->fleet, i));
    }
    fprintf(stderr, "; seed %" PRIu64 "; io_uring: %s\n", m->plan->load.seed,
            fleet_ring_features(m->fleet));
}

static int open_collector(struct collector **ret_collector, const struct measurement *m,
                          uint64_t started_ns, const struct tally *zero)
{
    const struct collector_setup setup = {
        .shards = m->shards,
        .shard_count = fleet_threads(m->fleet),
        .endpoint_count = m->plan->endpoint_count,
        .names = m->plan->endpoints,
        .started_ns = started_ns,
        .zero = zero,
        .users_max = m->plan->load.users,
    };
    return collector_open(ret_collector, &setup);
}

static int watch_shards(struct measurement *m)
{
    const uint32_t threads = fleet_threads(m->fleet);
    m->shards = calloc(threads, sizeof(*m->shards));
    m->cpus = calloc(threads, sizeof(*m->cpus));
    if (m->shards == NULL || m->cpus == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < threads; i++) {
        m->shards[i] = fleet_shard(m->fleet, i);
        m->cpus[i] = fleet_cpu(m->fleet, i);
    }
    const struct strain_setup strain = { .shards = m->shards,
                                         .shard_count = threads,
                                         .cpus = m->cpus,
                                         .started_ns = fleet_started_ns(m->fleet) };
    return strain_open(&m->strain, &strain);
}

/* NULL = no live view. */
static struct screen *open_screen(const struct measurement *m, bool has_keys)
{
    const struct plan_load *load = &m->plan->load;
    struct screen *screen = NULL;
    if (m->options->quiet)
        return NULL;
    const struct screen_setup setup = {
        .fd = STDERR_FILENO,
        .is_color_forbidden = m->options->no_color,
        .title = m->plan->file != NULL ? m->plan->file : m->options->subject,
        .host = m->plan->file != NULL ? m->plan->host : NULL,
        .has_keys = has_keys,
        .load = {
            .is_url = m->options->form == FORM_URL,
            .rate_per_s = load->is_open ? (double)load->rate.num / (double)load->rate.den : 0,
            .connections = load->connections,
        },
        .started_ns = m->collector->setup.started_ns,
        .duration_ns = load->duration_ns,
        .requests_max = load->requests_max,
    };
    (void)screen_open(&screen, &setup);
    return screen;
}

/* Says once, where no live view can, that the first signal was heard. */
static void tell_stopping(struct measurement *m, const struct screen *screen)
{
    if (m->signal != 0 || stop_signals_count() == 0)
        return;
    m->signal = stop_signals_first();
    if (screen == NULL && !m->options->quiet)
        fault_note("stopping: waiting for requests in flight; once more stops at once");
}

bool measurement_look(struct measurement *m, uint64_t now_ns)
{
    collector_watch(m->collector);
    (void)settling_watch(m->settling, now_ns); /* without memory now, the next time */
    if (now_ns < collector_due_ns(m->collector))
        return false;
    strain_tick(m->strain, now_ns);
    /* Without memory now, the next point covers this second too. */
    return collector_tick(m->collector, now_ns) == 0;
}

/* What a run is watched with. */
struct watch {
    struct measurement *measurement;
    struct screen *screen; /* NULL = no live view */
    struct controls controls;
    char limit[256]; /* who limits the run so far */
};

/* Judges the run so far as the report will. */
static void judge(struct watch *w)
{
    struct record *record = NULL;
    if (w->screen == NULL || measurement_record(&record, w->measurement, false) != 0)
        return;
    (void)snprintf(w->limit, sizeof w->limit, "%s", record->result.generator.bottleneck);
    record_close(record);
}

static void draw(struct watch *w, uint64_t now_ns)
{
    const struct measurement *m = w->measurement;
    const struct controls *c = &w->controls;
    const struct screen_state state = {
        .collector = m->collector,
        .users_wanted = fleet_users_wanted(m->fleet),
        .paused_ns = controls_paused_ns(c, now_ns),
        .limit = m->collector->total != NULL ? w->limit : NULL,
        .notice = controls_notice(c, now_ns),
        .is_stopping = m->signal != 0,
        .is_paused = c->is_paused,
        .shows_keys = c->shows_keys,
    };
    screen_draw_when_due(w->screen, now_ns, &state);
}

/* Puts the terminal in order before Ctrl-Z takes effect. */
static void suspend(struct watch *w)
{
    screen_hide(w->screen);
    keyboard_release(w->controls.keyboard);
    stop_signals_suspend();
}

/* Waits for the end of the run, collecting every second and drawing in between. */
static void watch_run(struct watch *w)
{
    struct measurement *m = w->measurement;
    uint64_t now_ns = clock_now_ns();
    while (!fleet_is_done(m->fleet)) {
        uint64_t until_ns = now_ns + POLL_NS;
        if (collector_due_ns(m->collector) < until_ns)
            until_ns = collector_due_ns(m->collector);
        if (settling_due_ns(m->settling) < until_ns)
            until_ns = settling_due_ns(m->settling);
        stop_signals_wait(now_ns, until_ns, keyboard_fd(w->controls.keyboard));
        if (stop_signals_wants_suspension())
            suspend(w);
        now_ns = clock_now_ns();
        tell_stopping(m, w->screen);
        if (controls_act(&w->controls, now_ns))
            screen_hurry(w->screen);
        if (measurement_look(m, now_ns))
            judge(w);
        draw(w, now_ns);
    }
}

static void watch(struct measurement *m)
{
    struct watch w = { .measurement = m };
    controls_open(&w.controls, m, is_watched(m->options) ? STDIN_FILENO : -1);
    w.screen = open_screen(m, w.controls.keyboard != NULL);
    watch_run(&w);
    controls_close(&w.controls, clock_now_ns());
    screen_close(w.screen);
}

/* From the first start to the last end of all workers, or to the last point while they run. */
static uint64_t duration_ns_of(const struct collector *c)
{
    const struct tally *t = collector_latest(c);
    const uint64_t ended_ns = c->is_finished && t->ended_ns != 0 ? t->ended_ns : c->point_ns;
    const uint64_t started_ns = t->started_ns != 0 ? t->started_ns : c->setup.started_ns;
    return ended_ns > started_ns ? ended_ns - started_ns : 1;
}

static uint64_t last_end_ns(const struct measurement *m, uint64_t now_ns)
{
    uint64_t ended_ns = 0;
    for (uint32_t i = 0; i < fleet_threads(m->fleet); i++) {
        const uint64_t ended = cell_read(&m->shards[i]->ended_ns);
        if (ended > ended_ns)
            ended_ns = ended;
    }
    return ended_ns != 0 ? ended_ns : now_ns;
}

/* False, and loud, when a request went missing, was counted twice or timed wrong. */
static bool check_audit(const struct audit *a)
{
    for (uint64_t i = 0; i < a->broken && i < AUDIT_SHOWN_MAX; i++)
        fault_note("BUG: the audit failed, do not trust this result: %s", a->shown[i].text);
    if (a->broken > AUDIT_SHOWN_MAX)
        fault_note("BUG: the audit failed in %" PRIu64 " more equations",
                   a->broken - AUDIT_SHOWN_MAX);
    return audit_is_ok(a);
}

static int exit_code_of(const struct measurement *m, const struct result *r, bool is_delivered)
{
    const bool is_ok = check_audit(r->audit);
    if (m->errno_of != 0)
        return EXIT_HOST;
    if (!is_ok)
        return EXIT_REQUEST_FAILED;
    if (m->signal != 0)
        return EXIT_SIGNAL + m->signal;
    if (m->options->strict && result_is_generators(r))
        return EXIT_INVALID;
    if (result_unmet(r) > 0)
        return EXIT_UNMET;
    if (r->summary->total.failed > 0 && m->options->exit_code_on_failure.value != 0)
        return (int)m->options->exit_code_on_failure.value;
    return is_delivered ? EXIT_DONE : EXIT_REQUEST_FAILED;
}

int measurement_record(struct record **ret_record, const struct measurement *m, bool has_evidence)
{
    const uint64_t duration_ns = duration_ns_of(m->collector);
    const struct record_setup setup = {
        .plan = m->plan,
        .options = m->options,
        .call = m->call,
        .fleet = m->fleet,
        .collector = m->collector,
        .settling = m->settling,
        .strain = m->strain,
        .started_at_s = m->started_at_s,
        .duration_ns = duration_ns > m->paused_ns ? duration_ns - m->paused_ns : 1,
        .signal = m->signal,
        .changes = m->changes,
        .has_evidence = has_evidence,
    };
    return record_open(ret_record, &setup);
}

static int report(struct measurement *m)
{
    struct record *record = NULL;
    if (measurement_record(&record, m, true) != 0) {
        fault_note("no memory for the report");
        return EXIT_HOST;
    }
    const bool is_delivered = delivery_make(&record->result, m->options) == 0;
    const int code = exit_code_of(m, &record->result, is_delivered);
    record_close(record);
    return code;
}

int measurement_start(struct measurement *m)
{
    m->started_at_s = (int64_t)time(NULL);
    int rc = fleet_start(m->fleet);
    if (rc != 0) {
        fault_note("cannot start the workers: %s: use fewer --threads, or raise the limit with "
                   "'ulimit -u'",
                   fault_reason(-rc).text);
        return EXIT_HOST;
    }
    rc = watch_shards(m);
    if (rc == 0)
        rc = open_collector(&m->collector, m, fleet_started_ns(m->fleet), NULL);
    if (rc == 0)
        rc = settling_open(&m->settling, m->collector, m->options->warmup.is_found,
                           m->options->warmup.ns);
    if (rc != 0) {
        fleet_stop_now(m->fleet);
        (void)fleet_join(m->fleet);
        fault_note("cannot watch the run: %s", fault_reason(-rc).text);
        return EXIT_HOST;
    }
    return EXIT_DONE;
}

int measurement_begin_anew(struct measurement *m, uint64_t now_ns)
{
    struct collector *collector = NULL;
    struct settling *settling = NULL;
    struct tally *zero = NULL;
    int rc = collector_take_zero(m->collector, &zero);
    if (rc == 0)
        rc = open_collector(&collector, m, now_ns, zero);
    if (rc == 0)
        rc = settling_open(&settling, collector, false, 0);
    if (rc != 0) {
        collector_close(collector);
        tally_close(zero);
        return rc;
    }
    collector_watch(collector);
    settling_close(m->settling);
    m->settling = settling;
    collector_close(m->collector);
    tally_close(m->zero);
    m->collector = collector;
    m->zero = zero;
    return 0;
}

void measurement_end(struct measurement *m)
{
    const int rc = fleet_join(m->fleet);
    if (rc != 0) {
        m->errno_of = -rc;
        fault_note("a worker's io_uring broke, the result is what was measured until then: %s",
                   fault_reason(-rc).text);
    }
    const uint64_t now_ns = clock_now_ns();
    if (collector_finish(m->collector, last_end_ns(m, now_ns)) != 0)
        fault_note("no memory for the last point of the timeline");
    strain_tick(m->strain, now_ns);
}

void measurement_close(struct measurement *m)
{
    settling_close(m->settling);
    collector_close(m->collector);
    tally_close(m->zero);
    strain_close(m->strain);
    free(m->cpus);
    free(m->shards);
    fleet_close(m->fleet);
}

/* From the first request to the report. The fleet is open. */
static int play(struct measurement *m)
{
    const int code = measurement_start(m);
    if (code != EXIT_DONE)
        return code;
    watch(m);
    measurement_end(m);
    return report(m);
}

int measurement_run(const struct plan *plan, const struct options *o, const struct invocation *call)
{
    struct measurement m = { .plan = plan, .options = o, .call = call };
    (void)setlocale(LC_CTYPE, "");
    if (!delivery_probe(o))
        return EXIT_USAGE;
    const bool has_keys = is_watched(o) && controls_fixed_users(&m) == NULL;
    int code = measurement_open(&m, has_keys ? users_to_reserve(plan) : 0);
    if (code == EXIT_DONE) {
        tell_setup(&m);
        stop_signals_open(m.fleet);
        code = play(&m);
        stop_signals_close();
    }
    measurement_close(&m);
    return code;
}
