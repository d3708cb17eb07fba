/* Any pointer or pattern into any text: the answer lies in the text, fits its room, and is the same
 * when asked for again.
 *
 * Input: a pointer, which is a pattern too, a NUL, the text. */
#include <errno.h>
#include <stdlib.h>

#include "http/capture.h"
#include "http/json.h"
#include "http/regex.h"
#include "tests/fuzz/replay.h"
#include "tests/unit/json_capture.h"

const struct span replay_seeds[] = {
    SPAN_LITERAL("/token\0{\"token\": \"abc\"}"),
    SPAN_LITERAL("/a/1/b\0 {\"a\" : [null, {\"b\":{\"c\":-1.5e+3}}, true], \"d\":false} "),
    SPAN_LITERAL("/m~0n/a~1b\0{\"m~n\":{\"a/b\":[1,2,3]}}"),
    SPAN_LITERAL("/a\0{\"a\":1,\"\\u0061\":\"\\ud83d\\ude00\\n\\\"\xc3\xa9\"}"),
    SPAN_LITERAL("\0[0,1E2,\"\\\\\",[[[[{}]]]],\"\xf0\x9f\x98\x80\"]"),
    SPAN_LITERAL("/0/0/0\0[[[\"\\u00e9\\b\\f\\r\\t\\/\"]]]"),
    SPAN_LITERAL(
        "/r/*/id\0{\"r\":[{\"id\":1},{},{\"id\":\"\\n\",\"id\":[2]}],\"r\":{\"x\":{\"id\":3}}}"),
    SPAN_LITERAL("/*\0[\"\",\"a\",[],7,\"\\\"\"]"),
    SPAN_LITERAL(
        "/a\0{\"a\":\"{\\\"bc\\\": \\\"0123\\\", \\\"d\\\\\\\"\\\": [\\\"\\\"]}\", \"b\": 123}"),
    SPAN_LITERAL("name=\"csrf\" value=\"([^\"]*)\"\0<input name=\"csrf\" value=\"a1b2\">"),
    SPAN_LITERAL("(*UTF)(?<y>\\w+)(?:.|\\n)*?\\1\0\xc3\xa9t\xc3\xa9\n\xc3\xa9t\xc3\xa9"),
    SPAN_LITERAL("(?i)(?|a(b+?)|(c{2,3}))(?=x)|^(?>d*)(?1)?$\0aBBxccx\nddd"),
    SPAN_LITERAL("(*NO_JIT)(a+)+$\0aaaaaaaab"),
    SPAN_LITERAL("bc\\K|a(?=(?R))\0abc"),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The value in a block of exactly its size. */
static void check_room(struct span text, struct span pointer, const char *out, size_t len)
{
    char *exact = malloc(len ? len : 1);
    bool is_json;
    require(exact != NULL);
    require(json_capture(text, pointer, exact, len, &is_json) == (int)len);
    require(memcmp(exact, out, len) == 0);
    if (len > 0)
        require(json_capture(text, pointer, exact, len - 1, &is_json) == -ENOSPC);
    free(exact);
}

/* What is found is a value of its own, and where both ways of reading see one. */
static void check_found(struct span text, struct span pointer)
{
    struct json_document json;
    struct span whole;
    uint32_t node;
    require(json_document_open(&json, text.len) == 0);
    const bool is_read = json_document_read(&json, text) == 0;
    require(is_read == json_is_valid(text, &whole));
    if (is_read && json_node_find(&json, JSON_ROOT, pointer, &node) == 0) {
        const struct span found = json_node_text(&json, node);
        require(found.len > 0 && found.bytes >= text.bytes);
        require(found.bytes + found.len <= text.bytes + text.len);
        require(json_is_valid(found, &whole) && span_equal(whole, found));
    }
    json_document_close(&json);
}

static void check_match(struct span pattern, struct span text)
{
    static struct regex_matcher *matcher;
    struct regex *r;
    struct span first, again;
    char message[128];
    size_t offset;
    require(matcher || regex_matcher_open(&matcher) == 0);
    int rc = regex_open(&r, pattern, message, sizeof(message), &offset);
    if (rc != 0) {
        require(rc == -EINVAL && offset <= pattern.len && strlen(message) > 0);
        return;
    }
    rc = regex_find(r, matcher, text, &first);
    require(rc == 0 || rc == -ENOENT || rc == -E2BIG);
    if (rc == 0) {
        require(first.bytes >= text.bytes && first.len <= text.len);
        require(first.bytes + first.len <= text.bytes + text.len);
        require(regex_find(r, matcher, text, &again) == 0);
        require(again.bytes == first.bytes && again.len == first.len);
    }
    regex_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char out[65536];
    const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
    if (!end)
        return 0;
    const struct span pointer = { (const char *)data, (size_t)(end - data) };
    const struct span text = { (const char *)end + 1, size - pointer.len - 1 };
    struct span found;
    bool is_json;

    const int len = json_capture(text, pointer, out, sizeof(out), &is_json);
    require(len < 0 || !is_json || len == 0 ||
            json_is_valid((struct span){ out, (size_t)len }, &found));
    require(len >= 0 || len == -ENOENT || len == -EBADMSG || len == -ENOSPC);
    if (len >= 0)
        check_room(text, pointer, out, (size_t)len);
    check_match(pointer, text);
    check_found(text, pointer);
    return 0;
}
