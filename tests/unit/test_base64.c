/* test_base64 — goal: bytes come back, and nothing else is taken for them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/prng.h"
#include "stats/base64.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static void the_examples_of_the_standard(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
        { "\xfb\xff\xbf", "+/+/" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const size_t size = strlen(rows[i][0]), len = strlen(rows[i][1]);
        char text[16];
        uint8_t bytes[16];
        size_t got = 99;
        assert_int_equal(BASE64_LEN(size), len);
        base64_encode(text, (const uint8_t *)rows[i][0], size);
        assert_memory_equal(text, rows[i][1], len);
        assert_int_equal(base64_decode(bytes, size, &got, rows[i][1], len, BASE64_STRICT), 0);
        assert_int_equal(got, size);
        assert_memory_equal(bytes, rows[i][0], size);
    }
}

static void what_was_not_encoded_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "Z",    "Zg",   "Zg=",    "Zg=a", "====", "Z===",     "=Zg=",  "Zh==",
        "Zm9=", "Zm8 ", "Zm9v\n", "Zm-v", "Zm_v", "Zg==Zg==", "Zm9vZ", "\xc3\xa9\xc3\xa9",
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t bytes[16];
        size_t size = 99;
        assert_int_equal(
            base64_decode(bytes, sizeof bytes, &size, rows[i], strlen(rows[i]), BASE64_STRICT),
            -EBADMSG);
        assert_int_equal(size, 99);
    }
    uint8_t bytes[4];
    size_t size;
    assert_int_equal(base64_decode(bytes, sizeof bytes, &size, "Zm\0v", 4, BASE64_LENIENT),
                     -EBADMSG);
}

/* Where not even padding is there. */
static void tokens_are_read_leniently(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        { "", "" },      { "Zg", "f" },        { "Zm8", "fo" },           { "Zg==", "f" },
        { "Zh==", "f" }, { "Zm9vYg", "foob" }, { "-_-_", "\xfb\xff\xbf" }
    };
    static const char *const bad[] = { "Z",    "Zg=",      "Z===",  "=",   "==",
                                       "Z g=", "Zg==Zg==", "Zm9vZ", "Zm*v" };
    uint8_t bytes[16];
    size_t size = 99;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(
            base64_decode(bytes, sizeof bytes, &size, bad[i], strlen(bad[i]), BASE64_LENIENT),
            -EBADMSG);
    assert_int_equal(base64_decode(bytes, 3, &size, "Zm9vYg", 6, BASE64_LENIENT), -ENOSPC);
    assert_int_equal(size, 99);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(base64_decode(bytes, strlen(good[i][1]), &size, good[i][0],
                                       strlen(good[i][0]), BASE64_LENIENT),
                         0);
        assert_int_equal(size, strlen(good[i][1]));
        assert_memory_equal(bytes, good[i][1], size);
    }
}

static void any_bytes_of_any_length_come_back(void **state)
{
    (void)state;
    struct prng random;

    prng_init(&random, 1, 0);
    for (size_t size = 0; size < 200; size++) {
        uint8_t *bytes = malloc(size + 1u);
        char *text = malloc(BASE64_LEN(size) + 1u);
        uint8_t *back = malloc(BASE64_LEN(size) / 4u * 3u + 1u);
        size_t got = 0;
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)prng_next(&random);
        base64_encode(text, bytes, size);
        assert_int_equal(base64_decode(back, size, &got, text, BASE64_LEN(size), BASE64_STRICT), 0);
        assert_int_equal(got, size);
        assert_memory_equal(back, bytes, size);
        free(bytes);
        free(text);
        free(back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard),
        cmocka_unit_test(what_was_not_encoded_is_refused),
        cmocka_unit_test(tokens_are_read_leniently),
        cmocka_unit_test(any_bytes_of_any_length_come_back),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
