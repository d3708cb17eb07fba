#include "tools/web/run_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools/cli/output.h"
#include "tools/web/run_digest.h"

#define ENDING    ".json"
#define FILES_MAX 4096u /* that are looked at; a folder with more was not made by squall */

/* What a file was when it was last read: as long as that stays, so does its digest. */
struct entry {
    char id[RUN_ID_MAX + 1];
    struct timespec changed;
    off_t size;
    ino_t inode;
    bool is_seen;   /* in the last look at the folder */
    json_t *digest; /* NULL = it is no run */
};

struct run_store {
    char *folder;
    int fd; /* of the folder */
    size_t count, capacity;
    struct entry *entries;
};

/* ---- the folder ---- */

static int make_folders(const char *folder)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", folder) >= (int)sizeof path)
        return -ENAMETOOLONG;
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return mkdir(path, 0700) != 0 && errno != EEXIST ? -errno : 0;
}

int run_store_open(struct run_store **ret_store, const char *folder)
{
    int rc = make_folders(folder);
    if (rc != 0)
        return rc;
    struct run_store *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->folder = strdup(folder);
    s->fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = s->fd < 0 ? -errno : s->folder == NULL ? -ENOMEM : 0;
    if (rc != 0)
        run_store_close(s);
    else
        *ret_store = s;
    return rc;
}

void run_store_close(struct run_store *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->count; i++)
        json_decref(s->entries[i].digest);
    if (s->fd >= 0)
        (void)close(s->fd);
    free(s->entries);
    free(s->folder);
    free(s);
}

const char *run_store_folder(const struct run_store *s)
{
    return s->folder;
}

/* ---- names ---- */

static bool id_is_valid(const char *id, size_t len)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return len > 0 && len <= RUN_ID_MAX && strspn(id, allowed) >= len;
}

void run_store_name(char id[RUN_ID_MAX + 1], int64_t started_at_s)
{
    const time_t seconds = (time_t)started_at_s;
    uint16_t number = 0;
    struct tm utc;
    char moment[32] = "run";
    if (gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(moment, sizeof moment, "%Y%m%d-%H%M%S", &utc);
    (void)!getrandom(&number, sizeof number, GRND_NONBLOCK);
    (void)snprintf(id, RUN_ID_MAX + 1, "%s-%04x", moment, number);
}

/* False when there can be no such run. */
static bool file_name_of(char name[RUN_ID_MAX + sizeof ENDING], const char *id)
{
    if (!id_is_valid(id, strlen(id)))
        return false;
    (void)snprintf(name, RUN_ID_MAX + sizeof ENDING, "%s" ENDING, id);
    return true;
}

/* ---- files ---- */

static int read_all(int fd, char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len) {
        const ssize_t got = read(fd, bytes + at, len - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EIO; /* it became shorter meanwhile */
        at += (size_t)got;
    }
    bytes[len] = '\0';
    return 0;
}

/* A link could lead anywhere, and a pipe would never end: neither is opened. */
static int open_file(const struct run_store *s, const char *name, struct stat *ret_status)
{
    const int fd = openat(s->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? -ENOENT : -errno;
    if (fstat(fd, ret_status) != 0 || !S_ISREG(ret_status->st_mode) || ret_status->st_size <= 0 ||
        (uint64_t)ret_status->st_size > RUN_STORE_BYTES_MAX) {
        (void)close(fd);
        return -ENOENT;
    }
    return fd;
}

static int read_file(int fd, size_t size, char **ret_text)
{
    char *text = malloc(size + 1);
    const int rc = text == NULL ? -ENOMEM : read_all(fd, text, size);
    if (rc != 0)
        free(text);
    else
        *ret_text = text;
    return rc;
}

/* The run in a file as an object; -ENOENT when it holds none. `ret_text` may be NULL. */
static int load(const struct run_store *s, const char *id, json_t **ret_run, char **ret_text)
{
    char name[RUN_ID_MAX + sizeof ENDING], *text = NULL;
    struct stat status;
    if (!file_name_of(name, id))
        return -ENOENT;
    const int fd = open_file(s, name, &status);
    if (fd < 0)
        return fd;
    int rc = read_file(fd, (size_t)status.st_size, &text);
    (void)close(fd);
    if (rc != 0)
        return rc;
    json_t *run = json_loadb(text, (size_t)status.st_size, JSON_REJECT_DUPLICATES, NULL);
    if (!run_is_one(run)) {
        json_decref(run);
        free(text);
        return -ENOENT;
    }
    *ret_run = run;
    if (ret_text != NULL)
        *ret_text = text;
    else
        free(text);
    return 0;
}

int run_store_put(struct run_store *s, const char *id, const char *text, size_t len)
{
    char name[RUN_ID_MAX + sizeof ENDING], path[PATH_MAX];
    if (!file_name_of(name, id))
        return -EINVAL;
    if (snprintf(path, sizeof path, "%s/%s", s->folder, name) >= (int)sizeof path)
        return -ENAMETOOLONG;
    return output_write(path, text, len);
}

int run_store_get(struct run_store *s, const char *id, char **ret_text)
{
    json_t *run = NULL;
    const int rc = load(s, id, &run, ret_text);
    json_decref(run);
    return rc;
}

static void set_text(json_t *run, const struct form *form, const char *key)
{
    for (size_t i = 0; i < form->count; i++) {
        const char *value = form->fields[i].value;
        if (strcmp(form->fields[i].key, key) == 0)
            json_object_set_new(run, key,
                                value[0] == '\0' ? json_pack("n") : json_pack("s", value));
    }
}

int run_store_edit(struct run_store *s, const char *id, const struct form *form)
{
    json_t *run = NULL;
    int rc = load(s, id, &run, NULL);
    if (rc != 0)
        return rc;
    set_text(run, form, "name");
    set_text(run, form, "note");
    /* 15 digits are all that a result's figures have, and give each of them back as it was. */
    char *text = json_dumps(run, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    rc = text == NULL ? -ENOMEM : run_store_put(s, id, text, strlen(text));
    free(text);
    json_decref(run);
    return rc;
}

int run_store_remove(struct run_store *s, const char *id)
{
    char name[RUN_ID_MAX + sizeof ENDING];
    struct stat status;
    if (!file_name_of(name, id))
        return -ENOENT;
    const int fd = open_file(s, name, &status);
    if (fd < 0)
        return fd;
    (void)close(fd);
    return unlinkat(s->fd, name, 0) == 0 ? 0 : -errno;
}

/* ---- lists ---- */

static struct entry *find_entry(struct run_store *s, const char *id)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->entries[i].id, id) == 0)
            return &s->entries[i];
    return NULL;
}

