#include "tests/sim/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/diag.h"

#define MS UINT64_C(1000000)

static void scene_note(struct scene *s, const struct server_request *asked)
{
    const char *end = strstr(asked->head, s->logs_heads ? "\r\n\r\n" : " HTTP/");
    const int len = end == NULL ? 0 : (int)(end - asked->head);
    const int written =
        snprintf(s->log + s->log_len, SCENE_LOG_MAX - s->log_len, "%.*s, ", len, asked->head);
    if (s->log_len + (size_t)written < SCENE_LOG_MAX)
        s->log_len += (size_t)written;
}

static void scene_answer(void *context, const struct server_request *asked, struct reply *reply)
{
    struct scene *s = context;
    scene_note(s, asked);
    reply->delay_ns = 10 * MS;
    reply->body = "ok";
    reply->body_bytes = 0;
    for (const struct scene_reply *r = s->replies; r != NULL && r->request != NULL; r++) {
        if (!server_request_is(asked, r->request))
            continue;
        if (r->status != 0)
            reply->status = r->status;
        if (r->headers != NULL)
            snprintf(reply->headers, sizeof reply->headers, "%s", r->headers);
        if (r->body != NULL)
            reply->body = r->body;
        reply->body_bytes = (uint32_t)r->body_len;
        if (r->delay_ns != 0)
            reply->delay_ns = r->delay_ns;
        reply->fate = r->fate;
    }
    if (reply->body_bytes == 0)
        reply->body_bytes = (uint32_t)strlen(reply->body);
}

void scene_open(struct scene *s, const char *scenario)
{
    static struct diag_list diags;
    const struct plan_overrides over = { .seed = 1 };
    diag_list_init(&diags, "scene.yaml");
    *s = (struct scene){ .config = { .is_scenario = true } };
    s->config.server = (struct server_script){ .answer = scene_answer, .context = s };
    s->config.is_traced = getenv("TRACE") != NULL;
    if (plan_from_text(&s->plan, SQUALL_TESTS_DATA "/scenes/scene.yaml", scenario, strlen(scenario),
                       &over, &diags) < 0) {
        char *text = diag_format(&diags);
        print_error("%s", text);
        free(text);
        fail();
    }
    s->plan->load.spawn_rate = (struct ratio){ 0, 1 };
}

void scene_run(struct scene *s)
{
    sim_result_close(&s->result);
    s->log_len = 0;
    s->log[0] = '\0';
    for (const struct scene_reply *r = s->replies; r != NULL && r->request != NULL; r++)
        s->config.server.is_cruel |= r->fate != FATE_WHOLE;
    if (!sim_run(s->plan, &s->config, 1, &s->result))
        fail_msg("%s", s->result.violation);
}

void scene_close(struct scene *s)
{
    sim_result_close(&s->result);
    plan_close(s->plan);
}

uint64_t scene_count(const struct scene *s, const char *name, enum outcome o)
{
    for (uint32_t i = 0; i < s->plan->endpoint_count; i++)
        if (strcmp(s->plan->endpoints[i].name, name) == 0)
            return s->result.tally->endpoints[i].latency[o].total;
    fail_msg("there is no row '%s'", name);
    return 0;
}

uint64_t scene_counter(const struct scene *s, enum counter c)
{
    return s->result.tally->counters[c];
}

uint64_t scene_failures(const struct scene *s, const char *message)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < s->result.tally->failure_count; i++) {
        const struct tally_failure *f = &s->result.tally->failures[i];
        if (strcmp(f->message[0] != '\0' ? f->message : failure_sentence(f->class), message) == 0)
            count += f->count;
    }
    return count;
}

unsigned scene_logged(const struct scene *s, const char *text)
{
    unsigned count = 0;
    for (const char *at = strstr(s->log, text); at != NULL; at = strstr(at + 1, text))
        count++;
    return count;
}
