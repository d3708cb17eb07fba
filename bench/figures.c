#include "bench/figures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine.h"
#include "stats/report/json_writer.h"
#include "stats/report/sink.h"

static void write_one(struct json_writer *w, const struct figures *f)
{
    json_open_object_line(w, NULL);
    json_put_string(w, "name", f->name);
    if (f->skipped != NULL) {
        json_put_string(w, "skipped", f->skipped);
    } else {
        json_put_number(w, "min_ns", f->min_ns, 2);
        json_put_number(w, "median_ns", f->median_ns, 2);
        json_put_number(w, "max_ns", f->max_ns, 2);
        json_put_number(w, "spread_percent", (f->max_ns - f->min_ns) / f->median_ns * 100, 1);
        if (f->beside != NULL) {
            json_put_string(w, "beside", f->beside);
            json_put_number(w, "ratio", f->ratio, 3);
        }
    }
    json_close(w);
}

static int write_text(const char *path, const char *text)
{
    if (strcmp(path, "-") == 0)
        return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? 0 : -EIO;
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return -errno;
    const bool is_written = fputs(text, file) >= 0;
    return fclose(file) == 0 && is_written ? 0 : -EIO;
}

int figures_write(const char *path, const struct machine *m, bool is_quick,
                  const struct figures *all, size_t count)
{
    struct sink sink;
    struct json_writer w;
    char *text;

    sink_init(&sink);
    json_writer_init(&w, &sink);
    json_open_object(&w, NULL);
    json_put_string(&w, "version", SQUALL_VERSION);
    json_put_string(&w, "cpu", m->cpu);
    json_put_string(&w, "governor", m->governor);
    json_put_string(&w, "kernel", m->kernel);
    json_put_integer(&w, "pinned_to", m->pinned_to);
    json_put_bool(&w, "quick", is_quick);
    json_open_array(&w, "benches");
    for (size_t i = 0; i < count; i++)
        write_one(&w, &all[i]);
    json_close(&w);
    json_close(&w);
    sink_text(&sink, "\n");

    int rc = sink_finish(&sink, &text);
    if (rc < 0)
        return rc;
    rc = write_text(path, text);
    free(text);
    return rc;
}
