/* test_view — goal: a frame fits the screen, whatever its size, and nothing that others named can
 * leave its place. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/glyph.h"
#include "tools/live/keys.h"
#include "tools/live/view.h"

#define ROWS_MAX 40u

/* A run of some endpoints after three seconds. */
struct scene {
    struct series_point points[200];
    struct series series;
    struct summary_row rows[ROWS_MAX];
    struct summary summary;
    double cpu[2];
    struct view view;
};

static struct scene scene;

static void set_scene(uint32_t endpoints)
{
    memset(&scene, 0, sizeof scene);
    for (size_t i = 0; i < 200; i++)
        scene.points[i].rps = (double)(i % 8);
    scene.series = (struct series){ .points = scene.points, .count = 200 };
    const struct summary_row row = {
        .method = "GET",
        .name = "/api/tweets/",
        .count = 1234567,
        .rps = 152340,
        .latency = { .quantile_us = { [SUMMARY_P50] = 412,
                                      [SUMMARY_P95] = 1100,
                                      [SUMMARY_P99] = NAN } },
    };
    for (uint32_t i = 0; i < endpoints; i++)
        scene.rows[i] = row;
    scene.summary = (struct summary){ .total = row, .rows = scene.rows, .row_count = endpoints };
    scene.summary.total.method = "";
    scene.summary.total.name = "Aggregated";
    scene.cpu[0] = 0.97;
    scene.cpu[1] = NAN;
    scene.view = (struct view){
        .title = "http://127.0.0.1:8080/",
        .load = "64 connections",
        .elapsed_s = 3.1,
        .duration_s = 10,
        .users_now = 5,
        .users_target = 250,
        .series = &scene.series,
        .total = &scene.summary,
        .second = &scene.summary,
        .workers = 2,
        .cpu_share = scene.cpu,
    };
}

/* The frame as text; the caller frees it. */
static char *draw(unsigned columns, unsigned rows, bool unicode, bool color)
{
    const struct view_style style = {
        .color = color, .unicode = unicode, .columns = columns, .rows = rows
    };
    char *lines = NULL;
    size_t len = 0;
    assert_int_equal(view_lines(&lines, &len, &scene.view, &style), 0);
    assert_int_equal(strlen(lines), len);
    return lines;
}

static void assert_fits(const char *lines, unsigned columns, unsigned rows)
{
    unsigned count = 0;
    for (const char *at = lines; *at != '\0'; count++) {
        const size_t len = strcspn(at, "\n");
        assert_int_equal(at[len], '\n');
        assert_true(glyph_columns(at, len) <= columns);
        at += len + 1;
    }
    assert_true(count <= rows);
}

static void a_frame_fits_every_screen(void **state)
{
    (void)state;
    static const uint32_t endpoints[] = { 1, 2, 5, ROWS_MAX };
    for (size_t e = 0; e < sizeof endpoints / sizeof endpoints[0]; e++) {
        set_scene(endpoints[e]);
        for (unsigned columns = 21; columns <= 210; columns += 7) {
            for (unsigned rows = 1; rows <= 60; rows += 3) {
                char *lines = draw(columns, rows, true, false);
                assert_fits(lines, columns, rows);
                free(lines);
            }
        }
    }
}

static void the_first_second_has_no_table_and_no_zeros(void **state)
{
    (void)state;
    set_scene(1);
    scene.series.count = 0;
    scene.view.total = scene.view.second = NULL;
    scene.cpu[0] = NAN;
    char *lines = draw(80, 24, true, false);
    assert_null(strstr(lines, "# reqs"));
    assert_non_null(strstr(lines, "\nreq/s                -"));
    assert_non_null(strstr(lines, "\np99 ms               -"));
    assert_non_null(strstr(lines, "\nsquall CPU           -"));
    assert_non_null(strstr(lines, "\nlimit       -"));
    free(lines);
}

