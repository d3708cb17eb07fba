#include "engine/io/sources.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#define EXPECTED "local addresses such as '127.0.0.2-127.0.0.40,10.0.0.0/28'"
#define TAIL     4u /* bytes at the end of an address that differ within a range */

static size_t family_bytes(int family)
{
    return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

static uint32_t tail_of(const uint8_t *address, int family)
{
    uint32_t tail;
    memcpy(&tail, address + family_bytes(family) - TAIL, TAIL);
    return ntohl(tail);
}

static void set_tail(uint8_t *address, int family, uint32_t tail)
{
    tail = htonl(tail);
    memcpy(address + family_bytes(family) - TAIL, &tail, TAIL);
}

/* ---- reading ---- */

static bool read_address(const char *text, size_t len, uint8_t ret[16], int *ret_family)
{
    char alone[INET6_ADDRSTRLEN];
    if (len >= sizeof alone)
        return false;
    memcpy(alone, text, len);
    alone[len] = '\0';
    *ret_family = strchr(alone, ':') != NULL ? AF_INET6 : AF_INET;
    return inet_pton(*ret_family, alone, ret) == 1;
}

static bool read_prefix(const char *text, size_t len, unsigned *ret_bits)
{
    unsigned bits = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        bits = bits * 10 + (unsigned)(text[i] - '0');
    }
    *ret_bits = bits;
    return len > 0 && len <= 3;
}

/* "10.0.0.0/28": `range` holds the address, `bits` what stands behind it. */
static const char *widen_to_network(struct source_range *range, unsigned bits)
{
    const unsigned all = (unsigned)family_bytes(range->family) * 8;
    if (bits > all)
        return EXPECTED;
    const unsigned host_bits = all - bits;
    if (host_bits > 16)
        return "at most 65536 local addresses";
    const uint32_t size = 1u << host_bits;
    const bool has_ends = range->family == AF_INET && host_bits >= 2;
    const uint32_t first = (tail_of(range->first, range->family) & ~(size - 1)) + has_ends;
    set_tail(range->first, range->family, first);
    range->count = has_ends ? size - 2 : size;
    return NULL;
}

static const char *widen_to_last(struct source_range *range, const char *text, size_t len)
{
    uint8_t last[16];
    int family;
    if (!read_address(text, len, last, &family) || family != range->family ||
        memcmp(range->first, last, family_bytes(family) - TAIL) != 0)
        return EXPECTED;
    const uint32_t from = tail_of(range->first, family);
    const uint32_t to = tail_of(last, family);
    if (to < from)
        return "a range from the lower local address to the higher";
    if (to - from >= SOURCES_MAX)
        return "at most 65536 local addresses";
    range->count = to - from + 1;
    return NULL;
}

static const char *read_range(const char *text, size_t len, struct source_range *ret)
{
    const char *dash = memchr(text, '-', len);
    const char *slash = memchr(text, '/', len);
    const char *mark = dash != NULL ? dash : slash;
    const size_t alone = mark != NULL ? (size_t)(mark - text) : len;
    if (!read_address(text, alone, ret->first, &ret->family))
        return EXPECTED;
    ret->count = 1;
    if (mark == NULL)
        return NULL;
    const size_t rest = len - alone - 1;
    if (mark == dash)
        return widen_to_last(ret, mark + 1, rest);
    unsigned bits;
    return read_prefix(mark + 1, rest, &bits) ? widen_to_network(ret, bits) : EXPECTED;
}

const char *sources_parse(struct sources *ret_sources, const char *text)
{
    struct sources sources = { .count = 0 };
    for (const char *at = text;; at++) {
        const size_t len = strcspn(at, ",");
        if (sources.range_count == SOURCES_RANGES_MAX)
            return "at most 64 ranges of local addresses";
        struct source_range *range = &sources.ranges[sources.range_count++];
        const char *expected = read_range(at, len, range);
        if (expected != NULL)
            return expected;
        sources.count += range->count;
        if (sources.count > SOURCES_MAX)
            return "at most 65536 local addresses";
        at += len;
        if (*at == '\0')
            break;
    }
    *ret_sources = sources;
    return NULL;
}

/* ---- using ---- */

uint32_t sources_count(const struct sources *s, int family)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->range_count; i++)
        count += s->ranges[i].family == family ? s->ranges[i].count : 0;
    return count;
}

static socklen_t write_address(const uint8_t *bytes, int family,
                               struct sockaddr_storage *ret_address)
{
    *ret_address = (struct sockaddr_storage){ .ss_family = (sa_family_t)family };
    if (family == AF_INET) {
        memcpy(&((struct sockaddr_in *)ret_address)->sin_addr, bytes, sizeof(struct in_addr));
        return sizeof(struct sockaddr_in);
    }
    memcpy(&((struct sockaddr_in6 *)ret_address)->sin6_addr, bytes, sizeof(struct in6_addr));
    return sizeof(struct sockaddr_in6);
}

socklen_t sources_address(const struct sources *s, int family, uint32_t turn,
                          struct sockaddr_storage *ret_address)
{
    const uint32_t count = sources_count(s, family);
    assert(count > 0);
    uint32_t index = turn % count;
    const struct source_range *range = s->ranges;
    while (range->family != family || index >= range->count) {
        index -= range->family == family ? range->count : 0;
        range++;
    }
    uint8_t bytes[16];
    memcpy(bytes, range->first, sizeof bytes);
    set_tail(bytes, family, tail_of(bytes, family) + index);
    return write_address(bytes, family, ret_address);
}
