#include "tools/cli/options.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "engine/plan/diag.h"
#include "http/header.h"
#include "http/url.h"
#include "tools/cli/format.h"

#define EXPECTED_MAX     96  /* room for a phrase made from the limits of a row */
#define OPTION_ROWS_MAX  128 /* at least option_row_count, asserted */
#define OPTION_SHOWN_MAX 64  /* bytes of an option's name as it was typed */

/* Each setter reads `text` into the value of a row. NULL, or what was expected: a literal or what
 * it wrote to `phrase`. */
typedef const char *setter(const struct option_row *row, void *value, const char *text,
                           char phrase[EXPECTED_MAX]);

static const char *set_time(const struct option_row *row, void *value, const char *text,
                            char *phrase)
{
    (void)phrase;
    uint64_t ns = 0;
    const char *expected = quantity_duration_ns(span_of(text), &ns);
    if (expected != NULL)
        return expected;
    if (ns < row->low)
        return "a time above 0";
    *(struct option_time *)value = (struct option_time){ .given = true, .ns = ns };
    return NULL;
}

static const char *set_count(const struct option_row *row, void *value, const char *text,
                             char *phrase)
{
    uint64_t count = 0;
    if (quantity_count(span_of(text), &count) != NULL)
        return "a whole number such as '64' or '20k'";
    if (count < row->low || count > row->high) {
        (void)snprintf(phrase, EXPECTED_MAX, "a number from %" PRIu64 " to %" PRIu64, row->low,
                       row->high);
        return phrase;
    }
    *(struct option_count *)value = (struct option_count){ .given = true, .value = count };
    return NULL;
}

static const char *set_rate(const struct option_row *row, void *value, const char *text,
                            char *phrase)
{
    (void)row;
    (void)phrase;
    struct ratio per_s;
    if (quantity_rate(span_of(text), &per_s) != NULL)
        return "a rate above 0 such as '200', '0.5' or '20k'";
    *(struct option_rate *)value = (struct option_rate){ .given = true, .per_s = per_s };
    return NULL;
}

static const char *set_warmup(const struct option_row *row, void *value, const char *text,
                              char *phrase)
{
    struct option_time time;
    if (strcmp(text, "auto") == 0) {
        *(struct option_warmup *)value = (struct option_warmup){ .given = true, .is_found = true };
        return NULL;
    }
    if (set_time(row, &time, text, phrase) != NULL)
        return "a time such as '5s', or 'auto'";
    *(struct option_warmup *)value = (struct option_warmup){ .given = true, .ns = time.ns };
    return NULL;
}

