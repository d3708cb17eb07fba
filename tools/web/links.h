/* links — the connections to the page's server and how long each has kept it waiting.
 *
 * One that sends its request, or takes its answer, a byte at a time would hold its place for ever:
 * each has a deadline for both, and when there are many, the one that has waited longest gives way
 * to a new one. One thread.
 */
#ifndef SQUALL_TOOLS_WEB_LINKS_H
#define SQUALL_TOOLS_WEB_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#define LINKS_MANY      96u                   /* from here on somebody gives way */
#define LINK_REQUEST_NS UINT64_C(5000000000)  /* for a whole request, from the end of the last */
#define LINK_ANSWER_NS  UINT64_C(30000000000) /* for taking an answer */

struct link {
    struct link *next, *previous;
    int fd;
    uint64_t since_ns;
    bool is_answering; /* else its next request is awaited */
    bool is_ended;
};

struct links {
    struct link *first;
    uint32_t count;
};

/* NULL = no memory: it then has no deadline of its own. */
struct link *links_add(struct links *all, int fd, uint64_t now_ns);
void links_remove(struct links *all, struct link *l);

/* `l` may be NULL. */
void link_is_answering(struct link *l, uint64_t now_ns);
void link_is_waiting(struct link *l, uint64_t now_ns);

/* Shuts down the sockets of those whose time is up. */
void links_end_overdue(struct links *all, uint64_t now_ns);

#endif
