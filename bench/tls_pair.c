#include "bench/tls_pair.h"

#include <stdlib.h>
#include <unistd.h>

#include "bench/harness.h"
#include "tests/tls/certificate.h"

void tls_pair_open(struct tls_pair *p, bool resumes, enum server_version version)
{
    static const char *const host = "localhost";
    char path[] = "/tmp/bench_tls.XXXXXX";
    char fault[TLS_FAULT_MAX];
    const int file = mkstemp(path);
    bench_check(file >= 0);
    close(file);
    struct certificate *own = certificate_make(&(struct certificate_wish){ .name = host }, NULL);
    certificate_save(own, path);
    certificate_save_key(own, path, NULL);
    certificate_free(own);
    const struct tls_options options = { .ca_file = path, .no_resume = !resumes };
    bench_check(tls_context_open(&p->client, &options, &host, 1, fault) == 0);
    p->server = tls_server_open(&(struct server_wish){ .cert_file = path, .version = version });
    unlink(path);
}

void tls_pair_close(struct tls_pair *p)
{
    tls_context_close(p->client);
    tls_server_close(p->server);
    *p = (struct tls_pair){ .client = NULL };
}
