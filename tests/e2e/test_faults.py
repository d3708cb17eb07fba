#!/usr/bin/python3
"""Bad servers, each played by a script: no crash, no hang, the failure in its named class, balanced books."""
import time

import rig
from raw_server import RawServer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONNECTIONS = 2
REQUESTS = 6
ALL_OK = {}


def always(*pieces, pause=0.0, then="hold"):
    """Answers each request with the pieces, then ends the connection that way after the first ('serve': goes on)."""
    def script(connection):
        while connection.request() is not None:
            if not connection.send(*pieces, pause=pause):
                return
            if then != "serve":
                getattr(connection, then)()
                return
    return script


def banner(connection):
    connection.send(b"220 welcome\r\n")
    connection.hold()


def chunked(*sizes, ending=b"0\r\n\r\n"):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (n, b"a" * n) for n in sizes) + ending


def inform(count):
    return b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * count


# (claim, script, class that all requests end in, or ALL_OK)
FAULTS = [
    ("a reset before the answer", always(then="reset"), "reset_mid_response"),
    ("a reset inside the head", always(OK[:20], then="reset"), "reset_mid_response"),
    ("a close before the answer", always(then="close"), "eof_before_response"),
    ("a close inside the head", always(OK[:20], then="close"), "eof_mid_body"),
    ("a close inside the body", always(OK[:-1], then="close"), "eof_mid_body"),
    ("a close inside a chunk", always(chunked(5)[:-9], then="close"), "eof_mid_body"),
    ("a close before the last chunk", always(chunked(5, ending=b""), then="close"),
     "eof_mid_body"),
    ("garbage", always(b"\x00\x01\x02 no HTTP \xff\xfe\r\n\r\n"), "proto_parse"),
    ("HTTP/0.9", always(b"<html>hello</html>\n", then="close"), "proto_parse"),
    ("the preface of HTTP/2", always(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"), "proto_parse"),
    ("a greeting of another protocol", always(b"ICY 200 OK\r\n\r\n"), "proto_parse"),
    ("a status of two digits", always(b"HTTP/1.1 99 X\r\n\r\n"), "proto_parse"),
    ("two lengths", always(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
     "proto_parse"),
    ("a length and chunks",
     always(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"),
     "proto_parse"),
    ("a negative length", always(b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n"), "proto_parse"),
    ("a length of 2^64",
     always(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n"), "proto_parse"),
    ("a chunk size that is no number",
     always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), "proto_parse"),
    ("a chunk size of 2^68",
     always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
     "proto_parse"),
    ("a switch of protocols nobody asked for",
     always(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
     "proto_parse"),
    ("a head of 100 KiB", always(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 102400 + b"\r\n\r\n"),
     "proto_limit"),
    ("more 1xx than allowed", always(inform(11), OK), "proto_limit"),
    ("chunk extensions without end",
     always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + b"x" * 102400),
     "proto_limit"),
    ("trailers without end", always(chunked(2, ending=b"0\r\n" + b"A: b\r\n" * 20000)),
     "proto_limit"),
    ("a server error", always(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", then="serve"),
     "http_error"),
    ("a missing page", always(b"HTTP/1.1 404 X\r\nContent-Length: 2\r\n\r\nno", then="serve"),
     "http_error"),
    # What is odd and yet right.
    ("a few 1xx first", always(inform(3), OK, then="serve"), ALL_OK),
    ("100 Continue first", always(b"HTTP/1.1 100 Continue\r\n\r\n" + OK, then="serve"), ALL_OK),
    ("chunks", always(chunked(1, 2, 3000), then="serve"), ALL_OK),
    ("chunks with extensions and trailers",
     always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nT: r\r\n\r\n",
            then="serve"), ALL_OK),
    ("204 without a body", always(b"HTTP/1.1 204 X\r\n\r\n", then="serve"), ALL_OK),
    ("304 without a body", always(b"HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n", then="serve"),
     ALL_OK),
    ("a body that ends with the connection", always(b"HTTP/1.1 200 OK\r\n\r\nall", then="close"),
     ALL_OK),
    ("an answer of HTTP/1.0", always(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
                                     then="close"), ALL_OK),
    ("Connection: close", always(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                                 then="close"), ALL_OK),
    ("a reset after the whole answer", always(OK, then="reset"), ALL_OK),
    ("a close after each answer", always(OK, then="close"), ALL_OK),
]


class Faults(rig.Case):
    def play(self, script, *options, requests=REQUESTS, timeout="5s"):
        with RawServer(script) as server:
            self.server = server
            began = time.monotonic()
            run = rig.squall(server.url, "-n", requests, "-c", CONNECTIONS, "--threads", 1,
                             "--timeout", timeout, *options, timeout=20)
            self.seconds = time.monotonic() - began
        self.assert_books_balance(run)
        return run

    def assert_all_end_as(self, run, classes):
        failures = run.failures()
        self.assertEqual(sum(failures.values()), REQUESTS, str(run))
        self.assertLessEqual(set(failures), set(classes), str(run))
        self.assert_exit(run, 1)

    def test_each_fault_has_its_class(self):
        for claim, script, expected in FAULTS:
            with self.subTest(claim):
                run = self.play(script)
                if expected == ALL_OK:
                    self.assert_clean(run)
                    self.assertEqual(run.result["total"]["ok"], REQUESTS)
                else:
                    self.assertEqual(run.failures(), {expected: REQUESTS}, str(run))
                    self.assert_exit(run, 1)

    def test_a_refused_connection_is_said_to_be_refused(self):
        port = rig.free_port()
        run = rig.squall(f"http://127.0.0.1:{port}/", "-n", REQUESTS, "-c", CONNECTIONS, timeout=20)
        self.assert_books_balance(run)
        self.assertEqual(run.failures(), {"connect_refused": REQUESTS}, str(run))
        self.assert_exit(run, 1)

    def test_silence_ends_in_a_timeout(self):
        run = self.play(lambda connection: connection.hold(), timeout="300ms")
        self.assert_all_end_as(run, {"timeout_first_byte"})
        self.assertGreater(self.seconds, 0.3 * REQUESTS / CONNECTIONS)
        self.assertEqual(self.server.accepted, REQUESTS)

    def test_an_answer_that_stops_ends_in_a_timeout(self):
        run = self.play(always(OK[:-1]), timeout="300ms")
        self.assert_all_end_as(run, {"timeout_total"})

    def test_an_answer_that_trickles_without_end_ends_in_a_timeout(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        run = self.play(always(head, *[b"a"] * 100, pause=0.05), timeout="400ms")
        self.assert_all_end_as(run, {"timeout_total"})

    def test_a_late_answer_is_never_taken_for_the_next(self):
        run = self.play(always(b"", OK, pause=0.45, then="serve"), timeout="300ms")
        self.assert_all_end_as(run, {"timeout_first_byte"})
        self.assertEqual(self.server.accepted, REQUESTS)

    def test_a_slow_answer_is_right_and_its_time_true(self):
        pieces = [OK[i:i + 1] for i in range(len(OK))]
        run = self.play(always(*pieces, pause=0.005, then="serve"))
        self.assert_clean(run)
        slowest_possible_us = 0.005 * (len(OK) - 1) * 1e6
        self.assertGreaterEqual(run.result["total"]["latency_us"]["min"], slowest_possible_us)

    def test_bytes_before_any_request_close_the_connection(self):
        run = self.play(banner)
        self.assert_all_end_as(run, {"unsolicited", "proto_parse"})

    def test_bytes_after_an_answer_close_the_connection(self):
        run = self.play(always(OK + OK, then="serve"))
        self.assert_all_end_as(run, {"unsolicited"})
        self.assertEqual(self.server.accepted, REQUESTS, "none of its connections is used again")

    def test_healthy_answers_after_bad_ones_are_counted(self):
        def script(connection):
            if connection.number % 2 == 0:
                connection.request()
                connection.send(b"garbage\r\n\r\n")
                return
            always(OK, then="close")(connection)
        run = self.play(script, requests=40)
        self.assertEqual(set(run.failures()), {"proto_parse"}, str(run))
        self.assertGreater(run.result["total"]["ok"], 10)

    def test_an_idle_connection_closed_by_the_server_costs_no_request(self):
        def script(connection):
            for _ in range(3):
                if connection.request() is None:
                    return
                connection.send(OK)
            connection.close()
        run = self.play(script, requests=30)
        self.assert_clean(run)
        self.assertEqual(run.result["total"]["ok"], 30)

    def test_a_failure_may_have_another_exit_code(self):
        run = self.play(always(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", then="serve"),
                        "--exit-code-on-failure", "42")
        self.assert_exit(run, 42)


if __name__ == "__main__":
    rig.main()
