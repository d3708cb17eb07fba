/** A result that does not change any more: a report, or a run that was kept. */
squall.stored = (() => {
    const { make } = squall.dom;

    /** The buckets of a row; of all rows for the sum. */
    async function histogramOf(model, row) {
        const rows = row.key === '' ? model.rows : [row];
        const all = await Promise.all(rows.filter((one) => one.histogram)
            .map((one) => squall.histogram.decode(one.histogram.latency)));
        return all.flat().sort((a, b) => a.low - b.low);
    }

    function titleOf(result) {
        return make('h1', {}, result.name || squall.format.file(result.scenario) ||
            result.host || 'Report',
            result.note ? make('span', { class: 'note' }, result.note) : null);
    }

    /** @param {Object} result squall/1 @param {Object} more of what squall.viewer.open() takes */
    function view(result, more) {
        const model = squall.model.read(result);
        const viewer = squall.viewer.open({ opened: squall.address.noteRow, result: () => result,
            histogramOf: (row) => histogramOf(model, row), ...more });
        viewer.update(model, { state: result.interrupted ? 'interrupted' : 'finished' });
        return { element: make('div', {}, titleOf(result), viewer.element), close: viewer.close,
            shown: () => squall.address.openRow(viewer) };
    }

    /** The view of #run=ID. */
    function kept(id) {
        const place = make('div', {}, make('p', { class: 'note', role: 'status' }, 'Loading …'));
        let inner = null, isClosed = false;
        squall.server.run(id).then((result) => {
            if (isClosed)
                return;
            inner = view(result, { downloadId: id, link: () => location.href });
            squall.dom.fill(place, inner.element);
            inner.shown();
        }).catch((error) => squall.dom.fill(place,
            make('p', { class: 'error', role: 'alert' }, error.message)));
        return { element: place, close() {
            isClosed = true;
            if (inner)
                inner.close();
        } };
    }

    return { view, kept };
})();
