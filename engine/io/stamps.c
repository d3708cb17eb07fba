#include "engine/io/stamps.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <sys/socket.h>

struct stamp_place {
    struct msghdr message;
    struct iovec room;
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct scm_timestamping))];
};

int stamps_open(struct stamps *s, uint32_t files, uint32_t every)
{
    *s = (struct stamps){ 0 };
    if (every == 0)
        return 0;
    s->places = calloc(files / every + 1u, sizeof *s->places);
    if (s->places == NULL)
        return -ENOMEM;
    s->every = every;
    return 0;
}

void stamps_close(struct stamps *s)
{
    free(s->places);
    *s = (struct stamps){ 0 };
}

void stamps_ask(int fd)
{
    const int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
}

struct msghdr *stamps_prepare(struct stamps *s, uint32_t file, uint32_t len)
{
    struct stamp_place *p = &s->places[file / s->every];
    p->room = (struct iovec){ .iov_len = len }; /* the ring chooses the buffer */
    p->message = (struct msghdr){ .msg_iov = &p->room,
                                  .msg_iovlen = 1,
                                  .msg_control = p->control,
                                  .msg_controllen = sizeof p->control };
    memset(p->control, 0, sizeof p->control);
    return &p->message;
}

uint64_t stamps_take(struct stamps *s, uint32_t file)
{
    struct msghdr *message = &s->places[file / s->every].message;
    uint64_t stamp_ns = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        struct scm_timestamping stamps;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPING ||
            c->cmsg_len < CMSG_LEN(sizeof stamps))
            continue;
        memcpy(&stamps, CMSG_DATA(c), sizeof stamps);
        stamp_ns =
            (uint64_t)stamps.ts[0].tv_sec * UINT64_C(1000000000) + (uint64_t)stamps.ts[0].tv_nsec;
    }
    message->msg_controllen = 0;
    return stamp_ns;
}
