/* stop_signals — Ctrl-C and its kin: the first lets requests in flight end, the second stops at
 * once, the third ends the program. SIGINT, SIGTERM and SIGHUP alike; SIGPIPE is ignored. Ctrl-Z is
 * noticed, so that the terminal can be put in order before the program is stopped.
 *
 * The signals stay blocked but while the one controlling thread waits in stop_signals_wait(), so no
 * worker is ever interrupted. One run at a time.
 */
#ifndef SQUALL_TOOLS_CLI_STOP_SIGNALS_H
#define SQUALL_TOOLS_CLI_STOP_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

struct fleet;

/* Before fleet_start(), so that the workers inherit the blocked signals. `f` must live until
 * stop_signals_close(). */
void stop_signals_open(struct fleet *f);

/* Sleeps until `until_ns` (monotonic), a signal, or something to read from `fd`; -1 = nothing to
 * read. */
void stop_signals_wait(uint64_t now_ns, uint64_t until_ns, int fd);

/* Whether Ctrl-Z was noticed; the program goes on until stop_signals_suspend(), which returns when
 * it is continued. */
bool stop_signals_wants_suspension(void);
void stop_signals_suspend(void);

/* How many came so far, and the first of them; 0 = none. */
int stop_signals_count(void);
int stop_signals_first(void);

/* The fleet is gone: from now on only the third signal does something. */
void stop_signals_close(void);

#endif
