#include "tools/target/pages.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/quantity.h"
#include "http/content_coding.h"
#include "http/json.h"
#include "tools/target/pattern.h"

#define BYTES_MAX       (UINT64_C(1) << 30)
#define IMAGE_BODY_MAX  (1024u * 1024u)
#define DELAY_MAX_NS    UINT64_C(600000000000)
#define DRIP_RATE_USUAL 1000u
#define PAGE_COPY_MAX   (64u * 1024u) /* larger pages are handed over instead of copied */
#define PAGE_KEEP       (512u * 1024u)

/* Kinds of images: the upper part of their key. */
enum image_kind {
    IMAGE_NONE,
    IMAGE_HELLO,
    IMAGE_JSON,
    IMAGE_STATUS,
    IMAGE_BYTES,
    IMAGE_GZIP,
    IMAGE_DEFLATE,
    IMAGE_BR
};

static uint64_t image_key(enum image_kind kind, const struct request *rq, uint64_t number)
{
    const unsigned variant = (unsigned)rq->keeps_alive | (unsigned)rq->is_http10 << 1 |
                             (unsigned)(rq->method == METHOD_HEAD) << 2;
    return (uint64_t)kind << 48 | (uint64_t)variant << 40 | number;
}

/* Answers with an image, made on first use. */
static void page_reply_image(const struct page_call *call, uint64_t key, const struct reply *reply,
                             struct span body)
{
    struct server *s = call->server;
    struct span image = images_find(&s->images, key);
    if (image.len == 0) {
        outbox_clear(&s->page, PAGE_KEEP);
        reply_add(&s->page, call->request, reply, body);
        image = images_add(&s->images, key, outbox_span(&s->page));
    }
    if (image.len == 0) {
        outbox_add(sendq_gather(&call->guest->queue), outbox_span(&s->page));
        return;
    }
    sendq_add_image(&call->guest->queue, image);
    s->memoable = image;
}

void page_reply(const struct page_call *call, const struct reply *reply, struct span body)
{
    reply_add(sendq_gather(&call->guest->queue), call->request, reply, body);
}

void page_reply_page(const struct page_call *call, const struct reply *reply)
{
    struct outbox *page = &call->server->page;
    struct sendq *q = &call->guest->queue;
    if (page->is_short) {
        page_reply(call, &(struct reply){ .status = 503 }, (struct span){ NULL, 0 });
        return;
    }
    if (page->len < PAGE_COPY_MAX || call->request->method == METHOD_HEAD) {
        page_reply(call, reply, outbox_span(page));
        return;
    }
    reply_add_head(sendq_gather(q), call->request, reply, page->len);
    const struct outbox spare = q->page;
    q->page = *page;
    *page = spare;
    sendq_add_page(q);
}

struct outbox *page_begin(const struct page_call *call)
{
    outbox_clear(&call->server->page, PAGE_KEEP);
    return &call->server->page;
}

/* ---- the argument of a path ---- */

bool page_number(struct span text, uint64_t max, uint64_t *ret)
{
    uint64_t number = 0;
    if (text.len == 0 || text.len > 18)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    *ret = number;
    return number <= max;
}

/* The value of `name` in a query; an empty span when it is not there. */
static struct span query_value(struct span query, struct span name)
{
    while (query.len > 0) {
        const char *stop = memchr(query.bytes, '&', query.len);
        const size_t len = stop != NULL ? (size_t)(stop - query.bytes) : query.len;
        if (len > name.len && query.bytes[name.len] == '=' &&
            memcmp(query.bytes, name.bytes, name.len) == 0)
            return (struct span){ query.bytes + name.len + 1, len - name.len - 1 };
        const size_t past = len + (stop != NULL);
        query = (struct span){ query.bytes + past, query.len - past };
    }
    return query;
}

/* ---- the pages ---- */

static const struct reply reply_text = { .status = 200, .type = TYPE_TEXT };
static const struct reply reply_json = { .status = 200, .type = TYPE_JSON };
static const struct reply reply_bytes = { .status = 200, .type = TYPE_BYTES };

void page_not_found(const struct page_call *call)
{
    page_reply(call, &(struct reply){ .status = 404, .type = TYPE_TEXT },
               SPAN_LITERAL("not found\n"));
}

static void page_hello(const struct page_call *call)
{
    page_reply_image(call, image_key(IMAGE_HELLO, call->request, 0), &reply_text,
                     SPAN_LITERAL("hello, world\n"));
}

