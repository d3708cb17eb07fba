/* limit — the floor that a real run is held against: the engine's ring and its choices alone,
 * asking for one path as fast as it is answered. One thread, pinned by whoever starts it.
 *
 * CPU time counts from when all connections are there.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#include "bench/flood.h"
#include "bench/harness.h"
#include "bench/own_target.h"
#include "stats/report/json_writer.h"
#include "stats/report/sink.h"

#define QUICK_ANSWERS   1000u
#define CONNECTIONS_MAX 60000u
#define PIPELINE_MAX    1000u
#define EXIT_SKIPPED    77
#define AGAIN_US        100000 /* a stop signal that came just before a wait is followed by others */

static const char usage_text[] =
    "usage: bench_limit [--json] HOST PORT PATH CONNECTIONS SECONDS [PIPELINE]\n"
    "       bench_limit --quick       against a server of its own, to see that it works\n";

struct spent {
    uint64_t requests;
    double seconds, user_s, system_s;
};

static volatile sig_atomic_t time_is_up;

static void end_time(int number)
{
    (void)number;
    time_is_up = 1;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static struct spent spent_now(const struct flood *f)
{
    struct rusage usage;
    struct timespec now;
    getrusage(RUSAGE_SELF, &usage);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct spent){
        .requests = flood_answered(f),
        .seconds = (double)now.tv_sec + (double)now.tv_nsec * 1e-9,
        .user_s = seconds_of(usage.ru_utime),
        .system_s = seconds_of(usage.ru_stime),
    };
}

/* No clock is read while it runs: a signal ends it. */
static void set_alarm(double seconds)
{
    const struct itimerval when = {
        .it_value = { .tv_sec = (time_t)seconds,
                      .tv_usec = (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6) },
        .it_interval = { .tv_usec = AGAIN_US },
    };
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = end_time }, NULL);
    setitimer(ITIMER_REAL, &when, NULL);
}

/* Until the time is up or so many answers have come. 0 or -errno. */
static int run(struct flood *f, double seconds, uint64_t answers, struct spent *ret_spent)
{
    int rc = 0;
    set_alarm(seconds);
    while (rc == 0 && !time_is_up && !flood_is_connected(f))
        rc = flood_turn(f);
    const struct spent began = spent_now(f);
    while (rc == 0 && !time_is_up && flood_answered(f) < answers)
        rc = flood_turn(f);
    const struct spent ended = spent_now(f);
    *ret_spent = (struct spent){
        .requests = ended.requests - began.requests,
        .seconds = ended.seconds - began.seconds,
        .user_s = ended.user_s - began.user_s,
        .system_s = ended.system_s - began.system_s,
    };
    return rc;
}

/* ---- showing ---- */

static void print_text(const struct flood *f, const struct spent *s)
{
    const double n = s->requests > 0 ? (double)s->requests : 1;
    printf("requests        %llu of %llu bytes each\n"
           "seconds         %.3f\n"
           "CPU us/request  %.3f (user %.3f, system %.3f)\n"
           "requests/s      %.0f\n"
           "ring            %s\n",
           (unsigned long long)s->requests, (unsigned long long)flood_answer_bytes(f), s->seconds,
           (s->user_s + s->system_s) / n * 1e6, s->user_s / n * 1e6, s->system_s / n * 1e6,
           (double)s->requests / s->seconds, flood_ring_features(f));
}

