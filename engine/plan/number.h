/* number — whole and decimal numbers as texts say them, whatever the locale of texts is. */
#ifndef SQUALL_ENGINE_PLAN_NUMBER_H
#define SQUALL_ENGINE_PLAN_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/plan/expression.h"

#define NUMBER_TEXT_MAX 24u /* "-2.2250738585072014e-308" */

/* '12', '-0.5', '1e3', as JSON writes numbers, but zeros may lead. *ret is VALUE_INTEGER or, with a
 * fraction or an exponent, VALUE_NUMBER. False for anything else, for whole numbers beyond 64 bits,
 * decimals beyond a double and those of more than 63 bytes. */
bool number_read(struct span text, struct value *ret);

/* The text, somewhere in `out`. */
struct span number_write_integer(int64_t number, char out[NUMBER_TEXT_MAX]);
struct span number_write_decimal(double number,
                                 char out[NUMBER_TEXT_MAX]); /* shortest that reads back */

#endif
