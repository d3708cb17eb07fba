/* test_options — goal: every option lands where it should, and every mistake gets one exact
 * sentence. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/options.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS_MAX    16
#define SECOND       UINT64_C(1000000000)

/* A command line in one text, split at '|', as words may hold blanks. */
struct words {
    char text[512];
    char *argv[WORDS_MAX];
    int argc;
};

static void split(struct words *w, const char *line)
{
    w->argc = 0;
    assert_true(snprintf(w->text, sizeof w->text, "%s", line) < (int)sizeof w->text);
    if (line[0] == '\0')
        return;
    for (char *at = w->text;; at++) {
        assert_true(w->argc < WORDS_MAX);
        w->argv[w->argc++] = at;
        at = strchr(at, '|');
        if (at == NULL)
            return;
        *at = '\0';
    }
}

static struct words words; /* options borrow from it */

static int parse(struct options *o, enum option_form form, const char *line, struct fault *fault)
{
    split(&words, line);
    fault->sentence[0] = '\0';
    return options_parse(o, form, words.argc, words.argv, fault);
}

static struct options parse_well(enum option_form form, const char *line)
{
    struct options o;
    struct fault fault;
    if (parse(&o, form, line, &fault) != 0)
        fail_msg("'%s' was refused: %s", line, fault.sentence);
    return o;
}

static void a_url_alone_gets_the_defaults_of_the_table(void **state)
{
    (void)state;
    const struct options o = parse_well(FORM_URL, "http://a/");
    assert_string_equal(o.subject, "http://a/");
    assert_int_equal(o.connections.value, 64);
    assert_int_equal(o.duration.ns, 10 * SECOND);
    assert_int_equal(o.timeout.ns, 30 * SECOND);
    assert_int_equal(o.pipeline.value, 1);
    assert_int_equal(o.exit_code_on_failure.value, 1);
    assert_int_equal(o.arrival.index, ARRIVAL_CONSTANT);
    assert_int_equal(o.requests.value, 0);
    assert_false(o.connections.given || o.duration.given || o.timeout.given || o.rate.given ||
                 o.seed.given);
    assert_false(o.json || o.quiet || o.no_color || o.verbose || o.busy_poll || o.latency ||
                 o.help || o.version);
}

static void a_scenario_alone_leaves_its_file_in_charge(void **state)
{
    (void)state;
    const struct options o = parse_well(FORM_RUN, "a.yaml");
    assert_string_equal(o.subject, "a.yaml");
    assert_false(o.users.given || o.spawn_rate.given || o.duration.given || o.timeout.given ||
                 o.stop_timeout.given);
    assert_int_equal(o.duration.ns, 0);
    assert_null(o.host);
}

static void a_warmup_is_a_time_or_found(void **state)
{
    (void)state;
    assert_false(parse_well(FORM_URL, "http://a/").warmup.given);
    assert_int_equal(parse_well(FORM_RUN, "a.yaml|-w|5s").warmup.ns, 5 * SECOND);
    const struct options o = parse_well(FORM_URL, "--warmup=auto|http://a/");
    assert_true(o.warmup.given && o.warmup.is_found);
    assert_int_equal(o.warmup.ns, 0);
}

static void the_letters_of_wrk_mean_what_wrk_means(void **state)
{
    (void)state;
    const struct options o =
        parse_well(FORM_URL, "-t|4|-c|100|-d|30s|-L|-H|A: 1|-H|B: 2|http://a/");
    assert_int_equal(o.threads.value, 4);
    assert_int_equal(o.connections.value, 100);
    assert_int_equal(o.duration.ns, 30 * SECOND);
    assert_true(o.latency);
    assert_int_equal(o.headers.count, 2);
    assert_string_equal(o.headers.items[0], "A: 1");
    assert_string_equal(o.headers.items[1], "B: 2");
}

