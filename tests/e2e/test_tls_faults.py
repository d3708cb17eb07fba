#!/usr/bin/python3
"""Certificates and TLS servers of the bad kind: each request ends in its class, with the reason, balanced books."""
import rig
from tls_stage import Authority, Stage

REQUESTS = 3

# (number, claim, certificate, options, a part of the reason). With -k all of them are accepted.
CERTIFICATES = [
    ("T1", "an expired certificate", "expired", [], "certificate has expired"),
    ("T2", "one that is not valid yet", "future", [], "certificate is not yet valid"),
    ("T3", "another host's", "wrong_host", ["--sni", "localhost"], "hostname mismatch"),
    ("T4", "another address's", "wrong_address", [], "IP address mismatch"),
    ("T5", "a self-signed one", "self_signed", [], "self-signed certificate"),
    ("T6", "one of an unknown root", "stranger", [], "unable to get local issuer certificate"),
    ("T7", "a chain with a piece missing", "orphan", [], "unable to get local issuer certificate"),
    ("T8", "a weak key", "weak_key", [], "EE certificate key too weak"),
    ("T8", "a digest of SHA-1", "sha1", [], "CA signature digest algorithm too weak"),
    ("T9", "a wildcard for one label only", "wildcard", ["--sni", "a.b.example.org"],
     "hostname mismatch"),
    ("T10", "one that is for clients", "wrong_usage", [], "unsuitable certificate purpose"),
    ("T11", "a revoked one", "revoked", ["--cacert", "strict_root"], "certificate revoked"),
    ("T12", "one outside its issuer's names", "fenced", [], "permitted subtree violation"),
]

# (number, claim, act, more of the stage, options, class, a part of the reason). After as many connections as there are
# requests in the class the server is a good one, and so is every answer.
ACTS = [
    ("T13", "plaintext on a port of TLS", "answer_in_plaintext", {}, [], "tls_proto",
     "the server does not speak TLS here"),
    ("T14", "HTTP/2 chosen though not offered", "answer_http2", {}, [], "tls_proto", ""),
    ("T15", "a handshake that stalls", "stall", {}, ["--timeout", "150ms"], "connect_timeout",
     "no TLS handshake in time"),
    ("T16", "a handshake in single bytes, slowly", "trickle", {}, ["--timeout", "150ms"],
     "connect_timeout", "no TLS handshake in time"),
    ("T17", "a close after our hello", "close_after_hello", {}, [], "tls_eof",
     "closed in the handshake"),
    ("T18", "a reset after our hello", "reset_after_hello", {}, [], "tls_eof",
     "reset in the handshake"),
    ("T19", "an alert in the middle of a body", "alert_in_a_body", {}, [], "tls_proto", ""),
    ("T20", "a body that the connection's end ends, unannounced", "cut_unended", {}, [], "tls_eof",
     "without close_notify"),
    ("T20", "a body cut short, unannounced", "cut_in_a_body", {}, [], "tls_eof",
     "without close_notify"),
    ("T20", "a body cut short, announced", "end_in_a_body", {}, [], "eof_mid_body", ""),
    ("T20", "a reset in the middle of a body", "reset_in_a_body", {}, [], "reset_mid_response", ""),
    ("T21", "another handshake wanted", "renegotiate", {}, [], "tls_proto",
     "the server asks for another handshake"),
    ("T22", "a flood of new keys", "flood_of_keys", {}, [], "tls_proto",
     "too many tickets or new keys without data"),
    ("T23", "a flood of tickets", "flood_of_tickets", {}, [], "tls_proto",
     "too many tickets or new keys without data"),
    ("T23", "a flood of empty records", "flood_of_nothing", {}, [], "tls_proto",
     "record too small"),
    ("T24", "a client certificate wanted, none given", "answer", {"client_root": "root"}, [],
     "tls_proto", "certificate required"),
    ("T24", "a client certificate of an unknown root", "answer", {"client_root": "root"},
     ["--cert", "stranger_client"], "tls_proto", "unknown ca"),
    ("T25", "a record longer than there are", "overlong_record", {}, [], "tls_proto",
     "packet length too long"),
    ("T26", "a chain of 100 KiB", "answer", {"certificate": "long_chain"}, [], "tls_proto",
     "excessive message size"),
    ("T26", "a version that is too old", "answer_tls_1_1", {}, [], "tls_proto", ""),
]
# Faults of the server as a whole: it does not get better.
FOR_EVER = {"answer_http2", "answer", "answer_tls_1_1"}


class TlsFaults(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()

    @classmethod
    def tearDownClass(cls):
        cls.authority.close()

    def files_of(self, options):
        return [self.authority.file(word) if before in ("--cacert", "--cert") else word
                for before, word in zip([""] + options, options)]

    def play(self, server, count, *options):
        run = rig.squall(server.url, "-n", count, "-c", 1, "--timeout", "5s", *options, timeout=20)
        self.assert_books_balance(run)
        self.assertEqual(run.result["counters"]["bad_events"], 0, run)
        return run

    def assert_reasons(self, run, wanted):
        for failure in run.result["failures"]:
            self.assertIn(wanted, failure["message"], run)

    def refuse(self, certificate, options, reason):
        with Stage(self.authority, "answer", certificate) as server:
            given = ["--cacert", self.authority.file("root"), *self.files_of(options)]
            run = self.play(server, REQUESTS, *given)
            self.assertEqual(run.failures(), {"tls_cert": REQUESTS}, run)
            self.assert_reasons(run, reason)
            self.assert_exit(run, 1)
            self.assert_clean(self.play(server, REQUESTS, *given, "-k"))

    def endure(self, act, more, options, failure, reason):
        good = 0 if act in FOR_EVER else REQUESTS
        with Stage(self.authority, act, times=REQUESTS if good else 0, **more) as server:
            run = self.play(server, REQUESTS + good, "--cacert", self.authority.file("root"),
                            *self.files_of(options))
            self.assertEqual(run.failures(), {failure: REQUESTS}, run)
            self.assertEqual(run.result["total"]["ok"], good, run)
            self.assert_reasons(run, reason)
            self.assert_exit(run, 1)

    def test_a_certificate_is_good_until_revoked_and_with_its_whole_chain(self):
        for certificate in ("good", "revoked", "family"):
            with self.subTest(certificate), Stage(self.authority, "answer", certificate) as server:
                self.assert_clean(self.play(server, REQUESTS, "--cacert", self.authority.file("root")))


def add_tests(method, rows):
    """A test for each row, with its number and its claim as its name."""
    for number, claim, *row in rows:
        name = f"test_{number}_" + "".join(c if c.isalnum() else "_" for c in claim)
        setattr(TlsFaults, name, lambda self, row=row: getattr(self, method)(*row))


add_tests("refuse", CERTIFICATES)
add_tests("endure", ACTS)

if __name__ == "__main__":
    rig.main()
