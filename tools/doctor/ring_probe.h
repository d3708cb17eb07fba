/* ring_probe — asks the kernel for a real ring and lets it go again: the only proof that a run can
 * have one. */
#ifndef SQUALL_TOOLS_DOCTOR_RING_PROBE_H
#define SQUALL_TOOLS_DOCTOR_RING_PROBE_H

#include "tools/doctor/host.h"

/* `mask` as in ring_open(): features not to use, NULL = none. */
struct host_ring ring_probe(const char *mask);

#endif
