/** Numbers as people read them. What does not exist is a dash, never 0. */
squall.format = (() => {
    const NONE = '–';

    function exists(value) {
        return typeof value === 'number' && Number.isFinite(value);
    }

    /** 12345.6 -> "12,345.6" */
    function fixed(value, decimals) {
        const [whole, rest] = Math.abs(value).toFixed(decimals).split('.');
        const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
        const sign = value < 0 && Number(value.toFixed(decimals)) !== 0 ? '-' : '';
        return sign + grouped + (rest ? '.' + rest : '');
    }

    /** Three digits that tell: 0.123, 1.23, 12.3, 123, 1,234. */
    function digits(value) {
        if (!exists(value))
            return NONE;
        const size = Math.abs(value);
        return fixed(value, size < 0.9995 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
    }

    /** Microseconds as milliseconds, without the unit. */
    function ms(us) {
        return exists(us) ? digits(us / 1e3) : NONE;
    }

    /** Microseconds with the unit that fits: "87.0 µs", "12.3 ms", "1.23 s". */
    function latency(us) {
        if (!exists(us))
            return NONE;
        if (us === 0)
            return '0';
        if (us < 999.5)
            return `${digits(us)} µs`;
        return us < 999500 ? `${digits(us / 1e3)} ms` : `${digits(us / 1e6)} s`;
    }

    function count(value) {
        return exists(value) ? fixed(value, 0) : NONE;
    }

    /** Events per second; 0 is 0. */
    function rate(value) {
        if (!exists(value))
            return NONE;
        return value === 0 ? '0' : fixed(value, value < 0.0995 ? 3 : value < 99.95 ? 1 : 0);
    }

    /** A share as percent. Some is never 0 %, and not all is never 100 %. */
    function percent(share) {
        if (!exists(share))
            return NONE;
        const value = share * 100;
        if (value === 0 || value === 100)
            return `${value} %`;
        if (value < 0.01)
            return '< 0.01 %';
        if (value > 99.9)
            return '> 99.9 %';
        return `${fixed(value, value < 0.995 ? 2 : value < 9.95 ? 1 : 0)} %`;
    }

    function bytes(value) {
        if (!exists(value))
            return NONE;
        const units = ['B', 'kB', 'MB', 'GB', 'TB'];
        let step = 0;
        while (value >= 999.5 && step < units.length - 1) {
            value /= 1000;
            step += 1;
        }
        return `${step === 0 ? fixed(value, 0) : digits(value)} ${units[step]}`;
    }

    /** Seconds of a run as a clock: "0:07", "12:05", "1:00:00". */
    function clock(seconds) {
        if (!exists(seconds))
            return NONE;
        const whole = Math.round(seconds);
        const two = (n) => String(n).padStart(2, '0');
        const minutes = Math.floor(whole / 60);
        if (minutes < 60)
            return `${minutes}:${two(whole % 60)}`;
        return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
    }

    /** Seconds in words: "250 ms", "12.5 s", "5 min", "1 h 20 min". */
    function duration(seconds) {
        if (!exists(seconds))
            return NONE;
        if (seconds < 1)
            return `${Math.round(seconds * 1e3)} ms`;
        if (seconds < 60)
            return `${Number(seconds.toFixed(1))} s`;
        const whole = Math.round(seconds);
        const parts = [[Math.floor(whole / 3600), 'h'], [Math.floor(whole / 60) % 60, 'min'],
            [whole % 60, 's']];
        return parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(' ');
    }

    /** "+12.3", "-4.56" */
    function signed(value) {
        return exists(value) ? (value < 0 ? '' : '+') + digits(value) : NONE;
    }

    /** "1.05×", "8.7×" */
    function ratio(value) {
        return exists(value) ? `${value >= 99.5 ? fixed(value, 0) : value.toPrecision(3)}×` : NONE;
    }

    /** "2026-01-01T00:00:00Z" -> "2026-01-01 00:00 UTC" */
    function moment(text) {
        const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?/.exec(String(text || ''));
        return found ? `${found[1]} ${found[2]}${found[3] || ''} UTC` : NONE;
    }

    /** The last part of a path: "tools/cli/tweets.yaml" -> "tweets.yaml". */
    function file(path) {
        return String(path || '').split('/').pop();
    }

    function plural(n, word) {
        return `${count(n)} ${word}${n === 1 ? '' : 's'}`;
    }

    return { NONE, exists, digits, ms, latency, count, rate, percent, bytes, clock, duration,
        signed, ratio, moment, file, plural };
})();
