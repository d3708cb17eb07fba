/** How often which latency came: a histogram with equal ratios on its axis. */
squall.bars = (() => {
    const { make, say } = squall.dom;
    const { latency, count, percent } = squall.format;
    const { BOX, palette, ticks, logTicks, scale, drawValueAxis, frame } = squall.plot;
    const BARS = 80;

    function drawLatencyAxis(g, size, x, edges) {
        const { muted, line } = palette();
        const bottom = size.height - BOX.bottom;
        g.font = '11px system-ui, sans-serif';
        g.fillStyle = muted;
        g.strokeStyle = line;
        g.textAlign = 'center';
        g.textBaseline = 'top';
        g.beginPath();
        g.moveTo(BOX.left, bottom + 0.5);
        g.lineTo(size.width - BOX.right, bottom + 0.5);
        for (const value of logTicks(edges[0], edges[edges.length - 1])) {
            const at = Math.round(x(value)) + 0.5;
            g.moveTo(at, bottom);
            g.lineTo(at, bottom + 4);
            g.fillText(latency(value), at, bottom + 7);
        }
        g.stroke();
    }

    /** Dotted lines at percentiles that the row knows. */
    function drawMarks(g, size, x, marks) {
        const { text, muted } = palette();
        let free = -Infinity;
        g.setLineDash([2, 3]);
        g.strokeStyle = muted;
        g.fillStyle = text;
        g.textAlign = 'left';
        g.textBaseline = 'top';
        for (const [name, value] of marks) {
            const at = Math.round(x(value)) + 0.5;
            g.beginPath();
            g.moveTo(at, BOX.top);
            g.lineTo(at, size.height - BOX.bottom);
            g.stroke();
            if (at < free)
                continue;
            const wide = g.measureText(name).width;
            const isWhole = at + 3 + wide <= size.width;
            if (!isWhole && at - 3 - wide < free)
                continue;
            g.fillText(name, isWhole ? at + 3 : at - 3 - wide, BOX.top);
            free = at + (isWhole ? wide : 0) + 7;
        }
        g.setLineDash([]);
    }

    /** @returns a chart whose draw() takes buckets (squall.histogram) and [name, µs] marks. */
    function histogram(title) {
        const readout = make('span', { class: 'readout' });
        let bars = { edges: [], counts: [] }, marks = [], x = null;

        function paint(g, size) {
            const { edges, counts } = bars;
            if (!counts.length)
                return;
            const most = Math.max(...counts), bottom = size.height - BOX.bottom;
            x = scale(edges[0], edges[edges.length - 1], BOX.left, size.width - BOX.right, true);
            const y = scale(0, most * 1.1, bottom, BOX.top);
            drawValueAxis(g, size, y, ticks(0, most * 1.1, 4), count);
            g.fillStyle = palette().accent;
            counts.forEach((n, i) => {
                const left = x(edges[i]), right = x(edges[i + 1]);
                if (n > 0)
                    g.fillRect(left, Math.min(y(n), bottom - 1), Math.max(right - left - 1, 1),
                        Math.max(bottom - y(n), 1));
            });
            drawLatencyAxis(g, size, x, edges);
            drawMarks(g, size, x, marks);
        }
        function label() {
            const words = marks.map(([name, value]) => `${name} ${latency(value)}`);
            return `${title}. ${words.join(', ')}`;
        }
        const canvas = frame({ title, paint, label });
        canvas.caption.append(readout);
        canvas.place.addEventListener('pointermove', (event) => {
            const at = event.clientX - canvas.place.getBoundingClientRect().left;
            const slot = bars.counts.findIndex((_, i) => x && at < x(bars.edges[i + 1]));
            const total = bars.counts.reduce((a, b) => a + b, 0);
            say(readout, slot < 0 ? '' : `${latency(bars.edges[slot])} to ` +
                `${latency(bars.edges[slot + 1])}: ${count(bars.counts[slot])} ` +
                `(${percent(bars.counts[slot] / total)})`);
        });
        canvas.place.addEventListener('pointerleave', () => say(readout, ''));
        return {
            element: canvas.element,
            close: canvas.close,
            draw(buckets, more) {
                bars = squall.histogram.bars(buckets, BARS);
                marks = more.filter(([, value]) => value > 0);
                canvas.redraw();
            },
        };
    }

    return { histogram };
})();
