#include "bench/harness.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPETITIONS  11
#define QUICK_ROUNDS 1000u

struct request {
    bool quick, json;
    const char *name; /* part of the names to run; NULL = all */
};

struct figures {
    double min_ns, median_ns, spread_percent; /* of one round; spread: (max - min) / median */
};

void bench_check_at(bool holds, const char *what, const char *file, int line)
{
    if (!holds) {
        fprintf(stderr, "%s:%d: wrong answer: %s\n", file, line, what);
        exit(1);
    }
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static double run_once(const struct bench *b, uint64_t rounds)
{
    const uint64_t began_ns = now_ns();
    b->run(rounds);
    return (double)(now_ns() - began_ns) / (double)rounds;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct figures measure(const struct bench *b, bool quick)
{
    double ns[REPETITIONS];
    const int repetitions = quick ? 1 : REPETITIONS;

    if (b->prepare != NULL)
        b->prepare();
    if (!quick)
        run_once(b, b->rounds); /* caches, page faults and the clock of the CPU settle */
    for (int i = 0; i < repetitions; i++)
        ns[i] = run_once(b, quick ? QUICK_ROUNDS : b->rounds);
    if (b->finish != NULL)
        b->finish();

    qsort(ns, (size_t)repetitions, sizeof ns[0], compare);
    const double median = ns[repetitions / 2];
    return (struct figures){
        .min_ns = ns[0],
        .median_ns = median,
        .spread_percent = (ns[repetitions - 1] - ns[0]) / median * 100,
    };
}

/* The last CPU this process may use: the first is where interrupts and everything else tend to be.
 */
static int pin(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return -1;
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
        if (CPU_ISSET(cpu, &set)) {
            CPU_ZERO(&set);
            CPU_SET(cpu, &set);
            return sched_setaffinity(0, sizeof set, &set) == 0 ? cpu : -1;
        }
    }
    return -1;
}

/* The text after `key` in the first line of a file that has it; "unknown" when there is none. */
static void read_fact(const char *path, const char *key, char *out, size_t size)
{
    char line[256];
    snprintf(out, size, "unknown");
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            const char *value = line + strlen(key);
            value += strspn(value, " \t:");
            snprintf(out, size, "%.*s", (int)strcspn(value, "\n\"\\"), value);
            break;
        }
    }
    fclose(file);
}

static bool read_request(int argc, char **argv, struct request *ret_request)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            ret_request->quick = true;
        else if (strcmp(argv[i], "--json") == 0)
            ret_request->json = true;
        else if (argv[i][0] != '-' && ret_request->name == NULL)
            ret_request->name = argv[i];
        else
            return false;
    }
    return true;
}

static bool is_measurable(void)
{
#ifdef NDEBUG
    return true;
#else
    return false;
#endif
}

static void print_machine(bool json, int cpu)
{
    char model[128], governor[64], path[96];
    read_fact("/proc/cpuinfo", "model name", model, sizeof model);
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu);
    read_fact(path, "", governor, sizeof governor);
    if (json)
        printf("{ \"cpu\": \"%s\", \"governor\": \"%s\", \"pinned_to\": %d, \"benches\": [", model,
               governor, cpu);
    else
        printf("%s, governor %s, pinned to CPU %d\n%-36s %12s %12s %8s\n", model, governor, cpu, "",
               "min ns", "median ns", "spread");
}

int bench_main(int argc, char **argv, const struct bench *benches, size_t count)
{
    struct request request = { .name = NULL };
    if (!read_request(argc, argv, &request)) {
        fprintf(stderr, "usage: %s [--quick] [--json] [NAME]\n", argv[0]);
        return 2;
    }
    if (!request.quick && !is_measurable()) {
        fprintf(
            stderr,
            "%s: built for debugging, its figures would mislead: meson setup --buildtype=release\n",
            argv[0]);
        return 2;
    }
    print_machine(request.json, pin());
    const char *separator = "";
    for (size_t i = 0; i < count; i++) {
        if (request.name != NULL && strstr(benches[i].name, request.name) == NULL)
            continue;
        const struct figures f = measure(&benches[i], request.quick);
        if (request.json)
            printf("%s\n  { \"name\": \"%s\", \"min_ns\": %.2f, \"median_ns\": %.2f, "
                   "\"spread_percent\": %.1f }",
                   separator, benches[i].name, f.min_ns, f.median_ns, f.spread_percent);
        else
            printf("%-36s %12.2f %12.2f %7.1f%%\n", benches[i].name, f.min_ns, f.median_ns,
                   f.spread_percent);
        separator = ",";
        fflush(stdout);
    }
    if (request.json)
        printf("\n] }\n");
    return 0;
}
