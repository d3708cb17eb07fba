#include "engine/run/fleet.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/io/clock.h"
#include "engine/io/ring.h"
#include "engine/io/tls_context.h"
#include "engine/run/reach.h"
#include "engine/run/worker.h"

#define FLEET_CPUS_MAX 1024
#define START_DELAY_NS                                                                             \
    UINT64_C(1000000) /* from "go" to time zero: every thread is awake by then                     \
                       */

struct fleet_thread {
    struct fleet *fleet;
    struct worker *worker;
    struct shard *shard;
    struct tls_context *tls; /* NULL = no host has TLS */
    pthread_t thread;
    int cpu; /* -1 = not pinned */
    int error;
    bool is_started;
};

struct fleet {
    const struct plan *plan;
    struct reach *reach;
    uint32_t thread_count;
    uint32_t users_max;
    struct fleet_thread *threads;
    pthread_mutex_t gate; /* held until time zero is set: every thread goes through it once */
    uint64_t start_ns;    /* 0 = not started, or given up */

    /* Every word that crosses threads, beside the shards' cells. */
    _Atomic uint32_t stop;         /* enum stop_word */
    _Atomic uint64_t users_wanted; /* users_wanted_pack() */
    _Atomic uint32_t users_gone;   /* for good */
    _Atomic uint32_t done;         /* workers that have finished */
};

/* ---- opening ---- */

static int fault(struct fleet_fault *ret_fault, int err, const char *remedy, const char *message)
{
    snprintf(ret_fault->message, sizeof ret_fault->message, "%s", message);
    snprintf(ret_fault->remedy, sizeof ret_fault->remedy, "%s", remedy);
    return err;
}

static int fault_of_ring(struct fleet_fault *ret_fault, int err, uint32_t files)
{
    char message[200];
    struct rlimit limit = { 0 };
    switch (err) {
    case -EPERM:
        return fault(ret_fault, err,
                     "set sysctl kernel.io_uring_disabled=0, or allow io_uring in the container's "
                     "seccomp profile",
                     "io_uring is not permitted here");
    case -ENOSYS:
        return fault(ret_fault, err,
                     "run on Linux 6.1 or newer, outside a sandbox that hides io_uring",
                     "this kernel has no io_uring");
    case -EMFILE:
        getrlimit(RLIMIT_NOFILE, &limit);
        snprintf(message, sizeof message,
                 "%u connections per worker need as many descriptors, the limit is %llu", files,
                 (unsigned long long)limit.rlim_cur);
        return fault(ret_fault, err,
                     "raise it with 'ulimit -n', use fewer connections or more --threads", message);
    case -ENOMEM:
        if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
            snprintf(message, sizeof message,
                     "no memory for the connections and rings; this process may have %llu KiB of "
                     "address space",
                     (unsigned long long)limit.rlim_cur / 1024);
            return fault(ret_fault, err,
                         "use fewer connections, or raise the limit with 'ulimit -v unlimited'",
                         message);
        }
        getrlimit(RLIMIT_MEMLOCK, &limit);
        snprintf(message, sizeof message,
                 "no memory for the connections and rings; locked memory is limited to %llu KiB",
                 (unsigned long long)limit.rlim_cur / 1024);
        return fault(ret_fault, err,
                     "use fewer connections, or raise the limit with 'ulimit -l unlimited'",
                     message);
    case -EINVAL:
        snprintf(message, sizeof message,
                 "the ring cannot be set up: a kernel before 6.1, or an unknown feature mask");
        snprintf(ret_fault->remedy, sizeof ret_fault->remedy, "masks are: %s",
                 ring_feature_names());
        snprintf(ret_fault->message, sizeof ret_fault->message, "%s", message);
        return err;
    default:
        return fault(ret_fault, err, "see the kernel's log", strerrordesc_np(-err));
    }
}

static uint32_t cpus_allowed(int *cpus, uint32_t max)
{
    cpu_set_t set;
    uint32_t count = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && count < max; cpu++) {
        if (CPU_ISSET(cpu, &set))
            cpus[count++] = cpu;
    }
    return count;
}

