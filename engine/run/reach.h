/* reach — where the connections of a run lead and where they come from: found out and checked
 * before it starts. Controlling thread only; what is found may be looked at by any. Blocks.
 */
#ifndef SQUALL_ENGINE_RUN_REACH_H
#define SQUALL_ENGINE_RUN_REACH_H

#include "engine/io/resolve.h"
#include "engine/plan/plan.h"
#include "engine/run/fleet.h"

struct reach;

/* 0, or -errno with *ret_fault filled: -EHOSTUNREACH (a name is not found), -EADDRNOTAVAIL (a local
 * address is not this host's), -EAFNOSUPPORT (none is of the server's family), -ENOMEM. */
int reach_open(struct reach **ret_reach, const struct plan *plan,
               const struct fleet_options *options, struct fleet_fault *ret_fault);
void reach_close(struct reach *r);

/* To each origin of the plan. */
const struct route *reach_routes(const struct reach *r);
/* NULL = connections come from whatever address the kernel chooses. */
const struct sources *reach_sources(const struct reach *r);

#endif
