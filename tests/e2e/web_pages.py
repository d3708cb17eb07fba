"""The pages of `squall web` for the tests: opened with the made-up server, and what must hold on each of them."""
import os
import subprocess
from pathlib import Path

import made_up
import rig
import web_mock

OUTPUT = Path(os.environ.get("SQUALL_BUILD", "build")) / "web-pages"
AXE = "axe-core@4.10.2"
PHONE = (360, 740)
SERIOUS = ("serious", "critical")
STAYS = """Math.max(0, ...[...document.querySelectorAll('body *')].filter((one) => {
    const style = getComputedStyle(one);
    return style.position === 'sticky' && style.top === '0px';
}).map((one) => one.offsetHeight))"""

# A hundred ways to make text be more than text.
HOSTILE = [f"{before}{payload}{after}" for before, after in (("", ""), ("\"'>", "<!--"), ("</script>", ""), ("${", "}"), ("\u2028", "\\"))
           for payload in (
               "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<svg/onload=alert`1`>",
               "<iframe srcdoc='<script>alert(1)</script>'></iframe>", "<body onload=alert(1)>", "javascript:alert(1)",
               "<a href=javascript:alert(1)>x</a>", "<math><mtext></p><script>alert(1)</script>", "<details open ontoggle=alert(1)>",
               "<input autofocus onfocus=alert(1)>", "<video><source onerror=alert(1)>", "<style>@import'//127.0.0.1/x'</style>",
               "<meta http-equiv=refresh content='0;url=data:text/html,<script>alert(1)</script>'>", "<base href=//127.0.0.1/>",
               "{{constructor.constructor('alert(1)')()}}", "<template><script>alert(1)</script></template>", "&lt;script&gt;",
               "<object data=data:text/html,<script>alert(1)</script>>", "</textarea><script>alert(1)</script>")]
assert len(HOSTILE) == 100


def hostile_result(**more):
    """Every text of a result is hostile: names, methods, errors, host, scenario, command, the verdict, what is expected."""
    result = made_up.result(seconds=25, names=[("GET", text) for text in HOSTILE], rate=400.0, fail_share=0.05,
                            scenario=HOSTILE[1], name=HOSTILE[0], note=HOSTILE[2], **more)
    for i, row in enumerate(result["requests"]):
        row["method"] = HOSTILE[-1 - i] if i % 2 else "GET"
    result["failures"] = [{"method": HOSTILE[i], "name": text, "class": HOSTILE[-i], "message": text, "count": i + 1}
                          for i, text in enumerate(HOSTILE)]
    result.update(host=HOSTILE[3], version=HOSTILE[5], command=HOSTILE)
    result["generator"].update(verdict=HOSTILE[6], reasons=HOSTILE[7:9], bottleneck=HOSTILE[9])
    result["status_codes"] = {text: 1 for text in HOSTILE}
    result["connections"]["closed"] = {text: 1 for text in HOSTILE}
    result["expectations"] = [{"expr": text, "value_us": 1.0, "value": None, "holds": False} for text in HOSTILE]
    return result


class HostileMock(web_mock.Mock):
    """Tells hostile text wherever a server can tell text."""

    def state_answer(self):
        answer = super().state_answer()
        answer.update(plan="\n".join(HOSTILE), version=HOSTILE[4], form={**answer["form"], "host": HOSTILE[3], "tags": HOSTILE})
        answer["scenarios"] = [{**one, "name": HOSTILE[i], "file": HOSTILE[i], "tags": HOSTILE}
                               for i, one in enumerate(answer["scenarios"])]
        return answer

    def api(self, method, path, query, body):
        if path == "/tasks":
            tasks = {text: {"ratio": 0.01, "tasks": {text: {"ratio": 1.0}}} for text in HOSTILE}
            return 200, {"per_class": tasks, "total": tasks}
        if path == "/api/start":
            return 400, {"error": " ".join(HOSTILE), "field": "users"}
        if path == "/api/edit":
            return 400, {"error": " ".join(HOSTILE), "field": None}
        return super().api(method, path, query, body)


def keep_three(mock):
    """Three runs to find, name and compare."""
    mock.keep("first", made_up.result(seconds=60, seed=2, name="before the index", note="2,000 tweets in the table"))
    mock.keep("second", made_up.result(seconds=60, seed=3, slow=2.5, name="after the index"))
    mock.keep("third", made_up.result(seconds=12, seed=4, name="too short"))


def axe_source():
    """The text of axe-core from npm, kept in the build folder; None where there is no npm or no network."""
    folder = OUTPUT.parent / "web-axe"
    path = folder / "node_modules/axe-core/axe.min.js"
    if not path.is_file():
        try:
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), AXE], check=True,
                           timeout=40, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError):
            return None
    return path.read_text("utf-8")


def axe_findings(page, source):
    """[(impact, rule, element)] of what is serious."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(source + "; 1")
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map((v) => "
                          "[v.impact, v.id, v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ': ' + n.failureSummary)]))")
    return [violation for violation in found if violation[0] in SERIOUS]


class PageCase(rig.Case):
    """What must hold on every page."""

    def assert_fits(self, page, name):
        """Nothing is wider than a phone, and what stays in sight leaves three quarters of it."""
        page.resize(*PHONE)
        page.settle()
        width = page.evaluate("document.documentElement.scrollWidth")
        self.assertLessEqual(width, PHONE[0], f"{name} is {width} pixels wide on a phone")
        stays = page.evaluate(STAYS)
        self.assertLess(stays, PHONE[1] / 4, f"{stays} pixels of {name} stay in sight on a phone")
        page.resize(1280, 900)

    def assert_quiet(self, page):
        self.assertEqual(page.troubles, [])

    def take_pictures(self, page, name, is_full):
        """What a screen shows; with is_full all of the page, and dark, on a phone and on paper too."""
        page.settle()
        page.picture(OUTPUT / f"{name}-light.png", whole=is_full)
        if not is_full:
            return
        page.show_dark(True)
        page.picture(OUTPUT / f"{name}-dark.png")
        page.show_dark(False)
        page.resize(*PHONE)
        page.picture(OUTPUT / f"{name}-phone.png")
        page.resize(1280, 900)
        page.print_pdf(OUTPUT / f"{name}-print.pdf")
