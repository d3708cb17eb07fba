/* fuzz_expression — any bytes as the text of a scenario: cut into parts, each slot, or a text
 * without one, read and evaluated twice with a hostile user; now and then as a constant of a run.
 *
 * Must hold: the parts are all of the text, a mistake has a sentence and a place in it, what is
 * read can be evaluated, texts are within their bounds, and the same random numbers give the same
 * value.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "engine/plan/arena.h"
#include "tests/fuzz/replay.h"
#include "tests/unit/expression_user.h"

const struct span replay_seeds[] = {
    SPAN_LITERAL("/a/${random(1, 9)}?q=${text}&u=$${x} ${uuid()} ${ hex(8) }"),
    SPAN_LITERAL("${status == 200 and length(list) > 0 or not text matches '^H(e+)l\\w'}"),
    SPAN_LITERAL("${-number % 7 * (2 + 3.5e1) - list[-1] / 2}${people.email}${cookie('theme')}"),
    SPAN_LITERAL("${replace(upper(text), 'L', \"}\")}${join(split(body, ','), '-')}${pick(list)}"),
    SPAN_LITERAL(
        "${pad(number, 9, '0') + substring(text, -3, 2) + trim(' a ')}${default(unset, 1)}"),
    SPAN_LITERAL("${weighted(3, 'a', 1, random_string(5, 'xyz'))}${choice(1, 'b', none, true)}"),
    SPAN_LITERAL("${sha256(text)}${md5('')}${hmac_sha256(long, body)}${base64(text + long)}"),
    SPAN_LITERAL("${base64_decode('SGVsbG8')}${url(text)}${json_text(long)}${int('3.9')}"),
    SPAN_LITERAL("${now('%Y-%m-%dT%H:%M:%SZ %a %j')}${now_ms()}${round(2.675, 2)}${min(1, '2')}"),
    SPAN_LITERAL(
        "${env('HOME', 'x')}${json('/a')}${header('X')}${body contains 'z' and size >= 1}"),
    SPAN_LITERAL("${9223372036854775807 + number}${-9223372036854775808 / -1}${1e308 * 1e308}"),
    SPAN_LITERAL("${((((not not (1)))))}${first(split(long, 'x'))}${last(list) == 'true'}"),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

#define require(holds)                                                                             \
    do {                                                                                           \
        if (!(holds))                                                                              \
            abort();                                                                               \
    } while (0)

static struct evaluator *evaluator;
static struct expression_user user;

/* Touches every byte, so that a sanitizer sees what is not there. */
static void check_value(const struct value *v)
{
    unsigned sum = 0;
    char described[70];
    if (v->kind == VALUE_NUMBER)
        require(isfinite(v->number));
    if (v->kind == VALUE_TRUTH)
        require(v->integer == 0 || v->integer == 1);
    if (v->kind == VALUE_TEXT || v->kind == VALUE_LIST)
        for (size_t i = 0; i < v->text.len; i++)
            sum += (unsigned char)v->text.bytes[i];
    require(sum <= 255u * 256u * 1024u);
    value_describe(v, described, sizeof(described));
}

/* Whether it is the same value as another evaluation gave, whose texts may be gone. */
static void check_same(const struct value *a, const struct value *b)
{
    require(a->kind == b->kind);
    if (a->kind == VALUE_INTEGER || a->kind == VALUE_TRUTH)
        require(a->integer == b->integer);
    if (a->kind == VALUE_TEXT || a->kind == VALUE_LIST)
        require(a->text.len == b->text.len);
}

static void evaluate(const struct expression *x)
{
    struct span text;
    int64_t integer;
    user.sequence = 0;
    prng_init(&user.random, 1, 2);
    const struct value first = expression_evaluate(x, evaluator, &user.scope);
    check_value(&first);
    user.sequence = 0;
    prng_init(&user.random, 1, 2);
    const struct value second = expression_evaluate(x, evaluator, &user.scope);
    check_same(&first, &second);
    if (expression_text(x, evaluator, &user.scope, &text))
        require(text.len <= x->bytes_max && x->bytes_max <= VALUE_TEXT_MAX);
    expression_holds(x, evaluator, &user.scope);
    expression_integer(x, evaluator, &user.scope, &integer);
}

static void read_slot(struct arena *arena, struct span inside)
{
    struct expression x;
    struct expression_fault fault = { .offset = SIZE_MAX };
    const int rc = expression_read(&x, arena, inside, &names_of_user, &fault);
    require(rc == 0 || rc == -EINVAL);
    if (rc == 0) {
        require(x.count > 0 && x.count <= EXPRESSION_OPERATIONS_MAX);
        evaluate(&x);
        expression_close(&x);
    } else {
        require(fault.offset <= inside.len && fault.message[0] != '\0');
        require(memchr(fault.message, '\0', sizeof(fault.message)) != NULL);
        require(strchr(fault.message, '\n') == NULL);
    }
}

/* Parts lie one behind the other; only the '$' of an escape stands in none. */
static void cut(struct arena *arena, struct span text)
{
    size_t at = 0, end = 0;
    for (;;) {
        const struct part part = expression_next(text, &at);
        if (part.kind == PART_END)
            break;
        const size_t from = (size_t)(part.text.bytes - text.bytes);
        require(part.text.len > 0 && from - end <= 1 && (from == end || text.bytes[end] == '$'));
        end = from + part.text.len;
        require(end == at && end <= text.len);
        require(part.kind != PART_UNCLOSED || end == text.len);
        if (part.kind == PART_SLOT)
            read_slot(arena, expression_inside(part.text));
    }
    require(end == text.len);
}

static void compute_constant(struct arena *arena, struct span text)
{
    const struct expression_names nobody = { 0 };
    struct expression_fault fault = { .offset = SIZE_MAX };
    struct operation constant;
    const int rc = expression_constant(&constant, arena, text, &nobody, &user.random, 0, &fault);
    require(rc == 0 || (rc == -EINVAL && fault.offset <= text.len && fault.message[0] != '\0'));
    if (rc == 0) {
        require(constant.kind == OPERATION_CONSTANT && constant.constant.kind != VALUE_NONE);
        check_value(&constant.constant);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct span text = { (const char *)data, size };
    struct arena *arena = NULL;
    if (evaluator == NULL) {
        user_init(&user);
        user.body_len = VALUE_TEXT_MAX + 1; /* a long one costs a sanitizer too much time */
        require(evaluator_open(&evaluator) == 0);
    }
    require(arena_open(&arena) == 0);
    cut(arena, text);
    if (!expression_is_present(text))
        read_slot(arena, text);
    if (size % 16 == 0) /* it takes the memory of a core each time */
        compute_constant(arena, text);
    arena_close(arena);
    return 0;
}
