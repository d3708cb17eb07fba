/* plan — what the users of a run will do: immutable, shared by all cores, one arena.
 *
 * A scenario file and a URL on the command line both become a plan; the engine knows nothing else.
 * Built before the run, read-only afterwards, dies whole with plan_close().
 *
 * users --(kind by weight)--> kind --(task by weight)--> task --> steps, in order
 *                                                        step: request | set a variable
 */
#ifndef SQUALL_ENGINE_PLAN_PLAN_H
#define SQUALL_ENGINE_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/plan/quantity.h"
#include "http/capture.h"
#include "http/template.h"
#include "stats/failure.h"
#include "stats/summary.h"

struct arena;

#define PLAN_NONE         UINT32_MAX
#define PLAN_CAPTURES_MAX 64u /* out of one response */
#define PLAN_VARIABLE_BYTES_MAX                                                                    \
    4096u /* a user's variable holds at most so much; request_bytes_max relies on it */

/* A value known only at run time; a template's slot is an index into plan.expressions. */
enum expression_kind {
    EXPRESSION_VARIABLE, /* ${name}: the user's variable `variable`; -ENODATA while unset */
    EXPRESSION_RANDOM,   /* ${random(a, b)}: uniform integer, both ends included */
    EXPRESSION_UUID      /* ${uuid()}: version 4, from the user's generator */
};

struct expression {
    enum expression_kind kind;
    uint32_t variable;
    int64_t low, high;
    const char *text; /* as written, for messages */
};

struct plan_request {
    struct template template;
    uint32_t endpoint;  /* row it is counted under */
    bool is_head;       /* method HEAD: the answer has no body */
    bool is_idempotent; /* RFC 9110 section 9.2.2 */
    uint64_t timeout_ns;
    const struct capture *captures;
    uint32_t capture_count;
    bool wants_body, wants_headers; /* some capture looks at them */
    uint64_t status_expected[16];   /* bit per status 0..1023 that is a success */
    bool expects_status;
};

enum step_kind { STEP_REQUEST, STEP_SET };

struct plan_step {
    enum step_kind kind;
    uint32_t request;             /* STEP_REQUEST: index into plan.requests */
    uint32_t variable;            /* STEP_SET: variable that gets … */
    const struct template *value; /* … this, rendered; its head pieces only */
};

enum wait_kind {
    WAIT_NONE,
    WAIT_CONSTANT,    /* low_ns */
    WAIT_UNIFORM,     /* low_ns..high_ns */
    WAIT_EXPONENTIAL, /* mean low_ns */
    WAIT_PACING       /* a task starts every low_ns; none is caught up */
};

struct wait_rule {
    enum wait_kind kind;
    uint64_t low_ns, high_ns;
};

struct plan_task {
    const char *name;
    uint64_t weight;
    const struct plan_step *steps;
    uint32_t step_count;
};

/* Vose's alias table: one random number picks by weight in constant time. */
struct alias_table {
    uint32_t count;
    const uint64_t *threshold; /* of 2^32 */
    const uint32_t *alias;
};

struct plan_kind {
    const char *name;
    uint64_t weight;
    struct wait_rule wait;
    const struct plan_step *on_start;
    uint32_t on_start_count;
    const struct plan_task *tasks;
    uint32_t task_count;
    struct alias_table choice;
};

/* How much, for how long. Zero means "not given" unless said otherwise. */
struct plan_load {
    bool is_open; /* arrivals at `rate`, not users */
    bool is_poisson;
    struct ratio rate;       /* arrivals per second */
    uint32_t users;          /* closed loop: users (URL form: connections * pipeline) */
    struct ratio spawn_rate; /* users per second; num 0 = all at once */
    uint32_t connections;    /* URL form and open loop: at most so many; 0 = one per user */
    uint32_t pipeline;       /* requests in flight per connection, at least 1 */
    uint64_t requests_per_connection; /* 0 = no limit */
    uint64_t requests_max;            /* stop after exactly so many; 0 = no limit */
    uint64_t duration_ns;             /* 0 = no limit */
    uint64_t timeout_ns;              /* for one request */
    uint64_t grace_ns;                /* for requests in flight at the end */
    uint64_t seed;
};

struct plan {
    struct arena *arena;
    const char *file;         /* scenario file, NULL for a URL */
    const char *host;         /* as given: "http://127.0.0.1:8000" */
    const char *connect_host; /* name or address to connect to, no brackets */
    uint16_t connect_port;
    bool is_tls;
    struct plan_load load;
    const struct expression *expressions;
    uint32_t expression_count;
    const char *const *variables; /* names; session headers are variables named "header Name" */
    uint32_t variable_count;
    const struct plan_request *requests;
    uint32_t request_count;
    const struct endpoint_name *endpoints; /* method and name of each row */
    uint32_t endpoint_count;
    const struct plan_kind *kinds;
    uint32_t kind_count;
    uint32_t request_bytes_max; /* buffer that any rendered request of the plan must fit in */
};

/* What a URL on the command line means. */
struct plan_url_options {
    const char *url;
    const char *method;         /* NULL = GET, or POST when there is a body */
    const char *const *headers; /* "Name: value" */
    size_t header_count;
    const char *body; /* NULL = none */
    size_t body_bytes;
    uint32_t connections, pipeline;
    struct plan_load load; /* all but users, connections, pipeline */
};

struct diag_list;

/* 0, -EINVAL with at least one entry in `diags`, or -ENOMEM. */
int plan_from_url(struct plan **ret_plan, const struct plan_url_options *o,
                  struct diag_list *diags);

/* What the command line puts over the file; NULL or 0 with `has_…` false = as the file says. */
struct plan_overrides {
    const char *host;
    const char *const *headers;
    size_t header_count;
    bool has_users, has_spawn_rate, has_duration, has_requests, has_timeout, has_rate, has_grace;
    uint32_t users;
    struct ratio spawn_rate, rate;
    bool is_poisson;
    uint64_t duration_ns, requests_max, timeout_ns, grace_ns, requests_per_connection, seed;
    uint32_t pipeline;    /* 0 = 1 */
    uint32_t connections; /* 0 = one per user */
};

/* Reads, checks and builds a scenario. Every mistake found goes to `diags`; -EINVAL when there was
 * one. */
int plan_from_file(struct plan **ret_plan, const char *path, const struct plan_overrides *over,
                   struct diag_list *diags);

/* The same from bytes in memory, named `path` in messages; for tests and fuzzing. */
int plan_from_text(struct plan **ret_plan, const char *path, const char *text, size_t len,
                   const struct plan_overrides *over, struct diag_list *diags);

void plan_close(struct plan *p);

/* The plan in words, for `squall check`: users, load, each task with its share and its requests.
 * malloc'd, NULL = no memory. */
char *plan_describe(const struct plan *p);

#endif
