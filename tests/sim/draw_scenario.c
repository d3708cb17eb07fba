#include "tests/sim/draw_scenario.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 3u /* of blocks and of sets */

struct drawing {
    struct prng *prng;
    char *out;
    size_t len, cap;
    unsigned indent;
    unsigned steps_left; /* so that a scenario stays small */
    unsigned loops;      /* around what is drawn now */
    bool in_set;         /* that can be left */
    bool has_jar;        /* cookies are kept */
};

static bool chance(struct drawing *d, uint64_t percent)
{
    return prng_below(d->prng, 100) < percent;
}

static unsigned below(struct drawing *d, unsigned bound)
{
    return (unsigned)prng_below(d->prng, bound);
}

/* One of them; the last `of_cookies` need a jar. */
static const char *pick(struct drawing *d, const char *const *texts, unsigned count,
                        unsigned of_cookies)
{
    return texts[below(d, d->has_jar ? count : count - of_cookies)];
}
#define PICK(d, texts, of_cookies) pick(d, texts, sizeof(texts) / sizeof((texts)[0]), of_cookies)

__attribute__((format(printf, 2, 3))) static void line(struct drawing *d, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = snprintf(d->out + d->len, d->cap - d->len, "%*s", (int)(2 * d->indent), "");
    d->len += (size_t)written;
    written = vsnprintf(d->out + d->len, d->cap - d->len, format, arguments);
    d->len += (size_t)written;
    written = snprintf(d->out + d->len, d->cap - d->len, "\n");
    d->len += (size_t)written;
    va_end(arguments);
    if (d->len + 512 > d->cap)
        abort(); /* the bounds of what is drawn are wrong */
}

static const char *condition(struct drawing *d)
{
    static const char *const conditions[] = {
        "status == 200",   "ok",
        "not ok",          "random(1, 2) == 1",
        "number % 2 == 0", "length(items) > 3",
        "iteration > 2",   "json('/id') == 7",
        "user == 0",       "cookie('drawn') != none",
    };
    return PICK(d, conditions, 1);
}

/* ---- requests ---- */

static void draw_capture(struct drawing *d)
{
    static const char *const captures[] = {
        "number: json /id",
        "number: { json: /id, default: '3' }",
        "word: { header: X-Drawn, optional: true }",
        "word: header X-Drawn",
        "word: { regex: 'id.*?(\\d)', optional: true }",
        "items: { json: '/list/*', optional: true }",
        "word: { cookie: drawn, default: none }",
    };
    line(d, "  capture: { %s }", PICK(d, captures, 1));
}

static void draw_expectation(struct drawing *d)
{
    static const char *const expectations[] = {
        "status: [200, 404]", "body: { contains: id }", "size: '> 1'", "latency: 20ms",
        "json: { /id: 7 }",   "that: number != 5",      "status: 2xx", "header: { X-Drawn: 1 }",
    };
    line(d, "  expect: { %s }", PICK(d, expectations, 0));
}

static void draw_request(struct drawing *d)
{
    static const char *const targets[] = { "/fixed",          "/${number}",
                                           "/${word}/x",      "/deep/er/path?q=${random(1, 9)}",
                                           "/${person.name}", "http://other.example:8080/there",
                                           "/${pick(items)}", "/fixed/too" };
    static const char *const methods[] = { "get", "get", "get", "head", "post", "put" };
    const unsigned method = below(d, 6);
    line(d, "- %s: \"%s\"", methods[method], PICK(d, targets, 0));
    line(d, "  name: drawn");
    if (method >= 4 && chance(d, 50))
        line(d, "  json: { number: \"${number}\", text: \"a ${word}\" }");
    else if (method >= 4)
        line(d, "  body: fixed bytes");
    if (method != 3 && chance(d, 25))
        draw_capture(d);
    if (method != 3 && chance(d, 20))
        draw_expectation(d);
    if (chance(d, 15))
        line(d, "  record: false");
    if (chance(d, 20))
        line(d, "  redirects: %u", below(d, 4));
    if (chance(d, 10))
        line(d, "  if: %s", condition(d));
}

/* ---- steps ---- */

static void draw_steps(struct drawing *d, unsigned depth);

static void draw_block(struct drawing *d, unsigned depth)
{
    const unsigned kind = d->loops < 4 ? below(d, 4) : 0;
    if (kind == 0)
        line(d, "- %s: %s", chance(d, 50) ? "if" : "unless", condition(d));
    else if (kind == 1)
        line(d, "- repeat: random(0, 3)");
    else if (kind == 2)
        line(d, "- for_each: { word: items }");
    else
        line(d, "- while: %s\n%*s  at_most: %u", condition(d), (int)(2 * d->indent), "",
             1 + below(d, 4));
    line(d, "  steps:");
    d->loops += kind != 0;
    draw_steps(d, depth + 1);
    d->loops -= kind != 0;
    if (kind == 0 && chance(d, 40)) {
        line(d, "  else:");
        draw_steps(d, depth + 1);
    }
}