/* What is dealt out to threads: users with a connection each, or connections that all share. */
static uint32_t fleet_shares(const struct plan_load *load, uint32_t users)
{
    const uint32_t carried = (users + load->pipeline - 1) / load->pipeline;
    return load->is_shared && load->connections < carried ? load->connections : carried;
}

/* One thread per CPU, never more threads than connections. */
static int fleet_plan_threads(struct fleet *f, const struct fleet_options *options,
                              struct fleet_fault *ret_fault)
{
    int allowed[FLEET_CPUS_MAX];
    const uint32_t allowed_count = cpus_allowed(allowed, FLEET_CPUS_MAX);
    const int *cpus = options->cpus != NULL ? options->cpus : allowed;
    const uint32_t cpu_count = options->cpus != NULL ? options->cpu_count : allowed_count;
    const struct plan_load *load = &f->plan->load;
    /* A number of requests is dealt out too: no part may go to a thread that has no users. */
    const uint32_t shares = fleet_shares(load, load->requests_max > 0 ? load->users : f->users_max);

    f->thread_count = options->threads > 0 ? options->threads : cpu_count > 0 ? cpu_count : 1;
    if (f->thread_count > shares && shares > 0)
        f->thread_count = shares;
    f->threads = calloc(f->thread_count, sizeof *f->threads);
    if (f->threads == NULL)
        return fault(ret_fault, -ENOMEM, "use fewer threads", "no memory for the threads");
    for (uint32_t i = 0; i < f->thread_count; i++) {
        f->threads[i].fleet = f;
        f->threads[i].cpu = cpu_count > 0 ? cpus[i % cpu_count] : -1;
    }
    return 0;
}

static bool plan_has_tls(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->origin_count; i++)
        if (plan->origins[i].is_tls)
            return true;
    return false;
}

/* Of a thread, about. */
static uint32_t fleet_connections_each(const struct fleet *f)
{
    return fleet_shares(&f->plan->load, f->users_max) / f->thread_count * f->plan->origin_count;
}

/* Each thread has its own: OpenSSL's locks are per context. */
static int fleet_open_tls(struct fleet *f, const struct fleet_options *options,
                          struct fleet_fault *ret_fault)
{
    struct tls_options tls = { .insecure = false };
    const uint32_t count = f->plan->origin_count;
    if (!plan_has_tls(f->plan))
        return 0;
    if (options->tls != NULL)
        tls = *options->tls;
    tls.connections = fleet_connections_each(f);
    const char **names = calloc(count, sizeof *names);
    int rc = names == NULL ? -ENOMEM : 0;
    for (uint32_t i = 0; i < count && rc == 0; i++)
        names[i] = options->sni != NULL ? options->sni : f->plan->origins[i].connect_host;
    for (uint32_t i = 0; i < f->thread_count && rc == 0; i++)
        rc = tls_context_open(&f->threads[i].tls, &tls, names, count, ret_fault->message);
    free(names);
    if (rc == -ENOMEM)
        return fault(ret_fault, rc, "use fewer threads", "no memory for TLS");
    return rc;
}

static int fleet_open_workers(struct fleet *f, const struct fleet_options *options,
                              struct fleet_fault *ret_fault)
{
    for (uint32_t i = 0; i < f->thread_count; i++) {
        struct fleet_thread *t = &f->threads[i];
        if (shard_open(&t->shard, f->plan->endpoint_count) < 0)
            return fault(ret_fault, -ENOMEM, "use fewer threads or fewer names",
                         "no memory for the histograms");
        const struct worker_setup setup = {
            .plan = f->plan,
            .core = i,
            .cores = f->thread_count,
            .tls = t->tls,
            .routes = reach_routes(f->reach),
            .sources = options->sources,
            .follows_names = options->resolve_every_ns > 0,
            .shard = t->shard,
            .stop = &f->stop,
            .users_wanted = &f->users_wanted,
            .users_gone = &f->users_gone,
            .users_max = f->users_max,
            .ring_mask = options->ring_mask,
            .ring_entries = options->ring_entries,
            .kernel_stamps = options->kernel_stamps,
            .no_memo = options->no_memo,
            /* Only TCP throws bytes away without a copy. */
            .no_discard = options->no_discard || options->unix_path != NULL,
            .busy_poll = options->busy_poll,
            .gather_ns = options->gather_ns,
        };
        const int rc = worker_open(&t->worker, &setup);
        if (rc < 0)
            return fault_of_ring(ret_fault, rc, fleet_connections_each(f));
    }
    return 0;
}

