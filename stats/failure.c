#include "stats/failure.h"

#include <assert.h>
#include <string.h>

static const char *const names[FAILURE_CLASS_COUNT] = {
    [FAILURE_NONE] = "ok",
#define FAILURE(id, name, sentence) [FAILURE_##id] = name,
#include "stats/failure.def"
#undef FAILURE
};

static const char *const sentences[FAILURE_CLASS_COUNT] = {
    [FAILURE_NONE] = "no failure",
#define FAILURE(id, name, sentence) [FAILURE_##id] = sentence,
#include "stats/failure.def"
#undef FAILURE
};

const char *failure_name(enum failure_class c)
{
    assert(c < FAILURE_CLASS_COUNT);
    return names[c];
}

const char *failure_sentence(enum failure_class c)
{
    assert(c < FAILURE_CLASS_COUNT);
    return sentences[c];
}

#define ELLIPSIS "..."

/* Bytes of a message that is too long which stay, before the ellipsis. A character of UTF-8 is not
 * cut in two. */
static size_t kept_bytes(const char *message)
{
    const size_t len = FAILURE_MESSAGE_MAX - sizeof(ELLIPSIS);
    size_t start = len;
    while (start > len - 3 && ((unsigned char)message[start] & 0xC0u) == 0x80u)
        start--;
    /* Longer runs of continuation bytes are no UTF-8 anyway, so it does not matter where they are
     * cut. */
    return ((unsigned char)message[start] & 0xC0u) == 0x80u ? len : start;
}

/* `message`, or in `room` what is kept of it. */
static const char *cut_message(const char *message, char room[FAILURE_MESSAGE_MAX])
{
    if (strnlen(message, FAILURE_MESSAGE_MAX) < FAILURE_MESSAGE_MAX)
        return message;
    const size_t kept = kept_bytes(message);
    memcpy(room, message, kept);
    memcpy(room + kept, ELLIPSIS, sizeof(ELLIPSIS));
    return room;
}

static bool is_same(const struct failure *f, uint32_t endpoint, enum failure_class c,
                    const char *message, size_t len)
{
    return f->endpoint == endpoint && f->class == c && memcmp(f->message, message, len) == 0 &&
           f->message[len] == '\0';
}

void failure_note(struct failure_table *t, uint32_t endpoint, enum failure_class c,
                  const char *message)
{
    assert(c > FAILURE_NONE && c < FAILURE_CLASS_COUNT);
    if (message == NULL || message[0] == '\0')
        message = sentences[c];
    char room[FAILURE_MESSAGE_MAX];
    message = cut_message(message, room);
    const size_t len = strlen(message);

    for (uint32_t i = 0; i < FAILURES_MAX; i++) {
        struct failure *f = &t->entries[i];
        if (cell_read(&f->count) == 0) {
            f->endpoint = endpoint;
            f->class = c;
            memcpy(f->message, message, len);
            f->message[len] = '\0';
            /* Publishes the fields above: readers load the count with acquire. */
            atomic_store_explicit(&f->count, 1, memory_order_release);
            return;
        }
        if (is_same(f, endpoint, c, message, len)) {
            cell_add(&f->count, 1);
            return;
        }
    }
    cell_add(&t->overflow, 1);
}
