#!/usr/bin/python3
"""Holds `squall target` to its known answers, over raw sockets.

usage: test_target.py [unittest options]      the path of squall comes from $SQUALL
"""
import errno
import os
import re
import select
import signal
import socket
import subprocess
import time
import unittest
from pathlib import Path

import refusal
from target_client import HELLO, PATIENCE_S, SQUALL, Case, Target, pattern, request

class Pages(Case):
    def test_small_answers_are_about_100_bytes(self):
        for path in ("/", "/hello"):
            answer = self.ask(path)
            self.assertEqual((answer.status, answer.body), (200, HELLO))
            self.assertTrue(80 <= len(answer.wire) <= 120, len(answer.wire))

    def test_json_is_fixed_json(self):
        answer = self.ask("/json")
        self.assertEqual(answer.fields["content-type"], "application/json")
        self.assertEqual(answer.json()["message"], "hello, world")

    def test_bytes_has_exactly_the_bytes_asked_for(self):
        with self.target.connect() as client:
            for size in (0, 1, 63, 64, 65, 16384, 16385, 65536, 1 << 20, (1 << 20) + 1, 5_000_001):
                for _ in range(2):
                    self.assertEqual(client.ask(f"/bytes/{size}").body, pattern(size))

    def test_bytes_has_a_limit_and_wants_a_number(self):
        for path in ("/bytes/1073741825", "/bytes/-1", "/bytes/x", "/bytes/", "/bytes/1/"):
            self.assertEqual(self.ask(path).status, 404, path)
        answer = self.ask("/bytes/1073741824", "HEAD")
        self.assertEqual(answer.fields["content-length"], "1073741824")

    def test_many_sizes_are_more_than_the_images_hold_and_still_right(self):
        with self.target.connect() as client:
            client.send(b"".join(request(f"/bytes/{size}") for size in range(300, 700)))
            for size in range(300, 700):
                self.assertEqual(client.answer().body, pattern(size))
            self.assertEqual(client.ask("/bytes/40000").body, pattern(40000))

    def test_chunked_decodes_to_the_bytes_asked_for(self):
        with self.target.connect() as client:
            for size in (0, 1, 8191, 8192, 8193, 16384, 100000, 3_000_000):
                answer = client.ask(f"/chunked/{size}")
                self.assertEqual(answer.fields["transfer-encoding"], "chunked")
                self.assertEqual(answer.body, pattern(size))

    def test_chunked_to_http10_ends_with_the_connection(self):
        for size in (10, 100000):
            with self.target.connect() as client:
                client.send(b"GET /chunked/%d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" % size)
                answer = client.answer()
                self.assertNotIn("transfer-encoding", answer.fields)
                self.assertEqual(client.take_all(), pattern(size))

    def test_status_answers_what_is_asked_for(self):
        with self.target.connect() as client:
            for status in (200, 201, 204, 299, 304, 404, 418, 500, 503, 599):
                answer = client.ask(f"/status/{status}", "POST")
                self.assertEqual(answer.status, status)
                self.assertEqual("content-length" in answer.fields, status not in (204, 304))
            self.assertEqual(client.ask("/status/700").status, 404)
            self.assertEqual(client.ask("/status/100").status, 404)

    def test_delay_waits_at_least_as_long_and_keeps_the_order(self):
        with self.target.connect() as client:
            began = time.monotonic()
            client.send(request("/bytes/5") + request("/delay/60ms") + request("/json"))
            self.assertEqual(client.answer().body, pattern(5))
            self.assertLess(time.monotonic() - began, 0.05)
            self.assertEqual(client.answer().body, HELLO)
            self.assertGreaterEqual(time.monotonic() - began, 0.06)
            self.assertEqual(client.answer().json()["id"], 1)
            self.assertEqual(client.ask("/delay/soon").status, 404)
            self.assertEqual(client.ask("/delay/0ms", "HEAD").status, 200)

    def test_one_delay_in_so_many_is_another(self):
        with self.target.connect() as client:
            waits = []
            for _ in range(6):
                began = time.monotonic()
                self.assertEqual(client.ask("/delay/0ms?every=3&then=50ms").body, HELLO)
                waits.append(time.monotonic() - began >= 0.05)
            self.assertEqual(waits, [False, False, True] * 2)
            for query in ("every=0&then=1ms", "every=2", "every=x&then=1ms", "every=2&then=soon"):
                self.assertEqual(client.ask(f"/delay/0ms?{query}").status, 400, query)

    def test_slow_takes_as_long_as_its_rate_says(self):
        with self.target.connect() as client:
            began = time.monotonic()
            client.send(request("/slow/500?bytes_per_s=5000") + request("/"))
            self.assertEqual(client.answer().body, pattern(500))
            self.assertGreaterEqual(time.monotonic() - began, 0.09)
            self.assertEqual(client.answer().body, HELLO)
            self.assertEqual(client.ask("/slow/0").body, b"")
            self.assertEqual(client.ask("/slow/5?bytes_per_s=0").status, 400)

    def test_echo_tells_what_was_sent(self):
        sent = 'quote " backslash \\ ünïcode \n'.encode() + b"\xff\x00"
        got = self.ask("/echo?a=1&b=%20", "PUT", sent, ("X-One: 1", "X-Two: a", "x-two: b")).json()
        self.assertEqual((got["method"], got["target"]), ("PUT", "/echo?a=1&b=%20"))
        self.assertEqual(got["headers"]["X-Two"], "a, b")
        self.assertEqual(got["headers"]["Host"], "target")
        self.assertEqual(got["body"], 'quote " backslash \\ ünïcode \n\xff\x00')

    def test_close_answers_and_closes(self):
        with self.target.connect() as client:
            answer = client.ask("/close")
            self.assertEqual(answer.fields["connection"], "close")
            self.assertTrue(client.is_closed())

    def test_stall_never_answers_and_lets_go_when_the_client_does(self):
        with self.target.connect() as client:
            client.send(request("/") + request("/stall") + request("/"))
            self.assertEqual(client.answer().body, HELLO)
            self.assertEqual(select.select([client.socket], [], [], 0.05)[0], [])

    def test_reset_cuts_the_connection_with_an_rst(self):
        for _ in range(20):
            with self.target.connect() as client:
                client.send(request("/reset"))
                with self.assertRaises(ConnectionResetError) as caught:
                    client.socket.recv(1)
                self.assertEqual(caught.exception.errno, errno.ECONNRESET)

    def test_what_is_nowhere_is_not_found(self):
        for path in ("/nowhere", "/api", "/hello/", "/API/", "//", "/statsx"):
            self.assertEqual(self.ask(path).status, 404, path)

    def test_a_wrong_method_is_refused_with_the_right_ones(self):
        with self.target.connect() as client:
            for path, method, allow in (("/", "POST", "GET, HEAD"), ("/json", "DELETE", "GET, HEAD"),
                                        ("/api-token-auth/", "GET", "POST"), ("/stats/reset", "GET", "POST"),
                                        ("/api/tweets/", "PUT", "GET, HEAD, POST"),
                                        ("/api/tweets/1/", "PATCH", "GET, HEAD")):
                answer = client.ask(path, method)
                self.assertEqual((answer.status, answer.fields["allow"]), (405, allow), path)

    def test_head_has_the_length_and_not_the_body(self):
        with self.target.connect() as client:
            for path in ("/", "/hello", "/json", "/bytes/100", "/bytes/5000000", "/status/404", "/echo",
                         "/api/", "/nowhere"):
                answer = client.ask(path, "HEAD")
                self.assertEqual(int(answer.fields["content-length"]) > 0, True, path)
            self.assertEqual(client.ask("/chunked/10", "HEAD").fields["transfer-encoding"], "chunked")
            self.assertEqual(client.ask("/").body, HELLO)


