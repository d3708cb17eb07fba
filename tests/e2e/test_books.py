#!/usr/bin/python3
"""Runs whose end is awkward: what was begun is accounted for, the run ends, and its length is the true one."""
import tempfile
import time

import rig
from raw_server import RawServer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TWO_STEPS = """
host: http://127.0.0.1:1
users: 8
tasks:
  - steps:
      - get: /hello
      - get: /json
"""
HEADER = """
host: http://127.0.0.1:1
users: 1
tasks:
  - get: /
    capture: { seen: header X-Token }
"""


class Books(rig.Case):
    def run_scenario(self, text, *arguments):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            return rig.squall("run", file.name, *arguments, timeout=20)

    def test_a_number_of_arrivals_of_two_requests_each_ends(self):
        with rig.Target() as target:
            run = self.run_scenario(TWO_STEPS, "-H", target.url, "-R", "1000", "-n", "10", "--threads", "1")
        self.assert_books_balance(run)
        self.assertEqual(run.result["accounting"]["scheduled"], 10)
        self.assertEqual(run.result["total"]["ok"], 10, str(run))

    def test_a_run_of_n_that_a_stall_cuts_short_is_as_long_as_it_was(self):
        def script(connection):
            if connection.number % 2 == 0:
                connection.hold()
                return
            while connection.request() is not None:
                connection.send(OK)
            connection.close()

        with RawServer(script) as server:
            run = rig.squall("-n", "2", "-c", "2", "-t", "1", "-d", "1s",
                             f"http://127.0.0.1:{server.port}/")
        self.assert_books_balance(run)
        self.assertEqual(run.result["accounting"]["in_flight_at_end"], 1, str(run))
        self.assertGreaterEqual(run.result["duration_s"], 1.0, str(run))

    def test_a_header_to_capture_must_be_in_this_answer(self):
        def script(connection):
            answered = 0
            while connection.request() is not None:
                token = b"X-Token: t\r\n" if answered == 0 else b""
                answered += 1
                connection.send(OK.replace(b"\r\n\r\n", b"\r\n" + token + b"\r\n", 1))
            connection.close()

        with RawServer(script) as server:
            run = self.run_scenario(HEADER, "-H", f"http://127.0.0.1:{server.port}", "-n", "5")
        self.assert_books_balance(run)
        self.assertEqual((run.result["total"]["ok"], run.result["total"]["failed"]), (1, 4), str(run))

    def test_an_answer_that_comes_before_the_body_was_read_does_not_hang_the_run(self):
        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
            time.sleep(0.5)
            connection.reset()

        with RawServer(script) as server, tempfile.NamedTemporaryFile() as body:
            body.write(b"x" * 16_000_000)
            body.flush()
            run = rig.squall("-n", "2", "-c", "1", "--timeout", "2s", "--data", "@" + body.name,
                             f"http://127.0.0.1:{server.port}/", timeout=20)
        self.assert_books_balance(run)
        self.assertEqual(run.result["accounting"]["scheduled"], 2, str(run))


if __name__ == "__main__":
    rig.main()
