/** The table of endpoints, and what one of them shows when it is opened. */
squall.statistics = (() => {
    const { make, fill } = squall.dom;
    const { exists, ms, latency, count, rate, percent, bytes, NONE } = squall.format;
    const PERCENTILES = [['p50', 'Median'], ['p75', '75 %'], ['p90', '90 %'], ['p95', '95 %'],
        ['p99', '99 %'], ['p99_9', '99.9 %'], ['p99_99', '99.99 %']];

    function time(label, key, title) {
        return { label, title, value: (row) => row.latency_us[key],
            text: (row) => ms(row.latency_us[key]) };
    }

    const COLUMNS = [
        { label: 'Type', isText: true, value: (row) => row.method || '' },
        { label: 'Name', isName: true, value: (row) => row.name },
        { label: 'Requests', value: (row) => row.count, text: (row) => count(row.count) },
        { label: 'Fails', value: (row) => row.failed, text: (row) => count(row.failed),
            tone: (row) => row.failed > 0 ? 'bad' : '' },
        time('Median', 'p50', 'half of the requests took at most so many milliseconds'),
        time('p90', 'p90', 'nine of ten took at most so many milliseconds'),
        time('p95', 'p95', '95 of 100 took at most so many milliseconds'),
        time('p99', 'p99', '99 of 100 took at most so many milliseconds'),
        time('p99.9', 'p99_9', '999 of 1,000 took at most so many milliseconds'),
        time('Average', 'mean', 'mean, in milliseconds'),
        time('Min', 'min', 'the fastest, in milliseconds'),
        time('Max', 'max', 'the slowest, in milliseconds'),
        { label: 'Size', title: 'mean size of a body', value: (row) => row.size_avg,
            text: (row) => bytes(row.size_avg) },
        { label: 'RPS', title: 'requests per second over the whole run', value: (row) => row.rps,
            text: (row) => rate(row.rps) },
        { label: 'RPS now', title: 'requests per second over the last five seconds', isLive: true,
            value: (row) => squall.model.now(row.time).rps,
            text: (row) => rate(squall.model.now(row.time).rps) },
        { label: 'Failures/s', value: (row) => row.failures_per_s,
            text: (row) => rate(row.failures_per_s), tone: (row) => row.failed > 0 ? 'bad' : '' },
    ];

    /** "11.9 ms to 13.0 ms", or why there is no range. */
    function range(row, key) {
        const found = row.confidence && row.confidence[key];
        if (!found || !found.state)
            return NONE;
        if (found.state === 'too_short')
            return !exists(found.lengthen) ? 'run too short'
                : `run too short, ${Math.ceil(found.lengthen)} times as long should do`;
        return exists(found.high_us) ? `${latency(found.low_us)} to ${latency(found.high_us)}`
            : `over ${latency(found.low_us)}`;
    }

    function percentileTable(row) {
        const at = (set, key) => set ? latency(set[key]) : NONE;
        return squall.table.plain(`Percentiles of ${row.key || 'all requests'}`,
            ['Percentile', 'Latency', '95 % range', 'From sending on', 'Successes only'],
            PERCENTILES.map(([key, label]) => [label, at(row.latency_us, key), range(row, key),
                at(row.service_us, key), at(row.latency_ok_us, key)]));
    }

    /** Histogram, timeline and percentiles of one row. */
    function detail(row, source) {
        const group = squall.timeline.group();
        const name = row.key || 'all requests';
        const bars = squall.bars.histogram(`How often which latency: ${name}`);
        const times = squall.charts.latencies(group, `Latency of ${name}`);
        const rates = squall.charts.rates(group, `Requests per second of ${name}`);
        const numbers = make('div');
        const element = make('div', { class: 'detail-body' }, make('div', { class: 'charts' },
            bars.element, times.element, rates.element, numbers));
        let drawn = null;

        async function drawBars(now) {
            if (drawn === now.count)
                return;
            drawn = now.count;
            try {
                const marks = ['p50', 'p95', 'p99', 'p99_9'].map((key) =>
                    [key.replace('_', '.'), now.latency_us[key]]);
                bars.draw(await source.histogramOf(now), marks);
            } catch (error) {
                fill(numbers, make('p', { class: 'finding' }, `No histogram: ${error.message}`));
            }
        }
        function update(now) {
            group.setExtent(0, now.time.t_s[now.time.t_s.length - 1] || 1);
            times.draw(squall.charts.columns(now.time, ['p50_us', 'p95_us', 'p99_us']));
            rates.draw(squall.charts.rateColumns(now.time));
            fill(numbers, percentileTable(now), make('p', { class: 'note' },
                `${percent(now.fail_ratio)} failed · ${bytes(now.bytes_in)} received · ` +
                `${bytes(now.bytes_out)} sent`));
            drawBars(now);
        }
        return { element, update, close() {
            group.close();
            bars.close();
        } };
    }

    function section(source) {
        const table = squall.table.sortable({
            caption: 'Requests by endpoint, times in milliseconds',
            columns: COLUMNS, opened: source.opened, detail: (row) => detail(row, source) });
        const note = make('p', { class: 'note' }, 'Times in milliseconds, from the moment a ' +
            'request was due to the last byte of its answer. Open a name for its histogram and ' +
            'timeline.');
        return {
            title: 'Statistics', name: 'statistics',
            element: make('div', {}, table.element, note),
            openRow: table.openRow,
            close: table.close,
            update(model) {
                table.update(model.rows, model.total);
            },
        };
    }

    return { section, range };
})();
