#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/io/tls_context.h"
#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/doctor/findings.h"
#include "tools/doctor/ring_probe.h"
#include "tools/live/terminal.h"

#define COLUMNS_OF_A_FILE 80

static const char usage[] =
    "usage: squall doctor [options]\n\n"
    "Looks at what decides how large a load this host can make: what is fine, what\n"
    "limits some loads, what stands in the way of all; each with the sum behind it\n"
    "and the command that mends it. Changes nothing. Exit code 3: nothing can run.\n";

static int write_findings(char **ret_text, const struct findings *f, const struct host *h,
                          const struct options *o)
{
    if (o->json)
        return findings_json(ret_text, f, h);
    if (o->fix)
        return findings_script(ret_text, f);
    const struct report_text_style style = {
        .color = terminal_has_color(STDOUT_FILENO, o->no_color),
        .unicode = terminal_has_unicode(),
        .columns = terminal_columns(STDOUT_FILENO, COLUMNS_OF_A_FILE),
    };
    return findings_text(ret_text, f, &style);
}

int command_doctor(const struct invocation *call)
{
    struct options o;
    int code = EXIT_DONE;
    struct host host;
    struct findings findings;
    if (!command_begin(&o, FORM_DOCTOR, call, usage, &code))
        return code;
    (void)setlocale(LC_CTYPE, "");
    host_read(&host, "");
    host.ring = ring_probe(getenv("SQUALL_RING_MASK"));
    host.tls_built = tls_version_built();
    host.tls_running = tls_version_running();
    checks_run(&host, &findings);

    char *text = NULL;
    if (write_findings(&text, &findings, &host, &o) != 0) {
        fault_note("no memory");
        return EXIT_HOST;
    }
    const int rc = fputs(text, stdout) == EOF || fflush(stdout) == EOF ? -errno : 0;
    free(text);
    if (rc != 0) {
        fault_note("cannot write the findings: %s", fault_reason(-rc).text);
        return EXIT_REQUEST_FAILED;
    }
    return findings_worst(&findings) == CHECK_BROKEN ? EXIT_HOST : EXIT_DONE;
}
