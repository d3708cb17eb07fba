/** Degradation: whether answers got slower while the run went on, and while rows were written. */
squall.trend = (() => {
    const { make, say } = squall.dom;
    const { exists, digits, signed, ms } = squall.format;
    const { median } = squall.model;

    /** Percent per minute; over the run where that is shorter. */
    function measure(result) {
        return result.duration_s < 60 ? { factor: result.duration_s / 60, unit: '% over the run' }
            : { factor: 1, unit: '% per minute' };
    }

    function span(low, high, factor) {
        return exists(low) && exists(high)
            ? ` (${signed(low * factor)} to ${signed(high * factor)})` : '';
    }

    function slopeText(trend, how) {
        if (!trend || !exists(trend.percent_per_min))
            return squall.format.NONE;
        return `${signed(trend.percent_per_min * how.factor)} ${how.unit}` +
            span(trend.low, trend.high, how.factor);
    }

    function writesText(trend) {
        if (!trend || !exists(trend.us_per_1000_writes))
            return squall.format.NONE;
        return `${signed(trend.us_per_1000_writes / 1e3)} ms` + span(trend.low, trend.high, 1e-3);
    }

    function word(trend, how) {
        if (!trend || !trend.verdict)
            return 'too short to tell';
        if (trend.verdict === 'drifting')
            return trend.percent_per_min < 0 ? 'getting faster' : 'getting slower';
        if (trend.verdict === 'stationary')
            return 'steady';
        return exists(trend.detectable)
            ? `may be steady: less than ${digits(trend.detectable * how.factor)} ${how.unit} ` +
              'would not show' : 'may be steady';
    }

    /** The ends of the straight line through the medians of a row, by its slope per second. */
    function lineOf(row) {
        const trend = row.trend && row.trend.p50, level = median(row.time.p50_us);
        const middle = median(row.time.t_s), last = row.time.t_s[row.time.t_s.length - 1];
        if (!trend || !exists(trend.percent_per_min) || level === null)
            return null;
        const slope = level * trend.percent_per_min / 100 / 60;
        return [[0, level - slope * middle], [last, level + slope * (last - middle)]];
    }

    function headline(model, how) {
        const slower = [...model.rows].filter((row) => row.trend && row.trend.p50 &&
            row.trend.p50.verdict === 'drifting' && row.trend.p50.percent_per_min > 0)
            .sort((a, b) => b.trend.p50.percent_per_min - a.trend.p50.percent_per_min);
        if (!slower.length)
            return model.rows.some((row) => row.trend && row.trend.p50 && row.trend.p50.verdict)
                ? 'No endpoint is shown to get slower.' : 'The run is too short to tell.';
        const { key, trend } = slower[0];
        const over = trend.p50_over_writes;
        const writes = over && over.verdict === 'drifting'
            ? `, ${signed(over.us_per_1000_writes / 1e3)} ms per 1,000 writes` : '';
        const others = slower.length - 1;
        return `${key} gets slower: its median by ` +
            `${signed(trend.p50.percent_per_min * how.factor)} ${how.unit}${writes}.` +
            (others > 0 ? ` So ${others > 1 ? 'do' : 'does'} ${others} more.` : '');
    }

    function section() {
        const sentence = make('p', { class: 'finding' });
        const sparks = new Map();
        let how = { factor: 1, unit: '' };
        const columns = [
            { label: 'Endpoint', isName: true, value: (row) => row.key || 'Aggregated' },
            { label: 'Median, ms', value: (row) => row.latency_us.p50,
                text: (row) => ms(row.latency_us.p50) },
            { label: 'Verdict', isText: true, value: (row) => word(row.trend && row.trend.p50, how),
                tone: (row) => row.trend && row.trend.p50 && row.trend.p50.verdict === 'drifting' &&
                    row.trend.p50.percent_per_min > 0 ? 'bad' : '' },
            { label: 'Median over time', isText: true,
                value: (row) => row.trend && row.trend.p50 && row.trend.p50.percent_per_min,
                text: (row) => slopeText(row.trend && row.trend.p50, how) },
            { label: 'p99 over time', isText: true,
                value: (row) => row.trend && row.trend.p99 && row.trend.p99.percent_per_min,
                text: (row) => slopeText(row.trend && row.trend.p99, how) },
            { label: 'Median per 1,000 writes', isText: true,
                value: (row) => row.trend && row.trend.p50_over_writes &&
                    row.trend.p50_over_writes.us_per_1000_writes,
                text: (row) => writesText(row.trend && row.trend.p50_over_writes) },
        ];
        const table = squall.table.sortable({ caption: 'Trend of latency by endpoint', columns });
        const gallery = make('div', { class: 'sparks' });

        function sparkOf(row) {
            let spark = sparks.get(row.key);
            if (!spark) {
                spark = squall.chart.spark(`Median of ${row.key || 'all requests'} and its trend`);
                spark.box = make('figure', {}, spark.element,
                    make('figcaption', {}, row.key || 'Aggregated'));
                sparks.set(row.key, spark);
            }
            return spark;
        }
        function draw(row) {
            const spark = sparkOf(row);
            spark.draw({ t: row.time.t_s, values: row.time.p50_us }, lineOf(row));
            return spark.box;
        }
        return {
            title: 'Degradation', name: 'trend',
            element: make('div', {}, sentence, gallery, table.element),
            update(model) {
                how = measure(model.result);
                say(sentence, headline(model, how));
                table.update(model.rows, model.total);
                squall.dom.arrange(gallery, [...model.rows, model.total].map(draw));
            },
            close() {
                sparks.forEach((spark) => spark.close());
            },
        };
    }

    return { section };
})();
