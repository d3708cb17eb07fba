#include "tests/sim/sketch.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

void sketch_init(struct sketch *s)
{
    memset(s, 0, offsetof(struct sketch, bytes));
    s->origin = (struct plan_origin){ .text = "http://127.0.0.1",
                                      .connect_host = "127.0.0.1",
                                      .connect_port = 80,
                                      .host_header = SPAN_LITERAL("127.0.0.1") };
    s->kind = (struct plan_kind){ .name = "user", .weight = 1, .setup = PLAN_NONE };
    s->set = (struct plan_set){ .name = "user",
                                .parent = PLAN_NONE,
                                .on_start = PLAN_NONE,
                                .on_stop = PLAN_NONE,
                                .tasks = s->tasks,
                                .choice = { .threshold = s->thresholds, .alias = s->aliases } };
    s->plan = (struct plan){ .host = s->origin.text,
                             .origins = &s->origin,
                             .origin_count = 1,
                             .jar = PLAN_NONE,
                             .steps = s->steps,
                             .set_depth = 1,
                             .sets = &s->set,
                             .set_count = 1,
                             .kind_cycle = &s->kind_cycle,
                             .kind_cycle_count = 1,
                             .load = { .pipeline = 1, .timeout_ns = 30 * SECOND, .seed = 1 },
                             .requests = s->requests,
                             .endpoints = s->endpoints,
                             .kinds = &s->kind,
                             .kind_count = 1,
                             .request_bytes_max = SKETCH_BYTES_MAX };
}

void sketch_add(struct sketch *s, const char *method, uint32_t body_bytes)
{
    const uint32_t i = s->plan.request_count;
    assert(i < SKETCH_REQUESTS_MAX && body_bytes < SKETCH_BYTES_MAX - 256);
    char *bytes = s->bytes[i];
    int len =
        snprintf(bytes, SKETCH_BYTES_MAX, "%s /%u HTTP/1.1\r\nHost: 127.0.0.1\r\n", method, i);
    if (body_bytes > 0)
        len += snprintf(bytes + len, SKETCH_BYTES_MAX - (size_t)len, "Content-Length: %u\r\n",
                        body_bytes);
    len += snprintf(bytes + len, SKETCH_BYTES_MAX - (size_t)len, "\r\n");
    memset(bytes + len, 'p', body_bytes);
    const uint32_t whole = (uint32_t)len + body_bytes;

    s->pieces[i] = (struct piece){ .kind = PIECE_FIXED, .len = whole };
    s->requests[i] =
        (struct plan_request){ .template = { .bytes = bytes,
                                             .head = &s->pieces[i],
                                             .head_count = 1,
                                             .whole = { .bytes = bytes, .len = whole } },
                               .endpoint = i,
                               .is_recorded = true,
                               .is_head = strcmp(method, "HEAD") == 0,
                               .is_idempotent = strcmp(method, "POST") != 0,
                               .timeout_ns = s->plan.load.timeout_ns };
    s->steps[2 * i] = (struct plan_step){ .kind = STEP_REQUEST, .index = i };
    s->steps[2 * i + 1] = (struct plan_step){ .kind = STEP_END };
    s->tasks[i] =
        (struct plan_task){ .name = method, .weight = 1, .first_step = 2 * i, .set = PLAN_NONE };
    s->endpoints[i] = (struct endpoint_name){ .method = method, .name = "/" };
    s->thresholds[i] = UINT64_C(1) << 32; /* all are equally likely: no alias is ever taken */
    s->aliases[i] = i;
    s->plan.request_count = s->plan.endpoint_count = i + 1;
    s->plan.step_count = 2 * (i + 1);
    s->set.task_count = s->set.choice.count = i + 1;
}

void sketch_closed(struct sketch *s, uint32_t users, uint64_t think_ns)
{
    s->plan.load.is_open = false;
    s->plan.load.users = users;
    s->set.wait = think_ns == 0 ? (struct wait_rule){ .kind = WAIT_NONE }
                                : (struct wait_rule){ .kind = WAIT_CONSTANT, .low_ns = think_ns };
}

void sketch_open(struct sketch *s, uint64_t num, uint64_t den, uint32_t connections)
{
    s->plan.load.is_open = true;
    s->plan.load.rate = (struct ratio){ .num = num, .den = den };
    s->plan.load.connections = connections;
    s->plan.load.users = connections * s->plan.load.pipeline;
}

void sketch_timeout(struct sketch *s, uint64_t timeout_ns)
{
    s->plan.load.timeout_ns = timeout_ns;
    for (uint32_t i = 0; i < s->plan.request_count; i++)
        s->requests[i].timeout_ns = timeout_ns;
}
