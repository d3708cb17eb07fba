/* scenario_build — what is at hand while a scenario becomes a plan. Private to engine/plan. */
#ifndef SQUALL_ENGINE_PLAN_SCENARIO_BUILD_H
#define SQUALL_ENGINE_PLAN_SCENARIO_BUILD_H

#include "engine/plan/request_head.h"
#include "engine/plan/scenario.h"

#define SCENARIO_EXPRESSIONS_MAX 100000u /* in one scenario */
/* All templates of a scenario together: shared headers are repeated in every request, so a file of
 * 1 MiB could ask for gigabytes. Bodies out of files are counted apart. */
#define SCENARIO_TEMPLATE_BYTES_MAX (8u * 1024u * 1024u)
#define SCENARIO_FILE_BYTES_MAX     (8u * 1024u * 1024u)
#define SCENARIO_PLAN_BYTES_MAX     (16u * 1024u * 1024u) /* without feeds */

/* Items of one size that become more; kept in the plan's arena at the end. */
struct row {
    char *items;
    uint32_t count, cap;
};

/* json('/x') or header('X') in the steps of the task being built: a hidden variable that each of
 * its requests fills. */
struct answer {
    bool is_header;
    struct span what;
    uint32_t variable;
};

struct evaluator;

struct build {
    struct scenario *s;
    struct plan *plan;
    struct arena *arena; /* the plan's; what only the build needs goes to s->arena */
    const struct plan_overrides *over;
    const struct scenario_kind *kind; /* whose steps are being built; NULL = what all share */
    const struct text *shared;        /* values of s->headers, in order, as this kind sees them */
    const struct text *extra;         /* values of the command line's headers */
    const struct span *extra_names;
    uint32_t extra_count;
    struct span prefix;          /* path of the host, without a '/' at its end */
    struct row origins;          /* struct plan_origin */
    struct row expressions;      /* struct expression */
    struct row steps;            /* struct plan_step */
    struct row requests;         /* struct plan_request */
    struct row endpoints;        /* struct endpoint_name */
    struct row sets;             /* struct plan_set */
    struct row feeds;            /* struct feed, in the order of s->feeds */
    struct row tags;             /* const char *, each once, in the order of the file */
    struct operation *constants; /* of s->constants, in order */
    uint32_t constant_count;     /* those computed so far */

    uint32_t variable_slots[SCENARIO_VARIABLES_MAX]; /* expression of each variable, PLAN_NONE = not
                                                        used yet */
    const char **candidates;     /* names this kind may use, for proposals; NULL = not listed yet */
    struct evaluator *evaluator; /* for what is the same for all users; NULL = not needed yet */
    struct span stranger;        /* a name that nobody knows, in the expression being read */
    uint32_t subject;            /* variable that 'answer' stands for in a check */
    bool may_ask;                /* answers may be asked for: these are steps of a task */
    struct answer answers[PLAN_CAPTURES_MAX];
    uint32_t answer_count;
    uint32_t loop_depth;

    size_t feed_bytes; /* of the arena */
    uint64_t template_bytes, file_bytes;
    uint32_t capture_count; /* of all requests */
    uint64_t request_bytes_max;
    int error; /* -ENOMEM, or -E2BIG once a cap was reported: nothing more is built */
};

/* Memory and copies that live as long as the plan; NULL, with b->error set, when there is none. */
void *scenario_plan_alloc(struct build *b, size_t size);
const char *scenario_plan_copy(struct build *b, struct span text);
struct span scenario_plan_copy_span(struct build *b, struct span text);

/* A new item at the end of the row, zeroed, valid until the next one is added. NULL, with b->error
 * set, when there is no memory. */
void *scenario_row_add(struct build *b, struct row *row, size_t item_size);

/* The place of a piece of a node's text. Finding it walks over the text before it, so it is done
 * for mistakes only, and only for those that are shown. */
struct place scenario_place_of(const struct build *b, const struct node *n, struct span part);

/* Bytes of a file named in the scenario, beside which it lies, living as long as the build. False
 * with a mistake reported at the node. */
bool scenario_file_read(struct build *b, const struct node *name, struct span *ret_bytes);
const char *scenario_file_path(struct build *b, struct span name);

/* ---- load, origins, feeds, constants ---- */

void scenario_load_build(struct build *b);
void scenario_users_settle(struct build *b); /* once the kinds are known */

/* The origins: that of the host, then those of 'hosts'. */
void scenario_origins_build(struct build *b);

/* The origin of a request's path and, after a whole URL, what of it is the target. */
uint32_t scenario_origin_of(struct build *b, const struct node *path, struct span *ret_target);