static void endpoints_that_do_not_fit_are_counted(void **state)
{
    (void)state;
    set_scene(ROWS_MAX);
    char *lines = draw(80, 24, true, false);
    assert_non_null(strstr(lines, "and 30 more"));
    assert_non_null(strstr(lines, "Aggregated"));
    free(lines);

    set_scene(3);
    lines = draw(80, 24, true, false);
    assert_null(strstr(lines, "more"));
    assert_non_null(strstr(lines, "Aggregated"));
    free(lines);
}

static void a_single_endpoint_needs_no_sum(void **state)
{
    (void)state;
    set_scene(1);
    char *lines = draw(80, 24, true, false);
    assert_null(strstr(lines, "Aggregated"));
    assert_non_null(strstr(lines, "GET /api/tweets/"));
    free(lines);
}

static void a_long_name_is_cut_and_marked(void **state)
{
    (void)state;
    set_scene(1);
    scene.rows[0].name = "/a/very/long/path/that/does/not/fit";
    char *lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, "\nGET /a/very/long/path/~ "));
    free(lines);
    lines = draw(130, 24, false, false);
    assert_non_null(strstr(lines, "\nGET /a/very/long/path/that/does/not/fit "));
    free(lines);
}

static void names_from_elsewhere_cannot_move_the_cursor(void **state)
{
    (void)state;
    set_scene(2);
    scene.rows[0].name = "/\033[2J\r\n\x9b\xff\xe2\x80\xae";
    scene.view.title = "a\033]0;b\007";
    char *lines = draw(80, 24, true, false);
    assert_null(strpbrk(lines, "\033\r\007"));
    assert_non_null(strstr(lines, "GET /?[2J????"));
    assert_fits(lines, 80, 24);
    free(lines);
}

static void a_plain_screen_gets_plain_bytes(void **state)
{
    (void)state;
    set_scene(2);
    scene.rows[0].name = "/caf\xc3\xa9";
    char *lines = draw(80, 24, false, false);
    for (const char *at = lines; *at != '\0'; at++)
        assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
    free(lines);

    lines = draw(80, 24, false, true);
    assert_non_null(strstr(lines, "\033[0m"));
    free(lines);
}

static void progress_goes_by_the_nearer_limit(void **state)
{
    (void)state;
    set_scene(1);
    char *lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, " 31 %  3.1 s, 6.9 s left"));
    free(lines);

    scene.view.requests_max = 1000;
    scene.view.requests_done = 500;
    lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, " 50 %  500 of 1000, 3.1 s"));
    free(lines);

    scene.view.requests_done = 200;
    lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, " 31 %  3.1 s, 6.9 s left"));
    free(lines);

    scene.view.requests_max = 0;
    scene.view.duration_s = 0;
    scene.view.elapsed_s = 3725;
    lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, "\n1:02:05, Ctrl-C ends it\n"));
    free(lines);

    scene.view.is_stopping = true;
    lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, "1:02:05, stopping; Ctrl-C again ends at once"));
    free(lines);
}

static void the_whole_run_and_the_last_second_stand_side_by_side(void **state)
{
    (void)state;
    set_scene(1);
    static struct summary second;
    static struct summary_row row;
    second = scene.summary;
    row = scene.rows[0];
    row.latency.quantile_us[SUMMARY_P50] = 7000;
    second.rows = &row;
    scene.view.second = &second;
    char *lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, " since the start, ms "));
    assert_non_null(strstr(lines, " last second, ms "));
    assert_non_null(strstr(lines, "0.412"));
    assert_non_null(strstr(lines, "7.000"));
    free(lines);

    scene.view.was_reset = true;
    lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, " since the reset, ms "));
    free(lines);
}