static void page_json(const struct page_call *call)
{
    page_reply_image(
        call, image_key(IMAGE_JSON, call->request, 0), &reply_json,
        SPAN_LITERAL("{\"message\":\"hello, world\",\"id\":1,\"ok\":true,\"list\":[1,2,3]}\n"));
}

static void page_status(const struct page_call *call)
{
    uint64_t status;
    if (!page_number(call->argument, 599, &status) || status < 200) {
        page_not_found(call);
        return;
    }
    char body[64];
    const int len =
        snprintf(body, sizeof body, "%u %s\n", (unsigned)status, status_reason((int)status));
    page_reply_image(call, image_key(IMAGE_STATUS, call->request, status),
                     &(struct reply){ .status = (int)status, .type = TYPE_TEXT },
                     (struct span){ body, (size_t)len });
}

static void page_bytes(const struct page_call *call)
{
    uint64_t len;
    if (!page_number(call->argument, BYTES_MAX, &len)) {
        page_not_found(call);
        return;
    }
    const uint64_t key = image_key(IMAGE_BYTES, call->request, len);
    struct server *s = call->server;
    if (images_find(&s->images, key).len > 0 ||
        (len <= IMAGE_BODY_MAX && images_has_room(&s->images, len + 1024))) {
        page_reply_image(call, key, &reply_bytes,
                         (struct span){ pattern_block().bytes, (size_t)len });
        return;
    }
    reply_add_head(sendq_gather(&call->guest->queue), call->request, &reply_bytes, len);
    if (call->request->method != METHOD_HEAD)
        sendq_add_pattern(&call->guest->queue, len);
}

/* The same bytes compressed; `fields` names the coding. */
static void reply_compressed(const struct page_call *call, enum image_kind kind, const char *fields,
                             char *(*compress)(struct span, size_t *))
{
    uint64_t len;
    size_t packed_len = 0;
    char *packed = NULL;
    if (!page_number(call->argument, IMAGE_BODY_MAX, &len)) {
        page_not_found(call);
        return;
    }
    const uint64_t key = image_key(kind, call->request, len);
    if (images_find(&call->server->images, key).len == 0) {
        packed = compress((struct span){ pattern_block().bytes, (size_t)len }, &packed_len);
        if (packed == NULL) {
            page_reply(call, &(struct reply){ .status = 503 }, (struct span){ NULL, 0 });
            return;
        }
    }
    page_reply_image(call, key,
                     &(struct reply){ .status = 200, .type = TYPE_BYTES, .fields = fields },
                     (struct span){ packed, packed_len });
    free(packed);
}

static void page_gzip(const struct page_call *call)
{
    reply_compressed(call, IMAGE_GZIP, "Content-Encoding: gzip\r\n", content_gzip);
}

static void page_deflate(const struct page_call *call)
{
    reply_compressed(call, IMAGE_DEFLATE, "Content-Encoding: deflate\r\n", content_deflate);
}

static void page_br(const struct page_call *call)
{
    reply_compressed(call, IMAGE_BR, "Content-Encoding: br\r\n", content_br);
}

static void page_chunked(const struct page_call *call)
{
    uint64_t len;
    if (!page_number(call->argument, BYTES_MAX, &len)) {
        page_not_found(call);
        return;
    }
    struct sendq *q = &call->guest->queue;
    reply_add_chunked_head(sendq_gather(q), call->request, &reply_bytes);
    if (call->request->is_http10)
        call->guest->after = AFTER_CLOSES;
    if (call->request->method == METHOD_HEAD)
        return;
    if (call->request->is_http10)
        sendq_add_pattern(q, len);
    else
        sendq_add_chunks(q, len);
}

static bool delay_read(struct span text, uint64_t *ret_ns)
{
    return quantity_duration_ns(text, ret_ns) == NULL && *ret_ns <= DELAY_MAX_NS;
}

/* The delay of the path, but that of `then` for one in `every`, over all who ask this server. */
static void page_delay(const struct page_call *call)
{
    uint64_t after_ns, then_ns, every;
    const struct span period = query_value(call->request->query, SPAN_LITERAL("every"));
    const struct span then = query_value(call->request->query, SPAN_LITERAL("then"));
    if (!delay_read(call->argument, &after_ns)) {
        page_not_found(call);
        return;
    }
    if (period.len > 0) {
        if (!page_number(period, UINT32_MAX, &every) || every == 0 || !delay_read(then, &then_ns)) {
            page_reply(
                call, &(struct reply){ .status = 400, .type = TYPE_TEXT },
                SPAN_LITERAL("expected a whole number above 0 as every, and a time as then\n"));
            return;
        }
        if (++call->server->delays % every == 0)
            after_ns = then_ns;
    }
    struct outbox *page = &call->guest->queue.page;
    outbox_clear(page, PAGE_KEEP);
    reply_add(page, call->request, &reply_text, SPAN_LITERAL("hello, world\n"));
    guest_delay(call->server, call->guest, after_ns);
}

