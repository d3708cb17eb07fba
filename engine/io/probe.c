#include "engine/io/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "engine/io/clock.h"
#include "engine/io/ring.h"
#include "engine/io/socket.h"

/* RFC 8305 section 8 gives an address a quarter of a second before the next one is tried. */
#define PROBE_AFTER_FIRST_NS UINT64_C(250000000)
#define PROBE_ALL_NS         UINT64_C(2000000000)

struct probe {
    struct pollfd waiting[PROBE_MAX]; /* fd -1 = decided */
    uint32_t undecided, answered;
    bool *answers;
    uint64_t until_ns;
};

static void decide(struct probe *p, uint32_t i, bool answers)
{
    close(p->waiting[i].fd);
    p->waiting[i].fd = -1;
    p->answers[i] = answers;
    p->undecided--;
    if (!answers)
        return;
    const uint64_t until_ns = clock_now_ns() + PROBE_AFTER_FIRST_NS;
    if (p->answered++ == 0 && until_ns < p->until_ns)
        p->until_ns = until_ns;
}

static void begin(struct probe *p, uint32_t i, const struct route *route,
                  const struct sources *sources)
{
    const struct sockaddr *to = (const struct sockaddr *)&route->address;
    struct sockaddr_storage source;
    struct socket_options options = { .no_delay = false };
    if (sources != NULL) {
        options.source_len = sources_address(sources, to->sa_family, i, &source);
        options.source = (const struct sockaddr *)&source;
    }
    const int fd = socket_make(to, &options);
    p->waiting[i] = (struct pollfd){ .fd = fd, .events = POLLOUT };
    if (fd < 0) {
        p->waiting[i].fd = -1;
        p->answers[i] = true;
        p->answered++;
        return;
    }
    p->undecided++;
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    if (connect(fd, to, route->address_len) == 0)
        decide(p, i, true);
    else if (errno != EINPROGRESS)
        decide(p, i, false);
}

static void look(struct probe *p, uint32_t i)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (p->waiting[i].fd < 0 || p->waiting[i].revents == 0)
        return;
    (void)getsockopt(p->waiting[i].fd, SOL_SOCKET, SO_ERROR, &error, &len);
    decide(p, i, error == 0);
}

uint32_t probe_routes(const struct route *routes, uint32_t count, const struct sources *sources,
                      bool *ret_answers)
{
    struct probe p = { .answers = ret_answers, .until_ns = clock_now_ns() + PROBE_ALL_NS };
    for (uint32_t i = 0; i < count; i++)
        begin(&p, i, &routes[i], sources);
    uint64_t now_ns = clock_now_ns();
    while (p.undecided > 0 && now_ns < p.until_ns) {
        (void)poll(p.waiting, count, (int)((p.until_ns - now_ns) / 1000000 + 1));
        for (uint32_t i = 0; i < count; i++)
            look(&p, i);
        now_ns = clock_now_ns();
    }
    for (uint32_t i = 0; i < count; i++)
        if (p.waiting[i].fd >= 0)
            decide(&p, i, false);
    return p.answered;
}
