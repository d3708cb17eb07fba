/* view — one frame of the live view as lines of text: a pure function of what is known about the
 * run and of the screen.
 *
 *  squall  http://127.0.0.1:8080/                                  64 connections
 *  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━──────────────────  61 %  6.1 s, 3.9 s left
 *  req/s now  63726     ▆▇█▇▇▅
 *  failures   0               squall CPU 20 %  19 %
 *
 *                                              ─────── last second, ms ───────
 *                          # reqs    fails     req/s   median      p95      p99
 *  GET /                   186305        0     63726    0.300    5.091    12.17
 */
#ifndef SQUALL_TOOLS_LIVE_VIEW_H
#define SQUALL_TOOLS_LIVE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "stats/series.h"
#include "stats/summary.h"

struct view {
    const char *title; /* what is loaded: URL or scenario */
    const char *load;  /* how: "64 connections" */
    double elapsed_s;
    double duration_s; /* 0 = no limit */
    uint64_t requests_done;
    uint64_t requests_max; /* 0 = no limit */
    uint64_t users_now, users_target;
    const struct series *series;
    const struct summary *total;  /* since the start; NULL in the first second */
    const struct summary *second; /* the last one alone; NULL in the first */
    uint32_t workers;
    const double *cpu_share; /* of each worker over the last second, 0..1; NaN = not known yet */
    bool is_stopping;
};

struct view_style {
    bool color, unicode;
    unsigned columns,
        rows; /* room for the frame; fewer than 20 columns or 1 row are taken as that */
};

/* Lines for terminal_draw(), malloc'd, within the style's columns and rows. 0 or -ENOMEM. */
int view_lines(char **ret_lines, size_t *ret_len, const struct view *v,
               const struct view_style *style);

#endif
