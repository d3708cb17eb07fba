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
#define SCENARIO_TASKS_MAX     65535u /* in one set; of a sequence each as often as its weight says */
#define SCENARIO_VARIABLES_MAX 256u   /* each costs memory in every user */
#define SCENARIO_ROWS_MAX      1024u /* rows of a report: each has histograms on every core */
#define SCENARIO_HEADERS_MAX   64u   /* in one mapping */
#define SCENARIO_STAGES_MAX    10000u
#define SCENARIO_ORIGINS_MAX   64u
#define SCENARIO_FEEDS_MAX     64u
#define SCENARIO_CONSTANTS_MAX 256u
#define SCENARIO_REDIRECTS     30u /* followed unless the scenario says otherwise */

/* ---- a request ---- */

enum scenario_body { BODY_NONE, BODY_RAW, BODY_JSON, BODY_FORM, BODY_FILE, BODY_MULTIPART };

struct scenario_capture {
    const struct node *node;
    enum capture_kind kind;
    enum capture_absence absence;
    const struct node *source; /* what `what` is a piece of */
    struct span what;
    struct span fallback;
    bool fallback_is_json;
    uint32_t variable;
};

/* What makes an answer a success; each node is NULL when it is not asked for. */
struct scenario_expect {
    bool has_status;
    uint64_t status[16];
    const struct node *headers, *json; /* mappings */
    const struct node *contains, *matches;
    const struct node *size, *latency, *that;
    uint64_t latency_ns;
};

struct scenario_request {
    const struct node *method; /* key node "get", "post", …; NULL = none was given */
    const struct node *path;   /* NULL = not usable, already reported */
    const struct node *name;
    const struct node *query, *headers;
    const struct node *basic, *bearer; /* of `auth` */
    enum scenario_body body_kind;
    const struct node *body;
    const struct node *compress; /* set: the body is sent as gzip */
    struct scenario_capture *captures;
    uint32_t capture_count;
    struct scenario_expect *expect; /* NULL = nothing is said */
    uint64_t timeout_ns;            /* 0 = the scenario's */
    bool has_redirects, is_unrecorded;
    uint8_t redirects_max;
    const struct node *alone; /* first key of it that is neither method nor name */
};

/* ---- a step ---- */

enum scenario_act {
    ACT_NONE, /* nothing was said to do, or something that cannot be: reported */
    ACT_REQUEST,
    ACT_SESSION_HEADERS,
    ACT_SET,
    ACT_APPEND,
    ACT_COOKIES,
    ACT_CLEAR_COOKIES,
    ACT_FEED,
    ACT_PAUSE,
    ACT_REPEAT,
    ACT_WHILE,
    ACT_FOR_EACH,
    ACT_GROUP, /* its steps, once */
    ACT_SKIP,
    ACT_LEAVE,
    ACT_STOP_USER
};

struct scenario_step;

struct scenario_steps {
    struct scenario_step *items;
    uint32_t count;
};

struct scenario_step {
    const struct node *node;
    enum scenario_act act;
    const struct node *verb;                  /* value of the key that says what to do */
    const struct node *condition, *exception; /* 'if', 'unless' */
    const struct node *at_most;
    struct scenario_request *request; /* ACT_REQUEST */
    struct wait_rule wait;            /* ACT_PAUSE */
    const struct node *steps_node, *else_node;
    struct scenario_steps steps, otherwise;
    uint32_t variable; /* ACT_FOR_EACH: what each item goes to */
};

/* ---- tasks and users ---- */

struct scenario_set;

struct scenario_task {
    const struct node *node;
    const struct node *name;
    const struct node *tags; /* a text or a list of them */
    uint64_t weight;
    struct scenario_step step; /* what it does: one request or thing, or a group */
    struct scenario_set *set;  /* in place of a step */
};

struct scenario_set {
    const struct node *node;
    bool has_wait;
    struct wait_rule wait;
    const struct node *on_start_node, *on_stop_node;
    const struct node *tasks_node, *sequence_node; /* one of them */
    const struct node *alone;                      /* first key of it that only a set has */
    struct scenario_steps on_start, on_stop;
    struct scenario_task *tasks;
    uint32_t task_count;
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
    uint32_t fixed_count; /* 0 = by weight */
    struct scenario_set set;
    struct scenario_session_header *session_headers;
    uint32_t session_header_count;
    /* Bit per variable that some step of this kind gives a value. */
    uint64_t known[SCENARIO_VARIABLES_MAX / 64];
};

/* ---- the whole ---- */

struct scenario_feed {
    const struct node *node;
    const struct node *file; /* NULL = none was given, reported */
    enum feed_order order;
    bool stops;
};

struct scenario_load {
    bool has_users, has_spawn_rate, has_rates; /* has_rates: of the stages */
    uint32_t users;
    struct ratio spawn_rate;
    uint64_t run_time_ns, timeout_ns; /* 0 = not given */
    struct plan_stage *stages;
    uint32_t stage_count;
    uint32_t connections; /* shared by all; 0 = each user has its own */
    uint64_t requests_per_connection;
    bool imitates_locust;
};

struct scenario {
    struct arena *arena;
    struct diag_list *diags;
    bool is_out_of_memory; /* something could not be allocated; the result is void */
    const struct node *root;
    const struct node *host;
    bool is_host_broken;      /* already reported */
    const struct node *hosts; /* a list of texts */
    struct scenario_load load;
    const struct node *headers;
    uint8_t redirects_max;
    bool has_redirects, has_no_cookies;
    const struct node *constants, *variables; /* mappings */
    const struct node *thresholds;            /* a list of texts */
    struct scenario_feed *feeds;
    uint32_t feed_count;
    struct scenario_kind shared; /* what stands at the top level: the only kind, or defaults */
    const struct node *user_kinds;
    struct scenario_kind *kinds;
    uint32_t kind_count;
    const char *variable_names[SCENARIO_VARIABLES_MAX];
    uint32_t variable_count;

