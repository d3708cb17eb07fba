/* request_head — request line and headers of one request, where later headers replace earlier ones
 * of the same name. Private to engine/plan.
 */
#ifndef SQUALL_ENGINE_PLAN_REQUEST_HEAD_H
#define SQUALL_ENGINE_PLAN_REQUEST_HEAD_H

#include "engine/plan/request_text.h"

#define REQUEST_HEADERS_MAX 256u /* from all sources together */

/* Who set a header; a higher one replaces a lower one. */
enum header_rank { HEADER_DEFAULT, HEADER_SHARED, HEADER_REQUEST, HEADER_COMMAND_LINE };

struct request_header {
    struct span name;
    const struct text *value; /* NULL = left out on purpose */
    enum header_rank rank;
};

struct request_head {
    const char *method;
    struct span authority; /* "http://host:port" when a proxy reads it, before all that follows */
    struct span prefix;    /* path of the host, before every target */
    const struct text *target;
    struct span origin; /* "http://host:port": what a target that is a value may begin with */
    struct request_header headers[REQUEST_HEADERS_MAX];
    uint32_t count;
};

/* Sets a header, in the place of one of the same name whatever its case. `value` NULL leaves it
 * out. Beyond REQUEST_HEADERS_MAX nothing is added; the sources are checked for that. */
void request_head_set(struct request_head *h, struct span name, const struct text *value,
                      enum header_rank rank);

/* Host, User-Agent and Accept. `host` must outlive the head. `is_only`: the connection carries no
 * other request, and says so (RFC 9112 section 9.6): the server, which then closes first, keeps the
 * port of the closed connection waiting instead of us. */
void request_head_set_defaults(struct request_head *h, const struct text *host, bool is_only);

/* The header of that name, NULL when nobody set it. */
struct request_header *request_head_find(struct request_head *h, struct span name);

/* Whether it says 'Connection: close'. A value of the run is not looked into. */
bool request_head_says_close(struct request_head *h);

/* Method and target, behind which more of a query may be written; then the rest of the request line
 * and the headers, without the blank line. */
void request_head_begin(const struct request_head *h, struct request_writer *w);
void request_head_finish(const struct request_head *h, struct request_writer *w);

/* Methods whose requests say 'Content-Length: 0' when they have no body (RFC 9110 section 8.6). */
bool method_expects_body(const char *method);

#endif
