/* csv — a run as the four files of Locust's --csv: the columns, their order, CRLF and quoting are
 * those of Locust 2.12.1, so scripts made for its files read these.
 *
 * Times are milliseconds; percentiles are whole ones, as there, while median, average, minimum and
 * maximum have their fractions. Texts cannot do anything to a spreadsheet: one that begins like a
 * formula gets an apostrophe before it, and what is no visible character becomes \xNN.
 *
 * Each writer returns 0 or -ENOMEM; `*ret_text` is malloc'd and NUL-terminated.
 */
#ifndef SQUALL_STATS_REPORT_CSV_H
#define SQUALL_STATS_REPORT_CSV_H

#include "stats/report/result.h"
#include "stats/report/stored.h"

/* A row for each endpoint that finished a request, by name and method, and one for all. */
int csv_stats(char **ret_text, const struct stored *s);

int csv_failures(char **ret_text, const struct stored *s);

/* Locust's uncaught exceptions of Python: squall has none, so this is the heading alone. */
int csv_exceptions(char **ret_text, const struct stored *s);

/* A row for each second with what all endpoints together had done until then; its rates are those
 * of the second itself. The last one is the end of the run. */
int csv_history(char **ret_text, const struct result *r);

/* The same with a row before it for each endpoint that has finished a request by then, by name and
 * method. As with Locust's --csv-full-history the percentiles are not those of all until then, but
 * here of the second itself. The log of intervals does not know the sizes of answers: an endpoint's
 * are those of the whole run. */
int csv_full_history(char **ret_text, const struct result *r);

#endif
