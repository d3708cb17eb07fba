#include "engine/plan/scenario_build.h"

#include "http/header.h"

/* RFC 7578. The boundary is the same in every run; what is sent out of files is looked through for
 * it. */
#define BOUNDARY "------------------------squall-7f3a91c2d05e"

const char *const scenario_multipart_type = "multipart/form-data; boundary=" BOUNDARY;

/* A part that is a file. */
struct file_part {
    const struct node *file, *type, *name;
};

static void read_file(struct scenario *s, const struct node *value, void *into)
{
    struct file_part *part = into;
    if (scenario_read_text(s, value, "the name of a file"))
        part->file = value;
}

static bool read_header_text(struct scenario *s, const struct node *value, const char *what)
{
    if (!scenario_read_text(s, value, what))
        return false;
    if (header_value_is_valid(value->text))
        return true;
    scenario_expected(s, value, what);
    return false;
}

static void read_type(struct scenario *s, const struct node *value, void *into)
{
    struct file_part *part = into;
    if (read_header_text(s, value, "a media type such as 'image/png'"))
        part->type = value;
}

static void read_name(struct scenario *s, const struct node *value, void *into)
{
    struct file_part *part = into;
    if (read_header_text(s, value, "the name that the server is told"))
        part->name = value;
}

static const struct scenario_key file_part_keys[] = {
    { "file", read_file, "a file beside the scenario, read once, sent as it is" },
    { "type", read_type, "its media type; application/octet-stream unless given" },
    { "name", read_name, "what the server is told it is called; as it is called unless given" },
};
const struct scenario_table scenario_file_part_table =
    SCENARIO_TABLE("multipart.file", file_part_keys);

/* In quotes, as browsers do it (HTML, "multipart form data"). */
static void write_quoted(struct request_writer *w, struct span text)
{
    request_write_fixed(w, SPAN_LITERAL("\""));
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.bytes[i];
        request_write_fixed(w, c == '"'    ? SPAN_LITERAL("%22")
                               : c == '\r' ? SPAN_LITERAL("%0D")
                               : c == '\n' ? SPAN_LITERAL("%0A")
                                           : (struct span){ text.bytes + i, 1 });
    }
    request_write_fixed(w, SPAN_LITERAL("\""));
}

static void begin_part(struct request_writer *w, struct span name)
{
    request_write_fixed(w, SPAN_LITERAL("--" BOUNDARY "\r\n"
                                        "Content-Disposition: form-data; name="));
    write_quoted(w, name);
}

static void write_text_part(struct build *b, struct request_writer *w, const struct node *key,
                            const struct node *value)
{
    if (value->kind != NODE_SCALAR) {
        scenario_expected(b->s, value, "a text or a file such as '{ file: picture.png }'");
        return;
    }
    const struct text text = scenario_text_compile(b, value, value->text);
    begin_part(w, key->text);
    request_write_fixed(w, SPAN_LITERAL("\r\n\r\n"));
    request_write_text(w, &text, ESCAPE_NONE);
    request_write_fixed(w, SPAN_LITERAL("\r\n"));
}

static struct span last_of_path(struct span path)
{
    const char *slash = memrchr(path.bytes, '/', path.len);
    const size_t folder = slash == NULL ? 0 : (size_t)(slash - path.bytes) + 1;
    return (struct span){ path.bytes + folder, path.len - folder };
}

static void write_file_part(struct build *b, struct request_writer *w, const struct node *mapping)
{
    struct file_part part = { NULL };
    struct span bytes;
    const struct scenario_context context = { "in a file of 'multipart'", &scenario_file_part_table,
                                              &part, NULL };
    scenario_read_keys(b->s, mapping, "'{ file: picture.png }'", &context);
    if (part.file == NULL) {
        static const char *const name = "file";
        if (!scenario_is_mistyped(mapping, &name, 1))
            diag_add(b->s->diags, mapping->place,
                     "expected 'file' in a part of 'multipart', found "
                     "none");
        return;
    }
    if (!scenario_file_read(b, part.file, &bytes))
        return;
    if (memmem(bytes.bytes, bytes.len, BOUNDARY, sizeof(BOUNDARY) - 1) != NULL)
        diag_add(b->s->diags, part.file->place,
                 "expected a file without squall's own boundary '%s', found one with it", BOUNDARY);
    begin_part(w, mapping->key->text);
    request_write_fixed(w, SPAN_LITERAL("; filename="));
    write_quoted(w, part.name != NULL ? part.name->text : last_of_path(part.file->text));
    request_write_fixed(w, SPAN_LITERAL("\r\nContent-Type: "));
    request_write_fixed(w, part.type != NULL ? part.type->text
                                             : SPAN_LITERAL("application/octet-stream"));
    request_write_fixed(w, SPAN_LITERAL("\r\n\r\n"));
    request_write_fixed(w, bytes);
    w->file_bytes += bytes.len;
    request_write_fixed(w, SPAN_LITERAL("\r\n"));
}

void scenario_multipart_write(struct build *b, struct request_writer *w, const struct node *mapping)
{
    for (const struct node *part = mapping->first; part != NULL && b->error == 0;
         part = part->next) {
        if (part->kind == NODE_MAPPING)
            write_file_part(b, w, part);
        else if (part->kind == NODE_SCALAR)
            write_text_part(b, w, part->key, part);
        for (const struct node *item = part->first;
             part->kind == NODE_SEQUENCE && item != NULL && b->error == 0; item = item->next)
            write_text_part(b, w, part->key, item);
    }
    request_write_fixed(w, SPAN_LITERAL("--" BOUNDARY "--\r\n"));
}
