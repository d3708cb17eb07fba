#include "tools/cli/fault.h"

#include <stdarg.h>
#include <string.h>

static _Thread_local FILE *stream; /* NULL = stderr */

FILE *fault_stream(void)
{
    return stream != NULL ? stream : stderr;
}

void fault_set_stream(FILE *out)
{
    stream = out;
}

void fault_say(struct fault *f, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(f->sentence, sizeof f->sentence, format, arguments);
    va_end(arguments);
}

struct fault_reason fault_reason(int err)
{
    struct fault_reason r;
    (void)snprintf(r.text, sizeof r.text, "%s", strerror(err));
    /* "No such file", but "RPC failed". */
    if (r.text[0] >= 'A' && r.text[0] <= 'Z' && !(r.text[1] >= 'A' && r.text[1] <= 'Z'))
        r.text[0] = (char)(r.text[0] - 'A' + 'a');
    return r;
}

void fault_print(const struct fault *f)
{
    fprintf(fault_stream(), "squall: %s\n", f->sentence);
}

void fault_note(const char *format, ...)
{
    struct fault f;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(f.sentence, sizeof f.sentence, format, arguments);
    va_end(arguments);
    fault_print(&f);
}
