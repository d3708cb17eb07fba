#include "stats/report/comparison.h"

#include "stats/report/json_writer.h"
#include "stats/report/sink.h"

static void write_run(struct json_writer *w, const char *key, const struct stored *s)
{
    json_open_object_line(w, key);
    json_put_string(w, "name", s->name);
    json_put_string(w, "scenario", s->scenario);
    json_put_string(w, "host", s->host);
    json_put_string(w, "version", s->version);
    json_put_string(w, "started_at", s->started_at);
    json_put_number(w, "duration_s", s->duration_s, 6);
    json_close(w);
}

static void write_cell(struct json_writer *w, const char *key, const struct comparison_pair *pair)
{
    static const char *const verdicts[] = {
        [COMPARISON_NOTHING] = NULL,      [COMPARISON_TOO_SHORT] = "too_short",
        [COMPARISON_OVERLAP] = "overlap", [COMPARISON_LOWER] = "faster",
        [COMPARISON_HIGHER] = "slower",
    };

    json_open_object_line(w, key);
    json_put_number(w, "base", pair->base, 9);
    json_put_number(w, "new", pair->now, 9);
    json_put_number(w, "ratio", pair->ratio, 9);
    json_put_string(w, "ranges", verdicts[pair->verdict]);
    json_close(w);
}

static void write_row(struct json_writer *w, const char *key, const struct comparison_row *row)
{
    const struct summary_row *endpoint = comparison_endpoint(row);

    json_open_object(w, key);
    if (key == NULL) {
        json_put_string(w, "method", endpoint->method);
        json_put_string(w, "name", endpoint->name);
        json_put_bool(w, "in_base", row->base != NULL);
        json_put_bool(w, "in_new", row->now != NULL);
    }
    for (int f = 0; f < COMPARISON_FIGURE_COUNT; f++)
        write_cell(w, comparison_keys[f], &row->pairs[f]);
    json_close(w);
}

static void write_changes(struct json_writer *w, const struct comparison *c)
{
    json_open_array(w, "changes");
    for (size_t i = 0; i < c->change_count; i++) {
        const struct comparison_change *change = &c->changes[i];
        json_open_object_line(w, NULL);
        json_put_string(w, "section", change->section);
        json_put_string(w, "key", change->key);
        json_put_string(w, "base", change->base);
        json_put_string(w, "new", change->now);
        json_close(w);
    }
    json_close(w);
}

int comparison_json(char **ret_text, const struct comparison *c)
{
    struct sink out;
    struct json_writer w;

    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    json_put_string(&w, "schema", "squall/comparison/1");
    json_put_string(&w, "mind", COMPARISON_NO_PROOF);
    write_run(&w, "base", c->base);
    write_run(&w, "new", c->now);
    write_changes(&w, c);
    write_row(&w, "total", &c->rows[c->row_count - 1u]);
    json_open_array(&w, "requests");
    for (size_t i = 0; i + 1u < c->row_count; i++)
        write_row(&w, NULL, &c->rows[i]);
    json_close(&w);
    json_close(&w);
    sink_text(&out, "\n");
    return sink_finish(&out, ret_text);
}
