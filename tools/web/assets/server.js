/** What the page asks of squall. Every failure is an Error with a sentence, and perhaps a field. */
squall.server = (() => {
    const PATIENCE_MS = 15000;
    let token = '';

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
        if (!response.ok)
            throw new Refusal(answer && answer.error ? answer.error
                : `squall answered ${response.status} ${response.statusText}`,
            answer && answer.field, response.status);
        return answer;
    }

    async function ask(method, path, body) {
        const headers = { Accept: 'application/json' };
        if (method !== 'GET') {
            headers['X-Squall-Token'] = token;
            headers['Content-Type'] = 'application/json';
        }
        let response;
        try {
            response = await fetch(path, { method, headers, cache: 'no-store',
                body: body === undefined ? undefined : JSON.stringify(body),
                signal: AbortSignal.timeout(PATIENCE_MS) });
        } catch {
            throw new Refusal('squall does not answer', null, 0);
        }
        return answerOf(response);
    }

    async function state() {
        const found = await ask('GET', '/api/state');
        token = found.token;
        return found;
    }

    const run = (id) => `/api/runs/${encodeURIComponent(id)}`;

    return {
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
