/* run_order — what a form of the page asks for, in the words of the command line: it becomes a plan
 * by the same way, and what is wrong with it is said in the same sentences. */
#ifndef SQUALL_TOOLS_WEB_RUN_ORDER_H
#define SQUALL_TOOLS_WEB_RUN_ORDER_H

#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/web/form.h"
#include "tools/web/run_control.h"

#define ORDER_WORDS_MAX 1024

struct run_order {
    struct options options;
    struct invocation call; /* as squall was called and what the form adds; its words are below */
    char *words[ORDER_WORDS_MAX];
    char *name; /* of the run, NULL = none */
};

/* The options of the command line with the fields of the form over them. Nothing of `form` is kept,
 * texts of `base` are. True, or false with *ret_refusal; run_order_close() is needed after both. */
bool run_order_read(struct run_order *ret_order, const struct options *base,
                    const struct invocation *call, const struct form *form,
                    struct run_refusal *ret_refusal);
void run_order_close(struct run_order *o);

/* Fills the field that a sentence of the command line is about: of "--run-time: expected …" that is
 * run_time. */
void run_refusal_say(struct run_refusal *ret, unsigned status, const char *sentence);

#endif
