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
    const char *host;  /* of a scenario, borrowed; NULL = none */
    bool has_keys;     /* the keyboard is listened to */
    struct {
        bool is_url;
        double rate_per_s; /* 0 = closed loop */
        uint64_t connections;
    } load;
    uint64_t started_ns;
    uint64_t duration_ns;  /* 0 = no limit */
    uint64_t requests_max; /* 0 = no limit */
};

/* 0, -ENOTTY when `fd` cannot be drawn on, or -ENOMEM. */
int screen_open(struct screen **ret_screen, const struct screen_setup *setup);

/* What the screen shows, borrowed. */
struct screen_state {
    const struct collector *collector;
    uint64_t users_wanted;
    uint64_t paused_ns; /* in all, until now */
    const char *limit;  /* who limits the run so far; NULL = not known yet */
    const char *notice; /* what the last key did; NULL = nothing */
    bool is_stopping, is_paused, shows_keys;
};

/* Draws when the last frame is a quarter of a second old. A NULL screen draws nothing. */
void screen_draw_when_due(struct screen *s, uint64_t now_ns, const struct screen_state *state);

/* The next frame is due at once: something was asked for. */
void screen_hurry(struct screen *s);

/* Gives the terminal back for a while, as others will write there; the next frame takes it
 * again. */
void screen_hide(struct screen *s);

/* Gives the terminal back; the report follows what stood there. */
void screen_close(struct screen *s);

#endif
