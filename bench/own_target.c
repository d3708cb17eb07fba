#include "bench/own_target.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine.h"
#include "tools/target/target.h"

static _Noreturn void serve(int cpu, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    machine_pin(cpu);
    if (dup2(out, STDOUT_FILENO) < 0)
        _exit(1);
    close(out);
    exit(target_serve(
        &(struct target_options){ .listen = "127.0.0.1:0", .threads = 1, .is_quiet = true }));
}

/* Reads the line in which it says where it listens. 0 or -errno. */
static int read_port(int in, uint16_t *ret_port)
{
    unsigned port = 0;
    FILE *file = fdopen(in, "r");
    if (file == NULL)
        return -errno;
    const int found = fscanf(file, "listening on http://127.0.0.1:%u", &port);
    fclose(file);
    if (found != 1 || port == 0 || port > UINT16_MAX)
        return -ECONNREFUSED;
    *ret_port = (uint16_t)port;
    return 0;
}

int own_target_open(struct own_target *t, int cpu)
{
    int ends[2];
    if (pipe(ends) < 0)
        return -errno;
    fflush(NULL);
    t->pid = fork();
    if (t->pid == 0) {
        close(ends[0]);
        serve(cpu, ends[1]);
    }
    close(ends[1]);
    if (t->pid < 0) {
        close(ends[0]);
        return -errno;
    }
    const int rc = read_port(ends[0], &t->port);
    if (rc < 0)
        own_target_close(t);
    return rc;
}

void own_target_close(struct own_target *t)
{
    if (t->pid <= 0)
        return;
    kill(t->pid, SIGTERM);
    waitpid(t->pid, NULL, 0);
    t->pid = 0;
}
