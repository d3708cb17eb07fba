/* test_cookie_date.c — goal: a date means the second its writer meant, in all the forms that
 * servers write. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "http/cookie.h"

static void every_form_of_a_date_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } dates[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },  /* RFC 9110 */
        { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 }, /* RFC 850 */
        { "Sun Nov  6 08:49:37 1994", 784111777 },       /* asctime() */
        { "Sun, 06-Nov-1994 08:49:37 GMT", 784111777 },
        { "6 nOVEMBER 1994 8:49:37", 784111777 },
        { "1994 Nov 06 08:49:37 +0200", 784111777 },
        { "08:49:37 06 Nov 94", 784111777 },
        { "08:49:37:99 06 Nov 94", 784111777 },
        { "  \t;;Sun,,06~Nov[1994]08:49:37@GMT", 784111777 },
        { "06th Nov 1994AD 08:49:37.123Z", 784111777 },
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
        { "Thu, 01-Jan-70 00:00:01 GMT", 1 },
        { "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
        { "01 Jan 69 00:00:00", 3124224000 },
        { "01 Jan 00 00:00:00", 946684800 },
        { "01 Jan 99 00:00:00", 915148800 },
        { "29 Feb 2000 23:59:59", 951868799 },
        { "29 Feb 2024 00:00:00", 1709164800 },
        { "Tue, 19 Jan 2038 03:14:08 GMT", 2147483648 },
        { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
        { "Mon, 01 Jan 1601 00:00:00 GMT", -11644473600 },
    };

    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        int64_t seconds = -7;
        if (!cookie_date_read(span_of(dates[i].text), &seconds) || seconds != dates[i].seconds)
            fail_msg("'%s': %lld", dates[i].text, (long long)seconds);
    }
}

static void what_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0",
        "never",
        "Sun, 06 Nov 1994",
        "06 Nov 08:49:37",
        "Nov 1994 08:49:37",
        "06 1994 08:49:37",
        "06 Nov 1994 08:49",
        "06 Nov 1994 08:49:",
        "06 Nov 1994 24:00:00",
        "06 Nov 1994 08:60:00",
        "06 Nov 1994 08:49:60",
        "06 Nov 1994 08:49:370",
        "06 Nov 1994 08h49m37",
        "06 Nov 1994 008:49:37",
        "00 Nov 1994 08:49:37",
        "31 Nov 1994 08:49:37",
        "32 Dec 1994 08:49:37",
        "29 Feb 1900 00:00:00",
        "30 Feb 2000 00:00:00",
        "29 Feb 2023 00:00:00",
        "06 No 1994 08:49:37",
        "06 Nov 1600 08:49:37",
        "06 Nov 199 08:49:37",
        "06 Nov 19940 08:49:37",
        "06 Nov 99999999999999999999 08:49:37",
        "06Nov1994 08:49:37",
        "1994-11-06T08:49:37Z",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t seconds = -7;
        if (cookie_date_read(span_of(texts[i]), &seconds))
            fail_msg("'%s': %lld", texts[i], (long long)seconds);
        assert_int_equal(seconds, -7);
    }
}

static void thirty_three_bytes_stand_between_the_parts(void **state)
{
    (void)state;
    static const char between[] = "\t !\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~";
    unsigned count = 0;

    for (unsigned c = 0; c < 256; c++) {
        char text[] = "06?Nov?1994?08:49:37";
        int64_t seconds;
        text[2] = text[6] = text[11] = (char)c;
        const bool is_read = cookie_date_read((struct span){ text, sizeof(text) - 1 }, &seconds);
        assert_int_equal(is_read, c != 0 && strchr(between, (int)c) != NULL);
        count += is_read;
    }
    assert_int_equal(count, 33);
}

/* The day after each is the next; the C library says the same of every first day of a month. */
static void days_follow_each_other_from_1601_to_2500(void **state)
{
    (void)state;
    static const char names[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int64_t expected = -11644473600;
    char text[128];

    for (int year = 1601; year <= 2500; year++) {
        for (int month = 0; month < 12; month++) {
            struct tm first = { .tm_year = year - 1900, .tm_mon = month, .tm_mday = 1 };
            assert_int_equal(timegm(&first), expected);
            for (int day = 1; day <= 31; day++) {
                int64_t seconds;
                snprintf(text, sizeof(text), "%02d %s %d 00:00:00", day, names[month], year);
                if (!cookie_date_read(span_of(text), &seconds)) {
                    assert_true(day > 28);
                    break;
                }
                assert_int_equal(seconds, expected);
                expected += 86400;
            }
        }
    }
}

static void every_prefix_and_every_changed_byte_is_read_within_its_bounds(void **state)
{
    (void)state;
    static const char date[] = "Sunday, 06-Nov-1994 08:49:37 GMT";
    unsigned read_count = 0;

    for (size_t len = 0; len < sizeof(date); len++) {
        for (unsigned c = 0; c < 256; c++) {
            char *text = malloc(len ? len : 1);
            int64_t seconds;
            assert_non_null(text);
            memcpy(text, date, len);
            if (len > 0 && c > 0)
                text[len - 1] = (char)c;
            read_count += cookie_date_read((struct span){ text, len }, &seconds);
            free(text);
        }
    }
    assert_true(read_count > 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_a_date_is_read),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(thirty_three_bytes_stand_between_the_parts),
        cmocka_unit_test(days_follow_each_other_from_1601_to_2500),
        cmocka_unit_test(every_prefix_and_every_changed_byte_is_read_within_its_bounds),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("cookie_date", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                              : EXIT_FAILURE;
}
