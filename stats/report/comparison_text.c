#include "stats/report/comparison.h"

#include <stdlib.h>

#include "stats/report/figure.h"
#include "stats/report/glyph.h"
#include "stats/report/paragraph.h"
#include "stats/report/sink.h"
#include "stats/report/table.h"

static enum tone tone_of(enum comparison_verdict verdict)
{
    switch (verdict) {
    case COMPARISON_LOWER:
        return TONE_GOOD;
    case COMPARISON_HIGHER:
        return TONE_BAD;
    case COMPARISON_NOTHING:
    case COMPARISON_TOO_SHORT:
    case COMPARISON_OVERLAP:
        break;
    }
    return TONE_PLAIN;
}

static void add_row(struct table *t, const struct comparison_row *row)
{
    const struct summary_row *endpoint = comparison_endpoint(row);

    for (int f = 0; f < COMPARISON_FIGURE_COUNT; f++) {
        const struct comparison_pair *pair = &row->pairs[f];
        const enum tone tone = tone_of(pair->verdict);
        table_add(t, TONE_PLAIN, f == 0 ? endpoint->method : "");
        table_add(t, TONE_PLAIN, f == 0 ? endpoint->name : "");
        table_add(t, TONE_DIM, comparison_titles[f]);
        table_add(t, TONE_PLAIN,
                  comparison_figure_text((enum comparison_figure)f, pair->base).text);
        table_add(t, tone, comparison_figure_text((enum comparison_figure)f, pair->now).text);
        table_add(t, tone, figure_rate(pair->ratio).text);
        table_add(t, tone, comparison_verdict_word(pair->verdict));
    }
}

static void write_rows(struct sink *out, const struct comparison *c,
                       const struct report_text_style *style)
{
    static const struct table_column columns[] = {
        { "Type", .is_left = true, .cut = TABLE_CUT_END, .narrow = 7 },
        { "Name", .is_left = true, .cut = TABLE_CUT_MIDDLE, .narrow = 16 },
        { "", .is_left = true },
        { "Base" },
        { "New" },
        { "New/base" },
        { "95 % ranges", .is_left = true },
    };
    struct table t;

    table_init(&t, style, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < c->row_count; i++) {
        if (i + 1u == c->row_count)
            table_add_rule(&t);
        add_row(&t, &c->rows[i]);
    }
    table_write(&t, out);
    table_close(&t);
}

static void write_changes(struct sink *out, const struct comparison *c,
                          const struct report_text_style *style)
{
    static const struct table_column columns[] = {
        { "Configured otherwise", .is_left = true },
        { "Base", .is_left = true, .cut = TABLE_CUT_MIDDLE, .narrow = 12 },
        { "New", .is_left = true, .cut = TABLE_CUT_MIDDLE, .narrow = 12 },
    };
    struct table t;

    if (c->change_count == 0) {
        sink_text(out, " Nothing was configured otherwise.\n");
        return;
    }
    table_init(&t, style, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < c->change_count; i++) {
        const struct comparison_change *change = &c->changes[i];
        table_add(&t, TONE_PLAIN, change->label);
        table_add(&t, TONE_PLAIN, change->base);
        table_add(&t, TONE_PLAIN, change->now);
    }
    table_write(&t, out);
    table_close(&t);
}

int comparison_text(char **ret_text, const struct comparison *c,
                    const struct report_text_style *style)
{
    char *findings = comparison_findings(c);
    struct sink out, words;

    sink_init(&out);
    sink_init(&words);
    out.has_failed = findings == NULL;
    glyph_write_visible(&words, findings == NULL ? "" : findings, style->unicode);
    free(findings);
    paragraph_write(&out, style, NULL, TONE_STRONG, &words);
    sink_text(&words, COMPARISON_NO_PROOF);
    paragraph_write(&out, style, NULL, TONE_WARNING, &words);
    sink_text(&out, "\n");
    write_rows(&out, c, style);
    sink_text(&out, "\n");
    write_changes(&out, c, style);
    sink_close(&words);
    return sink_finish(&out, ret_text);
}
