#include "tools/cli/stored_file.h"

#include <errno.h>

#include "engine/plan/arena.h"
#include "engine/plan/diag.h"
#include "engine/plan/file.h"
#include "tools/cli/command.h"
#include "tools/cli/fault.h"

int stored_file_read(struct stored **ret_stored, const char *path)
{
    struct arena *arena = NULL;
    struct span bytes;
    struct fault fault;
    struct stored_fault mistake = { "" };

    int rc = arena_open(&arena);
    if (rc == 0)
        rc =
            file_read(&bytes, arena, path, STORED_BYTES_MAX, fault.sentence, sizeof fault.sentence);
    if (rc == -EINVAL)
        fault_print(&fault);
    if (rc == 0)
        rc = stored_read(ret_stored, bytes.bytes, bytes.len, &mistake);
    if (rc == -EBADMSG)
        fault_note("%s: %s", diag_quote(span_of(path)).text, mistake.sentence);
    if (rc == -ENOMEM)
        fault_note("no memory to read %s", diag_quote(span_of(path)).text);
    arena_close(arena);
    if (rc == -ENOMEM)
        return EXIT_HOST;
    return rc == 0 ? EXIT_DONE : EXIT_USAGE;
}
