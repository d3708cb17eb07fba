/* pages — what is at which path, and how each is answered. */
#ifndef SQUALL_TOOLS_TARGET_PAGES_H
#define SQUALL_TOOLS_TARGET_PAGES_H

#include "tools/target/reply.h"
#include "tools/target/request.h"
#include "tools/target/server.h"

/* A request being answered. */
struct page_call {
    struct server *server;
    struct guest *guest;
    const struct request *request;
    struct span argument; /* what follows the page's prefix in the path */
};

struct page {
    const char *path;
    bool is_prefix;
    bool wants_body;  /* the request's body is kept for it */
    bool is_stats;    /* asks about the server itself: not counted as a request */
    unsigned methods; /* METHOD_BITs; HEAD comes with GET */
    const char *row;  /* the path it is counted under; NULL = its own */
    void (*answer)(const struct page_call *call);
};

/* The page of a path; the one that says "not found" when there is none. Never NULL. */
const struct page *page_find(struct span path);

/* Queues the answer. The request's body is there if the page wants it. */
void page_answer(const struct page *page, struct server *s, struct guest *g,
                 const struct request *request);

/* Queues a small answer, made anew. */
void page_reply(const struct page_call *call, const struct reply *reply, struct span body);
/* Where a page whose length is not known yet is written, emptied; page_reply_page() queues it. */
struct outbox *page_begin(const struct page_call *call);
void page_reply_page(const struct page_call *call, const struct reply *reply);
void page_not_found(const struct page_call *call);

/* The answer to something that is not a request. */
void page_refuse(struct server *s, struct guest *g, int status);

/* A whole number up to `max`, as it stands in a path or a query; false when it is none. */
bool page_number(struct span text, uint64_t max, uint64_t *ret);

/* The TweetCheck API, in api.c. */
void api_directory(const struct page_call *call);
void api_token(const struct page_call *call);
void api_tweets(const struct page_call *call);
void api_tweet(const struct page_call *call);

/* What a client that browses is to follow and to keep, in browse.c. */
void browse_redirect(const struct page_call *call);
void browse_redirect_to(const struct page_call *call);
void browse_cookies(const struct page_call *call);
void browse_cookies_set(const struct page_call *call);

#endif
