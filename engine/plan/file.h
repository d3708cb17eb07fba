/* file — a regular file, read whole. */
#ifndef SQUALL_ENGINE_PLAN_FILE_H
#define SQUALL_ENGINE_PLAN_FILE_H

#include <stddef.h>

#include "http/span.h"

struct arena;

/* Reads `path`, at most `bytes_max` bytes of it, into the arena; a NUL follows them. Never waits:
 * pipes and devices are refused, as directories are. 0, -ENOMEM, or -EINVAL with a sentence such as
 * "cannot open 'people.csv': no such file" in ret_fault. */
int file_read(struct span *ret_bytes, struct arena *a, const char *path, size_t bytes_max,
              char *ret_fault, size_t fault_size);

#endif
