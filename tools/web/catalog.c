#include "tools/web/catalog.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/json_writer.h"
#include "tools/cli/command.h"
#include "tools/cli/planning.h"

#define STAND_IN_HOST "http://127.0.0.1"
#define DECIMALS      3u

/* Reads it without showing what is wrong. */
static int read_quietly(struct plan **ret_plan, const struct options *o)
{
    FILE *nowhere = fopen("/dev/null", "we");
    fault_set_stream(nowhere);
    const int code = planning_from_file(ret_plan, o);
    fault_set_stream(NULL);
    if (nowhere != NULL)
        (void)fclose(nowhere);
    return code;
}

/* A scenario may leave it to the form to name a host. */
static int read_entry(struct catalog_entry *e, const struct options *base)
{
    struct options o = *base;
    o.subject = e->file;
    e->has_host = true;
    if (read_quietly(&e->plan, &o) == EXIT_DONE)
        return EXIT_DONE;
    o.host = STAND_IN_HOST;
    if (base->host == NULL && read_quietly(&e->plan, &o) == EXIT_DONE) {
        e->has_host = false;
        return EXIT_DONE;
    }
    o.host = base->host;
    return planning_from_file(&e->plan, &o);
}

int catalog_open(struct catalog **ret_catalog, const struct options *o)
{
    struct catalog *c = calloc(1, sizeof *c);
    if (c == NULL) {
        fault_note("no memory");
        return EXIT_HOST;
    }
    c->count = o->subjects.count > 0 ? o->subjects.count : 1;
    for (size_t i = 0; i < c->count; i++) {
        c->entries[i].file = o->subjects.count > 0 ? o->subjects.items[i] : NULL;
        const int code = read_entry(&c->entries[i], o);
        if (code != EXIT_DONE) {
            catalog_close(c);
            return code;
        }
    }
    *ret_catalog = c;
    return EXIT_DONE;
}

void catalog_close(struct catalog *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->count; i++)
        plan_close(c->entries[i].plan);
    free(c);
}

/* ---- JSON ---- */

static double value_of(struct ratio rate)
{
    return rate.num == 0 ? NAN : (double)rate.num / (double)rate.den;
}

static void write_tags(struct json_writer *w, const struct plan *plan)
{
    json_open_array_line(w, "tags");
    for (uint32_t i = 0; i < plan->tag_count; i++)
        json_put_string(w, NULL, plan->tags[i]);
    json_close(w);
}

/* Those that --tags names: several may stand in one text, as in 'slow,smoke'. */
static void write_chosen_tags(struct json_writer *w, const struct options *o)
{
    json_open_array_line(w, "tags");
    for (size_t i = 0; i < o->tags.count; i++) {
        const char *rest = o->tags.items[i];
        while (*rest != '\0') {
            const size_t len = strcspn(rest, ",");
            char *tag = strndup(rest, len);
            json_put_string(w, NULL, tag);
            free(tag);
            rest += len + (rest[len] == ',');
        }
    }
    json_close(w);
}

static void write_load(struct json_writer *w, const struct plan_load *load)
{
    if (load->is_open)
        json_put_null(w, "users");
    else
        json_put_count(w, "users", load->users);
    json_put_number(w, "spawn_rate", load->is_open ? NAN : value_of(load->spawn_rate), DECIMALS);
}

void catalog_write(struct json_writer *w, const struct catalog *c)
{
    json_open_array(w, "scenarios");
    for (size_t i = 0; i < c->count; i++) {
        const struct catalog_entry *e = &c->entries[i];
        const struct plan_load *load = &e->plan->load;
        json_open_object_line(w, NULL);
        json_put_string(w, "name", e->file != NULL ? e->file : "GET /");
        json_put_string(w, "file", e->file);
        json_put_string(w, "host", e->has_host ? e->plan->host : NULL);
        write_load(w, load);
        json_put_number(w, "run_time_s",
                        load->duration_ns == 0 ? NAN : (double)load->duration_ns / 1e9, DECIMALS);
        write_tags(w, e->plan);
        json_put_bool(w, "open_loop", load->is_open);
        json_put_bool(w, "has_stages", load->stage_count > 0);
        json_close(w);
    }
    json_close(w);
}

/* As the command line would read it again: "90s", "250ms". */
static void write_time(struct json_writer *w, const char *key, uint64_t ns)
{
    char text[40] = "";
    if (ns != 0 && ns % 1000000000 == 0)
        (void)snprintf(text, sizeof text, "%" PRIu64 "s", ns / 1000000000);
    else if (ns != 0)
        (void)snprintf(text, sizeof text, "%" PRIu64 "ms", ns / 1000000);
    json_put_string(w, key, text);
}

static void write_rate(struct json_writer *w, const struct options *o)
{
    char text[48] = "";
    const struct ratio rate = o->rate.per_s;
    if (o->rate.given && rate.den == 1)
        (void)snprintf(text, sizeof text, "%" PRIu64, rate.num);
    else if (o->rate.given)
        (void)snprintf(text, sizeof text, "%" PRIu64 "/%" PRIu64, rate.num, rate.den);
    json_put_string(w, "rate", text);
}

void catalog_write_form(struct json_writer *w, const struct plan *plan, const struct options *o,
                        bool has_host)
{
    json_open_object_line(w, "form");
    write_load(w, &plan->load);
    json_put_string(w, "host", has_host ? plan->host : "");
    write_time(w, "run_time",
               plan->load.stage_count > 0 && !o->duration.given ? 0 : plan->load.duration_ns);
    write_rate(w, o);
    json_put_string(w, "scenario", plan->file != NULL ? plan->file : "GET /");
    write_chosen_tags(w, o);
    json_close(w);
}
