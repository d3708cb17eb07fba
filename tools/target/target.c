#include "tools/target/target.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "engine/io/tls_context.h"
#include "tools/target/listen.h"
#include "tools/target/pattern.h"
#include "tools/target/server.h"

#define EXIT_USAGE 2
#define EXIT_HOST  3

#define FILES_MAX      16384u
#define FILES_SPARE    64u /* descriptors left for everything else */
#define NUDGE_AGAIN_NS 10000000

struct target_thread {
    pthread_t thread;
    struct server *server;
    int result;
    bool is_running;
};

/* ---- opening ---- */

/* Connections a thread can hold: what the descriptor limit allows, raised as far as it goes. */
static uint32_t files_allowed(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 512;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= FILES_MAX + FILES_SPARE)
        return FILES_MAX;
    return limit.rlim_cur > 2 * FILES_SPARE ? (uint32_t)limit.rlim_cur - FILES_SPARE : FILES_SPARE;
}

static int explain_ring(int rc)
{
    const char *remedy = "see 'squall doctor'";
    if (rc == -EPERM)
        remedy =
            "allow it: sysctl kernel.io_uring_disabled=0, or a seccomp profile that permits it";
    else if (rc == -ENOSYS || rc == -EINVAL)
        remedy = "a Linux kernel of 6.1 or later is needed";
    else if (rc == -ENOMEM)
        remedy = "raise the locked-memory limit: ulimit -l unlimited";
    else if (rc == -EMFILE)
        remedy = "raise the descriptor limit: ulimit -n 65536";
    fprintf(stderr, "squall target: io_uring refused: %s; %s\n", strerror(-rc), remedy);
    return EXIT_HOST;
}

/* The second thread and those after it have the certificate that was made for the first. */
static int open_tls(struct tls_context **ret_tls, const struct target_options *o,
                    const struct server *first)
{
    char fault[TLS_FAULT_MAX] = "no memory";
    const int rc = tls_context_open_serving(ret_tls, o->cert_file, o->key_file,
                                            first == NULL ? NULL : first->tls, fault);
    if (rc == 0)
        return 0;
    fprintf(stderr, "squall target: %s\n", fault);
    return rc == -EINVAL ? EXIT_USAGE : EXIT_HOST;
}

static const char *scheme_of(const struct target_options *o)
{
    return o->has_tls ? "https" : "http";
}

/* Opens one server per thread at *at. 0 or the exit code, after one line. */
static int open_servers(struct target *t, struct target_thread *threads, struct route *at,
                        const struct target_options *o)
{
    const uint32_t files = files_allowed();
    for (uint32_t i = 0; i < t->threads; i++) {
        const int fd = listen_open(at, t->threads > 1);
        if (fd < 0) {
            char url[128];
            listen_write_url(at, scheme_of(o), url, sizeof url);
            fprintf(stderr, "squall target: cannot listen on %s: %s\n", url, strerror(-fd));
            return fd == -EMFILE || fd == -ENFILE ? EXIT_HOST : EXIT_USAGE;
        }
        const int rc = server_open(&threads[i].server, t, fd, files);
        if (rc < 0)
            return explain_ring(rc);
        const int code =
            o->has_tls ? open_tls(&threads[i].server->tls, o, i > 0 ? threads[0].server : NULL) : 0;
        if (code != 0)
            return code;
        t->censuses[i] = &threads[i].server->census;
    }
    return 0;
}

/* ---- running ---- */

static void *thread_main(void *argument)
{
    struct target_thread *thread = argument;
    thread->result = server_run(thread->server);
    /* A ring that breaks ends the whole target, by the way it is usually ended. */
    if (thread->result < 0)
        kill(getpid(), SIGTERM);
    return NULL;
}

static void ignore_nudge(int number)
{
    (void)number;
}

/* Waits for a thread, interrupting its wait until it has seen that it should stop. */
static void stop_thread(struct target_thread *thread)
{
    int rc = thread->is_running ? ETIMEDOUT : 0;
    while (rc == ETIMEDOUT) {
        struct timespec until;
        pthread_kill(thread->thread, SIGUSR1);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += NUDGE_AGAIN_NS;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        rc = pthread_timedjoin_np(thread->thread, NULL, &until);
    }
    thread->is_running = false;
}

/* Serves until a signal. 0 or the exit code. */
static int run_servers(struct target *t, struct target_thread *threads, const struct route *at,
                       const char *scheme)
{
    sigset_t ends;
    char url[128];
    int number, code = 0;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = ignore_nudge }, NULL);

    for (uint32_t i = 0; i < t->threads; i++)
        threads[i].is_running =
            pthread_create(&threads[i].thread, NULL, thread_main, &threads[i]) == 0;
    listen_write_url(at, scheme, url, sizeof url);
    printf("listening on %s\n", url);
    fflush(stdout);
    sigwait(&ends, &number);

    atomic_store(&t->stop, true);
    for (uint32_t i = 0; i < t->threads; i++) {
        stop_thread(&threads[i]);
        if (threads[i].result < 0)
            code = explain_ring(threads[i].result);
    }
    return code;
}

static void print_summary(const struct target *t)
{
    uint64_t requests = 0, accepted = 0;
    for (uint32_t i = 0; i < t->threads; i++) {
        requests += cell_read(&t->censuses[i]->requests);
        accepted += cell_read(&t->censuses[i]->accepted);
    }
    fprintf(stderr, "served %llu requests on %llu connections\n", (unsigned long long)requests,
            (unsigned long long)accepted);
}

int target_serve(const struct target_options *o)
{
    struct route at;
    const char *fault = listen_parse(o->listen, &at);
    if (fault != NULL) {
        fprintf(stderr, "squall: --listen '%s': %s\n", o->listen, fault);
        return EXIT_USAGE;
    }

    static struct target target;
    struct target_thread *threads = calloc(o->threads, sizeof *threads);
    target.threads = o->threads;
    target.work_ns = o->work_us * 1000;
    token_secret_draw(&target.secret);
    pattern_make();
    int code = threads == NULL || tweets_open(&target.tweets) < 0 ? EXIT_HOST : 0;
    if (code == 0)
        code = open_servers(&target, threads, &at, o);
    if (code == 0) {
        code = run_servers(&target, threads, &at, scheme_of(o));
        if (!o->is_quiet)
            print_summary(&target);
    }
    for (uint32_t i = 0; threads != NULL && i < target.threads; i++)
        server_close(threads[i].server);
    tweets_close(target.tweets);
    free(threads);
    return code;
}
