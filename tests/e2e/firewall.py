"""A firewall of nftables around a port, for a network namespace of its own."""
import subprocess
from contextlib import contextmanager


def nft(commands):
    subprocess.run(["nft", "-f", "-"], input=commands, text=True, check=True, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})


@contextmanager
def firewall(port, verdict, address=None):
    """What happens to packets to the port, of one address or of any."""
    to = f"ip daddr {address} " if address else ""
    nft(f"add table inet wall\nadd chain inet wall input {{ type filter hook input priority 0; }}\n"
        f"add rule inet wall input {to}tcp dport {port} {verdict}\n")
    try:
        yield
    finally:
        nft("delete table inet wall\n")
