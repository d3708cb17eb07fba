#include "tools/cli/planning.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "engine/plan/diag.h"
#include "tools/cli/command.h"
#include "tools/cli/expectations.h"

#define BODY_BYTES_MAX ((size_t)64 << 20) /* --data @FILE may hold so much */

struct body {
    char *bytes;
    size_t len;
};

static uint64_t seed_of(const struct options *o)
{
    if (o->seed.given)
        return o->seed.value;
    uint32_t seed = 1; /* 32 bits are plenty and short enough to be typed again */
    (void)!getrandom(&seed, sizeof seed, GRND_NONBLOCK);
    return seed;
}

/* Since 1970. */
static int64_t now_ns(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) == 0 ? (int64_t)now.tv_sec * 1000000000 + now.tv_nsec
                                                    : 0;
}

/* Reads a whole stream of at most BODY_BYTES_MAX. 0 or -errno. */
static int read_stream(FILE *in, struct body *ret_body)
{
    size_t capacity = (size_t)64 << 10, len = 0;
    char *bytes = malloc(capacity);
    while (bytes != NULL) {
        len += fread(bytes + len, 1, capacity - len, in);
        if (len < capacity)
            break;
        if (capacity >= BODY_BYTES_MAX) {
            free(bytes);
            return -EFBIG;
        }
        capacity *= 2;
        char *more = realloc(bytes, capacity);
        if (more == NULL)
            free(bytes);
        bytes = more;
    }
    if (bytes == NULL)
        return -ENOMEM;
    if (ferror(in)) {
        const int err = errno;
        free(bytes);
        return err != 0 ? -err : -EIO;
    }
    *ret_body = (struct body){ .bytes = bytes, .len = len };
    return 0;
}

/* --data: the text itself, or what is in the file after '@'. */
static int body_of(const char *data, struct body *ret_body)
{
    if (data[0] != '@') {
        *ret_body = (struct body){ .bytes = strdup(data), .len = strlen(data) };
        return ret_body->bytes == NULL ? -ENOMEM : 0;
    }
    FILE *in = fopen(data + 1, "rbe");
    if (in == NULL)
        return -errno;
    const int rc = read_stream(in, ret_body);
    fclose(in);
    return rc;
}

static void print_diags(const struct diag_list *diags)
{
    if (diags->path == NULL) {
        for (size_t i = 0; i < diags->count; i++)
            fault_note("%s", diags->entries[i].message);
        return;
    }
    char *text = diag_format(diags);
    if (text == NULL)
        fault_note("%s: %zu mistakes, and no memory to show them", diags->path, diags->count);
    else
        fputs(text, fault_stream());
    free(text);
}

/* The exit code for what plan_from_…() returned. */
static int planned(int rc, const struct diag_list *diags)
{
    if (rc == 0)
        return EXIT_DONE;
    print_diags(diags);
    if (rc == -EINVAL && diags->count > 0)
        return EXIT_USAGE;
    fault_note("cannot make a plan: %s", fault_reason(-rc).text);
    return rc == -EINVAL ? EXIT_USAGE : EXIT_HOST;
}

static bool task_is_counted(const struct plan *plan, const struct plan_task *task)
{
    if (task->weight == 0 || task->first_step == PLAN_NONE)
        return false;
    const struct plan_step *step = &plan->steps[plan_first_step(plan, task->first_step)];
    while (step->kind != STEP_END &&
           !(step->kind == STEP_REQUEST && plan->requests[step->index].is_recorded))
        step++;
    return step->kind == STEP_REQUEST;
}

/* Some task sends a request that is in the account, so a number of them comes to an end. */
static bool some_task_is_counted(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->set_count; i++) {
        for (uint32_t t = 0; t < plan->sets[i].task_count; t++)
            if (task_is_counted(plan, &plan->sets[i].tasks[t]))
                return true;
    }
    return false;
}

/* EXIT_DONE with *ret_plan, or the exit code for what this plan asks and cannot have; then it is
 * closed. */
static int accept_plan(struct plan **ret_plan, struct plan *plan, const struct options *o)
{
    int code = expectations_check(plan, o) ? EXIT_DONE : EXIT_USAGE;
    if (plan->load.duration_ns != 0 && o->warmup.ns >= plan->load.duration_ns) {
        fault_note(
            "--warmup: nothing of the run is left to count: make it longer than its warm-up");
        code = EXIT_USAGE;
    }
    if (plan->load.requests_max > 0 && plan->load.duration_ns == 0 && !some_task_is_counted(plan)) {
        fault_note("--requests: no task sends a request that is counted: give --run-time, or leave "
                   "out 'record: false'");
        code = EXIT_USAGE;
    }
    if (o->arrival.given && !plan->load.is_open) {
        fault_note("--arrival: needs --rate, or a scenario whose stages have rates");
        code = EXIT_USAGE;
    }
    if (o->gather.ns > 0 && (plan->load.is_open || o->busy_poll)) {
        fault_note("--gather: is for as much as the server takes, found %s: leave out one of them",
                   o->busy_poll ? "--busy-poll" : "a rate to keep");
        code = EXIT_USAGE;
    }
    if (code == EXIT_DONE)
        *ret_plan = plan;
    else
        plan_close(plan);
    return code;
}

