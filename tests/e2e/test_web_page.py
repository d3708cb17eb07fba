#!/usr/bin/python3
"""Claims: the page of `squall web` plays the exercise, compares its runs, keeps hostile text inert, and can be used by everybody.

In a browser without a window (Debian's chromium; skipped without). The pictures of its pages stay in the build folder, in
web-pages/. With SQUALL_WEB=full the exercise runs at its own pace, 250 users at 25 per second who think for seconds, and each
page is taken light, dark, on a phone and on paper:

    SQUALL_WEB=full meson test -C build web_page
"""
import json
import os
import tempfile
import unittest
from pathlib import Path

import browser
import made_up
import rig
import web_mock
import web_pages
from web_client import Web
from web_pages import HOSTILE, OUTPUT

FULL = os.environ.get("SQUALL_WEB") == "full"
SPAWN_RATE, WAIT, SECONDS = (25, "5s..10s", 40) if FULL else (500, "100ms..200ms", 1.5)
USERS = 250

LOGIN = """
host: http://127.0.0.1:8000
users: 1
spawn_rate: 1
wait: {wait}
on_start:
  - post: /api-token-auth/
    form: {{ username: admin@tweetcheck.com, password: admin }}
    capture: {{ token: json /token }}
  - session_headers: {{ Authorization: "Token ${{token}}" }}
tasks:
  - get: /api/tweets/
"""
WRITES = """
  - post: /api/tweets/
    json: { handle: 1, body: hello }
    expect: { status: 201 }
"""


class Shared(web_pages.PageCase):
    """One browser for all tests."""

    browser = None

    @classmethod
    def setUpClass(cls):
        if Shared.browser is None:
            Shared.browser = browser.Browser()
            unittest.addModuleCleanup(Shared.browser.close)


class Exercise(Shared):
    def start(self, page, name, scenario):
        page.evaluate(f"(() => {{ const s = document.querySelector('select[name=scenario]'); s.selectedIndex = {scenario};"
                      " s.dispatchEvent(new Event('change')); })()")
        for field, text in (("users", USERS), ("spawn_rate", SPAWN_RATE), ("run_time", ""), ("name", name)):
            page.type_into(f"input[name={field}]", str(text))
        page.click_button("Start")
        page.wait_for(f"document.querySelector('.figure.users b')?.textContent === '{USERS}'", 20)
        page.wait_for(f"document.querySelectorAll('.statistics-part tbody .opener').length === {3 - scenario}")
        page.evaluate(f"new Promise((done) => setTimeout(() => done(1), {SECONDS * 1000}))")

    def stop(self, page):
        page.click_button("Stop")
        page.wait_for("[...document.querySelectorAll('.bar .state')].some((e) => e.textContent === 'stopped')")

    def test_the_exercise_is_started_watched_stopped_run_again_and_compared(self):
        target = rig.Target()
        self.addCleanup(target.stop)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        Path(folder, "both.yaml").write_text(LOGIN.format(wait=WAIT) + WRITES, "utf-8")
        Path(folder, "reads.yaml").write_text(LOGIN.format(wait=WAIT), "utf-8")
        with Web(Path(folder, "both.yaml"), Path(folder, "reads.yaml"), "-H", target.url) as web:
            page = self.browser.page(web.url + "/")
            page.wait_for_text("users started per second")
            page.type_into("input[name=users]", "many")
            page.click_button("Start")
            page.wait_for_text("expected a whole number")
            self.assertEqual(page.evaluate("document.activeElement.name"), "users")
            self.start(page, "reads and writes", 0)
            rows = page.evaluate("[...document.querySelectorAll('.statistics-part tbody tr')].map((r) => [...r.cells].slice(0, 4)"
                                 ".map((c) => c.textContent))")
            self.assertEqual([row[:2] for row in rows], [["POST", "/api-token-auth/"], ["GET", "/api/tweets/"],
                                                         ["POST", "/api/tweets/"]])
            self.assertTrue(all(int(row[2].replace(",", "")) > 0 and row[3] == "0" for row in rows), rows)
            page.click("tbody tr:nth-child(2) .opener")
            page.wait_for_text("95 % range")
            self.take_pictures(page, "run", FULL)
            self.stop(page)
            page.click_button("New run")
            self.start(page, "reads only", 1)
            self.stop(page)
            page.click_button("Kept runs 2")
            page.wait_for("document.querySelectorAll('.chooser input').length === 2")
            page.evaluate("document.querySelectorAll('.chooser input').forEach((box) => box.click())")
            page.click_button("Compare")
            page.wait_for_text("reads only against reads and writes:")
            cells = page.evaluate("[...document.querySelectorAll('.compare table')].map((t) => [...t.rows].map((r) => "
                                  "r.cells[0].textContent))")
            self.assertEqual(cells[0], ["Endpoint", "POST /api-token-auth/", "GET /api/tweets/", "POST /api/tweets/", "Aggregated"])
            self.take_pictures(page, "exercise-compared", FULL)
            self.assert_quiet(page)
            counted, [first, second] = target.counts(), web.ask("/api/runs").json[::-1]
            seen = sum(web.ask(f"/api/runs/{run['id']}").json["total"]["count"] for run in (first, second))
            self.assertLessEqual(seen, sum(counted.values()))
            page.close()