static void draw_change(struct drawing *d)
{
    static const char *const changes[] = {
        "set: { number: \"${number + 1}\" }",
        "set: { word: \"${random_string(random(1, 40))}\" }",
        "set: { word: \"${person.name}\" }",
        "append: { items: \"${number}\" }",
        "append: { items: \"${random_string(300)}\" }",
        "set: { items: \"${split('a b c', ' ')}\" }",
        "session_headers: { X-Word: \"${word}\" }",
        "feed: person",
        "pause: 1ms..5ms",
        "pause: 0s",
        "cookies: { drawn: \"${number}\" }",
        "clear_cookies: true",
    };
    line(d, "- %s", PICK(d, changes, 2));
}

static void draw_end(struct drawing *d)
{
    const unsigned kind = below(d, 10);
    const char *end = kind == 0 ? "stop_user" : kind < 6 && d->in_set ? "leave" : "skip";
    line(d, "- if: %s", condition(d));
    line(d, "  %s: true", end);
}

static void draw_steps(struct drawing *d, unsigned depth)
{
    d->indent += 2;
    for (unsigned left = 1 + below(d, 3); left > 0; left--) {
        const unsigned kind = below(d, 10);
        if (kind < 5 || d->steps_left == 0)
            draw_request(d);
        else if (kind < 7)
            draw_change(d);
        else if (kind == 7)
            draw_end(d);
        else if (depth < DEPTH_MAX)
            draw_block(d, depth);
        d->steps_left -= d->steps_left > 0;
    }
    if (depth == 0)
        draw_request(d); /* every task has one */
    else
        line(d, "- set: { word: last }"); /* no list of steps is empty */
    d->indent -= 2;
}

/* ---- sets ---- */

static void draw_wait(struct drawing *d)
{
    static const char *const waits[] = { "none", "1ms..9ms", "3ms", "exp 5ms", "pacing 8ms" };
    line(d, "wait: %s", PICK(d, waits, 0));
}

static void draw_tasks(struct drawing *d, unsigned depth)
{
    const bool in_set = d->in_set;
    draw_wait(d);
    if (chance(d, 30)) {
        line(d, "on_start:");
        draw_steps(d, DEPTH_MAX - 1);
    }
    if (chance(d, 30)) {
        line(d, "on_stop:");
        d->in_set = false;
        draw_steps(d, DEPTH_MAX - 1);
        d->in_set = in_set;
    }
    line(d, chance(d, 50) ? "sequence:" : "tasks:");
    d->indent++;
    for (unsigned left = 1 + below(d, 3); left > 0; left--) {
        line(d, "- weight: %u", 1 + below(d, 3));
        d->indent++;
        if (depth < DEPTH_MAX && d->steps_left > 0 && chance(d, 25)) {
            line(d, "name: set %u", depth);
            d->in_set = true;
            draw_tasks(d, depth + 1);
            d->in_set = in_set;
        } else {
            line(d, "steps:");
            d->indent--;
            draw_steps(d, 0);
            d->indent++;
        }
        d->indent--;
    }
    d->indent--;
}

static void draw_load(struct drawing *d)
{
    if (chance(d, 20))
        line(d, "stages: [ { rate: %u, for: %ums }, { rate: %u, over: %ums } ]", 1 + below(d, 400),
             1 + below(d, 100), 1 + below(d, 400), 1 + below(d, 100));
    else if (chance(d, 20))
        line(d, "stages: [ { users: %u, over: %ums }, { users: %u, for: %ums } ]", 1 + below(d, 20),
             1 + below(d, 100), 1 + below(d, 20), 1 + below(d, 100));
    else
        line(d, "run_time: %ums", 1 + below(d, 300));
    if (chance(d, 30))
        line(d, "connections: %u", 1 + below(d, 4));
    else if (chance(d, 10))
        line(d, "connections: per_request");
    d->has_jar = chance(d, 85);
    if (!d->has_jar)
        line(d, "cookies: false");
    if (chance(d, 20))
        line(d, "imitate: locust");
}

void draw_scenario(struct prng *p, char *out, size_t cap)
{
    struct drawing d = { .prng = p, .out = out, .cap = cap, .steps_left = 20 };
    line(&d, "host: http://127.0.0.1");
    line(&d, "hosts: [ 'http://other.example:8080' ]");
    line(&d, "users: %u", 1 + below(&d, 20));
    line(&d, "spawn_rate: %u", 1 + below(&d, 2000));
    line(&d, "timeout: %ums", chance(&d, 50) ? 30000 : 20 + below(&d, 500));
    line(&d, "variables: { number: 1, word: first, items: [] }");
    line(&d, "feeds: { person: { file: people.csv, at_end: %s } }",
         chance(&d, 50) ? "again" : "stop");
    draw_load(&d);
    draw_tasks(&d, 0);
}
