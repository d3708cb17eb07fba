/** The failures by cause, and where the slow ones were. */
squall.slow = (() => {
    const { make, say } = squall.dom;
    const { ms, count, percent, clock, ratio, NONE } = squall.format;

    /** The step of a row with the highest p99, or null. */
    function worstStep(row) {
        let worst = -1;
        row.time.p99_us.forEach((value, i) => {
            if (value !== null && (worst < 0 || value > row.time.p99_us[worst]))
                worst = i;
        });
        return worst < 0 ? null : { t: row.time.t_s[worst], p99: row.time.p99_us[worst],
            count: row.time.count[worst] };
    }

    function slowest() {
        const columns = [
            { label: 'Endpoint', isName: true, value: (row) => row.key },
            { label: 'Slowest, ms', value: (row) => row.latency_us.max,
                text: (row) => ms(row.latency_us.max) },
            { label: 'To its median', title: 'the slowest request, in medians of its endpoint',
                value: (row) => row.latency_us.max / row.latency_us.p50,
                text: (row) => ratio(row.latency_us.max / row.latency_us.p50) },
            { label: 'p99.9, ms', value: (row) => row.latency_us.p99_9,
                text: (row) => ms(row.latency_us.p99_9) },
            { label: 'Slowest moment', title: 'the step of the run with the highest p99',
                value: (row) => row.worst && row.worst.t,
                text: (row) => row.worst ? clock(row.worst.t) : NONE },
            { label: 'p99 then, ms', value: (row) => row.worst && row.worst.p99,
                text: (row) => row.worst ? ms(row.worst.p99) : NONE },
            { label: 'Requests then', value: (row) => row.worst && row.worst.count,
                text: (row) => row.worst ? count(row.worst.count) : NONE },
            { label: 'Users then', value: (row) => row.users, text: (row) => count(row.users) },
        ];
        const caption = 'The slowest requests by endpoint';
        const table = squall.table.sortable({ caption, columns });
        return {
            title: 'The slow ones', name: 'slow',
            element: table.element,
            update(model) {
                const rows = model.rows.map((row) => {
                    const worst = worstStep(row);
                    const at = worst ? squall.timeline.indexAt(model.time.t_s, worst.t) : -1;
                    return { ...row, worst, users: at < 0 ? null : model.time.users[at] };
                });
                table.update(rows.sort((a, b) => b.latency_us.max - a.latency_us.max));
            },
        };
    }

    function failures() {
        const sentence = make('p', { class: 'finding' });
        const columns = [
            { label: 'Failures', value: (row) => row.count, text: (row) => count(row.count) },
            { label: 'Of all', title: 'share of all requests', value: (row) => row.share,
                text: (row) => percent(row.share) },
            { label: 'Type', isText: true, value: (row) => row.method || '' },
            { label: 'Name', isName: true, value: (row) => row.name || '(before a request)' },
            { label: 'Class', isText: true, value: (row) => row.class },
            { label: 'What was said', isText: true, value: (row) => row.message || '' },
        ];
        const table = squall.table.sortable({ caption: 'Failures by cause', columns });
        return {
            title: 'Failures', name: 'failures',
            element: make('div', {}, sentence, table.element),
            update(model) {
                const { failures: all = [], total, failures_not_listed: more } = model.result;
                table.element.hidden = all.length === 0;
                sentence.hidden = all.length > 0 && !more;
                say(sentence, all.length === 0 ? 'No request failed.'
                    : `${count(more)} more failures are of kinds that are not listed.`);
                table.update(all.map((failure) => ({ ...failure,
                    key: JSON.stringify([failure.method, failure.name, failure.class,
                        failure.message]),
                    share: failure.count / (total.ok + total.failed) })));
            },
        };
    }

    return { slowest, failures };
})();
