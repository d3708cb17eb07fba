/** The rest of a result: ratios, the generator's own health, the plan, what to take away. */
squall.details = (() => {
    const { make, say, fill, facts } = squall.dom;
    const { count, percent, latency, bytes, duration, rate, moment, digits, plural, NONE }
        = squall.format;

    /** Locust's tree of ratios as nested lists. */
    function tree(tasks) {
        return make('ul', { class: 'tree' }, Object.entries(tasks).map(([name, task]) =>
            make('li', {}, make('b', {}, percent(task.ratio)), ' ', name,
                task.tasks ? tree(task.tasks) : null)));
    }

    function ratio(source) {
        const table = squall.table.sortable({ caption: 'Share of each endpoint', columns: [
            { label: 'Endpoint', isName: true, value: (row) => row.key },
            { label: 'Of all requests', value: (row) => row.share,
                text: (row) => percent(row.share) },
            { label: 'Requests', value: (row) => row.count, text: (row) => count(row.count) },
        ] });
        const users = make('p', { class: 'note' }), planned = make('div');
        let shown = '';
        return {
            title: 'Current ratio', name: 'ratio',
            element: make('div', { class: 'columns' },
                make('div', {}, users, table.element), planned),
            update(model) {
                const all = model.result.total.count || 1;
                const points = model.time.users, n = points.length;
                say(users, `${plural(n ? points[n - 1] : 0, 'user')}` +
                    (model.isRunning ? ' running' : ' at the end'));
                table.update(model.rows.map((row) => ({ ...row, share: row.count / all })));
                const tasks = source.tasks && source.tasks();
                if (tasks && JSON.stringify(tasks) !== shown) {
                    shown = JSON.stringify(tasks);
                    fill(planned, make('h3', {}, 'Tasks of each kind of user'),
                        tree(tasks.per_class || {}), make('h3', {}, 'Of all tasks'),
                        tree(tasks.total || {}));
                }
            },
        };
    }

    function listed(counts) {
        const all = Object.entries(counts || {});
        return all.length ? all.map(([name, n]) => `${name}: ${count(n)}`).join(' · ') : null;
    }

    function books(result) {
        const a = result.accounting;
        if (!a)
            return null;
        const parts = [`${count(a.ok)} ok`, `${count(a.failed)} failed`];
        for (const [n, words] of [[a.dropped, 'dropped'], [a.in_flight_at_end, 'in flight'],
            [a.not_sent, 'not sent']])
            if (n > 0)
                parts.push(`${count(n)} ${words}`);
        return `${count(a.scheduled)} scheduled = ${parts.join(' + ')}`;
    }

    /** "ok: 1,004 equations of counts, times and intervals hold", or what does not. */
    function auditText(audit) {
        if (!audit)
            return null;
        return audit.ok
            ? `ok: ${count(audit.equations)} equations of counts, times and intervals hold`
            : `FAILED: ${[audit.findings].flat().join('; ')}`;
    }

    const PHASES = [['connect', 'Connecting'], ['tls', 'TLS handshake'],
        ['first_byte', 'First byte'], ['queued', 'Waiting to be sent'],
        ['generator', 'In squall itself'], ['loop_turn', 'One turn of a worker']];

    function phaseTable(phases) {
        const known = PHASES.filter(([key]) => phases[key] && phases[key].count > 0);
        const heads = ['Part of a request', 'How often', 'p50', 'p90', 'p99', 'At most'];
        return squall.table.plain('What the time was spent on', heads, known.map(([key, label]) =>
            [label, count(phases[key].count),
                ...['p50', 'p90', 'p99', 'max'].map((at) => latency(phases[key][at]))]));
    }

    function expectationTable(all) {
        return squall.table.plain('Expectations', ['Expected', 'Found', 'Holds'], all.map((one) =>
            [one.expr, one.value_us !== null ? latency(one.value_us) : digits(one.value),
                one.holds ? 'yes' : 'no']));
    }

    function generatorFacts(result) {
        const g = result.generator || {}, late = g.lateness_us || {}, c = result.connections || {};
        return [
            ['Verdict', g.verdict || NONE], ['Bottleneck', g.bottleneck],
            ['Besides', (g.reasons || []).filter((reason) =>
                !(g.bottleneck || '').includes(reason)).join('; ')],
            ['CPU of each thread', (g.cpu || []).map(percent).join(', ')],
            ['Late by', `p50 ${latency(late.p50)} · p99 ${latency(late.p99)} · at most ` +
                latency(late.max)],
            ['Accounting', books(result)], ['Audit', auditText(result.audit)],
            ['Connections', `${count(c.opened)} opened · ` +
                `${count(c.reused)} requests on one that was open`],
            ['Closed', listed(c.closed)],
            ['Status codes', listed(result.status_codes)],
            ['Traffic', `${bytes(result.total.bytes_in)} received · ` +
                `${bytes(result.total.bytes_out)} sent`],
        ];
    }

    function health() {
        const list = make('div'), tables = make('div', { class: 'stack' });
        return {
            title: 'Generator and books', name: 'health',
            element: make('div', { class: 'columns' }, list, tables),
            update(model) {
                fill(list, facts(generatorFacts(model.result)));
                const { expectations, phases_us: phases } = model.result;
                fill(tables,
                    expectations && expectations.length ? expectationTable(expectations) : null,
                    phases ? phaseTable(phases) : null);
            },
        };
    }

    function loadText(load) {
        const parts = [load.rate !== null ? `${rate(load.rate)} requests/s due` : null,
            load.users ? plural(load.users, 'user') : null,
            load.users && load.spawn_rate ? `${digits(load.spawn_rate)} started per second` : null,
            plural(load.connections, 'connection'), plural(load.threads, 'thread')];
        return parts.filter(Boolean).join(' · ');
    }

    /** A word as a shell takes it. */
    function quoted(word) {
        return /^[\w@%+:,./-][\w@%+:,./=-]*$/.test(word) ? word
            : `'${word.replaceAll("'", "'\\''")}'`;
    }

    function machineText(machine) {
        const cpus = machine.cpus ? plural(machine.cpus, 'CPU') : null;
        return [machine.system, machine.cpu, cpus].filter(Boolean).join(' · ');
    }

    function plan(source) {
        const list = make('div');
        const text = make('pre', { tabindex: 0, 'aria-label': 'The plan as read' });
        return {
            title: 'The plan as read', name: 'plan',
            element: make('div', {}, list, text),
            update({ result }) {
                const read = source.plan ? source.plan() : '';
                fill(list, facts([
                    ['Scenario', result.scenario], ['Host', result.host],
                    ['Load', result.load ? loadText(result.load) : null],
                    ['Started', moment(result.started_at)],
                    ['Took', duration(result.duration_s)], ['Seed', result.seed],
                    ['Command', (result.command || []).map(quoted).join(' ')],
                    ['Machine', result.machine ? machineText(result.machine) : null],
                    ['squall', result.version],
                ]));
                text.hidden = !read;
                say(text, read || '');
            },
        };
    }

    /** Saves the result that the page holds; a report needs no server for that. */
    function saveButton(source) {
        return make('button', { type: 'button', onclick: () => {
            const text = JSON.stringify(source.result());
            const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
            make('a', { href: url, download: 'squall.json' }).click();
            setTimeout(() => URL.revokeObjectURL(url), 1000);
        } }, 'JSON');
    }

    function downloadLink(id, ending, label, told) {
        const name = `${id}.${ending}`, path = `/api/download/${encodeURIComponent(name)}`;
        return make('a', { class: 'button', href: path, download: true, onclick: async (event) => {
            if (!squall.server.isTokenGiven())
                return;
            event.preventDefault();
            try {
                make('a', { href: await squall.server.file(path), download: name }).click();
            } catch (error) {
                say(told, error.message);
            }
        } }, label);
    }

    function downloads(source) {
        const kinds = [['json', 'JSON'], ['csv', 'CSV'], ['hlog', '.hlog'],
            ['html', 'HTML report']];
        const copied = make('span', { role: 'status' });
        const links = source.downloadId ? kinds.map(([ending, label]) =>
            downloadLink(source.downloadId, ending, label, copied)) : [saveButton(source)];
        const share = source.link ? make('button', { type: 'button', onclick: async () => {
            const link = source.link();
            try {
                await navigator.clipboard.writeText(link);
                say(copied, 'The link is copied.');
            } catch {
                say(copied, link);
            }
        } }, 'Copy a link to what is shown') : null;
        return {
            title: 'Download', name: 'download',
            element: make('p', { class: 'buttons' }, links, share, copied),
            update() {},
        };
    }

    return { ratio, health, plan, downloads };
})();
