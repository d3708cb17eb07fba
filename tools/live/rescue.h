/* rescue — the terminal put in order when the program ends in a way that nobody planned: a crash,
 * Ctrl-\, an end from within a signal's handler. */
#ifndef SQUALL_TOOLS_LIVE_RESCUE_H
#define SQUALL_TOOLS_LIVE_RESCUE_H

/* From now on fatal signals do rescue_now() first, then what they always do. Whoever handles them
 * already, as sanitizers do, goes on doing so. */
void rescue_prepare(void);

/* Keyboard and screen as they were. Signal-safe. */
void rescue_now(void);

#endif
