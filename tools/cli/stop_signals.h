/* stop_signals — Ctrl-C and its kin: the first lets requests in flight end, the second stops at
 * once, the third ends the program. SIGINT, SIGTERM and SIGHUP alike; SIGPIPE is ignored.
 *
 * The signals stay blocked but while the one controlling thread waits in stop_signals_wait(), so no
 * worker is ever interrupted. One run at a time.
 */
#ifndef SQUALL_TOOLS_CLI_STOP_SIGNALS_H
#define SQUALL_TOOLS_CLI_STOP_SIGNALS_H

#include <stdint.h>

struct fleet;

/* Before fleet_start(), so that the workers inherit the blocked signals. `f` must live until
 * stop_signals_close(). */
void stop_signals_open(struct fleet *f);

/* Sleeps until `until_ns` (monotonic) or a signal. */
void stop_signals_wait(uint64_t now_ns, uint64_t until_ns);

/* How many came so far, and the first of them; 0 = none. */
int stop_signals_count(void);
int stop_signals_first(void);

/* The fleet is gone: from now on only the third signal does something. */
void stop_signals_close(void);

#endif
