/** The latency of all requests over time: the stronger a cell, the more requests took that long. */
squall.heat = (() => {
    const { make, say } = squall.dom;
    const { latency, clock, plural } = squall.format;
    const { BOX, palette, logTicks, scale, drawTimeAxis, drawValueAxis, frame } = squall.plot;
    const { join, indexAt } = squall.timeline;

    /** "#rrggbb" as numbers. */
    function channels(colour) {
        return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    }

    /** The first and last bucket that counted, and the largest count. */
    function bounds(heat) {
        let low = Infinity, high = 0, most = 1;
        for (const column of heat.cells)
            for (const [bucket, count] of column) {
                low = Math.min(low, bucket);
                high = Math.max(high, bucket);
                most = Math.max(most, count);
            }
        return low > high ? null : { low: Math.max(low - 1, 0),
            high: Math.min(high + 2, heat.edges_us.length - 1), most };
    }

    /** One pixel for each cell; the canvas stretches it. */
    function picture(heat, span) {
        const width = heat.t_s.length, height = span.high - span.low;
        const image = new ImageData(width, height);
        const from = channels(palette()['heat-low']), to = channels(palette()['heat-high']);
        heat.cells.forEach((column, x) => {
            for (const [bucket, count] of column) {
                const share = Math.log1p(count) / Math.log1p(span.most);
                const at = ((height - 1 - (bucket - span.low)) * width + x) * 4;
                for (let c = 0; c < 3; c += 1)
                    image.data[at + c] = from[c] + (to[c] - from[c]) * share;
                image.data[at + 3] = 255;
            }
        });
        const canvas = make('canvas', { width, height });
        canvas.getContext('2d').putImageData(image, 0, 0);
        return canvas;
    }

    /** The bucket in which half of a column's requests lie below. */
    function middle(column) {
        const total = column.reduce((sum, [, count]) => sum + count, 0);
        let below = 0;
        for (const [bucket, count] of [...column].sort((a, b) => a[0] - b[0])) {
            below += count;
            if (below * 2 >= total)
                return { bucket, total };
        }
        return null;
    }

    /** @returns {{element: HTMLElement, draw: function(?Object): void}} */
    function map(group) {
        const title = 'Latency over time, all requests';
        const readout = make('span', { class: 'readout' });
        let heat = null, span = null;

        function paint(g, size) {
            if (!heat || !span)
                return;
            const domain = group.domain();
            const x = drawTimeAxis(g, size, domain);
            const bottom = size.height - BOX.bottom;
            const from = heat.edges_us[span.low], to = heat.edges_us[span.high];
            const y = scale(from, to, bottom, BOX.top, true);
            drawValueAxis(g, size, y, logTicks(from, to), latency);
            const last = heat.t_s.length - 1;
            const step = last > 0 ? heat.t_s[last] - heat.t_s[last - 1] : heat.t_s[0];
            const start = x(heat.t_s[0] - (last > 0 ? heat.t_s[1] - heat.t_s[0] : step));
            g.save();
            g.beginPath();
            g.rect(BOX.left, 0, size.width - BOX.left - BOX.right, bottom);
            g.clip();
            g.imageSmoothingEnabled = false;
            g.drawImage(picture(heat, span), start, BOX.top, x(heat.t_s[last]) - start,
                bottom - BOX.top);
            g.restore();
        }
        function label() {
            if (!span)
                return `${title}: nothing yet`;
            return `${title}, from ${latency(heat.edges_us[span.low])} to ` +
                `${latency(heat.edges_us[span.high])}`;
        }
        function read(t) {
            const found = t === null || !heat ? null
                : middle(heat.cells[indexAt(heat.t_s, t)] || []);
            say(readout, !found ? 'the stronger, the more requests'
                : `${clock(t)}: ${plural(found.total, 'request')}, half of them up to ` +
                    latency(heat.edges_us[found.bucket + 1]));
        }
        const canvas = frame({ title, paint, label });
        canvas.caption.append(readout);
        join(group, canvas, read);
        return {
            element: canvas.element,
            draw(more) {
                heat = more && more.t_s && more.t_s.length ? more : null;
                span = heat ? bounds(heat) : null;
                canvas.element.hidden = !span;
                read(group.cursor);
                canvas.redraw();
            },
        };
    }

    return { map };
})();
