"""Memory of connections that were used once and then stay open: what ten thousand of them take over a few."""
import multiprocessing
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from servers import SERVERS, pin_to, tree_memory
from tools import IDLE

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "e2e"))
import own_network

CASES = ("idle-memory", "idle-memory-tls")
FEW = 100
PATIENCE_S = 60
PORTS = 10000, 65000


def kernel_bytes():
    """What the kernel's own structures take: sockets are among them, of both ends. Objects in use where that may be read,
    else whole pages, which an earlier run can have left half empty. What the kernel keeps of /proc for whoever reads it
    is no part of a connection."""
    try:
        rows = [line.split() for line in Path("/proc/slabinfo").read_text("ascii").splitlines()[2:]]
        return sum(int(row[1]) * int(row[3]) for row in rows if row[0] != "proc_inode_cache")
    except OSError:
        return int(re.search(r"^Slab:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)[1]) * 1024


def in_a_network_of_its_own(function, *arguments):
    """What it returns. Of the machine's own network, the sockets that others leave in TIME_WAIT, and those of an earlier run,
    would be in what is measured or taken off it; here they go with the network, at once."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork"), initializer=own_network.make(*PORTS)) as pool:
        returned = pool.submit(function, *arguments).result()
    time.sleep(1)       # it is taken apart behind our back
    return returned


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
    few, kernel_few = in_a_network_of_its_own(look, name, case, server_name, FEW, options)
    many, kernel_many = in_a_network_of_its_own(look, name, case, server_name, FEW + case.connections, options)
    return (many - few) / case.connections, (kernel_many - kernel_few) / case.connections
