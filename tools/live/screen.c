#include "tools/live/screen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

static void name_load(struct screen *s)
{
    const struct screen_setup *setup = &s->setup;
    if (setup->load.rate_per_s > 0)
        (void)snprintf(s->load, sizeof s->load, "%g requests/s", setup->load.rate_per_s);
    else if (setup->load.is_url)
        (void)snprintf(s->load, sizeof s->load, "%" PRIu64 " connection%s", setup->load.connections,
                       setup->load.connections == 1 ? "" : "s");
    else
        (void)snprintf(s->load, sizeof s->load, "%" PRIu64 " user%s", setup->load.users,
                       setup->load.users == 1 ? "" : "s");
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
    s->setup = *setup;
    s->due_ns = setup->started_ns + FRAME_WAIT_NS;
    name_load(s);
    *ret_screen = s;
    return 0;
}

void screen_draw_when_due(struct screen *s, uint64_t now_ns, bool is_stopping)
{
    if (s == NULL || now_ns < s->due_ns)
        return;
    s->due_ns = now_ns + FRAME_NS;
    terminal_measure(&s->terminal);
    const struct collector *c = s->setup.collector;
    const bool is_closed = s->setup.load.rate_per_s <= 0;
    const struct view v = {
        .title = s->setup.title,
        .load = s->load,
        .elapsed_s = (double)(now_ns - s->setup.started_ns) / 1e9,
        .duration_s = (double)s->setup.duration_ns / 1e9,
        .requests_done = collector_requests_done(c),
        .requests_max = s->setup.requests_max,
        .users_now = c->users_now,
        .users_target = is_closed && !s->setup.load.is_url ? s->setup.load.users : 0,
        .series = &c->series,
        .total = c->total,
        .second = c->second,
        .workers = c->setup.shard_count,
        .cpu_share = c->cpu_share,
        .is_stopping = is_stopping,
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
