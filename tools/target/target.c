#include "tools/target/target.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "engine/io/tls_context.h"
#include "engine/plan/diag.h"
#include "tools/target/listen.h"
#include "tools/target/pattern.h"
#include "tools/target/server.h"

#define EXIT_USAGE 2
#define EXIT_HOST  3

#define FILES_MAX      16384u
#define FILES_SPARE    64u /* descriptors left for everything else */
#define WORK_US_MAX    10000000u
#define NUDGE_AGAIN_NS 10000000

struct target_options {
    const char *listen;
    uint64_t threads;
    uint64_t work_us;
    bool is_quiet;
    bool has_tls;
    const char *cert_file, *key_file;
    bool wants_usage;
};

struct target_thread {
    pthread_t thread;
    struct server *server;
    int result;
    bool is_running;
};

static const char usage_text[] =
    "usage: squall target [--listen HOST:PORT] [--threads N] [--work-us U] [--tls]\n"
    "\n"
    "A server with known answers, to try a load on. Prints where it listens, serves\n"
    "until SIGINT or SIGTERM.\n"
    "\n"
    "  --listen HOST:PORT  address to serve; ':PORT' is of 127.0.0.1, port 0 any that\n"
    "                      is free (default 127.0.0.1:0)\n"
    "  --threads N         event loops, each on a thread of its own (default 1)\n"
    "  --work-us U         CPU time to burn for each request, in microseconds\n"
    "                      (default 0)\n"
    "  --tls               serve https, with a certificate made now for localhost\n"
    "                      (ask with -k)\n"
    "  --cert FILE         with this certificate (PEM), then those that lead to its\n"
    "                      root\n"
    "  --key FILE          and its key; default it stands in the same file\n"
    "  -q, --quiet         no summary at the end\n"
    "  -h, --help          show this\n"
    "\n"
    "  / /hello /json      small fixed answers\n"
    "  /bytes/N            N bytes with Content-Length\n"
    "  /chunked/N          N bytes in chunks\n"
    "  /gzip/N /deflate/N /br/N\n"
    "                      N bytes, compressed\n"
    "  /status/N           an answer of status N\n"
    "  /delay/T            answers after T (10ms, 1s)\n"
    "  /delay/T?every=N&then=U\n"
    "                      one in N answers after U instead\n"
    "  /slow/N?bytes_per_s=B\n"
    "                      N bytes, drop by drop\n"
    "  /redirect/N         so many hops to /json\n"
    "  /redirect-to?url=U&status=S\n"
    "                      one hop to U\n"
    "  /cookies            the cookies that came, as JSON\n"
    "  /cookies/set?name=value\n"
    "                      sets them and leads to /cookies\n"
    "  /echo               the request as JSON\n"
    "  /close /reset /stall\n"
    "                      ends badly, or not at all\n"
    "  /api/ /api-token-auth/ /api/tweets/ /api/tweets/N/\n"
    "                      the TweetCheck API; any user, password 'admin'\n"
    "  /stats              what this server has seen; POST /stats/reset begins anew\n";

/* ---- options ---- */

static bool parse_count(const char *text, uint64_t max, uint64_t *ret)
{
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > max)
        return false;
    *ret = value;
    return true;
}

static const struct option longs[] = {
    { "listen", required_argument, NULL, 'l' },
    { "threads", required_argument, NULL, 't' },
    { "work-us", required_argument, NULL, 'w' },
    { "tls", no_argument, NULL, 's' },
    { "cert", required_argument, NULL, 'c' },
    { "key", required_argument, NULL, 'k' },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static void note_unknown(const char *word)
{
    const char *names[sizeof longs / sizeof longs[0]];
    size_t count = 0;
    for (; longs[count].name != NULL; count++)
        names[count] = longs[count].name;
    const char *near = diag_nearest(word + strspn(word, "-"), names, count);
    if (near != NULL)
        fprintf(stderr, "squall target: unknown option '%s'; did you mean '--%s'?\n", word, near);
    else
        fprintf(stderr, "squall target: unknown option '%s'; see 'squall target --help'\n", word);
}

/* False after one line about the mistake. */
static bool take_option(struct target_options *o, int letter, const char *value, const char *word)
{
    switch (letter) {
    case 'l':
        o->listen = value;
        return true;
    case 't':
        if (parse_count(value, TARGET_THREADS_MAX, &o->threads) && o->threads > 0)
            return true;
        fprintf(stderr, "squall target: --threads: expected 1 to %u, found '%s'\n",
                TARGET_THREADS_MAX, value);
        return false;
    case 'w':
        if (parse_count(value, WORK_US_MAX, &o->work_us))
            return true;
        fprintf(stderr, "squall target: --work-us: expected 0 to %u, found '%s'\n", WORK_US_MAX,
                value);
        return false;
    case 's':
        o->has_tls = true;
        return true;
    case 'c':
        o->has_tls = true;
        o->cert_file = value;
        return true;
    case 'k':
        o->key_file = value;
        return true;
    case 'q':
        o->is_quiet = true;
        return true;
    case 'h':
        o->wants_usage = true;
        return true;
    case ':':
        fprintf(stderr, "squall target: '%s' needs a value\n", word);
        return false;
    default:
        note_unknown(word);
        return false;
    }
}

static bool parse_options(int argc, char **argv, struct target_options *o)
{
    int letter;
    opterr = 0;
    optind = 0;
    while ((letter = getopt_long(argc, argv, ":qh", longs, NULL)) != -1) {
        if (!take_option(o, letter, optarg, argv[optind > 0 ? optind - 1 : 0]))
            return false;
    }
    if (optind < argc && !o->wants_usage) {
        fprintf(stderr, "squall target: expected no argument, found '%s'\n", argv[optind]);
        return false;
    }
    return true;
}

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

int target_command(int argc, char **argv)
{
    struct target_options options = { .listen = "127.0.0.1:0", .threads = 1 };
    if (!parse_options(argc, argv, &options))
        return EXIT_USAGE;
    if (options.wants_usage) {
        fputs(usage_text, stdout);
        return 0;
    }
    struct route at;
    const char *fault = listen_parse(options.listen, &at);
    if (fault != NULL) {
        fprintf(stderr, "squall target: --listen '%s': %s\n", options.listen, fault);
        return EXIT_USAGE;
    }

    static struct target target;
    struct target_thread *threads = calloc(options.threads, sizeof *threads);
    target.threads = (uint32_t)options.threads;
    target.work_ns = options.work_us * 1000;
    token_secret_draw(&target.secret);
    pattern_make();
    int code = threads == NULL || tweets_open(&target.tweets) < 0 ? EXIT_HOST : 0;
    if (code == 0)
        code = open_servers(&target, threads, &at, &options);
    if (code == 0) {
        code = run_servers(&target, threads, &at, scheme_of(&options));
        if (!options.is_quiet)
            print_summary(&target);
    }
    for (uint32_t i = 0; threads != NULL && i < target.threads; i++)
        server_close(threads[i].server);
    tweets_close(target.tweets);
    free(threads);
    return code;
}
