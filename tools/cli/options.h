/* options — what stands on the command line of `squall URL`, `squall run FILE`, `squall web FILE…`
 * and `squall check FILE`.
 *
 * One table (option_rows.c) has a row per option; parsing, defaults and --help read it. The same
 * letter may mean two things in two forms (-t is threads for a URL, as wrk has it, and run time for
 * a scenario, as Locust has it).
 *
 * Parsing is a function of argv: no globals, no files, no exit. Texts are borrowed from argv.
 */
#ifndef SQUALL_TOOLS_CLI_OPTIONS_H
#define SQUALL_TOOLS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/io/host_port.h"
#include "engine/io/sources.h"
#include "engine/plan/quantity.h"
#include "tools/cli/fault.h"

#define OPTION_TEXTS_MAX 64   /* times that one option may be repeated */
#define OPTION_CPUS_MAX  1024 /* CPUs that --cpus may name */

enum option_form {
    FORM_URL = 1 << 0,
    FORM_RUN = 1 << 1,
    FORM_CHECK = 1 << 2,
    FORM_DOCTOR = 1 << 3,
    FORM_WEB = 1 << 4,
    FORM_REPORT = 1 << 5,
    FORM_COMPARE = 1 << 6,
    FORM_TARGET = 1 << 7,
    FORM_ALL = (1 << 8) - 1
};

/* `given` tells a value from the command line from the default of the table. */
struct option_time {
    bool given;
    uint64_t ns;
};

struct option_warmup {
    bool given;
    bool is_found; /* "auto" */
    uint64_t ns;
};

struct option_count {
    bool given;
    uint64_t value;
};

struct option_rate {
    bool given;
    struct ratio per_s;
};

struct option_choice {
    bool given;
    unsigned index; /* into the choices of the row */
};

struct option_texts {
    size_t count;
    const char *items[OPTION_TEXTS_MAX];
};

struct option_cpus {
    uint32_t count; /* 0 = not given */
    int items[OPTION_CPUS_MAX];
};

enum { ARRIVAL_CONSTANT, ARRIVAL_POISSON };
enum { TLS_CHOICE_1_2, TLS_CHOICE_1_3 };

struct options {
    enum option_form form;
    const char *subject;          /* the URL or FILE; of `squall web` the first one, NULL = none */
    struct option_texts subjects; /* of `squall web` all */
    const char *other;            /* of `squall compare` the second FILE */

    struct option_time resolve_every;
    struct option_time duration, timeout, stop_timeout, gather;
    struct option_warmup warmup;
    struct option_count requests, connections, users, pipeline, requests_per_connection;
    struct option_count threads, seed, exit_code_on_failure, port, max_users, work_us;
    struct option_rate rate, spawn_rate;
    struct option_choice arrival, tls_min, tls_max;
    struct option_cpus cpus;
    struct sources sources;
    struct host_port connect_to; /* host "" = not given */
    struct host_port proxy;      /* likewise */
    struct option_texts headers, outputs, expects, tags, exclude_tags;
    const char *host, *method, *data, *unix_path, *bind, *runs_dir, *listen; /* NULL = not given */
    const char *ca_file, *cert_file, *key_file, *sni, *ciphers;
    const char *csv, *html;

    bool csv_full_history;
    bool json, fix, latency, headless, quiet, no_color, verbose, busy_poll, cost, strict,
        kernel_stamps;
    bool insecure, no_tls_resume, fail_if_slower, serves_tls;
    bool help, version; /* nothing else counts then */
};

enum option_kind {
    OPTION_FLAG,      /* bool */
    OPTION_TIME,      /* struct option_time, more than 0 unless low is 0 */
    OPTION_WARMUP,    /* struct option_warmup, a time or "auto" */
    OPTION_COUNT,     /* struct option_count, low..high */
    OPTION_RATE,      /* struct option_rate */
    OPTION_CHOICE,    /* struct option_choice, one of `choices` */
    OPTION_CPUS,      /* struct option_cpus */
    OPTION_HOST_PORT, /* struct host_port, with a host */
    OPTION_PROXY,     /* struct host_port, of a URL */
    OPTION_SOURCES,   /* struct sources */
    OPTION_TEXT,      /* const char * */
    OPTION_TEXTS,     /* struct option_texts */
    OPTION_HEADER,    /* struct option_texts, each 'Name: value' */
    OPTION_OUTPUT,    /* struct option_texts, each a file name with a known ending */
    OPTION_KIND_COUNT
};

struct option_row {
    unsigned forms;       /* enum option_form, or-ed */
    char letter;          /* 0 = none */
    const char *name;     /* without the dashes */
    const char *argument; /* as --help shows it; NULL for a flag */
    enum option_kind kind;
    size_t offset; /* into struct options */
    uint64_t low, high;
    const char *fallback; /* default, in the words of the command line; NULL = none */
    const char *group;    /* heading in --help */
    const char *sentence;
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

/* Reads argv[0..argc), the words after `squall` or `squall run`. 0, or -EINVAL with a sentence in
 * *ret_fault. */
int options_parse(struct options *ret_options, enum option_form form, int argc, char *const *argv,
                  struct fault *ret_fault);

/* The options of a form, grouped, at most 80 columns wide. */
void options_help(FILE *out, enum option_form form);

#endif
