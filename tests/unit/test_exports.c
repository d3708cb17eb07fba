/* test_exports — goal: CSV, Markdown, JUnit and HTML files say what the run says, to whoever reads
 * such files, and texts from servers stay texts in them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/command_line.h"
#include "stats/report/csv.h"
#include "stats/report/html.h"
#include "stats/report/junit.h"
#include "stats/report/markdown.h"
#include "stats/report/markup.h"
#include "stats/report/sink.h"
#include "tests/unit/stored_run.h"

typedef int drawing(char **ret_text, const struct stored *s);

/* What is drawn of a run, for free(). */
static char *drawn(struct run *run, drawing *draw)
{
    struct stored *s = stored_of(run_result(run));
    char *text = NULL;

    assert_int_equal(draw(&text, s), 0);
    stored_close(s);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

#define STATS_HEAD                                                                                 \
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min "        \
    "Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,"  \
    "90%,95%,98%,99%,99.9%,99.99%,100%\r\n"

static void rows_are_sorted_and_end_with_all(void **state)
{
    (void)state;
    struct run *run = run_open(5);

    run_finish(run, 2, 30000000, 200, FAILURE_NONE, NULL);
    run_finish(run, 0, 10000000, 200, FAILURE_NONE, NULL);
    run_finish(run, 0, 20400000, 500, FAILURE_HTTP_ERROR, "status 500");
    char *text = drawn(run, csv_stats);
    assert_string_equal(text, STATS_HEAD
                        "GET,/api/tweets/,2,1,10.002431,15.2,10.0,20.4,120.0,0.033333,0.016667,"
                        "10,20,20,20,20,20,20,20,20,20,20\r\n"
                        "POST,/api/tweets/,1,0,30.0,30.0,30.0,30.0,120.0,0.016667,0.0,"
                        "30,30,30,30,30,30,30,30,30,30,30\r\n"
                        ",Aggregated,3,1,20.414463,20.133333,10.0,30.0,120.0,0.05,0.016667,"
                        "20,20,30,30,30,30,30,30,30,30,30\r\n");
    free(text);
    run_close(run);
}

static void a_run_without_requests_is_not_applicable(void **state)
{
    (void)state;
    struct run *run = run_open(2);

    char *text = drawn(run, csv_stats);
    assert_string_equal(text, STATS_HEAD ",Aggregated,0,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,N/A,N/A,N/A,"
                                         "N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A\r\n");
    free(text);
    run_close(run);
}

static void cells_cannot_be_formulas_rows_or_commands(void **state)
{
    (void)state;
    static const struct {
        const char *message, *cell;
    } cells[] = {
        { "=1+1", "'=1+1" },
        { "+1", "'+1" },
        { "-1", "'-1" },
        { "@SUM(A1)", "'@SUM(A1)" },
        { "a=b", "a=b" },
        { "a,b", "\"a,b\"" },
        { "=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"" },
        { "two\r\nrows", "two\\x0D\\x0Arows" },
        { "\t=1", "\\x09=1" },
        { "\x1b[2J", "\\x1B[2J" },
        { "bad \xff", "bad \xEF\xBF\xBD" }, /* as the JSON has it */
    };

    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        struct run *run = run_open(1);
        struct sink row;
        char *wanted = NULL;
        run_finish(run, 0, 1000, 500, FAILURE_HTTP_ERROR, cells[i].message);
        char *text = drawn(run, csv_failures);
        sink_init(&row);
        sink_text(&row, "Method,Name,Error,Occurrences\r\nGET,/api/tweets/,");
        sink_text(&row, cells[i].cell);
        sink_text(&row, ",1\r\n");
        assert_int_equal(sink_finish(&row, &wanted), 0);
        assert_string_equal(text, wanted);
        free(wanted);
        free(text);
        run_close(run);
    }
}

static void there_are_no_exceptions(void **state)
{
    (void)state;
    struct run *run = run_open(1);

    char *text = drawn(run, csv_exceptions);
    assert_string_equal(text, "Count,Message,Traceback,Nodes\r\n");
    free(text);
    run_close(run);
}

/* A run of two endpoints, second by second. */
struct history {
    struct run *run;
    struct interval_log *log;
    struct tally *before; /* up to the last second that has ended */
};

static void history_open(struct history *h)
{
    *h = (struct history){ .run = run_open(2) };
    assert_int_equal(interval_log_open(&h->log, 2, 1 << 20), 0);
    assert_int_equal(tally_open(&h->before, 2), 0);
}

static void history_close(struct history *h)
{
    tally_close(h->before);
    interval_log_close(h->log);
    run_close(h->run);
}

/* Adds what the run did since the second before. */
static void end_second(struct history *h, double t_s)
{
    struct run *run = h->run;
    struct tally *difference = NULL;

    assert_int_equal(tally_open(&difference, 2), 0);
    (void)run_result(run);
    tally_since(difference, run->tally, h->before);
    difference->users_now = (uint64_t)t_s * 10;
    assert_int_equal(interval_log_add(h->log, difference, (uint64_t)(t_s * 1e9)), 0);
    assert_int_equal(series_add(&run->series, difference, t_s, 1), 0);
    tally_clear(h->before);
    tally_add(h->before, run->tally);
    tally_close(difference);
}

static void the_history_has_all_up_to_each_second_and_the_last_one_has_all(void **state)
{
    (void)state;
    struct history h;
    char *text = NULL;

    history_open(&h);
    end_second(&h, 1);
    run_finish(h.run, 0, 10000000, 200, FAILURE_NONE, NULL);
    run_finish(h.run, 1, 10000000, 500, FAILURE_HTTP_ERROR, "status 500");
    end_second(&h, 2);
    run_finish(h.run, 1, 30000000, 200, FAILURE_NONE, NULL);
    end_second(&h, 3);
    h.run->result.intervals = h.log;
    assert_int_equal(csv_history(&text, &h.run->result), 0);
    const char *row = strchr(text, '\n') + 1;
    assert_true(strncmp(text, "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,", 57) ==
                0);
    assert_string_equal(
        row, "1767225601,10,,Aggregated,0.000000,0.000000,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,"
             "N/A,0,0,0.0,0.0,0.0,0.0,0.0\r\n"
             "1767225602,20,,Aggregated,2.000000,1.000000,10,10,10,10,10,10,10,10,10,10,10,"
             "2,1,10.002431,9.998335,9.99424,10.002431,120.0\r\n"
             "1767225603,30,,Aggregated,1.000000,0.000000,10,10,30,30,30,30,30,30,30,30,30,"
             "3,1,10.002431,16.667988,9.99424,30.015487,120.0\r\n");
    free(text);
    history_close(&h);
}

/* Names in order, those that have finished nothing left out; percentiles of the second alone. */
static void the_full_history_has_a_row_for_each_endpoint_too(void **state)
{
    (void)state;
    struct history h;
    char *text = NULL;

    history_open(&h);
    run_finish(h.run, 1, 10000000, 500, FAILURE_HTTP_ERROR, "status 500");
    end_second(&h, 1);
    run_finish(h.run, 0, 30000000, 200, FAILURE_NONE, NULL);
    end_second(&h, 2);
    h.run->result.intervals = h.log;
    assert_int_equal(csv_full_history(&text, &h.run->result), 0);
    assert_string_equal(
        strchr(text, '\n') + 1,
        "1767225601,10,GET,/api/tweets/[id]/,1.000000,1.000000,10,10,10,10,10,10,10,10,10,10,10,"
        "1,1,10.002431,9.998335,9.99424,10.002431,120.0\r\n"
        "1767225601,10,,Aggregated,1.000000,1.000000,10,10,10,10,10,10,10,10,10,10,10,"
        "1,1,10.002431,9.998335,9.99424,10.002431,120.0\r\n"
        "1767225602,20,GET,/api/tweets/,1.000000,0.000000,30,30,30,30,30,30,30,30,30,30,30,"
        "1,0,30.015487,30.007295,29.999104,30.015487,120.0\r\n"
        "1767225602,20,GET,/api/tweets/[id]/,0.000000,0.000000,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/"
        "A,N/A,"
        "N/A,1,1,10.002431,9.998335,9.99424,10.002431,120.0\r\n"
        "1767225602,20,,Aggregated,1.000000,0.000000,30,30,30,30,30,30,30,30,30,30,30,"
        "2,1,10.002431,20.002815,9.99424,30.015487,120.0\r\n");
    free(text);
    history_close(&h);
}

static void a_summary_has_its_tables(void **state)
{
    (void)state;
    struct run *run = run_open(5);

    run_fill(run);
    run->result.name = "after | the `change`";
    char *text = drawn(run, report_markdown);
    assert_has(text,
               "### squall: `after \\x7C the \\x60change\\x60`\n\n❌ 52 of 5053 requests failed"
               ", most often: status 404 is not 200. 1 of 2 expectations not met. ");
    assert_has(text, "\n| `POST` `/api-token-auth/` | 1 | 0 | 0% | 0.017 | 1500 | 1500 | 1500 | "
                     "1500 |\n");
    assert_has(text, "\n| **all** | 5053 | 52 | 1.03% |");
    assert_has(text, "\n| `p99<50ms` | 42.12 ms | ✅ |\n| `fail_ratio<1%` | 0.0103 | ❌ |\n");
    assert_has(text, "\n| 40 | `GET` `/api/tweets/[id]/` | `http_error` | `status 404 is not 200` "
                     "|\n");
    free(text);
    run_close(run);
}

static void sentences_do_not_become_markdown(void **state)
{
    (void)state;
    struct run *run = run_open(1);

    run_finish(run, 0, 1000, 500, FAILURE_HTTP_ERROR, "@team [x](http://y) <b> #1 *&*");
    char *text = drawn(run, report_markdown);
    assert_has(text, "failed: &#64;team &#91;x&#93;(http://y) &lt;b&gt; &#35;1 &#42;&amp;&#42;. ");
    assert_has(text, "| `@team [x](http://y) <b> #1 *&*` |");
    free(text);
    run_close(run);
}

static void each_endpoint_and_each_expectation_is_a_test_case(void **state)
{
    (void)state;
    struct run *run = run_open(5);

    run_fill(run);
    char *text = drawn(run, report_junit);
    assert_has(text, "<testsuite name=\"requests\" package=\"squall\" id=\"0\" "
                     "timestamp=\"2026-01-01T00:00:00\" hostname=\"localhost\" tests=\"5\" "
                     "failures=\"2\" errors=\"0\" time=\"60.000000\">");
    assert_has(text, "<testcase name=\"POST /api-token-auth/\" classname=\"squall.requests\" "
                     "time=\"1.500000\"/>");
    assert_has(text, "<failure message=\"40 of 1290 requests failed\" type=\"http_error\">40 times "
                     "status 404 is not 200\n</failure>");
    assert_has(text, "<testcase name=\"DELETE /api/tweets/[id]/\" classname=\"squall.requests\" "
                     "time=\"0.000000\"><skipped/></testcase>");
    assert_has(text, "<testsuite name=\"expectations\" package=\"squall\" id=\"1\" "
                     "timestamp=\"2026-01-01T00:00:00\" hostname=\"localhost\" tests=\"2\" "
                     "failures=\"1\"");
    assert_has(text, "<testcase name=\"p99&lt;50ms\" classname=\"squall.expectations\" "
                     "time=\"0.000000\"/>");
    assert_has(text, "<failure message=\"expected fail_ratio&lt;1%, found 0.0103\" "
                     "type=\"expectation\"/>");
    free(text);
    run_close(run);
}

#define PAGE_HEAD "<head>\n<link rel=\"stylesheet\" href=\"app.css\">\n</head>\n"
#define PAGE_RUN  "<script type=\"application/json\" id=\"squall-result\"></script>\n"
#define PAGE_END  "<script src=\"app.js\" defer></script>\n</html>\n"

static int draw_page(char **ret_text, const struct stored *s, const char *page, const char *script)
{
    static const char style[] = "a > b {}";

    return report_html(ret_text, s,
                       &(struct html_parts){
                           .page = page,
                           .page_size = strlen(page),
                           .style = style,
                           .style_size = strlen(style),
                           .script = script,
                           .script_size = strlen(script),
                       });
}

static void a_page_has_everything_within(void **state)
{
    (void)state;
    struct run *run = run_open(1);
    char *text = NULL;

    run_finish(run, 0, 1000, 500, FAILURE_HTTP_ERROR, "</script><!--&\xE2\x80\xA8");
    struct stored *s = stored_of(run_result(run));
    assert_int_equal(draw_page(&text, s, PAGE_HEAD PAGE_RUN PAGE_END, "x = '</SCRIPT>' + '<!--' ;"),
                     0);
    assert_has(text, "<style>\na > b {}</style>\n</head>");
    assert_has(text, "default-src 'none'; ");
    assert_has(text, "<script>\nx = '<\\/SCRIPT>' + '<\\!--' ;</script>\n");
    assert_has(text, "\"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\"");
    assert_null(strstr(text, "app.js"));
    assert_null(strstr(text, "app.css"));
    assert_null(strstr(text, "\"service\":\"HIST"));
    free(text);
    assert_int_equal(draw_page(&text, s, PAGE_HEAD PAGE_END, ""), -EINVAL);
    assert_int_equal(draw_page(&text, s, PAGE_RUN PAGE_END, ""), -EINVAL);
    assert_int_equal(draw_page(&text, s, PAGE_HEAD PAGE_RUN, ""), -EINVAL);
    stored_close(s);
    run_close(run);
}

static void a_page_holds_the_run_itself(void **state)
{
    (void)state;
    struct run *run = run_open(5);
    struct stored_fault fault = { "" };
    struct stored *again = NULL;
    char *text = NULL;

    run_fill(run);
    struct stored *s = stored_of(run_result(run));
    assert_int_equal(draw_page(&text, s, PAGE_HEAD PAGE_RUN PAGE_END, ""), 0);
    char *begin = strstr(text, "squall-result\">") + strlen("squall-result\">");
    assert_int_equal(
        stored_read(&again, begin, (size_t)(strstr(begin, "</script>") - begin), &fault), 0);
    assert_int_equal(again->total.figures.count, s->total.figures.count);
    assert_true(again->rows[2].figures.latency.mean_us == s->rows[2].figures.latency.mean_us);
    assert_string_equal(again->rows[2].histogram, s->rows[2].histogram);
    stored_close(again);
    stored_close(s);
    free(text);
    run_close(run);
}

static void markup_keeps_a_text_a_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *markup, *code;
    } texts[] = {
        { "", "", "" },
        { "plain \xC3\xA9", "plain \xC3\xA9", "`plain \xC3\xA9`" },
        { "<script>&'\"", "&lt;script&gt;&amp;&#39;&quot;", "`<script>&'\"`" },
        { "a|b`c", "a|b`c", "`a\\x7Cb\\x60c`" },
        { "\x1b\x01\n", "\\x1B\\x01\\x0A", "`\\x1B\\x01\\x0A`" },
        { "\xff", "\\xFF", "`\\xFF`" },
        { "\xEF\xBF\xBE", "\\xEF\\xBF\\xBE", NULL },
        { "\xE2\x80\xAE", "\\xE2\\x80\\xAE", "`\\xE2\\x80\\xAE`" },
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct sink out;
        char *text = NULL;
        sink_init(&out);
        markup_write(&out, texts[i].text);
        assert_int_equal(sink_finish(&out, &text), 0);
        assert_string_equal(text, texts[i].markup);
        free(text);
        sink_init(&out);
        markup_write_code(&out, texts[i].text);
        assert_int_equal(sink_finish(&out, &text), 0);
        if (texts[i].code != NULL)
            assert_string_equal(text, texts[i].code);
        free(text);
    }
}