static void the_letters_of_locust_mean_what_locust_means(void **state)
{
    (void)state;
    const struct options o = parse_well(
        FORM_RUN,
        "a.yaml|-u|250|-r|25|-t|1m30s|-H|http://b:8000|--headless|--stop-timeout|0|--header|A: 1");
    assert_int_equal(o.users.value, 250);
    assert_int_equal(o.spawn_rate.per_s.num, 25 * o.spawn_rate.per_s.den);
    assert_int_equal(o.duration.ns, 90 * SECOND);
    assert_string_equal(o.host, "http://b:8000");
    assert_true(o.headless);
    assert_true(o.stop_timeout.given);
    assert_int_equal(o.stop_timeout.ns, 0);
    assert_int_equal(o.headers.count, 1);
}

static void a_scenario_may_have_rates_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(parse_well(FORM_RUN, "a.yaml|--arrival|poisson").arrival.index,
                     ARRIVAL_POISSON);
}

static void each_option_of_both_forms_is_read(void **state)
{
    (void)state;
    static const enum option_form forms[] = { FORM_URL, FORM_RUN };
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct options o =
            parse_well(forms[i], "x|-n|20k|-R|0.5|--arrival|poisson|-p|8|--timeout|250ms|--seed|9");
        assert_int_equal(o.requests.value, 20000);
        assert_int_equal(2 * o.rate.per_s.num, o.rate.per_s.den);
        assert_int_equal(o.arrival.index, ARRIVAL_POISSON);
        assert_int_equal(o.pipeline.value, 8);
        assert_int_equal(o.timeout.ns, SECOND / 4);
        assert_true(o.seed.given);
        assert_int_equal(o.seed.value, 9);

        o = parse_well(forms[i], "x|--requests-per-connection|7|--threads|2|--cpus|1-3,8|-d|5m|-q|-"
                                 "v|--busy-poll|--no-color|--json");
        assert_int_equal(o.requests_per_connection.value, 7);
        assert_int_equal(o.threads.value, 2);
        assert_int_equal(o.cpus.count, 4);
        assert_int_equal(o.cpus.items[0], 1);
        assert_int_equal(o.cpus.items[3], 8);
        assert_int_equal(o.duration.ns, 300 * SECOND);
        assert_true(o.quiet && o.verbose && o.busy_poll && o.no_color && o.json);

        o = parse_well(forms[i], "x|-o|a.json|--output|b/c.json|--exit-code-on-failure|0");
        assert_int_equal(o.outputs.count, 2);
        assert_string_equal(o.outputs.items[1], "b/c.json");
        assert_int_equal(o.exit_code_on_failure.value, 0);

        o = parse_well(forms[i], "x|--expect|p99<50ms|--expect=rps > 1");
        assert_int_equal(o.expects.count, 2);
        assert_string_equal(o.expects.items[0], "p99<50ms");
        assert_string_equal(o.expects.items[1], "rps > 1");

        o = parse_well(forms[i], "x|--source|10.0.0.0/28|--connect-to|[::1]:80|--resolve-every|5s");
        assert_int_equal(o.sources.count, 14);
        assert_string_equal(o.connect_to.host, "::1");
        assert_int_equal(o.connect_to.port, 80);
        assert_int_equal(o.resolve_every.ns, 5 * SECOND);
        o = parse_well(forms[i], "x|--unix|/run/a.sock");
        assert_string_equal(o.unix_path, "/run/a.sock");
        o = parse_well(forms[i], "x|--proxy|http://[::1]:3128/|--source|::1");
        assert_string_equal(o.proxy.host, "::1");
        assert_int_equal(o.proxy.port, 3128);

        o = parse_well(forms[i],
                       "x|-k|--cacert=a|--cert=b|--key=c|--sni=d|--tls-min=1.2|--tls-max=1.3|"
                       "--ciphers=e|--no-tls-resume");
        assert_true(o.insecure && o.no_tls_resume);
        assert_string_equal(o.ca_file, "a");
        assert_string_equal(o.cert_file, "b");
        assert_string_equal(o.key_file, "c");
        assert_string_equal(o.sni, "d");
        assert_string_equal(o.ciphers, "e");
        assert_int_equal(o.tls_min.index, TLS_CHOICE_1_2);
        assert_int_equal(o.tls_max.index, TLS_CHOICE_1_3);
    }
    const struct options o = parse_well(FORM_URL, "x|-X|PUT|--data|@body|--method|PATCH");
    assert_string_equal(o.method, "PATCH");
    assert_string_equal(o.data, "@body");
}

