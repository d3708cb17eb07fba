#include "engine/io/features.h"

#include <errno.h>
#include <liburing.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* liburing 2.3 does not know this flag of kernel 6.6; the value is the kernel's. */
#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#endif

static const char *const feature_names[FEATURE_COUNT] = {
#define X(id, name) [FEATURE_##id] = name,
    RING_FEATURES(X)
#undef X
};

int features_mask(unsigned *features, const char *mask)
{
    while (mask != NULL && *mask != '\0') {
        const size_t len = strcspn(mask, ",");
        unsigned found = 0;
        for (unsigned i = 0; i < FEATURE_COUNT; i++) {
            if (strlen(feature_names[i]) == len && memcmp(feature_names[i], mask, len) == 0)
                found = 1u << i;
        }
        if (found == 0 && len != 0)
            return -EINVAL;
        *features &= ~found;
        mask += len;
        mask += *mask == ',';
    }
    return 0;
}

void features_write(unsigned features, char *out, size_t cap)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        const size_t len = strlen(feature_names[i]);
        if ((features & (1u << i)) == 0 || used + len + 2 > cap)
            continue;
        if (used > 0)
            out[used++] = ',';
        memcpy(out + used, feature_names[i], len + 1);
        used += len;
    }
}

/* One attempt with the given features. */
static int try_setup(struct io_uring *uring, unsigned features, uint32_t ops, uint32_t completions)
{
    struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED |
                                          IORING_SETUP_CLAMP,
                                 .cq_entries = completions };
    if (features & FEATURE_BIT(SINGLE_ISSUER))
        p.flags |= IORING_SETUP_SINGLE_ISSUER;
    if ((features & FEATURE_BIT(DEFER_TASKRUN)) && (features & FEATURE_BIT(SINGLE_ISSUER)))
        p.flags |= IORING_SETUP_DEFER_TASKRUN;
    else if (features & FEATURE_BIT(COOP_TASKRUN))
        p.flags |= IORING_SETUP_COOP_TASKRUN;
    if ((features & FEATURE_BIT(NO_SQARRAY)) == 0)
        return io_uring_queue_init_params(ops, uring, &p);

    /* liburing 2.3 would fill an index array that is not there: set up by hand, map with the
     * library. */
    p.flags |= IORING_SETUP_NO_SQARRAY;
    memset(uring, 0, sizeof *uring);
    const int fd = (int)syscall(__NR_io_uring_setup, ops, &p);
    if (fd < 0)
        return -errno;
    const int rc = io_uring_queue_mmap(fd, &p, uring);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    uring->features = p.features;
    uring->flags = p.flags;
    uring->enter_ring_fd = fd;
    return 0;
}

/* Kernels that refuse a flag answer -EINVAL: give up the newest feature first. */
int features_setup(struct io_uring *uring, unsigned *features, uint32_t ops, uint32_t completions)
{
    static const unsigned give_up[] = { FEATURE_BIT(NO_SQARRAY), FEATURE_BIT(DEFER_TASKRUN),
                                        FEATURE_BIT(SINGLE_ISSUER), FEATURE_BIT(COOP_TASKRUN) };
    int rc = try_setup(uring, *features, ops, completions);
    for (size_t i = 0; rc == -EINVAL && i < sizeof give_up / sizeof give_up[0]; i++) {
        if ((*features & give_up[i]) == 0)
            continue;
        *features &= ~give_up[i];
        rc = try_setup(uring, *features, ops, completions);
    }
    if (rc == 0 && (uring->flags & IORING_SETUP_DEFER_TASKRUN))
        *features &= ~FEATURE_BIT(COOP_TASKRUN);
    if (rc == 0 && (uring->features & IORING_FEAT_CQE_SKIP) == 0)
        *features &= ~FEATURE_BIT(SILENT_SEND);
    return rc;
}
