/** The run of the server, now: the form before it, the figures during it, and both after it. */
squall.live = (() => {
    const { make, say, fill } = squall.dom;
    const { clock } = squall.format;
    const TICK_MS = 1000;
    const WHOLE_EVERY_MS = 5000; /* the heat map comes with the whole result only */
    const RUNNING = ['spawning', 'running', 'stopping'];

    const isRunning = (state) => RUNNING.includes(state.state);

    function action(label, attributes, act) {
        return make('button', { type: 'button', ...attributes, onclick: act }, label);
    }

    function timeText(state) {
        const { elapsed_s: elapsed, time_left_s: left } = state;
        return left === null || left === undefined ? clock(elapsed)
            : `${clock(elapsed)} of ${clock(elapsed + left)}`;
    }

    /**
     * The view of the page without a fragment.
     * @param {function(Object): void} told  hears each state of the server
     */
    function view(told) {
        const trouble = make('p', { class: 'error trouble', role: 'alert' });
        const formPlace = make('section', { class: 'form-place' }), runPlace = make('div');
        const planText = make('pre', { tabindex: 0, 'aria-label': 'The plan as read' });
        const element = make('div', {}, trouble, formPlace, runPlace);
        const form = squall.form.start(start);
        const buttons = {
            edit: action('Edit', {}, () => squall.form.edit(state, (change) =>
                squall.server.edit(change))),
            stop: action('Stop', { class: 'danger' }, () => attempt(squall.server.stop)),
            reset: action('Reset', { title: 'forget what was measured so far; the users stay' },
                () => attempt(async () => {
                    await squall.server.reset();
                    await whole();
                })),
            again: action('Run again', { class: 'primary' },
                () => attempt(() => start(form.body()))),
            change: action('New run', {}, () => {
                isFormWanted = true;
                arrange();
                form.element.querySelector('input').focus();
            }),
        };
        let state = {}, model = null, viewer = null, shownRun = null, tasks = null;
        let isFormWanted = false, isClosed = false, timer = 0, wholeAt = 0;

        fill(formPlace, make('h1', {}, 'New run'), form.element,
            make('details', { class: 'plan', open: true }, make('summary', {}, 'The plan as read'),
                planText));

        /** Does what a button asks for; a refusal is shown at the top. */
        async function attempt(act) {
            try {
                await act();
                say(trouble, '');
                await tick();
            } catch (error) {
                say(trouble, error.message);
            }
        }

        async function start(body) {
            await squall.server.start(body);
            isFormWanted = false;
            await tick();
        }

        /** What is to be seen follows from the state and from nothing else. */
        function arrange() {
            const runs = isRunning(state), hasResult = model !== null;
            formPlace.hidden = !state.state || runs || (hasResult && !isFormWanted);
            runPlace.hidden = !hasResult;
            for (const name of ['stop', 'reset'])
                buttons[name].hidden = !runs;
            /* Stages say themselves how many users there are. */
            const own = (state.scenarios || []).find((one) => one.name === state.scenario);
            buttons.edit.hidden = !runs || Boolean(own && own.has_stages);
            for (const name of ['again', 'change'])
                buttons[name].hidden = runs || isFormWanted;
            say(planText, state.plan || '');
            planText.parentNode.hidden = !state.plan;
        }

        function openViewer() {
            viewer = squall.viewer.open({
                opened: squall.address.noteRow, histogramOf, result: () => model.result,
                tasks: () => tasks, plan: () => state.plan, link: linkOf, downloadId: 'current',
                buttons: Object.values(buttons),
            });
            fill(runPlace, viewer.element);
        }

        async function histogramOf(row) {
            return squall.histogram.buckets(await squall.server.histogram(row));
        }

        /** A link to this run stays right when the next one runs, once it is kept. */
        function linkOf() {
            const address = new URL(location.href);
            if (!isRunning(state) && state.run !== null && state.run !== undefined)
                address.hash = `run=${encodeURIComponent(state.run)}`;
            return address.href;
        }

        function show(next) {
            const isFirst = viewer === null;
            model = next;
            if (isFirst)
                openViewer();
            viewer.update(model, { state: state.state,
                time: isRunning(state) ? timeText(state) : '' });
            if (isFirst)
                squall.address.openRow(viewer);
        }

        /** The whole result: at the start, at the end, and now and then for the heat map. */
        async function whole() {
            wholeAt = performance.now();
            const result = await squall.server.result();
            if (result && result.total)
                show(squall.model.read(result));
            if (isRunning(state))
                tasks = await squall.server.tasks().catch(() => tasks);
        }

        async function fresh() {
            state = await squall.server.state();
            form.update(state);
            told(state);
        }

        async function look() {
            if (!state.token)
                await fresh();
            if (state.state === 'ready')
                return fresh();
            const wasRunning = isRunning(state);
            const answer = await squall.server.live(model ? squall.model.lastTime(model) : 0);
            const { result, ...more } = answer;
            state = { ...state, ...more };
            const isOther = state.run !== shownRun;
            shownRun = state.run;
            if (isOther || !model || wasRunning !== isRunning(state)) {
                await fresh();
                await whole();
            } else if (isRunning(state) && performance.now() - wholeAt > WHOLE_EVERY_MS) {
                await whole();
            } else if (result && result.total) {
                show(squall.model.extend(model, result));
            }
            return told(state);
        }

        let isLooking = false;
        async function tick() {
            clearTimeout(timer);
            if (isClosed || isLooking)
                return;
            isLooking = true;
            try {
                await look();
                if (trouble.dataset.lost) {
                    delete trouble.dataset.lost;
                    say(trouble, '');
                }
            } catch (error) {
                trouble.dataset.lost = 'yes';
                state.token = '';
                say(trouble, `${error.message}; trying again every second.`);
            }
            isLooking = false;
            if (isClosed)
                return;
            arrange();
            timer = setTimeout(tick, TICK_MS);
        }

        arrange();
        tick();
        return { element, close() {
            isClosed = true;
            clearTimeout(timer);
            if (viewer)
                viewer.close();
        } };
    }

    return { view };
})();
