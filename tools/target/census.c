#include "tools/target/census.h"

void census_init(struct census *c)
{
    memset(c, 0, sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
}

static uint32_t key_hash(const char *key, size_t len)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)key[i]) * 16777619u;
    return hash;
}

static cell *row_add(struct census *c, uint32_t slot, const char *key, size_t len)
{
    if (c->row_count == CENSUS_ROWS_MAX)
        return &c->other;
    pthread_mutex_lock(&c->lock);
    struct census_row *row = &c->rows[c->row_count++];
    memcpy(row->key, key, len);
    row->key_len = (uint8_t)len;
    cell_write(&row->count, 0);
    pthread_mutex_unlock(&c->lock);
    c->index[slot] = (uint16_t)c->row_count;
    return &row->count;
}

cell *census_row(struct census *c, const char *method, struct span path)
{
    char key[CENSUS_KEY_MAX];
    const size_t method_len = strlen(method);
    const size_t len = method_len + 1 + path.len;
    if (len > sizeof key)
        return &c->other;
    memcpy(key, method, method_len);
    key[method_len] = ' ';
    memcpy(key + method_len + 1, path.bytes, path.len);

    uint32_t slot = key_hash(key, len) % CENSUS_INDEX;
    while (c->index[slot] != 0) {
        struct census_row *row = &c->rows[c->index[slot] - 1];
        if (row->key_len == len && memcmp(row->key, key, len) == 0)
            return &row->count;
        slot = (slot + 1) % CENSUS_INDEX;
    }
    return row_add(c, slot, key, len);
}

void census_begin_epoch(struct census *c, uint64_t epoch)
{
    cell *const counts[] = { &c->requests, &c->stats_requests, &c->bad_requests, &c->accepted,
                             &c->bytes_in, &c->bytes_out,      &c->other };
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        cell_write(counts[i], 0);
    c->row_count = 0;
    memset(c->index, 0, sizeof c->index);
    atomic_store_explicit(&c->epoch, epoch, memory_order_release);
    pthread_mutex_unlock(&c->lock);
}

/* ---- adding up ---- */

struct census_sum {
    uint64_t requests, stats_requests, bad_requests, accepted, open, bytes_in, bytes_out, other;
    struct census_row rows[CENSUS_ROWS_MAX];
    uint32_t row_count;
};

/* A count may be a moment behind one it is part of; it is never negative. */
static uint64_t cell_read_settled(const cell *c)
{
    const uint64_t value = cell_read(c);
    return value > UINT64_MAX / 2 ? 0 : value;
}

static void sum_add_row(struct census_sum *sum, const struct census_row *row)
{
    for (uint32_t i = 0; i < sum->row_count; i++) {
        struct census_row *known = &sum->rows[i];
        if (known->key_len == row->key_len && memcmp(known->key, row->key, row->key_len) == 0) {
            cell_add(&known->count, cell_read(&row->count));
            return;
        }
    }
    if (sum->row_count == CENSUS_ROWS_MAX) {
        sum->other += cell_read(&row->count);
        return;
    }
    struct census_row *added = &sum->rows[sum->row_count++];
    memcpy(added->key, row->key, row->key_len);
    added->key_len = row->key_len;
    cell_write(&added->count, cell_read(&row->count));
}

static void sum_add(struct census_sum *sum, struct census *c, uint64_t epoch)
{
    pthread_mutex_lock(&c->lock);
    sum->open += cell_read(&c->open);
    if (atomic_load_explicit(&c->epoch, memory_order_acquire) == epoch) {
        sum->requests += cell_read(&c->requests);
        sum->stats_requests += cell_read(&c->stats_requests);
        sum->bad_requests += cell_read(&c->bad_requests);
        sum->accepted += cell_read(&c->accepted);
        sum->bytes_in += cell_read_settled(&c->bytes_in);
        sum->bytes_out += cell_read_settled(&c->bytes_out);
        sum->other += cell_read(&c->other);
        for (uint32_t i = 0; i < c->row_count; i++)
            sum_add_row(sum, &c->rows[i]);
    }
    pthread_mutex_unlock(&c->lock);
}

static void write_pair(struct outbox *out, const char *key, uint64_t value)
{
    outbox_add_text(out, key);
    outbox_add_number(out, value);
}

void census_write(struct census *const *censuses, uint32_t count, uint64_t epoch,
                  struct outbox *out)
{
    struct census_sum sum;
    memset(&sum, 0, sizeof sum);
    for (uint32_t i = 0; i < count; i++)
        sum_add(&sum, censuses[i], epoch);

    outbox_add_text(out, "{\"requests\":{");
    for (uint32_t i = 0; i < sum.row_count; i++) {
        if (i > 0)
            outbox_add_text(out, ",");
        outbox_add_json(out, (struct span){ sum.rows[i].key, sum.rows[i].key_len });
        write_pair(out, ":", cell_read(&sum.rows[i].count));
    }
    if (sum.other > 0)
        write_pair(out, sum.row_count > 0 ? ",\"other\":" : "\"other\":", sum.other);
    write_pair(out, "},\"total\":", sum.requests);
    write_pair(out, ",\"stats_requests\":", sum.stats_requests);
    write_pair(out, ",\"bad_requests\":", sum.bad_requests);
    write_pair(out, ",\"connections\":{\"accepted\":", sum.accepted);
    write_pair(out, ",\"open\":", sum.open);
    write_pair(out, "},\"bytes_in\":", sum.bytes_in);
    write_pair(out, ",\"bytes_out\":", sum.bytes_out);
    write_pair(out, ",\"threads\":", count);
    outbox_add_text(out, "}\n");
}
