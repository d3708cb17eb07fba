#!/usr/bin/python3
"""The man page and the completions know every command and every option that --help shows, and their own readers take them."""
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import rig

OPTION = re.compile(r"^ {2,6}(?:-(\w), )?--([a-z][a-z-]*)", re.MULTILINE)


def page(name):
    code, out, err = rig.call("pages", name)
    assert code == 0, err
    return out


def commands():
    return re.findall(r"^       squall ([a-z]+) ", rig.call("--help")[1], re.MULTILINE)


def options_of(command):
    """(letter or '', name) of each option that --help shows for a command, or for a URL."""
    return OPTION.findall(rig.call(*([command] if command else []), "--help")[1])


class Pages(rig.Case):
    def complete_in_bash(self, *words):
        """What bash proposes for the last of the words."""
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; ' \
                 'complete -p squall >&2; _squall; printf "%s\\n" "${COMPREPLY[@]}"'
        with tempfile.NamedTemporaryFile("w", suffix=".bash") as file:
            file.write(page("bash"))
            file.flush()
            done = subprocess.run(["bash", "-c", script, "bash", file.name, "squall", *words],
                                  capture_output=True, text=True, timeout=30, check=False,
                                  cwd=rig.ROOT / "tools/cli")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("complete -F _squall squall", done.stderr)
        return done.stdout.split()

    def test_the_man_page_has_every_command_and_option(self):
        text = page("man")
        sections = {part.split("\n", 1)[0]: part for part in text.split(".SS ")[1:]}
        for command in commands():
            self.assertIn(f".B squall {command}", text)
        for command in ("", *commands()):
            section = sections.get(f"squall {command or 'URL'}")
            for letter, name in options_of(command) if section else ():
                typed = name.replace("-", r"\-")
                self.assertRegex(section, re.escape(rf"\-\-{typed}") + r"\\fR")
                if letter:
                    self.assertIn(rf"\fB\-{letter}\fR", section)
            # A command whose options are in the table has them in the page too.
            if "\nTerminal\n" in rig.call(*([command] if command else []), "--help")[1]:
                self.assertIsNotNone(section, f"'squall {command}' has no section: its row in squall_main.c has no form")

    def test_the_man_page_has_every_exit_code_of_the_header(self):
        header = (rig.ROOT / "tools/cli/command.h").read_text("utf-8")
        codes = set(re.findall(r"^    EXIT_\w+ =\s+(\d+)", header, re.M)) - {"128"} | {"130"}
        told = page("man").split(".SH EXIT STATUS\n")[1].split(".SH ")[0]
        self.assertEqual(set(re.findall(r"^\.B (\d+)$", told, re.M)), codes)

    def test_man_reads_it_without_a_warning(self):
        if shutil.which("man") is None or shutil.which("groff") is None and shutil.which("nroff") is None:
            self.skipTest("man is not installed")
        with tempfile.NamedTemporaryFile("w", suffix=".1") as file:
            file.write(page("man"))
            file.flush()
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", file.name],
                                  capture_output=True, text=True, timeout=30, check=False,
                                  env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANROFFSEQ": ""})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("EXIT STATUS", re.sub(".\x08", "", done.stdout))

    def test_bash_completes_every_option(self):
        self.assertEqual(set(self.complete_in_bash("")), set(commands()))
        for command in ("", *(c for c in commands() if c != "target")):
            known = self.complete_in_bash(*([command] if command else ["-q"]), "-")
            for letter, name in options_of(command):
                self.assertIn(f"--{name}", known, command)
                if letter:
                    self.assertIn(f"-{letter}", known, command)

    def test_bash_completes_values_and_files(self):
        self.assertEqual(self.complete_in_bash("run", "--arrival", "poi"), ["poisson"])
        self.assertEqual(self.complete_in_bash("run", "--arrival", "=", "poi"), ["poisson"])
        self.assertEqual(self.complete_in_bash("run", "twe"), ["tweets.yaml"])
        self.assertEqual(self.complete_in_bash("run", "--users", ""), [])
        self.assertEqual(self.complete_in_bash("-o", "twe"), ["tweets.yaml"])

    def test_fish_completes(self):
        if shutil.which("fish") is None:
            self.skipTest("fish is not installed")
        with tempfile.TemporaryDirectory() as home:
            Path(home, "squall.fish").write_text(page("fish"), encoding="utf-8")
            for line, wanted in (("squall che", "check"), ("squall run --spawn", "--spawn-rate"),
                                 ("squall --connections", "--connections"),
                                 ("squall run --arrival poi", "poisson")):
                done = subprocess.run(
                    ["fish", "-N", "-c", f"source squall.fish; complete -C '{line}'"], cwd=home,
                    env={"PATH": "/usr/bin:/bin", "HOME": home, "LC_ALL": "C.UTF-8"},
                    capture_output=True, text=True, timeout=30, check=False)
                found = [row.split("\t")[0] for row in done.stdout.splitlines()]
                self.assertEqual(found, [wanted], f"{line}: {done.stderr}")

    def test_zsh_reads_its_page(self):
        if shutil.which("zsh") is None:
            self.skipTest("zsh is not installed")
        done = subprocess.run(["zsh", "-fn"], input=page("zsh"), capture_output=True, text=True,
                              timeout=30, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_an_unknown_page_is_refused(self):
        code, out, err = rig.call("pages", "html")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("expected man, bash, zsh or fish", err)


if __name__ == "__main__":
    rig.main()
