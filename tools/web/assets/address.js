/**
 * What the page shows stands in the fragment of its address, so that a link shows it again:
 * `#run=ID`, `#runs`, `#compare=ID,ID`, each with `&row=METHOD name` for the open row.
 */
squall.address = (() => {
    /** @returns {Map<string, string>} */
    function read() {
        return new Map(location.hash.slice(1).split('&').filter(Boolean).map((part) => {
            const at = part.indexOf('=');
            const [key, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
            try {
                return [key, decodeURIComponent(value)];
            } catch {
                return [key, value];
            }
        }));
    }

    /** Notes the open row, or none for null, without a new step in the history. */
    function noteRow(row) {
        const parts = read();
        parts.delete('row');
        if (row !== null)
            parts.set('row', row);
        const text = [...parts].map(([key, value]) =>
            value === '' && key !== 'row' ? key : `${key}=${encodeURIComponent(value)}`).join('&');
        history.replaceState(null, '', text ? `#${text}` : location.pathname + location.search);
    }

    /** Opens the row that the address names. */
    function openRow(viewer) {
        const row = read().get('row');
        if (row !== undefined)
            viewer.openRow(row);
    }

    return { read, noteRow, openRow };
})();
