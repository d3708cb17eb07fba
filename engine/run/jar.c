#include "engine/run/jar.h"

#include <errno.h>

#include "engine/run/worker_state.h"
#include "http/cookie.h"

static struct span jar_of(const struct worker *w, const struct user *u)
{
    struct span jar = { NULL, 0 };
    if (w->plan->jar != PLAN_NONE)
        values_get(&w->values, worker_user_index(w, u), w->plan->jar, &jar);
    return jar;
}

static int64_t jar_now_s(struct worker *w)
{
    return worker_wall_ns(w) / INT64_C(1000000000);
}

static struct cookie_place jar_place(const struct worker *w, uint32_t origin, struct span target)
{
    const struct url *base = &w->bases[origin];
    return (struct cookie_place){ .host = base->host, .path = target, .is_secure = base->is_tls };
}

/* The new jar lies in scratch; what did not work left the old one as it was. */
static int jar_keep(struct worker *w, const struct user *u, int len)
{
    if (len < 0)
        return len;
    return values_set(&w->values, worker_user_index(w, u), w->plan->jar,
                      (struct span){ w->scratch, (size_t)len }, false);
}

void jar_take(struct worker *w, const struct user *u, uint32_t origin, struct span target,
              struct span set_cookie)
{
    const struct cookie_place place = jar_place(w, origin, target);
    jar_keep(w, u,
             cookie_jar_take(jar_of(w, u), &place, set_cookie, jar_now_s(w), w->scratch,
                             COOKIE_JAR_BYTES_MAX));
}

int jar_set(struct worker *w, const struct user *u, struct span name, struct span value)
{
    const struct cookie_place place = jar_place(w, 0, SPAN_LITERAL("/"));
    const int len =
        cookie_jar_set(jar_of(w, u), &place, name, value, w->scratch, COOKIE_JAR_BYTES_MAX);
    return len == -EINVAL ? -EILSEQ : jar_keep(w, u, len);
}

void jar_forget(struct worker *w, const struct user *u)
{
    if (w->plan->jar != PLAN_NONE)
        values_drop(&w->values, worker_user_index(w, u), w->plan->jar);
}

bool jar_is_empty(const struct worker *w, const struct user *u)
{
    return jar_of(w, u).len == 0;
}

struct span jar_header(struct worker *w, const struct user *u, uint32_t origin, struct span target)
{
    const struct span jar = jar_of(w, u);
    if (jar.len == 0)
        return (struct span){ NULL, 0 };
    const struct cookie_place place = jar_place(w, origin, target);
    const int len = cookie_jar_header(jar, &place, jar_now_s(w), w->cookie, COOKIE_JAR_BYTES_MAX);
    return (struct span){ w->cookie, len > 0 ? (size_t)len : 0 };
}

bool jar_find(struct worker *w, const struct user *u, struct span name, struct span *ret_value)
{
    const struct span jar = jar_of(w, u);
    return jar.len > 0 && cookie_jar_find(jar, name, jar_now_s(w), ret_value);
}
