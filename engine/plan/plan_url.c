#include <errno.h>
#include <inttypes.h>

#include "engine/plan/arena.h"
#include "engine/plan/choose.h"
#include "engine/plan/plan_make.h"
#include "http/header.h"

#define REQUEST_BYTES_MAX                                                                          \
    (16u * 1024u * 1024u) /* a body is held in memory whole, once per plan                         \
                           */

/* What a URL asks for, while it becomes a plan. All of it points into the arguments or the plan. */
struct request_source {
    const struct plan_url_options *options;
    struct plan_host host;
    struct text_part host_part, target_parts[3];
    struct text host_text, target;
    struct text_part header_parts[PLAN_EXTRA_HEADERS_MAX];
    struct text header_texts[PLAN_EXTRA_HEADERS_MAX];
    struct request_head head;
};

static void *alloc_of_arena(void *context, size_t size)
{
    return arena_alloc(context, size);
}

static bool read_url(struct request_source *s, struct diag_list *diags)
{
    const struct span given = span_of(s->options->url);
    const char *fault = url_parse(&s->host.url, given);
    if (fault != NULL) {
        diag_add(diags, DIAG_NO_PLACE,
                 "expected an http URL such as 'http://127.0.0.1:8000/', found %s: %s",
                 diag_quote(given).text, fault);
        return false;
    }
    const struct url *u = &s->host.url;
    if (u->userinfo.len > 0) {
        diag_add(diags, DIAG_NO_PLACE,
                 "expected a URL without a user's name, found %s: use -H 'Authorization: ..'",
                 diag_quote(given).text);
        return false;
    }
    const size_t len = url_host_header(u, s->host.header, sizeof(s->host.header) - 1);
    s->host.header[len] = '\0';
    s->host_part = (struct text_part){ .bytes = span_of(s->host.header) };
    s->host_text = (struct text){ &s->host_part, 1 };
    s->target_parts[0].bytes = u->path.len == 0 ? SPAN_LITERAL("/") : u->path;
    s->target_parts[1].bytes = SPAN_LITERAL("?");
    s->target_parts[2].bytes = u->query;
    s->target = (struct text){ s->target_parts, u->has_query ? 3 : 1 };
    return true;
}

static void read_method(struct request_source *s, struct diag_list *diags)
{
    const struct plan_url_options *o = s->options;
    s->head.method = o->method != NULL ? o->method : o->body != NULL ? "POST" : "GET";
    if (!method_is_valid(span_of(s->head.method)) || strlen(s->head.method) > 32)
        diag_add(diags, DIAG_NO_PLACE, "expected a method such as 'GET', found %s",
                 diag_quote(span_of(s->head.method)).text);
    else if (strcmp(s->head.method, "CONNECT") == 0)
        diag_add(diags, DIAG_NO_PLACE, "expected a method such as 'GET', found 'CONNECT'");
}

static void read_headers(struct request_source *s, struct diag_list *diags)
{
    request_head_set_defaults(&s->head, &s->host_text,
                              s->options->load.requests_per_connection == 1);
    for (size_t i = 0; i < s->options->header_count; i++) {
        struct span name, value;
        if (!plan_read_header(s->options->headers[i], i, diags, &name, &value))
            continue;
        s->header_parts[i] = (struct text_part){ .bytes = value };
        s->header_texts[i] = (struct text){ &s->header_parts[i], 1 };
        request_head_set(&s->head, name, value.len == 0 ? NULL : &s->header_texts[i],
                         HEADER_COMMAND_LINE);
    }
}

static int write_request(struct request_source *s, struct plan *plan, struct plan_request *request)
{
    const struct plan_url_options *o = s->options;
    struct request_writer w = { 0 };
    int rc = template_builder_open(&w.builder);
    if (rc != 0)
        return rc;
    s->head.authority = plan_target_prefix(plan, &plan->origins[0]);
    request_head_begin(&s->head, &w);
    request_head_finish(&s->head, &w);
    if (o->body != NULL || method_expects_body(s->head.method))
        template_builder_begin_body(w.builder);
    if (o->body != NULL)
        request_write_fixed(&w, (struct span){ o->body, o->body_bytes });
    rc = template_builder_finish(w.builder, &request->template, alloc_of_arena, plan->arena);
    template_builder_close(w.builder);
    request->is_recorded = true;
    request->is_head = strcmp(s->head.method, "HEAD") == 0;
    request->is_idempotent = method_is_idempotent(span_of(s->head.method));
    request->says_close = request_head_says_close(&s->head);
    request->timeout_ns = plan->load.timeout_ns;
    plan->request_bytes_max = (uint32_t)request_writer_bytes_max(&w);
    return rc;
}

/* "/path?query" as it was given. */
static char *copy_target(struct arena *a, const struct text *target)
{
    size_t len = 0, used = 0;
    for (uint32_t i = 0; i < target->count; i++)
        len += target->parts[i].bytes.len;
    char *copy = arena_alloc(a, len + 1);
    if (copy == NULL)
        return NULL;
    for (uint32_t i = 0; i < target->count; i++) {
        const struct span bytes = target->parts[i].bytes;
        if (bytes.len > 0)
            memcpy(copy + used, bytes.bytes, bytes.len);
        used += bytes.len;
    }
    return copy;
}

