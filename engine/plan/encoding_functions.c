#include "engine/plan/digest.h"
#include "engine/plan/function.h"
#include "http/template.h"
#include "stats/base64.h"

/* What an encoder wrote into the room given last: its length, or a negative error. */
static struct value keep_encoded(struct evaluator *e, int len)
{
    return len < 0 ? value_none() : value_text(evaluator_keep(e, (size_t)len));
}

/* The argument as text and room for what it becomes. */
static bool begin(struct evaluator *e, const struct value *v, struct span *ret_text, char **ret_out)
{
    if (!value_as_text(e, v, ret_text))
        return false;
    *ret_out = evaluator_room(e, VALUE_TEXT_MAX);
    return *ret_out != NULL;
}

struct value encoding_json_text(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span text;
    char *out;
    if (!begin(e, &arguments[0], &text, &out))
        return value_none();
    const int len = template_escape(ESCAPE_JSON, text, out + 1, VALUE_TEXT_MAX - 2);
    if (len < 0)
        return value_none();
    out[0] = '"';
    out[len + 1] = '"';
    return keep_encoded(e, len + 2);
}

struct value encoding_url(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span text;
    char *out;
    if (!begin(e, &arguments[0], &text, &out))
        return value_none();
    return keep_encoded(e, template_escape(ESCAPE_QUERY, text, out, VALUE_TEXT_MAX));
}

struct value encoding_base64(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span text;
    char *out;
    if (!begin(e, &arguments[0], &text, &out) || BASE64_LEN(text.len) > VALUE_TEXT_MAX)
        return value_none();
    base64_encode(out, (const uint8_t *)text.bytes, text.len);
    return keep_encoded(e, (int)BASE64_LEN(text.len));
}

struct value encoding_base64_decode(struct evaluator *e, const struct value *arguments,
                                    uint32_t count)
{
    struct span text;
    char *out;
    size_t size = 0;
    if (!begin(e, &arguments[0], &text, &out) ||
        base64_decode((uint8_t *)out, VALUE_TEXT_MAX, &size, text.bytes, text.len, BASE64_LENIENT) <
            0)
        return value_none();
    return keep_encoded(e, (int)size);
}

struct value encoding_sha256(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span text;
    char *out;
    if (!begin(e, &arguments[0], &text, &out))
        return value_none();
    digest_sha256(text, out);
    return value_text(evaluator_keep(e, DIGEST_SHA256_HEX));
}

struct value encoding_md5(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span text;
    char *out;
    if (!begin(e, &arguments[0], &text, &out))
        return value_none();
    digest_md5(text, out);
    return value_text(evaluator_keep(e, DIGEST_MD5_HEX));
}

struct value encoding_hmac_sha256(struct evaluator *e, const struct value *arguments,
                                  uint32_t count)
{
    struct span key, text;
    char *out;
    if (!value_as_text(e, &arguments[0], &key) || !begin(e, &arguments[1], &text, &out))
        return value_none();
    digest_hmac_sha256(key, text, out);
    return value_text(evaluator_keep(e, DIGEST_SHA256_HEX));
}
