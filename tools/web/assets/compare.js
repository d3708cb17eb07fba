/** Two or more runs over one another: the first is the base, the others are held against it. */
squall.compare = (() => {
    const { make, say, fill, id } = squall.dom;
    const { exists, latency, rate, percent, ratio, plural, NONE } = squall.format;
    const RUNS_MAX = 6, UNKNOWN = 'too short to tell';
    const PERCENTILES = [['p50', 'Median'], ['p75', '75 %'], ['p90', '90 %'], ['p95', '95 %'],
        ['p99', '99 %'], ['p99_9', '99.9 %']];

    /** The 95 % range of a percentile, or null where the run was too short for one. */
    function rangeOf(row, key) {
        const found = row && row.confidence && row.confidence[key];
        if (!found || found.state !== 'held' || !exists(found.low_us))
            return null;
        return { low: found.low_us, high: exists(found.high_us) ? found.high_us : Infinity };
    }

    /** Slower or faster only where the ranges do not overlap. */
    function judge(base, row, key) {
        if (!base || !row)
            return { word: row ? 'not in the base' : 'not in this run', tone: '' };
        const a = rangeOf(base, key), b = rangeOf(row, key);
        if (!a || !b)
            return { word: UNKNOWN, tone: '' };
        if (b.low > a.high)
            return { word: 'slower', tone: 'bad' };
        if (b.high < a.low)
            return { word: 'faster', tone: 'good' };
        return { word: 'no difference shown', tone: '' };
    }

    function keysOf(models) {
        const keys = new Set(models.flatMap((model) => model.rows.map((row) => row.key)));
        return [...keys, ''];
    }

    /** The row of a run, or null where nothing of it finished. */
    function rowOf(model, key) {
        const row = key === '' ? model.total : model.rows.find((one) => one.key === key);
        return row && row.count > 0 ? row : null;
    }

    function cell(row, key) {
        if (!row)
            return NONE;
        const range = squall.statistics.range(row, key);
        return make('div', {}, latency(row.latency_us[key]),
            make('div', { class: 'note' }, range === NONE ? '' : range));
    }

    function latencyTable(models, names, key) {
        const heads = ['Endpoint', names[0]];
        names.slice(1).forEach((name) => heads.push(name, 'Ratio', 'Verdict'));
        return squall.table.plain('Latency of each run by endpoint', heads,
            keysOf(models).map((endpoint) => {
                const base = rowOf(models[0], endpoint);
                const cells = [endpoint || 'Aggregated', cell(base, key)];
                for (const model of models.slice(1)) {
                    const row = rowOf(model, endpoint), verdict = judge(base, row, key);
                    cells.push(cell(row, key), base && row
                        ? ratio(row.latency_us[key] / base.latency_us[key]) : NONE,
                    make('span', { class: verdict.tone }, verdict.word));
                }
                return cells;
            }));
    }

    function rateTable(models, names) {
        const heads = ['Endpoint', `${names[0]}: RPS`, 'Failed'];
        names.slice(1).forEach((name) => heads.push(`${name}: RPS`, 'Ratio', 'Failed'));
        return squall.table.plain('Requests per second and failures of each run', heads,
            keysOf(models).map((endpoint) => {
                const base = rowOf(models[0], endpoint);
                const cells = [endpoint || 'Aggregated', base ? rate(base.rps) : NONE,
                    base ? percent(base.fail_ratio) : NONE];
                for (const model of models.slice(1)) {
                    const row = rowOf(model, endpoint);
                    cells.push(row ? rate(row.rps) : NONE, base && row && base.rps
                        ? ratio(row.rps / base.rps) : NONE, row ? percent(row.fail_ratio) : NONE);
                }
                return cells;
            }));
    }

    /** "slower at 2 of 4 endpoints, most at GET /a: median 9.00 ms to 78.0 ms (8.67×)" */
    function most(judged, word) {
        const found = judged.filter((one) => one.word === word).sort((x, y) =>
            Math.abs(Math.log(y.ratio)) - Math.abs(Math.log(x.ratio)));
        if (!found.length)
            return [];
        const where = `${word} at ${found.length} of ${plural(judged.length, 'endpoint')}`;
        if (word === UNKNOWN)
            return [where];
        const { key, a, b } = found[0];
        return [`${where}, most at ${key}: median ${latency(a.latency_us.p50)} to ${latency(b.latency_us.p50)} ` +
            `(${ratio(found[0].ratio)})`];
    }

    /** A run against the base in one sentence. */
    function finding(base, model, baseName, name) {
        const judged = keysOf([base, model]).filter((key) => key !== '')
            .map((key) => ({ key, a: rowOf(base, key), b: rowOf(model, key) }))
            .map((one) => ({ ...one, word: judge(one.a, one.b, 'p50').word,
                ratio: one.a && one.b ? one.b.latency_us.p50 / one.a.latency_us.p50 : 1 }));
        const parts = ['slower', 'faster', UNKNOWN]
            .flatMap((word) => most(judged, word)).join('; ');
        return `${name} against ${baseName}: ${parts || 'no median is shown to differ'}. ` +
            `Requests per second: ${rate(base.total.rps)} to ${rate(model.total.rps)} ` +
            `(${ratio(model.total.rps / base.total.rps)}).`;
    }

    function findings(models, names) {
        return models.slice(1).map((model, i) => finding(models[0], model, names[0], names[i + 1]));
    }

    /** What each run's own verdict warns of: a slow generator makes a server look slow. */
    function warnings(models, names) {
        return models.flatMap(({ result: { generator } }, i) =>
            generator && generator.verdict && generator.verdict !== 'ok'
                ? [`${names[i]}: ${generator.bottleneck || generator.verdict}`] : []);
    }

    function choice(label, options, changed) {
        const own = id('choice');
        const select = make('select', { id: own, onchange: () => changed(select.value) },
            options.map(([value, text]) => make('option', { value }, text)));
        return { select, element: make('p', { class: 'choice' }, make('label', { for: own }, label),
            ' ', select) };
    }

    function overlays(models, names) {
        const group = squall.timeline.group();
        const series = names.map((name, i) => ({ key: `run${i}`, label: name,
            isThin: models.length > 3, colour: `run-${i + 1}`, dash: i === 0 ? [4, 3] : null }));
        const lines = (title, format, canBeLog) =>
            squall.chart.lines({ title, group, series, format, canBeLog });
        const charts = [
            [lines('Requests per second', rate), (row) => squall.model.rates(row.time, 'count')],
            [lines('Median', latency, true), (row) => row.time.p50_us],
            [lines('p95', latency, true), (row) => row.time.p95_us],
            [lines('p99', latency, true), (row) => row.time.p99_us],
        ];
        group.setExtent(0, Math.max(...models.map(squall.model.lastTime)));
        return {
            element: make('div', { class: 'charts' }, charts.map(([chart]) => chart.element)),
            close: group.close,
            draw(key) {
                for (const [chart, valuesOf] of charts)
                    chart.draw(Object.fromEntries(models.map((model, i) => {
                        const row = rowOf(model, key);
                        return [`run${i}`, row ? { t: row.time.t_s, values: valuesOf(row) }
                            : { t: [], values: [] }];
                    })));
            },
        };
    }

    /** The names of the runs, numbered where several have the same. */
    function namesOf(results) {
        const names = results.map(squall.runs.nameOf);
        return names.map((name, i) =>
            names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${i + 1})`);
    }

    function show(results) {
        const models = results.map(squall.model.read);
        const names = namesOf(results);
        const charts = overlays(models, names), times = make('div');
        const percentile = choice('Percentile', PERCENTILES, (key) =>
            fill(times, latencyTable(models, names, key)));
        const endpoint = choice('Endpoint', keysOf(models).reverse()
            .map((key) => [key, key || 'All requests']), charts.draw);
        fill(times, latencyTable(models, names, 'p50'));
        charts.draw('');
        const element = make('div', {},
            findings(models, names).map((text) => make('p', { class: 'finding' }, text)),
            make('ul', { class: 'reasons' }, warnings(models, names).map((text) =>
                make('li', {}, text))),
            make('p', { class: 'note' }, 'A run is called slower or faster only where the ' +
                '95 % ranges of both percentiles do not overlap.'),
            make('section', {}, make('h2', {}, 'Latency'), percentile.element, times),
            make('section', {}, make('h2', {}, 'Requests and failures'), rateTable(models, names)),
            make('section', {}, make('h2', {}, 'Over one another'), endpoint.element,
                charts.element));
        return { element, close: charts.close };
    }

    /** The view of #compare=ID,ID,... */
    function view(ids, rebase) {
        const place = make('div'), message = make('p', { class: 'error', role: 'alert' });
        const base = make('p', { class: 'choice' });
        const element = make('section', { class: 'compare' }, make('h1', {}, 'Runs compared'), base,
            message, place);
        let shown = null, isClosed = false;
        const chosen = ids.slice(0, RUNS_MAX);

        Promise.all(chosen.map(squall.server.run)).then((results) => {
            if (isClosed)
                return;
            shown = show(results);
            const picker = choice('Base', chosen.map((one, i) =>
                [one, squall.runs.nameOf(results[i])]), (first) =>
                rebase([first, ...chosen.filter((one) => one !== first)]));
            fill(base, ...picker.element.childNodes);
            fill(place, shown.element);
            if (ids.length > RUNS_MAX)
                say(message, `Only the first ${RUNS_MAX} of ${ids.length} runs are shown.`);
        }).catch((error) => say(message, error.message));
        return { element, close() {
            isClosed = true;
            if (shown)
                shown.close();
        } };
    }

    return { view };
})();
