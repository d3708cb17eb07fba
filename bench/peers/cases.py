"""What is compared: the work of each case, and which generators it is for."""
from typing import NamedTuple


class Case(NamedTuple):
    text: str
    path: str
    connections: int
    pipeline: int = 1
    new_connections: bool = False
    work_us: int = 0            # CPU time the server burns for each request
    wait: str = ""              # of a scenario's users, between tasks
    spawn_rate: int = 10000     # of them
    own: str = "squall"         # what stands on our side of the pair
    peers: tuple = ()           # the only ones it is for; empty: all that measure by a URL
    servers: tuple = ("target", "nginx")
    settle_s: float = 0.0       # more of it than the generator itself needs
    same_rate: bool = False     # the peer sends as many per second as ours did
    if_asked: bool = False      # measured only when it is named
    tls: bool = False
    gather: str = ""            # our answers wait so long for others
    resumes: bool = True        # new TLS connections, with a ticket of an earlier one


# What a feature of the ring is worth: squall against squall without it.
MASKED = tuple(f"without-{name}" for name in (
    "defer_taskrun", "single_issuer", "no_sqarray", "registered_ring", "direct_files", "silent_send", "multishot_recv",
    "set_option", "all"))

CASES = {
    "small": Case("answers of 100 bytes, 64 connections", "/bytes/100", 64),
    "small-1024": Case("answers of 100 bytes, 1024 connections", "/bytes/100", 1024),
    "pipeline": Case("answers of 100 bytes, 64 connections, 16 in flight on each", "/bytes/100", 64, 16),
    "body-64k": Case("answers of 64 KiB, 64 connections", "/bytes/65536", 64),
    "body-1m": Case("answers of 1 MiB, 16 connections", "/bytes/1048576", 16),
    "connect": Case("a new connection for each request, 64 at a time", "/bytes/100", 64,
                    new_connections=True),
    "tls-small": Case("TLS 1.3: answers of 100 bytes, 64 connections", "/bytes/100", 64, tls=True,
                      peers=("wrk", "h2load", "ab"), servers=("target-tls", "nginx")),
    "tls-resumed": Case("TLS 1.3: a new connection for each request, resumed, 64 at a time", "/bytes/100", 64,
                        new_connections=True, tls=True, peers=("wrk",), servers=("nginx",)),
    "tls-full": Case("TLS 1.3: a new connection for each request, full handshakes on P-256, 64 at a time", "/bytes/100", 64,
                     new_connections=True, tls=True, resumes=False, peers=("ab",), servers=("nginx",)),
    "server-bound": Case("answers of 100 bytes, 64 connections, the server works 20 us for each",
                         "/bytes/100", 64, work_us=20, servers=("target",)),
    # A server at its end answers one by one, and each answer wakes its generator.
    "small-gather": Case("answers of 100 bytes, 64 connections, gathered for 200 us", "/bytes/100", 64, gather="200us",
                         peers=("wrk",), servers=("nginx",)),
    "small-1024-gather": Case("answers of 100 bytes, 1024 connections, gathered for 2 ms", "/bytes/100", 1024,
                              gather="2ms", peers=("wrk",), servers=("nginx",)),
    "tls-small-gather": Case("TLS 1.3: answers of 100 bytes, 64 connections, gathered for 200 us", "/bytes/100", 64,
                             gather="200us", tls=True, peers=("wrk", "h2load"), servers=("nginx",)),
    "run-two-tasks": Case("`squall run`, 64 users, two weighted tasks, no wait", "/bytes/100", 64,
                          own="squall-run", peers=("squall-url",), servers=("target",)),
    "run-ten-slots": Case("`squall run`, 64 users, a JSON body with ten slots, a capture and a check", "/echo", 64,
                          own="squall-slots", peers=("squall-post",), servers=("target",)),
    "users-think": Case("`squall run`, 10,000 users who wait 100 ms", "/bytes/100", 10000, wait="100ms",
                        own="squall-run", peers=("squall-rate", "squall-url"), servers=("target",),
                        settle_s=2.0, same_rate=True),
    "masked-small": Case("answers of 100 bytes, 64 connections", "/bytes/100", 64, peers=MASKED,
                         servers=("target",), if_asked=True),
    "masked-1024": Case("answers of 100 bytes, 1024 connections", "/bytes/100", 1024, peers=MASKED,
                        servers=("target",), if_asked=True),
    "masked-body-1m": Case("answers of 1 MiB, 16 connections", "/bytes/1048576", 16, peers=MASKED,
                           servers=("target",), if_asked=True),
    "masked-connect": Case("a new connection for each request, 64 at a time", "/bytes/100", 64, new_connections=True,
                           peers=MASKED, servers=("target",), if_asked=True),
    # What books, clocks and audit cost: squall against squall built with -Dc_args=-DSQUALL_AUDIT=0, which --bare names.
    "audit-small": Case("answers of 100 bytes, 64 connections", "/bytes/100", 64, peers=("without-audit",),
                        servers=("target",), if_asked=True),
    "audit-1024": Case("answers of 100 bytes, 1024 connections", "/bytes/100", 1024, peers=("without-audit",),
                       servers=("target",), if_asked=True),
    "audit-pipeline": Case("answers of 100 bytes, 64 connections, 16 in flight on each", "/bytes/100", 64, 16,
                           peers=("without-audit",), servers=("target",), if_asked=True),
    "users-million": Case("`squall run`, 1,000,000 users who wait 20 s, 100 on each of 10,000 connections",
                          "/bytes/100", 10000, pipeline=100, wait="20s", spawn_rate=50000, own="squall-run",
                          peers=("squall-rate",), servers=("target",), settle_s=22.0, same_rate=True, if_asked=True),
    "idle-memory": Case("10,000 idle keep-alive connections, memory of each over the base", "/bytes/100",
                        10000, peers=("wrk", "h2load"), servers=("target",)),
    "idle-memory-tls": Case("10,000 idle TLS connections, memory of each over the base", "/bytes/100",
                            10000, peers=("wrk", "h2load"), servers=("nginx",), tls=True, spawn_rate=1000,
                            if_asked=True),
}


def is_for(case, peer_name, peer):
    return peer_name in case.peers if case.peers else not peer.is_own
