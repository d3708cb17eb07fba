"""Memory of connections that were used once and then stay open: what ten thousand of them take over a few."""
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from servers import SERVERS, pin_to, tree_memory
from tools import IDLE

CASES = ("idle-memory", "idle-memory-tls")
FEW = 100
PATIENCE_S = 60
SOCKETS_LEFT = 1000         # so many of an earlier run, closing or in TIME_WAIT, do not show: 2 KiB in a MiB


def kernel_bytes():
    """What the kernel's own structures take: sockets are among them, of both ends. Objects in use where that may be read,
    else whole pages, which an earlier run can have left half empty. What the kernel keeps of /proc for whoever reads it
    is no part of a connection."""
    try:
        rows = [line.split() for line in Path("/proc/slabinfo").read_text("ascii").splitlines()[2:]]
        return sum(int(row[1]) * int(row[3]) for row in rows if row[0] != "proc_inode_cache")
    except OSError:
        return int(re.search(r"^Slab:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)[1]) * 1024


def wait_for_quiet():
    """The sockets of an earlier run are freed by and by, a minute in TIME_WAIT; freed meanwhile, they would be taken off
    what is measured next."""
    until = time.monotonic() + 2 * PATIENCE_S
    while time.monotonic() < until:
        found = re.search(r"TCP: inuse (\d+) orphan (\d+) tw (\d+)", Path("/proc/net/sockstat").read_text("ascii"))
        if sum(map(int, found.groups())) < SOCKETS_LEFT:
            break
        time.sleep(0.2)
    time.sleep(0.5)


def wait_for_all(server, count, process):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if server.open_connections() > count and server.requests() >= count:
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    sys.exit(f"idle-memory: {count} connections did not come to stand: {' '.join(map(str, process.args))}")


def look(name, case, server_name, count, options):
    """Resident bytes of a generator with so many idle connections, and the growth of the kernel's."""
    wait_for_quiet()
    server = SERVERS[server_name](options)
    process = None
    try:
        before = kernel_bytes()
        command = IDLE[name](case, server.url_of(case), count, options)
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   preexec_fn=pin_to(options.generator_cpu))
        wait_for_all(server, count, process)
        time.sleep(0.5)
        return tree_memory(process.pid, "VmRSS"), kernel_bytes() - before
    finally:
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        server.stop()


def bytes_each(name, case, server_name, options):
    """User and kernel bytes of one idle connection."""
    few, kernel_few = look(name, case, server_name, FEW, options)
    many, kernel_many = look(name, case, server_name, FEW + case.connections, options)
    return (many - few) / case.connections, (kernel_many - kernel_few) / case.connections
