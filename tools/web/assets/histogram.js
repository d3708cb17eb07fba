/** Histograms of latencies: out of the result's text, into bars that can be drawn. */
squall.histogram = (() => {
    const COOKIE_COMPRESSED = 0x1c849314;
    const COOKIE = 0x1c849313;
    const OUTER_SIZE = 8;
    const HEADER_SIZE = 40;
    const HALF = 1024; /* buckets of one power of two, at three digits */

    async function inflate(bytes) {
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
        return new Uint8Array(await new Response(stream).arrayBuffer());
    }

    /** The smallest value of a bucket, in nanoseconds. */
    function valueAt(index) {
        if (index < 2 * HALF)
            return index;
        return (index % HALF + HALF) * 2 ** (Math.floor(index / HALF) - 1);
    }

    /** One ZigZag LEB128 number as [value, next offset]; the ninth byte is whole. */
    function takeNumber(bytes, at) {
        let value = 0, scale = 1;
        for (let i = 0; ; i += 1) {
            const byte = bytes[at + i];
            if (byte === undefined)
                throw new Error('a histogram ends inside a number');
            const isLast = i === 8 || byte < 128;
            value += (isLast ? byte : byte & 127) * scale;
            scale *= 128;
            if (isLast)
                return [value % 2 ? -(value + 1) / 2 : value / 2, at + i + 1];
        }
    }

    /**
     * HdrHistogram's V2 text ("HISTFAAA...") as the buckets that counted.
     * @returns {Promise<{low: number, high: number, count: number}[]>} edges in microseconds
     */
    async function decode(text) {
        const outer = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        if (new DataView(outer.buffer).getUint32(0) !== COOKIE_COMPRESSED)
            throw new Error('this is no histogram of HdrHistogram, version 2');
        const bytes = await inflate(outer.subarray(OUTER_SIZE));
        const view = new DataView(bytes.buffer);
        if (view.getUint32(0) !== COOKIE || view.getUint32(12) !== 3)
            throw new Error('a histogram of three digits was expected');
        const end = HEADER_SIZE + view.getUint32(4);
        const buckets = [];
        for (let at = HEADER_SIZE, index = 0, number; at < end;) {
            [number, at] = takeNumber(bytes, at);
            if (number > 0) {
                const low = valueAt(index) / 1e3, high = valueAt(index + 1) / 1e3;
                buckets.push({ low, high, count: number });
            }
            index += number < 0 ? -number : 1;
        }
        return buckets;
    }

    /**
     * Counts on a ruler of equal ratios: about `wanted` bars from the smallest to the largest
     * value. A bucket that lies in several bars is shared out among them.
     * @param {{low: number, high: number, count: number}[]} buckets in ascending order
     * @returns {{edges: number[], counts: number[]}}
     */
    function bars(buckets, wanted) {
        if (buckets.length === 0)
            return { edges: [], counts: [] };
        const from = Math.max(buckets[0].low, 0.5);
        const to = Math.max(buckets[buckets.length - 1].high, from * 1.1);
        const ratio = Math.max((to / from) ** (1 / wanted), 1.001);
        const n = Math.ceil(Math.log(to / from) / Math.log(ratio) - 1e-9);
        const counts = new Array(n).fill(0);
        const slotOf = (value) =>
            Math.min(Math.max(Math.log(value / from) / Math.log(ratio), 0), n);
        for (const bucket of buckets) {
            const start = slotOf(Math.max(bucket.low, from)), end = slotOf(bucket.high);
            const first = Math.min(Math.floor(start), n - 1);
            for (let slot = first; slot < n && slot <= end; slot += 1) {
                const share = end > start
                    ? (Math.min(end, slot + 1) - Math.max(start, slot)) / (end - start) : 1;
                counts[slot] += bucket.count * share;
            }
        }
        return { edges: Array.from({ length: n + 1 }, (_, i) => from * ratio ** i), counts };
    }

    /** The answer of /api/histogram in the same shape as decode()'s. */
    function buckets(answer) {
        const found = [];
        answer.counts.forEach((count, i) => {
            if (count > 0)
                found.push({ low: answer.edges_us[i], high: answer.edges_us[i + 1], count });
        });
        return found;
    }

    return { decode, bars, buckets };
})();
