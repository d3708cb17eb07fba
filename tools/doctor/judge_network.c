#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "stats/report/figure.h"
#include "tools/doctor/check.h"
#include "tools/doctor/judges.h"
#include "tools/doctor/sums.h"

#define BACKLOG_WANTED 4096
#define BACKLOG_LEAST  1024 /* connections that a burst may bring at once */
#define TRACKED_WANTED 1048576

void judge_ports(const struct host *h, struct finding *f)
{
    const struct host_network *n = &h->network;
    const int64_t ports = sums_ports(n);
    char sum[SUMS_TEXT_MAX];
    if (ports == READING_UNKNOWN) {
        finding_say(f, CHECK_UNKNOWN, "net.ipv4.ip_local_port_range cannot be read");
        return;
    }
    sums_write_ports(n, sum);
    finding_say(f, ports < CHECK_CONNECTIONS_LARGE ? CHECK_LIMITS : CHECK_FINE,
                "%s connections to one address and port", sum);
    if (ports < CHECK_CONNECTIONS_LARGE)
        finding_command(f, "sysctl -w net.ipv4.ip_local_port_range='10000 65535'");
}

/* Whoever set it may have hoped that it is the one. */
static void write_other_wait(const struct host_network *n, char *out, size_t cap)
{
    out[0] = '\0';
    if (n->fin_timeout_s >= 0 && n->fin_timeout_s != SUMS_TIME_WAIT_S)
        (void)snprintf(out, cap, "; tcp_fin_timeout = %" PRId64 " s changes none of this",
                       n->fin_timeout_s);
}

/* Who closes first keeps the port. */
void judge_time_wait(const struct host *h, struct finding *f)
{
    const struct host_network *n = &h->network;
    const double far = sums_opened_per_s(n, false);
    const double near = sums_opened_per_s(n, true);
    char far_sum[SUMS_TEXT_MAX], near_sum[SUMS_TEXT_MAX] = "", other[80];
    if (isnan(far))
        return;
    if (isinf(far)) {
        finding_say(f, CHECK_FINE,
                    "new connections never run out of ports: of %" PRId64 " at most %" PRId64
                    " are kept (tcp_max_tw_buckets)",
                    sums_ports(n), n->tw_buckets);
        return;
    }
    sums_write_opened(n, false, far_sum);
    if (near > far)
        sums_write_opened(n, true, near_sum);
    write_other_wait(n, other, sizeof other);
    const bool is_slow = sums_port_rest_s(n, false) >= SUMS_TIME_WAIT_S;
    finding_say(f, is_slow ? CHECK_LIMITS : CHECK_FINE,
                "when squall closes first: %s new connections/s to one address and port%s%s; when "
                "the server does: no limit of ports here%s",
                far_sum, near_sum[0] == '\0' ? "" : ", on loopback ", near_sum, other);
    if (is_slow)
        finding_command(f, n->timestamps == 0
                               ? "sysctl -w net.ipv4.tcp_timestamps=1 net.ipv4.tcp_tw_reuse=1"
                               : "sysctl -w net.ipv4.tcp_tw_reuse=1");
}

void judge_backlog(const struct host *h, struct finding *f)
{
    const struct host_network *n = &h->network;
    if (n->somaxconn < 0)
        return;
    const bool is_short = n->somaxconn < BACKLOG_LEAST;
    finding_say(f, is_short ? CHECK_LIMITS : CHECK_FINE,
                "%" PRId64 " connections may wait for a server here to accept them (somaxconn), "
                "%" PRId64 " be half open (tcp_max_syn_backlog)",
                n->somaxconn, n->syn_backlog > 0 ? n->syn_backlog : 0);
    if (is_short)
        finding_command(f, "sysctl -w net.core.somaxconn=%d", BACKLOG_WANTED);
}

void judge_tracking(const struct host *h, struct finding *f)
{
    const struct host_network *n = &h->network;
    char rate[96] = "";
    if (n->tracked_max <= 0)
        return;
    const int64_t left = n->tracked_max - (n->tracked > 0 ? n->tracked : 0);
    if (n->tracked_time_wait_s > 0)
        (void)snprintf(rate, sizeof rate, ", %" PRId64 " / %" PRId64 " s = %" PRId64 " new ones/s",
                       n->tracked_max, n->tracked_time_wait_s,
                       n->tracked_max / n->tracked_time_wait_s);
    finding_say(f, left < CHECK_CONNECTIONS_LARGE ? CHECK_LIMITS : CHECK_FINE,
                "%" PRId64 " - %" PRId64 " = %" PRId64
                " more connections where a firewall rule tracks them%s",
                n->tracked_max, n->tracked_max - left, left, rate);
    if (left < CHECK_CONNECTIONS_LARGE)
        finding_command(f, "sysctl -w net.netfilter.nf_conntrack_max=%d", TRACKED_WANTED);
}
