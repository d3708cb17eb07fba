#!/usr/bin/python3
"""Where connections come from and where they lead: local addresses in turn, another address than the URL's, sockets of Unix."""
import socket
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import rig
from proxy_server import connect_through
from raw_server import RawServer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Witness:
    """A server that answers everything and notes who came and what was asked."""

    def __init__(self):
        self.peers, self.heads = [], []
        self.server = RawServer(self._answer)
        self.port, self.url = self.server.port, self.server.url

    def _answer(self, connection):
        self.peers.append(connection.socket.getpeername()[0])
        while (head := connection.request()) is not None:
            self.heads.append(head)
            connection.send(OK)

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *_):
        self.server.__exit__()


@contextmanager
def forward(path, port):
    """A socket of Unix that leads to a port."""
    def serve():
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=connect_through, args=(near, port), daemon=True).start()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        thread = threading.Thread(target=serve)
        thread.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


class Sources(rig.Case):
    def test_connections_come_from_the_local_addresses_in_turn(self):
        with Witness() as witness:
            run = rig.squall(witness.url, "-c", 8, "-n", 64, "--source", "127.0.0.2-127.0.0.4,127.0.0.9")
        self.assert_clean(run)
        self.assertEqual(sorted(witness.peers), sorted(["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.9"] * 2))

    def test_a_local_address_that_is_not_this_hosts_is_refused(self):
        run = rig.squall("http://127.0.0.1:9/", "-n", 1, "--source", "127.0.0.2,203.0.113.7")
        self.assert_exit(run, 3)
        self.assertEqual(run.err, "squall: cannot connect from 203.0.113.7: this host does not have it: name addresses "
                                  "that this host has, 'ip address' lists them\n")

    def test_local_addresses_of_the_other_family_only_are_refused(self):
        run = rig.squall("http://127.0.0.1:9/", "-n", 1, "--source", "::1")
        self.assert_exit(run, 3)
        self.assertEqual(run.err, "squall: none of the local addresses is an IPv4 address, as the server's is: name local "
                                  "addresses of the server's family\n")


class Elsewhere(rig.Case):
    def test_connections_lead_where_connect_to_says(self):
        with Witness() as witness:
            run = rig.squall("http://shop.example/cart", "-c", 2, "-n", 10, "--connect-to", f"127.0.0.1:{witness.port}")
        self.assert_clean(run)
        self.assertEqual(len(witness.heads), 10)
        for head in witness.heads:
            self.assertTrue(head.startswith("GET /cart HTTP/1.1\r\n"), head)
            self.assertIn("\r\nHost: shop.example\r\n", head + "\r\n")

    def test_scenarios_can_be_led_elsewhere_too(self):
        with Witness() as witness, tempfile.TemporaryDirectory() as folder:
            scenario = Path(folder, "two.yaml")
            scenario.write_text("host: http://a.example\nhosts: [http://b.example]\ntasks:\n  - get: /\n  - get: http://b.example/x\n", "utf-8")
            run = rig.squall("run", scenario, "-u", 4, "-n", 40, "--connect-to", f"localhost:{witness.port}")
        self.assert_clean(run)
        hosts = {line for head in witness.heads for line in head.split("\r\n") if line.startswith("Host:")}
        self.assertEqual(hosts, {"Host: a.example", "Host: b.example"})

    def test_a_socket_of_unix_serves_all_there_is(self):
        with tempfile.TemporaryDirectory() as folder, rig.Target() as target:
            path = Path(folder, "web.sock")
            with forward(path, target.port):
                for page, options in (("/json", ()), ("/bytes/1048576", ()), ("/chunked/100000", ()),
                                      ("/json", ("--requests-per-connection", 1)), ("/json", ("-p", 4)), ("/json", ("-R", 500))):
                    with self.subTest(page, options=options):
                        run = rig.squall("http://any" + page, "-c", 4, "-n", 100, "--unix", path, *options)
                        self.assert_clean(run)
                        self.assertEqual(run.result["total"]["ok"], 100)

    def test_no_socket_at_the_path_is_a_refused_connect(self):
        run = rig.squall("http://any/", "-n", 3, "-c", 1, "--unix", "/nonexistent/web.sock")
        self.assert_books_balance(run)
        self.assert_exit(run, 1)
        self.assertEqual(run.failures(), {"connect_refused": 3})
        self.assertEqual(run.result["failures"][0]["message"], "there is no socket of Unix at this path")

    def test_what_cannot_be_meant_together_is_refused(self):
        for options, message in (
                (("--unix", "/a", "--source", "127.0.0.2"), "--unix: cannot be combined with --source"),
                (("--unix", "/a", "--connect-to", "b:1"), "--unix: cannot be combined with --connect-to"),
                (("--connect-to", "b"), "--connect-to: expected a host and port such as '127.0.0.1:8080' or '[::1]:8080', got 'b'")):
            code, _, err = rig.call("http://a/", *options)
            self.assertEqual((code, err), (2, f"squall: {message}\n"))
        code, _, err = rig.call("http://a/", "--unix", "/" + "x" * 200)
        self.assertEqual(code, 3)
        self.assertIn("is too long for a socket: use a shorter path", err)


if __name__ == "__main__":
    rig.main()
