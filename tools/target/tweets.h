/* tweets — the database of the TweetCheck API: grows with every POST, never forgets, is read whole
 * by every GET of the list. Any thread: a lock inside.
 */
#ifndef SQUALL_TOOLS_TARGET_TWEETS_H
#define SQUALL_TOOLS_TARGET_TWEETS_H

#include "tools/target/outbox.h"

#define TWEETS_AT_START 20u
#define TWEETS_MAX      1000000u
#define TWEET_BODY_MAX  1000u /* bytes */

struct tweets;

int tweets_open(struct tweets **ret_tweets); /* 0 or -ENOMEM */
void tweets_close(struct tweets *t);

/* Adds one, created at `now_s` (Unix time), and writes it as JSON. 0, -ENOSPC at TWEETS_MAX, or
 * -ENOMEM. */
int tweets_add(struct tweets *t, int64_t handle, struct span body, int64_t now_s,
               struct outbox *out);

/* Writes tweet `id` as JSON. False when there is none. */
bool tweets_write(struct tweets *t, uint64_t id, struct outbox *out);

/* Writes all of them as a JSON array, made anew from the store. */
void tweets_write_all(struct tweets *t, struct outbox *out);

#endif
