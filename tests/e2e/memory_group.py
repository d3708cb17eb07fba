"""A control group with a limit on memory, where this host lets us have one: cgroup v2, with the controller handed down."""
import os
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")


def own_group():
    """The folder of the group that this process is in."""
    mounted = [line.split()[1] for line in MOUNTS.read_text("ascii").splitlines() if line.split()[2] == "cgroup2"]
    paths = [line[3:] for line in Path("/proc/self/cgroup").read_text("ascii").splitlines() if line.startswith("0::")]
    if not mounted or not paths:
        raise OSError("no cgroup v2 is mounted here")
    return Path(mounted[0]), Path(mounted[0] + paths[0])


class MemoryGroup:
    """Raises OSError where it cannot be made. Beside the group that we are in, or above it: where processes are, no controller is
    handed down."""

    def __init__(self, limit_bytes):
        root, group = own_group()
        while "memory" not in (group / "cgroup.subtree_control").read_text("ascii").split():
            if group == root:
                raise OSError(f"no group above this process hands the memory controller of cgroup v2 down, from {root} on")
            group = group.parent
        self.folder = group / f"squall-test-{os.getpid()}"
        self.folder.mkdir()
        try:
            (self.folder / "memory.max").write_text(str(limit_bytes), "ascii")
        except OSError:
            self.folder.rmdir()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.rmdir()

    def enter(self):
        """For preexec_fn."""
        (self.folder / "cgroup.procs").write_text("0", "ascii")
