/** The charts of a run: requests, latencies, users, and the heat map. */
squall.charts = (() => {
    const { make } = squall.dom;
    const { rate, latency, count } = squall.format;
    const LATENCIES = [
        { key: 'p50_us', label: 'median', colour: 'accent' },
        { key: 'p95_us', label: 'p95', colour: 'second' },
        { key: 'p99_us', label: 'p99', colour: 'third' },
    ];
    const RATES = [
        { key: 'rps', label: 'requests/s', colour: 'accent' },
        { key: 'failures_per_s', label: 'failures/s', colour: 'bad', dash: [4, 3] },
    ];

    function latencies(group, title) {
        return squall.chart.lines({ title, group, series: LATENCIES, format: latency,
            canBeLog: true });
    }

    function rates(group, title) {
        return squall.chart.lines({ title, group, series: RATES, format: rate });
    }

    function columns(time, keys) {
        return Object.fromEntries(keys.map((key) => [key, { t: time.t_s, values: time[key] }]));
    }

    /** A row has counts for each step, which may be longer than a second. */
    function rateColumns(time) {
        return {
            rps: { t: time.t_s, values: squall.model.rates(time, 'count') },
            failures_per_s: { t: time.t_s, values: squall.model.rates(time, 'failed') },
        };
    }

    function section() {
        const group = squall.timeline.group();
        const requests = rates(group, 'Requests per second');
        const times = latencies(group, 'Latency');
        const users = squall.chart.lines({ title: 'Users', group, format: count,
            series: [{ key: 'users', label: 'users', colour: 'accent' }] });
        const heat = squall.heat.map(group);
        return {
            title: 'Charts', name: 'charts',
            element: make('div', { class: 'charts' }, requests.element, times.element,
                users.element, heat.element),
            close: group.close,
            update(model) {
                group.setExtent(0, squall.model.lastTime(model));
                requests.draw(columns(model.time, ['rps', 'failures_per_s']));
                times.draw(columns(model.time, ['p50_us', 'p95_us', 'p99_us']));
                users.draw(columns(model.time, ['users']));
                heat.draw(model.heat);
            },
        };
    }

    return { latencies, rates, columns, rateColumns, section };
})();
