#include <stdio.h>
#include <string.h>

#include "stats/report/glyph.h"
#include "stats/report/paragraph.h"
#include "stats/report/sink.h"
#include "tools/doctor/findings.h"

#define SCRIPT_COLUMNS 78

/* Comment lines of `text`, which begins each of them anew behind "# ". */
static void write_comment(struct sink *out, const char *text)
{
    static const struct report_text_style style = { .columns = SCRIPT_COLUMNS };
    struct sink words, lines;
    sink_init(&words);
    sink_init(&lines);
    glyph_write_visible(&words, text, false);
    paragraph_write(&lines, &style, NULL, TONE_PLAIN, &words);
    for (size_t at = 0; at < lines.len;) {
        const char *end = memchr(lines.bytes + at, '\n', lines.len - at);
        const size_t len = end == NULL ? lines.len - at : (size_t)(end - lines.bytes) - at + 1;
        sink_text(out, "#");
        sink_bytes(out, lines.bytes + at, len);
        at += len;
    }
    out->has_failed |= lines.has_failed;
    sink_close(&words);
    sink_close(&lines);
}

static void write_remedy(struct sink *out, const struct finding *f)
{
    char comment[sizeof f->sentence + 64];
    (void)snprintf(comment, sizeof comment, "%s: %s", f->check->label, f->sentence);
    sink_text(out, "\n");
    write_comment(out, comment);
    if (f->remedy[0] == '\0')
        return;
    if (f->is_command) {
        sink_text(out, f->remedy);
        sink_text(out, "\n");
        return;
    }
    (void)snprintf(comment, sizeof comment, "No command mends it: %s", f->remedy);
    write_comment(out, comment);
}

int findings_script(char **ret_text, const struct findings *f)
{
    struct sink out;
    size_t count = 0;
    sink_init(&out);
    sink_text(&out, "#!/bin/sh\n");
    write_comment(&out, "What 'squall doctor' found in the way of a large load on this host, and "
                        "what mends it. Nothing was run. Most lines need root and hold until the "
                        "next boot; a ulimit holds for the shell that it is typed into.");
    for (size_t i = 0; i < f->count; i++) {
        if (f->items[i].level < CHECK_LIMITS)
            continue;
        write_remedy(&out, &f->items[i]);
        count++;
    }
    if (count == 0)
        sink_text(&out, "\n# Nothing was found.\n");
    return sink_finish(&out, ret_text);
}
