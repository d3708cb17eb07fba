#include <errno.h>
#include <strings.h>
#include <time.h>

#include "tools/target/fields.h"
#include "tools/target/pages.h"

static void api_reply(const struct page_call *call, int status, const char *body)
{
    page_reply(call, &(struct reply){ .status = status, .type = TYPE_JSON }, span_of(body));
}

static void add_link(struct outbox *o, const struct request *rq, const char *name, const char *path)
{
    struct outbox link = { 0 };
    if (rq->host.len > 0) {
        outbox_add_text(&link, "http://");
        outbox_add(&link, rq->host);
    }
    outbox_add_text(&link, path);
    outbox_add_json(o, span_of(name));
    outbox_add_text(o, ":");
    outbox_add_json(o, outbox_span(&link));
    outbox_close(&link);
}

void api_directory(const struct page_call *call)
{
    struct outbox *o = page_begin(call);
    outbox_add_text(o, "{");
    add_link(o, call->request, "tweets", "/api/tweets/");
    outbox_add_text(o, ",");
    add_link(o, call->request, "api-token-auth", "/api-token-auth/");
    outbox_add_text(o, "}");
    page_reply_page(call, &(struct reply){ .status = 200, .type = TYPE_JSON });
}

/* The fields of the request's body, or NULL after the mistake has been answered. */
static struct fields *read_fields(const struct page_call *call)
{
    struct fields *f = NULL;
    switch (fields_open(&f, call->request->content_type, call->request->body)) {
    case 0:
        return f;
    case -EINVAL:
        api_reply(call, 400, "{\"detail\":\"JSON parse error - expected an object\"}");
        return NULL;
    case -ENOTSUP:
        api_reply(call, 415, "{\"detail\":\"Unsupported media type in request.\"}");
        return NULL;
    default:
        api_reply(call, 503, "{\"detail\":\"Out of memory.\"}");
        return NULL;
    }
}

/* ---- tokens ---- */

static void answer_token(const struct page_call *call, struct fields *f)
{
    struct span username = { NULL, 0 }, password = { NULL, 0 };
    const bool has_username = fields_text(f, "username", &username) && username.len > 0;
    const bool has_password = fields_text(f, "password", &password) && password.len > 0;
    if (!has_username || !has_password) {
        struct outbox *o = page_begin(call);
        outbox_add_text(o, has_username ? "{" : "{\"username\":[\"This field is required.\"]");
        outbox_add_text(o, has_username || has_password ? "" : ",");
        outbox_add_text(o, has_password ? "}" : "\"password\":[\"This field is required.\"]}");
        page_reply_page(call, &(struct reply){ .status = 400, .type = TYPE_JSON });
        return;
    }
    if (!span_equal(password, SPAN_LITERAL("admin"))) {
        api_reply(call, 400,
                  "{\"non_field_errors\":[\"Unable to log in with provided credentials.\"]}");
        return;
    }
    char token[TOKEN_LEN];
    token_issue(&call->server->target->secret, username, token);
    struct outbox *o = page_begin(call);
    outbox_add_text(o, "{\"token\":");
    outbox_add_json(o, (struct span){ token, sizeof token });
    outbox_add_text(o, "}");
    page_reply_page(call, &(struct reply){ .status = 200, .type = TYPE_JSON });
}

void api_token(const struct page_call *call)
{
    struct fields *f = read_fields(call);
    if (f != NULL)
        answer_token(call, f);
    fields_close(f);
}

/* False after the refusal has been answered. */
static bool is_let_in(const struct page_call *call)
{
    const struct span shown = call->request->authorization;
    const char *why = NULL;
    if (shown.len < 6 || strncasecmp(shown.bytes, "token ", 6) != 0)
        why = "{\"detail\":\"Authentication credentials were not provided.\"}";
    else if (!token_is_ours(&call->server->target->secret,
                            (struct span){ shown.bytes + 6, shown.len - 6 }))
        why = "{\"detail\":\"Invalid token.\"}";
    if (why != NULL)
        page_reply(call,
                   &(struct reply){
                       .status = 401, .type = TYPE_JSON, .fields = "WWW-Authenticate: Token\r\n" },
                   span_of(why));
    return why == NULL;
}

/* ---- tweets ---- */

static void add_tweet(const struct page_call *call, struct fields *f)
{
    struct span body;
    int64_t handle;
    if (!fields_number(f, "handle", &handle)) {
        api_reply(call, 400, "{\"handle\":[\"A whole number is required.\"]}");
        return;
    }
    if (!fields_text(f, "body", &body) || body.len == 0) {
        api_reply(call, 400, "{\"body\":[\"This field is required.\"]}");
        return;
    }
    if (body.len > TWEET_BODY_MAX) {
        api_reply(call, 400, "{\"body\":[\"Ensure this field has no more than 1000 bytes.\"]}");
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    const int rc =
        tweets_add(call->server->target->tweets, handle, body, now.tv_sec, page_begin(call));
    if (rc == 0)
        page_reply_page(call, &(struct reply){ .status = 201, .type = TYPE_JSON });
    else
        api_reply(call, 507, "{\"detail\":\"The store is full.\"}");
}

void api_tweets(const struct page_call *call)
{
    if (!is_let_in(call))
        return;
    if (call->request->method != METHOD_POST) {
        tweets_write_all(call->server->target->tweets, page_begin(call));
        page_reply_page(call, &(struct reply){ .status = 200, .type = TYPE_JSON });
        return;
    }
    struct fields *f = read_fields(call);
    if (f != NULL)
        add_tweet(call, f);
    fields_close(f);
}

/* The number of "17/"; 0, which no tweet has, when it is not one. */
static uint64_t tweet_id(struct span text)
{
    uint64_t id = 0;
    if (text.len < 2 || text.len > 10 || text.bytes[text.len - 1] != '/')
        return 0;
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return 0;
        id = id * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    return id;
}

void api_tweet(const struct page_call *call)
{
    if (!is_let_in(call))
        return;
    if (tweets_write(call->server->target->tweets, tweet_id(call->argument), page_begin(call)))
        page_reply_page(call, &(struct reply){ .status = 200, .type = TYPE_JSON });
    else
        api_reply(call, 404, "{\"detail\":\"Not found.\"}");
}
