#!/usr/bin/python3
"""Through an HTTP proxy: whole URLs for http, tunnels for https."""
import tempfile
from pathlib import Path

import rig
from proxy_server import Proxy

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


if __name__ == "__main__":
    rig.main()
