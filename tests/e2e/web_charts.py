#!/usr/bin/python3
"""Which code should draw the charts: 20 lines of an hour each, a point a second, drawn once and then second by second.

usage: web_charts.py          needs chromium; candidates that are not here are left out:
    canvas     tools/web/assets, as squall has it
    Chart.js   Debian's libjs-chart.js
    uPlot      from npm, into a folder that is removed again

For each: kB of code, ms until the first picture is there, ms for one more point (median and most of 40; pixels are read
back each time, so that drawing is not put off), and MB of JavaScript's heap that the chart takes.
"""
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

import browser
import web_mock

CHART_JS = Path("/usr/share/javascript/chart.js/chart.min.js")
UPLOT = "uplot@1.6.32"
LINES, SECONDS, UPDATES, WIDTH, HEIGHT = 20, 3600, 40, 1200, 300

DATA = f"""
    const n = {SECONDS}, lines = {LINES};
    const wave = (line, t) => 100 + 20 * line + 30 * Math.sin(t / 60 + line) + (t * 7919 + line * 104729) % 40;
    const times = Array.from({{ length: n }}, (_, t) => t + 1);
    const values = Array.from({{ length: lines }}, (_, line) => times.map((t) => wave(line, t)));
    document.body.innerHTML = '<div id="place"></div>';
    document.getElementById('place').style.cssText = 'width: {WIDTH}px; height: {HEIGHT}px';
    const place = document.getElementById('place');
    const flush = () => place.querySelector('canvas').getContext('2d').getImageData(0, 0, 1, 1);
    const grow = () => {{ const t = times.length + 1; times.push(t); values.forEach((v, line) => v.push(wave(line, t))); }};
"""
MEASURE = f"""
    /* Some draw in a microtask. */
    const begin = performance.now(); make(); await null; await null; flush();
    const first = performance.now() - begin, updates = [];
    for (let i = 0; i < {UPDATES}; i += 1) {{
        grow(); await new Promise(requestAnimationFrame);
        const start = performance.now(); update(); await null; await null; flush();
        updates.push(performance.now() - start);
    }}
    return {{ first, updates }};
"""
MAKE = {
    "canvas": """
        const css = document.documentElement.style; css.setProperty('--accent', '#0a6a72'); css.setProperty('--line', '#ccc');
        const style = document.createElement('style');
        style.textContent = `.plot { height: ${300}px; position: relative } .plot canvas { width: 100%; height: 100% }`;
        document.head.append(style);
        let chart, frame; const group = squall.timeline.group();
        const data = () => Object.fromEntries(values.map((v, i) => ['l' + i, { t: times, values: v }]));
        const update = () => { group.setExtent(0, times.length); chart.draw(data());
            chart.element.querySelector('.plot').frame.paintNow(true); };
        const make = () => { chart = squall.chart.lines({ title: 'lines', group, format: String,
            series: values.map((v, i) => ({ key: 'l' + i, label: 'l' + i, colour: 'accent' })) });
            place.append(chart.element); update(); };
    """,
    "Chart.js": """
        let chart; const points = values.map((v) => v.map((y, i) => ({ x: times[i], y })));
        place.innerHTML = '<canvas></canvas>';
        const make = () => { chart = new Chart(place.firstChild, { type: 'line',
            data: { datasets: points.map((data) => ({ data, borderWidth: 1.5, borderColor: '#0a6a72' })) },
            options: { animation: false, parsing: false, normalized: true, responsive: true, maintainAspectRatio: false,
                elements: { point: { radius: 0 } }, scales: { x: { type: 'linear' } },
                plugins: { decimation: { enabled: true, algorithm: 'min-max' }, legend: { display: false } } } }); };
        const update = () => { points.forEach((p, i) => p.push({ x: times.length, y: values[i][times.length - 1] }));
            chart.data.datasets.forEach((d, i) => { d.data = points[i]; }); chart.update('none'); };
    """,
    "uPlot": """
        let chart;
        const make = () => { chart = new uPlot({ width: 1200, height: 300, scales: { x: { time: false } }, legend: { show: false },
            series: [{}, ...values.map((_, i) => ({ label: 'l' + i, stroke: '#0a6a72', width: 1.5, points: { show: false } }))] },
            [times, ...values], place); chart._commit && chart._commit(); };
        const update = () => { chart.setData([times, ...values]); };
    """,
}


def own_code():
    """The page's code without its start."""
    return web_mock.joined(".js").split("/** Starts the page", maxsplit=1)[0]


def candidates():
    yield "canvas", own_code()
    if CHART_JS.is_file():
        yield "Chart.js", CHART_JS.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--prefix", folder, UPLOT], check=True, timeout=120,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError):
            return
        yield "uPlot", (Path(folder) / "node_modules/uplot/dist/uPlot.iife.min.js").read_text("utf-8")


def measure(chromium, name, code):
    page = chromium.page("about:blank", width=1280, height=600)
    # Function declarations of a script of their own would be global; here all is one function.
    page.evaluate(f"document.head.append(Object.assign(document.createElement('script'), {{ text: {json.dumps(code)}"
                  " + ';window.squall = typeof squall === \"undefined\" ? null : squall;"
                  "window.uPlot = typeof uPlot === \"undefined\" ? null : uPlot;' })), 1")
    bare = page.heap_bytes()
    found = page.evaluate(f"(async () => {{ {DATA} {MAKE[name]} window.kept = [values, times, make, update]; {MEASURE} }})()")
    found["heap"] = page.heap_bytes() - bare
    troubles = page.troubles
    page.close()
    if troubles:
        raise AssertionError(f"{name}: {troubles}")
    return found


def main():
    browser.need_browser()
    print(f"{LINES} lines of {SECONDS} points on {WIDTH} x {HEIGHT} pixels")
    print(f"{'':10} {'code kB':>8} {'first ms':>9} {'update ms':>10} {'most ms':>8} {'heap MB':>8}")
    with browser.Browser() as chromium:
        for name, code in candidates():
            tries = [measure(chromium, name, code) for _ in range(3)]
            updates = [ms for one in tries for ms in one["updates"]]
            print(f"{name:10} {len(code.encode()) / 1e3:8.1f} {statistics.median(t['first'] for t in tries):9.1f} "
                  f"{statistics.median(updates):10.2f} {max(updates):8.2f} "
                  f"{statistics.median(t['heap'] for t in tries) / 1e6:8.2f}", flush=True)


if __name__ == "__main__":
    main()
