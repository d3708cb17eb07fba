/* plan — what the users of a run will do: immutable, shared by all cores, one arena.
 *
 * A scenario file and a URL on the command line both become a plan; the engine knows nothing else.
 * Built before the run, read-only afterwards, dies whole with plan_close().
 *
 * users --(kind)--> kind --> set of tasks --(weight or order)--> task --> steps, or a set inside it
 *
 * All steps of a plan stand in one row; a task is the number of its first step and runs to
 * STEP_END. Blocks (if, repeat, while, for_each) are jumps between them, so a user needs to
 * remember no more than where it is and its loop counters.
 */
#ifndef SQUALL_ENGINE_PLAN_PLAN_H
#define SQUALL_ENGINE_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/plan/expression.h"
#include "engine/plan/feed.h"
#include "engine/plan/quantity.h"
#include "http/capture.h"
#include "http/template.h"
#include "stats/failure.h"
#include "stats/summary.h"

struct arena;
struct url;

#define PLAN_NONE          UINT32_MAX
#define PLAN_CAPTURES_MAX  64u /* out of one response */
#define PLAN_LOOPS_MAX     4u  /* one within another */
#define PLAN_TAGS_MAX      64u
#define PLAN_SET_DEPTH_MAX 8u  /* sets of tasks one within another */
#define PLAN_VARIABLE_BYTES_MAX                                                                    \
    4096u /* a user's variable holds at most so much; request_bytes_max relies on it */

/* A server that requests go to: scheme, host and port (RFC 6454). */
struct plan_origin {
    const char *text;         /* "http://127.0.0.1:8000" */
    const char *connect_host; /* name or address to connect to, no brackets */
    uint16_t connect_port;
    bool is_tls;
    struct span host_header;    /* value of the Host header */
    struct span tunnel_request; /* what a proxy is asked before TLS; empty = nothing */
};

/* Something an answer must show besides its status. */
struct plan_check {
    uint32_t expression; /* must hold */
    uint32_t left;    /* what stands before its comparison, for the message; PLAN_NONE = nothing */
    const char *text; /* "json /id > 5" */
};

