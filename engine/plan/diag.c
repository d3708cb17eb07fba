#include "engine/plan/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define EXCERPT_COLUMNS 100u /* characters of a long line that are shown */
#define EXCERPT_BEFORE  60u  /* of them before the place */
#define NAME_MAX_BYTES  64u  /* longer names are never proposed */

/* Bytes of the UTF-8 character at text[0..len), 0 when it is none. Overlong forms and surrogates
 * are none. */
static size_t character_bytes(const unsigned char *text, size_t len)
{
    if (text[0] < 0x80)
        return 1;
    const size_t size = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] < 0xC2 || text[0] > 0xF4 || len < size)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    }
    if ((text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xED && text[1] > 0x9F) ||
        (text[0] == 0xF0 && text[1] < 0x90) || (text[0] == 0xF4 && text[1] > 0x8F))
        return 0;
    return size;
}

static bool is_control(const unsigned char *text, size_t size)
{
    return text[0] < 0x20 || text[0] == 0x7F || (size == 2 && text[0] == 0xC2 && text[1] < 0xA0);
}

/* Writes what can be shown of the character at text[0..len) into out[0..cap): itself, or \xNN for
 * each byte of a control or broken one. Returns the bytes taken from `text`, 0 when there was no
 * room; *ret_columns is what it fills on a terminal. */
static size_t show_character(const unsigned char *text, size_t len, char *out, size_t cap,
                             size_t *ret_written, uint32_t *ret_columns)
{
    const size_t size = character_bytes(text, len);
    if (size > 0 && !is_control(text, size)) {
        if (size > cap)
            return 0;
        memcpy(out, text, size);
        *ret_written = size;
        *ret_columns = 1;
        return size;
    }
    const size_t bytes = size > 0 ? size : 1;
    if (cap < 4 * bytes + 1)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        snprintf(out + 4 * i, 5, "\\x%02X", (unsigned)text[i]);
    *ret_written = 4 * bytes;
    *ret_columns = (uint32_t)(4 * bytes);
    return bytes;
}

/* Copies what can be shown of `text` into out[0..cap), NUL-terminated. */
static void show_text(struct span text, char *out, size_t cap)
{
    size_t used = 0;
    for (size_t i = 0; i < text.len;) {
        size_t written = 0;
        uint32_t columns;
        const size_t taken = show_character((const unsigned char *)text.bytes + i, text.len - i,
                                            out + used, cap - 1 - used, &written, &columns);
        if (taken == 0)
            break;
        used += written;
        i += taken;
    }
    out[used] = '\0';
}

void diag_list_init(struct diag_list *l, const char *path)
{
    memset(l, 0, sizeof(*l));
    l->path = path;
}

/* The line of that number, without its end. Ends are LF, CR LF and CR, as YAML has them. */
static bool find_line(const struct diag_list *l, uint32_t number, struct span *ret_line)
{
    size_t at = 0;
    for (uint32_t line = 1;; line++) {
        size_t end = at;
        while (end < l->text_len && l->text[end] != '\n' && l->text[end] != '\r')
            end++;
        if (line == number) {
            *ret_line = (struct span){ l->text + at, end - at };
            return true;
        }
        if (end == l->text_len)
            return false;
        const bool is_pair =
            l->text[end] == '\r' && end + 1 < l->text_len && l->text[end + 1] == '\n';
        at = end + (is_pair ? 2 : 1);
    }
}

/* Copies the line around the place and notes where on a terminal the mark goes. */
static void take_excerpt(struct diag *d, struct span line)
{
    const uint32_t column = d->place.column;
    const uint32_t first = column > EXCERPT_COLUMNS ? column - EXCERPT_BEFORE : 1;
    size_t used = 0;
    uint32_t shown = 0;
    if (first > 1) {
        memcpy(d->excerpt, "...", 3);
        used = shown = 3;
    }
    d->mark_at = 0;
    uint32_t number = 1; /* of the character at i */
    for (size_t i = 0; i < line.len && number < first + EXCERPT_COLUMNS; number++) {
        const unsigned char *at = (const unsigned char *)line.bytes + i;
        char scratch[20];
        size_t written = 1;
        uint32_t columns = 1;
        size_t taken = 1;
        if (*at == '\t')
            scratch[0] = ' ';
        else
            taken = show_character(at, line.len - i, scratch, sizeof(scratch), &written, &columns);
        i += taken;
        if (number < first)
            continue;
        if (used + written >= sizeof(d->excerpt))
            break;
        if (number == column)
            d->mark_at = shown;
        memcpy(d->excerpt + used, scratch, written);
        used += written;
        shown += columns;
        if (number >= column && number - column < d->place.len)
            d->mark_len = shown - d->mark_at;
    }
    if (number <= column) { /* a place after the last character */
        d->mark_at = shown;
        d->mark_len = 0;
    }
    if (d->mark_len == 0)
        d->mark_len = 1;
    d->excerpt[used] = '\0';
}