/* The one origin there is. 0 or -ENOMEM. */
static int set_origin(struct plan *plan, const struct request_source *s)
{
    struct arena *a = plan->arena;
    struct plan_origin *origin = arena_alloc(a, sizeof(*origin));
    const char *header = arena_copy(a, span_of(s->host.header));
    const char *host = arena_copy(a, s->host.url.host);
    const char *text = plan_origin_text(a, &s->host);
    struct span tunnel;
    if (!plan_tunnel_request(plan, &s->host, &tunnel) || origin == NULL || header == NULL ||
        host == NULL || text == NULL)
        return -ENOMEM;
    *origin = (struct plan_origin){ .text = text,
                                    .connect_host = host,
                                    .connect_port = s->host.url.port,
                                    .is_tls = s->host.url.is_tls,
                                    .host_header = span_of(header),
                                    .tunnel_request = tunnel };
    plan->origins = origin;
    plan->origin_count = 1;
    plan->host = text;
    return 0;
}

static void set_load(struct plan *plan, struct request_source *s)
{
    const struct plan_url_options *o = s->options;
    plan->load = o->load;
    if (request_head_says_close(&s->head))
        plan->load.requests_per_connection = 1;
    plan->load.pipeline = o->pipeline == 0 ? 1 : o->pipeline;
    plan->load.connections = o->connections == 0 ? 1 : o->connections;
    plan->load.users = plan->load.connections * plan->load.pipeline;
    plan->load.spawn_rate = (struct ratio){ 0, 1 };
    if (plan->load.timeout_ns == 0)
        plan->load.timeout_ns = PLAN_TIMEOUT_DEFAULT_NS;
    if (plan->load.grace_ns == 0)
        plan->load.grace_ns = PLAN_GRACE_DEFAULT_NS;
}

/* One kind of user with one task of one request. */
static int fill_plan(struct plan *plan, struct request_source *s)
{
    static const uint64_t weight = 1;
    static const uint16_t cycle[] = { 0 };
    static const struct plan_step steps[] = { { .kind = STEP_REQUEST }, { .kind = STEP_END } };
    struct arena *a = plan->arena;
    struct plan_kind *kind = arena_alloc(a, sizeof(*kind));
    struct plan_set *set = arena_alloc(a, sizeof(*set));
    struct plan_task *task = arena_alloc(a, sizeof(*task));
    struct plan_request *request = arena_alloc(a, sizeof(*request));
    struct endpoint_name *endpoint = arena_alloc(a, sizeof(*endpoint));
    const char *method = arena_copy(a, span_of(s->head.method));
    const char *name = copy_target(a, &s->target);
    if (kind == NULL || set == NULL || task == NULL || request == NULL || endpoint == NULL ||
        method == NULL || name == NULL)
        return -ENOMEM;
    *kind = (struct plan_kind){ .name = "user", .weight = 1, .setup = PLAN_NONE };
    *set = (struct plan_set){ .name = "user",
                              .parent = PLAN_NONE,
                              .on_start = PLAN_NONE,
                              .on_stop = PLAN_NONE,
                              .tasks = task,
                              .task_count = 1 };
    *task = (struct plan_task){ .name = name, .weight = 1, .set = PLAN_NONE };
    *endpoint = (struct endpoint_name){ .method = method, .name = name };
    plan->jar = PLAN_NONE;
    plan->is_proxied = s->options->is_proxied;
    plan->kinds = kind;
    plan->kind_cycle = cycle;
    plan->sets = set;
    plan->steps = steps;
    plan->requests = request;
    plan->endpoints = endpoint;
    plan->kind_count = plan->kind_cycle_count = plan->set_count = plan->set_depth = 1;
    plan->request_count = plan->endpoint_count = 1;
    plan->step_count = 2;
    int rc = set_origin(plan, s);
    if (rc == 0)
        rc = alias_build(&set->choice, a, &weight, 1);
    return rc == 0 ? write_request(s, plan, request) : rc;
}

static void check_sizes(const struct plan_url_options *o, struct diag_list *diags)
{
    if (o->body != NULL && o->body_bytes > REQUEST_BYTES_MAX)
        diag_add(diags, DIAG_NO_PLACE, "expected a body of at most 16 MiB, found %zu bytes",
                 o->body_bytes);
    if ((uint64_t)o->connections * o->pipeline > UINT32_MAX)
        diag_add(diags, DIAG_NO_PLACE,
                 "expected fewer requests in flight, found %" PRIu32 " connections times %" PRIu32,
                 o->connections, o->pipeline);
}

int plan_from_url(struct plan **ret_plan, const struct plan_url_options *o, struct diag_list *diags)
{
    struct plan *plan;
    int rc = plan_open(&plan);
    if (rc != 0)
        return rc;
    const size_t mistakes = diags->count + diags->more;
    struct request_source *s = arena_alloc(plan->arena, sizeof(*s));
    if (s == NULL) {
        plan_close(plan);
        return -ENOMEM;
    }
    s->options = o;
    check_sizes(o, diags);
    const bool has_url = read_url(s, diags);
    read_method(s, diags);
    if (has_url) {
        s->head.target = &s->target;
        read_headers(s, diags);
    }
    if (diags->count + diags->more > mistakes) {
        plan_close(plan);
        return -EINVAL;
    }
    set_load(plan, s);
    rc = fill_plan(plan, s);
    if (rc != 0) {
        plan_close(plan);
        return rc;
    }
    *ret_plan = plan;
    return 0;
}
