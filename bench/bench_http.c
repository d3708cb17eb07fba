#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/harness.h"
#include "http/capture.h"
#include "http/json.h"
#include "http/response.h"
#include "http/template.h"

static const char answer[] =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    "Content-Type: text/plain\r\nContent-Length: 16\r\nConnection: keep-alive\r\n\r\n"
    "sixteen bytes ok";

static struct response response;
static struct response_memo memo;

static void parse(uint64_t rounds, struct response_memo *with)
{
    uint64_t done = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        size_t used = 0;
        response_begin(&response, false, NULL, NULL);
        const enum response_verdict verdict =
            response_feed(&response, with, answer, sizeof answer - 1, &used, NULL);
        done += verdict == RESPONSE_DONE && used == sizeof answer - 1;
    }
    bench_check(done == rounds);
    bench_check(response_head(&response)->status == 200 && response_body_bytes(&response) == 16);
}

static void parse_whole(uint64_t rounds)
{
    parse(rounds, NULL);
}

static void parse_memoised(uint64_t rounds)
{
    parse(rounds, &memo);
}

/* The length is another each time. */
static void parse_memoised_lengths(uint64_t rounds)
{
    static char varied[sizeof answer];
    uint64_t done = 0, memoised = 0;
    memcpy(varied, answer, sizeof answer);
    char *digit = memmem(varied, sizeof varied, "16\r\n", 4);
    for (uint64_t i = 0; i < rounds; i++) {
        size_t used = 0;
        bool is_memoised = false;
        digit[1] = (char)('0' + i % 7);
        response_begin(&response, false, NULL, NULL);
        done += response_feed(&response, &memo, varied, sizeof answer - 1, &used, &is_memoised) ==
                RESPONSE_DONE;
        memoised += is_memoised;
    }
    bench_check(done == rounds && memoised + 2 >= rounds);
}

static void prepare_memo(void)
{
    memset(&memo, 0, sizeof memo);
    memo.enabled = true;
}

static void parse_byte_by_byte(uint64_t rounds)
{
    uint64_t done = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        response_begin(&response, false, NULL, NULL);
        for (size_t at = 0; at < sizeof answer - 1; at++) {
            size_t used = 0;
            done += response_feed(&response, NULL, answer + at, 1, &used, NULL) == RESPONSE_DONE;
        }
    }
    bench_check(done == rounds);
}

/* POST /api/tweets/${}/ with a session's token and a value in its body, as the exercise sends it;
 * and a request without slots. */
static struct template template;
static void *blocks[16];
static size_t block_count;

static void *keep_block(void *context, size_t size)
{
    (void)context;
    bench_check(block_count < sizeof blocks / sizeof blocks[0]);
    return blocks[block_count++] = calloc(1, size > 0 ? size : 1);
}

static int value_of_slot(void *context, uint32_t slot, struct slot_value *ret_value)
{
    static const struct span values[] = {
        { "17", 2 },
        { "Token 9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b", 46 },
        { "Tweet 1b4e28ba-2fa1-11d2-883f-0016d3cca427", 42 },
    };
    (void)context;
    *ret_value = (struct slot_value){ values[slot], false };
    return 0;
}

static const struct span head_lines = {
    "/ HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: application/json\r\n", 60
};

static void prepare_slots(void)
{
    struct template_builder *builder = NULL;
    block_count = 0;
    bench_check(template_builder_open(&builder) == 0);
    template_builder_fixed(builder, SPAN_LITERAL("POST /api/tweets/"));
    template_builder_slot(builder, 0, ESCAPE_PATH);
    template_builder_fixed(builder, head_lines);
    template_builder_optional_header(builder, SPAN_LITERAL("Authorization"), 1);
    template_builder_begin_body(builder);
    template_builder_fixed(builder, SPAN_LITERAL("{\"handle\":1,\"body\":\""));
    template_builder_slot(builder, 2, ESCAPE_JSON);
    template_builder_fixed(builder, SPAN_LITERAL("\"}"));
    bench_check(template_builder_finish(builder, &template, keep_block, NULL) == 0);
    template_builder_close(builder);
}

static void prepare_fixed(void)
{
    struct template_builder *builder = NULL;
    block_count = 0;
    bench_check(template_builder_open(&builder) == 0);
    template_builder_fixed(builder, SPAN_LITERAL("GET /api/tweets"));
    template_builder_fixed(builder, head_lines);
    bench_check(template_builder_finish(builder, &template, keep_block, NULL) == 0);
    template_builder_close(builder);
    bench_check(template_is_fixed(&template));
}

static void finish_template(void)
{
    for (size_t i = 0; i < block_count; i++)
        free(blocks[i]);
    block_count = 0;
}

static char rendered[1024];

static size_t render(uint64_t rounds)
{
    size_t len = 0;
    uint64_t done = 0;
    uint32_t bad_slot = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        done += template_render(&template, value_of_slot, NULL, rendered, sizeof rendered, &len,
                                &bad_slot) == 0;
        bench_keep(len);
    }
    bench_check(done == rounds);
    return len;
}

