"""A network namespace of our own, with few ports; for preexec_fn. Root is enough, a user needs user namespaces."""
import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1
REUSED_ON_LOOPBACK = 2
SETTINGS = Path("/proc/sys/net/ipv4")


def call(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)


def become_root_of_a_user_namespace():
    user, group = os.getuid(), os.getgid()
    call("unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny", "ascii")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1", "ascii")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1", "ascii")


def make(first, last):
    """The process that runs this gets a network in which connections have the local ports first..last."""
    def before():
        if os.getuid() != 0:
            become_root_of_a_user_namespace()
        call("unshare", CLONE_NEWNET)
        with socket.socket() as s:
            fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        (SETTINGS / "ip_local_port_range").write_text(f"{first} {last}", "ascii")
        (SETTINGS / "tcp_tw_reuse").write_text(str(REUSED_ON_LOOPBACK), "ascii")
    return before


def join(pid):
    """The process that runs this moves to the network of another."""
    user = os.getuid()

    def before():
        for kind in (["user"] if user != 0 else []) + ["net"]:
            with open(f"/proc/{pid}/ns/{kind}", "rb") as namespace:
                call("setns", namespace.fileno(), 0)
    return before
