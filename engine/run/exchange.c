#include "engine/run/exchange.h"

#include <errno.h>
#include <stdio.h>

#include "engine/run/answer.h"
#include "engine/run/jar.h"
#include "engine/run/scope.h"
#include "http/header.h"
#include "stats/mutant.h"

static const struct plan_request *exchange_request(const struct worker *w, const struct user *u)
{
    return &w->plan->requests[u->request];
}

/* ---- rendering ---- */

static const char *render_fault(int err)
{
    switch (err) {
    case -ENODATA:
        return "has no value";
    case -EILSEQ:
        return "has a value that may not stand there";
    case -ENOSPC:
        return "makes the request too long";
    default:
        return "could not be made";
    }
}

/* The cookies stand behind all other headers: what follows them moves. A request that brings a
 * Cookie header of its own is sent as it is: there may be only one (RFC 6265 section 5.4). */
static int insert_cookies(struct worker *w, struct user *u, char *out, size_t cap, size_t *len)
{
    const struct span sent = { out, *len };
    if (jar_is_empty(w, u))
        return 0;
    const struct span value =
        jar_header(w, u, exchange_request(w, u)->origin, exchange_target(sent));
    if (value.len == 0 || header_is_in(sent, SPAN_LITERAL("Cookie")))
        return 0;
    const size_t added = value.len + strlen("Cookie: \r\n");
    if (added > cap - *len)
        return -ENOSPC;
    char *blank = memmem(out, *len, "\r\n\r\n", 4);
    if (blank == NULL)
        return -EINVAL;
    char *at = blank + 2;
    memmove(at + added, at, *len - (size_t)(at - out));
    at = mempcpy(at, "Cookie: ", strlen("Cookie: "));
    at = mempcpy(at, value.bytes, value.len);
    memcpy(at, "\r\n", 2);
    *len += added;
    return 0;
}

static int render_next_of_chain(const struct chain *chain, char *out, size_t cap, size_t *ret_len)
{
    if (chain->len > cap)
        return -ENOSPC;
    memcpy(out, chain->bytes, chain->len);
    *ret_len = chain->len;
    return 0;
}

/* A value in it, or in a cookie that should go with it, cannot be sent: so it is not. */
static int refuse_to_render(struct worker *w, struct user *u, const char *what, struct span name,
                            int rc)
{
    char message[FAILURE_TEXT_MAX];
    snprintf(message, sizeof message, "%s'%.*s' %s", what, (int)name.len, name.bytes,
             render_fault(rc));
    u->task_asked = false; /* nothing was sent: the next attempt must not come at once */
    u->cookie_fault = 0;
    exchange_failed(w, u, NULL, FAILURE_SCENARIO, message);
    return rc == -ENOSPC ? -EMSGSIZE : rc;
}

int exchange_render(struct worker *w, struct user *u, char *out, size_t cap, size_t *ret_len)
{
    const struct chain *chain = redirects_chain(w, u);
    if (chain != NULL)
        return render_next_of_chain(chain, out, cap, ret_len);
    if (u->cookie_fault != 0)
        return refuse_to_render(w, u, "cookie ", w->plan->steps[u->cookie_step].name,
                                -(int)u->cookie_fault);
    uint32_t bad_slot = UINT32_MAX;
    scope_enter(w, u);
    int rc = template_render(&exchange_request(w, u)->template, scope_slot, w, out, cap, ret_len,
                             &bad_slot);
    if (rc == 0 && w->plan->jar != PLAN_NONE)
        rc = insert_cookies(w, u, out, cap, ret_len);
    if (rc == 0 || (rc == -ENOSPC && cap < w->tx.bytes))
        return rc;
    const struct span slot = bad_slot < w->plan->expression_count
                                 ? w->plan->expressions[bad_slot].text
                                 : (struct span){ "", 0 };
    return refuse_to_render(w, u, "", slot, rc);
}

bool exchange_has_cookies(struct worker *w, struct user *u)
{
    const struct plan_request *request = exchange_request(w, u);
    return u->cookie_fault != 0 ||
           jar_header(w, u, request->origin, exchange_target(request->template.whole)).len > 0;
}

/* ---- the request as it was sent ---- */

