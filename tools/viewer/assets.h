/* assets — the files of the page that shows runs, embedded in the program: the live page, a stored
 * run and report.html all use them.
 *
 * tools/viewer/embed.py makes them of tools/web/assets/ when squall is built. Read-only, any thread.
 */
#ifndef SQUALL_TOOLS_VIEWER_ASSETS_H
#define SQUALL_TOOLS_VIEWER_ASSETS_H

#include <stddef.h>

struct asset {
    const char *name; /* "app.js" */
    const char *type; /* "text/javascript; charset=utf-8" */
    const unsigned char *bytes;
    size_t size;
};

/* NULL = there is none of that name. */
const struct asset *asset_find(const char *name);

/* All of them, sorted by name. */
const struct asset *assets_all(size_t *ret_count);

#endif
