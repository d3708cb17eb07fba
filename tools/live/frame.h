/* frame — one picture of the live view while it is being drawn: the line at hand and the room that
 * is left. Private to the view's files. */
#ifndef SQUALL_TOOLS_LIVE_FRAME_H
#define SQUALL_TOOLS_LIVE_FRAME_H

#include "tools/live/line.h"
#include "tools/live/view.h"

struct frame {
    const struct view *view;
    struct line line;
    unsigned lines_left;
};

static inline void frame_end_line(struct frame *f)
{
    line_end(&f->line);
    f->lines_left--;
}

/* The endpoints in plan order, as many as fit into `lines_max` lines, and their sum when there are
 * several. */
void frame_put_table(struct frame *f, unsigned lines_max);

/* What failed most often, most first, in at most `lines_max` lines. */
void frame_put_failures(struct frame *f, unsigned lines_max);

#endif