struct span exchange_sent(const struct worker *w, const struct conn *c)
{
    const struct user *u = user_list_first(w, &c->flight);
    if (c->tx[0].chunk == 0)
        return exchange_request(w, u)->template.whole;
    return (struct span){ chunks_at(&w->tx, c->tx[0].chunk) + c->tx[0].answered_bytes,
                          u->sent_bytes };
}

/* "/path" of "http://host/path", which is what a proxy is asked for. */
static struct span without_authority(struct span target)
{
    static const struct span scheme = { "http://", sizeof "http://" - 1 };
    if (target.len < scheme.len || memcmp(target.bytes, scheme.bytes, scheme.len) != 0)
        return target;
    const char *path = memchr(target.bytes + scheme.len, '/', target.len - scheme.len);
    return path == NULL ? SPAN_LITERAL("/")
                        : (struct span){ path, target.len - (size_t)(path - target.bytes) };
}

struct span exchange_target(struct span request)
{
    const char *end = request.bytes + request.len;
    const char *method_end = memchr(request.bytes, ' ', request.len);
    if (method_end == NULL)
        return (struct span){ NULL, 0 };
    const char *target = method_end + 1;
    const char *target_end = memchr(target, ' ', (size_t)(end - target));
    const struct span whole = { target, target_end == NULL ? 0 : (size_t)(target_end - target) };
    return without_authority(whole);
}

bool exchange_is_idempotent(const struct worker *w, const struct user *u)
{
    return u->chain == 0 ? exchange_request(w, u)->is_idempotent
                         : redirects_chain(w, u)->is_idempotent;
}

uint32_t exchange_origin(const struct worker *w, const struct user *u)
{
    return u->chain == 0 ? exchange_request(w, u)->origin : redirects_chain(w, u)->origin;
}

/* ---- whose time it was ---- */

/* How long its answer lay there while squall did not look. Without a stamp: since the wait should
 * have ended. */
static uint64_t exchange_held_ns(const struct worker *w, uint64_t arrived_ns)
{
    uint64_t held_ns = w->overslept_ns;
    if (arrived_ns != 0 && w->flush_ns > arrived_ns)
        held_ns += w->flush_ns - arrived_ns;
    return arrived_ns != 0 && held_ns > w->now_ns - arrived_ns ? w->now_ns - arrived_ns : held_ns;
}

/* The three parts that a stamp splits the time since the send into. */
static void exchange_split(struct worker *w, const struct user *u, uint64_t arrived_ns,
                           uint64_t held_ns)
{
    hist_record(&w->shard->phases[PHASE_WIRE], arrived_ns - u->sent_ns);
    hist_record(&w->shard->phases[PHASE_STACK], w->now_ns - arrived_ns - held_ns);
    hist_record(&w->shard->phases[PHASE_SAMPLED], u->generator_ns + held_ns);
}

static uint64_t exchange_generator_ns(struct worker *w, const struct user *u,
                                      const struct shard_result *r)
{
    const bool is_stamped = w->arrived_ns > u->sent_ns && u->sent_ns != 0 && u->chain == 0;
    const uint64_t arrived_ns = is_stamped && r->status != 0 ? w->arrived_ns : 0;
    const uint64_t held_ns = exchange_held_ns(w, arrived_ns);
    const uint64_t late_ns = r->service_ns < held_ns ? r->service_ns : held_ns;
    if (arrived_ns != 0)
        exchange_split(w, u, arrived_ns, held_ns);
    const uint64_t all_ns = u->generator_ns + late_ns;
    return all_ns < r->latency_ns ? all_ns : r->latency_ns;
}

/* ---- counting ---- */

/* It is sent, or goes from place to place in a chain. */
static bool exchange_is_in_flight(const struct user *u)
{
    return u->state == USER_IN_FLIGHT || u->chain != 0;
}

