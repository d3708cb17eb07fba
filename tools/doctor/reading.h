/* reading — one file of /proc or /sys, below a root: "" is this host, anything else a test's. */
#ifndef SQUALL_TOOLS_DOCTOR_READING_H
#define SQUALL_TOOLS_DOCTOR_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READING_UNKNOWN   INT64_MIN /* what cannot be read, or is no number */
#define READING_UNLIMITED INT64_MAX /* "max", "unlimited" and numbers past this one */
#define READING_BYTES     16384u    /* so much of a file is looked at */
#define READING_PATH_MAX  512u

struct reading {
    char text[READING_BYTES]; /* without the line end at its end */
};

/* The file `root`/`path`. False, and an empty text, when it cannot be read. */
bool reading_take(struct reading *r, const char *root, const char *path, ...)
    __attribute__((format(printf, 3, 4)));

/* Its one line, cut to `cap`. False, and an empty line, when it cannot be read. */
bool reading_line(char *out, size_t cap, const char *root, const char *path, ...)
    __attribute__((format(printf, 4, 5)));

/* The number it begins with. */
int64_t reading_number(const char *root, const char *path, ...)
    __attribute__((format(printf, 2, 3)));

/* The number at *at, blanks before it left out; moves past it. */
int64_t reading_next_number(const char **at);

/* What follows `key` at the beginning of a line: "MemFree:" or "Max open files"; NULL = no such
 * line. */
const char *reading_field(const struct reading *r, const char *key);

/* The first number there. */
int64_t reading_field_number(const struct reading *r, const char *key);

#endif
