/* test_comparison — goal: a difference is told only where the ranges show it, everything that was
 * configured otherwise is named, and no endpoint of either run is left out. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/comparison.h"
#include "stats/report/sink.h"

#define COUNTS "\"count\": 10, \"ok\": 10, \"failed\": 0, \"bytes_in\": 1, \"bytes_out\": 1"

/* A row with a median of `p50` and its range as JSON has it. */
struct row {
    const char *name, *p50, *low, *high;
};

/* A stored run of two endpoints. */
static struct stored *stored_of(const char *head, const struct row rows[2])
{
    struct stored_fault fault = { "" };
    struct stored *s = NULL;
    struct sink out;
    char *text = NULL;

    sink_init(&out);
    sink_format(&out, "{\"schema\": \"squall/1\", %s, \"total\": {" COUNTS "}, \"requests\": [",
                head);
    for (int i = 0; i < 2; i++)
        sink_format(&out,
                    "%s{\"method\": \"GET\", \"name\": \"%s\", " COUNTS ", \"rps\": 5, "
                    "\"fail_ratio\": 0, \"latency_us\": {\"p50\": %s}, "
                    "\"confidence\": {\"p50\": {\"low_us\": %s, \"high_us\": %s}}}",
                    i > 0 ? ", " : "", rows[i].name, rows[i].p50, rows[i].low, rows[i].high);
    sink_text(&out, "]}");
    assert_int_equal(sink_finish(&out, &text), 0);
    if (stored_read(&s, text, strlen(text), &fault) != 0)
        fail_msg("%s", fault.sentence);
    free(text);
    return s;
}

#define HEAD "\"scenario\": \"a.yaml\", \"duration_s\": 60, \"load\": {\"users\": 5}"

static const struct row other = { "/other", "1000", "null", "null" };

/* Two runs and what came of comparing them. */
struct pair {
    struct stored *base, *now;
    struct comparison *comparison;
};

static struct pair compare(const char *head, const struct row *base, const struct row *now)
{
    struct pair p = {
        .base = stored_of(HEAD, (const struct row[2]){ *base, other }),
        .now = stored_of(head, (const struct row[2]){ *now, other }),
    };

    assert_int_equal(comparison_make(&p.comparison, p.base, p.now), 0);
    return p;
}

static void close_pair(struct pair *p)
{
    comparison_close(p->comparison);
    stored_close(p->base);
    stored_close(p->now);
}

static void a_difference_is_told_where_ranges_lie_apart(void **state)
{
    (void)state;
    static const struct row base = { "/a", "10000", "9000", "11000" };
    static const struct {
        struct row now;
        enum comparison_verdict verdict;
    } cases[] = {
        { { "/a", "20000", "19000", "21000" }, COMPARISON_HIGHER },
        { { "/a", "5000", "4000", "8999" }, COMPARISON_LOWER },
        { { "/a", "5000", "4000", "9000" }, COMPARISON_OVERLAP },
        { { "/a", "12000", "11000", "13000" }, COMPARISON_OVERLAP },
        { { "/a", "20000", "11001", "null" }, COMPARISON_HIGHER },
        { { "/a", "5000", "4000", "null" }, COMPARISON_OVERLAP },
        { { "/a", "20000", "null", "null" }, COMPARISON_TOO_SHORT },
        { { "/a", "null", "null", "null" }, COMPARISON_TOO_SHORT },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair p = compare(HEAD, &base, &cases[i].now);
        assert_int_equal(p.comparison->rows[0].pairs[COMPARISON_P50].verdict, cases[i].verdict);
        assert_int_equal(p.comparison->rows[0].pairs[COMPARISON_RPS].verdict, COMPARISON_NOTHING);
        close_pair(&p);
    }
}

static void a_ratio_is_new_over_base_where_there_are_both(void **state)
{
    (void)state;
    static const struct row base = { "/a", "10000", "9000", "11000" };
    static const struct row slow = { "/a", "25000", "19000", "null" };
    static const struct row none = { "/a", "null", "null", "null" };

    struct pair p = compare(HEAD, &base, &slow);
    assert_true(p.comparison->rows[0].pairs[COMPARISON_P50].ratio == 2.5);
    assert_true(isnan(p.comparison->rows[0].pairs[COMPARISON_FAILED].ratio));
    close_pair(&p);
    p = compare(HEAD, &base, &none);
    assert_true(isnan(p.comparison->rows[0].pairs[COMPARISON_P50].ratio));
    close_pair(&p);
}

