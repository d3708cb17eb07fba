"""Servers behind TLS that play one act to every connection (tests/tls/stage.c), and certificates of all kinds."""
import os
import re
import select
import subprocess
import tempfile

import rig

AUTHORITY = os.environ.get("SQUALL_TLS_AUTHORITY", "")
STAGE = os.environ.get("SQUALL_TLS_STAGE", "")


class Authority:
    """A folder of certificates made on the spot: see the table in tests/tls/authority.c."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        subprocess.run([AUTHORITY, self._folder.name], check=True)

    def file(self, name):
        return os.path.join(self._folder.name, name + ".pem")

    def close(self):
        self._folder.cleanup()


class Stage(rig.Server):
    """Plays the act so many times, then answers as it should; 0: for ever."""

    def __init__(self, authority, act, certificate="good", client_root=None, times=0):
        arguments = [authority.file(client_root)] if client_root else []
        super().__init__([STAGE, authority.file(certificate), act, str(times), *arguments],
                         stdout=subprocess.PIPE)
        readable, _, _ = select.select([self.process.stdout], [], [], 10 * rig.PATIENCE)
        line = self.process.stdout.readline().decode() if readable else ""
        found = re.match(r"listening on (\d+)", line)
        if not found:
            self.stop()
            raise AssertionError(f"the stage said {line!r} instead of where it listens")
        self.port = int(found[1])
        self.url = f"https://127.0.0.1:{self.port}/"
