#!/usr/bin/python3
"""Names, as a name server of our own answers for them: all their addresses, those that lead nowhere, and names that are wrong."""
import signal
import tempfile
import time
import unittest

import name_server
import own_network
import rig
from firewall import firewall
from raw_server import RawServer

REMEDY = "check the host's name, or use --connect-to"


def opened(run):
    return {row["address"]: row["opened"] for row in run.result["addresses"]}


def failed(run):
    return {row["address"]: row["failed"] for row in run.result["addresses"] if row["failed"]}


class Names(rig.Case):
    def serve(self, address):
        self.target = rig.Target("--listen", f"{address}:0")
        self.addCleanup(self.target.stop)
        return self.target.port

    def wait_for_requests(self):
        """Until there are more than there were: names have been looked up."""
        before = self.target.stats()["total"]
        until = time.monotonic() + 10
        while self.target.stats()["total"] == before:
            self.assertLess(time.monotonic(), until, "no request came")
            time.sleep(0.02)

    def wait_for_questions(self, names):
        """Until names have been looked up at least once more, for both families, and what was answered has been heard."""
        before, until = names.asked, time.monotonic() + 10
        while names.asked < before + 6:
            self.assertLess(time.monotonic(), until, "nobody asks")
            time.sleep(0.02)

    # --- all the addresses of a name ----------------------------------------------------------------------

    def test_connections_take_a_hundred_addresses_in_turn(self):
        port = self.serve("0.0.0.0")
        addresses = [f"127.0.1.{i}" for i in range(1, 101)]
        with name_server.NameServer(many_test=addresses):
            run = rig.squall(f"http://many.test:{port}/", "-c", 200, "-n", 2000, "-t", 1)
        self.assert_clean(run)
        self.assertEqual(opened(run), {f"{a}:{port}": 2 for a in addresses})
        self.assertIn(f"addresses   {addresses[0]}:{port}: 2 opened", run.out)
        self.assertIn("and 92 more", run.out)

    def test_one_address_is_not_worth_a_line(self):
        port = self.serve("127.0.0.1")
        with name_server.NameServer(one_test=["127.0.0.1"]):
            run = rig.squall(f"http://one.test:{port}/", "-c", 3, "-n", 30)
        self.assert_clean(run)
        self.assertEqual(opened(run), {f"127.0.0.1:{port}": 3})
        self.assertNotIn("addresses", run.out)

    def test_a_name_of_both_families_uses_both(self):
        port = self.serve("[::]")
        with name_server.NameServer(dual_test=["127.0.0.1", "::1"]):
            run = rig.squall(f"http://dual.test:{port}/", "-c", 8, "-n", 80, "-t", 2)
            bound = rig.squall(f"http://dual.test:{port}/", "-c", 8, "-n", 80, "-t", 2, "--source", "127.0.0.7,127.0.0.8")
        self.assert_clean(run)
        self.assertEqual(opened(run), {f"127.0.0.1:{port}": 4, f"[::1]:{port}": 4})
        self.assert_clean(bound)
        self.assertEqual(opened(bound), {f"127.0.0.1:{port}": 8})

    # --- addresses that do not answer ---------------------------------------------------------------------

    def test_a_family_nobody_listens_on_is_found_before_the_run(self):
        for serving, silent in (("127.0.0.1", "::1"), ("[::1]", "127.0.0.1")):
            with self.subTest(serving), name_server.NameServer(dual_test=["::1", "127.0.0.1"]):
                port = self.serve(serving)
                run = rig.squall(f"http://dual.test:{port}/", "-c", 8, "-n", 800)
                self.assert_clean(run)
                self.assertEqual(opened(run)[f"{serving}:{port}"], 8)
                self.assertEqual(failed(run), {})

    @unittest.skipIf(rig.find("nft") is None, "nft is not installed")
    def test_a_first_address_that_swallows_all_is_found_before_the_run(self):
        port = self.serve("0.0.0.0")
        with name_server.NameServer(shop_test=["127.0.0.1", "127.0.0.2"]), firewall(port, "drop", "127.0.0.1"):
            run = rig.squall(f"http://shop.test:{port}/", "-c", 4, "-n", 400)
        self.assert_clean(run)
        self.assertEqual(opened(run), {f"127.0.0.1:{port}": 0, f"127.0.0.2:{port}": 4})
        self.assertLess(run.seconds, 20 * rig.PATIENCE)

    def test_an_address_without_a_route_is_passed_over(self):
        port = self.serve("127.0.0.1")
        with name_server.NameServer(shop_test=["203.0.113.1", "127.0.0.1"]):
            run = rig.squall(f"http://shop.test:{port}/", "-c", 4, "-n", 400, "--requests-per-connection", 10)
        self.assert_clean(run)
        self.assertEqual(opened(run)[f"203.0.113.1:{port}"], 0)
        self.assertGreaterEqual(opened(run)[f"127.0.0.1:{port}"], 40)

    def test_an_address_that_dies_in_the_run_costs_no_connect(self):
        def serve_one(connection):
            if connection.request() is not None:
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                connection.close()

        with RawServer(serve_one) as first, name_server.NameServer(pair_test=["127.0.0.1", "127.0.0.2"]):
            second = rig.Target("--listen", f"127.0.0.2:{first.port}")
            self.addCleanup(second.stop)
            running = rig.Running(f"http://pair.test:{first.port}/", "--requests-per-connection", 1, "-c", 4, "-R", 300, "-d", "1s")
            while first.accepted < 20:
                time.sleep(0.01)
            second.stop()
            run = running.wait()
        self.assert_books_balance(run)
        self.assertGreater(failed(run)[f"127.0.0.2:{first.port}"], 0)
        self.assertGreater(opened(run)[f"127.0.0.1:{first.port}"], 20)
        # Only what was in flight there when it died may have failed.
        self.assertLessEqual(set(run.failures()), {"reset_mid_response", "eof_before_response"}, str(run))

    def test_when_no_address_answers_the_requests_fail(self):
        with name_server.NameServer(dead_test=["127.0.0.1", "127.0.0.2"]):
            run = rig.squall("http://dead.test:9/", "-c", 1, "-n", 4)
        self.assert_books_balance(run)
        self.assert_exit(run, 1)
        self.assertEqual(run.failures(), {"connect_refused": 4})

    # --- names that change --------------------------------------------------------------------------------

    def test_a_name_is_looked_up_once_unless_asked_otherwise(self):
        port = self.serve("0.0.0.0")
        with name_server.NameServer(moving_test=["127.0.0.1"]) as names:
            running = rig.Running(f"http://moving.test:{port}/", "-c", 2, "-R", 200, "-d", "600ms", "--requests-per-connection", 5)
            self.wait_for_requests()
            names.answers["moving.test"] = ["127.0.0.2"]
            run = running.wait()
        self.assert_clean(run)
        self.assertEqual(list(opened(run)), [f"127.0.0.1:{port}"])

    def test_a_name_that_moves_is_followed_by_kept_connections_too(self):
        port = self.serve("0.0.0.0")
        for options in ((), ("-p", 4)):
            with self.subTest(options), name_server.NameServer(moving_test=["127.0.0.1", "127.0.0.2"]) as names:
                running = rig.Running(f"http://moving.test:{port}/", "-t", 1, "-c", 4, "-d", "30s", "--resolve-every", "50ms",
                                      *options)
                self.wait_for_requests()
                names.answers["moving.test"] = name_server.SERVFAIL     # no reason to leave
                self.wait_for_questions(names)
                names.answers["moving.test"] = ["127.0.0.2", "127.0.0.3"]
                self.wait_for_questions(names)
                self.wait_for_requests()
                running.process.send_signal(signal.SIGINT)
                run = running.wait()
                self.assert_books_balance(run)
                self.assertEqual((run.code, run.failures()), (130, {}), str(run))
                self.assertEqual(opened(run)[f"127.0.0.1:{port}"], 2)
                self.assertEqual(sum(opened(run).values()), 6)
                self.assertEqual(run.result["connections"]["closed"], {"address_gone": 2, "run_ended": 4})

    def test_a_name_server_that_falls_silent_in_the_run_holds_up_no_request(self):
        port = self.serve("127.0.0.1")
        with name_server.NameServer(quiet_test=["127.0.0.1"]) as names:
            running = rig.Running(f"http://quiet.test:{port}/", "-t", 1, "-c", 2, "-R", 200, "-d", "1500ms", "--resolve-every", "50ms")
            self.wait_for_requests()
            names.answers["quiet.test"] = name_server.SILENCE       # each look-up now takes a second
            run = running.wait()
        self.assert_clean(run)
        self.assertLess(run.result["total"]["latency_us"]["max"], 800_000, str(run))
        self.assertLess(run.seconds, 10 * rig.PATIENCE)

    # --- names that are wrong -----------------------------------------------------------------------------

    def test_a_name_that_cannot_be_found_ends_before_the_run(self):
        with name_server.NameServer(broken_test=name_server.SERVFAIL, silent_test=name_server.SILENCE, empty_test=[]):
            for name, why in (("nowhere.test", "no host has this name"),
                              ("broken.test", "the name servers cannot tell"),
                              ("silent.test", "the name servers cannot tell"),
                              ("empty.test", "it has no address")):
                with self.subTest(name):
                    code, out, err = rig.call(f"http://{name}/", "-n", 1)
                    self.assertEqual((code, out, err), (3, "", f"squall: cannot resolve '{name}': {why}: {REMEDY}\n"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        own_network.enter(name_server.write_files(folder))
        rig.main()
