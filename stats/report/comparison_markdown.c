#include "stats/report/comparison.h"

#include <stdlib.h>

#include "stats/report/figure.h"
#include "stats/report/markup.h"
#include "stats/report/sink.h"

static void write_run(struct sink *out, const char *label, const struct stored *s)
{
    sink_format(out, "- %s: ", label);
    markup_write_code(out, comparison_title(s));
    sink_text(out, " ");
    markup_write_code(out, s->started_at == NULL ? "" : s->started_at);
    sink_format(out, " %s\n", figure_seconds(s->duration_s).text);
}

static void write_row(struct sink *out, const struct comparison_row *row)
{
    const struct summary_row *endpoint = comparison_endpoint(row);

    for (int f = 0; f < COMPARISON_FIGURE_COUNT; f++) {
        const struct comparison_pair *pair = &row->pairs[f];
        const enum comparison_figure figure = (enum comparison_figure)f;
        sink_text(out, "| ");
        if (f == 0 && endpoint->method[0] == '\0') {
            sink_text(out, "**all**");
        } else if (f == 0) {
            markup_write_code(out, endpoint->method);
            sink_text(out, " ");
            markup_write_code(out, endpoint->name);
        }
        sink_format(out, " | %s | %s", comparison_titles[f],
                    comparison_figure_text(figure, pair->base).text);
        sink_format(out, " | %s", comparison_figure_text(figure, pair->now).text);
        sink_format(out, " | %s | %s |\n", figure_rate(pair->ratio).text,
                    comparison_verdict_word(pair->verdict));
    }
}

static void write_changes(struct sink *out, const struct comparison *c)
{
    if (c->change_count == 0) {
        sink_text(out, "\nNothing was configured otherwise.\n");
        return;
    }
    sink_text(out, "\n| Configured otherwise | base | new |\n| :-- | :-- | :-- |\n");
    for (size_t i = 0; i < c->change_count; i++) {
        sink_format(out, "| %s | ", c->changes[i].label);
        markup_write_code(out, c->changes[i].base);
        sink_text(out, " | ");
        markup_write_code(out, c->changes[i].now);
        sink_text(out, " |\n");
    }
}

int comparison_markdown(char **ret_text, const struct comparison *c)
{
    char *findings = comparison_findings(c);
    struct sink out;

    sink_init(&out);
    out.has_failed = findings == NULL;
    sink_text(&out, "### squall: two runs\n\n");
    markup_write_plain(&out, findings == NULL ? "" : findings);
    free(findings);
    sink_text(&out, "\n\n**" COMPARISON_NO_PROOF "**\n\n");
    write_run(&out, "base", c->base);
    write_run(&out, "new", c->now);
    sink_text(&out, "\n| Request | | base | new | new/base | 95 % ranges |\n"
                    "| :-- | :-- | --: | --: | --: | :-- |\n");
    for (size_t i = 0; i < c->row_count; i++)
        write_row(&out, &c->rows[i]);
    write_changes(&out, c);
    return sink_finish(&out, ret_text);
}