    /* Where reading is. */
    struct scenario_kind *reading; /* kind of user */
    uint32_t loop_depth, set_depth;
    bool may_leave;
};

/* Zeroed memory of the scenario's arena; NULL, and noted, when there is none. */
void *scenario_alloc(struct scenario *s, size_t size);

/* False, and reported, when a list or mapping has more items than `most`. `what`: "stages". */
bool scenario_has_at_most(struct scenario *s, const struct node *value, uint32_t most,
                          const char *what);

/* The same with an item of `size` bytes for each; NULL = too many, or no memory. */
void *scenario_alloc_items(struct scenario *s, const struct node *value, uint32_t most,
                           const char *what, size_t size);

/* ---- variables ---- */

/* The number of the variable of that name, made when new; PLAN_NONE when there are too many
 * (reported at `at`). */
uint32_t scenario_variable(struct scenario *s, struct span name, struct place at);
uint32_t scenario_variable_find(const struct scenario *s, struct span name); /* or PLAN_NONE */

/* A variable that a step of the kind being read gives a value; `key` is its name. PLAN_NONE when it
 * can be none (reported). */
uint32_t scenario_variable_define(struct scenario *s, const struct node *key);

/* The hidden variable of a kind's session header, PLAN_NONE when it has none of that name. */
uint32_t scenario_session_variable(const struct scenario_kind *k, struct span name);
void scenario_session_header_add(struct scenario *s, const struct node *key);

/* ---- keys ---- */

/* One row: a key, what reads it, and one line for people. */
struct scenario_key {
    const char *name;
    void (*read)(struct scenario *s, const struct node *value, void *into);
    const char *help;
};

struct scenario_table {
    const char *name; /* of what has these keys: "request" */
    const struct scenario_key *keys;
    size_t count;
};

#define SCENARIO_TABLE(name, keys)                                                                 \
    {                                                                                              \
        name, keys, sizeof(keys) / sizeof((keys)[0])                                               \
    }

extern const struct scenario_table scenario_root_table, scenario_load_table, scenario_kind_table,
    scenario_set_table, scenario_task_table, scenario_step_table, scenario_request_table,
    scenario_auth_table, scenario_capture_table, scenario_expect_table, scenario_expect_body_table,
    scenario_file_part_table, scenario_feed_table, scenario_stage_table;

/* Keys that may stand in one kind of mapping; `more` adds those of another table. */
struct scenario_context {
    const char *where; /* "in a task" */
    const struct scenario_table *table;
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

/* ---- values of one kind: false when it is none (reported) ---- */

/* "expected WHAT after 'KEY', found VALUE", at the value. */
void scenario_expected(struct scenario *s, const struct node *value, const char *what);

/* "expected 'A' or 'B' after 'KEY', found VALUE", with the nearest one. */
bool scenario_read_word(struct scenario *s, const struct node *value, const char *const *words,
                        size_t count, size_t *ret_index);
bool scenario_read_text(struct scenario *s, const struct node *value, const char *what);
bool scenario_read_truth(struct scenario *s, const struct node *value, bool *ret_truth);
bool scenario_read_count(struct scenario *s, const struct node *value, const char *what,
                         uint64_t low, uint64_t high, uint64_t *ret_count);
bool scenario_read_duration(struct scenario *s, const struct node *value, uint64_t *ret_ns);
bool scenario_read_weight(struct scenario *s, const struct node *value, uint64_t *ret_weight);
bool scenario_read_wait(struct scenario *s, const struct node *value, struct wait_rule *ret_wait);
void scenario_read_status(struct scenario *s, const struct node *value, struct scenario_expect *e);
bool scenario_read_redirects(struct scenario *s, const struct node *value, uint8_t *ret_max);
bool scenario_read_headers(struct scenario *s, const struct node *value,
                           const struct node **ret_headers);

/* A mapping that is not empty, such as `example`. */
bool scenario_read_mapping(struct scenario *s, const struct node *value, const char *what);

/* ---- parts of a scenario ---- */

void scenario_read_captures(struct scenario *s, const struct node *value,
                            struct scenario_request *r);
void scenario_read_expect(struct scenario *s, const struct node *value, struct scenario_request *r);
void scenario_read_stages(struct scenario *s, const struct node *value, struct scenario_load *load);
void scenario_read_feeds(struct scenario *s, const struct node *value);

/* After the keys of a request were read: a method is there, the answer has what is looked for. */
void scenario_check_request(struct scenario *s, const struct node *mapping,
                            const struct scenario_request *r);

/* A list of steps, and one step whose keys have been read into `step` and `r`. */
void scenario_read_steps(struct scenario *s, const struct node *list,
                         struct scenario_steps *ret_steps);
void scenario_finish_step(struct scenario *s, struct scenario_step *step,
                          const struct scenario_request *r);

/* What stands below the keys of a set: steps, tasks, sets. */
void scenario_read_set(struct scenario *s, struct scenario_set *set);

/* Tree to scenario; mistakes go to s->diags. `is_host_given`: the command line names a host. */
void scenario_check(struct scenario *s, const struct node *root, bool is_host_given);

/* Scenario to plan; more mistakes may go to s->diags. 0 or -ENOMEM; *ret_plan is whole only without
 * any mistake. */
int scenario_build(struct plan **ret_plan, struct scenario *s, const struct plan_overrides *over);

#endif
