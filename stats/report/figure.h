/* figure — how a number is written, for machines and for people. The locale has no say: the point
 * is always '.'. */
#ifndef SQUALL_STATS_REPORT_FIGURE_H
#define SQUALL_STATS_REPORT_FIGURE_H

#include <stdint.h>

/* Room for any figure, NUL included: the longest is the largest double without exponent, 309 digits
 * and a sign. */
#define FIGURE_MAX 336

struct figure {
    char text[FIGURE_MAX];
};

/* Exactly `decimals` (0..9) places, rounded half away from zero; "null" for NaN and the infinities.
 */
struct figure figure_decimal(double value, unsigned decimals);

/* At most `decimals` places and at least one, without zeros that say nothing: 12.5, 3.0, null. For
 * JSON. */
struct figure figure_json(double value, unsigned decimals);

/* For people; "-" for what does not exist. */
struct figure figure_count(uint64_t count); /* 1234567 */
struct figure figure_ms(double us);         /* microseconds as milliseconds: 0.042  12.34  1234 */
struct figure figure_rate(double per_s);    /* 0  <0.001  0.50  12.34  1234 */
struct figure figure_percent(double ratio); /* 0%  0.012%  4.17%  100% */
struct figure figure_bytes(double bytes);   /* 512 B  1.2 kB  45.6 MB */
struct figure figure_seconds(double s);     /* 0.250 s  60.0 s */

#endif
