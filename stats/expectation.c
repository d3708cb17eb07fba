#include "stats/expectation.h"

#include <math.h>

#define DIGITS_MAX         15u /* a double holds as many exactly */
#define PERCENT_DIGITS_MAX 9u

const char *const expectation_metric_names[] = {
    "p50",
    "p75",
    "p90",
    "p95",
    "p99",
    "p99.9",
    "p99.99",
#define X(id, name, unit, value) name,
    EXPECTATION_METRICS(X)
#undef X
        NULL,
};

static const struct {
    struct span name;
    enum expectation_unit unit;
} metrics[] = {
#define X(id, name, unit, value) { SPAN_LITERAL(name), EXPECTATION_##unit },
    EXPECTATION_METRICS(X)
#undef X
};
#define METRIC_COUNT (sizeof(metrics) / sizeof(metrics[0]))

static const struct {
    struct span sign;
    enum expectation_relation relation;
} relations[] = {
    /* the longer ones first */
    { SPAN_LITERAL("<="), EXPECTATION_AT_MOST }, { SPAN_LITERAL(">="), EXPECTATION_AT_LEAST },
    { SPAN_LITERAL("=="), EXPECTATION_EQUAL },   { SPAN_LITERAL("!="), EXPECTATION_UNEQUAL },
    { SPAN_LITERAL("<"), EXPECTATION_BELOW },    { SPAN_LITERAL(">"), EXPECTATION_ABOVE },
};

/* A unit is so many num / den of what the values of the metric are counted in. */
static const struct {
    enum expectation_unit of;
    struct span name;
    uint64_t num, den;
} units[] = {
    { EXPECTATION_TIME_US, SPAN_LITERAL(""), 1000, 1 },
    { EXPECTATION_TIME_US, SPAN_LITERAL("ns"), 1, 1000 },
    { EXPECTATION_TIME_US, SPAN_LITERAL("us"), 1, 1 },
    { EXPECTATION_TIME_US, SPAN_LITERAL("ms"), 1000, 1 },
    { EXPECTATION_TIME_US, SPAN_LITERAL("s"), 1000000, 1 },
    { EXPECTATION_TIME_US, SPAN_LITERAL("m"), 60000000, 1 },
    { EXPECTATION_TIME_US, SPAN_LITERAL("h"), 3600000000, 1 },
    { EXPECTATION_SHARE, SPAN_LITERAL(""), 1, 1 },
    { EXPECTATION_SHARE, SPAN_LITERAL("%"), 1, 100 },
    { EXPECTATION_NUMBER, SPAN_LITERAL(""), 1, 1 },
    { EXPECTATION_NUMBER, SPAN_LITERAL("k"), 1000, 1 },
    { EXPECTATION_NUMBER, SPAN_LITERAL("M"), 1000000, 1 },
    { EXPECTATION_NUMBER, SPAN_LITERAL("G"), 1000000000, 1 },
};

static const char *const bounds_expected[] = {
    [EXPECTATION_TIME_US] = "a time such as '50ms' or '1.5s'",
    [EXPECTATION_SHARE] = "a share such as '1%' or '0.01'",
    [EXPECTATION_NUMBER] = "a number such as '100' or '2.5k'",
};

/* ---- reading ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct span trimmed(struct span text)
{
    while (text.len > 0 && is_blank(text.bytes[0])) {
        text.bytes++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.bytes[text.len - 1]))
        text.len--;
    return text;
}

/* Takes the first `len` bytes off *rest, and the blanks behind them. */
static struct span take(struct span *rest, size_t len)
{
    const struct span taken = { rest->bytes, len };
    *rest = trimmed((struct span){ rest->bytes + len, rest->len - len });
    return taken;
}

static size_t length_without(struct span text, const char *stops)
{
    size_t len = 0;
    while (len < text.len && text.bytes[len] != '\0' && strchr(stops, text.bytes[len]) == NULL)
        len++;
    return len;
}