static void failures_are_told_most_first(void **state)
{
    (void)state;
    set_scene(2);
    static struct tally_failure failures[] = {
        { .endpoint = 0, .class = FAILURE_HTTP_ERROR, .message = "status 500", .count = 3 },
        { .endpoint = 0, .class = FAILURE_HTTP_ERROR, .message = "status 404", .count = 40 },
        { .endpoint = 1, .class = FAILURE_HTTP_ERROR, .message = "status 404", .count = 40 },
        { .endpoint = 1, .class = FAILURE_HTTP_ERROR, .message = "status 503", .count = 1 },
    };
    struct tally *tally = NULL;
    assert_int_equal(tally_open(&tally, 2), 0);
    memcpy(tally->failures, failures, sizeof failures);
    tally->failure_count = sizeof failures / sizeof failures[0];
    scene.rows[1].name = "/other";
    scene.summary.total.failed = 84;
    scene.view.failures = tally;
    char *lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, "\n      40  GET /api/tweets/  status 404\n"
                                  "      40  GET /other  status 404\n"
                                  "       3  GET /api/tweets/  status 500\n"));
    assert_null(strstr(lines, "status 503"));
    free(lines);
    for (unsigned rows = 1; rows < 40; rows++) {
        lines = draw(60, rows, true, false);
        assert_fits(lines, 60, rows);
        free(lines);
    }
    tally_close(tally);
}

static void a_sentence_is_cut_where_it_still_says_something(void **state)
{
    (void)state;
    set_scene(1);
    scene.view.limit = "the server or the network, as far as CPU share tells: squall used at most "
                       "31 % of a CPU";
    char *lines = draw(80, 24, false, false);
    assert_non_null(
        strstr(lines, "\nlimit       the server or the network, as far as CPU share tells\n"));
    free(lines);
    lines = draw(50, 24, false, false);
    assert_non_null(strstr(lines, "\nlimit       the server or the network\n"));
    free(lines);
    lines = draw(120, 24, false, false);
    assert_non_null(strstr(lines, "31 % of a CPU\n"));
    free(lines);
}

static void the_last_line_tells_about_the_keys(void **state)
{
    (void)state;
    set_scene(3);
    char *lines = draw(80, 24, false, false);
    assert_null(strstr(lines, "? keys"));
    free(lines);

    scene.view.has_keys = true;
    lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, "\n? keys\n"));
    free(lines);

    scene.view.is_paused = true;
    lines = draw(80, 24, false, false);
    assert_non_null(strstr(lines, "\npaused: "));
    assert_non_null(strstr(lines, "3.1 s, paused\n"));
    free(lines);

    scene.view.shows_keys = true;
    scene.view.notice = "260 users wanted";
    for (unsigned columns = 20; columns < 120; columns += 3) {
        for (unsigned rows = 1; rows < 40; rows++) {
            lines = draw(columns, rows, false, false);
            assert_fits(lines, columns, rows);
            free(lines);
        }
    }
    lines = draw(78, 24, false, false);
    assert_non_null(strstr(lines, "\n260 users wanted\n"));
    for (size_t i = 0; i < key_row_count; i++)
        assert_non_null(strstr(lines, key_rows[i].sentence));
    free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_fits_every_screen),
        cmocka_unit_test(the_first_second_has_no_table_and_no_zeros),
        cmocka_unit_test(endpoints_that_do_not_fit_are_counted),
        cmocka_unit_test(a_single_endpoint_needs_no_sum),
        cmocka_unit_test(a_long_name_is_cut_and_marked),
        cmocka_unit_test(names_from_elsewhere_cannot_move_the_cursor),
        cmocka_unit_test(a_plain_screen_gets_plain_bytes),
        cmocka_unit_test(progress_goes_by_the_nearer_limit),
        cmocka_unit_test(the_whole_run_and_the_last_second_stand_side_by_side),
        cmocka_unit_test(failures_are_told_most_first),
        cmocka_unit_test(a_sentence_is_cut_where_it_still_says_something),
        cmocka_unit_test(the_last_line_tells_about_the_keys),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("view", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
