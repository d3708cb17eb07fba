#!/usr/bin/python3
"""Holds `squall target` to the workshop's API: tokens, and tweets whose list grows.

usage: test_tweets.py [unittest options]      the path of squall comes from $SQUALL
"""
import json
import unittest

from target_client import HELLO, Case, request


class Tweets(Case):
    def token(self, user="admin@tweetcheck.com"):
        body = json.dumps({"username": user, "password": "admin"}).encode()
        answer = self.ask("/api-token-auth/", "POST", body, ("Content-Type: application/json",))
        self.assertEqual(answer.status, 200)
        return "Authorization: Token " + answer.json()["token"]

    def test_the_directory_leads_to_the_tweets(self):
        self.assertEqual(self.ask("/api/").json()["tweets"], "http://target/api/tweets/")

    def test_a_token_is_the_same_for_the_same_user(self):
        self.assertEqual(self.token("a"), self.token("a"))
        self.assertNotEqual(self.token("a"), self.token("b"))
        form = self.ask("/api-token-auth/", "POST", b"username=a&password=%61dmin",
                        ("Content-Type: application/x-www-form-urlencoded",))
        self.assertEqual("Authorization: Token " + form.json()["token"], self.token("a"))

    def test_a_wrong_password_is_refused(self):
        for body, key in ((b"username=a&password=b", "non_field_errors"), (b"username=a", "password"),
                          (b"password=admin", "username"), (b"", "username"), (b"{", "detail")):
            answer = self.ask("/api-token-auth/", "POST", body)
            self.assertEqual(answer.status, 400)
            self.assertIn(key, answer.json())

    def test_without_a_token_nobody_is_let_in(self):
        good = self.token()
        for field in ((), ("Authorization: Basic abc",), ("Authorization: Token " + "0" * 40,), (good + "0",),
                      (good[:-1],), (good[:-1] + ("0" if good[-1] != "0" else "1"),)):
            for path in ("/api/tweets/", "/api/tweets/1/"):
                answer = self.ask(path, fields=field)
                self.assertEqual(answer.status, 401, field)
                self.assertIn("detail", answer.json())

    def test_the_list_grows_with_each_post(self):
        auth = self.token()
        with self.target.connect() as client:
            before = client.ask("/api/tweets/", fields=(auth,)).json()
            self.assertGreaterEqual(len(before), 20)
            self.assertEqual([t["id"] for t in before], list(range(1, len(before) + 1)))
            text = 'with "quotes", ünïcode and a & sign'
            made = client.ask("/api/tweets/", "POST", json.dumps({"handle": 1, "body": text}).encode(),
                              (auth, "Content-Type: application/json"))
            self.assertEqual((made.status, made.json()["body"], made.json()["handle"]), (201, text, 1))
            form = client.ask("/api/tweets/", "POST", b"handle=2&body=a+b%26handle=3", (auth,))
            self.assertEqual((form.status, form.json()["body"], form.json()["handle"]), (201, "a b&handle=3", 2))
            after = client.ask("/api/tweets/", fields=(auth,)).json()
            self.assertEqual(after, before + [made.json(), form.json()])
            one = client.ask("/api/tweets/%d/" % made.json()["id"], fields=(auth,))
            self.assertEqual(one.json(), made.json())
            for path in ("/api/tweets/0/", "/api/tweets/%d/" % (len(after) + 1), "/api/tweets/x/", "/api/tweets/1"):
                self.assertEqual(client.ask(path, fields=(auth,)).status, 404, path)

    def test_a_list_too_large_to_copy_is_still_whole_and_in_order(self):
        auth = self.token()
        with self.target.connect() as client:
            post = request("/api/tweets/", "POST", b"handle=1&body=" + b"x" * 900, (auth,))
            client.send(post * 200)
            self.assertEqual({client.answer().status for _ in range(200)}, {201})
            client.send(request("/api/tweets/", fields=(auth,)) * 3 + request("/"))
            lists = [client.answer().json() for _ in range(3)]
            self.assertEqual(lists[0], lists[2])
            self.assertGreater(len(json.dumps(lists[0])), 180000)
            self.assertEqual(client.answer().body, HELLO)

    def test_a_tweet_that_lacks_something_is_refused(self):
        auth = self.token()
        for body in (b"", b"handle=1", b"body=x", b"handle=x&body=y", b"[1]", b'{"handle":1,"body":2}',
                     b"handle=1&body=" + b"x" * 1001):
            self.assertEqual(self.ask("/api/tweets/", "POST", body, (auth,)).status, 400, body[:40])
        self.assertEqual(self.ask("/api/tweets/", "POST", b"x", (auth, "Content-Type: multipart/form-data")).status,
                         415)


if __name__ == "__main__":
    unittest.main()
