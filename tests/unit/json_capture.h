/* json_capture — reads a text into nodes of exactly its size, and captures from it. */
#ifndef SQUALL_TESTS_UNIT_JSON_CAPTURE_H
#define SQUALL_TESTS_UNIT_JSON_CAPTURE_H

#include <stdlib.h>

#include "http/capture.h"
#include "http/json.h"

/* What capture_json() returns, or why the text cannot be read. */
static inline int json_capture(struct span text, struct span pointer, char *out, size_t cap,
                               bool *ret_is_json)
{
    struct json_document json;
    if (json_document_open(&json, text.len) != 0)
        abort();
    *ret_is_json = false;
    int rc = json_document_read(&json, text);
    if (rc == 0)
        rc = capture_json(&json, pointer, out, cap, ret_is_json);
    json_document_close(&json);
    return rc;
}

#endif
