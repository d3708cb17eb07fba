#include <stdio.h>

#include "stats/report/glyph.h"
#include "stats/report/paragraph.h"
#include "stats/report/sink.h"
#include "tools/doctor/findings.h"

#define COLUMNS_MIN 60u

static const struct {
    const char *mark, *word; /* with and without Unicode */
    enum tone tone;
} levels[] = {
    [CHECK_FINE] = { "✓\t", "fine:", TONE_PLAIN },
    [CHECK_UNKNOWN] = { "?\t", "unknown:", TONE_DIM },
    [CHECK_LIMITS] = { "!\t", "LIMITS:", TONE_WARNING },
    [CHECK_BROKEN] = { "✗\t", "BROKEN:", TONE_BAD },
};

struct page {
    struct sink out, words;
    struct report_text_style style;
};

static void begin(struct page *p, enum check_level level)
{
    if (p->style.unicode)
        sink_text(&p->words, levels[level].mark);
    else
        sink_format(&p->words, "%s\t", levels[level].word);
}

/* "95 MB" stays in one line: a TAB is a blank where none ends. */
static void keep_units_together(struct sink *words)
{
    for (size_t i = 1; i + 1 < words->len; i++) {
        const char before = words->bytes[i - 1], after = words->bytes[i + 1];
        if (words->bytes[i] == ' ' && before >= '0' && before <= '9' && after >= 'A')
            words->bytes[i] = '\t';
    }
}

static void write_finding(struct page *p, const struct finding *f)
{
    const enum tone tone = levels[f->level].tone;
    begin(p, f->level);
    glyph_write_visible(&p->words, f->sentence, p->style.unicode);
    keep_units_together(&p->words);
    paragraph_write(&p->out, &p->style, f->check->label, tone, &p->words);
    if (f->remedy[0] == '\0')
        return;
    sink_text(&p->words, p->style.unicode ? "→\t" : "fix:\t");
    glyph_write_visible(&p->words, f->remedy, p->style.unicode);
    paragraph_write(&p->out, &p->style, "", TONE_STRONG, &p->words);
}

static size_t count_level(const struct findings *f, enum check_level level)
{
    size_t count = 0;
    for (size_t i = 0; i < f->count; i++)
        count += f->items[i].level == level;
    return count;
}

static void write_verdict(struct page *p, const struct findings *f)
{
    const enum check_level worst = findings_worst(f);
    const size_t limits = count_level(f, CHECK_LIMITS);
    const enum check_level shown = worst == CHECK_UNKNOWN ? CHECK_FINE : worst;
    begin(p, shown);
    if (shown == CHECK_BROKEN)
        sink_text(&p->words, "squall cannot run on this host. ");
    else if (limits > 0)
        sink_format(&p->words, "squall can run on this host; %zu finding%s limit%s some loads. ",
                    limits, limits == 1 ? "" : "s", limits == 1 ? "s" : "");
    else
        sink_text(&p->words, "squall can run on this host, and nothing that was found limits it.");
    if (shown != CHECK_FINE)
        sink_text(&p->words, "What mends it, as a script to read: squall\tdoctor\t--fix");
    paragraph_write(&p->out, &p->style, NULL, shown == CHECK_FINE ? TONE_GOOD : levels[shown].tone,
                    &p->words);
}

int findings_text(char **ret_text, const struct findings *f, const struct report_text_style *style)
{
    struct page p = { .style = *style };
    if (p.style.columns < COLUMNS_MIN)
        p.style.columns = COLUMNS_MIN;
    sink_init(&p.out);
    sink_init(&p.words);
    for (size_t i = 0; i < f->count; i++) {
        if (i > 0 && f->items[i].check->group != f->items[i - 1].check->group)
            sink_text(&p.out, "\n");
        write_finding(&p, &f->items[i]);
    }
    sink_text(&p.out, "\n");
    write_verdict(&p, f);
    sink_close(&p.words);
    return sink_finish(&p.out, ret_text);
}
