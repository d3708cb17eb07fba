#!/usr/bin/python3
"""Shows that the tidy test can fail: one tree with nothing wrong, then each rule broken once."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TIDY = Path(__file__).resolve().parent / "tidy.py"

HEADER = """#ifndef SQUALL_{guard}_H
#define SQUALL_{guard}_H
{body}
#endif
"""
README = "engine/ engine/io/ engine/plan/ engine/run/ http/ stats/ stats/report/ tools/ tools/cli/ " \
         "tools/live/ tests/ tests/unit/ bench/\n"
TREE = {
    "README.md": README,
    "stats/hist.h": HEADER.format(guard="STATS_HIST", body="int hist_add(void);"),
    "stats/failure.h": HEADER.format(guard="STATS_FAILURE", body="struct failure;"),
    "stats/report/json.c": '#include <jansson.h>\n#include "stats/hist.h"\n',
    "http/span.h": HEADER.format(guard="HTTP_SPAN", body="struct span;"),
    "http/response.c": '#include "http/span.h"\n#include <llhttp.h>\n#include "stats/failure.h"\n',
    "engine/io/ring.h": HEADER.format(guard="ENGINE_IO_RING", body="struct ring;"),
    "engine/io/ring.c": "#include <liburing.h>\n",
    "engine/io/clock.c": "int now(void)\n{\n    return clock_gettime(0, 0);\n}\n",
    "engine/plan/plan.h": HEADER.format(guard="ENGINE_PLAN_PLAN", body='#include "http/span.h"'),
    "engine/run/worker.c": '#include "engine/io/ring.h"\n\n'
                           "int worker_open(void)\n{\n    return malloc(1) != 0;\n}\n",
    "engine/run/fleet.c": "void *fleet_room(void)\n{\n    return calloc(1, 1);\n}\n",
    "tools/cli/run.h": HEADER.format(guard="TOOLS_CLI_RUN", body="struct run;"),
    "tools/cli/run.c": '#include "engine/run/worker.h"\n#include "tools/live/view.h"\n'
                       'int run(void)\n{\n    return printf("atoi(1) \\" malloc(2)");\n}\n',
    "tools/live/view.h": HEADER.format(guard="TOOLS_LIVE_VIEW", body="struct view;"),
    "tests/unit/test_hist.c": '#include <cmocka.h>\n#include "engine/run/worker.h"\n',
    "bench/bench_hist.c": '#include "stats/hist.h"\n',
}


def long_function(lines):
    return "static int grown(int a)\n{\n" + "    a++;\n" * (lines - 4) + "    return a;\n}\n"


# (what the rule is about, file, its content, the violation expected in the output)
BROKEN = [
    ("top level", "src/hist.c", "", "src:1: not one of"),
    ("a file on the top level", "notes.txt", "", "notes.txt:1: not one of"),
    ("map without a folder", "http/cookies/jar.c", "", "README.md:1: the map of the house does not "
                                                       "list http/cookies/"),
    ("map missing", "README.md", None, "README.md:1: missing"),
    ("tab", "stats/hist.c", "int a;\n\tint b;\n", "stats/hist.c:2: tab"),
    ("blank at the end", "stats/hist.c", "int a; \n", "stats/hist.c:1: blank at the end"),
    ("no newline", "stats/hist.c", "int a;", "stats/hist.c:1: no newline at the end"),
    ("owed work", "stats/hist.c", "/* TO" "DO: later */\n", "stats/hist.c:1: 'TO" "DO'"),
    ("long file", "stats/hist.c", "int a;\n" * 601, "stats/hist.c:601: 601 lines"),
    ("long script", "tests/run", "true\n" * 601, "tests/run:601: 601 lines"),
    ("drawer", "stats/util.c", "", "stats/util.c:1: 'util' is a drawer"),
    ("drawer with a surname", "http/string_helpers.c", "", "'string_helpers' is a drawer"),
    ("drawer of a folder", "tools/common/x.c", "", "'common' is a drawer"),
    ("guard", "stats/sum.h", HEADER.format(guard="SUM", body=""),
     "stats/sum.h:1: header guard must be SQUALL_STATS_SUM_H"),
    ("guard missing", "stats/sum.h", "int sum;\n", "stats/sum.h:1: header guard must be"),
    ("guard open", "stats/sum.h", "#ifndef SQUALL_STATS_SUM_H\n#define SQUALL_STATS_SUM_H\n"
     "#include <stdio.h>\n", "stats/sum.h:3: header guard is not closed"),
    ("liburing", "engine/run/conn.c", "\n#include <liburing.h>\n",
     "engine/run/conn.c:2: liburing may be seen by engine/io/"),
    ("the ring's kernel header", "tools/cli/doctor.c", "#include <linux/io_uring.h>\n",
     "tools/cli/doctor.c:1: liburing may be seen"),
    ("OpenSSL", "http/tls.c", "#include <openssl/ssl.h>\n", "http/tls.c:1: OpenSSL may be seen"),
    ("llhttp", "http/head.c", "#include <llhttp.h>\n", "http/head.c:1: llhttp may be seen"),
    ("libyaml", "tools/cli/check.c", "#include <yaml.h>\n", "tools/cli/check.c:1: libyaml may"),
    ("microhttpd", "tools/cli/web.c", "#include <microhttpd.h>\n", "web.c:1: libmicrohttpd may"),
    ("zmq", "tools/live/zmq.c", "#include <zmq.h>\n", "tools/live/zmq.c:1: libzmq may"),
    ("msgpack", "tools/live/pack.c", "#include <msgpack.h>\n", "pack.c:1: msgpack may"),
    ("jansson", "stats/tally.c", "#include <jansson.h>\n", "stats/tally.c:1: jansson may"),
    ("cmocka", "bench/bench_sum.c", "#include <cmocka.h>\n", "bench_sum.c:1: cmocka may"),
    ("upward include", "stats/tally.c", '#include "engine/io/ring.h"\n',
     "stats/tally.c:1: stats may not include engine/io"),
    ("sideways include", "engine/plan/plan.c", '#include "engine/io/ring.h"\n',
     "engine/plan/plan.c:1: engine/plan may not include engine/io"),
    ("include of a report", "http/url.c", '#include "tools/cli/run.h"\n',
     "http/url.c:1: http may not include tools"),
    ("engine includes a tool", "engine/run/worker.h",
     HEADER.format(guard="ENGINE_RUN_WORKER", body='#include "tools/cli/run.h"'),
     "engine/run/worker.h:3: engine/run may not include tools"),
    ("include without its room", "stats/tally.c", '#include "hist.h"\n',
     "stats/tally.c:1: \"hist.h\": house headers are included by their path"),
    ("circle of tools", "tools/live/view.c", '#include "tools/cli/run.h"\n',
     "tools/live/view.c:1: tools/live and tools/cli include each other"),
    ("long function", "stats/sum.c", "int b;\n\n" + long_function(71),
     "stats/sum.c:3: grown() has 71 lines"),
    ("long function behind a conditional", "stats/sum.c",
     "#if A\nint f(void)\n{\n#else\nint f(int a)\n{\n#endif\n    return 1;\n}\n"
     + long_function(80), "stats/sum.c:10: grown() has 80 lines"),
    ("long benchmark", "bench/bench_sum.c",
     "BENCH(sum_all, 10)\n{\n" + "    a();\n" * 70 + "}\n", "bench_sum.c:1: sum_all() has 73 lines"),
    ("atoi", "tools/cli/run.c", "int f(const char *s)\n{\n    return atoi(s);\n}\n",
     "tools/cli/run.c:3: atoi() is not used here"),
    ("strcpy", "tests/unit/test_hist.c", "void f(void)\n{\n    strcpy(a, b);\n}\n", "strcpy()"),
    ("sprintf in a macro", "http/url.c", "#define PUT(a) \\\n    sprintf(a, \"\")\n",
     "http/url.c:1: sprintf() is not used"),
    ("strtok", "http/url.c", "void f(void)\n{\n    strtok(a, b);\n}\n", "url.c:3: strtok()"),
    ("gettimeofday", "tools/cli/run.c", "void f(void)\n{\n    gettimeofday(a, b);\n}\n",
     "run.c:3: gettimeofday()"),
    ("hot allocation", "engine/run/conn.c", "void conn_grow(void)\n{\n    free(realloc(0, 1));\n}\n",
     "engine/run/conn.c:3: realloc() in conn_grow()"),
    ("clock", "stats/tally.c", "int f(void)\n{\n    return clock_gettime(0, 0);\n}\n",
     "stats/tally.c:3: clock_gettime(): time is an argument"),
    ("printing", "engine/run/conn.c", 'void f(void)\n{\n    fprintf(stderr, "");\n}\n',
     "engine/run/conn.c:3: stderr: only tools print"),
    ("printing to standard output", "http/url.c", 'void f(void)\n{\n    printf("");\n}\n',
     "http/url.c:3: printf(): only tools print"),
    ("exit", "http/url.c", "void f(void)\n{\n    exit(1);\n}\n", "http/url.c:3: exit(): only tools"),
]


def tidy(tree):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in tree.items():
            if text is not None:
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        run = subprocess.run([sys.executable, "-B", str(TIDY), folder], text=True, capture_output=True)
        return run.returncode, run.stdout + run.stderr


class TidySelftest(unittest.TestCase):
    def test_a_tidy_tree_passes(self):
        self.assertEqual(tidy(TREE), (0, "tidy: nothing found\n"))

    def test_a_function_of_70_lines_and_a_file_of_600_pass(self):
        tree = {"stats/sum.c": long_function(70), "stats/much.c": "int a;\n" * 600}
        self.assertEqual(tidy({**TREE, **tree})[0], 0)

    def test_comments_and_literals_are_not_code(self):
        text = '/* sprintf(a) { */\nconst char *a = "atoi(1) {";\n// strtok(b)\nchar c = \'{\';\n' \
               + long_function(70)
        self.assertEqual(tidy({**TREE, "stats/sum.c": text}), (0, "tidy: nothing found\n"))

    def test_recorded_data_may_hold_anything(self):
        self.assertEqual(tidy({**TREE, "tests/data/a.txt": "\tTO" "DO \n",
                               "README.md": README + "tests/data/\n"})[0], 0)

    def test_each_rule_fails_once(self):
        for what, name, text, expected in BROKEN:
            with self.subTest(what):
                code, output = tidy({**TREE, name: text})
                self.assertIn(expected, output)
                self.assertEqual(code, 1)


if __name__ == "__main__":
    unittest.main()
