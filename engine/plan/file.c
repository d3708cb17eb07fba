#include "engine/plan/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/plan/arena.h"

#define MIB ((size_t)1 << 20)

/* What is being read and where its sentence goes. */
struct reading {
    const char *path;
    char *fault;
    size_t fault_size;
};

static int refuse(const struct reading *r, const char *verb, const char *why)
{
    (void)snprintf(r->fault, r->fault_size, "cannot %s '%.200s': %s", verb, r->path, why);
    return -EINVAL;
}

static const char *error_text(int err)
{
    switch (err) {
    case ENOENT:
        return "no such file";
    case EACCES:
        return "permission denied";
    default:
        return strerrordesc_np(err);
    }
}

static int refuse_long(const struct reading *r, size_t bytes_max)
{
    char why[64];
    if (bytes_max % MIB == 0)
        (void)snprintf(why, sizeof(why), "it is longer than %zu MiB", bytes_max / MIB);
    else
        (void)snprintf(why, sizeof(why), "it is longer than %zu bytes", bytes_max);
    return refuse(r, "read", why);
}

/* The descriptor, or -EINVAL. */
static int open_regular(const struct reading *r, size_t bytes_max, size_t *ret_size)
{
    struct stat about;
    int rc = 0;
    const int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return refuse(r, "open", error_text(errno));
    if (fstat(fd, &about) != 0)
        rc = refuse(r, "read", error_text(errno));
    else if (S_ISDIR(about.st_mode))
        rc = refuse(r, "read", "it is a directory");
    else if (!S_ISREG(about.st_mode))
        rc = refuse(r, "read", "it is no regular file");
    else if ((uint64_t)about.st_size > bytes_max)
        rc = refuse_long(r, bytes_max);
    if (rc != 0) {
        close(fd);
        return rc;
    }
    *ret_size = (size_t)about.st_size;
    return fd;
}

/* Reads up to `size` bytes. Bytes read, or -errno. */
static ssize_t read_whole(int fd, char *out, size_t size)
{
    size_t used = 0;
    while (used < size) {
        const ssize_t got = read(fd, out + used, size - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

int file_read(struct span *ret_bytes, struct arena *a, const char *path, size_t bytes_max,
              char *ret_fault, size_t fault_size)
{
    const struct reading r = { path, ret_fault, fault_size };
    size_t size;
    const int fd = open_regular(&r, bytes_max, &size);
    if (fd < 0)
        return fd;
    /* What is appended from now on is left out: the NUL stays. */
    char *bytes = arena_alloc(a, size + 1);
    const ssize_t len = bytes == NULL ? -ENOMEM : read_whole(fd, bytes, size);
    close(fd);
    if (bytes == NULL)
        return -ENOMEM;
    if (len < 0)
        return refuse(&r, "read", error_text((int)-len));
    *ret_bytes = (struct span){ bytes, (size_t)len };
    return 0;
}
