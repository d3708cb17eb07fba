/* fake_root — a folder with a /proc and a /sys of a machine that is not there. */
#ifndef SQUALL_TESTS_UNIT_FAKE_ROOT_H
#define SQUALL_TESTS_UNIT_FAKE_ROOT_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct fake_root {
    char path[64];
};

struct fake_file {
    const char *path, *text;
};

/* Writes `path` below the root, and the folders it needs. */
static inline void fake_root_write(const struct fake_root *r, const char *path, const char *text)
{
    char whole[512];
    const int len = snprintf(whole, sizeof whole, "%s/%s", r->path, path);
    assert_true(len > 0 && (size_t)len < sizeof whole);
    for (char *slash = strchr(whole + strlen(r->path) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(whole, 0755);
        *slash = '/';
    }
    FILE *out = fopen(whole, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) != EOF);
    assert_int_equal(fclose(out), 0);
}

static inline void fake_root_open(struct fake_root *r, const struct fake_file *files, size_t count)
{
    (void)snprintf(r->path, sizeof r->path, "/tmp/squall-test-XXXXXX");
    assert_non_null(mkdtemp(r->path));
    for (size_t i = 0; i < count; i++)
        fake_root_write(r, files[i].path, files[i].text);
}

static inline int fake_root_remove(const char *path, const struct stat *status, int kind,
                                   struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void fake_root_close(struct fake_root *r)
{
    assert_int_equal(nftw(r->path, fake_root_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
