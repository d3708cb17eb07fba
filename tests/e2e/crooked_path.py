"""A path through a network that delays, reorders, repeats and loses packets: a TUN device in a network namespace of its own, and a
thread that carries what enters it back to where it came from.

A packet from HERE to THERE enters the device. With both addresses exchanged, its checksums stay right, and it is one from THERE to
HERE: what listens HERE answers at THERE, as if it stood behind the device.
"""
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import threading
import time

from own_network import IFF_UP, SIOCSIFFLAGS

HERE, THERE = "10.77.0.1", "10.77.0.2"
MASK = "255.255.255.0"
DEVICE = b"crooked"
MTU = 1500
TUN = "/dev/net/tun"
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
SIOCSIFADDR, SIOCSIFNETMASK, SIOCGIFFLAGS = 0x8916, 0x891C, 0x8913


def open_device():
    """A device of our own with HERE as its address; it goes with its descriptor."""
    device = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", DEVICE, IFF_TUN | IFF_NO_PI))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for request, address in ((SIOCSIFADDR, HERE), (SIOCSIFNETMASK, MASK)):
            fcntl.ioctl(s, request, struct.pack("16sHH4s8x", DEVICE, socket.AF_INET, 0, socket.inet_aton(address)))
        flags = struct.unpack_from("16sH", fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16s24x", DEVICE)))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH22x", DEVICE, flags | IFF_UP))
    return device


class CrookedPath:
    """Each packet takes `delay_s` and up to `jitter_s` more, whatever others take, so that some overtake others; of a thousand so
    many come twice, the second time later, and so many never come."""

    def __init__(self, delay_s=0.0, jitter_s=0.0, repeated=0, lost=0, seed=1):
        self.delay_s, self.jitter_s, self.repeated, self.lost = delay_s, jitter_s, repeated, lost
        self.counts = {"carried": 0, "overtaken": 0, "repeated": 0, "lost": 0}
        self._random = random.Random(seed)
        self._waiting, self._number, self._newest = [], 0, 0
        self._thread = threading.Thread(target=self._carry)
        self._is_over = threading.Event()

    def __enter__(self):
        self._device = open_device()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()
        os.close(self._device)

    def _take(self, packet):
        """Where it is to go, and when."""
        if packet[0] >> 4 != 4:
            return
        if self._random.randrange(1000) < self.lost:
            self.counts["lost"] += 1
            return
        is_repeated = self._random.randrange(1000) < self.repeated
        self.counts["repeated"] += is_repeated
        self._number += 1
        packet = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
        for _ in range(1 + is_repeated):
            due = time.monotonic() + self.delay_s + self._random.random() * self.jitter_s
            heapq.heappush(self._waiting, (due, self._number, self._random.random(), packet))

    def _let_go(self):
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            _, number, _, packet = heapq.heappop(self._waiting)
            self.counts["carried"] += 1
            self.counts["overtaken"] += number < self._newest
            self._newest = max(self._newest, number)
            os.write(self._device, packet)

    def _carry(self):
        while not self._is_over.is_set():
            soonest_s = self._waiting[0][0] - time.monotonic() if self._waiting else 0.05
            if select.select([self._device], [], [], min(max(soonest_s, 0), 0.05))[0]:
                self._take(os.read(self._device, MTU + 100))
            self._let_go()