void scenario_feeds_build(struct build *b);
void scenario_constants_build(struct build *b);

/* The feed of that name, PLAN_NONE with a mistake reported. */
uint32_t scenario_feed_find(struct build *b, const struct node *name);

/* ---- expressions and texts ---- */

/* What names mean to the kind of user being built; the context is the build. */
struct expression_names scenario_names(struct build *b, bool is_check);

/* A better word for a name that nobody knows than that no one knows it; NULL = there is none. */
const char *scenario_stranger_fault(struct build *b, struct span name, char *out, size_t size);

/* Reports a mistake in `text`, an expression that stands in `n`. */
void scenario_fault_report(struct build *b, const struct node *n, struct span text,
                           const struct expression_fault *fault);

/* Reads an expression; `n` is where it stands, whole or as a piece, else a mistake in it is
 * reported at the whole of `n`. Its number; PLAN_NONE when there is a mistake in it, reported. */
uint32_t scenario_expression_read(struct build *b, const struct node *n, struct span text,
                                  bool is_check);
uint32_t scenario_expression_add(struct build *b, const struct expression *e);
const struct expression *scenario_expression(const struct build *b, uint32_t index);

/* The expression that is a variable alone, or a whole number; its number. */
uint32_t scenario_variable_slot(struct build *b, uint32_t variable);
uint32_t scenario_number_slot(struct build *b, int64_t number);

/* Cuts a text of `n` into bytes and slots; mistakes in '${...}' are reported and leave the slot
 * out.
 */
struct text scenario_text_compile(struct build *b, const struct node *n, struct span text);

/* A whole text that is one '${...}' and nothing else: what is inside. */
bool scenario_text_is_slot(struct span text, struct span *ret_inside);

/* The source of an expression that is a text with slots, joined, never added up. */
struct span scenario_text_join(struct build *b, struct span text);

/* Bytes as a string of the language: with quotes. */
struct span scenario_text_quote(struct build *b, struct span text);

/* A text alone, for STEP_SET and the like; its slots are escaped `how`. */
const struct template *scenario_value_build(struct build *b, const struct node *value,
                                            enum escape how);

/* ---- requests ---- */

/* Headers: values of a mapping, in order. NULL when there are none. */
const struct text *scenario_header_values(struct build *b, const struct node *mapping);

/* Adds a request to the plan and its row, its number. */
uint32_t scenario_request_build(struct build *b, const struct scenario_request *r);

/* Its captures and checks. */
void scenario_captures_build(struct build *b, const struct scenario_request *r,
                             struct plan_request *request);
void scenario_checks_build(struct build *b, const struct scenario_request *r,
                           struct plan_request *request);

/* Adds captures to those a request has. False when they are too many, reported. */
bool scenario_captures_add(struct build *b, struct plan_request *request,
                           const struct capture *more, uint32_t count, struct place at);

/* Adds captures of b->answers to the requests from `first` on. */
void scenario_answers_attach(struct build *b, uint32_t first, struct place at);

/* Writes the body of `r` after template_builder_begin_body(). */
void scenario_body_write(struct build *b, struct request_writer *w,
                         const struct scenario_request *r);

/* Fields as of a form, 'a=1&b=2', of bodies and queries, with `before` before the first. */
void scenario_fields_write(struct build *b, struct request_writer *w, const struct node *mapping,
                           struct span before);

extern const char *const scenario_multipart_type; /* with the boundary */
void scenario_multipart_write(struct build *b, struct request_writer *w,
                              const struct node *mapping);

/* The Content-Type that a kind of body has unless a header says otherwise; NULL = none. */
const char *scenario_body_type(enum scenario_body kind);

/* A cookie of the step 'cookies' has a name and value that can be sent; else reported. */
bool scenario_cookie_check(struct build *b, const struct node *cookie);

/* ---- steps and sets ---- */

/* The steps of a list, one after the other, closed by STEP_END. The number of the first one to
 * take.
 */
uint32_t scenario_steps_build(struct build *b, const struct scenario_steps *steps);

/* The steps that give all variables of the scenario their first values, PLAN_NONE = none. */
uint32_t scenario_setup_build(struct build *b);

/* A set of tasks and those in it, its number. `is_tagged`: a set around it has one of the tags that
 * were asked for. */
uint32_t scenario_set_build(struct build *b, const struct scenario_set *from, const char *name,
                            uint32_t parent, bool is_tagged);

/* Tags of the command line that no task has. */
void scenario_tags_check(struct build *b);

#endif
