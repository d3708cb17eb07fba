#!/usr/bin/python3
"""What an hour of seconds on 20 endpoints costs the browser, against the made-up server.

usage: web_hour.py [--seconds N] [--endpoints N]        exit 1 when a figure is missed

    interactive   from the start of the navigation until the table stands, every chart that can be seen is painted and
                  the page has answered a press on a column's head; goal: under 1 s
    memory        what DevTools calls the JavaScript heap (Runtime.getHeapUsage) after a collection: V8's objects, their
                  backing stores, and Blink's own heap, where the document is; goal: under 150 MB
    update        what one second of a live run costs: the longest time that one frame spends painting charts, pixels
                  read back so that nothing is put off; goal: under 16 ms. Beside it, the main thread's whole work for
                  one second: asking, parsing, table, charts and layout.
"""
import argparse
import statistics
import sys

import browser
import made_up
import web_mock

INTERACTIVE_S, MEMORY_MB, PAINT_MS = 1.0, 150, 16
LIVE_SECONDS = 12

# Times each frame's callbacks; after them each canvas that was painted is read back.
WATCH = """
    window.frames_ms = [];
    const painted = new Set(), ask = window.requestAnimationFrame.bind(window);
    const clear = CanvasRenderingContext2D.prototype.clearRect;
    CanvasRenderingContext2D.prototype.clearRect = function (...area) { painted.add(this); return clear.apply(this, area); };
    let waiting = [];
    window.requestAnimationFrame = (callback) => {
        waiting.push(callback);
        if (waiting.length === 1)
            ask((now) => {
                const all = waiting; waiting = [];
                const begin = performance.now();
                all.forEach((one) => one(now));
                painted.forEach((g) => g.getImageData(0, 0, 1, 1));
                if (painted.size) window.frames_ms.push(performance.now() - begin);
                painted.clear();
            });
        return 1;
    };
    const look = () => {
        const head = document.querySelector('.statistics-part thead th:nth-child(5) button');
        if (head && document.querySelector('.statistics-part tfoot tr') && window.frames_ms.length) {
            head.click();
            window.interactive_ms = performance.now();
        } else {
            setTimeout(look, 5);
        }
    };
    look();
"""


def open_and_time(chromium, url):
    page = chromium.page(url, height=2400, before=WATCH)  # so high that every chart is in sight
    ready = page.wait_for("window.interactive_ms", 60)
    page.settle()
    return page, ready


def heap_mb(page):
    page.send("HeapProfiler.collectGarbage")
    usage = page.send("Runtime.getHeapUsage")
    parts = [usage.get(key, 0) / 1e6 for key in ("usedSize", "backingStorageSize", "embedderHeapUsedSize")]
    return sum(parts), parts


def measure_stored(chromium, mock):
    times = []
    for _ in range(5):
        page, ready = open_and_time(chromium, mock.url + "#run=hour")
        times.append(ready)
        if len(times) < 5:
            page.close()
    memory, parts = heap_mb(page)
    troubles = list(page.troubles)
    page.close()
    return times, memory, parts, troubles


def measure_live(chromium, mock, seconds):
    """The last seconds of the hour, as they come."""
    mock.begin_at("live", seconds - LIVE_SECONDS - 8)
    page, _ = open_and_time(chromium, mock.url)
    page.evaluate("window.frames_ms.length = 0")
    before = page.metrics()
    page.evaluate(f"new Promise((done) => setTimeout(() => done(1), {LIVE_SECONDS * 1000}))")
    after = page.metrics()
    frames = page.evaluate("window.frames_ms")
    busy = (after["TaskDuration"] - before["TaskDuration"]) / LIVE_SECONDS * 1e3
    memory, parts = heap_mb(page)
    return frames, busy, memory, parts, page.troubles


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--endpoints", type=int, default=20)
    options = parser.parse_args()
    browser.need_browser()
    whole = made_up.result(seconds=options.seconds, endpoints=options.endpoints, rate=100.0)
    mock = web_mock.Mock(whole)
    mock.keep("hour", whole)
    with browser.Browser() as chromium:
        times, stored_mb, stored_parts, troubles = measure_stored(chromium, mock)
        frames, busy, live_mb, live_parts, more = measure_live(chromium, mock, options.seconds)
    mock.close()
    assert not troubles + more, troubles + more
    names = ("V8", "backing stores", "document")
    print(f"{options.seconds} s, {options.endpoints} endpoints, {whole['total']['count']} requests")
    print(f"interactive  {statistics.median(times):6.0f} ms  (five loads: {', '.join(f'{t:.0f}' for t in times)})")
    for what, memory, parts in (("stored", stored_mb, stored_parts), ("live", live_mb, live_parts)):
        print(f"memory       {memory:6.1f} MB  {what}: " + ", ".join(f"{n} {p:.1f}" for n, p in zip(names, parts)))
    print(f"update       {statistics.median(frames):6.1f} ms  painting charts (most {max(frames):.1f}, {len(frames)} frames); "
          f"main thread in all {busy:.1f} ms for each second")
    missed = (statistics.median(times) > INTERACTIVE_S * 1e3 or max(stored_mb, live_mb) > MEMORY_MB
              or statistics.median(frames) > PAINT_MS)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
