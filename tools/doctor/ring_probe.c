#include "tools/doctor/ring_probe.h"

#include <stdio.h>

#include "engine/io/ring.h"

struct host_ring ring_probe(const char *mask)
{
    struct host_ring found = { .error = 0 };
    struct ring *ring = NULL;
    found.error = ring_open(&ring, &(struct ring_setup){ .files = 1, .rests = true, .mask = mask });
    if (found.error == 0)
        found.error = ring_start(ring);
    if (found.error == 0)
        (void)snprintf(found.features, sizeof found.features, "%s", ring_features_used(ring));
    ring_close(ring);
    return found;
}