static int print_json(const struct flood *f, const struct spent *s)
{
    const double n = s->requests > 0 ? (double)s->requests : 1;
    struct sink sink;
    struct json_writer w;
    char *text;
    sink_init(&sink);
    json_writer_init(&w, &sink);
    json_open_object(&w, NULL);
    json_put_count(&w, "requests", s->requests);
    json_put_count(&w, "answer_bytes", flood_answer_bytes(f));
    json_put_number(&w, "seconds", s->seconds, 3);
    json_put_number(&w, "cpu_us_per_request", (s->user_s + s->system_s) / n * 1e6, 3);
    json_put_number(&w, "user_us_per_request", s->user_s / n * 1e6, 3);
    json_put_number(&w, "system_us_per_request", s->system_s / n * 1e6, 3);
    json_put_number(&w, "requests_per_s", (double)s->requests / s->seconds, 0);
    json_put_string(&w, "ring", flood_ring_features(f));
    json_close(&w);
    sink_text(&sink, "\n");
    const int rc = sink_finish(&sink, &text);
    if (rc < 0)
        return rc;
    fputs(text, stdout);
    free(text);
    return 0;
}

/* ---- the two uses ---- */

static int refuse(const char *why, int rc)
{
    fprintf(stderr, "bench_limit: cannot %s: %s\n", why, strerror(-rc));
    return 1;
}

static int measure(const struct flood_setup *setup, double seconds, bool json)
{
    struct flood *f;
    struct spent spent;
    const char *why;
    int rc = flood_open(&f, setup, &why);
    if (rc < 0)
        return refuse(why, rc);
    rc = run(f, seconds, UINT64_MAX, &spent);
    if (rc == 0 && json)
        rc = print_json(f, &spent);
    else if (rc == 0)
        print_text(f, &spent);
    flood_close(f);
    return rc < 0 ? refuse("go on", rc) : 0;
}

static int try_one(const char *path, uint16_t port, uint32_t connections, uint32_t pipeline)
{
    const struct flood_setup setup = { "127.0.0.1", port, path, connections, pipeline };
    struct flood *f;
    struct spent spent;
    const char *why;
    int rc = flood_open(&f, &setup, &why);
    if (rc < 0)
        return refuse(why, rc);
    rc = run(f, 30, QUICK_ANSWERS, &spent);
    if (rc == 0)
        bench_check(flood_answered(f) >= QUICK_ANSWERS);
    printf("%-14s %3u connections, %2u in flight: %llu answers\n", path, connections, pipeline,
           (unsigned long long)flood_answered(f));
    flood_close(f);
    return rc < 0 ? refuse("go on", rc) : 0;
}

static int try_all(void)
{
    struct own_target target;
    int rc = own_target_open(&target, -1);
    if (rc < 0) {
        refuse("start a server of its own", rc);
        return EXIT_SKIPPED; /* it has said why: a system without io_uring */
    }
    rc = try_one("/bytes/100", target.port, 16, 1);
    if (rc == 0)
        rc = try_one("/bytes/100", target.port, 16, 16);
    if (rc == 0)
        rc = try_one("/bytes/65536", target.port, 16, 1);
    if (rc == 0)
        rc = try_one("/bytes/65536", target.port, 4, 4);
    own_target_close(&target);
    return rc;
}

/* A whole number in [1, max]; 0 when it is none. */
static uint32_t read_count(const char *text, uint32_t max)
{
    char *end;
    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    return text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > max
               ? 0
               : (uint32_t)value;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--quick") == 0)
        return try_all();
    const bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    char **words = argv + 1 + json;
    const int count = argc - 1 - json;
    if (count != 5 && count != 6) {
        fputs(usage_text, stderr);
        return 2;
    }
    const struct flood_setup setup = {
        .host = words[0],
        .port = (uint16_t)read_count(words[1], UINT16_MAX),
        .path = words[2],
        .connections = read_count(words[3], CONNECTIONS_MAX),
        .pipeline = count == 6 ? read_count(words[5], PIPELINE_MAX) : 1,
    };
    const double seconds = strtod(words[4], NULL);
    if (setup.port == 0 || setup.path[0] != '/' || setup.connections == 0 || setup.pipeline == 0 ||
        !(seconds > 0 && seconds <= 86400)) {
        fputs(usage_text, stderr);
        return 2;
    }
    if (!bench_is_measurable())
        fputs("bench_limit: built for debugging, its figures mislead\n", stderr);
    return measure(&setup, seconds, json);
}
