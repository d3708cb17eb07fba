#include "tools/web/run_order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/diag.h"

/* Which option each field of the form is. */
static const struct {
    const char *field, *option;
} fields[] = {
    { "users", "--users" }, { "spawn_rate", "--spawn-rate" },
    { "host", "--host" },   { "run_time", "--run-time" },
    { "rate", "--rate" },   { "tags", "--tags" },
};

static const char *option_of(const char *field)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcmp(fields[i].field, field) == 0)
            return fields[i].option;
    return NULL;
}

void run_refusal_say(struct run_refusal *ret, unsigned status, const char *sentence)
{
    *ret = (struct run_refusal){ .status = status };
    (void)snprintf(ret->sentence, sizeof ret->sentence, "%s", sentence);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const size_t len = strlen(fields[i].option);
        if (strncmp(sentence, fields[i].option, len) == 0 && sentence[len] == ':')
            (void)snprintf(ret->field, sizeof ret->field, "%s", fields[i].field);
    }
}

/* ---- words ---- */

static bool add_word(struct run_order *o, const char *word)
{
    if (o->call.argc == ORDER_WORDS_MAX)
        return false;
    o->words[o->call.argc] = strdup(word);
    return o->words[o->call.argc] != NULL && ++o->call.argc > 0;
}

/* "squall web FILE -u 10", as it was called, and after that "--users 20", as the form wants it. */
static bool add_words(struct run_order *o, const struct invocation *call, const struct form *form)
{
    bool all_added = true;
    for (int i = 0; i < call->argc; i++)
        all_added = all_added && add_word(o, call->argv[i]);
    o->call.first = o->call.argc;
    for (size_t i = 0; i < form->count; i++) {
        const char *option = option_of(form->fields[i].key);
        if (option != NULL && form->fields[i].value[0] != '\0')
            all_added = all_added && add_word(o, option) && add_word(o, form->fields[i].value);
    }
    return all_added;
}

/* ---- options ---- */

/* What the form gives wins. Tags replace all of the command line, also by none. */
static void put_over(struct options *o, const struct options *form, bool has_tags)
{
    if (form->users.given)
        o->users = form->users;
    if (form->spawn_rate.given)
        o->spawn_rate = form->spawn_rate;
    if (form->host != NULL)
        o->host = form->host;
    if (form->duration.given)
        o->duration = form->duration;
    if (form->rate.given)
        o->rate = form->rate;
    if (has_tags)
        o->tags = form->tags;
}

/* One of those that squall was started with; the first when none is named. */
static const char *scenario_of(const struct options *base, const struct form *form,
                               struct run_refusal *ret_refusal)
{
    const char *wanted = form_get(form, "scenario");
    if (wanted == NULL || base->subjects.count == 0)
        return base->subject;
    for (size_t i = 0; i < base->subjects.count; i++)
        if (strcmp(base->subjects.items[i], wanted) == 0)
            return base->subjects.items[i];
    *ret_refusal = (struct run_refusal){ .status = 400, .field = "scenario" };
    (void)snprintf(ret_refusal->sentence, sizeof ret_refusal->sentence,
                   "expected one of the scenarios that squall was started with, got %s",
                   diag_quote(span_of(wanted)).text);
    return NULL;
}

bool run_order_read(struct run_order *ret_order, const struct options *base,
                    const struct invocation *call, const struct form *form,
                    struct run_refusal *ret_refusal)
{
    struct run_order *o = ret_order;
    struct options given;
    struct fault fault;
    *o = (struct run_order){ .options = *base };
    o->call.argv = o->words;
    const char *scenario = scenario_of(base, form, ret_refusal);
    if (scenario == NULL && base->subjects.count > 0)
        return false;
    o->options.subject = scenario;
    const char *name = form_get(form, "name");
    if (!add_words(o, call, form) || (name != NULL && (o->name = strdup(name)) == NULL)) {
        run_refusal_say(ret_refusal, 500, "no memory, or too many fields");
        return false;
    }
    if (options_parse(&given, FORM_WEB, o->call.argc - o->call.first, o->words + o->call.first,
                      &fault) != 0) {
        run_refusal_say(ret_refusal, 400, fault.sentence);
        return false;
    }
    put_over(&o->options, &given, form_has(form, "tags"));
    return true;
}

void run_order_close(struct run_order *o)
{
    for (int i = 0; i < o->call.argc; i++)
        free(o->words[i]);
    free(o->name);
    o->call.argc = 0;
    o->name = NULL;
}
