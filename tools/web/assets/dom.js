/** Elements of the page, made without markup. */
squall.dom = (() => {
    /**
     * Makes an element. An attribute that begins with "on" is a listener; null, undefined and false
     * leave it out, true sets it empty. Children are nodes or text, and text stays text.
     * @param {string} tag
     * @param {Object<string, *>} [attributes]
     * @param {...(Node|string|number|null)} children
     * @returns {HTMLElement}
     */
    function make(tag, attributes, ...children) {
        const element = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes || {})) {
            if (value === null || value === undefined || value === false)
                continue;
            if (name.startsWith('on'))
                element.addEventListener(name.slice(2), value);
            else
                element.setAttribute(name, value === true ? '' : String(value));
        }
        append(element, children);
        return element;
    }

    /** Appends nodes and text; null and undefined are left out. */
    function append(element, children) {
        for (const child of children.flat()) {
            if (child === null || child === undefined)
                continue;
            element.append(child instanceof Node ? child : String(child));
        }
    }

    /** Sets the text of an element, and touches nothing when it is there already. */
    function say(element, text) {
        if (element.textContent !== text)
            element.textContent = text;
    }

    /** Replaces all children. */
    function fill(element, ...children) {
        element.replaceChildren();
        append(element, children);
        return element;
    }

    /** Makes the children of `parent` be `wanted`, in that order; moves no more than is needed. */
    function arrange(parent, wanted) {
        let next = parent.firstChild;
        for (const node of wanted) {
            if (node === next)
                next = next.nextSibling;
            else
                parent.insertBefore(node, next);
        }
        while (next) {
            const after = next.nextSibling;
            next.remove();
            next = after;
        }
    }

    /** A definition list of [term, text or node] pairs; pairs without a value are left out. */
    function facts(pairs) {
        return make('dl', { class: 'facts' }, pairs
            .filter(([, value]) => value !== null && value !== undefined && value !== '')
            .map(([term, value]) => make('div', {}, make('dt', {}, term), make('dd', {}, value))));
    }

    let last = 0;
    /** A name for an id that nothing else has. */
    function id(word) {
        last += 1;
        return `${word}-${last}`;
    }

    return { make, say, fill, arrange, facts, id };
})();
