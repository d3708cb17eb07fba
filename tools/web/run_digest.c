#include "tools/web/run_digest.h"

#include <string.h>

/* json_null() and json_string() are also the names of what writes reports: json_pack() is used here
 * in their place. */

#define TEXT_MAX 400u /* bytes of a value that a list shows */

bool run_is_one(const json_t *run)
{
    const char *schema = json_string_value(json_object_get(run, "schema"));
    return schema != NULL && strcmp(schema, "squall/1") == 0;
}

/* A longer one is cut between two characters. */
static json_t *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL)
        return json_pack("n");
    size_t len = strlen(text);
    if (len > TEXT_MAX)
        for (len = TEXT_MAX; len > 0 && ((unsigned char)text[len] & 0xC0u) == 0x80u;)
            len--;
    return json_stringn(text, len);
}

static json_t *number_of(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_incref(value) : json_pack("n");
}

json_t *run_digest(const json_t *run, const char *id)
{
    const json_t *total = json_object_get(run, "total");
    const json_t *latency = json_object_get(total, "latency_us");
    const json_t *load = json_object_get(run, "load");
    const json_t *generator = json_object_get(run, "generator");
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", id,
                     "name", text_of(run, "name"), "note", text_of(run, "note"), "started_at",
                     text_of(run, "started_at"), "duration_s", number_of(run, "duration_s"),
                     "scenario", text_of(run, "scenario"), "host", text_of(run, "host"), "users",
                     number_of(load, "users"), "rps", number_of(total, "rps"), "p50_us",
                     number_of(latency, "p50"), "p99_us", number_of(latency, "p99"), "fail_ratio",
                     number_of(total, "fail_ratio"), "verdict", text_of(generator, "verdict"));
}

const char *run_digest_started_at(const json_t *digest)
{
    const char *text = json_string_value(json_object_get(digest, "started_at"));
    return text != NULL ? text : "";
}
