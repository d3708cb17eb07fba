#!/usr/bin/python3
"""What README.md tells a reader to type works. Each fenced block is judged by the words after its three backticks:

    ```sh           run by bash -euo pipefail, as it stands; it must end with 0
    ```sh exit=N    the same, and it must end with N
    ```sh by-hand   not run (it installs, builds, needs a terminal or takes minutes): every path in it that begins with
                    build/, tools/, tests/ or bench/ must exist, and each squall subcommand and option must be known
    ```yaml         read by 'squall check'
    anything else   not looked at

Blocks run one after the other in one scratch folder that shows the tree's entries, build/ being the build under test, and with
squall in PATH. Two addresses stand for the reader's own server: http://127.0.0.1:8000 and http://localhost:8000 become the
built-in target's.
"""
import os
import re
import subprocess
import tempfile
from pathlib import Path

import rig

README = rig.ROOT / "README.md"
BUILD = os.environ.get("SQUALL_BUILD", "")
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
OWN_SERVER = re.compile(r"http://(?:127\.0\.0\.1|localhost):8000")


def blocks():
    """(line of its fence, words of its fence, text) of each block."""
    text = README.read_text("utf-8")
    for found in FENCE.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found[1].split(), found[2]


def commands(text):
    """The command lines of a block, continuation lines joined, comments left out."""
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if line:
            yield line


class Readme(rig.Case):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        for entry in rig.ROOT.iterdir():
            if not entry.name.startswith(("build", ".git")):
                os.symlink(entry, Path(self.folder.name, entry.name))
        os.symlink(BUILD, Path(self.folder.name, "build"))

    def tearDown(self):
        self.folder.cleanup()

    def run_block(self, text, target):
        path = os.path.dirname(rig.SQUALL) + ":" + os.environ["PATH"]
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", OWN_SERVER.sub(target.url, text)],
            cwd=self.folder.name, env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=100 * rig.PATIENCE)

    def check_by_hand(self, text):
        for line in commands(text):
            for path in re.findall(r"(?<![\w/.-])(?:tools|tests|bench|build)/[\w./-]+", line):
                if not path.startswith("build/") or path == "build/tools/squall":
                    self.assertTrue(Path(self.folder.name, path).exists(), f"{path} in '{line}'")
            words = line.split()
            if words[0].endswith("squall"):
                known = subprocess.run([rig.SQUALL, *words[1:2], "--help"], capture_output=True,
                                       text=True, timeout=10)
                self.assertEqual(known.returncode, 0, f"'{line}': {known.stderr}")
                for option in re.findall(r"(?<=\s)--[a-z][a-z-]*", line):
                    self.assertIn(option, known.stdout + " --help --version", f"in '{line}'")

    def test_the_commands_of_the_readme_work(self):
        self.assertTrue(README.is_file(), "README.md is missing")
        ran = 0
        with rig.Target() as target:
            for line, words, text in blocks():
                with self.subTest(f"README.md:{line}"):
                    if words[:1] == ["yaml"]:
                        Path(self.folder.name, "block.yaml").write_text(text, "utf-8")
                        run = self.run_block("squall check block.yaml", target)
                        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
                    elif words[:1] in (["sh"], ["shell"], ["bash"]) and "by-hand" in words:
                        self.check_by_hand(text)
                    elif words[:1] in (["sh"], ["shell"], ["bash"]):
                        code = next((int(w[5:]) for w in words if w.startswith("exit=")), 0)
                        run = self.run_block(text, target)
                        self.assertEqual(run.returncode, code, f"{text}{run.stdout}{run.stderr}")
                        ran += 1
        self.assertGreater(ran, 0, "README.md has no block marked ```sh")


if __name__ == "__main__":
    rig.main()
