/** The first sentence about a run, as the terminal says it, and what limited it. */
squall.verdict = (() => {
    const { count, latency, plural } = squall.format;

    function sentence(text) {
        return text.endsWith('.') ? text : `${text}.`;
    }

    function mainFailure(result) {
        const all = [...(result.failures || [])].sort((a, b) => b.count - a.count);
        if (!all.length || !all[0].message)
            return '.';
        const isAlone = !result.failures_not_listed &&
            all.every((failure) => failure.message === all[0].message);
        return (isAlone ? ': ' : ', most often: ') + sentence(all[0].message);
    }

    function outcome(result) {
        const { ok, failed } = result.total;
        if (ok + failed === 0)
            return 'No request finished.';
        if (failed === 0)
            return `${plural(ok + failed, 'request')}, none failed.`;
        return `${count(failed)} of ${plural(ok + failed, 'request')} failed${mainFailure(result)}`;
    }

    /** What was due and never went out, where it is more than a hundredth. */
    function lateness(result, isRunning) {
        const books = result.accounting || {};
        const missing = (books.dropped || 0) + (books.not_sent || 0);
        const isRate = result.load && result.load.rate !== null;
        const due = books.due ?? books.scheduled; // results of before have no such number
        if (isRunning || !isRate || missing <= due / 100)
            return '';
        return `${count(missing)} of ${count(due)} due requests were never sent.`;
    }

    function expectations(result) {
        const all = result.expectations || [], unmet = all.filter((one) => !one.holds).length;
        return unmet ? `${unmet} of ${plural(all.length, 'expectation')} not met.` : '';
    }

    /** "Median 12.3 ms (95 % range 12.0 ms to 12.8 ms), 99 % within 40.1 ms.", when it is over. */
    function speed({ total }, isRunning) {
        if (isRunning || !total.count)
            return '';
        const parts = [['p50', 'Median'], ['p99', '99 % within']].map(([key, label]) => {
            const found = total.confidence && total.confidence[key];
            const range = found && found.state === 'held'
                ? ` (95 % range ${squall.statistics.range(total, key)})` : '';
            return `${label} ${latency(total.latency_us[key])}${range}`;
        });
        return sentence(parts.join(', '));
    }

    /**
     * @param {import('./model.js').Model} model
     * @returns {{tone: string, mark: string, outcome: string, limit: string, reasons: string[]}}
     *          tone is "good", "bad" (half of it or more failed, or a promise is broken) or "doubt"
     */
    function of(model) {
        const { result, isRunning } = model;
        const generator = result.generator || {};
        const late = lateness(result, isRunning), unmet = expectations(result);
        const books = result.accounting;
        const isBalanced = isRunning || !books || books.balanced !== false;
        const isAudited = isRunning || !result.audit || result.audit.ok;
        const isOk = !generator.verdict || generator.verdict === 'ok';
        const { ok, failed } = result.total;
        const isWrong = failed > 0 || unmet !== '' || !isBalanced || !isAudited;
        const isBad = !isBalanced || !isAudited || unmet !== '' || (failed > 0 && failed >= ok);
        const isGood = isOk && !isWrong && !late && ok + failed > 0;
        const parts = [result.interrupted ? 'Interrupted.' : '', outcome(result), late, unmet,
            isAudited ? '' : 'The audit failed.', isBalanced ? '' : 'Accounting does not balance.'];
        return {
            tone: isBad ? 'bad' : isGood ? 'good' : 'doubt',
            mark: isGood ? '✓' : isWrong ? '✗' : '!',
            outcome: parts.filter(Boolean).join(' '),
            limit: [speed(result, isRunning), generator.bottleneck
                ? `Bottleneck: ${sentence(generator.bottleneck)}` : 'Bottleneck: not known yet.']
                .filter(Boolean).join(' '),
            reasons: generator.reasons || [],
        };
    }

    return { of };
})();
