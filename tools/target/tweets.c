#include "tools/target/tweets.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TWEETS_BEGIN_S 1412121600 /* 2014-10-01: when the first of them was written */

struct tweet {
    int64_t handle;
    int64_t created_s;
    char *body;
    uint32_t body_len;
};

struct tweets {
    pthread_mutex_t lock;
    struct tweet *rows; /* tweet `id` is row id - 1 */
    uint32_t count, cap;
};

static int tweets_append(struct tweets *t, int64_t handle, struct span body, int64_t created_s)
{
    if (t->count == TWEETS_MAX)
        return -ENOSPC;
    if (t->count == t->cap) {
        const uint32_t cap = t->cap != 0 ? 2 * t->cap : 64;
        struct tweet *rows = realloc(t->rows, cap * sizeof *rows);
        if (rows == NULL)
            return -ENOMEM;
        t->rows = rows;
        t->cap = cap;
    }
    char *copy = malloc(body.len + 1);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, body.bytes, body.len);
    t->rows[t->count++] = (struct tweet){
        .handle = handle, .created_s = created_s, .body = copy, .body_len = (uint32_t)body.len
    };
    return 0;
}

int tweets_open(struct tweets **ret_tweets)
{
    struct tweets *t = calloc(1, sizeof *t);
    if (t == NULL)
        return -ENOMEM;
    pthread_mutex_init(&t->lock, NULL);
    for (uint32_t i = 1; i <= TWEETS_AT_START; i++) {
        char text[64];
        const int len = snprintf(text, sizeof text, "This is tweet number %u", i);
        if (tweets_append(t, 1 + i % 3, (struct span){ text, (size_t)len },
                          TWEETS_BEGIN_S + 60 * (int64_t)i) < 0) {
            tweets_close(t);
            return -ENOMEM;
        }
    }
    *ret_tweets = t;
    return 0;
}

void tweets_close(struct tweets *t)
{
    if (t == NULL)
        return;
    for (uint32_t i = 0; i < t->count; i++)
        free(t->rows[i].body);
    free(t->rows);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static void write_row(const struct tweets *t, uint32_t index, struct outbox *out)
{
    const struct tweet *tweet = &t->rows[index];
    const time_t created = tweet->created_s;
    struct tm date;
    char text[96];

    gmtime_r(&created, &date);
    snprintf(text, sizeof text, "{\"id\":%u,\"handle\":%" PRId64 ",\"body\":", index + 1,
             tweet->handle);
    outbox_add_text(out, text);
    outbox_add_json(out, (struct span){ tweet->body, tweet->body_len });
    outbox_add_text(out, ",\"author\":\"admin@tweetcheck.com\",\"status\":0,\"created\":\"");
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ\"}", &date);
    outbox_add_text(out, text);
}

int tweets_add(struct tweets *t, int64_t handle, struct span body, int64_t now_s,
               struct outbox *out)
{
    pthread_mutex_lock(&t->lock);
    const int rc = tweets_append(t, handle, body, now_s);
    if (rc == 0)
        write_row(t, t->count - 1, out);
    pthread_mutex_unlock(&t->lock);
    return rc;
}

bool tweets_write(struct tweets *t, uint64_t id, struct outbox *out)
{
    pthread_mutex_lock(&t->lock);
    const bool is_there = id >= 1 && id <= t->count;
    if (is_there)
        write_row(t, (uint32_t)(id - 1), out);
    pthread_mutex_unlock(&t->lock);
    return is_there;
}

void tweets_write_all(struct tweets *t, struct outbox *out)
{
    pthread_mutex_lock(&t->lock);
    outbox_add_text(out, "[");
    for (uint32_t i = 0; i < t->count; i++) {
        if (i > 0)
            outbox_add_text(out, ",");
        write_row(t, i, out);
    }
    outbox_add_text(out, "]");
    pthread_mutex_unlock(&t->lock);
}
