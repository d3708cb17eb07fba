/* features — what a newer kernel offers a ring and this one may lack, or a test may forbid, by
 * name.
 */
#ifndef SQUALL_ENGINE_IO_FEATURES_H
#define SQUALL_ENGINE_IO_FEATURES_H

#include <stddef.h>
#include <stdint.h>

struct io_uring;

/* FEATURE(id, name in the mask) */
#define RING_FEATURES(X)                                                                           \
    X(SINGLE_ISSUER, "single_issuer")                                                              \
    X(DEFER_TASKRUN, "defer_taskrun")                                                              \
    X(COOP_TASKRUN, "coop_taskrun")                                                                \
    X(NO_SQARRAY, "no_sqarray")                                                                    \
    X(REGISTERED_RING, "registered_ring")                                                          \
    X(DIRECT_FILES, "direct_files")                                                                \
    X(SILENT_SEND, "silent_send")                                                                  \
    X(MULTISHOT_RECV, "multishot_recv")                                                            \
    X(SET_OPTION, "set_option")                                                                    \
    X(REST_BY_POLL, "rest_by_poll")

enum ring_feature {
#define X(id, name) FEATURE_##id,
    RING_FEATURES(X)
#undef X
        FEATURE_COUNT
};

#define FEATURE_BIT(id)    (1u << FEATURE_##id)
#define FEATURES_ALL       ((1u << FEATURE_COUNT) - 1u)
#define FEATURES_TEXT_SIZE 192u /* bytes that hold all names */

/* Removes those named in `mask`, comma-separated or NULL, from *features. 0, or -EINVAL for a name
 * that is unknown. */
int features_mask(unsigned *features, const char *mask);

/* Their names, comma-separated; at most `cap` bytes with the final zero. */
void features_write(unsigned features, char *out, size_t cap);

/* Sets up a ring with so many entries and takes out of *features what the kernel lacks. It stays
 * disabled until its owner thread starts it. 0 or -errno. */
int features_setup(struct io_uring *uring, unsigned *features, uint32_t ops, uint32_t completions);

#endif
