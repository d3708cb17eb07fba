/** Tables that sort, keep their cells while their numbers change, and open a row for details. */
squall.table = (() => {
    const { make, say, arrange, id } = squall.dom;

    /**
     * @typedef {Object} Column
     * @property {string} label
     * @property {string} [title]           what the label means, in a sentence
     * @property {function(Object): *} value    what is sorted by; numbers make a column of numbers
     * @property {function(Object): string} [text]  what is shown; else the value
     * @property {function(Object): string} [tone]  a class for the cell
     * @property {boolean} [isText]
     * @property {boolean} [isName]         the header of its row, and what opens it
     * @property {boolean} [isLive]         makes sense only while the run lives
     */

    function compare(a, b) {
        const isNone = (v) => v === null || v === undefined || Number.isNaN(v);
        if (isNone(a) || isNone(b))
            return isNone(a) - isNone(b);
        return typeof a === 'string' ? a.localeCompare(b, 'en', { numeric: true }) : a - b;
    }

    function classesOf(column) {
        return (column.isText || column.isName ? 'words' : 'number') +
            (column.isLive ? ' live' : '') + (column.isName ? ' name' : '');
    }

    function headCell(column, sortBy) {
        const button = make('button', { type: 'button', title: column.title,
            onclick: () => sortBy(column) }, column.label);
        return make('th', { scope: 'col', class: classesOf(column) }, button);
    }

    /** One row of cells, and how to bring them up to date. */
    function bodyRow(columns, opener) {
        const cells = columns.map((column) => {
            const button = column.isName && opener
                ? make('button', { type: 'button', class: 'opener', 'aria-expanded': 'false',
                    onclick: opener }) : null;
            const cell = make(column.isName ? 'th' : 'td',
                { class: classesOf(column), scope: column.isName ? 'row' : null }, button);
            return { column, cell, button };
        });
        const element = make('tr', {}, cells.map(({ cell }) => cell));
        return {
            element,
            update(row) {
                for (const { column, cell, button } of cells) {
                    say(button || cell, String(column.text ? column.text(row) : column.value(row)));
                    if (column.tone)
                        cell.className = `${classesOf(column)} ${column.tone(row) || ''}`.trim();
                }
            },
            setOpen(isOpen) {
                cells.forEach(({ button }) => button &&
                    button.setAttribute('aria-expanded', String(isOpen)));
            },
        };
    }

    /**
     * @param {{caption: string, columns: Column[], detail: function(Object): Object,
     *          opened: function(?string): void}} options `detail` makes what an open row shows: an
     *          object with element, update(row) and close()
     * @returns what shows rows, each with a `key` of its own, and perhaps one for the foot
     */
    function sortable(options) {
        const { columns, caption } = options;
        const body = make('tbody'), foot = make('tfoot');
        const known = new Map();
        let rows = [], total = null, sort = null, open = null;

        const heads = columns.map((column) => headCell(column, sortBy));
        const table = make('table', {}, make('caption', { class: 'unseen' }, caption),
            make('thead', {}, make('tr', {}, heads)), body, foot);
        const element = make('div', { class: 'scroll', role: 'region', tabindex: 0,
            'aria-label': caption }, table);

        function sortBy(column) {
            const isDown = sort && sort.column === column ? !sort.isDown : !column.isText &&
                !column.isName;
            sort = { column, isDown };
            heads.forEach((head, i) => {
                if (columns[i] === column)
                    head.setAttribute('aria-sort', isDown ? 'descending' : 'ascending');
                else
                    head.removeAttribute('aria-sort');
            });
            show();
        }

        function entryOf(row) {
            let entry = known.get(row.key);
            if (!entry) {
                entry = { view: bodyRow(columns, options.detail && (() => toggle(row.key))) };
                known.set(row.key, entry);
            }
            entry.row = row;
            entry.view.update(row);
            return entry;
        }

        function show() {
            const sorted = !sort ? rows : [...rows].sort((a, b) =>
                compare(sort.column.value(a), sort.column.value(b)) * (sort.isDown ? -1 : 1));
            const wanted = [];
            for (const row of sorted) {
                const entry = entryOf(row);
                wanted.push(entry.view.element);
                if (open && open.key === row.key) {
                    open.detail.update(row);
                    wanted.push(open.element);
                }
            }
            arrange(body, wanted);
            if (total) {
                const entry = entryOf(total);
                arrange(foot, open && open.key === total.key ? [entry.view.element, open.element]
                    : [entry.view.element]);
                if (open && open.key === total.key)
                    open.detail.update(total);
            }
        }

        function close() {
            if (!open)
                return;
            open.detail.close();
            const entry = known.get(open.key);
            if (entry)
                entry.view.setOpen(false);
            open = null;
        }

        /** Opens the row with this key, or closes all for null. False when there is no such row. */
        function openRow(key) {
            const row = key === null ? null : [...rows, ...(total ? [total] : [])]
                .find((one) => one.key === key);
            close();
            if (row) {
                const detail = options.detail(row);
                const cell = make('td', { colspan: columns.length }, detail.element);
                const element = make('tr', { class: 'detail', id: id('row') }, cell);
                open = { key, detail, element };
                known.get(key).view.setOpen(true);
            }
            show();
            return Boolean(row);
        }

        function toggle(key) {
            const isOpen = open && open.key === key;
            openRow(isOpen ? null : key);
            if (options.opened)
                options.opened(isOpen ? null : key);
        }

        return {
            element,
            close,
            openRow,
            update(more, sum) {
                rows = more;
                total = sum || null;
                if (open && ![...rows, total].some((row) => row && row.key === open.key))
                    close();
                show();
            },
        };
    }

    /** A table that does not change: heads, and rows of text. The first column names the row. */
    function plain(caption, heads, rows) {
        const cell = (text, i) => make(i === 0 ? 'th' : 'td',
            { scope: i === 0 ? 'row' : null, class: i === 0 ? 'words' : null }, text);
        return make('div', { class: 'scroll', role: 'region', tabindex: 0, 'aria-label': caption },
            make('table', {}, make('caption', { class: 'unseen' }, caption),
                make('thead', {}, make('tr', {}, heads.map((head) =>
                    make('th', { scope: 'col' }, head)))),
                make('tbody', {}, rows.map((row) => make('tr', {}, row.map(cell))))));
    }

    return { sortable, plain };
})();
