/* test_quantity.c — goal: a number with a unit is read exactly, or refused with what was expected.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "engine/plan/quantity.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

struct row {
    const char *text;
    uint64_t value;
};

typedef const char *read_fn(struct span text, uint64_t *ret_value);

static void assert_reads(read_fn *read, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = UINT64_MAX;
        const char *fault = read(span_of(rows[i].text), &value);
        if (fault != NULL || value != rows[i].value)
            fail_msg("'%s': %s, %llu", rows[i].text, fault == NULL ? "" : fault,
                     (unsigned long long)value);
    }
}

static void assert_refuses(read_fn *read, const char *const *texts, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 4711;
        const char *fault = read(span_of(texts[i]), &value);
        if (fault == NULL || strstr(fault, word) == NULL || value != 4711)
            fail_msg("'%s' was taken as %llu or refused with '%s'", texts[i],
                     (unsigned long long)value, fault == NULL ? "" : fault);
    }
}

static void a_duration_is_read_to_the_nanosecond(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "250ms", 250000000 },
        { "30s", 30000000000 },
        { "5m", 300000000000 },
        { "1h", 3600000000000 },
        { "10us", 10000 },
        { "7ns", 7 },
        { "1m30s", 90000000000 },
        { "1h1m1s1ms1us1ns", 3661001001001 },
        { "1.5s", 1500000000 },
        { "0.000000001s", 1 },
        { "1m0.5s", 60500000000 },
        { "30", 30000000000 },
        { "0.25", 250000000 },
        { "1.50000000000000000000000", 1500000000 },
        { "0", 0 },
        { "0s", 0 },
        { "8760h", 31536000000000000 },
    };
    assert_reads(quantity_duration_ns, rows, COUNT_OF(rows));
}

static void what_is_no_duration_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      "fast",    "s",     "-1s", "+1s",   " 1s",  "1s ", "1 s",  "1e3",  "0x10",
        "nan",   "inf",     ".5s",   "5.s", "1.s",   "1,5s", "1S",  "1sec", "1s1s", "1s1m",
        "1ms1s", "1.5m30s", "1.5ns", "30.", "1..2s", "1h30", "1d",  "1s\n", "1s2",  "0.0000000001s",
    };
    static const char *const too_long[] = { "8761h", "9999999h", "18446744073709551615h",
                                            "31536000.000000001s" };
    assert_refuses(quantity_duration_ns, texts, COUNT_OF(texts), "'250ms'");
    assert_refuses(quantity_duration_ns, too_long, 3, "at most 8760h");
    assert_refuses(quantity_duration_ns, (const char *const[]){ "99999999999999999999s" }, 1,
                   "'250ms'");
}

static void every_cut_of_a_duration_is_read_or_refused(void **state)
{
    (void)state;
    static const char text[] = "1h2m3.004s";
    for (size_t len = 0; len <= sizeof(text) - 1; len++) {
        char *exact = malloc(len + 1);
        uint64_t ns;
        memcpy(exact, text, len);
        const char *fault = quantity_duration_ns((struct span){ exact, len }, &ns);
        const bool is_whole = len == 2 || len == 4 || len == 10 || len == 1;
        assert_int_equal(fault == NULL, is_whole);
        free(exact);
    }
}

static void a_count_is_read_exactly(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "0", 0 },           { "100", 100 },    { "10k", 10000 },
        { "10K", 10000 },     { "2M", 2000000 }, { "1.5k", 1500 },
        { "1G", 1000000000 }, { "007", 7 },      { "1000000000000000", 1000000000000000 }
    };
    static const char *const texts[] = { "",
                                         "-1",
                                         "+1",
                                         "1e3",
                                         "0x1",
                                         "1.5",
                                         "1.0005k",
                                         "k",
                                         "10kk",
                                         "1_000",
                                         "1e309",
                                         "nan",
                                         "10 ",
                                         "1000000000000001",
                                         "99999999999999999999" };
    assert_reads(quantity_count, rows, COUNT_OF(rows));
    assert_refuses(quantity_count, texts, COUNT_OF(texts), "'10k'");
}

static void a_size_is_read_exactly(void **state)
{
    (void)state;
    static const struct row rows[] = { { "100", 100 },         { "100B", 100 },
                                       { "10kB", 10000 },      { "64KiB", 65536 },
                                       { "1MiB", 1048576 },    { "1.5KiB", 1536 },
                                       { "1GiB", 1073741824 }, { "3MB", 3000000 } };
    static const char *const texts[] = { "", "64k", "64kib", "B", "-1", "0.5B", "1e3kB" };
    assert_reads(quantity_bytes, rows, COUNT_OF(rows));
    assert_refuses(quantity_bytes, texts, COUNT_OF(texts), "'64KiB'");
}

static void a_rate_is_an_exact_ratio_in_lowest_terms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t num, den;
    } rows[] = {
        { "25", 25, 1 },         { "0.5", 1, 2 },          { "20k", 20000, 1 },
        { "1/3", 1, 3 },         { "25/s", 25, 1 },        { "30/m", 1, 2 },
        { "90/h", 1, 40 },       { "2/6", 1, 3 },          { "0.1", 1, 10 },
        { "1.5k/m", 25, 1 },     { "7919", 7919, 1 },      { "0.001", 1, 1000 },
        { "1G", 1000000000, 1 }, { "0.333/s", 333, 1000 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ratio r = { 0, 0 };
        assert_null(quantity_rate(span_of(rows[i].text), &r));
        assert_int_equal(r.num, rows[i].num);
        assert_int_equal(r.den, rows[i].den);
    }
}

static void what_is_no_rate_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } rows[] = {
        { "", "'25'" },
        { "-1", "'25'" },
        { "1e12", "'25'" },
        { ".nan", "'25'" },
        { "1/0", "'25'" },
        { "1/", "'25'" },
        { "1/s/s", "'25'" },
        { "1/0.5", "'25'" },
        { "1 / 3", "'25'" },
        { "fast", "'25'" },
        { "0", "above 0" },
        { "0/s", "above 0" },
        { "0.0k", "above 0" },
        { "2G", "at most 1G" },
        { "1000000000000", "at most 1G" },
        { "1/9999999999999", "'25'" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ratio r = { 47, 11 };
        const char *fault = quantity_rate(span_of(rows[i].text), &r);
        if (fault == NULL || strstr(fault, rows[i].word) == NULL)
            fail_msg("'%s': '%s'", rows[i].text, fault == NULL ? "" : fault);
        assert_int_equal(r.num, 47);
    }
}

static void a_duration_is_shown_as_people_write_it(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } rows[] = {
        { 0, "0 ns" },
        { 999, "999 ns" },
        { 1000, "1 us" },
        { 1250000, "1.25 ms" },
        { 1234567, "1.235 ms" },
        { 999999, "999.999 us" },
        { 999999999, "1 s" },
        { 250000000, "250 ms" },
        { 10000000000, "10 s" },
        { 90500000000, "90.5 s" },
        { 60000000000, "60 s" },
        { 120000000000, "2 min" },
        { 150000000000, "2 min 30 s" },
        { 3600000000000, "1 h" },
        { 3901000000000, "1 h 5 min 1 s" },
        { 119999999999, "2 min" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char out[64];
        assert_string_equal(quantity_format_duration(out, sizeof(out), rows[i].ns), rows[i].text);
    }
    char tiny[5];
    quantity_format_duration(tiny, sizeof(tiny), UINT64_MAX);
    assert_true(strlen(tiny) < sizeof(tiny));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duration_is_read_to_the_nanosecond),
        cmocka_unit_test(what_is_no_duration_is_refused),
        cmocka_unit_test(every_cut_of_a_duration_is_read_or_refused),
        cmocka_unit_test(a_count_is_read_exactly),
        cmocka_unit_test(a_size_is_read_exactly),
        cmocka_unit_test(a_rate_is_an_exact_ratio_in_lowest_terms),
        cmocka_unit_test(what_is_no_rate_is_refused),
        cmocka_unit_test(a_duration_is_shown_as_people_write_it),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("quantity", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