static void an_option_may_stand_anywhere_and_be_glued_to_its_value(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "-c|7|-q|u",
        "u|-c|7|-q",
        "-c7|u|-q",
        "-qc7|u",
        "-qc|7|u",
        "--connections=7|u|--quiet",
        "-q|--connections|7|u",
        "-q|-c7|--|u",
        "-c|3|-c|7|-q|u",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        const struct options o = parse_well(FORM_URL, lines[i]);
        assert_string_equal(o.subject, "u");
        assert_int_equal(o.connections.value, 7);
        assert_true(o.connections.given);
        assert_true(o.quiet);
    }
}

static void a_number_of_requests_takes_the_place_of_the_default_duration(void **state)
{
    (void)state;
    assert_int_equal(parse_well(FORM_URL, "u|-n|5").duration.ns, 0);
    assert_int_equal(parse_well(FORM_URL, "u|-n|5|-d|3s").duration.ns, 3 * SECOND);
}

static void help_ends_the_reading(void **state)
{
    (void)state;
    assert_true(parse_well(FORM_URL, "--help").help);
    assert_true(parse_well(FORM_RUN, "-h|--nonsense").help);
    assert_true(parse_well(FORM_CHECK, "a.yaml|--help").help);
    assert_true(parse_well(FORM_URL, "--version").version);
}

static void a_check_reads_what_changes_the_plan(void **state)
{
    (void)state;
    const struct options o = parse_well(FORM_CHECK, "a.yaml|-u|3|-t|5s|-H|http://a|-R|10");
    assert_int_equal(o.users.value, 3);
    assert_true(o.rate.given);
}

