/* catalog — the scenarios that the page offers: those that squall was started with, read once. */
#ifndef SQUALL_TOOLS_WEB_CATALOG_H
#define SQUALL_TOOLS_WEB_CATALOG_H

#include "engine/plan/plan.h"
#include "tools/cli/options.h"

struct catalog_entry {
    const char *file;  /* NULL = none was named: users get the front page of a host */
    struct plan *plan; /* with the options of the command line over it */
    bool has_host;     /* else the plan's is a stand-in, and a start must name one */
};

struct catalog {
    size_t count; /* at least 1 */
    struct catalog_entry entries[OPTION_TEXTS_MAX];
};

/* EXIT_DONE, or the exit code for a file that cannot be read; what is wrong has been told. */
int catalog_open(struct catalog **ret_catalog, const struct options *o);
void catalog_close(struct catalog *c);

struct json_writer;

/* The key "scenarios". */
void catalog_write(struct json_writer *w, const struct catalog *c);

/* The key "form": what the fields of the start form begin with, from a plan and the options it was
 * made with. */
void catalog_write_form(struct json_writer *w, const struct plan *plan, const struct options *o,
                        bool has_host);

#endif
