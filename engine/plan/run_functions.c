#include <time.h>

#include "engine/plan/function.h"

#define NS_PER_S  1000000000
#define NS_PER_MS 1000000

struct value run_sequence(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    return value_integer((int64_t)e->scope->sequence(e->scope->context));
}

/* What strftime() makes of the moment in UTC. */
static struct value format_now(struct evaluator *e, struct span format)
{
    const time_t now_s = (time_t)(e->scope->now_ns / NS_PER_S);
    char pattern[256];
    struct tm utc;
    if (format.len == 0 || format.len >= sizeof(pattern) || gmtime_r(&now_s, &utc) == NULL)
        return value_none();
    memcpy(pattern, format.bytes, format.len);
    pattern[format.len] = '\0';
    char *out = evaluator_room(e, VALUE_TEXT_MAX);
    const size_t len = out == NULL ? 0 : strftime(out, VALUE_TEXT_MAX, pattern, &utc);
    return len == 0 ? value_none() : value_text(evaluator_keep(e, len));
}

struct value run_now(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span format;
    if (count == 0)
        return value_integer(e->scope->now_ns / NS_PER_S);
    return value_as_text(e, &arguments[0], &format) ? format_now(e, format) : value_none();
}

struct value run_now_ms(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    return value_integer(e->scope->now_ns / NS_PER_MS);
}
