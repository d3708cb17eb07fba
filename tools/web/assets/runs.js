/** The runs that were kept: find, name, compare, delete. */
squall.runs = (() => {
    const { make, say, fill } = squall.dom;
    const { latency, rate, percent, count, duration, moment, file } = squall.format;

    const HEADS = ['Run', 'Started', 'Scenario', 'Host', 'Users', 'Took', 'RPS', 'Median', 'p99',
        'Failures', 'Verdict', 'Change'];

    function nameOf(run) {
        return run.name || `${file(run.scenario) || 'run'}, ${moment(run.started_at)}`;
    }

    function editWords(run, done) {
        const name = squall.form.field('name', 'Name', {});
        const note = squall.form.field('note', 'Note', {}, 'what was changed, what to look at');
        name.input.value = run.name || '';
        note.input.value = run.note || '';
        squall.form.dialog('Name and note', [name, note], 'Keep', async () => {
            await squall.server.annotate(run.id,
                { name: name.input.value.trim(), note: note.input.value.trim() });
            done();
        });
    }

    /** A button that asks once more before it deletes. */
    function deleteButton(run, done) {
        const button = make('button', { type: 'button', 'aria-label': `Delete ${nameOf(run)}`,
            onblur: () => arm(false), onclick: async () => {
                if (!button.classList.contains('danger')) {
                    arm(true);
                    return;
                }
                await squall.server.remove(run.id);
                done();
            } }, 'Delete');
        function arm(isArmed) {
            button.classList.toggle('danger', isArmed);
            say(button, isArmed ? 'Really delete?' : 'Delete');
        }
        return button;
    }

    /**
     * @param {function(string[]): void} compare  gets the ids, the oldest first
     */
    function list(compare) {
        const chosen = new Set();
        const table = make('div'), message = make('p', { class: 'error', role: 'alert' });
        const button = make('button', { type: 'button', class: 'primary', disabled: true,
            onclick: () => compare([...known].reverse().map((run) => run.id)
                .filter((id) => chosen.has(id))) }, 'Compare');
        const hint = make('span', { class: 'note', role: 'status' });
        let known = [];

        function choose() {
            button.disabled = chosen.size < 2;
            say(hint, chosen.size === 0 ? 'Choose two runs or more to compare them.'
                : chosen.size === 1 ? 'One is chosen, choose another.'
                    : `${chosen.size} are chosen; the oldest is the base.`);
        }
        function row(run) {
            const box = make('input', { type: 'checkbox', 'aria-label': `Choose ${nameOf(run)}`,
                checked: chosen.has(run.id), onchange: () => {
                    if (box.checked)
                        chosen.add(run.id);
                    else
                        chosen.delete(run.id);
                    choose();
                } });
            const link = make('a', { href: `#run=${encodeURIComponent(run.id)}` }, nameOf(run));
            return [make('div', { class: 'chooser' }, box, make('div', {}, link,
                run.note ? make('div', { class: 'note' }, run.note) : null)),
            moment(run.started_at), file(run.scenario), run.host, count(run.users),
            duration(run.duration_s), rate(run.rps), latency(run.p50_us), latency(run.p99_us),
            percent(run.fail_ratio), run.verdict || '',
            make('div', { class: 'buttons' },
                make('button', { type: 'button', 'aria-label': `Name and note of ${nameOf(run)}`,
                    onclick: () => editWords(run, load) }, 'Name'),
                deleteButton(run, load))];
        }
        async function load() {
            try {
                known = await squall.server.runs();
            } catch (error) {
                say(message, error.message);
                return;
            }
            for (const id of chosen)
                if (!known.some((run) => run.id === id))
                    chosen.delete(id);
            choose();
            fill(table, known.length ? squall.table.plain('Kept runs', HEADS, known.map(row))
                : make('p', { class: 'finding' }, 'No run is kept yet. Each is when it ends.'));
        }
        choose();
        load();
        return { element: make('section', { class: 'runs' }, make('h1', {}, 'Kept runs'),
            make('p', { class: 'buttons' }, button, hint), message, table), close() {} };
    }

    return { list, nameOf };
})();