class Connections(Case):
    def test_a_connection_is_kept(self):
        with self.target.connect() as client:
            for _ in range(50):
                answer = client.ask("/")
                self.assertNotIn("connection", answer.fields)

    def test_connection_close_is_answered_and_obeyed(self):
        with self.target.connect() as client:
            answer = client.ask("/", fields=("Connection: foo, Close",))
            self.assertEqual(answer.fields["connection"], "close")
            self.assertTrue(client.is_closed())

    def test_http10_closes_unless_asked_to_keep(self):
        with self.target.connect() as client:
            client.send(b"GET / HTTP/1.0\r\n\r\n")
            self.assertEqual(client.answer().fields["connection"], "close")
            self.assertTrue(client.is_closed())
        with self.target.connect() as client:
            for _ in range(3):
                client.send(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
                self.assertEqual(client.answer().fields["connection"], "keep-alive")

    def test_a_hundred_requests_in_one_send_get_a_hundred_answers_in_order(self):
        with self.target.connect() as client:
            paths = [("/", "/json", "/bytes/%d" % i, "/status/404", "/chunked/30")[i % 5] for i in range(100)]
            client.send(b"".join(request(path) for path in paths))
            answers = [client.answer() for _ in paths]
            self.assertEqual([a.body for a in answers[2::5]], [pattern(i) for i in range(2, 100, 5)])
            self.assertEqual({a.body for a in answers[0::5]}, {HELLO})
            self.assertEqual({a.status for a in answers[3::5]}, {404})
            self.assertEqual({a.body for a in answers[4::5]}, {pattern(30)})

    def test_a_pipeline_larger_than_any_buffer_is_answered_whole(self):
        count = 60000
        sent, left = 0, request("/") * count
        with self.target.connect() as client:
            one = len(client.ask("/").wire)
            client.socket.setblocking(False)
            received = 0
            while received < one * count:
                readable, writable, _ = select.select([client.socket], [client.socket] if sent < len(left) else [],
                                                      [], PATIENCE_S)
                self.assertTrue(readable or writable, "the target has stopped")
                if writable:
                    sent += client.socket.send(left[sent:sent + (1 << 20)])
                if readable:
                    data = client.socket.recv(1 << 20)
                    self.assertTrue(data)
                    received += len(data)
            self.assertEqual(received, one * count)

    def test_a_client_that_reads_nothing_is_not_read_from_and_gets_everything_at_last(self):
        piece, sent, most = request("/") * 2000, 0, 100 << 20
        with self.target.connect() as client:
            one = client.ask("/").wire
            client.socket.setblocking(False)
            while sent < most and select.select([], [client.socket], [], 0.2)[1]:
                sent += client.socket.send(piece[sent % len(piece):])
            self.assertLess(sent, most, "the target gathers without end")
            client.socket.setblocking(True)
            client.socket.settimeout(PATIENCE_S)
            whole = sent // len(request("/"))
            wire = client.take(len(one) * whole)
            self.assertEqual(wire.count(one), whole)

    def test_large_bodies_in_a_pipeline_keep_the_order(self):
        sizes = [100_000, 5, 2_000_000, 70_000, 0, 1_048_577]
        with self.target.connect() as client:
            client.send(b"".join(request(f"/bytes/{n}") + request(f"/chunked/{n}") for n in sizes))
            for size in sizes:
                self.assertEqual(client.answer().body, pattern(size))
                self.assertEqual(client.answer().body, pattern(size))

    def test_byte_by_byte_is_as_good_as_at_once(self):
        wire = (request("/bytes/7") + request("/echo", "POST", b"twelve bytes") +
                b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"3;name=value\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n")
        with self.target.connect() as client:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(len(wire)):
                client.send(wire[i:i + 1])
            self.assertEqual(client.answer().body, pattern(7))
            self.assertEqual(client.answer().json()["body"], "twelve bytes")
            self.assertEqual(client.answer().json()["body"], "abc0123456789")

    def test_every_cut_of_a_request_means_the_same(self):
        wire = request("/echo", "POST", b"body") + request("/")
        for cut in range(1, len(wire)):
            with self.target.connect() as client:
                client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.send(wire[:cut])
                if cut % 8 == 0:
                    time.sleep(0.001)
                client.send(wire[cut:])
                self.assertEqual(client.answer().json()["body"], "body", cut)
                self.assertEqual(client.answer().body, HELLO, cut)

    def test_bodies_nobody_wants_are_passed_over(self):
        with self.target.connect() as client:
            for size in (1, 1000, 3_000_000, 16 << 20):
                self.assertEqual(client.ask("/status/202", "PUT", b"x" * size).status, 202)
            self.assertEqual(client.ask("/").body, HELLO)

    def test_a_body_of_some_mebibytes_is_echoed(self):
        body = pattern(2_000_000)
        self.assertEqual(self.ask("/echo", "POST", body).json()["body"].encode(), body)

    def test_expect_continue_is_told_to(self):
        with self.target.connect() as client:
            client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            self.assertEqual(client.take_until(b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")
            client.send(b"ok")
            self.assertEqual(client.answer().json()["body"], "ok")

    def test_a_client_that_closes_its_side_still_gets_its_answers(self):
        with self.target.connect() as client:
            client.send(request("/bytes/3000000") + request("/") + b"GET /half")
            client.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(client.answer().body, pattern(3000000))
            self.assertEqual(client.answer().body, HELLO)
            self.assertTrue(client.is_closed())

    def test_absolute_targets_and_leading_empty_lines_are_understood(self):
        with self.target.connect() as client:
            client.send(b"\r\n\r\nGET http://elsewhere/bytes/3?x HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(client.answer().body, b"ABC")

    def test_five_hundred_connections_at_once_are_all_served(self):
        clients = [self.target.connect() for _ in range(500)]
        try:
            for turn in range(3):
                for i, client in enumerate(clients):
                    client.send(request(f"/bytes/{i + turn}"))
                for i, client in enumerate(clients):
                    self.assertEqual(client.answer().body, pattern(i + turn))
        finally:
            for client in clients:
                client.socket.close()

    def test_connections_come_and_go(self):
        for _ in range(1500):
            with self.target.connect() as client:
                self.assertEqual(client.ask("/").body, HELLO)


class Nonsense(Case):
    GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
    POST = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
    CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    BAD = [
        (400, b"\r\n \r\n\r\n"), (400, b"GET\r\n\r\n"), (400, b"GET / HTTP/1.1\n\n"), (400, b"\x16\x03\x01\x00"),
        (400, b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), (400, b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        (400, b"GET x HTTP/1.1\r\nHost: a\r\n\r\n"), (400, b"GET / HTTP/1.1\r\n\r\n"),
        (400, b"GET / http/1.1\r\nHost: a\r\n\r\n"), (400, b"GET / HTTP/11\r\nHost: a\r\n\r\n"),
        (505, b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"), (501, b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"), (400, b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, GET + b"Host: b\r\n\r\n"), (400, GET + b"no colon\r\n\r\n"), (400, GET + b"A : b\r\n\r\n"),
        (400, GET + b"A: b\r\n folded\r\n\r\n"), (400, GET + b": b\r\n\r\n"), (400, GET + b"A: \x00\r\n\r\n"),
        (400, GET + b"A: b\rc\r\n\r\n"), (400, GET + b"A: b\nB: c\r\n\r\n"),
        (400, POST + b"Content-Length: x\r\n\r\n"), (400, POST + b"Content-Length: -1\r\n\r\n"),
        (400, POST + b"Content-Length: +1\r\n\r\n"), (400, POST + b"Content-Length:\r\n\r\n"),
        (400, POST + b"Content-Length: 1, 1\r\n\r\n"), (400, POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n"),
        (413, POST + b"Content-Length: 16777217\r\n\r\n"), (400, POST + b"Content-Length: 99999999999999999999\r\n\r\n"),
        (400, POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (501, POST + b"Transfer-Encoding: gzip\r\n\r\n"), (501, POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n"),
        (400, b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (400, CHUNKED + b"x\r\n"), (400, CHUNKED + b"\r\n"), (400, CHUNKED + b"1\nab"), (400, CHUNKED + b"1\r\nabc"),
        (400, CHUNKED + b"-1\r\n"), (413, CHUNKED + b"FFFFFFFF\r\n"), (413, CHUNKED + b"111111111\r\n"),
        (413, CHUNKED + b"1000001\r\n"), (400, CHUNKED + b"0\r\nA: b\n\r\n"), (400, CHUNKED + b"0\r\n\rx"),
        (431, GET + b"A: " + b"x" * 65600), (431, CHUNKED + b"0\r\nA: " + b"x" * 65600),
    ]

    def test_nonsense_is_refused_with_a_status_and_the_connection_closed(self):
        for status, wire in self.BAD:
            with self.target.connect() as client:
                client.send(request("/json") + wire)
                self.assertEqual(client.answer().status, 200)
                answer = client.answer()
                self.assertEqual((answer.status, answer.fields["connection"]), (status, "close"), wire[:80])
                client.socket.shutdown(socket.SHUT_WR)
                self.assertTrue(client.is_closed())

    def test_a_refused_client_may_go_on_sending_for_a_moment(self):
        with self.target.connect() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n")
            self.assertEqual(client.answer().status, 413)
            for _ in range(5):
                client.send(b"x" * 5000)
                time.sleep(0.002)
            self.assertTrue(client.is_closed())

    def test_the_largest_head_is_read_and_one_byte_more_is_not(self):
        frame = len(request("/echo", fields=("A: ",)))
        self.assertEqual(self.ask("/echo", fields=("A: " + "x" * (65536 - frame),)).status, 200)
        self.assertEqual(self.ask("/echo", fields=("A: " + "x" * (65537 - frame),)).status, 431)


class Stats(Case):
    def stats(self):
        return self.ask("/stats").json()

    def setUp(self):
        self.assertEqual(self.ask("/stats/reset", "POST").status, 200)

    def settled(self, wanted):
        """The stats once no connection but the asking one is open."""
        for _ in range(200):
            stats = self.stats()
            if stats["connections"]["open"] == wanted:
                return stats
            time.sleep(0.005)
        raise AssertionError(f"still open: {stats}")

    def test_stats_are_what_was_sent(self):
        sent = received = 0
        plan = {"/": 300, "/json": 20, "/bytes/5000": 7, "/chunked/20000": 2, "/nowhere": 3, "/bytes/2000000": 2}
        for _ in range(4):
            with self.target.connect() as client:
                for path, count in plan.items():
                    client.send(request(path + "?a=b") * count)
                    for _ in range(count):
                        client.answer()
                client.ask("/status/200", "POST", b"x" * 100000)
                sent += client.sent
                received += client.received
        stats = self.settled(1)
        want = {"GET " + path: 4 * count for path, count in plan.items()}
        self.assertEqual(stats["requests"], {**want, "POST /status/200": 4})
        self.assertEqual(stats["total"], 4 * (sum(plan.values()) + 1))
        self.assertEqual((stats["bytes_in"], stats["bytes_out"]), (sent, received))
        self.assertGreaterEqual(stats["connections"]["accepted"], 5)
        self.assertGreaterEqual(stats["stats_requests"], 1)

    def test_ids_are_folded(self):
        with self.target.connect() as client:
            for i in range(30):
                client.ask(f"/api/tweets/{i}/")
        self.assertEqual(self.stats()["requests"], {"GET /api/tweets/[id]/": 30})

    def test_a_reset_zeroes_and_asking_is_not_counted(self):
        with self.target.connect() as client:
            client.ask("/")
            client.ask("/stats/reset", "POST")
            stats = client.ask("/stats").json()
            self.assertEqual((stats["total"], stats["requests"], stats["stats_requests"]), (0, {}, 1))
            self.assertEqual((stats["bytes_in"], stats["bytes_out"]), (0, 0))
            client.ask("/")
            self.assertEqual(client.ask("/stats").json()["requests"], {"GET /": 1})

    def test_rows_are_bounded(self):
        with self.target.connect() as client:
            for i in range(700):
                client.ask(f"/nowhere/{i}")
            client.ask("/" + "x" * 500)
        stats = self.stats()
        self.assertEqual(len(stats["requests"]), 513)
        self.assertEqual(stats["requests"]["other"], 189)
        self.assertEqual(stats["total"], 701)

    def test_bad_requests_are_counted_apart(self):
        with self.target.connect() as client:
            client.send(b"nonsense\r\n\r\n")
            client.answer()
        stats = self.stats()
        self.assertEqual((stats["bad_requests"], stats["total"]), (1, 0))

    def test_every_way_of_ending_frees_the_connection(self):
        for wire in (request("/stall"), request("/delay/9m"), request("/slow/1000000?bytes_per_s=10"), b"GET /ha",
                     request("/bytes/1073741824"), request("/echo", "POST", b"x" * 50)[:-10], request("/reset"), b""):
            with self.target.connect() as client:
                client.send(wire)
                time.sleep(0.002)
        self.settled(1)


class Threads(Case):
    options = ("--threads", "2", "--work-us", "5")

    def test_all_threads_count_together_and_reset_together(self):
        for _ in range(2):
            self.ask("/stats/reset", "POST")
            for _ in range(40):
                with self.target.connect() as client:
                    client.ask("/")
                    client.ask("/json")
            stats = self.ask("/stats").json()
            self.assertEqual((stats["requests"], stats["threads"]), ({"GET /": 40, "GET /json": 40}, 2))

    def test_tweets_and_tokens_are_shared(self):
        body = b"username=a&password=admin"
        token = self.ask("/api-token-auth/", "POST", body).json()["token"]
        auth = ("Authorization: Token " + token,)
        for i in range(20):
            self.assertEqual(self.ask("/api/tweets/", "POST", b"handle=1&body=x", auth).json()["id"], 21 + i)
            self.assertEqual(len(self.ask("/api/tweets/", fields=auth).json()), 21 + i)


class Command(unittest.TestCase):
    def run_target(self, *options, before=None):
        return subprocess.run([SQUALL, "target", *options], capture_output=True, text=True, timeout=PATIENCE_S,
                              check=False, preexec_fn=before)

    def test_a_host_without_io_uring_is_exit_3_with_the_remedy(self):
        for error, remedy in ((errno.EPERM, "io_uring_disabled"), (errno.ENOSYS, "kernel of 6.1")):
            done = self.run_target(before=lambda e=error: refusal.refuse(refusal.IO_URING_SETUP, e))
            self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (3, "", 1))
            self.assertIn(remedy, done.stderr)

    def test_both_signals_stop_it_at_once_with_exit_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for options in ((), ("--threads", "3"), ("-q",)):
                target = Target(SQUALL, *options)
                with target.connect() as client:
                    client.send(request("/") + request("/delay/9m"))
                    client.answer()
                    began = time.monotonic()
                    code, out, err = target.stop(number)
                    self.assertEqual((code, out), (0, ""))
                    self.assertEqual(err, "" if options == ("-q",) else "served 2 requests on 1 connections\n")
                    self.assertLess(time.monotonic() - began, 3)

    def test_a_wrong_command_line_is_one_line_and_exit_2(self):
        for options in (("--listen", "nonsense"), ("--listen", "127.0.0.1:99999"), ("--listen", "::1:80"),
                        ("--listen",), ("--threads", "0"), ("--threads", "x"), ("--work-us", "-1"), ("--nonsense",),
                        ("-z",), ("extra",)):
            done = self.run_target(*options)
            self.assertEqual((done.returncode, done.stdout), (2, ""), options)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertRegex(done.stderr, "^squall: .*(--listen|--threads|--work-us|'--nonsense'|'-z'|'extra')")

    def test_the_option_that_may_have_been_meant_is_named(self):
        self.assertEqual(self.run_target("--listn").stderr,
                         "squall: unknown option '--listn'; did you mean '--listen'?\n")

    def test_an_address_in_use_is_named(self):
        target = Target(SQUALL, "-q")
        done = self.run_target("--listen", "127.0.0.1:%d" % target.address[1])
        self.assertEqual((done.returncode, "in use" in done.stderr), (2, True))
        target.stop()

    def test_help_is_on_stdout(self):
        done = self.run_target("--help")
        self.assertEqual((done.returncode, done.stderr, "--listen" in done.stdout), (0, "", True))
        pages = Path(__file__).parents[2].joinpath("tools/target/pages.c").read_text("utf-8")
        for path in re.findall(r'\.path = "(/[^"]*)"', pages):
            with self.subTest(path):
                self.assertIn(f" {path}", done.stdout)
        self.assertIn("--work-us", done.stdout)

    def test_work_burns_cpu_time(self):
        for micros, least, most in ((0, 0.0, 0.2), (1000, 0.25, 2.0)):
            target = Target(SQUALL, "--work-us", str(micros), "-q")
            with target.connect() as client:
                for _ in range(300):
                    client.ask("/")
            with open(f"/proc/{target.process.pid}/stat", encoding="ascii") as file:
                ticks = sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
            target.stop()
            self.assertTrue(least <= ticks / os.sysconf("SC_CLK_TCK") <= most, ticks)


if __name__ == "__main__":
    unittest.main()
