#include "engine/plan/request_head.h"

struct request_header *request_head_find(struct request_head *h, struct span name)
{
    for (uint32_t i = 0; i < h->count; i++) {
        if (span_equal_ignoring_case(h->headers[i].name, name))
            return &h->headers[i];
    }
    return NULL;
}

void request_head_set(struct request_head *h, struct span name, const struct text *value,
                      enum header_rank rank)
{
    struct request_header *header = request_head_find(h, name);
    if (header == NULL) {
        if (h->count == REQUEST_HEADERS_MAX)
            return;
        header = &h->headers[h->count++];
    }
    *header = (struct request_header){ .name = name, .value = value, .rank = rank };
}

static const struct text_part default_parts[] = {
    { .bytes = { "squall/" SQUALL_VERSION, sizeof("squall/" SQUALL_VERSION) - 1 } },
    { .bytes = { "*/*", 3 } },
    { .bytes = { "close", 5 } },
};
static const struct text default_user_agent = { &default_parts[0], 1 };
static const struct text default_accept = { &default_parts[1], 1 };
static const struct text default_close = { &default_parts[2], 1 };

void request_head_set_defaults(struct request_head *h, const struct text *host, bool is_only)
{
    request_head_set(h, SPAN_LITERAL("Host"), host, HEADER_DEFAULT);
    request_head_set(h, SPAN_LITERAL("User-Agent"), &default_user_agent, HEADER_DEFAULT);
    request_head_set(h, SPAN_LITERAL("Accept"), &default_accept, HEADER_DEFAULT);
    if (is_only)
        request_head_set(h, SPAN_LITERAL("Connection"), &default_close, HEADER_DEFAULT);
}

bool request_head_says_close(struct request_head *h)
{
    const struct request_header *header = request_head_find(h, SPAN_LITERAL("Connection"));
    if (header == NULL || header->value == NULL || header->value->count != 1)
        return false;
    const struct text_part *only = &header->value->parts[0];
    return !only->is_slot && span_equal_ignoring_case(only->bytes, SPAN_LITERAL("close"));
}

void request_head_begin(const struct request_head *h, struct request_writer *w)
{
    request_write_fixed(w, span_of(h->method));
    request_write_fixed(w, SPAN_LITERAL(" "));
    request_write_fixed(w, h->authority);
    request_write_fixed(w, h->prefix);
    request_write_target(w, h->target, h->origin);
}

void request_head_finish(const struct request_head *h, struct request_writer *w)
{
    request_write_fixed(w, SPAN_LITERAL(" HTTP/1.1\r\n"));
    for (uint32_t i = 0; i < h->count; i++) {
        const struct request_header *header = &h->headers[i];
        if (header->value == NULL)
            continue;
        request_write_fixed(w, header->name);
        request_write_fixed(w, SPAN_LITERAL(": "));
        request_write_text(w, header->value, ESCAPE_HEADER);
        request_write_fixed(w, SPAN_LITERAL("\r\n"));
    }
}

bool method_expects_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}