static void exchange_count_recorded(struct worker *w, struct user *u,
                                    const struct plan_request *request, const struct response *r,
                                    enum failure_class class, const char *message)
{
    const struct chain *chain = redirects_chain(w, u);
    const uint64_t sent_ns = exchange_sent_ns(w, u);
    struct shard_result result = {
        .endpoint = request->endpoint,
        .outcome = class == FAILURE_NONE ? OUTCOME_OK : OUTCOME_FAILED,
        .latency_ns = w->now_ns > u->due_ns ? w->now_ns - u->due_ns : 0,
        .service_ns = sent_ns == 0          ? UINT64_MAX
                      : w->now_ns > sent_ns ? w->now_ns - sent_ns
                                            : 0,
        .bytes_in = chain != NULL ? chain->bytes_in : 0,
    };
    if (r != NULL) {
        result.bytes_in += response_bytes(r);
        result.bytes_body = response_body_bytes(r);
        result.status = response_has_head(r) ? response_head(r)->status : 0;
    }
    result.generator_ns = exchange_generator_ns(w, u, &result);
    if (!MUTANT_IS(19) || w->now_ns - w->start_ns >= 1000000000)
        shard_finish(w->shard, &result);
    books_end(&w->shard->endpoints[request->endpoint].books, u->due_ns, w->now_ns);
    if (class != FAILURE_NONE)
        failure_note(&w->shard->failures, result.endpoint, class, message);
    w->last_done_ns = w->now_ns;
    w->requests_open--;
    if (exchange_is_in_flight(u))
        w->in_flight--;
}

static void exchange_count(struct worker *w, struct user *u, const struct response *r,
                           enum failure_class class, const char *message)
{
    const struct plan_request *request = exchange_request(w, u);
    u->ok = class == FAILURE_NONE;
    if (request->is_recorded) {
        exchange_count_recorded(w, u, request, r, class, message);
    } else {
        w->unrecorded_open--;
        shard_count(w->shard, COUNTER_UNRECORDED, 1);
        shard_count(w->shard, COUNTER_UNRECORDED_FAILED, !u->ok);
    }
    redirects_forget(w, u);
}

void exchange_failed(struct worker *w, struct user *u, const struct response *partial,
                     enum failure_class class, const char *message)
{
    exchange_count(w, u, partial, class, message);
    u->status = 0;
    user_request_over(w, u, false, answer_missed(w, u));
}

static void exchange_give_up(struct worker *w, struct user *u, uint32_t endpoint)
{
    if (exchange_is_in_flight(u)) {
        worker_unscheduled(w, COUNTER_IN_FLIGHT_AT_END, 1);
        hist_record(&w->shard->phases[PHASE_AGE], w->now_ns - u->due_ns);
        w->in_flight--;
    } else {
        worker_unscheduled(w, COUNTER_NOT_SENT, 1);
    }
    books_give_up(&w->shard->endpoints[endpoint].books, 1, u->due_ns, w->now_ns);
}

void exchange_abandon(struct worker *w, struct user *u)
{
    const struct plan_request *request = exchange_request(w, u);
    if (request->is_recorded)
        exchange_give_up(w, u, request->endpoint);
    else
        w->unrecorded_open--;
    redirects_forget(w, u);
}

/* ---- the answer ---- */

static bool status_is_expected(const struct plan_request *request, unsigned status)
{
    if (!request->expects_status)
        return status < 400;
    return status < 1024 && (request->status_expected[status / 64] >> (status % 64) & 1) != 0;
}

/* What is wrong with an answer whatever is in it; it is not as expected. */
static struct verdict answer_at_sight(struct worker *w, const struct response *r,
                                      enum redirect_course course, bool has_trailing)
{
    if (has_trailing)
        return (struct verdict){ FAILURE_UNSOLICITED, "bytes after the response", false };
    if (course != REDIRECT_REFUSED)
        snprintf(w->message, sizeof w->message, "status %u", response_head(r)->status);
    return (struct verdict){ FAILURE_HTTP_ERROR, w->message, false };
}

void exchange_answered(struct worker *w, struct conn *c, struct user *u,
                       enum redirect_course course, bool has_trailing)
{
    const struct plan_request *request = exchange_request(w, u);
    const struct response *r = &c->response;
    if (course == REDIRECT_FOLLOWS) {
        user_ask_on(w, u, redirects_chain(w, u)->origin);
        return;
    }
    w->body_expected[u->request] = response_body_bytes(r);
    u->status = response_head(r)->status;
    u->ok = status_is_expected(request, u->status) && course == REDIRECT_NONE && !has_trailing;
    struct verdict verdict = { FAILURE_NONE, NULL, false };
    if (!u->ok)
        verdict = answer_at_sight(w, r, course, has_trailing);
    if (request->capture_count > 0 || request->check_count > 0)
        verdict = answer_judge(w, c, u, verdict);
    exchange_count(w, u, r, verdict.class, verdict.message);
    user_request_over(w, u, u->ok, !verdict.ends_task);
}
