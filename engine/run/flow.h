/* flow — which step a user takes next: tasks, sets of tasks within one another, blocks and loops.
 *
 * A user in a set chooses tasks of it, by weight or in order, until it leaves; a task is steps, or
 * a set inside. Whoever enters a set takes its on_start, whoever leaves it takes its on_stop.
 * Owner thread only.
 */
#ifndef SQUALL_ENGINE_RUN_FLOW_H
#define SQUALL_ENGINE_RUN_FLOW_H

#include <stdbool.h>
#include <stdint.h>

struct worker;
struct user;

/* A user starts: its variables, then the set of its kind. */
void flow_begin(struct worker *w, struct user *u);

/* Takes steps until one has to be waited for; so many without that that others would have to wait
 * for it are interrupted by a millisecond. */
void flow_go_on(struct worker *w, struct user *u);

/* The same, without the rest of the steps it is taking. */
void flow_skip(struct worker *w, struct user *u);

/* on_start failed: it is begun anew, later. */
void flow_start_again(struct worker *w, struct user *u);

/* The user stops, on_stop of its sets before. True: steps are to be taken for that; else it has
 * vanished. */
bool flow_depart(struct worker *w, struct user *u);

#endif