static struct plan_load load_of(const struct options *o)
{
    return (struct plan_load){
        .is_open = o->rate.given,
        .is_poisson = o->arrival.index == ARRIVAL_POISSON,
        .rate = o->rate.given ? o->rate.per_s : (struct ratio){ .num = 0, .den = 1 },
        .spawn_rate = { .num = 0, .den = 1 },
        .requests_per_connection = o->requests_per_connection.value,
        .requests_max = o->requests.value,
        .duration_ns = o->duration.ns,
        .timeout_ns = o->timeout.ns,
        .seed = seed_of(o),
    };
}

int planning_from_url(struct plan **ret_plan, const struct options *o)
{
    struct body body = { .bytes = NULL };
    int rc = o->data == NULL ? 0 : body_of(o->data, &body);
    if (rc != 0) {
        fault_note("--data: cannot read %s: %s", diag_quote(span_of(o->data + 1)).text,
                   fault_reason(-rc).text);
        return EXIT_USAGE;
    }
    const struct plan_url_options plan_options = {
        .url = o->subject,
        .method = o->method,
        .headers = o->headers.items,
        .header_count = o->headers.count,
        .body = body.bytes,
        .body_bytes = body.len,
        .connections = (uint32_t)o->connections.value,
        .pipeline = (uint32_t)o->pipeline.value,
        .is_proxied = o->proxy.host[0] != '\0',
        .load = load_of(o),
    };
    struct diag_list *diags = calloc(1, sizeof *diags);
    if (diags == NULL) {
        free(body.bytes);
        fault_note("no memory");
        return EXIT_HOST;
    }
    diag_list_init(diags, NULL);
    struct plan *plan = NULL;
    rc = plan_from_url(&plan, &plan_options, diags);
    free(body.bytes);
    const int code = planned(rc, diags);
    free(diags);
    return code == EXIT_DONE ? accept_plan(ret_plan, plan, o) : code;
}

/* What is played when no file is named. */
static const char no_file[] = "tasks:\n  - get: /\n";

int planning_from_file(struct plan **ret_plan, const struct options *o)
{
    const struct plan_overrides over = {
        .host = o->host,
        .headers = o->headers.items,
        .header_count = o->headers.count,
        .has_users = o->users.given,
        .has_spawn_rate = o->spawn_rate.given,
        .has_duration = o->duration.given,
        .has_requests = o->requests.given,
        .has_timeout = o->timeout.given,
        .has_rate = o->rate.given,
        .has_grace = o->stop_timeout.given,
        .users = (uint32_t)o->users.value,
        .spawn_rate = o->spawn_rate.per_s,
        .rate = o->rate.per_s,
        .is_poisson = o->arrival.index == ARRIVAL_POISSON,
        .duration_ns = o->duration.ns,
        .requests_max = o->requests.value,
        .timeout_ns = o->timeout.ns,
        .grace_ns = o->stop_timeout.ns,
        .requests_per_connection = o->requests_per_connection.value,
        .seed = seed_of(o),
        .now_ns = now_ns(),
        .is_proxied = o->proxy.host[0] != '\0',
        .pipeline = (uint32_t)o->pipeline.value,
        .tags = o->tags.items,
        .tag_count = o->tags.count,
        .exclude_tags = o->exclude_tags.items,
        .exclude_tag_count = o->exclude_tags.count,
    };
    struct diag_list *diags = calloc(1, sizeof *diags);
    if (diags == NULL) {
        fault_note("no memory");
        return EXIT_HOST;
    }
    diag_list_init(diags, o->subject);
    struct plan *plan = NULL;
    const int rc = o->subject != NULL
                       ? plan_from_file(&plan, o->subject, &over, diags)
                       : plan_from_text(&plan, "no file", no_file, strlen(no_file), &over, diags);
    const int code = planned(rc, diags);
    free(diags);
    return code == EXIT_DONE ? accept_plan(ret_plan, plan, o) : code;
}

bool planning_begin(struct plan **ret_plan, struct options *ret_options, enum option_form form,
                    const struct invocation *call, const char *usage, int *ret_code)
{
    if (!command_begin(ret_options, form, call, usage, ret_code))
        return false;
    *ret_code = planning_from_file(ret_plan, ret_options);
    return *ret_code == EXIT_DONE;
}
