#!/usr/bin/python3
"""Hosts that forbid io_uring or have little memory, as seen from inside: what is refused names the setting, or has the sum. Made up
in a mount namespace of its own."""
import errno
import tempfile
from pathlib import Path

import own_network
import refusal
import rig

MIB = 1 << 20
LIMIT = 64 * MIB
GROUPS = "/sys/fs/cgroup"
SWITCH = "/proc/sys/kernel/io_uring_disabled"
PLAIN_BYTES, TLS_BYTES = 4968, 30968


def write_files(folder):
    """path -> the file or folder to be seen there: io_uring is forbidden for all, and 64 MiB are what the container has."""
    groups = Path(folder, "groups")
    groups.mkdir()
    (groups / "memory.max").write_text(f"{LIMIT}\n", "ascii")
    (groups / "memory.current").write_text(f"{MIB}\n", "ascii")
    Path(folder, "switch").write_text("2\n", "ascii")
    return {GROUPS: groups, SWITCH: Path(folder, "switch")}


class Container(rig.Case):
    def setUp(self):
        self.target = rig.Target()
        self.addCleanup(self.target.stop)

    # --- io_uring forbidden by the sysctl -----------------------------------------------------------------

    def forbid(self):
        """What the kernel does when the sysctl is 2."""
        refusal.refuse(refusal.IO_URING_SETUP, errno.EPERM)

    def test_a_load_and_a_server_are_refused_with_the_sysctl_that_permits_them(self):
        self.assertEqual(Path(SWITCH).read_text("ascii"), "2\n")
        for arguments in ((self.target.url, "-n", 1), ("target",)):
            code, out, err = rig.call(*arguments, before=self.forbid)
            self.assertEqual((code, out), (3, ""))
            self.assertRegex(err, r"^squall[^\n]*io_uring[^\n]*sysctl kernel\.io_uring_disabled=0[^\n]*\n$")

    def test_the_doctor_has_read_the_sysctl(self):
        code, out, err = rig.call("doctor", before=self.forbid)
        self.assertEqual((code, err), (3, ""))
        self.assertIn("forbidden for everybody: kernel.io_uring_disabled = 2", " ".join(out.split()))
        code, out, _ = rig.call("doctor", "--fix", before=self.forbid)
        self.assertEqual(code, 3)
        self.assertIn("\nsysctl -w kernel.io_uring_disabled=0\n", out)

    # --- little memory ------------------------------------------------------------------------------------

    def test_more_connections_than_the_containers_memory_holds_are_refused_with_the_sum(self):
        for scheme, each in (("http", PLAIN_BYTES), ("https", TLS_BYTES)):
            fitting = (LIMIT - MIB) // (each + 144)
            for count, code in ((fitting, 1), (fitting + 1, 3)):
                with self.subTest(scheme, count=count):
                    got, out, err = rig.call(f"{scheme}://127.0.0.1:9/", "-n", count, "-c", count, "--timeout", "1s")
                    self.assertEqual(got, code, out + err)
                    if code == 3:
                        self.assertRegex(err, rf"^squall: {count} connections x {each} bytes \+ {count} users x 144 bytes = "
                                              r"66\.1 MB of memory, and 66\.1 MB are available: use fewer .*\n$")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        own_network.enter(write_files(folder))
        rig.main()
