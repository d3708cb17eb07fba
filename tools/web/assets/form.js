/** The forms that start a run and change one. What is wrong is said by the server, at the field. */
squall.form = (() => {
    const { make, say, fill, id } = squall.dom;

    /** A labelled field with a place for the sentence about it. */
    function field(name, label, attributes, hint) {
        const own = id(name);
        const input = make('input', { id: own, name, type: 'text', autocomplete: 'off',
            spellcheck: 'false', ...attributes });
        const error = make('p', { class: 'error', id: `${own}-error`, role: 'alert' });
        const help = hint ? make('p', { class: 'hint', id: `${own}-hint` }, hint) : null;
        const described = `${own}-error${hint ? ` ${own}-hint` : ''}`;
        input.setAttribute('aria-describedby', described);
        const element = make('div', { class: `field ${name}` },
            make('label', { for: own }, label), input, help, error);
        return { name, input, element, fail(sentence) {
            say(error, sentence);
            input.toggleAttribute('aria-invalid', false);
            if (sentence)
                input.setAttribute('aria-invalid', 'true');
        } };
    }

    /** As a number where it is one; the server says what is wrong with anything else. */
    function typed(text) {
        const trimmed = text.trim();
        if (trimmed === '')
            return null;
        return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : trimmed;
    }

    /** Sends; shows what the server says about a field at that field, else below the form. */
    async function submit(fields, general, button, send) {
        fields.forEach((one) => one.fail(''));
        say(general, '');
        button.disabled = true;
        try {
            await send();
            return true;
        } catch (error) {
            const at = fields.find((one) => one.name === error.field);
            if (at) {
                at.fail(error.message);
                at.input.focus();
            } else {
                say(general, error.message);
            }
            return false;
        } finally {
            button.disabled = false;
        }
    }

    function tagBoxes(tags, chosen) {
        return tags.map((tag) => make('label', { class: 'tag' }, make('input', { type: 'checkbox',
            value: tag, checked: chosen.includes(tag) }), tag));
    }

    function scenarioPicker(scenarios, chosen, changed) {
        const own = id('scenario'), files = scenarios.map((one) => squall.format.file(one.name));
        const isShort = new Set(files).size === files.length;
        const select = make('select', { id: own, name: 'scenario', onchange: changed },
            scenarios.map((one, i) => make('option', { value: one.name,
                selected: one.name === chosen }, isShort ? files[i] : one.name)));
        const element = make('div', { class: 'field scenario' },
            make('label', { for: own }, 'Scenario'), select);
        element.hidden = scenarios.length < 2;
        return { select, element };
    }

    const text = (value) => value === null || value === undefined ? '' : String(value);

    /**
     * @param {function(Object): Promise} send  gets the body of /api/start
     * @returns {{element: HTMLElement, update: function(Object): void}} update takes /api/state
     */
    function start(send) {
        const fields = [
            field('users', 'Users', { inputmode: 'numeric' }, 'at the same time'),
            field('spawn_rate', 'Spawn rate', { inputmode: 'decimal' }, 'users started per second'),
            field('rate', 'Rate', { inputmode: 'decimal' },
                'requests per second, whatever the server does; empty for users who wait'),
            field('host', 'Host', { inputmode: 'url' }, 'such as http://127.0.0.1:8000'),
            field('run_time', 'Run time', {}, 'such as 60s or 1h20m; empty to stop by hand'),
            field('name', 'Name', {}, 'to find this run again; may be empty'),
        ];
        const of = Object.fromEntries(fields.map((one) => [one.name, one]));
        const tags = make('div', { class: 'tags' });
        const tagField = make('fieldset', { class: 'field tags-field' },
            make('legend', {}, 'Only tasks with these tags'), tags);
        const general = make('p', { class: 'error', role: 'alert' });
        const button = make('button', { type: 'submit', class: 'primary' }, 'Start');
        const place = make('div', { class: 'field scenario' });
        let picker = null, known = [], filledFrom = '';

        function scenario() {
            return known.find((one) => one.name === (picker && picker.select.value)) || known[0];
        }
        function body() {
            return {
                users: typed(of.users.input.value), spawn_rate: typed(of.spawn_rate.input.value),
                rate: typed(of.rate.input.value), host: of.host.input.value.trim(),
                run_time: of.run_time.input.value.trim(), name: of.name.input.value.trim(),
                scenario: scenario() ? scenario().name : null,
                tags: [...tags.querySelectorAll('input:checked')].map((box) => box.value),
            };
        }
        function show(values, chosenTags) {
            for (const one of ['users', 'spawn_rate', 'rate', 'host', 'run_time'])
                of[one].input.value = text(values[one]);
            fill(tags, tagBoxes((scenario() || { tags: [] }).tags || [], chosenTags));
            tagField.hidden = tags.childElementCount === 0;
        }
        const form = make('form', { class: 'start', novalidate: true, 'aria-label': 'Start a run',
            onsubmit: (event) => {
                event.preventDefault();
                submit(fields, general, button, () => send(body())).then((isSent) => {
                    if (isSent)
                        of.name.input.value = '';
                });
            } },
        place, fields.map((one) => one.element), tagField,
        make('div', { class: 'buttons' }, button, general));

        /** Fills the fields when what the server would start has changed; never while one types. */
        function update(state) {
            known = state.scenarios || [];
            const values = state.form || {};
            const now = JSON.stringify([values, known.map((one) => one.name)]);
            if (now === filledFrom)
                return;
            filledFrom = now;
            picker = scenarioPicker(known, values.scenario || state.scenario, () => {
                const s = scenario();
                show({ ...s, run_time: s.run_time_s ? `${s.run_time_s}s` : '' }, []);
            });
            fill(place, picker.element);
            show(values, values.tags || []);
        }
        return { element: form, update, body };
    }

    /** The dialog that changes users and spawn rate of what is running. */
    function edit(state, send) {
        const fields = [field('users', 'Users', { inputmode: 'numeric' }),
            field('spawn_rate', 'Spawn rate', { inputmode: 'decimal' }, 'users per second')];
        fields[0].input.value = text(state.users_target);
        fields[1].input.value = text((state.form || {}).spawn_rate);
        return dialog('Change the running load', fields, 'Change', () => send({
            users: typed(fields[0].input.value), spawn_rate: typed(fields[1].input.value) }));
    }

    /** A dialog with fields; it closes when `send` succeeds. */
    function dialog(title, fields, verb, send) {
        const general = make('p', { class: 'error', role: 'alert' });
        const heading = make('h2', { id: id('dialog') }, title);
        const button = make('button', { type: 'submit', class: 'primary' }, verb);
        const element = make('dialog', { 'aria-labelledby': heading.id,
            onclose: () => element.remove() });
        const form = make('form', { novalidate: true, onsubmit: async (event) => {
            event.preventDefault();
            if (await submit(fields, general, button, send))
                element.close();
        } }, heading, fields.map((one) => one.element), general,
        make('div', { class: 'buttons' }, button,
            make('button', { type: 'button', onclick: () => element.close() }, 'Cancel')));
        element.append(form);
        document.body.append(element);
        element.showModal();
        return element;
    }

    return { start, edit, dialog, field };
})();
