#include "stats/report/comparison.h"

#include <stdlib.h>

#include "stats/report/figure.h"
#include "stats/report/markup.h"
#include "stats/report/sink.h"

static const char page_head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" "
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<title>squall: two runs</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;font-weight:bold;padding:1.5rem 0 .5rem}\n"
    "th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #8884}\n"
    "th:first-child,td:first-child,.text{text-align:left;overflow-wrap:anywhere}\n"
    "tbody tr.first td,tbody tr.first th{border-top:2px solid #8888}\n"
    ".slower{color:#b3261e;font-weight:bold}.faster{color:#1b6e3c;font-weight:bold}\n"
    ".mind{border-left:.3rem solid #b06000;padding-left:.8rem}\n"
    "@media(prefers-color-scheme:dark){.slower{color:#ff8a80}.faster{color:#7bd88f}}\n"
    "@media print{body{margin:0;max-width:none;font-size:10pt}tr{break-inside:avoid}}\n"
    "</style>\n</head>\n<body>\n<h1>Two runs</h1>\n";

static void write_cell(struct sink *out, const char *tag, const char *class_name, const char *text)
{
    sink_format(out, class_name == NULL ? "<%s>" : "<%s class=\"%s\">", tag, class_name);
    markup_write(out, text);
    sink_format(out, "</%s>", tag);
}

static const char *class_of(enum comparison_verdict verdict)
{
    if (verdict == COMPARISON_HIGHER)
        return "text slower";
    return verdict == COMPARISON_LOWER ? "text faster" : "text";
}

static void write_endpoint(struct sink *out, const struct summary_row *endpoint)
{
    sink_format(out, "<th scope=\"rowgroup\" rowspan=\"%d\">", COMPARISON_FIGURE_COUNT);
    markup_write(out, endpoint->method);
    sink_text(out, " ");
    markup_write(out, endpoint->name);
    sink_text(out, "</th>");
}

static void write_row(struct sink *out, const struct comparison_row *row)
{
    for (int f = 0; f < COMPARISON_FIGURE_COUNT; f++) {
        const struct comparison_pair *pair = &row->pairs[f];
        const enum comparison_figure figure = (enum comparison_figure)f;
        sink_text(out, f == 0 ? "<tr class=\"first\">" : "<tr>");
        if (f == 0)
            write_endpoint(out, comparison_endpoint(row));
        write_cell(out, "td", "text", comparison_titles[f]);
        write_cell(out, "td", NULL, comparison_figure_text(figure, pair->base).text);
        write_cell(out, "td", NULL, comparison_figure_text(figure, pair->now).text);
        write_cell(out, "td", NULL, figure_rate(pair->ratio).text);
        write_cell(out, "td", class_of(pair->verdict), comparison_verdict_word(pair->verdict));
        sink_text(out, "</tr>\n");
    }
}

static void write_run(struct sink *out, const char *label, const struct stored *s)
{
    sink_text(out, "<tr>");
    write_cell(out, "th", NULL, label);
    write_cell(out, "td", "text", comparison_title(s));
    write_cell(out, "td", "text", s->host == NULL ? "-" : s->host);
    write_cell(out, "td", "text", s->started_at == NULL ? "-" : s->started_at);
    write_cell(out, "td", NULL, figure_seconds(s->duration_s).text);
    write_cell(out, "td", "text", s->version == NULL ? "-" : s->version);
    sink_text(out, "</tr>\n");
}

static void write_changes(struct sink *out, const struct comparison *c)
{
    if (c->change_count == 0) {
        sink_text(out, "<p>Nothing was configured otherwise.</p>\n");
        return;
    }
    sink_text(out, "<table><caption>Configured otherwise</caption><thead><tr><th></th>"
                   "<th class=\"text\">Base</th><th class=\"text\">New</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < c->change_count; i++) {
        sink_text(out, "<tr>");
        write_cell(out, "th", NULL, c->changes[i].label);
        write_cell(out, "td", "text", c->changes[i].base);
        write_cell(out, "td", "text", c->changes[i].now);
        sink_text(out, "</tr>\n");
    }
    sink_text(out, "</tbody></table>\n");
}

int comparison_html(char **ret_text, const struct comparison *c)
{
    char *findings = comparison_findings(c);
    struct sink out;

    sink_init(&out);
    out.has_failed = findings == NULL;
    sink_text(&out, page_head);
    write_cell(&out, "p", NULL, findings == NULL ? "" : findings);
    free(findings);
    write_cell(&out, "p", "mind", COMPARISON_NO_PROOF);
    sink_text(&out, "<table><caption>Runs</caption><thead><tr><th></th><th class=\"text\">Name</th>"
                    "<th class=\"text\">Host</th><th class=\"text\">Started</th><th>Length</th>"
                    "<th class=\"text\">squall</th></tr></thead><tbody>\n");
    write_run(&out, "Base", c->base);
    write_run(&out, "New", c->now);
    sink_text(&out, "</tbody></table>\n<table><caption>Requests</caption><thead><tr><th>Request"
                    "</th><th></th><th>Base</th><th>New</th><th>New/base</th>"
                    "<th class=\"text\">95 % ranges</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < c->row_count; i++)
        write_row(&out, &c->rows[i]);
    sink_text(&out, "</tbody></table>\n");
    write_changes(&out, c);
    sink_text(&out, "</body>\n</html>\n");
    return sink_finish(&out, ret_text);
}
