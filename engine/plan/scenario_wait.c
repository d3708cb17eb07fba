#include <stdio.h>

#include "engine/plan/scenario.h"

static const char *const duration_expected = "a duration such as '250ms'";

/* The place of `part`, or where one is missing the whole value's. */
static struct place part_place(const struct node *value, struct span part)
{
    return part.len == 0 ? value->place : node_place_of(value, part);
}

/* One duration of a wait, that stands after or before `where`. */
static bool read_part(struct scenario *s, const struct node *value, struct span part,
                      const char *side, const char *where, uint64_t *ret_ns)
{
    const char *fault = quantity_duration_ns(part, ret_ns);
    if (fault == NULL)
        return true;
    /* In a wait the hours and minutes of the usual words would mislead. */
    const bool is_range = strstr(fault, "at most") != NULL;
    diag_add(s->diags, part_place(value, part), "expected %s %s '%s', found %s",
             is_range ? fault : duration_expected, side, where, diag_quote(part).text);
    return false;
}

static bool read_range(struct scenario *s, const struct node *value, size_t dots,
                       struct wait_rule *ret_wait)
{
    const struct span text = value->text;
    const struct span low = span_trim((struct span){ text.bytes, dots });
    const struct span high = span_trim((struct span){ text.bytes + dots + 2, text.len - dots - 2 });
    struct wait_rule w = { .kind = WAIT_UNIFORM };
    const bool has_low = read_part(s, value, low, "before", "..", &w.low_ns);
    const bool has_high = read_part(s, value, high, "after", "..", &w.high_ns);
    if (!has_low || !has_high)
        return false;
    if (w.low_ns > w.high_ns) {
        scenario_expected(s, value, "the shorter duration first");
        return false;
    }
    *ret_wait = w;
    return true;
}

static bool read_throughput(struct scenario *s, const struct node *value, struct span part,
                            struct wait_rule *ret_wait)
{
    struct ratio rate;
    if (quantity_rate(part, &rate) != NULL) {
        diag_add(s->diags, part_place(value, part),
                 "expected a rate such as '0.5/s' after 'throughput', found %s",
                 diag_quote(part).text);
        return false;
    }
    const unsigned __int128 ns = (unsigned __int128)rate.den * 1000000000 / rate.num;
    *ret_wait = (struct wait_rule){ .kind = WAIT_PACING, .low_ns = (uint64_t)ns };
    return true;
}

static void report_word(struct scenario *s, const struct node *value, struct span word)
{
    static const char *const words[] = { "exp", "pacing", "throughput", "none" };
    char given[32];
    snprintf(given, sizeof(given), "%.*s", (int)(word.len < 31 ? word.len : 31), word.bytes);
    const char *near = diag_nearest(given, words, sizeof(words) / sizeof(words[0]));
    diag_add(s->diags, value->place, "expected %s after %s, found %s%s%s%s", duration_expected,
             diag_quote(value->key->text).text, node_found(value).text,
             near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
             near == NULL ? "" : "'?");
}

/* 'exp 3s', 'pacing 2s': a word and what follows. */
static bool read_worded(struct scenario *s, const struct node *value, struct span word,
                        struct span rest, struct wait_rule *ret_wait)
{
    struct wait_rule w = { .kind = WAIT_EXPONENTIAL };
    const char *name = "exp";
    if (span_equal(word, SPAN_LITERAL("throughput")))
        return read_throughput(s, value, rest, ret_wait);
    if (span_equal(word, SPAN_LITERAL("pacing"))) {
        w.kind = WAIT_PACING;
        name = "pacing";
    } else if (!span_equal(word, SPAN_LITERAL("exp"))) {
        report_word(s, value, word);
        return false;
    }
    if (!read_part(s, value, rest, "after", name, &w.low_ns))
        return false;
    *ret_wait = w;
    return true;
}

static bool is_rule(struct span word)
{
    return span_equal(word, SPAN_LITERAL("exp")) || span_equal(word, SPAN_LITERAL("pacing")) ||
           span_equal(word, SPAN_LITERAL("throughput"));
}

bool scenario_read_wait(struct scenario *s, const struct node *value, struct wait_rule *ret_wait)
{
    char key[66];
    if (!scenario_read_text(s, value, duration_expected))
        return false;
    const struct span text = span_trim(value->text);
    const char *dots = memmem(value->text.bytes, value->text.len, "..", 2);
    if (dots != NULL)
        return read_range(s, value, (size_t)(dots - value->text.bytes), ret_wait);
    const char *blank = memchr(text.bytes, ' ', text.len);
    const size_t first = blank == NULL ? text.len : (size_t)(blank - text.bytes);
    const struct span word = { text.bytes, first };
    const struct span rest = span_trim((struct span){ text.bytes + first, text.len - first });
    struct wait_rule w = { .kind = WAIT_NONE };
    if (rest.len > 0 || is_rule(word))
        return read_worded(s, value, word, rest, ret_wait);
    snprintf(key, sizeof(key), "%.*s", (int)value->key->text.len, value->key->text.bytes);
    if (!span_equal(word, SPAN_LITERAL("none"))) {
        if (!read_part(s, value, text, "after", key, &w.low_ns))
            return false;
        w.kind = w.low_ns == 0 ? WAIT_NONE : WAIT_CONSTANT;
    }
    *ret_wait = w;
    return true;
}