int fleet_open(struct fleet **ret_fleet, const struct plan *plan,
               const struct fleet_options *options, struct fleet_fault *ret_fault)
{
    struct fleet *f = calloc(1, sizeof *f);
    if (f == NULL)
        return fault(ret_fault, -ENOMEM, "free some memory", "no memory");
    pthread_mutex_init(&f->gate, NULL);
    f->plan = plan;
    f->users_max = options->users_max > plan->load.users ? options->users_max : plan->load.users;
    f->users_wanted = users_wanted_pack((struct users_wanted){ .users = plan->load.users });

    int rc = reach_open(&f->reach, plan, options, ret_fault);
    if (rc == 0)
        rc = fleet_plan_threads(f, options, ret_fault);
    if (rc == 0)
        rc = fleet_open_tls(f, options, ret_fault);
    if (rc == 0)
        rc = fleet_open_workers(f, options, ret_fault);
    if (rc < 0) {
        fleet_close(f);
        return rc;
    }
    *ret_fleet = f;
    return 0;
}

void fleet_close(struct fleet *f)
{
    if (f == NULL)
        return;
    for (uint32_t i = 0; i < f->thread_count && f->threads != NULL; i++) {
        worker_close(f->threads[i].worker);
        shard_close(f->threads[i].shard);
        tls_context_close(f->threads[i].tls);
    }
    pthread_mutex_destroy(&f->gate);
    reach_close(f->reach);
    free(f->threads);
    free(f);
}

/* ---- running ---- */

static void *fleet_thread_main(void *argument)
{
    struct fleet_thread *t = argument;
    struct fleet *f = t->fleet;
    pthread_mutex_lock(&f->gate);
    pthread_mutex_unlock(&f->gate);
    t->error = f->start_ns == 0 ? -ECANCELED : worker_start(t->worker, f->start_ns);
    if (t->error == 0) {
        while (worker_turn(t->worker)) {
        }
        t->error = worker_error(t->worker);
    }
    atomic_fetch_add_explicit(&f->done, 1, memory_order_release);
    return NULL;
}

static int fleet_start_thread(struct fleet_thread *t)
{
    pthread_attr_t attributes;
    cpu_set_t set;
    pthread_attr_init(&attributes);
    if (t->cpu >= 0) {
        CPU_ZERO(&set);
        CPU_SET((unsigned)t->cpu, &set);
        pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
    }
    int rc = pthread_create(&t->thread, &attributes, fleet_thread_main, t);
    if (rc == EINVAL && t->cpu >= 0) {
        /* The CPU is not ours to have: the thread runs where it may. */
        t->cpu = -1;
        rc = pthread_create(&t->thread, NULL, fleet_thread_main, t);
    }
    pthread_attr_destroy(&attributes);
    t->is_started = rc == 0;
    return -rc;
}

int fleet_start(struct fleet *f)
{
    /* Signals are the controlling thread's business. */
    sigset_t all, before;
    int rc = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&f->gate);
    for (uint32_t i = 0; i < f->thread_count && rc == 0; i++)
        rc = fleet_start_thread(&f->threads[i]);
    if (rc == 0)
        rc = reach_start(f->reach);
    if (rc == 0)
        f->start_ns = clock_now_ns() + START_DELAY_NS;
    pthread_mutex_unlock(&f->gate);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc < 0)
        fleet_join(f);
    return rc;
}

bool fleet_is_done(const struct fleet *f)
{
    return atomic_load_explicit(&f->done, memory_order_acquire) == f->thread_count;
}

