#include "tools/web/web_command.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/plan/diag.h"
#include "tools/cli/options.h"
#include "tools/web/catalog.h"
#include "tools/web/web_server.h"

#define POLL_NS 20000000L

/* Everything that is open while the page is served. */
struct web {
    struct options options;
    struct catalog *catalog;
    struct run_store *store;
    struct run_control *control;
    struct web_server *server;
    struct site site;
    uint16_t port;
};

static const char usage[] =
    "usage: squall web [FILE...] [options]\n\n"
    "Serves a page on which runs of the scenarios are started, changed, watched, stopped,\n"
    "kept and compared. Without a FILE users get the front page of a host. Scripts that\n"
    "were written for Locust's web API find it here too. Goes on until Ctrl-C.\n";

/* ---- opening ---- */

/* As the XDG rules have it. False when there is no home. */
static bool runs_folder(char folder[PATH_MAX], const struct options *o)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int len = -1;
    if (o->runs_dir != NULL)
        len = snprintf(folder, PATH_MAX, "%s", o->runs_dir);
    else if (state != NULL && state[0] == '/')
        len = snprintf(folder, PATH_MAX, "%s/squall/runs", state);
    else if (home != NULL && home[0] == '/')
        len = snprintf(folder, PATH_MAX, "%s/.local/state/squall/runs", home);
    return len > 0 && len < PATH_MAX;
}

static int open_store(struct web *web)
{
    char folder[PATH_MAX];
    if (!runs_folder(folder, &web->options)) {
        fault_note("no home folder to keep runs in: name one with --runs-dir");
        return EXIT_USAGE;
    }
    const int rc = run_store_open(&web->store, folder);
    if (rc == 0)
        return EXIT_DONE;
    fault_note("--runs-dir: cannot keep runs in %s: %s", diag_quote(span_of(folder)).text,
               fault_reason(-rc).text);
    return EXIT_USAGE;
}

static const char *bind_address(const struct options *o)
{
    if (o->bind == NULL || strcmp(o->bind, "localhost") == 0)
        return "127.0.0.1";
    return o->bind;
}

static int open_server(struct web *web)
{
    const struct options *o = &web->options;
    const char *address = bind_address(o);
    const struct web_server_setup setup = {
        .site = &web->site,
        .address = address,
        .port = (uint16_t)o->port.value,
        .cpus = o->cpus.items,
        .cpu_count = o->cpus.count,
    };
    const int rc = web_server_open(&web->server, &setup, &web->port);
    if (rc == -EINVAL)
        fault_note("--bind: expected an address such as 127.0.0.1 or ::1, got %s",
                   diag_quote(span_of(address)).text);
    else if (rc != 0)
        fault_note("cannot listen on %s, port %u: %s: choose another with %s", address,
                   (unsigned)o->port.value, fault_reason(-rc).text,
                   rc == -EADDRNOTAVAIL ? "--bind" : "--port");
    return rc == 0 ? EXIT_DONE : rc == -EINVAL ? EXIT_USAGE : EXIT_HOST;
}

static int open_control(struct web *web, const struct invocation *call)
{
    const struct run_control_setup setup = {
        .options = &web->options,
        .call = call,
        .store = web->store,
    };
    int rc = guard_draw_token(&web->site.guard);
    if (rc == 0)
        rc = run_control_open(&web->control, &setup);
    if (rc == 0)
        return EXIT_DONE;
    fault_note("cannot begin: %s", fault_reason(-rc).text);
    return EXIT_HOST;
}

static void tell_address(const struct web *web)
{
    const char *address = bind_address(&web->options);
    const bool is_six = strchr(address, ':') != NULL;
    const bool is_local = web->site.guard.is_local;
    if (!is_local)
        fault_note("everybody who reaches %s can load the page, and whoever has its token can send "
                   "load from here; there is no TLS: the token can be read on the way",
                   address);
    printf("listening on http://%s%s%s:%u/%s%s\n", is_six ? "[" : "", address, is_six ? "]" : "",
           web->port, is_local ? "" : "#token=", is_local ? "" : web->site.guard.token);
    (void)fflush(stdout);
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static int open_web(struct web *web, const struct invocation *call)
{
    int code = catalog_open(&web->catalog, &web->options);
    if (code == EXIT_DONE)
        code = open_store(web);
    if (code == EXIT_DONE)
        code = open_control(web, call);
    if (code == EXIT_DONE)
        code = open_server(web);
    if (code != EXIT_DONE)
        return code;
    web->site.control = web->control;
    web->site.catalog = web->catalog;
    web->site.store = web->store;
    web->site.options = &web->options;
    web->site.guard.is_local = is_loopback(bind_address(&web->options));
    web->site.guard.port = web->port;
    const int rc = web_server_start(web->server);
    if (rc != 0)
        fault_note("cannot begin: %s", fault_reason(-rc).text);
    return rc == 0 ? EXIT_DONE : EXIT_HOST;
}

static void close_web(struct web *web)
{
    web_server_close(web->server);
    run_control_close(web->control);
    site_forget(&web->site);
    run_store_close(web->store);
    catalog_close(web->catalog);
}

/* ---- until it ends ---- */

static void block_signals(sigset_t *ret_stop)
{
    sigemptyset(ret_stop);
    sigaddset(ret_stop, SIGINT);
    sigaddset(ret_stop, SIGTERM);
    sigaddset(ret_stop, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, ret_stop, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* The first signal lets a run end in order, the second one at once. */
static int wait_for_end(const struct web *web, const sigset_t *stop)
{
    const struct timespec poll = { .tv_nsec = POLL_NS };
    int number = 0;
    (void)sigwait(stop, &number);
    run_control_begin_close(web->control, false);
    while (!run_control_is_idle(web->control))
        if (sigtimedwait(stop, NULL, &poll) > 0)
            run_control_begin_close(web->control, true);
    return EXIT_SIGNAL + number;
}

int command_web(const struct invocation *call)
{
    static struct web web;
    sigset_t stop;
    int code = EXIT_DONE;
    if (!command_begin(&web.options, FORM_WEB, call, usage, &code))
        return code;
    block_signals(&stop);
    code = open_web(&web, call);
    if (code == EXIT_DONE) {
        tell_address(&web);
        code = wait_for_end(&web, &stop);
    }
    close_web(&web);
    return code;
}
