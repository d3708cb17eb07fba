#include "bench/harness.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/baseline.h"
#include "bench/figures.h"
#include "bench/machine.h"

#define REPETITIONS  11
#define QUICK_ROUNDS 1000u
#define BENCHES_MAX  64u

struct request {
    bool quick;
    const char *json;    /* file, "-" or NULL */
    const char *compare; /* file or NULL */
    const char *name;    /* part of the names to run; NULL = all */
};

static struct machine machine;
static const char *skipped; /* why the benchmark being prepared cannot be shown here */

void bench_check_at(bool holds, const char *what, const char *file, int line)
{
    if (!holds) {
        fprintf(stderr, "%s:%d: wrong answer: %s\n", file, line, what);
        exit(1);
    }
}

void bench_skip(const char *why)
{
    skipped = why;
}

int bench_other_cpu(void)
{
    return machine.other_cpu;
}

bool bench_is_measurable(void)
{
#if defined(NDEBUG) && defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) &&                  \
    !defined(__SANITIZE_THREAD__)
    return true;
#else
    return false;
#endif
}

/* ---- measuring ---- */

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

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct figures measure(const struct bench *b, bool quick)
{
    double ns[REPETITIONS] = { 0 };
    const int repetitions = quick ? 1 : REPETITIONS;

    skipped = NULL;
    if (b->prepare != NULL)
        b->prepare();
    if (!quick && skipped == NULL)
        run_once(b, b->rounds); /* caches, page faults and the clock of the CPU settle */
    for (int i = 0; i < repetitions && skipped == NULL; i++)
        ns[i] = run_once(b, quick ? QUICK_ROUNDS : b->rounds);
    if (b->finish != NULL)
        b->finish();

    qsort(ns, (size_t)repetitions, sizeof ns[0], compare_numbers);
    return (struct figures){
        .name = b->name,
        .skipped = skipped,
        .min_ns = ns[0],
        .median_ns = ns[repetitions / 2],
        .max_ns = ns[repetitions - 1],
    };
}

/* How it stands to an earlier one, when both ran. */
static void put_beside(struct figures *f, const char *beside, const struct figures *all,
                       size_t count)
{
    for (size_t i = 0; beside != NULL && i < count; i++) {
        if (strcmp(all[i].name, beside) == 0 && all[i].skipped == NULL && f->skipped == NULL) {
            f->beside = beside;
            f->ratio = f->median_ns / all[i].median_ns;
        }
    }
}

/* ---- showing ---- */

static void print_head(FILE *out, const struct request *request)
{
    fprintf(out, "squall %s, %s, governor %s, Linux %s, pinned to CPU %d%s\n%-40s %10s %10s %7s",
            SQUALL_VERSION, machine.cpu, machine.governor, machine.kernel, machine.pinned_to,
            request->quick ? ", quick: the figures mean little" : "", "", "min ns", "median ns",
            "spread");
    if (request->compare != NULL)
        fprintf(out, " %10s %7s", "old median", "new/old");
    fputc('\n', out);
}

/* Slower and faster are said only where the whole ranges of both runs lie apart. */
static void print_old(FILE *out, const struct figures *f, const struct figures *old)
{
    const char *mark = "";
    if (f->min_ns > old->max_ns)
        mark = "  slower";
    else if (f->max_ns < old->min_ns)
        mark = "  faster";
    fprintf(out, " %10.2f %7.3f%s", old->median_ns, f->median_ns / old->median_ns, mark);
}

static void print_figures(FILE *out, const struct figures *f, const struct baseline *b)
{
    struct figures old;
    if (f->skipped != NULL) {
        fprintf(out, "%-40s skipped: %s\n", f->name, f->skipped);
        return;
    }
    fprintf(out, "%-40s %10.2f %10.2f %6.1f%%", f->name, f->min_ns, f->median_ns,
            (f->max_ns - f->min_ns) / f->median_ns * 100);
    if (b->text != NULL && baseline_find(b, f->name, &old))
        print_old(out, f, &old);
    else if (b->text != NULL)
        fprintf(out, " %10s %7s", "-", "-");
    if (f->beside != NULL)
        fprintf(out, "  %.2f x %s", f->ratio, f->beside);
    fputc('\n', out);
    fflush(out);
}

/* ---- options ---- */

static bool read_request(int argc, char **argv, struct request *ret_request)
{
    static const struct option longs[] = {
        { "quick", no_argument, NULL, 'q' },
        { "json", required_argument, NULL, 'j' },
        { "compare", required_argument, NULL, 'c' },
        { NULL, 0, NULL, 0 },
    };
    int letter;
    while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (letter == 'q')
            ret_request->quick = true;
        else if (letter == 'j')
            ret_request->json = optarg;
        else if (letter == 'c')
            ret_request->compare = optarg;
        else
            return false;
    }
    if (optind < argc)
        ret_request->name = argv[optind++];
    return optind == argc;
}

static int refuse(const char *program, const char *what, int rc)
{
    fprintf(stderr, "%s: %s: %s\n", program, what, strerror(-rc));
    return 2;
}

static int run_all(const char *program, const struct request *request, const struct bench *benches,
                   size_t count)
{
    static struct figures all[BENCHES_MAX];
    struct baseline old = { .text = NULL };
    size_t done = 0;
    FILE *out = request->json != NULL && strcmp(request->json, "-") == 0 ? stderr : stdout;

    int rc = request->compare == NULL ? 0 : baseline_open(&old, request->compare);
    if (rc < 0)
        return refuse(program, request->compare, rc);
    machine_settle(&machine);
    print_head(out, request);
    for (size_t i = 0; i < count && done < BENCHES_MAX; i++) {
        if (request->name != NULL && strstr(benches[i].name, request->name) == NULL)
            continue;
        all[done] = measure(&benches[i], request->quick);
        put_beside(&all[done], benches[i].beside, all, done);
        print_figures(out, &all[done++], &old);
    }
    baseline_close(&old);
    if (request->json != NULL)
        rc = figures_write(request->json, &machine, request->quick, all, done);
    return rc < 0 ? refuse(program, request->json, rc) : 0;
}

int bench_main(int argc, char **argv, const struct bench *benches, size_t count)
{
    struct request request = { .name = NULL };
    if (!read_request(argc, argv, &request)) {
        fprintf(stderr, "usage: %s [--quick] [--json FILE|-] [--compare OLD.json] [NAME]\n",
                argv[0]);
        return 2;
    }
    if (!request.quick && !bench_is_measurable()) {
        fprintf(stderr,
                "%s: built for debugging, its figures would mislead: meson setup "
                "--buildtype=release; --quick only looks whether it works\n",
                argv[0]);
        return 2;
    }
    return run_all(argv[0], &request, benches, count);
}