/* mantissa / 10^places */
struct decimal {
    uint64_t mantissa;
    uint64_t scale; /* 10^places */
};

/* Digits, and a fraction behind a point. Bytes read, 0 when they are none or more than digits_max.
 */
static size_t decimal_read(struct decimal *ret, struct span text, unsigned digits_max)
{
    struct decimal d = { 0, 1 };
    bool is_fraction = false;
    unsigned digits = 0;
    size_t i = 0;
    for (; i < text.len; i++) {
        const char c = text.bytes[i];
        if (c == '.' && !is_fraction && digits > 0 && i + 1 < text.len &&
            is_digit(text.bytes[i + 1])) {
            is_fraction = true;
            continue;
        }
        if (!is_digit(c))
            break;
        if (++digits > digits_max)
            return 0;
        d.mantissa = d.mantissa * 10 + (uint64_t)(c - '0');
        d.scale *= is_fraction ? 10 : 1;
    }
    *ret = d;
    return digits > 0 ? i : 0;
}

/* 'p99.9' or 'p(99.9)': above 0, at most 100. */
static bool percentile_read(struct expectation *e, struct span word)
{
    struct decimal percent;
    if (word.len < 2 || word.bytes[0] != 'p')
        return false;
    struct span number = { word.bytes + 1, word.len - 1 };
    if (number.bytes[0] == '(') {
        if (number.bytes[number.len - 1] != ')')
            return false;
        number = trimmed((struct span){ number.bytes + 1, number.len - 2 });
    }
    const size_t len = decimal_read(&percent, number, PERCENT_DIGITS_MAX);
    e->metric = EXPECTATION_PERCENTILE;
    e->num = percent.mantissa;
    e->den = percent.scale * 100;
    return len > 0 && len == number.len && e->num > 0 && e->num <= e->den;
}

static bool metric_read(struct expectation *e, struct span word)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (span_equal(metrics[i].name, word)) {
            e->metric = (enum expectation_metric)i;
            return true;
        }
    }
    return percentile_read(e, word);
}

/* The word at the beginning; blanks may stand within brackets. */
static struct span metric_word(struct span text)
{
    size_t len = length_without(text, " \t{<>=!(");
    if (len < text.len && text.bytes[len] == '(') {
        const size_t inside = length_without(text, ")");
        len = inside < text.len ? inside + 1 : len;
    }
    return (struct span){ text.bytes, len };
}

static bool relation_read(struct expectation *e, struct span *rest)
{
    for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++) {
        const struct span sign = relations[i].sign;
        if (rest->len >= sign.len && memcmp(rest->bytes, sign.bytes, sign.len) == 0) {
            e->relation = relations[i].relation;
            take(rest, sign.len);
            return true;
        }
    }
    return false;
}

static bool bound_read(struct expectation *e, struct span text)
{
    struct decimal d;
    const size_t len = decimal_read(&d, text, DIGITS_MAX);
    if (len == 0)
        return false;
    const struct span name = trimmed((struct span){ text.bytes + len, text.len - len });
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].of != expectation_unit(e) || !span_equal(units[i].name, name))
            continue;
        /* Divided once: 7% must be 7 / 100 and not 7 * 0.01, which is more. */
        e->bound =
            (double)d.mantissa * (double)units[i].num / ((double)d.scale * (double)units[i].den);
        return true;
    }
    return false;
}

static bool fault(struct expectation_fault *f, const char *expected, struct span found)
{
    *f = (struct expectation_fault){ .expected = expected, .found = found };
    return false;
}

/* What is between the braces, the last of which closes: a name may have some of its own. */
static bool row_read(struct expectation *e, struct span *rest, struct expectation_fault *f)
{
    const char *close = memrchr(rest->bytes, '}', rest->len);
    if (close == NULL)
        return fault(f, "a row in braces such as '{GET /json}'", *rest);
    e->row = trimmed((struct span){ rest->bytes + 1, (size_t)(close - rest->bytes - 1) });
    if (e->row.len == 0)
        return fault(f, "a row in braces such as '{GET /json}'", *rest);
    take(rest, (size_t)(close - rest->bytes + 1));
    return true;
}

