#include "tools/live/rescue.h"

#include <signal.h>
#include <stddef.h>

#include "tools/live/keyboard.h"
#include "tools/live/terminal.h"

static const int fatal[] = { SIGQUIT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS };

void rescue_now(void)
{
    keyboard_restore();
    terminal_restore();
}

static void die_in_order(int number)
{
    rescue_now();
    raise(number); /* its default action by now: SA_RESETHAND */
}

void rescue_prepare(void)
{
    const struct sigaction guard = { .sa_handler = die_in_order,
                                     .sa_flags = (int)SA_RESETHAND | SA_NODEFER };
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        struct sigaction before;
        if (sigaction(fatal[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            (void)sigaction(fatal[i], &guard, NULL);
    }
}