@unittest.skipIf(rig.SANITIZED, "the page is the same in every build")
class Hostile(Shared):
    INERT = """(() => {
        const allowed = new Set(%s);
        return [...document.body.querySelectorAll('*')].map((e) => e.localName).filter((n) => !allowed.has(n))
            .concat([...document.querySelectorAll('*')].flatMap((e) => [...e.attributes]).filter((a) =>
                a.name.startsWith('on') || (a.name === 'href' && !/^(#|app[.]css$|data:,|[/]api[/])/.test(a.value)) ||
                (a.name === 'src' && a.value !== 'app.js')).map((a) => a.name + '=' + a.value));
    })()""" % json.dumps("""a b button canvas caption dd details dialog div dl dt fieldset figcaption figure form h1 h2 h3 header i
        input label legend li main nav noscript option p pre script section select span strong summary table tbody td tfoot th
        thead tr ul""".split())

    def assert_inert(self, page, where):
        self.assertEqual(page.evaluate(self.INERT), [], where)
        self.assertEqual(page.evaluate("document.querySelectorAll('body script').length"), 2 if where == "report" else 0, where)
        self.assert_quiet(page)

    def test_a_hundred_hostile_texts_stay_text_everywhere(self):
        mock = web_pages.HostileMock(web_pages.hostile_result(), speed=0.1)
        self.addCleanup(mock.close)
        for i in range(3):
            mock.keep(HOSTILE[i], web_pages.hostile_result(seed=i + 2))
        page = self.browser.page(mock.url)
        page.wait_for_text("<svg onload=alert(1)>")
        page.click_button("Start")
        page.wait_for_text("<iframe srcdoc")
        self.assert_inert(page, "form")
        mock.begin_at("live", 20)
        page.go(mock.url + "?again")
        page.wait_for("document.querySelectorAll('.statistics-part tbody tr').length === 100")
        self.assertEqual(set(HOSTILE) - set(page.evaluate(
            "[...document.querySelectorAll('.statistics-part .opener')].map((e) => e.textContent)")), set())
        page.click("tbody tr:nth-child(2) .opener")
        page.click_button("Edit")
        page.click_button("Change")
        page.wait_for_text("<details open")
        self.assert_inert(page, "live")
        page.key("Escape")
        page.go(mock.url + "#runs")
        page.wait_for("document.querySelectorAll('.chooser input').length === 3")
        self.assert_inert(page, "runs")
        page.evaluate("document.querySelectorAll('.chooser input').forEach((box) => box.click())")
        page.click_button("Compare")
        page.wait_for("document.querySelectorAll('.compare tbody tr').length > 200")
        self.assert_inert(page, "compare")
        page.go(mock.url + "#run=" + "".join(f"%{byte:02x}" for byte in HOSTILE[1].encode()))
        page.wait_for("document.querySelectorAll('.failures-part tbody tr').length === 100")
        self.assert_inert(page, "kept")
        page.go(mock.url + "#run=<img src=y onerror=alert(2)>&row=<svg onload=alert(1)>")
        page.wait_for_text("is kept")
        self.assert_inert(page, "no such run")
        page.close()

    def test_they_stay_text_in_a_report(self):
        with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
            file.write(web_mock.report_html(web_pages.hostile_result()))
            file.flush()
            page = self.browser.page("file://" + file.name)
            page.wait_for("document.querySelectorAll('.failures-part tbody tr').length === 100")
            self.assertEqual(page.evaluate("document.querySelectorAll('body script').length"), 2)
            self.assertEqual([url for url in page.requests if not url.startswith(("file:", "data:"))], [])
            self.assert_quiet(page)
            page.close()


