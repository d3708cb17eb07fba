/* The date of an Expires attribute: RFC 6265 section 5.1.1, which takes far more than servers ought
 * to send. */
#include "http/cookie.h"

#define TOKEN_DIGITS_MAX 4u

/* Fields that a date has once each, in the order in which a token is tried for them. */
enum date_field { DATE_TIME, DATE_DAY, DATE_MONTH, DATE_YEAR, DATE_FIELD_COUNT };

struct date {
    bool has[DATE_FIELD_COUNT];
    uint32_t hour, minute, second, day, month, year;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_delimiter(char byte)
{
    const uint8_t c = (uint8_t)byte;
    return c == '\t' || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) ||
           (c >= 0x5b && c <= 0x60) || (c >= 0x7b && c <= 0x7e);
}

/* Takes `least` to `most` digits that no other follows off the text. */
static bool take_number(struct span *text, size_t least, size_t most, uint32_t *ret_number)
{
    size_t len = 0;
    uint32_t number = 0;
    while (len < text->len && len <= TOKEN_DIGITS_MAX && is_digit(text->bytes[len]))
        number = number * 10 + (uint32_t)(text->bytes[len++] - '0');
    if (len < least || len > most)
        return false;
    *ret_number = number;
    *text = (struct span){ text->bytes + len, text->len - len };
    return true;
}

static bool take_colon(struct span *text)
{
    if (text->len == 0 || text->bytes[0] != ':')
        return false;
    *text = (struct span){ text->bytes + 1, text->len - 1 };
    return true;
}

static bool read_time(struct date *d, struct span token)
{
    return take_number(&token, 1, 2, &d->hour) && take_colon(&token) &&
           take_number(&token, 1, 2, &d->minute) && take_colon(&token) &&
           take_number(&token, 1, 2, &d->second);
}

static bool read_month(struct date *d, struct span token)
{
    static const char names[][4] = { "jan", "feb", "mar", "apr", "may", "jun",
                                     "jul", "aug", "sep", "oct", "nov", "dec" };

    if (token.len < 3)
        return false;
    for (uint32_t i = 0; i < 12; i++) {
        if (span_equal_ignoring_case((struct span){ token.bytes, 3 }, span_of(names[i]))) {
            d->month = i + 1;
            return true;
        }
    }
    return false;
}

static bool read_year(struct date *d, struct span token)
{
    if (!take_number(&token, 2, TOKEN_DIGITS_MAX, &d->year))
        return false;
    if (d->year <= 69)
        d->year += 2000;
    else if (d->year <= 99)
        d->year += 1900;
    return true;
}

static bool read_field(struct date *d, enum date_field field, struct span token)
{
    switch (field) {
    case DATE_TIME:
        return read_time(d, token);
    case DATE_DAY:
        return take_number(&token, 1, 2, &d->day);
    case DATE_MONTH:
        return read_month(d, token);
    default:
        return read_year(d, token);
    }
}

/* A token that is nothing of what is still missing is passed over: the name of a day, a zone. */
static void read_token(struct date *d, struct span token)
{
    for (enum date_field field = DATE_TIME; field < DATE_FIELD_COUNT; field++) {
        if (!d->has[field] && read_field(d, field, token)) {
            d->has[field] = true;
            return;
        }
    }
}

static uint32_t days_of_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

/* Days from 1970-01-01. Years are counted from March, so that the day a leap year has more is its
 * last: the months before month m of such a year have (153 m + 2) / 5 days. 719,468 is the distance
 * from 0000-03-01. */
static int64_t days_of_date(uint32_t year, uint32_t month, uint32_t day)
{
    const int64_t y = month > 2 ? year : (int64_t)year - 1;
    const int64_t m = month > 2 ? month - 3 : month + 9;
    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool date_exists(const struct date *d)
{
    for (enum date_field field = DATE_TIME; field < DATE_FIELD_COUNT; field++)
        if (!d->has[field])
            return false;
    return d->year >= 1601 && d->day >= 1 && d->day <= days_of_month(d->year, d->month) &&
           d->hour <= 23 && d->minute <= 59 && d->second <= 59;
}

bool cookie_date_read(struct span text, int64_t *ret_s)
{
    struct date d = { 0 };

    for (size_t at = 0; at < text.len;) {
        const size_t begin = at;
        while (at < text.len && !is_delimiter(text.bytes[at]))
            at++;
        read_token(&d, (struct span){ text.bytes + begin, at - begin });
        at++;
    }
    if (!date_exists(&d))
        return false;
    *ret_s =
        days_of_date(d.year, d.month, d.day) * 86400 + d.hour * 3600 + d.minute * 60 + d.second;
    return true;
}
