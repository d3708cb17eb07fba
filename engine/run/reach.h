/* reach — where the connections of a run lead and where they come from: found out and checked
 * before it starts, and when asked for, names are looked up again while it goes on. Controlling
 * thread only; the tables may be looked at by any. Blocks.
 */
#ifndef SQUALL_ENGINE_RUN_REACH_H
#define SQUALL_ENGINE_RUN_REACH_H

#include "engine/plan/plan.h"
#include "engine/run/fleet.h"
#include "engine/run/routes.h"

struct reach;

/* 0, or -errno with *ret_fault filled: -EHOSTUNREACH (a name is not found), -EADDRNOTAVAIL (a local
 * address is not this host's), -EAFNOSUPPORT (none is of the server's family), -ENAMETOOLONG (of a
 * path), -ENOMEM. What `options` point to must outlive it. */
int reach_open(struct reach **ret_reach, const struct plan *plan,
               const struct fleet_options *options, struct fleet_fault *ret_fault);
/* Looks the names up again every so often, as the options say, on a thread of its own: a resolver
 * that takes long keeps nobody waiting. 0 or -errno. */
int reach_start(struct reach *r);
/* May have to wait for the resolver. */
void reach_close(struct reach *r);

/* To each origin of the plan. */
const struct routes *reach_routes(const struct reach *r);

#endif
