#!/usr/bin/python3
"""The exercise against a real application: Django REST Framework on gunicorn, with token login and SQLite."""
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import rig

APPLICATION = Path(__file__).resolve().parent / "django_app"
PYTHON = "/usr/bin/python3"     # the one that the distribution's Django belongs to
SCENARIO = """
users: 20
spawn_rate: 20
run_time: 6s
wait: 200ms..500ms
headers: { Accept: application/json }
on_start:
  - post: /api-token-auth/
    form: { username: admin@tweetcheck.com, password: admin }
    capture: { token: json /token }
  - session_headers: { Authorization: "Token ${token}" }
tasks:
  - weight: 5
    get: /api/tweets/
  - weight: 2
    get: /api/tweets/${random(1, 20)}/
    name: /api/tweets/[id]/
  - weight: 3
    post: /api/tweets/
    json: { handle: 1, body: "for a \\"quoted\\" tweet, naïve" }
    expect: { status: 201 }
"""


class Django(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.database = Path(cls.folder.name, "tweets.sqlite")
        cls.scenario = Path(cls.folder.name, "tweets.yaml")
        cls.scenario.write_text(SCENARIO, "utf-8")
        environment = {**os.environ, "TWEETCHECK_DATABASE": str(cls.database),
                       "PYTHONDONTWRITEBYTECODE": "1"}
        # What a sanitizer is told about the binary under test is no business of Python's.
        subprocess.run([PYTHON, "manage.py", "prepare"], cwd=APPLICATION, env=environment, check=True)
        cls.log = open(Path(cls.folder.name, "gunicorn.log"), "wb")
        port = rig.free_port()
        cls.server = rig.Server(
            [PYTHON, "-m", "gunicorn", "--chdir", str(APPLICATION), "--bind", f"127.0.0.1:{port}",
             "--workers", "1", "--worker-class", "gthread", "--threads", "20", "--keep-alive", "30",
             "--graceful-timeout", "2", "tweetcheck.wsgi"],
            env=environment, stdout=cls.log, stderr=cls.log)
        cls.url = f"http://127.0.0.1:{port}"
        rig.wait_for_port(port, 20)
        cls.outcome = rig.squall("run", cls.scenario, "-H", cls.url)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop(signal.SIGTERM)
        cls.log.close()
        cls.folder.cleanup()

    def rows(self, question):
        connection = sqlite3.connect(self.database)
        try:
            return connection.execute(question).fetchone()[0]
        finally:
            connection.close()

    def test_the_run_is_clean(self):
        self.assert_clean(self.outcome)
        self.assertEqual(self.outcome.count_of("POST", "/api-token-auth/"), 20)

    def test_rows_written_are_the_posts_counted(self):
        written = self.rows("SELECT count(*) FROM tweetcheck_tweet") - 20
        counted = self.outcome.count_of("POST", "/api/tweets/")
        in_flight = self.outcome.result["accounting"]["in_flight_at_end"]
        self.assertGreater(counted, 20)
        self.assertTrue(counted <= written <= counted + in_flight,
                        f"{written} rows, {counted} posts counted, {in_flight} in flight at the end")

    def test_text_arrives_as_it_was_written(self):
        self.assertEqual(self.rows("SELECT body FROM tweetcheck_tweet ORDER BY id DESC"),
                         'for a "quoted" tweet, naïve')

    def test_a_wrong_password_is_said_and_nothing_else_is_done(self):
        wrong = Path(self.folder.name, "wrong.yaml")
        wrong.write_text(SCENARIO.replace("password: admin", "password: wrong"), "utf-8")
        before = self.rows("SELECT count(*) FROM tweetcheck_tweet")
        run = rig.squall("run", wrong, "-H", self.url, "-u", 5, "-t", "2s")
        self.assert_books_balance(run)
        self.assert_exit(run, 1)
        self.assertIn("http_error", run.failures())
        self.assertIn("400", run.result["status_codes"])
        self.assertEqual(self.rows("SELECT count(*) FROM tweetcheck_tweet"), before)


if __name__ == "__main__":
    rig.need("gunicorn")
    if subprocess.run([PYTHON, "-c", "import django, rest_framework, gunicorn"],
                      stderr=subprocess.DEVNULL).returncode != 0:
        print("skipped: python3-django, python3-djangorestframework or gunicorn is not installed")
        sys.exit(rig.SKIPPED)
    rig.main()
