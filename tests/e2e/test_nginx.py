#!/usr/bin/python3
"""Against nginx: keep-alive, pipelining, missing pages, large bodies, and a restart in the middle of a run."""
import collections
import os
import signal
import tempfile
import threading
import time
from pathlib import Path

import rig

CONFIG = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    log_format seen '$status $connection $request_method $uri';
    access_log {folder}/access.log seen;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} reuseport;
        root {folder}/pages;
        location = /small {{ return 200 "a small answer"; }}
        location = /few {{ keepalive_requests 10; return 200 "ten of these per connection"; }}
    }}
}}
"""
LARGE = 1024 * 1024


class Nginx:
    def __init__(self, folder):
        self.folder, self.port = folder, rig.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        Path(folder, "pages").mkdir()
        Path(folder, "pages", "large").write_bytes(os.urandom(LARGE))
        user = "user root;" if os.getuid() == 0 else ""
        Path(folder, "nginx.conf").write_text(
            CONFIG.format(folder=folder, port=self.port, user=user), "utf-8")
        self.start()

    def start(self):
        binary = "/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx"
        self.server = rig.Server(
            [binary, "-p", self.folder, "-c", f"{self.folder}/nginx.conf",
             "-e", f"{self.folder}/error.log"])
        rig.wait_for_port(self.port)

    def stop(self, number=signal.SIGTERM):
        self.server.stop(number)

    def take_log(self):
        """(status, connection, method, path) of each request since the last call. Waits for the last line."""
        path = Path(self.folder, "access.log")
        lines = []
        for _ in range(50):
            before, lines = lines, path.read_text("utf-8").splitlines()
            if lines and len(lines) == len(before):
                break
            time.sleep(0.05)
        os.truncate(path, 0)
        return [tuple(line.split(" ")) for line in lines]


class AgainstNginx(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.nginx = Nginx(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.nginx.stop()
        cls.folder.cleanup()

    def setUp(self):
        # The probe that waited for the port may have left a line.
        os.truncate(Path(self.folder.name, "access.log"), 0)

    def test_connections_are_kept_alive(self):
        run = rig.squall(self.nginx.url + "/small", "-n", 5000, "-c", 8)
        self.assert_clean(run)
        log = self.nginx.take_log()
        self.assertEqual(len(log), 5000)
        self.assertEqual(len({entry[1] for entry in log}), 8)
        self.assertEqual(run.result["connections"]["opened"], 8)
        self.assertEqual(run.result["connections"]["reused"], 5000 - 8)

    def test_pipelined_requests_are_all_answered(self):
        run = rig.squall(self.nginx.url + "/small", "-n", 20000, "-c", 4, "-p", 16)
        self.assert_clean(run)
        self.assertEqual(run.result["total"]["ok"], 20000)
        self.assertEqual(len(self.nginx.take_log()), 20000)

    def test_a_server_that_ends_connections_costs_no_request(self):
        for pipeline in (1, 4):
            with self.subTest(pipeline=pipeline):
                run = rig.squall(self.nginx.url + "/few", "-n", 2000, "-c", 4, "-p", pipeline)
                self.assert_clean(run)
                self.assertEqual(run.result["total"]["ok"], 2000)
                self.assertGreaterEqual(run.result["connections"]["opened"], 200)
                self.nginx.take_log()

    def test_requests_per_connection_are_as_many_as_asked_for(self):
        run = rig.squall(self.nginx.url + "/small", "-n", 1000, "-c", 4,
                         "--requests-per-connection", 5)
        self.assert_clean(run)
        uses = collections.Counter(entry[1] for entry in self.nginx.take_log())
        self.assertEqual(sum(uses.values()), 1000)
        self.assertLessEqual(max(uses.values()), 5)
        self.assertLessEqual(len(uses), 1000 // 5 + 4)

    def test_missing_pages_are_failures(self):
        run = rig.squall(self.nginx.url + "/nothing", "-n", 300, "-c", 4)
        self.assert_books_balance(run)
        self.assertEqual(run.failures(), {"http_error": 300})
        self.assertEqual(run.result["status_codes"], {"404": 300})
        self.assert_exit(run, 1)

    def test_large_bodies_are_counted_to_the_byte(self):
        run = rig.squall(self.nginx.url + "/large", "-n", 200, "-c", 8)
        self.assert_clean(run)
        total = run.result["total"]
        self.assertGreaterEqual(total["bytes_in"], 200 * LARGE)
        self.assertLess(total["bytes_in"], 200 * (LARGE + 512))

    def test_a_head_request_gets_no_body(self):
        run = rig.squall(self.nginx.url + "/large", "-X", "HEAD", "-n", 500, "-c", 4)
        self.assert_clean(run)
        self.assertLess(run.result["total"]["bytes_in"], 500 * 512)

    def test_a_restart_in_the_middle_is_counted_and_recovered_from(self):
        def restart():
            time.sleep(1.5)
            self.nginx.stop(signal.SIGTERM)
            time.sleep(1.0)
            self.nginx.start()
        thread = threading.Thread(target=restart)
        running = rig.Running(self.nginx.url + "/small", "-d", "5s", "-c", 8, "-R", 2000)
        thread.start()
        run = running.wait()
        thread.join()
        self.assert_books_balance(run)
        self.assert_exit(run, 1)
        self.assertLessEqual(
            set(run.failures()),
            {"connect_refused", "reset_mid_response", "eof_before_response", "send_reset",
             "eof_mid_body"}, str(run))
        self.assertIn("connect_refused", run.failures())
        answered = sum(1 for entry in self.nginx.take_log() if entry[0] == "200")
        # A request answered by the dying server and lost on the way is in the log and not ok.
        self.assertLessEqual(run.result["total"]["ok"], answered)
        self.assertLessEqual(answered - run.result["total"]["ok"], 16)
        last = run.result["timeline"][-1]
        self.assertEqual(last["failures_per_s"], 0, "one second after the server is back all is well")
        self.assertGreater(last["rps"], 1000 if not rig.SANITIZED else 100)


if __name__ == "__main__":
    rig.need("nginx")
    rig.main()
