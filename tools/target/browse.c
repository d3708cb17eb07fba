#include "http/header.h"
#include "http/redirect.h"
#include "tools/target/fields.h"
#include "tools/target/pages.h"

#define HOPS_MAX 1000u

static void refuse(const struct page_call *call, const char *why)
{
    page_reply(call, &(struct reply){ .status = 400, .type = TYPE_TEXT }, span_of(why));
}

/* Answers with header lines that page_begin() was given, each with its CRLF. */
static void send_elsewhere(const struct page_call *call, int status, struct outbox *fields)
{
    outbox_add(fields, (struct span){ "", 1 });
    if (fields->is_short)
        page_reply(call, &(struct reply){ .status = 503 }, (struct span){ NULL, 0 });
    else
        page_reply(call,
                   &(struct reply){ .status = status, .type = TYPE_TEXT, .fields = fields->bytes },
                   SPAN_LITERAL("it is elsewhere\n"));
}

/* ---- redirects ---- */

void browse_redirect(const struct page_call *call)
{
    uint64_t hops;
    if (!page_number(call->argument, HOPS_MAX, &hops) || hops == 0) {
        page_not_found(call);
        return;
    }
    struct outbox *fields = page_begin(call);
    outbox_add_text(fields, "Location: ");
    if (hops == 1) {
        outbox_add_text(fields, "/json");
    } else {
        outbox_add_text(fields, "/redirect/");
        outbox_add_number(fields, hops - 1);
    }
    outbox_add_text(fields, "\r\n");
    send_elsewhere(call, 302, fields);
}

static void redirect_as_told(const struct page_call *call, struct fields *told)
{
    struct span url, number;
    uint64_t status = 302;
    if (!fields_text(told, "url", &url) || !header_value_is_valid(url)) {
        refuse(call, "expected an url that can stand in a header, such as url=/json\n");
        return;
    }
    if (fields_text(told, "status", &number) && !page_number(number, 999, &status))
        status = 0;
    if (!redirect_is_status((unsigned)status)) {
        refuse(call, "expected 301, 302, 303, 307 or 308 as status\n");
        return;
    }
    struct outbox *fields = page_begin(call);
    outbox_add_text(fields, "Location: ");
    outbox_add(fields, url);
    outbox_add_text(fields, "\r\n");
    send_elsewhere(call, (int)status, fields);
}

/* The query is encoded as a form is. */
void browse_redirect_to(const struct page_call *call)
{
    struct fields *told = NULL;
    if (fields_open(&told, SPAN_LITERAL("application/x-www-form-urlencoded"),
                    call->request->query) < 0)
        refuse(call, "expected a query such as ?url=/json&status=307\n");
    else
        redirect_as_told(call, told);
    fields_close(told);
}

/* ---- cookies ---- */

/* Takes what stands before the next `separator` off `*rest`, blanks around it removed. False when
 * nothing is left. */
static bool next_piece(struct span *rest, char separator, struct span *ret_piece)
{
    if (rest->len == 0)
        return false;
    const char *stop = memchr(rest->bytes, separator, rest->len);
    const size_t len = stop != NULL ? (size_t)(stop - rest->bytes) : rest->len;
    const size_t past = len + (stop != NULL);
    *ret_piece = span_trim((struct span){ rest->bytes, len });
    *rest = (struct span){ rest->bytes + past, rest->len - past };
    return true;
}

/* One "name=value" of a Cookie header as a member of an object. */
static void add_cookie(struct outbox *o, struct span pair, bool is_first)
{
    const char *equals = memchr(pair.bytes, '=', pair.len);
    const size_t name_len = equals != NULL ? (size_t)(equals - pair.bytes) : 0;
    const size_t past = equals != NULL ? name_len + 1 : 0;
    outbox_add_text(o, is_first ? "" : ",");
    outbox_add_json(o, (struct span){ pair.bytes, name_len });
    outbox_add_text(o, ":");
    outbox_add_json(o, (struct span){ pair.bytes + past, pair.len - past });
}

void browse_cookies(const struct page_call *call)
{
    struct outbox *o = page_begin(call);
    struct span rest = call->request->fields, name, value, pair;
    bool is_first = true;
    outbox_add_text(o, "{\"cookies\":{");
    while (request_next_field(&rest, &name, &value)) {
        if (!span_equal_ignoring_case(name, SPAN_LITERAL("Cookie")))
            continue;
        while (next_piece(&value, ';', &pair)) {
            if (pair.len == 0)
                continue;
            add_cookie(o, pair, is_first);
            is_first = false;
        }
    }
    outbox_add_text(o, "}}\n");
    page_reply_page(call, &(struct reply){ .status = 200, .type = TYPE_JSON });
}

/* Each pair of the query becomes a cookie of the whole site; attributes after a ';' win over that.
 */
void browse_cookies_set(const struct page_call *call)
{
    struct outbox *fields = page_begin(call);
    struct span rest = call->request->query, cookie, pair;
    while (next_piece(&rest, '&', &cookie)) {
        if (!next_piece(&cookie, ';', &pair))
            continue;
        outbox_add_text(fields, "Set-Cookie: ");
        outbox_add(fields, pair);
        outbox_add_text(fields, "; Path=/");
        if (cookie.len > 0) {
            outbox_add_text(fields, "; ");
            outbox_add(fields, cookie);
        }
        outbox_add_text(fields, "\r\n");
    }
    outbox_add_text(fields, "Location: /cookies\r\n");
    send_elsewhere(call, 302, fields);
}