static const struct {
    enum option_form form;
    const char *line, *sentence;
} mistakes[] = {
    { FORM_URL, "", "expected a URL such as 'http://127.0.0.1:8080/'; see 'squall --help'" },
    { FORM_RUN, "", "expected a scenario FILE; see 'squall run --help'" },
    { FORM_CHECK, "", "expected a scenario FILE; see 'squall check --help'" },
    { FORM_DOCTOR, "http://a", "expected only options, got 'http://a'" },
    { FORM_TARGET, "http://a", "expected only options, got 'http://a'" },
    { FORM_TARGET, "--listn|:1", "unknown option '--listn'; did you mean '--listen'?" },
    { FORM_TARGET, "--threads|65", "--threads: expected a number from 1 to 64, got '65'" },
    { FORM_TARGET, "-z", "unknown option '-z'; see 'squall target --help'" },
    { FORM_RUN, "a|--work-us|1", "unknown option '--work-us' here: it belongs to 'squall target'" },
    { FORM_DOCTOR, "-c|5", "unknown option '-c' here: it belongs to 'squall URL'" },
    { FORM_DOCTOR, "--fixx", "unknown option '--fixx'; did you mean '--fix'?" },
    { FORM_DOCTOR, "--fix|--json", "--fix: cannot be combined with --json" },
    { FORM_URL, "http://a|--fix", "unknown option '--fix' here: it belongs to 'squall doctor'" },
    { FORM_URL, "a|b", "expected one URL, got 'a' and 'b'" },
    { FORM_RUN, "a|--csv-full-history", "--csv-full-history: needs --csv PREFIX" },
    { FORM_RUN, "a|b", "expected one FILE, got 'a' and 'b'" },

    { FORM_RUN, "f|--run-time|30 sec",
      "--run-time: expected a duration such as '250ms' or '5m', got '30 sec'" },
    { FORM_RUN, "f|-t|soon", "-t: expected a duration such as '250ms' or '5m', got 'soon'" },
    { FORM_URL, "u|-d|0", "-d: expected a time above 0, got '0'" },
    { FORM_URL, "u|--timeout=0s", "--timeout: expected a time above 0, got '0s'" },
    { FORM_URL, "u|-d", "-d: expected a duration such as '250ms' or '5m', got nothing" },
    { FORM_URL, "u|-d|100000h", "-d: expected a duration of at most 8760h, got '100000h'" },
    { FORM_URL, "u|--tls-min|1.3|--tls-max|1.2",
      "--tls-min: expected at most what --tls-max says" },
    { FORM_URL, "u|-d|-1s", "-d: expected a duration such as '250ms' or '5m', got '-1s'" },

    { FORM_URL, "u|-c|many", "-c: expected a whole number such as '64' or '20k', got 'many'" },
    { FORM_URL, "u|-c|0", "-c: expected a number from 1 to 1000000, got '0'" },
    { FORM_URL, "u|-c|", "-c: expected a whole number such as '64' or '20k', got nothing" },
    { FORM_URL, "u|-c", "-c: expected a whole number such as '64' or '20k', got nothing" },
    { FORM_URL, "u|-c|-t|4", "-c: expected a whole number such as '64' or '20k', got '-t'" },
    { FORM_URL, "u|-c=4", "-c: expected a whole number such as '64' or '20k', got '=4'" },
    { FORM_URL, "u|-n|0", "-n: expected a number from 1 to 9007199254740992, got '0'" },
    { FORM_URL, "u|-n|99999999999999999999",
      "-n: expected a whole number such as '64' or '20k', got '99999999999999999999'" },
    { FORM_URL, "u|-p|2000", "-p: expected a number from 1 to 1024, got '2000'" },
    { FORM_URL, "u|--exit-code-on-failure|256",
      "--exit-code-on-failure: expected a number from 0 to 255, got '256'" },
    { FORM_RUN, "f|-u|1.5", "-u: expected a whole number such as '64' or '20k', got '1.5'" },

    { FORM_URL, "u|-R|0", "-R: expected a rate above 0 such as '200', '0.5' or '20k', got '0'" },
    { FORM_URL, "u|--rate=fast",
      "--rate: expected a rate above 0 such as '200', '0.5' or '20k', got 'fast'" },
    { FORM_RUN, "f|-r|-5", "-r: expected a rate above 0 such as '200', '0.5' or '20k', got '-5'" },
    { FORM_URL, "u|-R|5|--arrival|uniform",
      "--arrival: expected one of constant|poisson, got 'uniform'" },
    { FORM_URL, "u|-R|5|--arrival|const",
      "--arrival: expected one of constant|poisson, got 'const'" },
    { FORM_URL, "u|-R|5|--arrival", "--arrival: expected constant|poisson, got nothing" },
    { FORM_URL, "u|--arrival|poisson", "--arrival: needs --rate" },

    { FORM_URL, "u|--cpus|", "--cpus: expected a list of CPUs such as '0-3,8', got nothing" },
    { FORM_URL, "u|--cpus|0,", "--cpus: expected a list of CPUs such as '0-3,8', got '0,'" },
    { FORM_URL, "u|--cpus|,0", "--cpus: expected a list of CPUs such as '0-3,8', got ',0'" },
    { FORM_URL, "u|--cpus|3-1", "--cpus: expected a list of CPUs such as '0-3,8', got '3-1'" },
    { FORM_URL, "u|--cpus|0-", "--cpus: expected a list of CPUs such as '0-3,8', got '0-'" },
    { FORM_URL, "u|--cpus|1024", "--cpus: expected a list of CPUs such as '0-3,8', got '1024'" },
    { FORM_URL, "u|--cpus|0-3,2", "--cpus: expected each CPU only once, got '0-3,2'" },
    { FORM_URL, "u|--cpus|0|-t|2", "--threads: expected at most one per CPU in --cpus (1), got 2" },
    { FORM_URL, "u|-c|2|-t|3", "--threads: expected at most one per connection (2), got 3" },

    { FORM_URL, "u|-H|no colon",
      "-H: expected a header such as 'Accept: text/html', got 'no colon'" },
    { FORM_URL, "u|-H|: empty",
      "-H: expected a header such as 'Accept: text/html', got ': empty'" },
    { FORM_URL, "u|-H|A: b\r\nC: d",
      "-H: expected a header such as 'Accept: text/html', got 'A: b\\x0D\\x0AC: d'" },

    { FORM_URL, "u|-o|a.pdf",
      "-o: expected a file name that ends in .json, .html, .csv, .md, .xml or .hlog, got 'a.pdf'" },
    { FORM_URL, "u|-o|.json",
      "-o: expected a file name that ends in .json, .html, .csv, .md, .xml or .hlog, got '.json'" },
    { FORM_URL, "u|-o|d/.json",
      "-o: expected a file name that ends in .json, .html, .csv, .md, .xml or .hlog, got "
      "'d/.json'" },
    { FORM_URL, "u|--expect", "--expect: expected a value, got nothing" },
    { FORM_CHECK, "f|--expect|p99<1s",
      "unknown option '--expect' here: it belongs to 'squall run'" },
    { FORM_URL, "u|-o",
      "-o: expected a file name that ends in .json, .html, .csv, .md, .xml or .hlog, got nothing" },

    { FORM_URL, "u|--json=yes", "--json: takes no value, got 'yes'" },
    { FORM_URL, "u|--conections|5",
      "unknown option '--conections'; did you mean '--connections'?" },
    { FORM_RUN, "f|--user|5", "unknown option '--user'; did you mean '--users'?" },
    { FORM_URL, "u|--certainty", "unknown option '--certainty'; see 'squall --help'" },
    { FORM_CHECK, "f|--cacert|a", "unknown option '--cacert' here: it belongs to 'squall run'" },
    { FORM_URL, "u|--tls-max|1.1", "--tls-max: expected one of 1.2|1.3, got '1.1'" },
    { FORM_RUN, "f|--slo|a", "unknown option '--slo'; see 'squall run --help'" },
    { FORM_URL, "u|--users=5", "unknown option '--users' here: it belongs to 'squall run'" },
    { FORM_RUN, "f|--connections=5",
      "unknown option '--connections' here: it belongs to 'squall URL'" },
    { FORM_RUN, "f|-c5", "unknown option '-c' here: it belongs to 'squall URL'" },
    { FORM_CHECK, "f|-o|a.json", "unknown option '-o' here: it belongs to 'squall run'" },
    { FORM_URL, "u|-Z", "unknown option '-Z'; see 'squall --help'" },
    { FORM_URL, "u|-qZ", "unknown option '-Z'; see 'squall --help'" },
    { FORM_URL, "u|--=5", "unknown option '--'; see 'squall --help'" },
};

