/* screen — the live view of a run on a terminal: asks the collector what is known, draws it about
 * four times a second. */
#ifndef SQUALL_TOOLS_LIVE_SCREEN_H
#define SQUALL_TOOLS_LIVE_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/live/collector.h"

struct screen;

struct screen_setup {
    int fd;
    bool is_color_forbidden;
    const char *title; /* URL or scenario, borrowed */
    struct {
        bool is_url;
        double rate_per_s; /* 0 = closed loop */
        uint64_t connections, users;
    } load;
    uint64_t started_ns;
    uint64_t duration_ns;  /* 0 = no limit */
    uint64_t requests_max; /* 0 = no limit */
    const struct collector *collector;
};

/* 0, -ENOTTY when `fd` cannot be drawn on, or -ENOMEM. */
int screen_open(struct screen **ret_screen, const struct screen_setup *setup);

/* Draws when the last frame is a quarter of a second old. A NULL screen draws nothing. */
void screen_draw_when_due(struct screen *s, uint64_t now_ns, bool is_stopping);

/* Removes what was drawn; the report follows where it stood. */
void screen_close(struct screen *s);

#endif