struct plan_request {
    struct template template; /* without Cookie: that is added from the user's jar */
    uint32_t endpoint;        /* row it is counted under; PLAN_NONE when not is_recorded */
    uint32_t origin;
    bool is_recorded;   /* false: sent, but in no row and no account */
    bool is_head;       /* method HEAD: the answer has no body */
    bool is_idempotent; /* RFC 9110 section 9.2.2 */
    bool says_close;    /* nothing may follow it on its connection: RFC 9112 section 9.6 */
    uint8_t redirects_max;
    uint64_t timeout_ns;
    const struct capture *captures;
    uint32_t capture_count;
    const struct plan_check *checks;
    uint32_t check_count;
    bool wants_body, wants_headers; /* some capture or check looks at them */
    uint64_t status_expected[16];   /* bit per status 0..1023 that is a success */
    bool expects_status;
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

enum step_kind {
    STEP_END,     /* the task is over */
    STEP_REQUEST, /* `index`: request */
    STEP_SET,     /* variable `index` becomes the text `value` (template_render_text()) */
    STEP_ASSIGN,  /* variable `into` becomes what expression `index` gives: a list stays a list,
                     none leaves it without a value */
    STEP_CLEAR,   /* variable `index` has no value */
    STEP_EMPTY,   /* variable `index` becomes the empty list */
    STEP_APPEND,  /* variable `index`, a list, gets one more item: `value` */
    STEP_COOKIE,  /* the cookie `name` of the first origin becomes `value` */
    STEP_FORGET_COOKIES,
    STEP_FEED,        /* the user takes the next row of feed `index`; it stops when there is none */
    STEP_PAUSE,       /* `wait` */
    STEP_JUMP,        /* go on at `target` */
    STEP_JUMP_IF,     /* at `target` when expression `index` holds */
    STEP_JUMP_UNLESS, /* at `target` when it does not */
    STEP_LOOP,        /* counter `counter` becomes expression `index`, 0 at least */
    STEP_LOOP_NEXT,   /* at `target` when `counter` is 0, else it becomes one less */
    STEP_EACH,        /* the item at byte `counter` of list variable `index`, which nothing else
                         uses, goes to variable `into` and the counter behind it; at `target`, with
                         the list forgotten, when there is none */
    STEP_SKIP,        /* the rest of the task is left out */
    STEP_LEAVE,       /* so is the rest of the set: on in the one around it, at once */
    STEP_STOP_USER
};

struct plan_step {
    enum step_kind kind;
    uint32_t index; /* request, variable, feed or expression, see above */
    uint32_t into;
    uint32_t target;
    uint8_t counter;              /* below PLAN_LOOPS_MAX */
    struct span name;             /* STEP_COOKIE */
    const struct template *value; /* STEP_SET, STEP_APPEND, STEP_COOKIE: a text alone */
    bool is_json;          /* `value` is a number, true or false as YAML has them, not a text */
    struct wait_rule wait; /* STEP_PAUSE */
};

struct plan_task {
    const char *name;
    uint64_t weight;     /* 0 when its tags leave it out */
    uint32_t first_step; /* PLAN_NONE: it is a set */
    uint32_t set;        /* PLAN_NONE: it has steps */
};

/* Vose's alias table: one random number picks by weight in constant time. */
struct alias_table {
    uint32_t count;
    const uint64_t *threshold; /* of 2^32 */
    const uint32_t *alias;
};

/* Tasks that are chosen among, or taken in order. */
struct plan_set {
    const char *name;
    uint32_t parent; /* the set around it; PLAN_NONE = a kind's own */
    uint8_t depth;   /* 0 = a kind's own */
    struct wait_rule wait;
    uint32_t on_start, on_stop; /* first step, PLAN_NONE = none */
    const struct plan_task *tasks;
    uint32_t task_count;
    struct alias_table choice;
    const uint16_t *order; /* of a sequence: tasks, each as often as its weight says; else NULL */
    uint32_t order_count;
};

struct plan_kind {
    const char *name;
    uint64_t weight;
    uint32_t fixed_count; /* exactly so many, before all others; 0 = by weight */
    uint32_t setup;       /* first of the steps that give its variables their first values: none of
                             them waits; PLAN_NONE = none */
    uint32_t set;
};

struct plan_stage {
    uint64_t duration_ns;
    struct ratio level; /* users, or requests per second */
    bool is_ramp;       /* in a straight line from the level before; else at once */
};

/* How much, for how long. Zero means "not given" unless said otherwise. */
struct plan_load {
    bool is_open; /* arrivals at `rate`, not users */
    bool is_poisson;
    bool is_shared;          /* `connections` are shared by all users */
    bool imitates_locust;    /* users are spawned in batches, pacing begins with a whole wait,
                                redirects change methods as in Python */
    struct ratio rate;       /* arrivals per second; with stages the highest */
    uint32_t users;          /* closed loop: users (URL form: connections * pipeline); with stages
                                the most */
    struct ratio spawn_rate; /* users per second; num 0 = all at once */
    const struct plan_stage *stages; /* in place of users and spawn_rate, or of rate */
    uint32_t stage_count;
    uint32_t connections; /* URL form and open loop: at most so many; 0 = one per user */
    uint32_t pipeline;    /* requests in flight per connection, at least 1 */
    uint64_t requests_per_connection; /* 0 = no limit */
    uint64_t requests_max;            /* stop after exactly so many; 0 = no limit */
    uint64_t duration_ns;             /* 0 = no limit; of stages all together unless given */
    uint64_t timeout_ns;              /* for one request */
    uint64_t grace_ns;                /* for requests in flight at the end */
    uint64_t seed;
};

struct plan {
    struct arena *arena;
    const char *file;                  /* scenario file, NULL for a URL */
    const char *host;                  /* as given: "http://127.0.0.1:8000" */
    const struct plan_origin *origins; /* the first is `host` */
    uint32_t origin_count;
    bool is_proxied; /* targets of requests without TLS are whole URLs (RFC 9112 section 3.2.2) */
    struct plan_load load;
    const struct expression *expressions; /* what template slots and steps name by number */
    uint32_t expression_count;
    const char *const *variables; /* names; session headers are variables named "header Name" */
    uint32_t variable_count;
    uint8_t redirects_max; /* of requests that say nothing else; HEAD: 0 */
    uint32_t jar;          /* the variable that holds a user's cookies; PLAN_NONE = none are kept */
    const struct feed *feeds;
    uint32_t feed_count;
    const struct plan_step *steps;
    uint32_t step_count;
    uint32_t loop_depth; /* most loops one within another */
    uint32_t set_depth;  /* most sets one within another; 1 = no nested one */
    const struct plan_request *requests;
    uint32_t request_count;
    const struct endpoint_name *endpoints; /* method and name of each row */
    uint32_t endpoint_count;
    const struct plan_set *sets;
    uint32_t set_count;
    const struct plan_kind *kinds;
    uint32_t kind_count;
    const uint16_t *kind_cycle; /* kinds without a fixed count, smoothly by weight; users take it in
                                   turn, after the fixed ones */
    uint32_t kind_cycle_count;
    const char *const *thresholds; /* of `expect`, as written */
    uint32_t threshold_count;
    const char *const *tags; /* what tasks can be chosen by, each once; the first PLAN_TAGS_MAX */
    uint32_t tag_count;
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
    bool is_proxied;       /* requests without TLS go through a proxy */
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
    int64_t now_ns;          /* since 1970, for now() in what is computed before the run */
    bool is_proxied;         /* requests without TLS go through a proxy */
    uint32_t pipeline;       /* 0 = 1 */
    uint32_t connections;    /* 0 = one per user */
    const char *const *tags; /* only tasks with one of these … */
    size_t tag_count;
    const char *const *exclude_tags; /* … and none of those */
    size_t exclude_tag_count;
};

/* Reads, checks and builds a scenario. Every mistake found goes to `diags`; -EINVAL when there was
 * one. */
int plan_from_file(struct plan **ret_plan, const char *path, const struct plan_overrides *over,
                   struct diag_list *diags);

/* The same from bytes in memory, named `path` in messages; for tests and fuzzing. */
int plan_from_text(struct plan **ret_plan, const char *path, const char *text, size_t len,
                   const struct plan_overrides *over, struct diag_list *diags);

/* Every key that a scenario may have, a line for each: what it stands in, the key, what it is for,
 * with tabs between. malloc'd, NULL = no memory. */
char *plan_list_keys(void);

void plan_close(struct plan *p);

/* Steps that ask answers for something begin with forgetting what the last ones gave, and lead
 * back: the first step of those from `first` on that stands in the scenario. */
uint32_t plan_first_step(const struct plan *p, uint32_t first);

/* What stands before the target of a request to `origin`: "http://host:port" when a proxy reads it,
 * else nothing. */
struct span plan_target_prefix(const struct plan *p, const struct plan_origin *origin);

/* The one of `origins` that a whole URL leads to; PLAN_NONE = none of them. */
uint32_t plan_find_origin(const struct plan_origin *origins, uint32_t count, const struct url *url);

/* The plan in words, for `squall check`: users, load, each task with its share and its requests.
 * malloc'd, NULL = no memory. */
char *plan_describe(const struct plan *p);

#endif