/* The choices are the row's argument, split at '|', in the order of their enum. */
static const char *set_choice(const struct option_row *row, void *value, const char *text,
                              char *phrase)
{
    unsigned index = 0;
    for (const char *at = row->argument;; index++) {
        const size_t len = strcspn(at, "|");
        if (span_equal(span_of(text), (struct span){ at, len })) {
            *(struct option_choice *)value =
                (struct option_choice){ .given = true, .index = index };
            return NULL;
        }
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    (void)snprintf(phrase, EXPECTED_MAX, "one of %s", row->argument);
    return phrase;
}

/* Reads a CPU number at *at and moves past it. False when there is none or it is too large. */
static bool read_cpu(const char **at, int *ret_cpu)
{
    int cpu = 0;
    const char *c = *at;
    for (; *c >= '0' && *c <= '9'; c++) {
        cpu = cpu * 10 + (*c - '0');
        if (cpu >= OPTION_CPUS_MAX)
            return false;
    }
    if (c == *at)
        return false;
    *at = c;
    *ret_cpu = cpu;
    return true;
}

static bool cpus_add(struct option_cpus *cpus, int cpu)
{
    for (uint32_t i = 0; i < cpus->count; i++)
        if (cpus->items[i] == cpu)
            return false;
    cpus->items[cpus->count++] = cpu;
    return true;
}

static const char *set_cpus(const struct option_row *row, void *value, const char *text,
                            char *phrase)
{
    static const char expected[] = "a list of CPUs such as '0-3,8'";
    (void)row;
    (void)phrase;
    struct option_cpus cpus = { .count = 0 };
    const char *at = text;
    do {
        int first = 0;
        if (!read_cpu(&at, &first))
            return expected;
        int last = first;
        if (*at == '-') {
            at++;
            if (!read_cpu(&at, &last) || last < first)
                return expected;
        }
        for (int cpu = first; cpu <= last; cpu++)
            if (!cpus_add(&cpus, cpu))
                return "each CPU only once";
    } while (*at == ',' && *++at != '\0');
    if (*at != '\0' || at[-1] == ',')
        return expected;
    *(struct option_cpus *)value = cpus;
    return NULL;
}

static const char *set_sources(const struct option_row *row, void *value, const char *text,
                               char *phrase)
{
    (void)row;
    (void)phrase;
    return sources_parse(value, text);
}

static const char *set_host_port(const struct option_row *row, void *value, const char *text,
                                 char *phrase)
{
    struct host_port at;
    (void)row;
    (void)phrase;
    if (!host_port_parse(&at, text) || at.host[0] == '\0' || at.port == 0)
        return "a host and port such as '127.0.0.1:8080' or '[::1]:8080'";
    *(struct host_port *)value = at;
    return NULL;
}

static const char *set_proxy(const struct option_row *row, void *value, const char *text,
                             char *phrase)
{
    struct host_port *proxy = value;
    struct url url;
    (void)row;
    (void)phrase;
    if (url_parse(&url, span_of(text)) != NULL || url.is_tls || url.userinfo.len > 0 ||
        url.path.len > 1 || url.has_query || url.host.len >= sizeof proxy->host)
        return "a proxy such as 'http://127.0.0.1:3128'";
    memcpy(proxy->host, url.host.bytes, url.host.len);
    proxy->host[url.host.len] = '\0';
    proxy->port = url.port;
    return NULL;
}

static const char *set_text(const struct option_row *row, void *value, const char *text,
                            char *phrase)
{
    (void)row;
    (void)phrase;
    *(const char **)value = text;
    return NULL;
}

static const char *texts_add(struct option_texts *texts, const char *text, char *phrase)
{
    if (texts->count == OPTION_TEXTS_MAX) {
        (void)snprintf(phrase, EXPECTED_MAX, "at most %d of them", OPTION_TEXTS_MAX);
        return phrase;
    }
    texts->items[texts->count++] = text;
    return NULL;
}

static const char *set_texts(const struct option_row *row, void *value, const char *text,
                             char *phrase)
{
    (void)row;
    return texts_add(value, text, phrase);
}

static const char *set_header(const struct option_row *row, void *value, const char *text,
                              char *phrase)
{
    (void)row;
    struct span name, content;
    if (!header_split(span_of(text), &name, &content) || !header_name_is_valid(name) ||
        !header_value_is_valid(content))
        return "a header such as 'Accept: text/html'";
    return texts_add(value, text, phrase);
}

static const char *set_output(const struct option_row *row, void *value, const char *text,
                              char *phrase)
{
    (void)row;
    if (format_of(text) == NULL)
        return "a file name that ends in " FORMAT_ENDINGS;
    return texts_add(value, text, phrase);
}

static const struct {
    setter *set;
    const char *expected; /* when nothing was given */
} kinds[OPTION_KIND_COUNT] = {
    [OPTION_TIME] = { set_time, "a duration such as '250ms' or '5m'" },
    [OPTION_WARMUP] = { set_warmup, "a time such as '5s', or 'auto'" },
    [OPTION_COUNT] = { set_count, "a whole number such as '64' or '20k'" },
    [OPTION_RATE] = { set_rate, "a rate such as '200', '0.5' or '20k'" },
    [OPTION_CHOICE] = { set_choice, "one of its choices" },
    [OPTION_CPUS] = { set_cpus, "a list of CPUs such as '0-3,8'" },
    [OPTION_HOST_PORT] = { set_host_port, "a host and port such as '127.0.0.1:8080'" },
    [OPTION_PROXY] = { set_proxy, "a proxy such as 'http://127.0.0.1:3128'" },
    [OPTION_SOURCES] = { set_sources, "local addresses such as '127.0.0.2-127.0.0.40'" },
    [OPTION_TEXT] = { set_text, "a value" },
    [OPTION_TEXTS] = { set_texts, "a value" },
    [OPTION_HEADER] = { set_header, "a header such as 'Accept: text/html'" },
    [OPTION_OUTPUT] = { set_output, "a file name that ends in " FORMAT_ENDINGS },
};

struct parser {
    struct options *options;
    struct fault *fault;
    int argc, next;
    char *const *argv;
};

static const struct option_row *row_of_letter(unsigned forms, char letter)
{
    for (size_t i = 0; i < option_row_count; i++)
        if ((option_rows[i].forms & forms) && option_rows[i].letter == letter && letter != 0)
            return &option_rows[i];
    return NULL;
}

static const struct option_row *row_of_name(unsigned forms, struct span name)
{
    for (size_t i = 0; i < option_row_count; i++)
        if ((option_rows[i].forms & forms) && span_equal(span_of(option_rows[i].name), name))
            return &option_rows[i];
    return NULL;
}

static const char *form_words(unsigned forms)
{
    if (forms & FORM_RUN)
        return "squall run";
    if (forms & FORM_URL)
        return "squall URL";
    if (forms & FORM_WEB)
        return "squall web";
    if (forms & FORM_REPORT)
        return "squall report";
    if (forms & FORM_COMPARE)
        return "squall compare";
    if (forms & FORM_TARGET)
        return "squall target";
    return forms & FORM_CHECK ? "squall check" : "squall doctor";
}

static const char *form_help(enum option_form form)
{
    switch (form) {
    case FORM_RUN:
        return "squall run --help";
    case FORM_CHECK:
        return "squall check --help";
    case FORM_DOCTOR:
        return "squall doctor --help";
    case FORM_WEB:
        return "squall web --help";
    case FORM_REPORT:
        return "squall report --help";
    case FORM_COMPARE:
        return "squall compare --help";
    case FORM_TARGET:
        return "squall target --help";
    case FORM_URL:
    case FORM_ALL:
        break;
    }
    return "squall --help";
}

/* The long option of this form that `name` may have meant, or NULL. */
static const char *nearest_name(enum option_form form, struct span name)
{
    const char *names[OPTION_ROWS_MAX];
    size_t count = 0;
    assert(option_row_count <= OPTION_ROWS_MAX);
    for (size_t i = 0; i < option_row_count; i++)
        if (option_rows[i].forms & (unsigned)form)
            names[count++] = option_rows[i].name;
    char wrong[OPTION_SHOWN_MAX];
    if (name.len >= sizeof wrong)
        return NULL;
    memcpy(wrong, name.bytes, name.len);
    wrong[name.len] = '\0';
    return diag_nearest(wrong, names, count);
}

/* `typed` is the option with its dashes, without a value. */
static int fail_unknown(struct parser *p, const char *typed, const struct option_row *elsewhere,
                        const char *near)
{
    const struct diag_quote quoted = diag_quote(span_of(typed));
    if (near != NULL)
        fault_say(p->fault, "unknown option %s; did you mean '--%s'?", quoted.text, near);
    else if (elsewhere != NULL)
        fault_say(p->fault, "unknown option %s here: it belongs to '%s'", quoted.text,
                  form_words(elsewhere->forms));
    else
        fault_say(p->fault, "unknown option %s; see '%s'", quoted.text,
                  form_help(p->options->form));
    return -EINVAL;
}

static int fail_expected(struct parser *p, const char *typed, const char *expected,
                         const char *found)
{
    fault_say(p->fault, "%s: expected %s, got %s", typed, expected,
              diag_quote(span_of(found == NULL ? "" : found)).text);
    return -EINVAL;
}

static int set_value(struct parser *p, const struct option_row *row, const char *typed,
                     const char *text)
{
    if (text == NULL && p->next < p->argc)
        text = p->argv[p->next++];
    if (text == NULL)
        return fail_expected(
            p, typed, row->kind == OPTION_CHOICE ? row->argument : kinds[row->kind].expected, NULL);
    char phrase[EXPECTED_MAX];
    const char *expected =
        kinds[row->kind].set(row, (char *)p->options + row->offset, text, phrase);
    return expected == NULL ? 0 : fail_expected(p, typed, expected, text);
}

static void set_flag(struct parser *p, const struct option_row *row)
{
    *(bool *)((char *)p->options + row->offset) = true;
}

/* `word` is "--name" or "--name=value". */
static int parse_long(struct parser *p, const char *word)
{
    const struct span name = { word + 2, strcspn(word + 2, "=") };
    const char *text = name.bytes[name.len] == '=' ? name.bytes + name.len + 1 : NULL;
    char typed[OPTION_SHOWN_MAX];
    (void)snprintf(typed, sizeof typed, "--%.*s",
                   (int)(name.len < sizeof typed ? name.len : sizeof typed), name.bytes);

    const enum option_form form = p->options->form;
    const struct option_row *row = row_of_name((unsigned)form, name);
    if (row == NULL) {
        const struct option_row *elsewhere = row_of_name(FORM_ALL, name);
        return fail_unknown(p, typed, elsewhere,
                            elsewhere == NULL ? nearest_name(form, name) : NULL);
    }
    if (row->kind != OPTION_FLAG)
        return set_value(p, row, typed, text);
    if (text != NULL) {
        fault_say(p->fault, "%s: takes no value, got %s", typed, diag_quote(span_of(text)).text);
        return -EINVAL;
    }
    set_flag(p, row);
    return 0;
}

/* `word` is "-c", "-c64" or a bundle such as "-qLc64". */
static int parse_letters(struct parser *p, const char *word)
{
    for (const char *at = word + 1; *at != '\0'; at++) {
        const char typed[] = { '-', *at, '\0' };
        const struct option_row *row = row_of_letter((unsigned)p->options->form, *at);
        if (row == NULL)
            return fail_unknown(p, typed, row_of_letter(FORM_ALL, *at), NULL);
        if (row->kind != OPTION_FLAG)
            return set_value(p, row, typed, at[1] == '\0' ? NULL : at + 1);
        set_flag(p, row);
    }
    return 0;
}

static int parse_subject(struct parser *p, const char *word)
{
    struct options *o = p->options;
    if (o->form == FORM_DOCTOR || o->form == FORM_TARGET) {
        fault_say(p->fault, "expected only options, got %s", diag_quote(span_of(word)).text);
        return -EINVAL;
    }
    if (o->form == FORM_WEB) {
        char phrase[EXPECTED_MAX];
        const char *expected = texts_add(&o->subjects, word, phrase);
        if (expected != NULL)
            return fail_expected(p, "FILE", expected, word);
        o->subject = o->subjects.items[0];
        return 0;
    }
    if (o->form == FORM_COMPARE && o->subject != NULL && o->other == NULL) {
        o->other = word;
        return 0;
    }
    if (o->form == FORM_COMPARE && o->subject != NULL) {
        fault_say(p->fault, "expected two files, got %s too", diag_quote(span_of(word)).text);
        return -EINVAL;
    }
    if (o->subject != NULL) {
        fault_say(p->fault, "expected one %s, got %s and %s", o->form == FORM_URL ? "URL" : "FILE",
                  diag_quote(span_of(o->subject)).text, diag_quote(span_of(word)).text);
        return -EINVAL;
    }
    o->subject = word;
    return 0;
}

static void set_defaults(struct options *o)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (row->fallback == NULL || !(row->forms & (unsigned)o->form))
            continue;
        char phrase[EXPECTED_MAX];
        const char *expected =
            kinds[row->kind].set(row, (char *)o + row->offset, row->fallback, phrase);
        assert(expected == NULL);
        (void)expected;
        /* Only kinds whose value begins with `given` have defaults. */
        *(bool *)((char *)o + row->offset) = false;
    }
}

