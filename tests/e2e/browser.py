"""A headless Chromium driven through the DevTools protocol, over two pipes: no port, no library.

Browser() needs Debian's `chromium` (need_browser() leaves with 77 where it is not installed). A Page evaluates
JavaScript, presses keys, takes pictures, measures. Whatever opens a dialog or breaks the page's
Content-Security-Policy, or is not caught, is noted in `page.troubles`.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import rig

ANSWER_S = 60 * rig.PATIENCE


def need_browser():
    rig.need("chromium")


class Browser:
    """One process with a profile of its own; close() ends it and removes the profile."""

    def __init__(self, *options):
        self.profile = tempfile.mkdtemp(prefix="squall-browser-")
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()

        def connect_pipes():
            # Chromium reads from descriptor 3 and writes to 4. Through high numbers, as one may be in the other's place.
            source, sink = os.dup(to_read), os.dup(from_write)
            high = [os.dup2(source, 200), os.dup2(sink, 201)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu",
             "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
             "--no-first-run", "--no-default-browser-check", "--hide-scrollbars", "--no-proxy-server",
             f"--user-data-dir={self.profile}", *options],
            close_fds=False, preexec_fn=connect_pipes, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.out, self.inward = to_write, from_read
        self.buffer, self.last_id, self.answers, self.pages = b"", 0, {}, {}

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        try:
            self.send("Browser.close")
            self.process.wait(timeout=10)
        except (OSError, AssertionError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        os.close(self.inward)
        shutil.rmtree(self.profile, ignore_errors=True)

    def receive(self, seconds):
        """Reads what has come, and hands events to their pages."""
        if select.select([self.inward], [], [], seconds)[0]:
            more = os.read(self.inward, 1 << 20)
            if not more:
                raise AssertionError("the browser has ended")
            self.buffer += more
        *whole, self.buffer = self.buffer.split(b"\0") if b"\0" in self.buffer else [self.buffer]
        for text in whole:
            message = json.loads(text)
            if "id" in message:
                self.answers[message["id"]] = message
            elif message.get("sessionId") in self.pages:
                self.pages[message["sessionId"]].heard(message)

    def post(self, method, session=None, **parameters):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        return self.last_id

    def send(self, method, session=None, **parameters):
        """Asks, and waits for the answer."""
        wanted = self.post(method, session, **parameters)
        until = time.monotonic() + ANSWER_S
        while wanted not in self.answers:
            if time.monotonic() > until:
                raise AssertionError(f"{method} was not answered within {ANSWER_S} s")
            self.receive(0.2)
        answer = self.answers.pop(wanted)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def page(self, url, width=1280, height=900, dark=False, before=""):
        """Opens `url`; `before` is JavaScript that runs before the page's own."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session, target)
        page.resize(width, height)
        page.show_dark(dark)
        if before:
            page.send("Page.addScriptToEvaluateOnNewDocument", source=before)
        page.go(url)
        return page


class Page:
    def __init__(self, browser, session, target):
        self.browser, self.session, self.target = browser, session, target
        self.troubles, self.requests, self.is_loaded = [], [], False
        for domain in ("Page", "Runtime", "Log", "Network", "Performance"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setFocusEmulationEnabled", enabled=True)

    def send(self, method, **parameters):
        return self.browser.send(method, self.session, **parameters)

    def heard(self, message):
        method, parameters = message["method"], message["params"]
        if method == "Page.javascriptDialogOpening":
            self.troubles.append(f"dialog: {parameters['message']}")
            self.browser.post("Page.handleJavaScriptDialog", self.session, accept=True)
        elif method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.troubles.append(f"exception: {details.get('exception', {}).get('description', details['text'])}")
        elif method == "Log.entryAdded" and parameters["entry"]["source"] == "security":
            self.troubles.append(f"security: {parameters['entry']['text']}")
        elif method == "Page.loadEventFired":
            self.is_loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    def go(self, url):
        self.is_loaded = False
        if "loaderId" not in self.send("Page.navigate", url=url):
            return  # only the fragment is another one
        until = time.monotonic() + ANSWER_S
        while not self.is_loaded:
            if time.monotonic() > until:
                raise AssertionError(f"{url} was not loaded")
            self.browser.receive(0.2)

    def close(self):
        self.browser.pages.pop(self.session, None)
        self.browser.send("Target.closeTarget", targetId=self.target)

    def evaluate(self, expression):
        """The value of a JavaScript expression; a promise is waited for."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True, userGesture=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise AssertionError(f"{expression[:200]}: {details.get('exception', {}).get('description', details)}")
        return answer["result"].get("value")

    def wait_for(self, expression, seconds=30):
        """Waits until an expression is true, and returns its value."""
        until = time.monotonic() + seconds * rig.PATIENCE
        while True:
            value = self.evaluate(expression)
            if value:
                return value
            if time.monotonic() > until:
                raise AssertionError(f"not true after {seconds} s: {expression}; the page says: " +
                                     str(self.evaluate("document.body.innerText"))[:2000])
            self.browser.receive(0.1)

    def wait_for_text(self, text, seconds=30):
        self.wait_for(f"document.body.innerText.includes({json.dumps(text)})", seconds)

    def click(self, selector):
        """Presses what a selector finds, as a mouse would: in sight and not covered."""
        self.wait_for(f"Boolean(document.querySelector({json.dumps(selector)}))")
        self.press(f"document.querySelector({json.dumps(selector)})")

    def click_button(self, label):
        """Presses the visible button or link with this text."""
        found = ("[...document.querySelectorAll('button, a, summary')]"
                 f".find((e) => e.textContent.trim() === {json.dumps(label)} && e.offsetParent)")
        self.wait_for(f"Boolean({found})")
        self.press(found)

    def press(self, element):
        place = self.evaluate(
            f"(() => {{ const e = {element}; e.scrollIntoView({{ block: 'center', behavior: 'instant' }});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def type_into(self, selector, text):
        """Replaces the text of a field, key by key as far as the page can tell."""
        self.wait_for(f"Boolean(document.querySelector({json.dumps(selector)}))")
        self.evaluate(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.focus(); e.select(); }})()")
        if text:
            self.send("Input.insertText", text=text)
        else:
            self.evaluate("document.execCommand('delete')")

    def key(self, key):
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35}
        text = {"text": "\r"} if key == "Enter" else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, code=key,
                  windowsVirtualKeyCode=codes.get(key, 0), **text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=codes.get(key, 0))

    def resize(self, width, height, density=1):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=density, mobile=False)

    def show_dark(self, is_dark):
        self.send("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    def settle(self):
        """Two frames later everything that was asked to be drawn is."""
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def picture(self, path, whole=True):
        """A PNG of the page, of all of it when `whole`."""
        if whole:
            width = self.evaluate("innerWidth")
            height = min(int(self.evaluate("document.documentElement.scrollHeight")), 8000)
            before = self.evaluate("innerHeight")
            self.resize(width, max(height, before))
            self.settle()
        time.sleep(0.1)
        answer = self.send("Page.captureScreenshot", format="png")
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer["data"]))
        if whole:
            self.resize(width, before)

    def print_pdf(self, path):
        answer = self.send("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
        Path(path).write_bytes(base64.b64decode(answer["data"]))

    def heap_bytes(self):
        """JavaScript's heap after a collection."""
        self.send("HeapProfiler.collectGarbage")
        return self.send("Runtime.getHeapUsage")["usedSize"]

    def metrics(self):
        return {m["name"]: m["value"] for m in self.send("Performance.getMetrics")["metrics"]}
