#!/usr/bin/python3
"""https:// on the wire: every kind of load, every option, both versions, resumption, scenarios and redirects."""
import tempfile
from pathlib import Path

import rig
from tls_stage import Authority, Stage


class Tls(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()

    @classmethod
    def tearDownClass(cls):
        cls.authority.close()

    def trust(self):
        return ["--cacert", self.authority.file("root")]

    def test_requests_are_answered_over_both_versions(self):
        for act, version in (("answer", "TLSv1.3"), ("answer_tls_1_2", "TLSv1.2")):
            with self.subTest(act), Stage(self.authority, act) as server:
                run = rig.squall(server.url, "-n", 50, "-c", 1, *self.trust())
                self.assert_clean(run)
                self.assertEqual(run.result["counters"]["tls_handshakes"], 1)
                self.assertEqual(run.result["connections"]["reused"], 49)
                self.assertEqual(run.result["host"], server.url[:-1])
                phases = run.result["phases_us"]
                counts = [phases[key]["count"] for key in ("connect", "tls", "first_byte")]
                self.assertEqual(counts, [1, 1, 50])
                self.assertLess(0, phases["tls"]["p50"])
                self.assertTrue(run.result["tls"]["verified"])
                self.assertEqual(run.result["tls"]["version"], version)
                self.assertNotIn("NOT VERIFIED", run.out)

    def test_a_certificate_that_is_not_verified_is_in_every_report(self):
        with Stage(self.authority, "answer", "expired") as server:
            run = rig.squall(server.url, "-n", 5, "-c", 1, "-k")
            self.assert_clean(run)
            self.assertIn("certificates NOT VERIFIED", run.out)
            self.assertFalse(run.result["tls"]["verified"])

    def test_new_connections_are_resumed_unless_asked_not_to_be(self):
        for act in ("answer", "answer_tls_1_2"):
            with self.subTest(act), Stage(self.authority, act) as server:
                options = ("-n", 20, "-c", 1, "--requests-per-connection", 1, *self.trust())
                run = rig.squall(server.url, *options)
                self.assert_clean(run)
                self.assertEqual(run.result["counters"]["tls_handshakes"], 20)
                self.assertEqual(run.result["counters"]["tls_resumed"], 19)
                run = rig.squall(server.url, *options, "--no-tls-resume")
                self.assert_clean(run)
                self.assertEqual(run.result["counters"]["tls_resumed"], 0)

    def test_a_server_without_tickets_gets_full_handshakes(self):
        with Stage(self.authority, "answer_forgetful") as server:
            run = rig.squall(server.url, "-n", 5, "-c", 1, "--requests-per-connection", 1, *self.trust())
            self.assert_clean(run)
            self.assertEqual(run.result["counters"]["tls_resumed"], 0)

    def test_versions_can_be_fenced_in(self):
        with Stage(self.authority, "answer_tls_1_2") as server:
            run = rig.squall(server.url, "-n", 2, "-c", 1, "--tls-min", "1.3", *self.trust())
            self.assertEqual(run.failures(), {"tls_proto": 2}, run)
            run = rig.squall(server.url, "-n", 2, "-c", 1, "--tls-max", "1.2", *self.trust())
            self.assert_clean(run)

    def test_a_client_shows_its_certificate_when_asked(self):
        with Stage(self.authority, "answer", client_root="root") as server:
            run = rig.squall(server.url, "-n", 5, "-c", 1, *self.trust(),
                             "--cert", self.authority.file("client"))
            self.assert_clean(run)

    def test_the_name_to_expect_can_be_another(self):
        with Stage(self.authority, "answer", "wildcard") as server:
            run = rig.squall(server.url, "-n", 5, "-c", 1, *self.trust(), "--sni", "www.example.org")
            self.assert_clean(run)

    def test_the_name_stays_when_the_way_is_another(self):
        with Stage(self.authority, "answer", "wildcard") as server:
            run = rig.squall("https://www.example.org/", "--connect-to", f"127.0.0.1:{server.port}", "-n", 5,
                             "-c", 1, *self.trust())
            self.assert_clean(run)

    def test_pipelined_requests_and_large_bodies_leave_in_order(self):
        with Stage(self.authority, "answer") as server, tempfile.NamedTemporaryFile() as body:
            self.assert_clean(rig.squall(server.url, "-n", 200, "-c", 1, "-p", 8, *self.trust()))
            body.write(b"x" * 300000)       # several pieces of 64 KiB
            body.flush()
            self.assert_clean(rig.squall(server.url, "-n", 20, "-c", 1, "--data", "@" + body.name,
                                         *self.trust()))

    def test_odd_but_right_servers_are_no_failure(self):
        for act in ("new_keys", "tiny_records", "end_unended", "cut_when_idle"):
            with self.subTest(act), Stage(self.authority, act) as server:
                self.assert_clean(rig.squall(server.url, "-n", 5, "-c", 1, *self.trust()))

    def test_a_scenario_goes_to_hosts_with_and_without_tls(self):
        with Stage(self.authority, "answer") as server, rig.Target() as target, \
                tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "both.yaml")
            path.write_text(f"""
host: {server.url[:-1]}
hosts: [ {target.url} ]
users: 1
tasks:
  - get: /
  - get: {target.url}/json
    name: plain
  - get: {target.url}/redirect-to?url={server.url}there&status=302
    name: there
    redirects: 2
""", "utf-8")
            run = rig.squall("run", path, "-n", 30, *self.trust())
            self.assert_clean(run)
            self.assertGreater(run.count_of("GET", "there"), 0, run)
            self.assertGreater(run.count_of("GET", "plain"), 0, run)

    def test_the_built_in_server_speaks_tls_with_every_kind_of_answer(self):
        with rig.Target("--tls", "--threads", "2") as target:
            self.assertRegex(target.url, "^https://")
            for path, options in [
                ("/bytes/100", ["-p", 4]), ("/bytes/300000", []), ("/chunked/100000", []), ("/close", []),
                ("/slow/2000?bytes_per_s=20000", []), ("/gzip/1000", []), ("/delay/5ms", []),
                ("/echo", ["--data", "x" * 30000]), ("/json", ["--requests-per-connection", 1]),
            ]:
                with self.subTest(path):
                    self.assert_clean(rig.squall(target.url + path, "-n", 8, "-c", 2, "-k", *options))

    def test_the_built_in_server_has_the_certificate_it_is_given(self):
        with rig.Target("--cert", self.authority.file("good")) as target:
            self.assert_clean(rig.squall(target.url + "/json", "-n", 5, "-c", 1, *self.trust()))
        code, _, err = rig.call("target", "--cert", "/nonexistent")
        self.assertEqual(code, 2)
        self.assertEqual(err, "squall target: cannot use the certificate '/nonexistent': "
                              "No such file or directory\n")

    def test_an_ipv6_address_is_expected_in_the_certificate(self):
        for certificate, failures in (("good", {}), ("wrong_address", {"tls_cert": 5})):
            with self.subTest(certificate), rig.Target("--listen", "[::1]:0", "--cert", self.authority.file(certificate)) as target:
                run = rig.squall(target.url + "/json", "-n", 5, "-c", 1, *self.trust())
                self.assert_books_balance(run)
                self.assertEqual(run.failures(), failures, run)

    def test_mistakes_are_one_sentence_and_exit_2(self):
        url = "https://127.0.0.1:9/"
        client, root = self.authority.file("client"), self.authority.file("root")
        for arguments, sentence in [
            (["--cacert", "/nonexistent"],
             "cannot use the trusted certificates '/nonexistent': No such file or directory"),
            (["--cert", "/nonexistent"],
             "cannot use the certificate '/nonexistent': No such file or directory"),
            (["--cert", root], f"cannot use the key '{root}': "),
            (["--key", client], f"the key '{client}' is of no use without a certificate"),
            (["--ciphers", "TLS_NONE"], "no cipher that this OpenSSL knows is in 'TLS_NONE'"),
            (["--tls-min", "1.1"], "--tls-min: expected one of 1.2|1.3, got '1.1'"),
            (["--tls-min", "1.3", "--tls-max", "1.2"],
             "--tls-min: expected at most what --tls-max says"),
            (["--sni", ""], "a host name has 1 to 255 bytes, not 0"),
        ]:
            with self.subTest(arguments):
                code, out, err = rig.call(url, *arguments)
                self.assertEqual((code, out), (2, ""), err)
                self.assertIn("squall: " + sentence, err)


if __name__ == "__main__":
    rig.main()
