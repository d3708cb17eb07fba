/**
 * A result as the page works with it: squall/1 with its timelines as columns, which grow second by
 * second while the run lives.
 *
 * @typedef {Object<string, Array<number|null>>} Columns  arrays of one length; t_s is among them
 * @typedef {Object} Row     one endpoint, or all of them: the result's keys and `key`, `time`
 * @typedef {Object} Model
 * @property {Object} result  squall/1 as it came last
 * @property {Columns} time   t_s, users, rps, failures_per_s, p50_us, p95_us, p99_us, count, failed
 * @property {Row[]} rows     in the order of the result
 * @property {Row} total
 * @property {?Object} heat
 * @property {boolean} isRunning
 */
squall.model = (() => {
    const TIME_KEYS = ['t_s', 'users', 'rps', 'failures_per_s', 'p50_us', 'p95_us', 'p99_us',
        'count', 'failed'];
    const ROW_KEYS = ['t_s', 'count', 'failed', 'p50_us', 'p95_us', 'p99_us'];
    const NOW_POINTS = 5; /* "now" is the mean of the last seconds, as a single one jumps */

    function emptyColumns(keys) {
        return Object.fromEntries(keys.map((key) => [key, []]));
    }

    /** Appends points, each an object, that are later than the last one. */
    function appendPoints(columns, points) {
        let last = columns.t_s.length ? columns.t_s[columns.t_s.length - 1] : -Infinity;
        for (const point of points || []) {
            if (!(point.t_s > last))
                continue;
            last = point.t_s;
            for (const key of TIME_KEYS)
                columns[key].push(point[key] === undefined ? null : point[key]);
        }
    }

    /** Appends columns to columns, as appendPoints() does. */
    function appendColumns(columns, more) {
        if (!more || !more.t_s)
            return;
        const last = columns.t_s.length ? columns.t_s[columns.t_s.length - 1] : -Infinity;
        more.t_s.forEach((t, i) => {
            if (!(t > last))
                return;
            for (const key of ROW_KEYS)
                columns[key].push(more[key] && more[key][i] !== undefined ? more[key][i] : null);
        });
    }

    function keyOf(row) {
        return row.method ? `${row.method} ${row.name}` : String(row.name);
    }

    function rowOf(raw, time) {
        return { ...raw, key: keyOf(raw), time };
    }

    /** Requests and failures per second over the last points of a row. */
    function now(time) {
        const n = time.t_s.length, from = Math.max(0, n - NOW_POINTS);
        if (n === 0)
            return { rps: null, failures: null };
        const seconds = time.t_s[n - 1] - (from > 0 ? time.t_s[from - 1] : 0);
        const sum = (values) => values.slice(from).reduce((a, b) => a + (b || 0), 0);
        return { rps: sum(time.count) / seconds, failures: sum(time.failed) / seconds };
    }

    function totalOf(result, time) {
        return { ...result.total, method: '', name: 'Aggregated', key: '', time };
    }

    /** A whole result. @returns {Model} */
    function read(result) {
        const time = emptyColumns(TIME_KEYS);
        appendPoints(time, result.timeline);
        const rows = (result.requests || []).map((raw) => {
            const columns = emptyColumns(ROW_KEYS);
            appendColumns(columns, raw.timeline);
            return rowOf(raw, columns);
        });
        return { result, time, rows, total: totalOf(result, time), heat: result.heat || null,
            isRunning: result.state === 'running' };
    }

    /** The same run a moment later: `delta` has all but the heat and the older points. */
    function extend(model, delta) {
        const known = new Map(model.rows.map((row) => [row.key, row.time]));
        appendPoints(model.time, delta.timeline);
        const rows = (delta.requests || []).map((raw) => {
            const columns = known.get(keyOf(raw)) || emptyColumns(ROW_KEYS);
            appendColumns(columns, raw.timeline);
            return rowOf(raw, columns);
        });
        return { result: delta, time: model.time, rows, total: totalOf(delta, model.time),
            heat: delta.heat || model.heat, isRunning: delta.state === 'running' };
    }

    function lastTime(model) {
        const t = model.time.t_s;
        return t.length ? t[t.length - 1] : 0;
    }

    /** Counts of a row's steps as rates: steps may be longer than a second. */
    function rates(time, key) {
        return time[key].map((n, i) =>
            n === null ? null : n / (time.t_s[i] - (i > 0 ? time.t_s[i - 1] : 0)));
    }

    function median(values) {
        const sorted = values.filter((v) => v !== null && v !== undefined).sort((a, b) => a - b);
        return sorted.length ? sorted[Math.floor((sorted.length - 1) / 2)] : null;
    }

    return { read, extend, lastTime, now, rates, median };
})();
