/* json_writer — a JSON document written front to back: keys keep their order, small objects stay on
 * one line.
 *
 * The output is ASCII-safe UTF-8 for any input: control bytes and invisible characters are escaped,
 * bytes that are no UTF-8 become U+FFFD. A number that does not exist (NaN, infinite) becomes null.
 */
#ifndef SQUALL_STATS_REPORT_JSON_WRITER_H
#define SQUALL_STATS_REPORT_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

struct sink;

#define JSON_DEPTH_MAX 8

struct json_writer {
    struct sink *out;
    unsigned depth;
    struct {
        bool is_line; /* its items share one line */
        bool has_items;
        char close;
    } levels[JSON_DEPTH_MAX];
};

void json_writer_init(struct json_writer *w, struct sink *out);

/* `key` is NULL for the document itself and for an item of an array. A block has one item per line,
 * a line has all of them on one; what is inside a line is a line. Depth is at most JSON_DEPTH_MAX.
 */
void json_open_object(struct json_writer *w, const char *key);
void json_open_object_line(struct json_writer *w, const char *key);
void json_open_array(struct json_writer *w, const char *key);
void json_open_array_line(struct json_writer *w, const char *key);
void json_close(struct json_writer *w);

void json_put_string(struct json_writer *w, const char *key, const char *text); /* NULL = null */
void json_put_count(struct json_writer *w, const char *key, uint64_t count);
void json_put_integer(struct json_writer *w, const char *key, int64_t value);
void json_put_number(struct json_writer *w, const char *key, double value, unsigned decimals);
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);

/* A value that is JSON already, as it stands. */
void json_put_value(struct json_writer *w, const char *key, const char *json);

#endif
