#!/usr/bin/python3
"""Through an HTTP proxy: whole URLs for http, tunnels for https."""
import tempfile
from pathlib import Path

import rig
from proxy_server import Proxy
from raw_server import RawServer
from tls_stage import Authority, Stage

SCENARIO = """
host: %(url)s
on_start:
  - get: /cookies/set?mood=calm
tasks:
  - get: /cookies
    expect: { body: { contains: calm } }
  - get: /redirect/2
    name: redirect
"""


class PlainProxy(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.target = rig.Target()
        cls.addClassCleanup(cls.target.stop)

    def test_requests_name_the_whole_url_and_the_host(self):
        with Proxy() as proxy:
            run = rig.squall(self.target.url + "/bytes/100?a=b", "-c", 4, "-n", 40, "--proxy", proxy.url)
        self.assert_clean(run)
        self.assertEqual(set(proxy.targets), {self.target.url + "/bytes/100?a=b"})
        self.assertEqual(set(proxy.hosts), {f"127.0.0.1:{self.target.port}"})
        self.assertEqual(len(proxy.targets), 40)
        self.assertEqual(run.result["connections"]["opened"], 4)
        self.assertEqual([row["address"] for row in run.result["addresses"]], [proxy.url[len("http://"):-1]])

    def test_the_hosts_name_is_the_proxys_business(self):
        with Proxy() as proxy:
            run = rig.squall(f"http://nowhere.invalid:{self.target.port}/json", "-n", 4, "--proxy", proxy.url.rstrip("/"))
        self.assert_clean(run)
        self.assertEqual(set(proxy.targets), {f"http://nowhere.invalid:{self.target.port}/json"})

    def test_cookies_and_redirects_work_as_without(self):
        with Proxy() as proxy, tempfile.TemporaryDirectory() as folder:
            scenario = Path(folder, "visit.yaml")
            scenario.write_text(SCENARIO % {"url": self.target.url}, "utf-8")
            run = rig.squall("run", scenario, "-u", 2, "-n", 60, "--proxy", proxy.url)
        self.assert_clean(run)
        self.assertEqual({t[:len(self.target.url)] for t in proxy.targets}, {self.target.url})
        self.assertIn(self.target.url + "/redirect/1", proxy.targets)
        self.assertIn(self.target.url + "/json", proxy.targets)

    def test_a_proxy_that_is_away_is_a_refused_connect(self):
        run = rig.squall(self.target.url, "-n", 2, "-c", 1, "--proxy", f"http://127.0.0.1:{rig.free_port()}")
        self.assert_books_balance(run)
        self.assertEqual(run.failures(), {"connect_refused": 2})

    def test_what_is_no_proxy_is_refused(self):
        for wrong in ("https://a:1", "socks5://a:1", "http://u:p@a:1", "http://a:1/path"):
            code, _, err = rig.call(self.target.url, "--proxy", wrong)
            self.assertEqual((code, err), (2, f"squall: --proxy: expected a proxy such as 'http://127.0.0.1:3128', got '{wrong}'\n"))


def refuse(status):
    return f"HTTP/1.1 {status} no\r\nContent-Length: 2\r\n\r\nno".encode()


class Tunnels(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cls.addClassCleanup(cls.authority.close)

    def run_through(self, proxy, url, *options):
        run = rig.squall(url, "--proxy", proxy.url, "--cacert", self.authority.file("root"), *options)
        self.assert_books_balance(run)
        return run

    def test_https_goes_through_a_tunnel_of_each_connection(self):
        for options in ((), ("-p", 4)):
            with self.subTest(options), Stage(self.authority, "answer") as server, Proxy() as proxy:
                run = self.run_through(proxy, server.url, "-c", 1, "-n", 30, "--requests-per-connection", 10, *options)
                self.assert_clean(run)
                self.assertEqual(proxy.tunnels, [server.url.removeprefix("https://").rstrip("/")] * 3)
                self.assertEqual(run.result["counters"]["tls_handshakes"], 3)
                self.assertEqual(proxy.targets, [])

    def test_a_new_tunnel_for_each_request_resumes_its_tls(self):
        with Stage(self.authority, "answer") as server, Proxy() as proxy:
            run = self.run_through(proxy, server.url, "-c", 1, "-n", 10, "--requests-per-connection", 1)
        self.assert_clean(run)
        self.assertEqual(len(proxy.tunnels), 10)
        self.assertEqual(run.result["counters"]["tls_resumed"], 9)

    def test_a_proxy_that_opens_no_tunnel_fails_the_requests_and_says_why(self):
        for refusal, why in ((refuse(403), "the proxy answered CONNECT with status 403"),
                             (refuse(407), "the proxy answered CONNECT with status 407"),
                             (b"", "the proxy closed instead of answering CONNECT"),
                             (b"SSH-2.0 hello\r\n\r\n", None),
                             (b"HTTP/1.1 200 OK\r\n\r\nHello", "the proxy sent more than its answer to CONNECT")):
            with self.subTest(why), Proxy(refusal) as proxy:
                run = self.run_through(proxy, "https://127.0.0.1:9/", "-c", 1, "-n", 3)
                self.assertEqual(run.failures(), {"proxy": 3}, str(run))
                self.assert_exit(run, 1)
                if why is not None:
                    self.assertEqual({row["message"] for row in run.result["failures"]}, {why})

    def test_a_proxy_that_says_nothing_ends_in_a_timeout(self):
        with RawServer(lambda connection: connection.hold()) as silent:
            run = self.run_through(silent, "https://127.0.0.1:9/", "-c", 1, "-n", 2, "--timeout", "200ms")
        self.assertEqual(run.failures(), {"connect_timeout": 2}, str(run))
        self.assertEqual(run.result["failures"][0]["message"], "no tunnel through the proxy in time")


if __name__ == "__main__":
    rig.main()