static void a_command_can_be_typed_again(void **state)
{
    (void)state;
    char *words[] = { (char *)"squall", (char *)"-H",    (char *)"A: it's $HOME",
                      (char *)"",       (char *)"--x=1", (char *)"http://h/?a=1&b" };
    struct run *run = run_open(1);
    struct sink out;
    char *text = NULL;

    run->result.argc = ARRAY_LEN(words);
    run->result.argv = words;
    struct stored *s = stored_of(run_result(run));
    sink_init(&out);
    command_line_write(&out, s);
    assert_int_equal(sink_finish(&out, &text), 0);
    assert_string_equal(text, "squall -H 'A: it'\\''s $HOME' '' --x=1 'http://h/?a=1&b'");
    free(text);
    stored_close(s);
    run_close(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sorted_and_end_with_all),
        cmocka_unit_test(a_run_without_requests_is_not_applicable),
        cmocka_unit_test(cells_cannot_be_formulas_rows_or_commands),
        cmocka_unit_test(there_are_no_exceptions),
        cmocka_unit_test(the_history_has_all_up_to_each_second_and_the_last_one_has_all),
        cmocka_unit_test(the_full_history_has_a_row_for_each_endpoint_too),
        cmocka_unit_test(a_summary_has_its_tables),
        cmocka_unit_test(sentences_do_not_become_markdown),
        cmocka_unit_test(each_endpoint_and_each_expectation_is_a_test_case),
        cmocka_unit_test(a_page_has_everything_within),
        cmocka_unit_test(a_page_holds_the_run_itself),
        cmocka_unit_test(markup_keeps_a_text_a_text),
        cmocka_unit_test(a_command_can_be_typed_again),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("exports", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
