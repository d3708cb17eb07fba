/* scenario — what a scenario file says, key by key, between its tree and its plan. Private to
 * engine/plan.
 *
 *   text --scenario_tree_read--> tree --scenario_check--> struct scenario --scenario_build-->
 * struct plan
 *
 * Everything here points into the tree and dies with the arena of the tree. Mistakes go to `diags`;
 * reading goes on after each of them, so that all mistakes of a file are found at once.
 */
#ifndef SQUALL_ENGINE_PLAN_SCENARIO_H
#define SQUALL_ENGINE_PLAN_SCENARIO_H

#include "engine/plan/plan.h"
#include "engine/plan/scenario_yaml.h"

#define SCENARIO_USERS_MAX     10000000u
#define SCENARIO_KINDS_MAX     64u
#define SCENARIO_WEIGHT_MAX    1000000u
#define SCENARIO_VARIABLES_MAX 256u /* each costs memory in every user */
#define SCENARIO_ROWS_MAX      1024u /* different rows of a report: each has histograms on every core \
                                      */
#define SCENARIO_HEADERS_MAX 64u     /* in one mapping */

enum scenario_body { BODY_NONE, BODY_RAW, BODY_JSON, BODY_FORM };

struct scenario_capture {
    const struct node *node;
    enum capture_kind kind;
    struct span what;
    uint32_t variable;
};

struct scenario_request {
    const struct node *method; /* key node "get", "post", …; NULL = none was given */
    const struct node *path;   /* NULL = not usable, already reported */
    const struct node *name;
    const struct node *headers;
    enum scenario_body body_kind;
    const struct node *body;
    struct scenario_capture *captures;
    uint32_t capture_count;
    bool expects_status;
    uint64_t status_expected[16];
    uint64_t timeout_ns;      /* 0 = the scenario's */
    const struct node *alone; /* first key of it that is neither method nor name */
};

struct scenario_step {
    const struct node *node;
    struct scenario_request request;
    const struct node *session_headers; /* set: this step is no request */
};

struct scenario_steps {
    struct scenario_step *items;
    uint32_t count;
};

struct scenario_task {
    const struct node *node;
    uint64_t weight;
    struct scenario_request
        request; /* its own, when no steps were given; `name` is the task's then too */
    const struct node *steps_node;
    struct scenario_steps steps;
};

struct scenario_tasks {
    struct scenario_task *items;
    uint32_t count;
};

/* A header that a user sets once and sends from then on. */
struct scenario_session_header {
    const struct node *key; /* where it was set first */
    uint32_t variable;
};

struct scenario_kind {
    const char *name;
    const struct node *node;
    uint64_t weight;
    bool has_wait;
    struct wait_rule wait;
    const struct node *on_start_node, *tasks_node;
    struct scenario_steps on_start;
    struct scenario_tasks tasks;
    struct scenario_session_header *session_headers;
    uint32_t session_header_count;
    uint64_t captured[SCENARIO_VARIABLES_MAX /
                      64]; /* bit per variable that some step of this kind captures */
};

struct scenario {
    struct arena *arena;
    struct diag_list *diags;
    bool is_out_of_memory; /* something could not be allocated; the result is void */
    const struct node *root;
    const struct node *host;
    bool is_host_broken; /* already reported */
    bool has_users, has_spawn_rate;
    uint32_t users;
    struct ratio spawn_rate;
    uint64_t run_time_ns, timeout_ns; /* 0 = not given */
    const struct node *headers;
    struct scenario_kind
        shared; /* what stands at the top level: the only kind, or defaults for all */
    const struct node *user_kinds;
    struct scenario_kind *kinds;
    uint32_t kind_count;
    const char *variables[SCENARIO_VARIABLES_MAX];
    uint32_t variable_count;
};

/* Zeroed memory of the scenario's arena; NULL, and noted, when there is none. */
void *scenario_alloc(struct scenario *s, size_t size);

/* The number of the variable of that name, made when new; PLAN_NONE when there are too many
 * (reported at `at`). */
uint32_t scenario_variable(struct scenario *s, struct span name, struct place at);

/* The hidden variable of a kind's session header, PLAN_NONE when it has none of that name. */
uint32_t scenario_session_variable(const struct scenario_kind *k, struct span name);

/* One row: a key, what reads it, and one line for people. */
struct scenario_key {
    const char *name;
    void (*read)(struct scenario *s, const struct node *value, void *into);
    const char *help;
};

/* Keys that may stand in one kind of mapping; `more` adds those of another table. */
struct scenario_context {
    const char *where; /* "in a task" */
    const struct scenario_key *keys;
    size_t count;
    void *into;
    const struct scenario_context *more;
};

/* Calls the reader of every key of `mapping`; unknown keys are mistakes. False when it is no
 * mapping (reported). */
bool scenario_read_keys(struct scenario *s, const struct node *mapping, const char *example,
                        const struct scenario_context *context);

/* A key of `mapping` is nearly one of `names`: what seems to be missing was reported as an unknown
 * key already. */
bool scenario_is_mistyped(const struct node *mapping, const char *const *names, size_t count);

/* "expected WHAT after 'KEY', found VALUE", at the value. */
void scenario_expected(struct scenario *s, const struct node *value, const char *what);

/* Values of one kind. False when it is none (reported). */
bool scenario_read_text(struct scenario *s, const struct node *value, const char *what);
bool scenario_read_duration(struct scenario *s, const struct node *value, uint64_t *ret_ns);
bool scenario_read_weight(struct scenario *s, const struct node *value, uint64_t *ret_weight);
void scenario_read_wait(struct scenario *s, const struct node *value, struct wait_rule *ret_wait);
void scenario_read_status(struct scenario *s, const struct node *value, struct scenario_request *r);
bool scenario_read_headers(struct scenario *s, const struct node *value,
                           const struct node **ret_headers);

/* The keys of one request, for a task's own and for a step. */
extern const struct scenario_key scenario_request_keys[];
extern const size_t scenario_request_key_count;

/* After the keys of a mapping were read: a method is there, a body only once, and so on. */
void scenario_check_request(struct scenario *s, const struct node *mapping,
                            const struct scenario_request *r);

/* A list of steps: requests and session headers. */
void scenario_read_steps(struct scenario *s, const struct node *list,
                         struct scenario_steps *ret_steps);

/* Tree to scenario; mistakes go to s->diags. `is_host_given`: the command line names a host. */
void scenario_check(struct scenario *s, const struct node *root, bool is_host_given);

/* Scenario to plan; more mistakes may go to s->diags. 0 or -ENOMEM; *ret_plan is whole only without
 * any mistake. */
int scenario_build(struct plan **ret_plan, struct scenario *s, const struct plan_overrides *over);

#endif