static bool is_rendered(size_t len, const char *begins, const char *ends)
{
    return len > strlen(begins) + strlen(ends) && memcmp(rendered, begins, strlen(begins)) == 0 &&
           memcmp(rendered + len - strlen(ends), ends, strlen(ends)) == 0;
}

static void render_slots(uint64_t rounds)
{
    const size_t len = render(rounds);
    bench_check(is_rendered(len, "POST /api/tweets/17/ HTTP/1.1\r\n", "883f-0016d3cca427\"}"));
}

static void render_fixed(uint64_t rounds)
{
    const size_t len = render(rounds);
    bench_check(is_rendered(len, "GET /api/tweets/ HTTP/1.1\r\n", "\r\n\r\n"));
}

/* A value near the end of an answer of 1 KiB, as a scenario captures it. */
static void capture_json_1k(uint64_t rounds)
{
    bool is_json = false;
    static char body[1100], out[64];
    size_t used = (size_t)snprintf(body, sizeof body, "{\"items\": [");
    while (used < 960)
        used += (size_t)snprintf(body + used, sizeof body - used,
                                 "{\"id\": %zu, \"body\": \"a tweet\"}, ", used);
    used += (size_t)snprintf(body + used, sizeof body - used, "{}], \"next\": {\"id\": 17}}");
    uint64_t done = 0;
    struct json_document json;
    bench_check(json_document_open(&json, sizeof body) == 0);
    for (uint64_t i = 0; i < rounds; i++)
        done += json_document_read(&json, (struct span){ body, used }) == 0 &&
                capture_json(&json, SPAN_LITERAL("/next/id"), out, sizeof out, &is_json) == 2;
    json_document_close(&json);
    bench_check(done == rounds);
}

/* An echoed request: its body as a string of JSON in JSON, and as JSON. */
static void capture_json_echo(uint64_t rounds)
{
    static const char body[] =
        "{\"method\":\"POST\",\"target\":\"/"
        "echo\",\"headers\":{\"Host\":\"127.0.0.1:45239\",\"User-"
        "Agent\":\"squall/0.1.0\",\"Accept\":\"*/*\",\"Content-Type\":\"application/"
        "json\",\"Content-"
        "Length\":\"233\"},\"body\":\"{\\\"user\\\": 12, \\\"number\\\": 500000, \\\"price\\\": "
        "50000, \\\"token\\\": \\\"4f0c0a52-9a1c-4f7e-8f67-2b1e7a1f0c11\\\", \\\"trace\\\": "
        "\\\"0123456789abcdef\\\", \\\"color\\\": \\\"green\\\", \\\"count\\\": 12345, "
        "\\\"label\\\": "
        "\\\"item 5\\\", \\\"sequence\\\": 1234567, \\\"method\\\": "
        "\\\"POST\\\"}\",\"json\":{\"user\": "
        "12, \"number\": 500000, \"price\": 50000, \"token\": "
        "\"4f0c0a52-9a1c-4f7e-8f67-2b1e7a1f0c11\", \"trace\": \"0123456789abcdef\", \"color\": "
        "\"green\", \"count\": 12345, \"label\": \"item 5\", \"sequence\": 1234567, \"method\": "
        "\"POST\"}}";
    static char out[64];
    bool is_json = false;
    uint64_t done = 0;
    struct json_document json;
    bench_check(json_document_open(&json, sizeof body) == 0);
    for (uint64_t i = 0; i < rounds; i++)
        done += json_document_read(&json, (struct span){ body, sizeof body - 1 }) == 0 &&
                capture_json(&json, SPAN_LITERAL("/method"), out, sizeof out, &is_json) == 4;
    json_document_close(&json);
    bench_check(done == rounds);
}

int main(int argc, char **argv)
{
    const struct bench benches[] = {
        { "response_parsed_whole", 2 * 1000 * 1000, NULL, parse_whole, NULL },
        { "response_memoised", 5 * 1000 * 1000, prepare_memo, parse_memoised, NULL,
          "response_parsed_whole" },
        { "response_memoised_lengths", 5 * 1000 * 1000, prepare_memo, parse_memoised_lengths, NULL,
          "response_memoised" },
        { "response_byte_by_byte", 100 * 1000, NULL, parse_byte_by_byte, NULL,
          "response_parsed_whole" },
        { "template_render_fixed", 10 * 1000 * 1000, prepare_fixed, render_fixed, finish_template },
        { "template_render_three_slots", 2 * 1000 * 1000, prepare_slots, render_slots,
          finish_template, "template_render_fixed" },
        { "capture_json_1k", 500 * 1000, NULL, capture_json_1k, NULL },
        { "capture_json_echo", 500 * 1000, NULL, capture_json_echo, NULL },
    };
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