static void every_mistake_has_its_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        struct options o;
        struct fault fault;
        const int rc = parse(&o, mistakes[i].form, mistakes[i].line, &fault);
        if (rc != -EINVAL)
            fail_msg("'%s' was accepted", mistakes[i].line);
        assert_string_equal(fault.sentence, mistakes[i].sentence);
    }
}

static void a_long_word_is_cut_in_the_sentence(void **state)
{
    (void)state;
    char word[400];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    char option[] = "-c";
    char *argv[] = { option, word };
    struct options o;
    struct fault fault;
    assert_int_equal(options_parse(&o, FORM_URL, 2, argv, &fault), -EINVAL);
    assert_true(strlen(fault.sentence) < 200);
    assert_non_null(strstr(fault.sentence, "xxx...'"));

    memcpy(word, "--", 2);
    argv[0] = word;
    assert_int_equal(options_parse(&o, FORM_URL, 1, argv, &fault), -EINVAL);
    assert_non_null(strstr(fault.sentence, "unknown option '--xxx"));
    assert_true(strlen(fault.sentence) < 200);
}

static void too_many_repeats_are_refused(void **state)
{
    (void)state;
    char option[] = "-H", value[] = "A: 1";
    char *argv[2 * (OPTION_TEXTS_MAX + 1)];
    for (size_t i = 0; i < ARRAY_LEN(argv); i += 2) {
        argv[i] = option;
        argv[i + 1] = value;
    }
    struct options o;
    struct fault fault;
    assert_int_equal(options_parse(&o, FORM_URL, (int)ARRAY_LEN(argv), argv, &fault), -EINVAL);
    assert_string_equal(fault.sentence, "-H: expected at most 64 of them, got 'A: 1'");
}

