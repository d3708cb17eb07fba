#include <stdio.h>

#include "tools/cli/command.h"
#include "tools/target/target.h"

static const char usage[] =
    "usage: squall target [options]\n\n"
    "A server with known answers, to try a load on. Prints where it listens, serves\n"
    "until SIGINT or SIGTERM.\n\n"
    "  / /hello /json      small fixed answers\n"
    "  /bytes/N            N bytes with Content-Length\n"
    "  /chunked/N          N bytes in chunks\n"
    "  /gzip/N /deflate/N /br/N\n"
    "                      N bytes, compressed\n"
    "  /status/N           an answer of status N\n"
    "  /delay/T            answers after T (10ms, 1s)\n"
    "  /delay/T?every=N&then=U\n"
    "                      one in N answers after U instead\n"
    "  /slow/N?bytes_per_s=B\n"
    "                      N bytes, drop by drop\n"
    "  /redirect/N         so many hops to /json\n"
    "  /redirect-to?url=U&status=S\n"
    "                      one hop to U\n"
    "  /cookies            the cookies that came, as JSON\n"
    "  /cookies/set?name=value\n"
    "                      sets them and leads to /cookies\n"
    "  /echo               the request as JSON\n"
    "  /close /reset /stall\n"
    "                      ends badly, or not at all\n"
    "  /api/ /api-token-auth/ /api/tweets/ /api/tweets/N/\n"
    "                      the TweetCheck API; any user, password 'admin'\n"
    "  /stats              what this server has seen; POST /stats/reset begins anew\n";

int command_target(const struct invocation *call)
{
    struct options o;
    int code = EXIT_DONE;
    if (!command_begin(&o, FORM_TARGET, call, usage, &code))
        return code;
    const struct target_options options = {
        .listen = o.listen != NULL ? o.listen : "127.0.0.1:0",
        .threads = (uint32_t)o.threads.value,
        .work_us = o.work_us.value,
        .is_quiet = o.quiet,
        .has_tls = o.serves_tls || o.cert_file != NULL,
        .cert_file = o.cert_file,
        .key_file = o.key_file,
    };
    return target_serve(&options);
}
