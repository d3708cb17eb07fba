#include <inttypes.h>

#include "stats/report/figure.h"
#include "tools/doctor/check.h"
#include "tools/doctor/judges.h"
#include "tools/doctor/sums.h"

#define FILES_WANTED 1048576 /* the most that fs.nr_open allows where nobody changed it */

static int64_t workers_of(const struct host *h)
{
    const int allowed = CPU_COUNT(&h->cpus.allowed);
    return allowed > 0 ? allowed : 1;
}

void judge_descriptors(const struct host *h, struct finding *f)
{
    const struct host_limits *l = &h->limits;
    const int64_t workers = workers_of(h);
    if (l->files_hard == READING_UNKNOWN) {
        finding_say(f, CHECK_UNKNOWN, "the limit cannot be read");
        return;
    }
    const int64_t each = sums_files_per_ring(l);
    finding_say(f, each < CHECK_CONNECTIONS_LARGE ? CHECK_LIMITS : CHECK_FINE,
                "%" PRId64 " for a worker's ring x %" PRId64 " worker%s = %" PRId64
                " connections%s",
                each, workers, workers == 1 ? "" : "s", each * workers,
                l->files_soft < each ? ", once squall has raised its soft limit" : "");
    if (each < CHECK_CONNECTIONS_LARGE)
        finding_command(f, "ulimit -n %d", FILES_WANTED);
}

void judge_locked_memory(const struct host *h, struct finding *f)
{
    const struct host_limits *l = &h->limits;
    const int64_t workers = workers_of(h);
    if (l->locks_freely || l->locked_bytes == READING_UNLIMITED) {
        finding_say(f, CHECK_FINE, "this process may lock as much memory as it likes");
        return;
    }
    if (l->locked_bytes == READING_UNKNOWN) {
        finding_say(f, CHECK_UNKNOWN, "the limit of locked memory cannot be read");
        return;
    }
    const int64_t rings = l->locked_bytes / SUMS_RING_LOCKED_BYTES;
    finding_say(f, rings < workers ? CHECK_LIMITS : CHECK_FINE,
                "%" PRId64 " KiB may be locked / %d KiB of the largest ring = %" PRId64
                " workers of more than 16384 connections; small rings take 16 KiB, older "
                "kernels count none",
                l->locked_bytes / 1024, SUMS_RING_LOCKED_BYTES / 1024, rings);
    if (rings < workers)
        finding_command(f, "ulimit -l unlimited");
}

static struct figure bytes_of(uint64_t connections)
{
    return figure_bytes(sums_memory(connections, connections, SUMS_KERNEL_BYTES_BOTH));
}

void judge_memory(const struct host *h, struct finding *f)
{
    const int64_t left = host_memory_left(h);
    const bool is_grouped = h->cgroup.memory_left != READING_UNLIMITED;
    if (left == READING_UNKNOWN) {
        finding_say(f, CHECK_UNKNOWN, "what is available cannot be read");
        return;
    }
    const double large =
        sums_memory(CHECK_CONNECTIONS_LARGE, CHECK_CONNECTIONS_LARGE, SUMS_KERNEL_BYTES_BOTH);
    finding_say(f, (double)left < large ? CHECK_LIMITS : CHECK_FINE,
                "%s available%s; 10000 users with a connection each take %s, 100000 take %s: each "
                "%d bytes of squall and %s of the kernel for both ends, half where the server is "
                "elsewhere",
                figure_bytes((double)left).text, is_grouped ? " (within a cgroup's limit)" : "",
                bytes_of(10000).text, bytes_of(100000).text,
                SUMS_CONNECTION_BYTES + SUMS_USER_BYTES, figure_bytes(SUMS_KERNEL_BYTES_BOTH).text);
    if ((double)left < large)
        finding_advise(f, "free memory, or raise the container's limit");
}
