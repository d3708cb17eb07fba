/* output — a file written whole or not at all: readers see the old one or the new one, never a
 * half. */
#ifndef SQUALL_TOOLS_CLI_OUTPUT_H
#define SQUALL_TOOLS_CLI_OUTPUT_H

#include <stddef.h>

/* Writes a temporary file in the directory of `path`, makes it durable and renames it to `path`. 0
 * or -errno; then `path` is as it was and nothing is left behind. */
int output_write(const char *path, const char *bytes, size_t len);

/* Whether output_write() may work: 0, or -errno when the directory of `path` is missing or closed
 * to us. */
int output_probe(const char *path);

#endif