static void page_slow(const struct page_call *call)
{
    uint64_t len, bytes_per_s = DRIP_RATE_USUAL;
    const struct span rate = query_value(call->request->query, SPAN_LITERAL("bytes_per_s"));
    if (!page_number(call->argument, BYTES_MAX, &len)) {
        page_not_found(call);
        return;
    }
    if (rate.len > 0 && (!page_number(rate, BYTES_MAX, &bytes_per_s) || bytes_per_s == 0)) {
        page_reply(call, &(struct reply){ .status = 400, .type = TYPE_TEXT },
                   SPAN_LITERAL("expected a whole number above 0 as bytes_per_s\n"));
        return;
    }
    reply_add_head(sendq_gather(&call->guest->queue), call->request, &reply_bytes, len);
    if (call->request->method != METHOD_HEAD && len > 0)
        guest_drip(call->server, call->guest, len, bytes_per_s);
}

static void page_close(const struct page_call *call)
{
    struct request last = *call->request;
    last.keeps_alive = false;
    reply_add(sendq_gather(&call->guest->queue), &last, &reply_text, SPAN_LITERAL("goodbye\n"));
    call->guest->after = AFTER_CLOSES;
}

static void page_stall(const struct page_call *call)
{
    call->guest->wait = WAIT_FOREVER;
}

static void page_reset(const struct page_call *call)
{
    call->guest->after = AFTER_RESETS;
}

/* All values of a name, as one: a JSON object holds a name once. */
static void echo_field(struct outbox *o, struct span fields, struct span name,
                       struct outbox *joined)
{
    struct span other, value;
    bool is_first = true;
    outbox_clear(joined, PAGE_KEEP);
    while (request_next_field(&fields, &other, &value)) {
        if (other.len != name.len || !span_equal_ignoring_case(other, name))
            continue;
        if (!is_first)
            outbox_add_text(joined, ", ");
        outbox_add(joined, value);
        is_first = false;
    }
    outbox_add_json(o, name);
    outbox_add_text(o, ":");
    outbox_add_json(o, outbox_span(joined));
}

static bool is_repeated(struct span fields, struct span name)
{
    struct span other, value;
    while (request_next_field(&fields, &other, &value) && other.bytes != name.bytes) {
        if (other.len == name.len && span_equal_ignoring_case(other, name))
            return true;
    }
    return false;
}

static void page_echo(const struct page_call *call)
{
    const struct request *rq = call->request;
    struct outbox *o = page_begin(call);
    struct outbox joined = { 0 };
    struct span rest = rq->fields, name, value, json;

    outbox_add_text(o, "{\"method\":\"");
    outbox_add_text(o, method_name(rq->method));
    outbox_add_text(o, "\",\"target\":");
    outbox_add_json(o, rq->target);
    outbox_add_text(o, ",\"headers\":{");
    for (bool is_first = true; request_next_field(&rest, &name, &value); is_first = false) {
        if (is_repeated(rq->fields, name))
            continue;
        if (!is_first)
            outbox_add_text(o, ",");
        echo_field(o, rq->fields, name, &joined);
    }
    outbox_add_text(o, "},\"body\":");
    outbox_add_json(o, rq->body);
    if (json_is_valid(rq->body, &json)) {
        outbox_add_text(o, ",\"json\":");
        outbox_add(o, json);
    }
    outbox_add_text(o, "}\n");
    outbox_close(&joined);
    page_reply_page(call, &reply_json);
}

static void page_stats(const struct page_call *call)
{
    struct target *t = call->server->target;
    census_write(t->censuses, t->threads, atomic_load(&t->census_epoch), page_begin(call));
    page_reply_page(call, &reply_json);
}

static void page_stats_reset(const struct page_call *call)
{
    struct server *s = call->server;
    census_begin_epoch(&s->census, atomic_fetch_add(&s->target->census_epoch, 1) + 1);
    memo_forget(&s->memo);
    page_reply(call, &reply_json, SPAN_LITERAL("{\"reset\":true}\n"));
}

/* ---- what is where ---- */

#define MAY_ALL      ((1u << METHOD_COUNT) - 1u)
#define MAY_GET      METHOD_BIT(GET)
#define MAY_POST     METHOD_BIT(POST)
#define MAY_GET_POST (MAY_GET | MAY_POST)

