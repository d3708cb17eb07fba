"""An interval log says what the report says, and HdrHistogram's own reader says so too.

20 random logs take a few seconds; the whole thousand:  SQUALL_HLOGS=1000 meson test -C build hlog
"""
import base64
import os
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import rig

JAR = Path("/usr/share/java/hdrhistogram.jar")
LOGS = int(os.environ.get("SQUALL_HLOGS", "20"))
HERE = Path(__file__).resolve().parent


def counts_of(text):
    """The text form of a histogram as {bucket: count}, decoded without any code of ours."""
    outer = base64.b64decode(text, validate=True)
    cookie, length = struct.unpack(">Ii", outer[:8])
    assert cookie == 0x1c849314 and length == len(outer) - 8
    plain = zlib.decompress(outer[8:])
    cookie, length, offset, digits, low, high, ratio = struct.unpack(">Iiiiqqd", plain[:40])
    assert (cookie, offset, digits, low, high, ratio) == (0x1c849313, 0, 3, 1, 3600 * 10 ** 9, 1.0)
    assert length == len(plain) - 40
    counts, index, at = Counter(), 0, 40
    while at < len(plain):
        value = 0
        for shift in range(0, 63, 7):
            byte = plain[at]
            at += 1
            value |= (byte if shift == 56 else byte & 127) << shift
            if byte < 128 or shift == 56:
                break
        number = -(value + 1 >> 1) if value & 1 else value >> 1
        if number < 0:
            index -= number
        else:
            counts[index] = number
            index += 1
    return +counts


def is_same(wanted, found):
    """Times may be cut to the millisecond before: Java computes them in doubles. Nothing else may differ."""
    wanted, found = wanted.split(" "), found.split(" ")
    if wanted[0] in ("log", "sum", ""):
        return wanted == found
    late = [int(a) - int(b) for a, b in zip(wanted[1:3], found[1:3])]
    return wanted[0] == found[0] and wanted[3:] == found[3:] and all(0 <= ms <= 1 for ms in late)


class Hlog(rig.Case):
    def test_the_lines_of_a_tag_add_up_to_its_row(self):
        with rig.Target() as target, tempfile.TemporaryDirectory() as folder:
            scenario, log = Path(folder, "two.yaml"), Path(folder, "two.hlog")
            scenario.write_text(
                f"host: {target.url}\nusers: 8\nspawn_rate: 100\nrun_time: 2500ms\nwait: 1ms\n"
                "tasks:\n  - get: /json\n    weight: 3\n  - get: /status/404\n    name: an error, 100%\n",
                "utf-8")
            run = rig.squall("run", scenario, "-o", log, "--exit-code-on-failure", 0)
            self.assert_books_balance(run)
            lines = [line for line in log.read_text("ascii").split("\n")[:-1]
                     if line.startswith("Tag=")]
        sums, ends = {}, {}
        for line in lines:
            tag, start, length, _, text = line.split(",")
            method, name = unquote(tag[4:]).split(":", 1)
            sums.setdefault((method, name), Counter()).update(counts_of(text))
            self.assertGreaterEqual(float(start), ends.get(tag, 0.0))
            ends[tag] = round(float(start) + float(length), 3)
        self.assertEqual(set(sums), {("GET", "/json"), ("GET", "an error, 100%")})
        self.assertGreaterEqual(len(lines), 4)
        for row in run.result["requests"]:
            counts = sums[(row["method"], row["name"])]
            self.assertEqual(sum(counts.values()), row["count"])
            self.assertEqual(counts, counts_of(row["histogram"]["latency"]))
            self.assertEqual(row["count"], sum(counts_of(row["histogram"]["service"]).values()))

    def test_java_reads_what_was_written(self):
        if not JAR.exists() or shutil.which("javac") is None:
            self.skipTest("needs default-jdk-headless and libhdrhistogram-java")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["javac", "-cp", JAR, "-d", folder, HERE / "ReadHlog.java"], check=True)
            wanted = subprocess.run([os.environ["SQUALL_RANDOM_HLOGS"], folder, str(LOGS)],
                                    check=True, capture_output=True, text=True).stdout
            logs = sorted(Path(folder).glob("*.hlog"))
            self.assertEqual(len(logs), LOGS)
            found = subprocess.run(["java", "-Xshare:auto", "-cp", f"{JAR}:{folder}", "ReadHlog", *logs],
                                   check=True, capture_output=True, text=True).stdout
        wanted, found = wanted.split("\n"), found.split("\n")
        self.assertGreaterEqual(sum(line.startswith("sum ") for line in wanted), LOGS)
        self.assertEqual(len(wanted), len(found))
        self.assertEqual([pair for pair in zip(wanted, found) if not is_same(*pair)][:5], [])


if __name__ == "__main__":
    rig.main()