static_assert(offsetof(struct option_time, given) == 0, "set_defaults() clears it");
static_assert(offsetof(struct option_count, given) == 0, "set_defaults() clears it");
static_assert(offsetof(struct option_rate, given) == 0, "set_defaults() clears it");
static_assert(offsetof(struct option_choice, given) == 0, "set_defaults() clears it");

/* What no single option can know. One rule per line, one sentence per rule. */
static int check_together(struct options *o, struct fault *fault)
{
    if (o->form == FORM_URL && o->subject == NULL)
        fault_say(fault, "expected a URL such as 'http://127.0.0.1:8080/'; see 'squall --help'");
    else if (o->form == FORM_COMPARE && o->other == NULL)
        fault_say(fault, "expected BASE.json and NEW.json, two results of squall; see '%s'",
                  form_help(o->form));
    else if (o->form == FORM_REPORT && o->subject == NULL)
        fault_say(fault, "expected RUN.json, a result of squall; see '%s'", form_help(o->form));
    else if (o->form == FORM_REPORT && o->outputs.count == 0)
        fault_say(fault, "expected --output FILE, a name that ends in " FORMAT_ENDINGS);
    else if (o->subject == NULL && !(o->form & (FORM_DOCTOR | FORM_WEB | FORM_TARGET)))
        fault_say(fault, "expected a scenario FILE; see '%s'", form_help(o->form));
    else if (o->csv_full_history && o->csv == NULL)
        fault_say(fault, "--csv-full-history: needs --csv PREFIX");
    else if (o->json && o->fix)
        fault_say(fault, "--fix: cannot be combined with --json");
    else if (o->tls_min.index > o->tls_max.index)
        fault_say(fault, "--tls-min: expected at most what --tls-max says");
    else if (o->proxy.host[0] != '\0' && (o->connect_to.host[0] != '\0' || o->unix_path != NULL))
        fault_say(fault, "--proxy: cannot be combined with %s",
                  o->unix_path != NULL ? "--unix" : "--connect-to");
    else if (o->unix_path != NULL && (o->connect_to.host[0] != '\0' || o->sources.count > 0))
        fault_say(fault, "--unix: cannot be combined with %s",
                  o->sources.count > 0 ? "--source" : "--connect-to");
    else if (o->form == FORM_URL && o->arrival.given && !o->rate.given)
        fault_say(fault, "--arrival: needs --rate");
    else if (o->form == FORM_URL && o->threads.given && o->threads.value > o->connections.value)
        fault_say(fault,
                  "--threads: expected at most one per connection (%" PRIu64 "), got %" PRIu64,
                  o->connections.value, o->threads.value);
    else if (o->cpus.count > 0 && o->threads.value > o->cpus.count)
        fault_say(fault,
                  "--threads: expected at most one per CPU in --cpus (%" PRIu32 "), got %" PRIu64,
                  o->cpus.count, o->threads.value);
    else
        return 0;
    return -EINVAL;
}

int options_parse(struct options *ret_options, enum option_form form, int argc, char *const *argv,
                  struct fault *ret_fault)
{
    *ret_options = (struct options){ .form = form };
    set_defaults(ret_options);
    struct parser p = { .options = ret_options, .fault = ret_fault, .argc = argc, .argv = argv };
    bool only_subjects = false;
    while (p.next < argc) {
        const char *word = argv[p.next++];
        int rc;
        if (only_subjects || word[0] != '-' || word[1] == '\0')
            rc = parse_subject(&p, word);
        else if (strcmp(word, "--") == 0) {
            only_subjects = true;
            continue;
        } else
            rc = word[1] == '-' ? parse_long(&p, word) : parse_letters(&p, word);
        if (rc != 0)
            return rc;
        if (ret_options->help || ret_options->version)
            return 0;
    }
    if (ret_options->requests.given && !ret_options->duration.given)
        ret_options->duration.ns = 0;
    return check_together(ret_options, ret_fault);
}