static struct entry *add_entry(struct run_store *s, const char *id)
{
    if (s->count == FILES_MAX)
        return NULL;
    if (s->count == s->capacity) {
        const size_t capacity = s->capacity == 0 ? 64 : 2 * s->capacity;
        struct entry *more = reallocarray(s->entries, capacity, sizeof *more);
        if (more == NULL)
            return NULL;
        s->entries = more;
        s->capacity = capacity;
    }
    struct entry *e = &s->entries[s->count++];
    *e = (struct entry){ .digest = NULL };
    (void)snprintf(e->id, sizeof e->id, "%s", id);
    return e;
}

static bool is_as_it_was(const struct entry *e, const struct stat *status)
{
    return e->size == status->st_size && e->inode == status->st_ino &&
           e->changed.tv_sec == status->st_mtim.tv_sec &&
           e->changed.tv_nsec == status->st_mtim.tv_nsec;
}

static void see_file(struct run_store *s, const char *name)
{
    char id[RUN_ID_MAX + 1];
    const size_t len = strlen(name), ending = strlen(ENDING);
    struct stat status;
    if (len <= ending || strcmp(name + len - ending, ENDING) != 0 ||
        !id_is_valid(name, len - ending))
        return;
    memcpy(id, name, len - ending);
    id[len - ending] = '\0';
    if (fstatat(s->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    struct entry *e = find_entry(s, id);
    const bool is_known = e != NULL && is_as_it_was(e, &status);
    if (e == NULL)
        e = add_entry(s, id);
    if (e == NULL)
        return;
    e->is_seen = true;
    if (is_known)
        return;
    json_t *run = NULL;
    json_decref(e->digest);
    e->digest = load(s, id, &run, NULL) == 0 ? run_digest(run, id) : NULL;
    json_decref(run);
    e->size = status.st_size;
    e->inode = status.st_ino;
    e->changed = status.st_mtim;
}

static void forget_unseen(struct run_store *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->entries[i].is_seen)
            s->entries[kept++] = s->entries[i];
        else
            json_decref(s->entries[i].digest);
    }
    s->count = kept;
}

/* Newest first; what began in the same second in the order of its name. */
static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    const int by_start = strcmp(run_digest_started_at(b->digest), run_digest_started_at(a->digest));
    return by_start != 0 ? by_start : strcmp(b->id, a->id);
}

static int look(struct run_store *s)
{
    const int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return -errno;
    }
    for (size_t i = 0; i < s->count; i++)
        s->entries[i].is_seen = false;
    for (const struct dirent *f = readdir(folder); f != NULL; f = readdir(folder))
        see_file(s, f->d_name);
    (void)closedir(folder);
    forget_unseen(s);
    if (s->count > 0)
        qsort(s->entries, s->count, sizeof *s->entries, compare_entries);
    return 0;
}

int run_store_list(struct run_store *s, char **ret_text)
{
    const int rc = look(s);
    if (rc != 0)
        return rc;
    json_t *list = json_array();
    for (size_t i = 0; i < s->count && json_array_size(list) < RUN_STORE_RUNS_MAX; i++)
        if (s->entries[i].digest != NULL)
            json_array_append(list, s->entries[i].digest);
    char *text = json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(list);
    if (text == NULL)
        return -ENOMEM;
    *ret_text = text;
    return 0;
}

size_t run_store_count(struct run_store *s)
{
    size_t count = 0;
    (void)look(s);
    for (size_t i = 0; i < s->count; i++)
        count += s->entries[i].digest != NULL;
    return count < RUN_STORE_RUNS_MAX ? count : RUN_STORE_RUNS_MAX;
}
