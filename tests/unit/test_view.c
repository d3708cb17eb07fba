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
    assert_non_null(strstr(lines, "req/s now  -"));
    assert_non_null(strstr(lines, "squall CPU -"));
    free(lines);
}

static void endpoints_that_do_not_fit_are_counted(void **state)
{
    (void)state;
    set_scene(ROWS_MAX);
    char *lines = draw(80, 24, true, false);
    assert_non_null(strstr(lines, "and 25 more"));
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
    assert_non_null(strstr(lines, "\nGET /a/very/long/path/th~ "));
    free(lines);
    lines = draw(110, 24, false, false);
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
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("view", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
