#!/usr/bin/python3
"""report.html in a browser: it opens from a folder without asking anybody for anything, in light and dark, and prints on A4."""
import json
import re
import tempfile
from pathlib import Path

import browser
import made_up
import rig

BYTES_MAX = 1_500_000
A4_POINTS = (595, 842)
HOUR_S, ENDPOINTS = 3600, 20
HOSTILE = ["/</script><script>alert(1)</script>", "/\"'><img src=x onerror=alert(2)>", "/<!--<script>", "/${alert(3)}", "/\u2028&lt;b&gt;"]

LABELS_CUT = """
const labelsCut = [];
const fillText = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const wide = this.measureText(text).width;
    const left = x - wide * ({ center: 0.5, right: 1 }[this.textAlign] || 0);
    if (left < 0 || left + wide > this.canvas.clientWidth)
        labelsCut.push(text);
    fillText.call(this, text, x, y);
};
"""


class ReportPage(rig.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.hour = cls.drawn("hour", made_up.result(HOUR_S, endpoints=ENDPOINTS, rate=30.0))

    @classmethod
    def drawn(cls, name, result):
        source, page = Path(cls.folder.name, f"{name}.json"), Path(cls.folder.name, f"{name}.html")
        source.write_text(json.dumps(result), "utf-8")
        assert rig.call("report", source, "-o", page) == (0, "", ""), name
        return page

    def open(self, path, **options):
        page = self.browser.page(path.as_uri(), **options)
        self.addCleanup(page.close)
        page.wait_for("document.querySelectorAll('canvas').length > 3")
        page.settle()
        return page

    def assert_alone(self, page, path):
        self.assertEqual([url for url in page.requests if not url.startswith("data:")], [path.as_uri()])
        self.assertEqual(page.troubles, [])

    def test_an_hour_of_twenty_endpoints_is_one_small_file_that_asks_for_nothing(self):
        self.assertLess(self.hour.stat().st_size, BYTES_MAX)
        page = self.open(self.hour)
        text = page.evaluate("document.body.innerText")
        self.assertRegex(text, r"\d+ of [\d,]+ requests failed: status 503\. Median [\d.]+ .s \(95 % range [^)]+\), 99 % within ")
        for heading in ("Statistics", "Charts", "Failures", "The slow ones", "Command", "squall"):
            self.assertIn(heading, text)
        self.assertEqual(page.evaluate("document.querySelector('table tbody').rows.length"), ENDPOINTS)
        self.assert_alone(page, self.hour)

    def test_it_is_light_or_dark_as_the_reader_wants(self):
        colours = []
        for is_dark in (False, True):
            page = self.open(self.hour, dark=is_dark)
            colours.append(sum(map(int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3])))
            self.assertEqual(page.troubles, [])
        self.assertGreater(colours[0], 600)
        self.assertLess(colours[1], 200)

    def test_it_prints_on_a4(self):
        paper = Path(self.folder.name, "hour.pdf")
        self.open(self.hour).print_pdf(paper)
        sizes = re.findall(rb"/MediaBox ?\[ ?0 0 ([\d.]+) ([\d.]+) ?\]", paper.read_bytes())
        self.assertGreater(len(sizes), 1)
        self.assertEqual({(round(float(width)), round(float(height))) for width, height in sizes}, {A4_POINTS})

    def test_no_label_of_a_chart_is_cut(self):
        for name, result in (("short", made_up.result(60, seed=2)), ("long", made_up.result(HOUR_S))):
            page = self.open(self.drawn(name, result), before=LABELS_CUT)
            page.click("tbody tr:nth-child(2) .opener")
            page.wait_for_text("How often which latency")
            for width, height in ((1280, 3000), (360, 6000)):
                page.resize(width, height)
                page.settle()
                self.assertEqual(page.evaluate("labelsCut"), [], f"{name}, {width} pixels wide")

    def test_names_of_others_are_only_texts(self):
        result = made_up.result(30, names=[("GET", name) for name in HOSTILE], fail_share=0.5, name="<img src=x onerror=alert(4)>")
        for failure in result["failures"]:
            failure["message"] = "</script><svg onload=alert(5)>"
        path = self.drawn("hostile", result)
        page = self.open(path)
        text = page.evaluate("document.body.textContent")
        for name in [*HOSTILE, result["name"], "</script><svg onload=alert(5)>"]:
            self.assertIn(name, text)
        self.assertEqual(page.evaluate("document.querySelectorAll('img, svg[onload]').length"), 0)
        self.assert_alone(page, path)

    def test_a_comparison_needs_no_script(self):
        other = self.drawn("other", made_up.result(60, slow=2.0, seed=2)).with_suffix(".json")
        base = self.drawn("base", made_up.result(60)).with_suffix(".json")
        path = Path(self.folder.name, "both.html")
        code, _, err = rig.call("compare", base, other, "-o", path)
        self.assertEqual((code, err), (0, ""))
        page = self.browser.page(path.as_uri())
        self.addCleanup(page.close)
        self.assertIn("One run each is no proof", page.evaluate("document.body.innerText"))
        self.assertEqual(page.evaluate("document.querySelectorAll('table').length"), 3 if "Configured" in path.read_text() else 2)
        self.assert_alone(page, path)


if __name__ == "__main__":
    browser.need_browser()
    rig.main()
