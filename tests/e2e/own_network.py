"""A network namespace of our own, for one child (in preexec_fn) or for a whole test. Root is enough, a user needs user
namespaces."""
import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
CLONE_NEWNS = 0x00020000
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
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


def raise_loopback():
    with socket.socket() as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def make(first, last):
    """The process that runs this gets a network in which connections have the local ports first..last."""
    def before():
        if os.getuid() != 0:
            become_root_of_a_user_namespace()
        call("unshare", CLONE_NEWNET)
        raise_loopback()
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


def enter(files=()):
    """This process, which has one thread, moves to a network of its own with nothing but loopback. `files`: path -> path of
    what shall be seen there instead. Leaves with 77 where this host forbids it."""
    try:
        if os.getuid() != 0:
            become_root_of_a_user_namespace()
        call("unshare", CLONE_NEWNET | CLONE_NEWNS)
        call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        for path, instead in dict(files).items():
            call("mount", str(instead).encode(), str(path).encode(), None, MS_BIND, None)
        raise_loopback()
    except OSError as error:
        print(f"skipped: no network namespace of our own: {error}")
        sys.exit(77)
