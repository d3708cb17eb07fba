"""After the start barrier nothing allocates: every kind of run goes through with a malloc that aborts on a worker."""
import os
import signal
import subprocess
import sys
import tempfile
import unittest

import rig

SHIM = os.environ.get("SQUALL_NO_ALLOCATION", "")
SCENARIO = """
host: http://127.0.0.1:1
users: 40
spawn_rate: 200
wait: 10ms..30ms
on_start:
  - post: /api-token-auth/
    form: { username: ann, password: admin }
    capture: { token: json /token }
  - session_headers: { Authorization: "Token ${token}" }
tasks:
  - weight: 3
    get: /api/tweets/${random(1, 20)}/
    name: /api/tweets/[id]/
  - weight: 1
    post: /api/tweets/
    json: { handle: 1, body: "${uuid()}" }
    expect: { status: 201 }
"""


@unittest.skipIf(rig.SANITIZED, "the sanitizers have an allocator of their own")
class NoAllocation(unittest.TestCase):
    def run_squall(self, *arguments):
        run = rig.squall(*arguments, environment={"LD_PRELOAD": SHIM})
        self.assertNotIn("called on a worker thread", run.err, run)
        self.assertIn(run.code, (0, 1), run)
        self.assertTrue(run.result["accounting"]["balanced"], run)
        return run

    def test_the_shim_ends_a_program_that_allocates_on_a_second_thread(self):
        code = "import threading; t = threading.Thread(target=lambda: bytearray(1 << 20)); t.start(); t.join()"
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "LD_PRELOAD": SHIM},
                              stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, -signal.SIGABRT)
        self.assertIn(b"called on a worker thread", done.stderr)

    def test_closed_loops_pipelining_and_churn(self):
        with rig.Target() as target:
            for extra in (["-c", "32"], ["-c", "8", "-p", "16"], ["-c", "8", "--requests-per-connection", "3"],
                          ["-c", "8", "-R", "2000"]):
                run = self.run_squall("-n", "3000", "-t", "1", *extra, target.url + "/hello")
                self.assertEqual(run.result["total"]["ok"], 3000, run)

    def test_large_chunked_and_failing_answers(self):
        with rig.Target() as target:
            for path in ("/bytes/300000", "/chunked/100000", "/status/404", "/close", "/reset"):
                self.run_squall("-n", "200", "-c", "8", "-t", "1", target.url + path)
            self.run_squall("-d", "1s", "-c", "4", "-t", "1", "--timeout", "100ms", target.url + "/stall")

    def test_a_server_that_is_not_there(self):
        self.run_squall("-d", "500ms", "-c", "4", f"http://127.0.0.1:{rig.free_port()}/")

    def test_a_scenario_with_login_captures_and_rendered_bodies(self):
        with rig.Target() as target, tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(SCENARIO)
            file.flush()
            run = self.run_squall("run", file.name, "-H", target.url, "-t", "2s")
            self.assertEqual(run.result["total"]["failed"], 0, run)


if __name__ == "__main__":
    rig.main()
