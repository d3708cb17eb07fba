/* scene — a simulated run of a scenario as users write it, against a server whose answers are a
 * table and that keeps a log of what it is asked. */
#ifndef SQUALL_TESTS_SIM_SCENE_H
#define SQUALL_TESTS_SIM_SCENE_H

#include "tests/sim/sim.h"

#define SCENE_LOG_MAX 65536u

/* How one kind of request is answered. */
struct scene_reply {
    const char *request; /* "GET /a"; NULL ends the table */
    uint16_t status;     /* 0 = 200 */
    const char *headers; /* more of them, each with its line end; NULL = none */
    const char *body;    /* NULL = "ok" */
    size_t body_len;     /* 0 = up to its NUL */
    enum fate fate;
    uint64_t delay_ns; /* 0 = 10 ms */
};

struct scene {
    struct plan *plan;
    struct sim_config config;
    struct sim_result result;
    const struct scene_reply *replies; /* what is not in it is answered with 200 "ok" after 10 ms */
    bool logs_heads;         /* the log has every head instead of methods and targets alone */
    char log[SCENE_LOG_MAX]; /* "GET /a, POST /b, " */
    size_t log_len;
};

/* Reads the scenario; a mistake in it fails the test. All users start at once, whatever it says.
 * Files it names are in tests/data/scenes. */
void scene_open(struct scene *s, const char *scenario);

/* Runs it. What the audit finds fails the test. */
void scene_run(struct scene *s);
void scene_close(struct scene *s);

/* Requests counted in the row of that name. */
uint64_t scene_count(const struct scene *s, const char *name, enum outcome o);
uint64_t scene_counter(const struct scene *s, enum counter c);

/* Failures whose message is this. */
uint64_t scene_failures(const struct scene *s, const char *message);

/* How often the log has `text`. */
unsigned scene_logged(const struct scene *s, const char *text);

#endif
