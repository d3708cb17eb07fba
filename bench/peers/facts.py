"""What a figure was measured on: machine, versions, date. Each row carries them, so rows of many runs can be put together."""
import platform
import time
from pathlib import Path

from servers import server_version
from tools import OWN, PEERS, version_of


def cpu_model():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown CPU"


class Facts:
    def __init__(self, options):
        self._options, self._versions = options, {}
        self._machine = {
            "cpu": cpu_model(), "cpus": f"{options.cpu_count}", "kernel": platform.release(),
            "date": time.strftime("%Y-%m-%d"), "squall_version": version_of(OWN["squall"], options)}

    def of(self, server_name, peer_name):
        if peer_name not in self._versions:
            self._versions[peer_name] = version_of(PEERS[peer_name], self._options)
        if server_name not in self._versions:
            self._versions[server_name] = server_version(server_name, self._options)
        return {**self._machine, "peer_version": self._versions[peer_name],
                "server_version": self._versions[server_name]}
