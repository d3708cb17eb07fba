#include "http/regex.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "http/reserve.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* (a+)+$ reaches it in 2 ms compiled to machine code and in 20 ms without; (?:.|\n)*? takes one
 * step per byte, so a body of 256 KiB stays well below. */
#define STEPS_MAX 1000000u

/* What backtracking may take. Machine code keeps up to 32 bytes for each round of (?:.|\n)*?, so a
 * body of 256 KiB fits. The interpreter's frames double when they are full, beside the old ones,
 * until the reserve has no room for them. */
#define CODE_STACK_MIN   (32u * 1024u)
#define CODE_STACK_MAX   (8u * 1024u * 1024u)
#define MATCHER_RESERVED (12u * 1024u * 1024u)

#define OVECTOR_PAIRS 2u /* the match and its first group */

struct regex {
    pcre2_code *code;
    bool has_group;
};

struct regex_matcher {
    struct reserve reserve;
    pcre2_general_context *memory;
    pcre2_match_context *bounds;
    pcre2_match_data *data;
    pcre2_jit_stack *stack;
};

static void *take(size_t size, void *reserve)
{
    return reserve_take(reserve, size);
}

static void give(void *memory, void *reserve)
{
    (void)reserve;
    reserve_give(memory);
}

/* PCRE2 wants an address even of nothing. */
static PCRE2_SPTR bytes_of(struct span text)
{
    return (PCRE2_SPTR)(text.len > 0 ? text.bytes : "");
}

int regex_open(struct regex **ret_regex, struct span pattern, char *message, size_t message_size,
               size_t *ret_offset)
{
    int fault;
    size_t offset;
    uint32_t group_count;
    struct regex *r = malloc(sizeof(*r));
    if (!r)
        return -ENOMEM;

    r->code = pcre2_compile(bytes_of(pattern), pattern.len, 0, &fault, &offset, NULL);
    if (!r->code) {
        free(r);
        if (fault == PCRE2_ERROR_HEAP_FAILED)
            return -ENOMEM;
        pcre2_get_error_message(fault, (PCRE2_UCHAR *)message, message_size);
        *ret_offset = offset;
        return -EINVAL;
    }
    /* Where the host allows no new machine code, or the pattern has no translation, it is
     * interpreted. */
    pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &group_count);
    r->has_group = group_count > 0;
    *ret_regex = r;
    return 0;
}

void regex_close(struct regex *r)
{
    if (!r)
        return;
    pcre2_code_free(r->code);
    free(r);
}

static int matcher_open_parts(struct regex_matcher *m)
{
    uint32_t has_machine_code = 0;
    pcre2_config(PCRE2_CONFIG_JIT, &has_machine_code);
    if (reserve_open(&m->reserve, MATCHER_RESERVED) < 0)
        return -ENOMEM;
    m->memory = pcre2_general_context_create(take, give, &m->reserve);
    if (!m->memory)
        return -ENOMEM;
    m->bounds = pcre2_match_context_create(m->memory);
    m->data = pcre2_match_data_create(OVECTOR_PAIRS, m->memory);
    if (!m->bounds || !m->data)
        return -ENOMEM;
    pcre2_set_match_limit(m->bounds, STEPS_MAX);
    if (has_machine_code == 0)
        return 0;
    m->stack = pcre2_jit_stack_create(CODE_STACK_MIN, CODE_STACK_MAX, m->memory);
    if (!m->stack)
        return -ENOMEM;
    pcre2_jit_stack_assign(m->bounds, NULL, m->stack);
    return 0;
}

int regex_matcher_open(struct regex_matcher **ret_matcher)
{
    struct regex_matcher *m = calloc(1, sizeof(*m));
    if (!m)
        return -ENOMEM;
    const int rc = matcher_open_parts(m);
    if (rc < 0) {
        regex_matcher_close(m);
        return rc;
    }
    *ret_matcher = m;
    return 0;
}

void regex_matcher_close(struct regex_matcher *m)
{
    if (!m)
        return;
    pcre2_jit_stack_free(m->stack);
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->bounds);
    pcre2_general_context_free(m->memory);
    reserve_close(&m->reserve);
    free(m);
}

static bool is_not_utf8(int rc)
{
    return rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21;
}

int regex_find(const struct regex *r, struct regex_matcher *m, struct span text,
               struct span *ret_match)
{
    const int rc = pcre2_match(r->code, bytes_of(text), text.len, 0, 0, m->data, m->bounds);
    if (rc == PCRE2_ERROR_NOMATCH || is_not_utf8(rc))
        return -ENOENT;
    if (rc < 0)
        return -E2BIG;

    const size_t *ends = pcre2_get_ovector_pointer(m->data) + (r->has_group ? 2 : 0);
    /* \K within a look-around can set the beginning behind the end. */
    const bool is_empty = ends[0] == PCRE2_UNSET || ends[0] > ends[1];
    *ret_match = is_empty ? (struct span){ text.bytes, 0 }
                          : (struct span){ text.bytes + ends[0], ends[1] - ends[0] };
    return 0;
}
