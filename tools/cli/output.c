#include "tools/cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes the directory of `path`, "." when it names none. 0 or -ENAMETOOLONG. */
static int directory_of(char out[PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        path = ".", slash = path + 1;
    const size_t len = slash == path ? 1 : (size_t)(slash - path);
    if (len >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(out, path, len);
    out[len] = '\0';
    return 0;
}

int output_probe(const char *path)
{
    char directory[PATH_MAX];
    const int rc = directory_of(directory, path);
    if (rc != 0)
        return rc;
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return -EISDIR;
    if (stat(directory, &status) == 0 && !S_ISDIR(status.st_mode))
        return -ENOTDIR;
    return access(directory, W_OK | X_OK) == 0 ? 0 : -errno;
}

static int write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return wrote < 0 ? -errno : -EIO;
        bytes += wrote;
        len -= (size_t)wrote;
    }
    return 0;
}

/* The permissions of the file that is replaced, or those a new file gets. */
static mode_t mode_for(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
        return status.st_mode & 0777;
    const mode_t mask = umask(0);
    (void)umask(mask);
    return 0666 & ~mask;
}

/* Makes the new name durable; a file system that cannot do it for directories is no reason to fail.
 */
static void sync_directory(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

static int fill_file(int fd, const char *path, const char *bytes, size_t len)
{
    int rc = write_all(fd, bytes, len);
    if (rc == 0 && fchmod(fd, mode_for(path)) != 0)
        rc = -errno;
    if (rc == 0 && fsync(fd) != 0)
        rc = -errno;
    return rc;
}

int output_write(const char *path, const char *bytes, size_t len)
{
    char directory[PATH_MAX], temporary[PATH_MAX];
    int rc = directory_of(directory, path);
    if (rc != 0)
        return rc;
    if (snprintf(temporary, sizeof temporary, "%s/.squall-XXXXXX", directory) >=
        (int)sizeof temporary)
        return -ENAMETOOLONG;
    const int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    rc = fill_file(fd, path, bytes, len);
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && rename(temporary, path) != 0)
        rc = -errno;
    if (rc != 0) {
        (void)unlink(temporary);
        return rc;
    }
    sync_directory(directory);
    return 0;
}