static void endpoints_of_either_run_are_all_there(void **state)
{
    (void)state;
    static const struct row old = { "/old", "1000", "900", "1100" };
    static const struct row new = { "/new", "1000", "900", "1100" };

    struct pair p = compare(HEAD, &old, &new);
    const struct comparison *c = p.comparison;
    assert_int_equal(c->row_count, 4);
    assert_string_equal(comparison_endpoint(&c->rows[0])->name, "/old");
    assert_null(c->rows[0].now);
    assert_string_equal(comparison_endpoint(&c->rows[1])->name, "/other");
    assert_string_equal(comparison_endpoint(&c->rows[2])->name, "/new");
    assert_null(c->rows[2].base);
    assert_int_equal(c->rows[2].pairs[COMPARISON_P50].verdict, COMPARISON_NOTHING);
    assert_string_equal(comparison_endpoint(&c->rows[3])->name, "Aggregated");
    close_pair(&p);
}

static void what_was_configured_otherwise_is_named(void **state)
{
    (void)state;
    static const struct row row = { "/a", "1000", "900", "1100" };

    struct pair p = compare("\"scenario\": \"a.yaml\", \"duration_s\": 62, "
                            "\"load\": {\"users\": 7, \"rate\": 0.1}",
                            &row, &row);
    assert_int_equal(p.comparison->change_count, 2);
    assert_string_equal(p.comparison->changes[0].key, "users");
    assert_string_equal(p.comparison->changes[0].base, "5");
    assert_string_equal(p.comparison->changes[0].now, "7");
    assert_string_equal(p.comparison->changes[1].key, "rate");
    assert_string_equal(p.comparison->changes[1].base, "-");
    assert_string_equal(p.comparison->changes[1].now, "0.1");
    close_pair(&p);
    p = compare(HEAD, &row, &row);
    assert_int_equal(p.comparison->change_count, 0);
    close_pair(&p);
}

static void the_findings_are_sentences(void **state)
{
    (void)state;
    static const struct row base = { "/a", "10000", "9000", "11000" };
    static const struct row slow = { "/a", "25000", "19000", "null" };

    struct pair p = compare(HEAD, &base, &slow);
    char *text = comparison_findings(p.comparison);
    assert_string_equal(text,
                        "GET /a: median slower, from 10.00 to 25.00 ms (2.50 times). For 1 of "
                        "2 endpoints a run is too short to tell. Requests per second: - to -.");
    free(text);
    close_pair(&p);
    p = compare(HEAD, &base, &base);
    text = comparison_findings(p.comparison);
    assert_non_null(strstr(text, "No endpoint is shown to be faster or slower. "));
    free(text);
    close_pair(&p);
}

typedef int writer(char **ret_text, const struct comparison *c);

static int write_text(char **ret_text, const struct comparison *c)
{
    return comparison_text(ret_text, c,
                           &(struct report_text_style){ .unicode = true, .columns = 400 });
}

static void every_form_says_what_it_cannot_prove(void **state)
{
    (void)state;
    static const struct row row = { "/a", "1000", "900", "1100" };
    writer *const writers[] = { write_text, comparison_json, comparison_markdown, comparison_html };
    struct pair p = compare(HEAD, &row, &row);

    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
        char *text = NULL;
        assert_int_equal(writers[i](&text, p.comparison), 0);
        assert_non_null(strstr(text, "One run each is no proof: "));
        assert_non_null(strstr(text, "/other"));
        free(text);
    }
    close_pair(&p);
}

static void names_of_others_stay_names(void **state)
{
    (void)state;
    static const struct row base = { "/<script>|`@x\\u001b[2J", "1000", "900", "1100" };
    static const struct row slow = { "/<script>|`@x\\u001b[2J", "9000", "8000", "9900" };
    char *text = NULL;

    struct pair p = compare(HEAD, &base, &slow);
    assert_int_equal(comparison_html(&text, p.comparison), 0);
    assert_null(strstr(text, "<script>"));
    assert_non_null(strstr(text, "GET /&lt;script&gt;|`@x\\x1B[2J</th>"));
    free(text);
    assert_int_equal(comparison_markdown(&text, p.comparison), 0);
    assert_non_null(strstr(text, "| `GET` `/<script>\\x7C\\x60@x\\x1B[2J` | req/s |"));
    assert_non_null(strstr(text, "GET /&lt;script&gt;&#124;&#96;&#64;x&#92;x1B&#91;2J: median"));
    free(text);
    assert_int_equal(write_text(&text, p.comparison), 0);
    assert_null(strchr(text, '\x1b'));
    free(text);
    assert_int_equal(comparison_json(&text, p.comparison), 0);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    const json_t *row = json_array_get(json_object_get(root, "requests"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "name")), "/<script>|`@x\x1b[2J");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(row, "p50_us"), "ranges")), "slower");
    json_decref(root);
    free(text);
    close_pair(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_is_told_where_ranges_lie_apart),
        cmocka_unit_test(a_ratio_is_new_over_base_where_there_are_both),
        cmocka_unit_test(endpoints_of_either_run_are_all_there),
        cmocka_unit_test(what_was_configured_otherwise_is_named),
        cmocka_unit_test(the_findings_are_sentences),
        cmocka_unit_test(every_form_says_what_it_cannot_prove),
        cmocka_unit_test(names_of_others_stay_names),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("comparison", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                             : EXIT_FAILURE;
}
