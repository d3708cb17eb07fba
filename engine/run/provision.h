/* provision — everything a worker needs, taken before the run: its share of users and connections,
 * and all memory. */
#ifndef SQUALL_ENGINE_RUN_PROVISION_H
#define SQUALL_ENGINE_RUN_PROVISION_H

struct worker;

/* For the plan and core of its setup. 0, -ENOMEM, or -EINVAL: an origin of the plan is no URL. What
 * was taken is given back by provision_give_back(). */
int provision_take(struct worker *w);
void provision_give_back(struct worker *w);

/* Makes the next user that was never started, and its connections: until then their memory is
 * reserved and not touched. */
void provision_make_user(struct worker *w);

#endif
