/* view — one frame of the live view as lines of text: a pure function of what is known about the
 * run and of the screen.
 *
 *  squall  tweets.yaml  http://127.0.0.1:8080                                   250 users
 *  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━────────────────────────  61 %  6.1 s, 3.9 s left
 *
 *  req/s             63.0  ▃▇▇█▆▇                                             most 71.0
 *  p99 ms            5.09  █▅▃▂▂▁                                             most 12.2
 *  users       153 of 250  ▁▂▃▅▆▇
 *  failures             0
 *  squall CPU         2 %  1 %  2 %
 *  limit       think time
 *
 *                          ─── since the start, ms ───  ── last second, ms ──
 *                     # reqs  fails  median      p99    req/s  median     p99
 *  GET /                 389      0   0.300    5.091     63.0   0.280   12.17
 *
 *  ? keys
 */
#ifndef SQUALL_TOOLS_LIVE_VIEW_H
#define SQUALL_TOOLS_LIVE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "stats/series.h"
#include "stats/summary.h"

struct view {
    const char *title; /* what is loaded: URL or scenario */
    const char *host;  /* of a scenario; NULL = none */
    const char *load;  /* how: "64 connections" */
    double elapsed_s;
    double duration_s; /* 0 = no limit */
    uint64_t requests_done;
    uint64_t requests_max;            /* 0 = no limit */
    uint64_t users_now, users_target; /* target 0 = no users are told */
    const struct series *series;
    const struct summary *total;  /* since the start; NULL in the first second */
    const struct summary *second; /* the last one alone; NULL in the first */
    uint32_t workers;
    const double *cpu_share; /* of each worker over the last second, 0..1; NaN = not known yet */
    const struct tally *failures; /* what failed since the start; NULL = not known yet */
    const char *limit;  /* who limits the run so far, one sentence; NULL = not known yet */
    const char *notice; /* what the last key did; NULL = nothing to say */
    bool is_stopping, is_paused;
    bool was_reset;  /* the numbers are those since then */
    bool has_keys;   /* the keyboard is listened to */
    bool shows_keys; /* the list of keys is open */
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
