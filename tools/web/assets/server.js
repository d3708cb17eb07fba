/** What the page asks of squall. Every failure is an Error with a sentence, and perhaps a field. */
squall.server = (() => {
    const PATIENCE_MS = 15000;
    const KEPT = 'squall-token';
    let token = '', isGiven = false;

    /**
     * On an address that others reach, squall prints its own with #token=...: that token goes with
     * everything that is asked, outlives a reload, and does not stay in the address, which is
     * shared.
     */
    function takeToken() {
        const parts = squall.address.read();
        if (parts.has('token')) {
            sessionStorage.setItem(KEPT, parts.get('token'));
            history.replaceState(null, '', location.pathname + location.search);
        }
        token = sessionStorage.getItem(KEPT) || '';
        isGiven = token !== '';
    }

    class Refusal extends Error {
        constructor(message, field, status) {
            super(message);
            this.field = field;
            this.status = status;
        }
    }

    async function answerOf(response) {
        const text = await response.text();
        let answer = null;
        try {
            answer = JSON.parse(text);
        } catch {
            answer = null;
        }
        if (response.ok)
            return answer;
        /* The API refuses in JSON, what guards it in a plain sentence. */
        const isPlain = (response.headers.get('Content-Type') || '').startsWith('text/plain');
        throw new Refusal(answer && answer.error ? answer.error : isPlain && text ? text.trim()
            : `squall answered ${response.status} ${response.statusText}`,
        answer && answer.field, response.status);
    }

    async function send(method, path, body) {
        const headers = {};
        if (token)
            headers['X-Squall-Token'] = token;
        if (body !== undefined)
            headers['Content-Type'] = 'application/json';
        try {
            return await fetch(path, { method, headers, cache: 'no-store',
                body: body === undefined ? undefined : JSON.stringify(body),
                signal: AbortSignal.timeout(PATIENCE_MS) });
        } catch {
            throw new Refusal('squall does not answer', null, 0);
        }
    }

    async function ask(method, path, body) {
        return answerOf(await send(method, path, body));
    }

    /** The file of a download as an address of its own, where a plain link would lack the token. */
    async function file(path) {
        const response = await send('GET', path);
        return response.ok ? URL.createObjectURL(await response.blob()) : answerOf(response);
    }

    async function state() {
        const found = await ask('GET', '/api/state');
        token = found.token || token;
        return found;
    }

    const run = (id) => `/api/runs/${encodeURIComponent(id)}`;

    return {
        takeToken,
        file,
        isTokenGiven: () => isGiven,
        state,
        live: (since) => ask('GET', `/api/live?since=${encodeURIComponent(since)}`),
        result: () => ask('GET', '/api/result'),
        tasks: () => ask('GET', '/tasks'),
        histogram: (row) => ask('GET', `/api/histogram?method=${encodeURIComponent(row.method)}` +
            `&name=${encodeURIComponent(row.key ? row.name : '')}`),
        start: (form) => ask('POST', '/api/start', form),
        edit: (change) => ask('POST', '/api/edit', change),
        stop: () => ask('POST', '/api/stop', {}),
        reset: () => ask('POST', '/api/reset', {}),
        runs: () => ask('GET', '/api/runs'),
        run: (id) => ask('GET', run(id)),
        annotate: (id, words) => ask('POST', run(id), words),
        remove: (id) => ask('DELETE', run(id)),
    };
})();
