#!/usr/bin/python3
"""Networks that refuse, swallow, lose and cut: nftables in a network namespace of its own plays them, and every request ends in
its class. A server that goes away comes back."""
import time

import own_network
import rig
from firewall import firewall
from raw_server import RawServer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONNECTIONS, REQUESTS = 4, 8
RETRANSMIT_US = 200_000     # the kernel's least wait before it sends a lost segment again


def connects():
    """Those this network namespace has tried, and those that failed, as the kernel counts them."""
    with open("/proc/self/net/snmp", encoding="ascii") as file:
        names, values = [line.split()[1:] for line in file if line.startswith("Tcp:")]
    counts = dict(zip(names, map(int, values)))
    return counts["ActiveOpens"], counts["AttemptFails"]


def serve_again(port):
    """A server that has gone can keep its port for a moment."""
    until = time.monotonic() + 10
    while True:
        try:
            return rig.Target("--listen", f"127.0.0.1:{port}")
        except AssertionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


class Firewall(rig.Case):
    def load(self, target, *options):
        run = rig.squall(target.url, "-t", 1, *options, timeout=20)
        self.assert_books_balance(run)
        return run

    # --- connecting ---------------------------------------------------------------------------------------

    def test_connects_that_cannot_succeed_have_their_class(self):
        for verdict, expected in (("reject with tcp reset", "connect_refused"), ("drop", "connect_timeout")):
            with self.subTest(verdict), rig.Target() as target, firewall(target.port, verdict):
                tried = connects()[0]
                run = self.load(target, "-c", CONNECTIONS, "-n", REQUESTS, "--timeout", "200ms")
                self.assertEqual(run.failures(), {expected: REQUESTS}, str(run))
                self.assert_exit(run, 1)
                self.assertEqual(connects()[0] - tried, run.result["counters"]["connects"])

    def test_no_route_is_an_unreachable_host(self):
        run = rig.squall("http://203.0.113.1/", "-t", 1, "-c", CONNECTIONS, "-n", REQUESTS)
        self.assert_books_balance(run)
        self.assertEqual(run.failures(), {"connect_unreachable": REQUESTS}, str(run))
        self.assert_exit(run, 1)

    def test_a_wall_that_prohibits_is_no_answer_either(self):
        """On loopback the message of the wall comes while the connect is still being made: some kernels' io_uring takes that
        for done, and the request then waits in vain."""
        with rig.Target() as target, firewall(target.port, "reject with icmpx type admin-prohibited"):
            run = self.load(target, "-c", CONNECTIONS, "-n", REQUESTS, "--timeout", "200ms")
        self.assertLessEqual(set(run.failures()), {"connect_unreachable", "timeout_first_byte"}, str(run))
        self.assertEqual(sum(run.failures().values()), REQUESTS)
        self.assertEqual((run.result["counters"]["stale_completions"], run.result["counters"]["bad_events"]), (0, 0))
        self.assert_exit(run, 1)

    def test_a_wall_that_comes_down_is_noticed_within_a_second(self):
        with rig.Target() as target:
            with firewall(target.port, "reject with tcp reset"):
                running = rig.Running(target.url, "-c", CONNECTIONS, "-R", 200, "-d", "1800ms")
                time.sleep(0.4)
            down = time.monotonic()
            while target.stats()["total"] == 0:
                self.assertLess(time.monotonic() - down, 1)
                time.sleep(0.02)
            run = running.wait()
        self.assert_books_balance(run)
        self.assertEqual(set(run.failures()), {"connect_refused"}, str(run))
        self.assertGreater(run.result["total"]["ok"], 100)

    # --- connected ----------------------------------------------------------------------------------------

    def test_connections_cut_by_the_network_fail_what_was_in_flight_only(self):
        with rig.Target() as target:
            running = rig.Running(target.url + "/delay/50ms", "-c", CONNECTIONS, "-d", "1500ms", "-t", 1)
            time.sleep(0.7)
            with firewall(target.port, "tcp flags & syn == 0 reject with tcp reset"):
                time.sleep(0.1)
            run = running.wait()
        self.assert_books_balance(run)
        self.assertLessEqual(set(run.failures()), {"reset_mid_response", "send_reset", "connect_refused", "eof_before_response"},
                             str(run))
        self.assertGreater(sum(run.failures().values()), 0)
        self.assertGreater(run.result["timeline"][-1]["rps"], 20)

    def test_a_network_that_goes_silent_ends_in_timeouts(self):
        with rig.Target() as target:
            running = rig.Running(target.url + "/delay/20ms", "-c", CONNECTIONS, "-d", "1200ms", "-t", 1, "--timeout", "300ms")
            time.sleep(0.5)
            with firewall(target.port, "drop"):
                run = running.wait()
        self.assert_books_balance(run)
        self.assertLessEqual(set(run.failures()), {"timeout_first_byte", "connect_timeout"}, str(run))
        self.assertGreaterEqual(run.failures()["timeout_first_byte"], CONNECTIONS)

    def test_lost_packets_show_as_the_time_they_cost(self):
        with rig.Target() as target, firewall(target.port, "numgen random mod 100 < 10 drop"):
            run = self.load(target, "-c", 32, "-n", 1000)
        self.assert_clean(run)
        latency = run.result["total"]["latency_us"]
        self.assertLess(latency["p50"], RETRANSMIT_US)
        self.assertGreaterEqual(latency["p95"], RETRANSMIT_US)

    def test_a_delay_on_the_way_is_in_every_latency(self):
        delay_s = 0.2

        def script(connection):
            while connection.request() is not None:
                time.sleep(delay_s)
                connection.send(OK)
        with RawServer(script) as server:
            run = rig.squall(server.url, "-c", 10, "-n", 30)
        self.assert_clean(run)
        self.assertGreaterEqual(run.result["total"]["latency_us"]["min"], delay_s * 1e6)

    # --- keep-alive ---------------------------------------------------------------------------------------

    def close_as_the_second_request_comes(self, connection):
        """What a server does whose idle time is over just then."""
        if connection.request() is not None and connection.send(OK) and connection.request() is not None:
            connection.reset()

    def test_a_request_that_met_a_closing_connection_goes_out_again_once_and_is_counted(self):
        with RawServer(self.close_as_the_second_request_comes) as server:
            run = rig.squall(server.url, "-c", 1, "-n", 10)
        self.assert_clean(run)
        self.assertEqual(run.result["total"]["ok"], 10)
        self.assertEqual(run.result["counters"]["resent"], 9)
        self.assertEqual(run.result["counters"]["sent"], 19)
        self.assertEqual(server.accepted, 10)

    def test_what_may_not_be_repeated_is_not(self):
        with RawServer(self.close_as_the_second_request_comes) as server:
            run = rig.squall(server.url, "-c", 1, "-n", 10, "-X", "POST")
        self.assert_books_balance(run)
        self.assertEqual(run.failures(), {"reset_mid_response": 5}, str(run))
        self.assertEqual(run.result["counters"]["resent"], 0)

    # --- a server that is away ----------------------------------------------------------------------------

    def test_a_server_that_restarts_is_used_again_within_a_second(self):
        first = rig.Target()
        self.addCleanup(first.stop)
        running = rig.Running(first.url, "-c", CONNECTIONS, "-R", 200, "-d", "3800ms", "-t", 1)
        time.sleep(0.3)
        first.stop()
        time.sleep(2)       # the pauses between connects have become as long as they get
        with serve_again(first.port) as second:
            back = time.monotonic()
            while second.stats()["total"] == 0:
                self.assertLess(time.monotonic() - back, 1)
                time.sleep(0.02)
            run = running.wait()
        self.assert_books_balance(run)
        self.assertLessEqual(set(run.failures()), {"connect_refused", "reset_mid_response", "eof_before_response", "send_reset"},
                             str(run))
        self.assertGreater(run.failures()["connect_refused"], 0)
        self.assertEqual(run.result["timeline"][-1]["failures_per_s"], 0, str(run))


if __name__ == "__main__":
    rig.need("nft")
    own_network.enter()
    rig.main()