bool expectation_read(struct expectation *ret, struct span text,
                      struct expectation_fault *ret_fault)
{
    struct expectation e = { .row = { NULL, 0 } };
    struct span rest = trimmed(text);
    const struct span word = metric_word(rest);
    if (!metric_read(&e, word)) {
        fault(ret_fault, "a metric such as 'p99' or 'fail_ratio'", word);
        ret_fault->is_metric = true;
        return false;
    }
    take(&rest, word.len);
    if (rest.len > 0 && rest.bytes[0] == '{' && !row_read(&e, &rest, ret_fault))
        return false;
    if (!relation_read(&e, &rest))
        return fault(ret_fault, "one of < <= > >= == !=", rest);
    if (!bound_read(&e, rest))
        return fault(ret_fault, bounds_expected[expectation_unit(&e)], rest);
    *ret = e;
    return true;
}

enum expectation_unit expectation_unit(const struct expectation *e)
{
    return e->metric == EXPECTATION_PERCENTILE ? EXPECTATION_TIME_US : metrics[e->metric].unit;
}

/* ---- looking ---- */

/* Whether the row is "METHOD name". */
static bool is_whole_name(struct span row, const struct endpoint_name *n)
{
    const struct span method = span_of(n->method), name = span_of(n->name);
    return row.len == method.len + 1 + name.len && row.bytes[method.len] == ' ' &&
           memcmp(row.bytes, method.bytes, method.len) == 0 &&
           memcmp(row.bytes + method.len + 1, name.bytes, name.len) == 0;
}

uint32_t expectation_row(struct span row, const struct endpoint_name *names, uint32_t count)
{
    uint32_t found = EXPECTATION_ROW_UNKNOWN;
    for (uint32_t i = 0; i < count; i++)
        if (is_whole_name(row, &names[i]))
            return i;
    for (uint32_t i = 0; i < count; i++) {
        if (!span_equal(row, span_of(names[i].name)))
            continue;
        if (found != EXPECTATION_ROW_UNKNOWN)
            return EXPECTATION_ROW_AMBIGUOUS;
        found = i;
    }
    return found;
}

static double value_of(enum expectation_metric metric, const struct summary_row *row)
{
    switch (metric) {
#define X(id, name, unit, value)                                                                   \
    case EXPECTATION_##id:                                                                         \
        return (double)row->value;
        EXPECTATION_METRICS(X)
#undef X
    case EXPECTATION_PERCENTILE:
        break;
    }
    return NAN;
}

static bool relation_holds(double value, enum expectation_relation relation, double bound)
{
    switch (relation) {
    case EXPECTATION_BELOW:
        return value < bound;
    case EXPECTATION_AT_MOST:
        return value <= bound;
    case EXPECTATION_ABOVE:
        return value > bound;
    case EXPECTATION_AT_LEAST:
        return value >= bound;
    case EXPECTATION_EQUAL:
        return value == bound;
    case EXPECTATION_UNEQUAL:
        return value < bound || value > bound; /* not so for NaN */
    }
    return false;
}

int expectation_evaluate(struct expectation_outcome *ret, const struct expectation *e, uint32_t row,
                         const struct summary *s, const struct tally *t)
{
    double value;
    if (e->metric == EXPECTATION_PERCENTILE) {
        const int rc = summary_quantile_us(&value, t, row, e->num, e->den);
        if (rc != 0)
            return rc;
    } else {
        value = value_of(e->metric, row == SUMMARY_ALL_ROWS ? &s->total : &s->rows[row]);
    }
    *ret = (struct expectation_outcome){ value, relation_holds(value, e->relation, e->bound) };
    return 0;
}
