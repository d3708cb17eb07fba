#include <stdlib.h>
#include <string.h>

#include "bench/harness.h"
#include "engine/plan/arena.h"
#include "engine/plan/evaluate.h"
#include "http/template.h"
#include "http/text_list.h"

#define SLOT_COUNT 10u

/* What users of one core see: a name, a number and a list of three. */
static struct arena *arena;
static struct evaluator *evaluator;
static struct prng random_numbers;
static char list[64];
static size_t list_len;

static bool name_of(void *context, struct span name, struct operation *ret)
{
    static const char *const names[] = { "name", "number", "ids" };
    (void)context;
    for (uint16_t i = 0; i < 3; i++) {
        *ret = (struct operation){ .kind = OPERATION_VARIABLE, .index = i };
        if (span_equal(name, span_of(names[i])))
            return true;
    }
    return false;
}

static void variable(void *context, uint32_t which, struct value *ret)
{
    static const struct span texts[] = { { "ada lovelace", 12 }, { "17", 2 } };
    (void)context;
    *ret = which < 2 ? (struct value){ .kind = VALUE_TEXT, .text = texts[which] }
                     : (struct value){ .kind = VALUE_LIST, .text = { list, list_len } };
}

static void note(void *context, enum scope_note which, struct value *ret)
{
    (void)context;
    (void)which;
    *ret = (struct value){ .kind = VALUE_INTEGER, .integer = 200 };
}

static const struct scope scope = {
    .variable = variable, .note = note, .random = &random_numbers, .now_ns = 1700000000000000000
};

static struct expression read_expression(const char *text)
{
    static const struct expression_names names = { .name = name_of };
    struct expression x = { 0 };
    struct expression_fault fault;
    bench_check(expression_read(&x, arena, span_of(text), &names, &fault) == 0);
    return x;
}

static void open_all(void)
{
    static const struct span items[] = { { "a", 1 }, { "b", 1 }, { "c", 1 } };
    list_len = 0;
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        list_len = (size_t)text_list_append(list, list_len, sizeof list, items[i], false);
    prng_init(&random_numbers, 1, 2);
    bench_check(arena_open(&arena) == 0 && evaluator_open(&evaluator) == 0);
}

static void close_all(void)
{
    evaluator_close(evaluator);
    arena_close(arena);
    evaluator = NULL;
    arena = NULL;
}

/* The text of one expression, `rounds` times; the last one in *ret_text. */
static void make_texts(const char *text, uint64_t rounds, struct span *ret_text)
{
    struct expression x = read_expression(text);
    uint64_t done = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        done += expression_text(&x, evaluator, &scope, ret_text);
        bench_keep((uintptr_t)ret_text->bytes);
    }
    bench_check(done == rounds);
    expression_close(&x);
}

static void text_of_variable(uint64_t rounds)
{
    struct span text = { "", 0 };
    make_texts("name", rounds, &text);
    bench_check(span_equal(text, SPAN_LITERAL("ada lovelace")));
}

static void text_of_constant(uint64_t rounds)
{
    struct span text = { "", 0 };
    make_texts("'a' + 'b'", rounds, &text);
    bench_check(span_equal(text, SPAN_LITERAL("ab")));
}

static void text_of_random(uint64_t rounds)
{
    struct span text = { "", 0 };
    make_texts("random(100, 999)", rounds, &text);
    bench_check(text.len == 3);
}

static void text_of_uuid(uint64_t rounds)
{
    struct span text = { "", 0 };
    make_texts("uuid()", rounds, &text);
    bench_check(text.len == 36);
}

static void text_of_functions(uint64_t rounds)
{
    struct span text = { "", 0 };
    make_texts("upper(name) + '-' + pad(number + 1, 5, '0')", rounds, &text);
    bench_check(span_equal(text, SPAN_LITERAL("ADA LOVELACE-00018")));
}

static void text_of_digest(uint64_t rounds)
{
    struct span text = { "", 0 };
    make_texts("hmac_sha256(name, number)", rounds, &text);
    bench_check(text.len == 64);
}

