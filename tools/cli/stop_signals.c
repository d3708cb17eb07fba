#include "tools/cli/stop_signals.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "engine/run/fleet.h"
#include "tools/cli/command.h"
#include "tools/live/rescue.h"

static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

/* Words of the handler, which runs on the controlling thread only. */
static struct fleet *volatile fleet_to_stop;
static volatile sig_atomic_t count, first;
static volatile sig_atomic_t wants_suspension;
static struct sigaction suspension_before;
static sigset_t waiting_mask; /* nothing blocked */

static void stop_requested(int number)
{
    if (count == 0)
        first = number;
    count = count + 1;
    if (count >= 3) {
        rescue_now();
        _exit(EXIT_SIGNAL + first);
    }
    if (fleet_to_stop == NULL)
        return;
    if (count == 1)
        fleet_stop(fleet_to_stop);
    else
        fleet_stop_now(fleet_to_stop);
}

static void suspension_requested(int number)
{
    (void)number;
    wants_suspension = 1;
}

static void stop_set(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaddset(set, numbers[i]);
    sigaddset(set, SIGTSTP);
}

/* Ctrl-Z is left alone where it has no effect anyway. */
static void watch_suspension(void)
{
    const struct sigaction handle = { .sa_handler = suspension_requested };
    if (suspension_before.sa_handler != SIG_IGN)
        sigaction(SIGTSTP, &handle, NULL);
}

void stop_signals_open(struct fleet *f)
{
    sigset_t blocked;
    fleet_to_stop = f;
    count = first = wants_suspension = 0;
    stop_set(&blocked);
    pthread_sigmask(SIG_BLOCK, &blocked, &waiting_mask);

    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &ignore, NULL);
    struct sigaction handle = { .sa_handler = stop_requested,
                                .sa_flags = SA_RESTART,
                                .sa_mask = blocked };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        /* nohup means it. SIGINT is handled even where a script's '&' had it ignored: scripts do
         * kill -INT. */
        struct sigaction before;
        if (numbers[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
            before.sa_handler == SIG_IGN)
            continue;
        sigaction(numbers[i], &handle, NULL);
        sigdelset(&waiting_mask, numbers[i]);
    }
    sigaction(SIGTSTP, NULL, &suspension_before);
    watch_suspension();
    sigdelset(&waiting_mask, SIGTSTP);
}

bool stop_signals_wants_suspension(void)
{
    return wants_suspension != 0;
}

void stop_signals_suspend(void)
{
    sigset_t only, before;
    wants_suspension = 0;
    sigaction(SIGTSTP, &suspension_before, NULL);
    raise(SIGTSTP); /* blocked until here, so it takes effect in the next line */
    sigemptyset(&only);
    sigaddset(&only, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &only, &before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    watch_suspension();
}

void stop_signals_wait(uint64_t now_ns, uint64_t until_ns, int fd)
{
    const uint64_t ns = until_ns > now_ns ? until_ns - now_ns : 0;
    const struct timespec timeout = {
        .tv_sec = (time_t)(ns / 1000000000u),
        .tv_nsec = (int64_t)(ns % 1000000000u),
    };
    struct pollfd look = { .fd = fd, .events = POLLIN }; /* poll() looks past a negative one */
    (void)ppoll(&look, 1, &timeout, &waiting_mask);
}

int stop_signals_count(void)
{
    return count;
}

int stop_signals_first(void)
{
    return first;
}

void stop_signals_close(void)
{
    fleet_to_stop = NULL;
    sigaction(SIGTSTP, &suspension_before, NULL);
    pthread_sigmask(SIG_SETMASK, &waiting_mask, NULL);
}