void diag_add(struct diag_list *l, struct place place, const char *format, ...)
{
    if (l->count == DIAGS_MAX) {
        l->more++;
        return;
    }
    struct diag *d = &l->entries[l->count++];
    char message[2 * DIAG_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    show_text(span_of(message), d->message, sizeof(d->message));
    d->place = place;
    struct span line;
    if (place.line > 0 && l->text != NULL && find_line(l, place.line, &line))
        take_excerpt(d, line);
}

static int compare_places(const void *left, const void *right)
{
    const struct diag *a = *(const struct diag *const *)left;
    const struct diag *b = *(const struct diag *const *)right;
    if (a->place.line != b->place.line)
        return a->place.line < b->place.line ? -1 : 1;
    if (a->place.column != b->place.column)
        return a->place.column < b->place.column ? -1 : 1;
    return a < b ? -1 : 1; /* as they were added: qsort alone is not stable */
}

static void format_entry(FILE *out, const struct diag *d, const char *path)
{
    if (d->place.line == 0) {
        fprintf(out, "%s\n", d->message);
        return;
    }
    if (path != NULL) {
        char shown[1024];
        show_text(span_of(path), shown, sizeof(shown));
        fprintf(out, "%s:", shown);
    }
    fprintf(out, "%u:%u: %s\n", d->place.line, d->place.column, d->message);
    if (d->excerpt[0] == '\0')
        return;
    const int width = snprintf(NULL, 0, "%u", d->place.line);
    fprintf(out, "  %u | %s\n  %*s | %*s^", d->place.line, d->excerpt, width, "", (int)d->mark_at,
            "");
    for (uint32_t i = 1; i < d->mark_len; i++)
        fputc('~', out);
    fputc('\n', out);
}

char *diag_format(const struct diag_list *l)
{
    char *text = NULL;
    size_t len = 0;
    const struct diag *order[DIAGS_MAX];
    for (size_t i = 0; i < l->count; i++)
        order[i] = &l->entries[i];
    qsort(order, l->count, sizeof(order[0]), compare_places);
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < l->count; i++)
        format_entry(out, order[i], l->path);
    if (l->more > 0)
        fprintf(out, "and %zu more mistake%s\n", l->more, l->more == 1 ? "" : "s");
    const bool is_broken = ferror(out) != 0;
    if (fclose(out) != 0 || is_broken) {
        free(text);
        return NULL;
    }
    return text;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost 1.
 * Both at most NAME_MAX_BYTES long. */
static unsigned distance(struct span a, struct span b)
{
    unsigned rows[3][NAME_MAX_BYTES + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (unsigned j = 0; j <= b.len; j++)
        last[j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        now[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            const char x = lower(a.bytes[i - 1]), y = lower(b.bytes[j - 1]);
            now[j] = least(last[j - 1] + (x == y ? 0 : 1), least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && x == lower(b.bytes[j - 2]) && lower(a.bytes[i - 2]) == y)
                now[j] = least(now[j], before[j - 2] + 1);
        }
        unsigned *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[b.len];
}

const char *diag_nearest(const char *wrong, const char *const *names, size_t count)
{
    const struct span given = span_of(wrong);
    const char *nearest = NULL;
    unsigned nearest_distance = 3;
    if (given.len == 0 || given.len > NAME_MAX_BYTES)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const struct span name = span_of(names[i]);
        if (name.len > NAME_MAX_BYTES)
            continue;
        const unsigned d = distance(given, name);
        if (d < nearest_distance && 2 * d < given.len) {
            nearest = names[i];
            nearest_distance = d;
        }
    }
    return nearest;
}

struct diag_quote diag_quote(struct span text)
{
    struct diag_quote q;
    if (text.len == 0) {
        snprintf(q.text, sizeof(q.text), "nothing");
        return q;
    }
    char shown[61];
    show_text(text, shown, sizeof(shown));
    /* Shown text is at least as long as what it shows, so a shorter one was cut. */
    const bool is_cut = strlen(shown) < text.len;
    if (is_cut) {
        size_t keep = strlen(shown) < 56 ? strlen(shown) : 56;
        while (keep > 0 && ((unsigned char)shown[keep] & 0xC0) == 0x80)
            keep--;
        shown[keep] = '\0';
    }
    snprintf(q.text, sizeof(q.text), "'%s%s'", shown, is_cut ? "..." : "");
    return q;
}
