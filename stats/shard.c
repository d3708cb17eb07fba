#include "stats/shard.h"

#include <assert.h>
#include <errno.h>

#include "stats/mapping.h"

#define COUNTS_SIZE        (HIST_SLOTS * sizeof(cell))
#define HISTS_PER_ENDPOINT (2u * OUTCOME_COUNT)

static_assert(COUNTS_SIZE % MAPPING_ALIGN == 0, "histograms follow each other page-aligned");

/* One mapping: the shard, its endpoints, then the counts of every histogram on pages of their own.
 */
int shard_open(struct shard **ret_shard, uint32_t endpoint_count)
{
    const size_t shard_size = mapping_round_up(sizeof(struct shard));
    const size_t endpoints_size = mapping_round_up(endpoint_count * sizeof(struct shard_endpoint));
    const size_t hist_count = 1u + PHASE_COUNT + (size_t)endpoint_count * HISTS_PER_ENDPOINT;
    const size_t size = shard_size + endpoints_size + hist_count * COUNTS_SIZE;

    char *memory = mapping_open(size);
    if (memory == NULL)
        return -ENOMEM;

    struct shard *s = (struct shard *)memory;
    cell *counts = (cell *)(memory + shard_size + endpoints_size);
    s->memory = memory;
    s->memory_size = size;
    s->endpoint_count = endpoint_count;
    s->endpoints = (struct shard_endpoint *)(memory + shard_size);

    hist_init(&s->lateness, counts);
    for (int i = 0; i < PHASE_COUNT; i++)
        hist_init(&s->phases[i], counts += HIST_SLOTS);
    for (uint32_t e = 0; e < endpoint_count; e++) {
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            hist_init(&s->endpoints[e].latency[o], counts += HIST_SLOTS);
            hist_init(&s->endpoints[e].service[o], counts += HIST_SLOTS);
        }
    }
    *ret_shard = s;
    return 0;
}

void shard_close(struct shard *s)
{
    if (s != NULL)
        mapping_close(s->memory, s->memory_size);
}
