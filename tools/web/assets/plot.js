/**
 * What all charts share: a canvas that fits its place and its screen, axes, colours of the page's
 * style, and a group of charts with one time axis and one cursor. A chart paints only while it can
 * be seen, or for print.
 */
squall.plot = (() => {
    const { make } = squall.dom;
    const { clock } = squall.format;
    const BOX = { left: 58, right: 14, top: 10, bottom: 22 };
    const FONT = '11px system-ui, sans-serif';
    const COLOURS = ['text', 'muted', 'line', 'grid', 'surface', 'accent', 'second', 'third', 'bad',
        'heat-low', 'heat-high', 'run-1', 'run-2', 'run-3', 'run-4', 'run-5', 'run-6'];
    const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
    const frames = new Set();
    let colours = null;

    /** The colours of the page's style now, by name. */
    function palette() {
        if (!colours) {
            const style = getComputedStyle(document.documentElement);
            colours = Object.fromEntries(COLOURS.map((name) =>
                [name, style.getPropertyValue(`--${name}`).trim()]));
        }
        return colours;
    }

    function repaintAll(evenHidden) {
        colours = null;
        for (const frame of frames) {
            frame.isStale = true;
            frame.paintNow(evenHidden);
        }
    }

    /** Paper is white, whatever the screen is. */
    function setPrinting(isPrinting) {
        document.documentElement.classList.toggle('printing', isPrinting);
        repaintAll(true);
    }

    const watcher = new IntersectionObserver((entries) => {
        for (const entry of entries)
            entry.target.frame.show(entry.isIntersecting);
    }, { rootMargin: '100px' });
    const ruler = new ResizeObserver((entries) => {
        for (const entry of entries)
            entry.target.frame.redraw();
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => repaintAll(false));
    addEventListener('beforeprint', () => setPrinting(true));
    addEventListener('afterprint', () => setPrinting(false));

    /** Round numbers that divide from..to into about `wanted` steps. */
    function ticks(from, to, wanted) {
        const rough = (to - from) / wanted || 1;
        const power = 10 ** Math.floor(Math.log10(rough));
        const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999);
        const found = [];
        for (let i = Math.ceil(from / step - 1e-9); i * step <= to * (1 + 1e-9); i += 1)
            found.push(i * step);
        return found;
    }

    /** 1, 10, 100 ... within from..to, with 2 and 5 between where there are few. */
    function logTicks(from, to) {
        const found = [];
        const few = Math.log10(to / from) < 2.5;
        for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power += 1)
            for (const n of few ? [1, 2, 5] : [1])
                if (n * 10 ** power >= from && n * 10 ** power <= to)
                    found.push(n * 10 ** power);
        return found;
    }

    function timeTicks(from, to, wanted) {
        const rough = (to - from) / wanted;
        const step = TIME_STEPS.find((n) => n >= rough) || Math.ceil(rough / 14400) * 14400;
        const found = [];
        for (let t = Math.ceil(from / step) * step; t <= to; t += step)
            found.push(t);
        return found;
    }

    /** A scale from values to pixels; `isLog` for equal ratios. */
    function scale(from, to, start, end, isLog) {
        const f = isLog ? Math.log : (v) => v;
        const a = f(from), factor = (end - start) / ((f(to) - a) || 1);
        return (value) => start + (f(value) - a) * factor;
    }

    function drawTimeAxis(g, size, domain) {
        const { muted, line } = palette();
        const x = scale(domain[0], domain[1], BOX.left, size.width - BOX.right);
        const bottom = size.height - BOX.bottom;
        g.font = FONT;
        g.fillStyle = muted;
        g.strokeStyle = line;
        g.textBaseline = 'top';
        g.textAlign = 'center';
        g.beginPath();
        g.moveTo(BOX.left, bottom + 0.5);
        g.lineTo(size.width - BOX.right, bottom + 0.5);
        const all = timeTicks(domain[0], domain[1], Math.max(2, size.width / 90));
        for (const t of all) {
            const at = Math.round(x(t)) + 0.5;
            g.moveTo(at, bottom);
            g.lineTo(at, bottom + 4);
            const text = clock(t);
            const half = g.measureText(text).width / 2;
            g.fillText(text, Math.min(at, size.width - half - 1), bottom + 7);
        }
        g.stroke();
        return x;
    }

    /** Labels and lines of a value axis at `values`. */
    function drawValueAxis(g, size, y, values, format) {
        const { muted, grid } = palette();
        g.font = FONT;
        g.fillStyle = muted;
        g.strokeStyle = grid;
        g.textBaseline = 'middle';
        g.textAlign = 'right';
        g.beginPath();
        for (const value of values) {
            const at = Math.round(y(value)) + 0.5;
            g.moveTo(BOX.left, at);
            g.lineTo(size.width - BOX.right, at);
            g.fillText(format(value), BOX.left - 6, at);
        }
        g.stroke();
    }

    /**
     * A canvas with a caption. `paint(g, size)` draws all of it; `label()` says in words what is to
     * be seen, for those who do not.
     * @param {{title: string, label: function(): string, paint: function, small: boolean}} options
     */
    function frame(options) {
        const canvas = make('canvas', { role: 'img', 'aria-label': options.title });
        const place = make('div', { class: options.small ? 'plot small' : 'plot' }, canvas);
        const caption = make('figcaption', {}, make('span', { class: 'title' }, options.title));
        const element = make('figure', { class: 'chart' }, options.small ? null : caption, place);
        const self = { element, canvas, place, caption, isSeen: false, isStale: true };
        let asked = 0;

        function size() {
            return { width: place.clientWidth, height: place.clientHeight };
        }
        self.paintNow = (evenHidden) => {
            const now = size();
            if ((!self.isSeen && !evenHidden) || now.width === 0)
                return;
            const dense = window.devicePixelRatio || 1;
            const width = Math.round(now.width * dense), height = Math.round(now.height * dense);
            if (canvas.width !== width || canvas.height !== height) {
                canvas.width = width;
                canvas.height = height;
            }
            const g = canvas.getContext('2d');
            g.setTransform(dense, 0, 0, dense, 0, 0);
            g.clearRect(0, 0, now.width, now.height);
            options.paint(g, now);
            canvas.setAttribute('aria-label', options.label());
            self.isStale = false;
        };
        self.redraw = () => {
            self.isStale = true;
            if (!asked && self.isSeen)
                asked = requestAnimationFrame(() => {
                    asked = 0;
                    self.paintNow(false);
                });
        };
        self.show = (isSeen) => {
            self.isSeen = isSeen;
            if (isSeen && self.isStale)
                self.redraw();
        };
        self.close = () => {
            frames.delete(self);
            watcher.unobserve(place);
            ruler.unobserve(place);
        };
        place.frame = self;
        frames.add(self);
        watcher.observe(place);
        ruler.observe(place);
        return self;
    }

    return { BOX, palette, ticks, logTicks, scale, drawTimeAxis, drawValueAxis, frame };
})();
