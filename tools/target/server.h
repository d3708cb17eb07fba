/* server — one thread of the target: its listening socket, ring, timers and guests. Opened by
 * anyone, run by one thread. */
#ifndef SQUALL_TOOLS_TARGET_SERVER_H
#define SQUALL_TOOLS_TARGET_SERVER_H

#include "tools/target/guest.h"
#include "tools/target/images.h"
#include "tools/target/memo.h"
#include "tools/target/target.h"

struct server {
    struct target *target;
    struct ring *ring;
    struct timers *timers;
    struct guest *guests; /* one per file of the ring */
    uint32_t files;
    int listen_fd;
    bool is_accepting;
    uint64_t accept_again_ns; /* when accepting has failed */
    uint64_t now_ns;          /* read once per turn */
    struct census census;
    struct memo memo;
    struct images images;
    uint64_t delays;         /* asked for, of those of which one in so many is another */
    struct span memoable;    /* set by a page whose answer will be the same next time */
    struct tls_context *tls; /* NULL = http:// */
    char plain[TLS_PLAIN_MAX];
    struct outbox page; /* where a page is written before its length is known */
};

/* Takes `listen_fd`, also when it fails. 0 or -errno of ring_open(). */
int server_open(struct server **ret_server, struct target *target, int listen_fd, uint32_t files);
/* Serves until target->stop is set and a signal interrupts the wait. 0 or -errno of a broken ring.
 */
int server_run(struct server *s);
void server_close(struct server *s);

#endif
