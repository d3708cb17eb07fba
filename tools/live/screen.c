#include "tools/live/screen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/live/rescue.h"
#include "tools/live/terminal.h"
#include "tools/live/view.h"

#define FRAME_NS      UINT64_C(250000000)
#define FRAME_WAIT_NS UINT64_C(150000000) /* a run that is over by then shows no view at all */

struct screen {
    struct screen_setup setup;
    struct terminal terminal;
    uint64_t due_ns;
    char load[64];
};

static void name_load(struct screen *s, uint64_t users)
{
    const struct screen_setup *setup = &s->setup;
    if (setup->load.rate_per_s > 0)
        (void)snprintf(s->load, sizeof s->load, "%g requests/s", setup->load.rate_per_s);
    else if (setup->load.is_url)
        (void)snprintf(s->load, sizeof s->load, "%" PRIu64 " connection%s", setup->load.connections,
                       setup->load.connections == 1 ? "" : "s");
    else
        (void)snprintf(s->load, sizeof s->load, "%" PRIu64 " user%s", users, users == 1 ? "" : "s");
}

int screen_open(struct screen **ret_screen, const struct screen_setup *setup)
{
    struct screen *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    if (!terminal_open(&s->terminal, setup->fd, setup->is_color_forbidden)) {
        free(s);
        return -ENOTTY;
    }
    rescue_prepare();
    s->setup = *setup;
    s->due_ns = setup->started_ns + FRAME_WAIT_NS;
    *ret_screen = s;
    return 0;
}

void screen_hurry(struct screen *s)
{
    if (s != NULL)
        s->due_ns = 0;
}

void screen_hide(struct screen *s)
{
    if (s != NULL)
        terminal_hide(&s->terminal);
}

void screen_draw_when_due(struct screen *s, uint64_t now_ns, const struct screen_state *state)
{
    if (s == NULL || now_ns < s->due_ns || !terminal_is_ours(&s->terminal))
        return;
    s->due_ns = now_ns + FRAME_NS;
    terminal_measure(&s->terminal);
    name_load(s, state->users_wanted);
    const struct collector *c = state->collector;
    const bool is_closed = s->setup.load.rate_per_s <= 0;
    const struct view v = {
        .title = s->setup.title,
        .host = s->setup.host,
        .load = s->load,
        .elapsed_s = (double)(now_ns - s->setup.started_ns - state->paused_ns) / 1e9,
        .duration_s = (double)s->setup.duration_ns / 1e9,
        .requests_done = collector_requests_done(c),
        .requests_max = s->setup.requests_max,
        .users_now = c->users_now,
        .users_target = is_closed && !s->setup.load.is_url ? state->users_wanted : 0,
        .series = &c->series,
        .total = c->total,
        .second = c->second,
        .workers = c->setup.shard_count,
        .cpu_share = c->cpu_share,
        .failures = c->total != NULL ? c->point : NULL,
        .limit = state->limit,
        .notice = state->notice,
        .is_stopping = state->is_stopping,
        .is_paused = state->is_paused,
        .was_reset = c->setup.zero != NULL,
        .has_keys = s->setup.has_keys,
        .shows_keys = state->shows_keys,
    };
    const struct view_style style = {
        .color = s->terminal.color,
        .unicode = s->terminal.unicode,
        .columns = terminal_frame_columns(&s->terminal),
        .rows = terminal_frame_rows(&s->terminal),
    };
    char *lines = NULL;
    size_t len = 0;
    if (view_lines(&lines, &len, &v, &style) != 0)
        return;
    terminal_draw(&s->terminal, lines, len);
    free(lines);
}

void screen_close(struct screen *s)
{
    if (s == NULL)
        return;
    terminal_close(&s->terminal);
    free(s);
}
