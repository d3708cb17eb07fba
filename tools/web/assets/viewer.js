/** A whole result on the page: what was found first, then everything in sections. */
squall.viewer = (() => {
    const { make, say, fill, id } = squall.dom;
    const { count, rate, percent, latency, clock, duration } = squall.format;

    /** The bar that is always in sight: state, figures, verdict and what limits the run. */
    function bar(buttons) {
        const figures = {};
        const figure = (key, label) => {
            figures[key] = make('b', {}, '–');
            return make('div', { class: `figure ${key}` }, make('span', {}, label), figures[key]);
        };
        const state = make('span', { class: 'state', role: 'status' });
        const mark = make('span', { class: 'mark', 'aria-hidden': 'true' });
        const outcome = make('strong'), limit = make('span', { class: 'limit' });
        const reasons = make('ul', { class: 'reasons' });
        const sentence = make('p', { class: 'sentence' }, mark, outcome, ' ', limit);
        const element = make('div', { class: 'bar', role: 'region', 'aria-label': 'Verdict' },
            make('div', { class: 'figures' }, state, figure('time', 'Time'),
                figure('users', 'Users'), figure('rps', 'RPS'), figure('failed', 'Failures'),
                figure('p50', 'Median'), figure('p95', 'p95'), figure('p99', 'p99'),
                make('div', { class: 'buttons' }, buttons)), sentence, reasons);

        function update(model, words) {
            const { total, load } = model.result, verdict = squall.verdict.of(model);
            const now = squall.model.now(model.time), users = model.time.users;
            say(state, words.state);
            state.dataset.state = words.state;
            say(figures.time, words.time || (model.isRunning ? clock(model.result.duration_s)
                : duration(model.result.duration_s)));
            say(figures.users, count(model.isRunning && users.length ? users[users.length - 1]
                : load && (load.users_peak || load.users)));
            say(figures.rps, rate(model.isRunning ? now.rps : total.rps));
            say(figures.failed, percent(total.fail_ratio));
            figures.failed.className = total.failed > 0 ? 'bad' : '';
            say(figures.p50, latency(total.latency_us.p50));
            say(figures.p95, latency(total.latency_us.p95));
            say(figures.p99, latency(total.latency_us.p99));
            element.dataset.tone = verdict.tone;
            say(mark, verdict.mark);
            say(outcome, verdict.outcome);
            say(limit, verdict.limit);
            /* The limit may be one of the reasons; said once is enough. */
            fill(reasons, verdict.reasons.filter((reason) => !verdict.limit.includes(reason))
                .map((reason) => make('li', {}, reason)));
        }
        return { element, update };
    }

    /**
     * @typedef {Object} Source  where the viewer gets what the result does not hold
     * @property {function(Object): Promise<Object[]>} histogramOf  the buckets of a row
     * @property {function(): Object} result
     * @property {function(): string} [plan]
     * @property {function(): ?Object} [tasks]
     * @property {function(?string): void} [opened]  a row was opened, or closed for null
     * @property {function(): string} [link]
     * @property {string} [downloadId]
     * @property {Node[]} [buttons]
     */

    /** @param {Source} source */
    function open(source) {
        const head = bar(source.buttons || []);
        const sections = [squall.statistics.section(source), squall.charts.section(),
            squall.trend.section(), squall.slow.failures(), squall.slow.slowest(),
            squall.details.ratio(source), squall.details.health(), squall.details.plan(source),
            squall.details.downloads(source)];
        const shown = sections.map((section) => {
            const title = make('h2', { id: id(section.name), tabindex: -1 }, section.title);
            return { section, title, element: make('section', { class: `part ${section.name}-part`,
                'aria-labelledby': title.id }, title, section.element) };
        });
        const index = make('nav', { class: 'index', 'aria-label': 'Sections' }, shown.map(
            ({ title, section }) => make('button', { type: 'button', onclick: () => {
                title.scrollIntoView();
                title.focus({ preventScroll: true });
            } }, section.title)));
        const element = make('div', { class: 'viewer' }, head.element, index,
            shown.map((one) => one.element));
        return {
            element,
            openRow: sections[0].openRow,
            /** @param {Model} model @param {{state: string, time: string}} words */
            update(model, words) {
                element.classList.toggle('is-live', model.isRunning);
                head.update(model, words);
                sections.forEach((section) => section.update(model));
            },
            close() {
                sections.forEach((section) => section.close && section.close());
            },
        };
    }

    return { open };
})();
