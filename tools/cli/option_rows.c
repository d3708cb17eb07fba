#include "tools/cli/options.h"

#include "tools/cli/format.h"

#define AT(field) offsetof(struct options, field)
#define BOTH      (FORM_URL | FORM_RUN)
#define PLANNED   (FORM_RUN | FORM_CHECK) /* what changes the plan that a scenario means */
#define ALL       (FORM_URL | FORM_RUN | FORM_CHECK)

#define USERS_MAX       UINT64_C(10000000)
#define CONNECTIONS_MAX UINT64_C(1000000)
#define EXACT_MAX       (UINT64_C(1) << 53) /* every reader of JSON keeps integers up to here */

/* clang-format off */
const struct option_row option_rows[] = {
    { FORM_URL, 'c', "connections", "N", OPTION_COUNT, AT(connections), 1, CONNECTIONS_MAX, "64", "Load",
      "connections kept open" },
    { PLANNED, 'u', "users", "N", OPTION_COUNT, AT(users), 1, USERS_MAX, NULL, "Load",
      "simulated users" },
    { PLANNED, 'r', "spawn-rate", "N", OPTION_RATE, AT(spawn_rate), 0, 0, NULL, "Load",
      "users started per second" },
    { PLANNED, 't', "run-time", "T", OPTION_TIME, AT(duration), 1, 0, NULL, "Load",
      "how long, such as 30s, 5m or 1h30m" },
    { FORM_URL, 'd', "duration", "T", OPTION_TIME, AT(duration), 1, 0, "10s", "Load",
      "how long, such as 250ms, 30s or 5m; no limit when --requests is given" },
    { PLANNED, 'd', "duration", "T", OPTION_TIME, AT(duration), 1, 0, NULL, "Load",
      "the same as --run-time" },
    { ALL, 'n', "requests", "N", OPTION_COUNT, AT(requests), 1, EXACT_MAX, NULL, "Load",
      "stop after exactly N requests" },
    { ALL, 'R', "rate", "N", OPTION_RATE, AT(rate), 0, 0, NULL, "Load",
      "N requests per second, whatever the server does, such as 20k or 0.5" },
    { ALL, 0, "arrival", "constant|poisson", OPTION_CHOICE, AT(arrival), 0, 0, "constant", "Load",
      "how the requests of --rate are spread" },
    { BOTH, 'p', "pipeline", "N", OPTION_COUNT, AT(pipeline), 1, 1024, "1", "Load",
      "requests in flight per connection" },
    { BOTH, 0, "requests-per-connection", "N", OPTION_COUNT, AT(requests_per_connection), 1, EXACT_MAX, NULL, "Load",
      "then close it and connect anew" },
    { PLANNED, 0, "tags", "TAG", OPTION_TEXTS, AT(tags), 0, 0, NULL, "Load",
      "only tasks that have this tag; repeatable: any of them" },
    { PLANNED, 0, "exclude-tags", "TAG", OPTION_TEXTS, AT(exclude_tags), 0, 0, NULL, "Load",
      "no tasks that have this tag; repeatable: any of them" },
    { PLANNED, 0, "stop-timeout", "T", OPTION_TIME, AT(stop_timeout), 0, 0, NULL, "Load",
      "how long requests in flight at the end may still take" },
    { FORM_URL, 't', "threads", "N", OPTION_COUNT, AT(threads), 1, OPTION_CPUS_MAX, NULL, "Load",
      "worker threads; default one per CPU, at most one per connection" },
    { FORM_RUN, 0, "threads", "N", OPTION_COUNT, AT(threads), 1, OPTION_CPUS_MAX, NULL, "Load",
      "worker threads; default one per CPU, at most one per user" },
    { BOTH, 0, "cpus", "LIST", OPTION_CPUS, AT(cpus), 0, 0, NULL, "Load",
      "CPUs to pin the threads to, such as 0-3,8; default all that may be used" },
    { BOTH, 0, "busy-poll", NULL, OPTION_FLAG, AT(busy_poll), 0, 0, NULL, "Load",
      "never sleep: the lowest lateness, for those who own their CPUs" },

    { FORM_URL, 'X', "method", "NAME", OPTION_TEXT, AT(method), 0, 0, NULL, "Request",
      "request method; default GET, or POST with --data" },
    { FORM_URL, 'H', "header", "'NAME: VALUE'", OPTION_HEADER, AT(headers), 0, 0, NULL, "Request",
      "add a header; repeatable" },
    { FORM_URL, 0, "data", "TEXT|@FILE", OPTION_TEXT, AT(data), 0, 0, NULL, "Request",
      "request body, or the file that holds it" },
    { PLANNED, 'H', "host", "URL", OPTION_TEXT, AT(host), 0, 0, NULL, "Request",
      "host to load instead of the scenario's, such as http://127.0.0.1:8000" },
    { PLANNED, 0, "header", "'NAME: VALUE'", OPTION_HEADER, AT(headers), 0, 0, NULL, "Request",
      "add a header to every request; repeatable" },
    { FORM_URL, 0, "timeout", "T", OPTION_TIME, AT(timeout), 1, 0, "30s", "Request",
      "for one request" },
    { PLANNED, 0, "timeout", "T", OPTION_TIME, AT(timeout), 1, 0, NULL, "Request",
      "for one request; default as the scenario says, else 30s" },
    { BOTH, 0, "seed", "N", OPTION_COUNT, AT(seed), 0, EXACT_MAX, NULL, "Request",
      "same seed, same choices; default random" },

    { FORM_URL, 'L', "latency", NULL, OPTION_FLAG, AT(latency), 0, 0, NULL, "Result",
      "show the full latency distribution" },
    { BOTH, 'o', "output", "FILE", OPTION_OUTPUT, AT(outputs), 0, 0, NULL, "Result",
      "write the result to a " FORMAT_ENDINGS " file too; repeatable" },
    { BOTH, 0, "json", NULL, OPTION_FLAG, AT(json), 0, 0, NULL, "Result",
      "the result as one JSON object on stdout, nothing else there" },
    { FORM_DOCTOR, 0, "json", NULL, OPTION_FLAG, AT(json), 0, 0, NULL, "Result",
      "the findings and the facts as one JSON object on stdout" },
    { FORM_DOCTOR, 0, "fix", NULL, OPTION_FLAG, AT(fix), 0, 0, NULL, "Result",
      "the commands that mend what was found, as a script to read; runs none" },
    { BOTH, 0, "expect", "EXPR", OPTION_TEXTS, AT(expects), 0, 0, NULL, "Result",
      "what the run must show, else exit 99: 'p99<50ms', 'fail_ratio<1%', 'p95{GET /a}<80ms'; repeatable" },
    { BOTH, 0, "exit-code-on-failure", "N", OPTION_COUNT, AT(exit_code_on_failure), 0, 255, "1", "Result",
      "exit code when some request failed" },
    { FORM_CHECK, 0, "cost", NULL, OPTION_FLAG, AT(cost), 0, 0, NULL, "Result",
      "what each task costs the generator, and each user" },

    { BOTH, 'q', "quiet", NULL, OPTION_FLAG, AT(quiet), 0, 0, NULL, "Terminal",
      "no live view and no notes on stderr" },
    { BOTH | FORM_DOCTOR, 0, "no-color", NULL, OPTION_FLAG, AT(no_color), 0, 0, NULL, "Terminal",
      "no colors; so does NO_COLOR in the environment" },
    { BOTH, 'v', "verbose", NULL, OPTION_FLAG, AT(verbose), 0, 0, NULL, "Terminal",
      "say on stderr which CPUs, kernel features and seed are used" },
    { FORM_RUN, 0, "headless", NULL, OPTION_FLAG, AT(headless), 0, 0, NULL, "Terminal",
      "accepted for Locust's sake: it is the default" },
    { FORM_ALL, 'h', "help", NULL, OPTION_FLAG, AT(help), 0, 0, NULL, "Terminal",
      "show this" },
    { FORM_URL, 0, "version", NULL, OPTION_FLAG, AT(version), 0, 0, NULL, "Terminal",
      "show the version" },
};
/* clang-format on */

const size_t option_row_count = sizeof option_rows / sizeof option_rows[0];
