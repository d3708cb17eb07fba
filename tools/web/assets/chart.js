/**
 * Lines over time on a canvas.
 *
 * Why no library: 20 lines of an hour, a point more each second, without a GPU, on a busy machine
 * with two cores (tests/e2e/web_charts.py): 10 ms here, 37 ms with uPlot 1.6.32, 103 ms with
 * Chart.js 3.9.1, which is 200 kB in every report besides.
 */
squall.chart = (() => {
    const { make, say } = squall.dom;
    const { exists, NONE } = squall.format;
    const { BOX, palette, ticks, logTicks, scale, drawTimeAxis, drawValueAxis, frame }
        = squall.plot;
    const { join, indexAt } = squall.timeline;

    const DENSE = 0.7; /* points for each pixel from which on columns are drawn */

    /**
     * @typedef {Object} Series
     * @property {string} key     the column
     * @property {string} label
     * @property {string} colour  a name of the palette
     * @property {number[]} [dash]
     */

    /** Smallest positive and largest value of all series within the domain. */
    function extremes(data, series, domain) {
        let low = Infinity, high = 0;
        for (const { key } of series) {
            const t = data[key].t, values = data[key].values;
            for (let i = 0; i < t.length; i += 1) {
                const value = values[i];
                if (value === null || t[i] < domain[0] || t[i] > domain[1])
                    continue;
                if (value > high)
                    high = value;
                if (value > 0 && value < low)
                    low = value;
            }
        }
        return { low: low === Infinity ? 1 : low, high: high || 1 };
    }

    /** The first and the last index that the domain shows, with a neighbour on each side. */
    function shownPart(t, domain) {
        const low = indexAt(t, domain[0]), high = indexAt(t, domain[1]);
        return [Math.max(low - 1, 0), Math.min(high + 1, t.length - 1)];
    }

    /** A line through each point. Null is a gap; a point that stands alone is a dot. */
    function tracePoints(g, { t, values }, [first, last], x, y) {
        let isDown = false;
        for (let i = first; i <= last; i += 1) {
            if (values[i] === null) {
                isDown = false;
                continue;
            }
            const at = x(t[i]), height = y(values[i]);
            if (!isDown)
                g.moveTo(at, height);
            g.lineTo(at, height);
            isDown = true;
        }
        g.stroke();
    }

    /**
     * Where several points share a column of pixels, the line goes from the lowest to the highest
     * of them, so that no spike is lost. It is as thin as the screen allows: 6 lines of an hour
     * take 2.4 ms to draw then, and 17 ms when they are any wider.
     */
    function traceColumns(g, { t, values }, [first, last], x, y) {
        let column = NaN, low = 0, high = 0, end = 0;
        const flush = () => {
            if (Number.isNaN(column))
                return;
            g.lineTo(column, low);
            g.lineTo(column, high);
            g.lineTo(column, end);
        };
        for (let i = first; i <= last; i += 1) {
            const here = values[i] === null ? NaN : Math.round(x(t[i])) + 0.5;
            const height = y(values[i]);
            if (here === column) {
                low = Math.min(low, height);
                high = Math.max(high, height);
            } else {
                flush();
                if (Number.isNaN(column))
                    g.moveTo(here, height);
                column = here;
                low = high = height;
            }
            end = height;
        }
        flush();
        g.setLineDash([]);
        g.lineWidth = 1 / (window.devicePixelRatio || 1);
        g.stroke();
    }

    function trace(g, points, part, x, y, width) {
        g.beginPath();
        if (part[1] - part[0] > width * DENSE)
            traceColumns(g, points, part, x, y);
        else
            tracePoints(g, points, part, x, y);
    }

    function drawSeries(g, size, data, series, domain, x, y) {
        g.save();
        g.beginPath();
        g.rect(BOX.left, 0, size.width - BOX.left - BOX.right + 1, size.height - BOX.bottom + 1);
        g.clip();
        /* On top is the first series, which matters most, and dashes, which hide nothing. */
        const order = [...series].reverse().sort((a, b) => Boolean(a.dash) - Boolean(b.dash));
        for (const { key, colour, dash, isThin } of order) {
            g.strokeStyle = palette()[colour];
            g.lineWidth = isThin ? 1 : 1.5;
            g.setLineDash(dash || []);
            trace(g, data[key], shownPart(data[key].t, domain), x, y, size.width);
        }
        g.restore();
    }

    function legend(series) {
        const values = {};
        const list = make('ul', { class: 'legend' }, series.map((one) => {
            const mark = make('i', { class: 'swatch' });
            mark.style.borderTop = `2px ${one.dash ? 'dashed' : 'solid'} var(--${one.colour})`;
            values[one.key] = make('b', {}, NONE);
            return make('li', {}, mark, one.label, ' ', values[one.key]);
        }));
        return { list, values };
    }

    /**
     * @param {{title: string, series: Series[], format: function(number): string, group: Object,
     *          canBeLog: boolean}} options
     * @returns {{element: HTMLElement, draw: function(Object): void, close: function(): void}} draw
     *          takes, for each key of a series, {t, values} of one length
     */
    function lines(options) {
        const { title, series, format, group } = options;
        let data = null, isLog = false;

        function paint(g, size) {
            if (!data)
                return;
            const domain = group.domain();
            const { low, high } = extremes(data, series, domain);
            const floor = isLog ? low / 1.3 : 0, ceiling = high * (isLog ? 1.3 : 1.08);
            const y = scale(floor, ceiling, size.height - BOX.bottom, BOX.top, isLog);
            const marks = isLog ? logTicks(floor, ceiling) : ticks(0, ceiling, size.height / 45);
            drawValueAxis(g, size, y, marks, options.axis || format);
            drawSeries(g, size, data, series, domain, drawTimeAxis(g, size, domain),
                isLog ? (v) => y(Math.max(v, floor)) : y);
        }
        function label() {
            if (!data)
                return title;
            const parts = series.map(({ key, label: name }) => {
                const values = data[key].values.filter(exists);
                if (!values.length)
                    return `${name}: nothing`;
                const most = values.reduce((a, b) => Math.max(a, b));
                return `${name} now ${format(values[values.length - 1])}, at most ${format(most)}`;
            });
            return `${title}. ${parts.join('; ')}`;
        }
        const canvas = frame({ title, paint, label });
        const { list, values } = legend(series);
        canvas.caption.append(list);
        function read(t) {
            for (const { key } of series) {
                const at = data ? indexAt(data[key].t, t) : -1;
                say(values[key], at < 0 || data[key].values[at] === null ? NONE
                    : format(data[key].values[at]));
            }
        }
        const close = join(group, canvas, read);
        if (options.canBeLog) {
            const box = make('input', { type: 'checkbox', onchange: () => {
                isLog = box.checked;
                canvas.redraw();
            } });
            canvas.caption.append(make('label', { class: 'toggle' }, box, 'log scale'));
        }
        return {
            element: canvas.element,
            close,
            draw(more) {
                data = more;
                read(group.cursor);
                canvas.redraw();
            },
        };
    }

    /** A small picture of one line, and the straight line through it: [[t, value], [t, value]]. */
    function spark(title) {
        let points = null, slope = null;
        function paint(g, size) {
            if (!points || points.t.length < 2)
                return;
            const domain = [0, points.t[points.t.length - 1]];
            const high = extremes({ points }, [{ key: 'points' }], domain).high;
            const x = scale(domain[0], domain[1], 2, size.width - 2);
            const y = scale(0, high * 1.05, size.height - 2, 2);
            g.lineWidth = 1;
            g.strokeStyle = palette().muted;
            trace(g, points, [0, points.t.length - 1], x, y, size.width);
            if (slope) {
                g.lineWidth = 2;
                g.strokeStyle = palette().accent;
                g.beginPath();
                g.moveTo(x(slope[0][0]), y(slope[0][1]));
                g.lineTo(x(slope[1][0]), y(slope[1][1]));
                g.stroke();
            }
        }
        const canvas = frame({ title, paint, label: () => title, small: true });
        return {
            element: canvas.place,
            close: canvas.close,
            draw(more, line) {
                points = more;
                slope = line;
                canvas.redraw();
            },
        };
    }

    return { lines, spark };
})();
