#include "tools/web/links.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

/* The server notices that the socket is at its end, and closes it. */
static void end(struct link *l)
{
    l->is_ended = true;
    (void)shutdown(l->fd, SHUT_RDWR);
}

/* New ones stand first, so the last that waits has done so longest. */
static void make_room(struct links *all)
{
    struct link *oldest = NULL;
    uint32_t alive = 0;
    for (struct link *l = all->first; l != NULL; l = l->next) {
        alive += !l->is_ended;
        if (!l->is_ended && !l->is_answering && (oldest == NULL || l->since_ns <= oldest->since_ns))
            oldest = l;
    }
    if (alive > LINKS_MANY && oldest != NULL)
        end(oldest);
}

struct link *links_add(struct links *all, int fd, uint64_t now_ns)
{
    struct link *l = malloc(sizeof *l);
    if (l == NULL)
        return NULL;
    *l = (struct link){ .next = all->first, .fd = fd, .since_ns = now_ns };
    if (all->first != NULL)
        all->first->previous = l;
    all->first = l;
    all->count++;
    if (all->count > LINKS_MANY)
        make_room(all);
    return l;
}

void links_remove(struct links *all, struct link *l)
{
    if (l == NULL)
        return;
    if (l->previous != NULL)
        l->previous->next = l->next;
    else
        all->first = l->next;
    if (l->next != NULL)
        l->next->previous = l->previous;
    all->count--;
    free(l);
}

static void turn(struct link *l, bool is_answering, uint64_t now_ns)
{
    if (l == NULL)
        return;
    l->is_answering = is_answering;
    l->since_ns = now_ns;
}

void link_is_answering(struct link *l, uint64_t now_ns)
{
    turn(l, true, now_ns);
}

void link_is_waiting(struct link *l, uint64_t now_ns)
{
    turn(l, false, now_ns);
}

void links_end_overdue(struct links *all, uint64_t now_ns)
{
    for (struct link *l = all->first; l != NULL; l = l->next) {
        const uint64_t limit_ns = l->is_answering ? LINK_ANSWER_NS : LINK_REQUEST_NS;
        if (!l->is_ended && now_ns - l->since_ns > limit_ns)
            end(l);
    }
}
