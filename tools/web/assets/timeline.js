/**
 * Charts that share a time axis: one cursor goes through all of them, and so does a zoom. With a
 * pointer: move to read, drag to zoom, twice to see all. With keys: arrows, Home and End move the
 * cursor, + and - zoom, Escape shows all.
 */
squall.timeline = (() => {
    const { make } = squall.dom;
    const { BOX } = squall.plot;
    const HINT = 'Arrow keys read the values, + and - zoom, Escape shows all.';
    const DRAG_MIN = 6; /* pixels; less is a click */

    /** @returns what the charts of one page share; `close` ends them all. */
    function group() {
        const self = { members: [], extent: [0, 1], zoom: null, cursor: null };
        self.domain = () => self.zoom || self.extent;
        self.setExtent = (from, to) => {
            self.extent = [from, Math.max(to, from + 1)];
        };
        self.setZoom = (zoom) => {
            self.zoom = zoom;
            self.members.forEach((member) => member.redraw());
        };
        self.setCursor = (t) => {
            self.cursor = t;
            self.members.forEach((member) => member.moveCursor());
        };
        self.close = () => self.members.splice(0).forEach((member) => member.close());
        return self;
    }

    function timeAt(group, place, clientX) {
        const area = place.getBoundingClientRect();
        const share = (clientX - area.left - BOX.left) / (area.width - BOX.left - BOX.right);
        const [from, to] = group.domain();
        return from + Math.min(Math.max(share, 0), 1) * (to - from);
    }

    /** Zooms by `factor` around the cursor. */
    function zoomBy(group, factor) {
        const [from, to] = group.domain();
        const middle = group.cursor === null ? (from + to) / 2 : group.cursor;
        const low = Math.max(group.extent[0], middle - (middle - from) * factor);
        const high = Math.min(group.extent[1], middle + (to - middle) * factor);
        const isAll = low <= group.extent[0] && high >= group.extent[1];
        if (high - low >= 2)
            group.setZoom(isAll ? null : [low, high]);
    }

    function handleKey(group, event) {
        const [from, to] = group.domain();
        const step = Math.max(1, (to - from) / 60);
        const at = group.cursor === null ? to : group.cursor;
        const moves = { ArrowLeft: at - step, ArrowRight: at + step, Home: from, End: to };
        if (event.key in moves) {
            group.setCursor(Math.min(Math.max(moves[event.key], from), to));
        } else if (event.key === '+' || event.key === '-') {
            zoomBy(group, event.key === '+' ? 0.5 : 2);
        } else if (event.key === 'Escape') {
            group.setCursor(null);
            group.setZoom(null);
        } else {
            return;
        }
        event.preventDefault();
    }

    function followPointer(group, place, band) {
        let start = null;
        place.addEventListener('pointerdown', (event) => {
            if (event.pointerType === 'mouse' && event.button === 0)
                start = event.clientX;
        });
        place.addEventListener('pointermove', (event) => {
            group.setCursor(timeAt(group, place, event.clientX));
            band.hidden = start === null || Math.abs(event.clientX - start) < DRAG_MIN;
            if (!band.hidden) {
                const left = Math.min(start, event.clientX) - place.getBoundingClientRect().left;
                band.style.left = `${left}px`;
                band.style.width = `${Math.abs(event.clientX - start)}px`;
            }
        });
        place.addEventListener('pointerup', (event) => {
            if (!band.hidden) {
                const ends = [start, event.clientX].map((x) => timeAt(group, place, x));
                const from = Math.min(...ends), to = Math.max(...ends);
                if (to - from >= 2)
                    group.setZoom([from, to]);
            }
            start = null;
            band.hidden = true;
        });
        place.addEventListener('pointerleave', () => {
            start = null;
            band.hidden = true;
            group.setCursor(null);
        });
        place.addEventListener('dblclick', () => group.setZoom(null));
    }

    /**
     * Makes a frame of squall.plot a member of a group. `read(t)` shows the values at the cursor,
     * or the last ones for null. Returns what ends the membership and the frame.
     */
    function join(group, frame, read) {
        const line = make('div', { class: 'cursor', hidden: true });
        const band = make('div', { class: 'band', hidden: true });
        const member = { redraw: frame.redraw, close: frame.close };
        frame.place.append(line, band);
        frame.place.tabIndex = 0;
        frame.place.setAttribute('role', 'group');
        const label = frame.canvas.getAttribute('aria-label');
        frame.place.setAttribute('aria-label', `${label}. ${HINT}`);
        member.moveCursor = () => {
            const t = group.cursor, [from, to] = group.domain();
            line.hidden = t === null || t < from || t > to;
            if (!line.hidden) {
                const width = frame.place.clientWidth - BOX.left - BOX.right;
                const x = BOX.left + (t - from) / (to - from) * width;
                line.style.transform = `translateX(${Math.round(x)}px)`;
            }
            read(t);
        };
        frame.place.addEventListener('keydown', (event) => handleKey(group, event));
        frame.place.addEventListener('blur', () => group.setCursor(null));
        followPointer(group, frame.place, band);
        group.members.push(member);
        return () => {
            group.members.splice(group.members.indexOf(member), 1);
            frame.close();
        };
    }

    /** The index of the last time at or before `t`, or of the first; null is the last of all. */
    function indexAt(times, t) {
        if (t === null || times.length === 0)
            return times.length - 1;
        let low = 0, high = times.length - 1;
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (times[middle] <= t + 0.5)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }

    return { group, join, indexAt };
})();
