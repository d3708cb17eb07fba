#!/usr/bin/python3
"""Holds `squall target` to the pages for clients that browse: compressed bodies, redirects, cookies.

usage: test_browse.py [unittest options]      the path of squall comes from $SQUALL
"""
import gzip
import os
import unittest
import zlib

from target_client import Target, pattern, request

SQUALL = os.environ.get("SQUALL", "squall")
SIZES = (0, 1, 63, 64, 65, 1000, 65536, 1 << 20)

try:
    import brotli
except ImportError:
    brotli = None


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.target = Target(SQUALL)

    @classmethod
    def tearDownClass(cls):
        code, out, err = cls.target.stop()
        if code != 0:
            raise AssertionError(f"the target ended with {code}: {out}{err}")
        cls.target.process.stdout.close()

    def ask(self, *args, **named):
        with self.target.connect() as client:
            return client.ask(*args, **named)


class Compressed(Case):
    def check(self, coding, decode):
        with self.target.connect() as client:
            for size in SIZES:
                for _ in range(2):
                    answer = client.ask(f"/{coding}/{size}")
                    self.assertEqual((answer.status, answer.fields["content-encoding"]), (200, coding))
                    self.assertEqual(decode(answer.body), pattern(size))
                head = client.ask(f"/{coding}/{size}", "HEAD")
                self.assertEqual(int(head.fields["content-length"]), len(answer.body))
            self.assertLess(len(answer.body), 10_000)

    def test_gzip_decodes_to_the_bytes_asked_for(self):
        self.check("gzip", gzip.decompress)

    def test_deflate_decodes_to_the_bytes_asked_for(self):
        self.check("deflate", zlib.decompress)

    @unittest.skipUnless(brotli, "python3-brotli is not installed")
    def test_br_decodes_to_the_bytes_asked_for(self):
        self.check("br", brotli.decompress)

    def test_a_size_has_a_limit_and_is_a_number(self):
        for coding in ("gzip", "deflate", "br"):
            for size in ("1048577", "-1", "x", "", "1/"):
                self.assertEqual(self.ask(f"/{coding}/{size}").status, 404, size)

    def test_many_sizes_are_more_than_the_images_hold_and_still_right(self):
        with self.target.connect() as client:
            client.send(b"".join(request(f"/gzip/{size}") for size in range(300, 700)))
            for size in range(300, 700):
                self.assertEqual(gzip.decompress(client.answer().body), pattern(size))


class Redirects(Case):
    def test_a_chain_has_as_many_hops_as_asked_for_and_ends_at_json(self):
        with self.target.connect() as client:
            for hops in (1, 2, 12):
                path = f"/redirect/{hops}"
                for _ in range(hops):
                    answer = client.ask(path, "POST", b"some body")
                    self.assertEqual(answer.status, 302)
                    path = answer.fields["location"]
                self.assertEqual(path, "/json")
        for hops in ("0", "1001", "-1", "x", ""):
            self.assertEqual(self.ask(f"/redirect/{hops}").status, 404, hops)

    def test_it_goes_where_it_is_told(self):
        for query, status, location in (
                ("url=/json", 302, "/json"), ("url=&status=303", 303, ""),
                ("status=307&url=http://h.example/a?b%26c", 307, "http://h.example/a?b&c"),
                ("url=%2Fa+b&status=301", 301, "/a b"), ("status=308&url=../x%23y", 308, "../x#y")):
            answer = self.ask(f"/redirect-to?{query}")
            self.assertEqual((answer.status, answer.fields["location"]), (status, location))

    def test_what_is_no_redirect_is_refused(self):
        for query in ("", "status=302", "uri=/", "url=/&status=200", "url=/&status=x", "url=/&status=3020",
                      "url=/&status=", "url=a%0D%0AX-Evil:+1", "url=a%00b", "{", '{"url":"/"'):
            answer = self.ask(f"/redirect-to?{query}")
            self.assertEqual(answer.status, 400, query)
            self.assertNotIn("x-evil", answer.fields)


class Cookies(Case):
    def cookies(self, *lines):
        return self.ask("/cookies", fields=lines).json()["cookies"]

    def set_cookies(self, query):
        with self.target.connect() as client:
            client.send(request(f"/cookies/set{query}"))
            head = client.answer().wire.decode().split("\r\n\r\n")[0].split("\r\n")
        self.assertEqual(head[0], "HTTP/1.1 302 Found")
        self.assertIn("Location: /cookies", head)
        return [line.split(": ", 1)[1] for line in head if line.startswith("Set-Cookie: ")]

    def test_what_was_sent_is_shown(self):
        self.assertEqual(self.cookies(), {})
        self.assertEqual(self.cookies("Cookie: a=1; b=x=y; c="), {"a": "1", "b": "x=y", "c": ""})
        self.assertEqual(self.cookies("cookie: a=1;b=2", "COOKIE: c=3"), {"a": "1", "b": "2", "c": "3"})
        self.assertEqual(self.cookies('Cookie: ;; bare ; q="\\x" ;'), {"": "bare", "q": '"\\x"'})

    def test_what_is_asked_for_is_set(self):
        self.assertEqual(self.set_cookies(""), [])
        self.assertEqual(self.set_cookies("?a=1"), ["a=1; Path=/"])
        self.assertEqual(self.set_cookies("?a=1&b=%20&&c"), ["a=1; Path=/", "b=%20; Path=/", "c; Path=/"])
        self.assertEqual(self.set_cookies("?a=1;Path=/x;Max-Age=0&b=2"),
                         ["a=1; Path=/; Path=/x;Max-Age=0", "b=2; Path=/"])


if __name__ == "__main__":
    unittest.main()
