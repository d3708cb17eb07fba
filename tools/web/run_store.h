/* run_store — finished runs, kept as files of results in one folder: ID.json, each a squall/1
 * object.
 *
 * Files come and go by other hands too, so nothing about them is believed: a name is letters,
 * digits,
 * '-' and '_', a file is a regular one of at most RUN_STORE_BYTES_MAX that holds such an object;
 * whatever is not is not there. Files are written whole or not at all. One thread at a time.
 */
#ifndef SQUALL_TOOLS_WEB_RUN_STORE_H
#define SQUALL_TOOLS_WEB_RUN_STORE_H

#include <stdint.h>

#include "tools/web/form.h"

#define RUN_STORE_BYTES_MAX ((size_t)64 << 20)
#define RUN_STORE_RUNS_MAX  1000u /* that are listed, the newest */
#define RUN_ID_MAX          80u

struct run_store;

/* Makes the folder, and those around it, when they are missing. 0 or -errno. */
int run_store_open(struct run_store **ret_store, const char *folder);
void run_store_close(struct run_store *s);
const char *run_store_folder(const struct run_store *s);

/* A new name: the moment, and a number so that two of the same second differ. */
void run_store_name(char id[RUN_ID_MAX + 1], int64_t started_at_s);

/* 0 or -errno. */
int run_store_put(struct run_store *s, const char *id, const char *text, size_t len);

/* The file as it stands, for the caller to free. 0; -ENOENT: there is no such run; or -errno. */
int run_store_get(struct run_store *s, const char *id, char **ret_text);

/* Sets the texts "name" and "note" as far as the form has them. 0, -ENOENT or -errno. */
int run_store_edit(struct run_store *s, const char *id, const struct form *form);

/* 0, -ENOENT or -errno. */
int run_store_remove(struct run_store *s, const char *id);

/* What a list shows of each run, as a JSON array, newest first. 0 or -errno. */
int run_store_list(struct run_store *s, char **ret_text);
size_t run_store_count(struct run_store *s);

#endif