static void no_prefix_of_a_command_line_is_misread(void **state)
{
    (void)state;
    static const char line[] =
        "-c64|--rate=20k|--cpus|0-3,8|-H|A: b|--arrival|poisson|-o|x.json|http://127.0.0.1/";
    for (size_t len = 0; len < sizeof line; len++) {
        char cut[sizeof line];
        memcpy(cut, line, len);
        cut[len] = '\0';
        struct options o;
        struct fault fault;
        const int rc = parse(&o, FORM_URL, cut, &fault);
        assert_true(rc == 0 || rc == -EINVAL);
        assert_int_equal(rc == 0, fault.sentence[0] == '\0');
        if (rc == 0)
            assert_non_null(o.subject);
    }
}

static void no_two_rows_of_a_form_share_a_name_or_letter(void **state)
{
    (void)state;
    for (size_t i = 0; i < option_row_count; i++) {
        for (size_t k = i + 1; k < option_row_count; k++) {
            if (!(option_rows[i].forms & option_rows[k].forms))
                continue;
            assert_string_not_equal(option_rows[i].name, option_rows[k].name);
            assert_true(option_rows[i].letter == 0 ||
                        option_rows[i].letter != option_rows[k].letter);
        }
    }
}

static void help_names_every_option_within_eighty_columns(void **state)
{
    (void)state;
    static const enum option_form forms[] = { FORM_URL, FORM_RUN, FORM_CHECK, FORM_DOCTOR };
    for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        options_help(out, forms[f]);
        assert_int_equal(fclose(out), 0);
        for (size_t i = 0; i < option_row_count; i++) {
            char name[64];
            assert_true(snprintf(name, sizeof name, "--%s", option_rows[i].name) <
                        (int)sizeof name);
            if (option_rows[i].forms & (unsigned)forms[f])
                assert_non_null(strstr(text, name));
        }
        for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1) {
            const size_t columns = strcspn(at, "\n");
            assert_true(columns <= 80);
            assert_true(columns == 0 || at[columns - 1] != ' ');
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_alone_gets_the_defaults_of_the_table),
        cmocka_unit_test(a_scenario_alone_leaves_its_file_in_charge),
        cmocka_unit_test(a_warmup_is_a_time_or_found),
        cmocka_unit_test(the_letters_of_wrk_mean_what_wrk_means),
        cmocka_unit_test(the_letters_of_locust_mean_what_locust_means),
        cmocka_unit_test(a_scenario_may_have_rates_of_its_own),
        cmocka_unit_test(each_option_of_both_forms_is_read),
        cmocka_unit_test(an_option_may_stand_anywhere_and_be_glued_to_its_value),
        cmocka_unit_test(a_number_of_requests_takes_the_place_of_the_default_duration),
        cmocka_unit_test(help_ends_the_reading),
        cmocka_unit_test(a_check_reads_what_changes_the_plan),
        cmocka_unit_test(every_mistake_has_its_sentence),
        cmocka_unit_test(a_long_word_is_cut_in_the_sentence),
        cmocka_unit_test(too_many_repeats_are_refused),
        cmocka_unit_test(no_prefix_of_a_command_line_is_misread),
        cmocka_unit_test(no_two_rows_of_a_form_share_a_name_or_letter),
        cmocka_unit_test(help_names_every_option_within_eighty_columns),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("options", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