static const struct page pages[] = {
    { .path = "/", .methods = MAY_GET, .answer = page_hello },
    { .path = "/hello", .methods = MAY_GET, .answer = page_hello },
    { .path = "/json", .methods = MAY_GET, .answer = page_json },
    { .path = "/api/tweets/", .methods = MAY_GET_POST, .wants_body = true, .answer = api_tweets },
    { .path = "/api/tweets/",
      .is_prefix = true,
      .methods = MAY_GET,
      .row = "/api/tweets/[id]/",
      .answer = api_tweet },
    { .path = "/api/", .methods = MAY_GET, .answer = api_directory },
    { .path = "/api-token-auth/", .methods = MAY_POST, .wants_body = true, .answer = api_token },
    { .path = "/bytes/", .is_prefix = true, .methods = MAY_ALL, .answer = page_bytes },
    { .path = "/chunked/", .is_prefix = true, .methods = MAY_ALL, .answer = page_chunked },
    { .path = "/gzip/", .is_prefix = true, .methods = MAY_ALL, .answer = page_gzip },
    { .path = "/deflate/", .is_prefix = true, .methods = MAY_ALL, .answer = page_deflate },
    { .path = "/br/", .is_prefix = true, .methods = MAY_ALL, .answer = page_br },
    { .path = "/redirect/", .is_prefix = true, .methods = MAY_ALL, .answer = browse_redirect },
    { .path = "/redirect-to", .methods = MAY_ALL, .answer = browse_redirect_to },
    { .path = "/cookies", .methods = MAY_ALL, .answer = browse_cookies },
    { .path = "/cookies/set", .methods = MAY_ALL, .answer = browse_cookies_set },
    { .path = "/delay/", .is_prefix = true, .methods = MAY_ALL, .answer = page_delay },
    { .path = "/slow/", .is_prefix = true, .methods = MAY_ALL, .answer = page_slow },
    { .path = "/status/", .is_prefix = true, .methods = MAY_ALL, .answer = page_status },
    { .path = "/echo", .methods = MAY_ALL, .wants_body = true, .answer = page_echo },
    { .path = "/close", .methods = MAY_ALL, .answer = page_close },
    { .path = "/stall", .methods = MAY_ALL, .answer = page_stall },
    { .path = "/reset", .methods = MAY_ALL, .answer = page_reset },
    { .path = "/stats", .methods = MAY_GET, .is_stats = true, .answer = page_stats },
    { .path = "/stats/reset", .methods = MAY_POST, .is_stats = true, .answer = page_stats_reset },
};

static const struct page nowhere = {
    .path = "", .is_prefix = true, .methods = MAY_ALL, .answer = page_not_found
};

const struct page *page_find(struct span path)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        const struct page *page = &pages[i];
        const size_t len = strlen(page->path);
        if ((page->is_prefix ? path.len > len : path.len == len) &&
            memcmp(path.bytes, page->path, len) == 0)
            return page;
    }
    return &nowhere;
}

static void page_wrong_method(const struct page_call *call, unsigned methods)
{
    char fields[64];
    snprintf(fields, sizeof fields, "Allow: %s%s\r\n", methods & MAY_GET ? "GET, HEAD" : "POST",
             methods == MAY_GET_POST ? ", POST" : "");
    char body[64];
    const int len = snprintf(body, sizeof body, "{\"detail\":\"Method \\\"%s\\\" not allowed.\"}\n",
                             method_name(call->request->method));
    page_reply(call, &(struct reply){ .status = 405, .type = TYPE_JSON, .fields = fields },
               (struct span){ body, (size_t)len });
}

void page_answer(const struct page *page, struct server *s, struct guest *g,
                 const struct request *request)
{
    const size_t prefix = strlen(page->path);
    const struct page_call call = { .server = s,
                                    .guest = g,
                                    .request = request,
                                    .argument = { request->path.bytes + prefix,
                                                  request->path.len - prefix } };
    const unsigned methods = page->methods | (page->methods & MAY_GET ? METHOD_BIT(HEAD) : 0);
    if (methods & 1u << request->method)
        page->answer(&call);
    else
        page_wrong_method(&call, page->methods);
}

void page_refuse(struct server *s, struct guest *g, int status)
{
    const struct request request = { .method = METHOD_GET };
    const struct page_call call = { .server = s, .guest = g, .request = &request };
    char body[64];
    const int len = snprintf(body, sizeof body, "%d %s\n", status, status_reason(status));
    page_reply(&call, &(struct reply){ .status = status, .type = TYPE_TEXT },
               (struct span){ body, (size_t)len });
}