/* Nothing happens when the word is another one by now. */
static void fleet_change_stop(struct fleet *f, enum stop_word from, enum stop_word to)
{
    uint32_t expected = from;
    atomic_compare_exchange_strong(&f->stop, &expected, to);
}

void fleet_stop(struct fleet *f)
{
    fleet_change_stop(f, STOP_PAUSE, STOP_DRAIN);
    fleet_change_stop(f, STOP_NO, STOP_DRAIN);
}

void fleet_pause(struct fleet *f, bool is_paused)
{
    if (is_paused)
        fleet_change_stop(f, STOP_NO, STOP_PAUSE);
    else
        fleet_change_stop(f, STOP_PAUSE, STOP_NO);
}

void fleet_stop_now(struct fleet *f)
{
    atomic_store(&f->stop, STOP_NOW);
}

/* In thousandths, never 0, which would be the plan's. */
static uint32_t spawn_rate_word(struct ratio rate)
{
    const unsigned __int128 thousandths = (unsigned __int128)rate.num * 1000 / rate.den;
    if (thousandths > UINT32_MAX)
        return UINT32_MAX;
    return thousandths == 0 ? 1 : (uint32_t)thousandths;
}

void fleet_set_users(struct fleet *f, uint32_t users, struct ratio spawn_rate)
{
    const struct users_wanted wanted = {
        .users = users < f->users_max ? users : f->users_max,
        .spawn_rate = spawn_rate.num == 0 ? 0 : spawn_rate_word(spawn_rate),
    };
    atomic_store(&f->users_wanted, users_wanted_pack(wanted));
}

uint32_t fleet_users_wanted(const struct fleet *f)
{
    return users_wanted_unpack(atomic_load(&f->users_wanted)).users;
}

uint32_t fleet_users_max(const struct fleet *f)
{
    return f->users_max;
}

int fleet_join(struct fleet *f)
{
    int error = 0;
    for (uint32_t i = 0; i < f->thread_count; i++) {
        struct fleet_thread *t = &f->threads[i];
        if (!t->is_started)
            continue;
        pthread_join(t->thread, NULL);
        t->is_started = false;
        if (error == 0)
            error = t->error;
    }
    return error;
}

/* ---- looking ---- */

uint32_t fleet_threads(const struct fleet *f)
{
    return f->thread_count;
}

int fleet_cpu(const struct fleet *f, uint32_t thread)
{
    return f->threads[thread].cpu;
}

const struct shard *fleet_shard(const struct fleet *f, uint32_t thread)
{
    return f->threads[thread].shard;
}

const char *fleet_ring_features(const struct fleet *f)
{
    return worker_ring_features(f->threads[0].worker);
}

/* Origins that were led to one and the same address have it in common. */
static struct address_tally *address_of(struct address_tally *all, uint32_t *count,
                                        const struct route *route)
{
    struct address_tally *a = &all[*count];
    resolve_write(route, a->text);
    for (uint32_t i = 0; i < *count; i++)
        if (strcmp(all[i].text, a->text) == 0)
            return &all[i];
    ++*count;
    return a;
}

int fleet_addresses(const struct fleet *f, struct address_tally **ret_addresses,
                    uint32_t *ret_count)
{
    const struct routes *routes = reach_routes(f->reach);
    uint32_t most = 0, count = 0;
    for (uint32_t i = 0; i < f->plan->origin_count; i++)
        most += atomic_load(&routes[i].count);
    struct address_tally *all = calloc(most + 1u, sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < f->plan->origin_count; i++) {
        for (uint32_t k = 0; k < atomic_load(&routes[i].count); k++) {
            struct address_tally *a = address_of(all, &count, &routes[i].entries[k].route);
            for (uint32_t t = 0; t < f->thread_count; t++) {
                const struct routes_view *v = worker_routes(f->threads[t].worker, i);
                a->opened += cell_read(&v->marks[k].opened);
                a->failed += cell_read(&v->marks[k].failed);
            }
        }
    }
    *ret_addresses = all;
    *ret_count = count;
    return 0;
}

uint64_t fleet_started_ns(const struct fleet *f)
{
    return f->start_ns;
}
