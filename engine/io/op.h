/* op — what a completion means and whom it concerns: the 64-bit tag of every operation.
 *
 *   [63:56] kind   which handler
 *   [55:32] gen    tenancy of the slot, wraps at OP_GEN_MAX
 *   [31:0]  slot   index of the connection in its worker
 */
#ifndef SQUALL_ENGINE_IO_OP_H
#define SQUALL_ENGINE_IO_OP_H

#include <assert.h>
#include <stdint.h>

/* clang-format off */
#define OP_KINDS(X) \
    X(NONE) \
    X(SOCKET) \
    X(OPTION) \
    X(CONNECT) \
    X(SEND) \
    X(SEND_SILENT) \
    X(RECV) \
    X(DISCARD) \
    X(CANCEL_CONNECT) \
    X(CANCEL_SEND) \
    X(CANCEL_RECV) \
    X(CLOSE) \
    X(ACCEPT)
/* clang-format on */

enum op_kind {
#define X(id) OP_##id,
    OP_KINDS(X)
#undef X
        OP_KIND_COUNT
};

#define OP_GEN_MAX 0xFFFFFFu
static_assert(OP_KIND_COUNT <= 32, "a connection keeps its operations in flight as bits of 32");

#define OP_BIT(kind) (1u << (kind))

struct op_tag {
    enum op_kind kind;
    uint32_t gen;
    uint32_t slot;
};

static inline uint64_t op_pack(struct op_tag t)
{
    assert(t.kind > OP_NONE && t.kind < OP_KIND_COUNT);
    assert(t.gen <= OP_GEN_MAX);
    return ((uint64_t)t.kind << 56) | ((uint64_t)t.gen << 32) | t.slot;
}

static inline struct op_tag op_unpack(uint64_t tag)
{
    const struct op_tag t = {
        .kind = (enum op_kind)(tag >> 56),
        .gen = (uint32_t)(tag >> 32) & OP_GEN_MAX,
        .slot = (uint32_t)tag,
    };
    assert(t.kind > OP_NONE && t.kind < OP_KIND_COUNT); /* pair of the assertion in op_pack() */
    return t;
}

#endif