@unittest.skipIf(rig.SANITIZED, "the page is the same in every build")
class Everybody(Shared):
    """The pages with made-up results: for readers of screens, hands without a mouse, phones, paper."""

    def setUp(self):
        self.mock = web_mock.Mock(made_up.result(seconds=300, seed=5))
        self.addCleanup(self.mock.close)
        web_pages.keep_three(self.mock)

    def pages(self):
        """(name, page) of each page, as it looks when somebody has used it."""
        page = self.browser.page(self.mock.url)
        page.wait_for_text("users started per second")
        page.type_into("input[name=users]", "many")
        page.click_button("Start")
        page.wait_for_text("expected a number")
        yield "form", page
        self.mock.begin_at("live", 20)
        page.wait_for_text("Stop")
        page.click("tbody tr:nth-child(2) .opener")
        page.wait_for_text("95 % range")
        yield "live", page
        page.click_button("Edit")
        yield "edit", page
        page.key("Escape")
        page.click_button("Stop")
        page.wait_for_text("Run again")
        yield "stopped", page
        for name, fragment, text in (("runs", "#runs", "before the index"), ("kept", "#run=first&row=GET%20%2Fapi%2Ftweets%2F",
                                     "95 % range"), ("compare", "#compare=first,second,third", "Over one another")):
            page.go(self.mock.url + fragment)
            page.wait_for_text(text)
            yield name, page
        page.go(self.mock.url + "report.html")
        page.wait_for_text("Degradation")
        yield "report", page
        page.close()

    def test_no_page_has_a_serious_finding_of_axe_or_scrolls_sideways_on_a_phone(self):
        axe = web_pages.axe_source()
        for name, page in self.pages():
            with self.subTest(name):
                page.settle()
                if axe:
                    for is_dark in (False, True) if FULL else (False,):
                        page.show_dark(is_dark)
                        page.settle()
                        self.assertEqual(web_pages.axe_findings(page, axe), [], f"{name}, dark: {is_dark}")
                    page.show_dark(False)
                self.assert_fits(page, name)
                self.take_pictures(page, name, FULL)
                self.assert_quiet(page)
        if not axe:
            print("axe-core could not be fetched with npm: its findings are not known")

    def test_a_run_is_started_sorted_and_opened_with_keys_alone(self):
        page = self.browser.page(self.mock.url)
        page.wait_for_text("users started per second")
        page.evaluate("document.querySelector('input[name=users]').focus()")
        page.key("Enter")
        page.wait_for_text("Stop")
        self.assertEqual(self.mock.bodies[-1][0], "/api/start")
        self.assertEqual(self.mock.bodies[-1][1]["users"], 250)
        self.assertEqual(self.mock.bodies[-1][2], "made-up")
        page.evaluate("document.querySelector('.statistics-part thead th:nth-child(3) button').focus()")
        page.key("Enter")
        page.wait_for("document.querySelector('.statistics-part thead th:nth-child(3)').ariaSort === 'descending'")
        page.wait_for("document.querySelectorAll('.charts-part .chart').length === 4")
        page.evaluate("document.querySelector('.statistics-part .opener').focus()")
        page.key("Enter")
        page.wait_for("document.activeElement.getAttribute('aria-expanded') === 'true'")
        page.wait_for("location.hash.startsWith('#row=')")
        page.wait_for("document.querySelectorAll('.charts-part [aria-label]').length > 0 && "
                      "document.querySelector('.viewer .bar .figure.time b').textContent >= '0:01'")
        page.evaluate("document.querySelector('.charts-part .plot').focus()")
        page.key("Home")
        self.assertFalse(page.evaluate("document.querySelector('.charts-part .plot .cursor').hidden"))
        page.key("Escape")
        self.assertTrue(page.evaluate("document.querySelector('.charts-part .plot .cursor').hidden"))
        self.assert_quiet(page)
        page.close()

    def test_a_stored_histogram_is_the_one_that_was_encoded(self):
        page = self.browser.page(self.mock.url + "#run=first")
        page.wait_for_text("Degradation")
        values = [0.5, 1, 2, 3, 1500.25, 1500.25, 99999, 3600e6]
        found = page.evaluate(f"squall.histogram.decode({json.dumps(made_up.hist_text(values))})")
        self.assertEqual(sum(bucket["count"] for bucket in found), len(values))
        for value in values:
            self.assertEqual(len([b for b in found if b["low"] <= value < b["high"]]), 1, value)
        page.close()

    def test_the_token_of_an_address_is_taken_out_of_it_and_outlives_a_reload(self):
        page = self.browser.page(self.mock.url + "#token=0123abcd")
        page.wait_for_text("users started per second")
        self.assertEqual(page.evaluate("[location.hash, sessionStorage.getItem('squall-token'), squall.server.isTokenGiven()]"),
                         ["", "0123abcd", True])
        page.go(self.mock.url + "?again")
        page.wait_for_text("users started per second")
        self.assertTrue(page.evaluate("squall.server.isTokenGiven()"))
        page.close()

    def test_a_lost_server_is_told_and_found_again(self):
        page = self.browser.page(self.mock.url)
        page.wait_for_text("New run")
        page.send("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
        page.wait_for_text("squall does not answer; trying again every second.")
        page.send("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
        page.wait_for("!document.body.innerText.includes('does not answer')")
        page.close()


if __name__ == "__main__":
    OUTPUT.mkdir(parents=True, exist_ok=True)
    browser.need_browser()
    rig.main()