static void hold(const char *text, uint64_t rounds)
{
    struct expression x = read_expression(text);
    uint64_t held = 0;
    for (uint64_t i = 0; i < rounds; i++)
        held += expression_holds(&x, evaluator, &scope);
    bench_check(held == rounds);
    expression_close(&x);
}

static void condition(uint64_t rounds)
{
    hold("status == 200 and length(ids) > 2", rounds);
}

static void condition_matches(uint64_t rounds)
{
    hold("name matches '^ada .*e$'", rounds);
}

/* A request with ten values, half of them variables, as a scenario would send it. */
static const char *const slots[SLOT_COUNT] = { "number", "random(1, 9)", "name",    "upper(name)",
                                               "uuid()", "pick(ids)",    "hex(16)", "number + 1",
                                               "name",   "length(ids)" };
static struct expression expressions[SLOT_COUNT];
static struct template template;

static void *take_memory(void *context, size_t size)
{
    return arena_alloc(context, size);
}

static void prepare_template(void)
{
    struct template_builder *builder = NULL;
    open_all();
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        expressions[i] = read_expression(slots[i]);
    bench_check(template_builder_open(&builder) == 0);
    template_builder_fixed(builder, SPAN_LITERAL("POST /items/"));
    template_builder_slot(builder, 0, ESCAPE_PATH);
    template_builder_fixed(builder, SPAN_LITERAL("?page="));
    template_builder_slot(builder, 1, ESCAPE_QUERY);
    template_builder_fixed(builder, SPAN_LITERAL(" HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"
                                                 "Content-Type: application/json\r\nX-Name: "));
    template_builder_slot(builder, 2, ESCAPE_HEADER);
    template_builder_fixed(builder, SPAN_LITERAL("\r\n"));
    template_builder_begin_body(builder);
    for (uint32_t i = 3; i < SLOT_COUNT; i++) {
        template_builder_fixed(builder, SPAN_LITERAL("{\"key\":\""));
        template_builder_slot(builder, i, ESCAPE_JSON);
        template_builder_fixed(builder, SPAN_LITERAL("\"}"));
    }
    bench_check(template_builder_finish(builder, &template, take_memory, arena) == 0);
    template_builder_close(builder);
}

static int value_of_slot(void *context, uint32_t slot, struct slot_value *ret_value)
{
    (void)context;
    return expression_slot(&expressions[slot], evaluator, &scope, ret_value) ? 0 : -1;
}

static void render_ten_slots(uint64_t rounds)
{
    static char out[1024];
    size_t len = 0;
    uint64_t done = 0;
    uint32_t bad_slot = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        done +=
            template_render(&template, value_of_slot, NULL, out, sizeof out, &len, &bad_slot) == 0;
        bench_keep(len);
    }
    bench_check(done == rounds);
    bench_check(memmem(out, len, "POST /items/17?page=", 20) == out);
    bench_check(memmem(out, len, "{\"key\":\"ADA LOVELACE\"}", 22) != NULL);
    bench_check(memcmp(out + len - 11, "{\"key\":\"3\"}", 11) == 0);
}

int main(int argc, char **argv)
{
    const struct bench benches[] = {
        { "expression_variable", 20 * 1000 * 1000, open_all, text_of_variable, close_all },
        { "expression_constant", 20 * 1000 * 1000, open_all, text_of_constant, close_all,
          "expression_variable" },
        { "expression_random", 10 * 1000 * 1000, open_all, text_of_random, close_all,
          "expression_variable" },
        { "expression_uuid", 5 * 1000 * 1000, open_all, text_of_uuid, close_all,
          "expression_variable" },
        { "expression_functions", 2 * 1000 * 1000, open_all, text_of_functions, close_all,
          "expression_variable" },
        { "expression_hmac_sha256", 500 * 1000, open_all, text_of_digest, close_all,
          "expression_variable" },
        { "expression_condition", 5 * 1000 * 1000, open_all, condition, close_all,
          "expression_variable" },
        { "expression_matches", 2 * 1000 * 1000, open_all, condition_matches, close_all,
          "expression_variable" },
        { "template_render_ten_slots", 500 * 1000, prepare_template, render_ten_slots, close_all },
    };
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
