#include <math.h>

#include "stats/report/json_writer.h"
#include "stats/report/sink.h"
#include "tools/doctor/findings.h"
#include "tools/doctor/ranges.h"
#include "tools/doctor/sums.h"

static const char *const level_names[] = {
    [CHECK_FINE] = "fine",
    [CHECK_UNKNOWN] = "unknown",
    [CHECK_LIMITS] = "limits",
    [CHECK_BROKEN] = "broken",
};

/* What cannot be read, and what has no limit, is null. */
static void write_fact(struct json_writer *w, const char *key, int64_t value)
{
    if (value == READING_UNKNOWN || value == READING_UNLIMITED)
        json_put_null(w, key);
    else
        json_put_integer(w, key, value);
}

static void write_facts(struct json_writer *w, const struct host *h)
{
    char cpus[128];
    const struct cgroup *c = &h->cgroup;
    ranges_write_cpus(&h->cpus.allowed, cpus, sizeof cpus);
    json_open_object(w, "facts");
    json_put_string(w, "kernel", h->kernel.release);
    json_put_string(w, "ring_features", h->ring.error == 0 ? h->ring.features : NULL);
    json_put_string(w, "cpus", cpus);
    json_put_count(w, "cores", (uint64_t)CPU_COUNT(&h->cpus.one_per_core));
    json_put_number(
        w, "cpu_quota",
        c->quota_us == READING_UNLIMITED ? NAN : (double)c->quota_us / (double)c->period_us, 3);
    write_fact(w, "connections_per_worker", sums_files_per_ring(&h->limits));
    write_fact(w, "locked_memory_bytes",
               h->limits.locks_freely ? READING_UNLIMITED : h->limits.locked_bytes);
    write_fact(w, "ports", sums_ports(&h->network));
    json_put_number(w, "opened_per_s", sums_opened_per_s(&h->network, false), 1);
    json_put_number(w, "opened_per_s_on_loopback", sums_opened_per_s(&h->network, true), 1);
    write_fact(w, "memory_available_bytes", host_memory_left(h));
    json_close(w);
}

static void write_costs(struct json_writer *w)
{
    json_open_object(w, "costs");
    json_put_count(w, "user_bytes", SUMS_USER_BYTES);
    json_put_count(w, "connection_bytes", SUMS_CONNECTION_BYTES);
    json_put_count(w, "connection_kernel_bytes", SUMS_KERNEL_BYTES_OUR_SIDE);
    json_close(w);
}

static void write_finding(struct json_writer *w, const struct finding *f)
{
    json_open_object(w, NULL);
    json_put_string(w, "name", f->check->name);
    json_put_string(w, "level", level_names[f->level]);
    json_put_string(w, "sentence", f->sentence);
    json_put_string(w, "remedy", f->remedy[0] == '\0' ? NULL : f->remedy);
    json_put_bool(w, "remedy_is_command", f->is_command);
    json_close(w);
}

int findings_json(char **ret_text, const struct findings *f, const struct host *h)
{
    struct sink out;
    struct json_writer w;
    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    json_put_string(&w, "schema", "squall-doctor/1");
    json_put_string(&w, "version", SQUALL_VERSION);
    json_put_string(&w, "level", level_names[findings_worst(f)]);
    json_open_array(&w, "checks");
    for (size_t i = 0; i < f->count; i++)
        write_finding(&w, &f->items[i]);
    json_close(&w);
    write_facts(&w, h);
    write_costs(&w);
    json_close(&w);
    sink_text(&out, "\n");
    return sink_finish(&out, ret_text);
}
