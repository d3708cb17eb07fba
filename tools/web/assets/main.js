/** Starts the page: as a report when the document holds a result, else as the page of a server. */
squall.main = (() => {
    const { make, say, fill } = squall.dom;

    function frame(middle) {
        const content = make('main', { id: 'content', tabindex: -1 });
        const skip = make('button', { type: 'button', class: 'skip',
            onclick: () => content.focus() }, 'Skip to the content');
        document.body.append(skip, make('header', { class: 'top' },
            make('span', { class: 'brand' }, 'squall'), middle), content);
        return content;
    }

    function report(result) {
        const content = frame(make('span', { class: 'host' }, result.host || ''));
        document.title = `squall: ${result.name || squall.format.file(result.scenario) ||
            result.host || 'report'}`;
        const view = squall.stored.view(result, {});
        content.append(view.element);
        view.shown();
    }

    function page() {
        squall.server.takeToken();
        const kept = make('span', { class: 'count' });
        const links = [make('a', { href: '#' }, 'Run'),
            make('a', { href: '#runs' }, 'Kept runs ', kept)];
        const version = make('span', { class: 'version' });
        const content = frame([make('nav', { 'aria-label': 'Pages' }, links), version]);
        let view = null, shown = null;

        function told(state) {
            say(kept, state.kept ? String(state.kept) : '');
            say(version, state.version ? `squall ${state.version}` : '');
        }

        function compareWith(ids) {
            location.hash = `compare=${ids.map(encodeURIComponent).join(',')}`;
        }

        function open(parts) {
            if (parts.has('runs'))
                return squall.runs.list(compareWith);
            if (parts.has('compare'))
                return squall.compare.view(parts.get('compare').split(',').filter(Boolean),
                    compareWith);
            if (parts.has('run'))
                return squall.stored.kept(parts.get('run'));
            return squall.live.view(told);
        }

        function route() {
            const parts = squall.address.read();
            const wanted = ['runs', 'compare', 'run'].filter((key) => parts.has(key))
                .map((key) => `${key}=${parts.get(key)}`).join();
            if (wanted === shown)
                return;
            shown = wanted;
            if (view)
                view.close();
            view = open(parts);
            fill(content, view.element);
            links.forEach((link, i) => {
                if ((i === 1) === (wanted !== ''))
                    link.setAttribute('aria-current', 'page');
                else
                    link.removeAttribute('aria-current');
            });
        }
        addEventListener('hashchange', route);
        route();
        squall.server.state().then(told).catch(() => {});
    }

    function start() {
        const found = document.getElementById('squall-result');
        if (found)
            report(JSON.parse(found.textContent));
        else
            page();
    }

    if (document.readyState === 'loading')
        document.addEventListener('DOMContentLoaded', start);
    else
        start();
    return { start };
})();
