#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tools/doctor/check.h"
#include "tools/doctor/judges.h"

#define MAJOR_LEAST 6
#define MINOR_LEAST 1

void judge_kernel(const struct host *h, struct finding *f)
{
    const struct host_kernel *k = &h->kernel;
    if (k->major < 0 || k->minor < 0) {
        finding_say(f, CHECK_UNKNOWN, "its version cannot be read; %d.%d or newer is needed",
                    MAJOR_LEAST, MINOR_LEAST);
        return;
    }
    const bool is_old =
        k->major < MAJOR_LEAST || (k->major == MAJOR_LEAST && k->minor < MINOR_LEAST);
    /* Distributions carry features back: if a ring opens nevertheless, a run may work. */
    finding_say(f,
                !is_old              ? CHECK_FINE
                : h->ring.error == 0 ? CHECK_LIMITS
                                     : CHECK_BROKEN,
                "Linux %s; %d.%d or newer is needed", k->release, MAJOR_LEAST, MINOR_LEAST);
    if (is_old)
        finding_advise(f, "run on Linux %d.%d or newer", MAJOR_LEAST, MINOR_LEAST);
}

/* ---- why there is no ring ---- */

static void explain_not_permitted(const struct host_kernel *k, struct finding *f)
{
    if (k->io_uring_disabled == 2)
        finding_say(f, CHECK_BROKEN, "forbidden for everybody: kernel.io_uring_disabled = 2");
    else if (k->io_uring_disabled == 1)
        finding_say(f, CHECK_BROKEN,
                    "forbidden for all but root and the group %" PRId64
                    ": kernel.io_uring_disabled = 1",
                    k->io_uring_group);
    if (f->sentence[0] != '\0') {
        finding_command(f, "sysctl -w kernel.io_uring_disabled=0");
        return;
    }
    finding_say(f, CHECK_BROKEN,
                "refused (EPERM), and not by kernel.io_uring_disabled: by a seccomp filter, as "
                "containers have one");
    finding_advise(f, "allow io_uring_setup, io_uring_enter and io_uring_register in the "
                      "container's seccomp profile, or docker run --security-opt "
                      "seccomp=unconfined");
}

void judge_ring(const struct host *h, struct finding *f)
{
    switch (-h->ring.error) {
    case 0:
        finding_say(f, CHECK_FINE, "permitted: a ring was opened and let go again");
        break;
    case EPERM:
    case EACCES:
        explain_not_permitted(&h->kernel, f);
        break;
    case ENOSYS:
        finding_say(f, CHECK_BROKEN,
                    "not there (ENOSYS): built without it, or hidden by a sandbox");
        finding_advise(f, "run on Linux %d.%d or newer, outside the sandbox", MAJOR_LEAST,
                       MINOR_LEAST);
        break;
    case ENOMEM:
        finding_say(f, CHECK_BROKEN, "no memory for the smallest ring (ENOMEM): see 'locked'");
        finding_command(f, "ulimit -l unlimited");
        break;
    case EMFILE:
        finding_say(f, CHECK_BROKEN, "no descriptor is left for a ring (EMFILE)");
        finding_command(f, "ulimit -n 1024");
        break;
    case EINVAL:
        finding_say(f, CHECK_BROKEN,
                    "the kernel is too old, or SQUALL_RING_MASK names an unknown feature (EINVAL)");
        finding_advise(f, "run on Linux %d.%d or newer, without SQUALL_RING_MASK", MAJOR_LEAST,
                       MINOR_LEAST);
        break;
    default:
        finding_say(f, CHECK_BROKEN, "refused: %s", strerrordesc_np(-h->ring.error));
        finding_advise(f, "see the kernel's log");
        break;
    }
}

/* ---- features ---- */

static bool has_feature(const char *features, const char *name)
{
    const size_t len = strlen(name);
    while (*features != '\0') {
        const size_t found_len = strcspn(features, ",");
        if (found_len == len && memcmp(features, name, len) == 0)
            return true;
        features += found_len;
        features += *features == ',';
    }
    return false;
}

/* Copies a comma-separated list with blanks behind the commas. */
static void spread_list(const char *list, char *out, size_t cap)
{
    size_t used = 0;
    for (; *list != '\0' && used + 2 < cap; list++) {
        out[used++] = *list;
        if (*list == ',')
            out[used++] = ' ';
    }
    out[used] = '\0';
}

void judge_features(const struct host *h, struct finding *f)
{
    static const struct {
        const char *name, *without;
    } missed[] = {
        { "direct_files", "each connection takes a descriptor of the process" },
        { "defer_taskrun", "a small request costs up to 13 % more CPU time" },
    };
    char list[2 * sizeof h->ring.features];
    if (h->ring.error != 0)
        return;
    spread_list(h->ring.features, list, sizeof list);
    for (size_t i = 0; i < sizeof missed / sizeof missed[0]; i++) {
        if (has_feature(h->ring.features, missed[i].name))
            continue;
        finding_say(f, CHECK_LIMITS, "%s; without %s %s", list, missed[i].name, missed[i].without);
        finding_advise(f, "run a newer kernel, without SQUALL_RING_MASK");
        return;
    }
    finding_say(f, CHECK_FINE, "%s", list);
}

/* OpenSSL keeps its promises within a major version. */
void judge_tls(const struct host *h, struct finding *f)
{
    if (h->tls_built == NULL || h->tls_running == NULL)
        return;
    const bool is_same = strcspn(h->tls_built, ".") == strcspn(h->tls_running, ".") &&
                         strncmp(h->tls_built, h->tls_running, strcspn(h->tls_built, ".")) == 0;
    finding_say(f, is_same ? CHECK_FINE : CHECK_LIMITS, "OpenSSL %s; built with %s", h->tls_running,
                h->tls_built);
    if (!is_same)
        finding_advise(f, "build squall again on this host");
}
