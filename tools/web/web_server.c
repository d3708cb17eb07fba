#include "tools/web/web_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/io/clock.h"
#include "tools/web/links.h"
#include "tools/web/web_exchange.h"

#define CONNECTIONS_MAX   128u
#define CONNECTION_MEMORY ((size_t)16 << 10) /* heads of at most half of it are read */
#define IDLE_TIMEOUT_S    10u                /* without a byte in either direction */
#define LOOK_MS           100                /* links are looked at so often */
#define LISTEN_BACKLOG    128u
#define NICE              19

struct web_server {
    struct MHD_Daemon *daemon;
    struct web_exchanges exchanges;
    struct links links;
    cpu_set_t cpus; /* to run on */
    pthread_t thread;
    int epoll_fd, wake_fd;
    bool is_running;
    _Atomic bool is_closing;
};

static int address_of(struct sockaddr_storage *ret, const char *text, uint16_t port)
{
    struct sockaddr_in *four = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return 0;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        return 0;
    }
    return -EINVAL;
}

/* CPUs that no worker is pinned to; all when there is none left. */
static void choose_cpus(struct web_server *s, const struct web_server_setup *setup)
{
    cpu_set_t rest;
    if (sched_getaffinity(0, sizeof s->cpus, &s->cpus) != 0)
        CPU_ZERO(&s->cpus);
    rest = s->cpus;
    for (uint32_t i = 0; i < setup->cpu_count; i++)
        CPU_CLR((unsigned)setup->cpus[i], &rest);
    if (setup->cpu_count > 0 && CPU_COUNT(&rest) > 0)
        s->cpus = rest;
}

/* ---- connections ---- */

static int socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static void connection_changes(void *owner, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct web_server *s = owner;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *context = links_add(&s->links, socket_of(connection), clock_now_ns());
    else
        links_remove(&s->links, *context);
}

static struct link *link_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static enum MHD_Result request_comes(void *owner, struct MHD_Connection *connection,
                                     const char *url, const char *method, const char *version,
                                     const char *upload, size_t *upload_len, void **exchange)
{
    struct web_server *s = owner;
    (void)version;
    const enum MHD_Result result =
        web_exchange_step(&s->exchanges, connection, url, method, upload, upload_len, exchange);
    if (web_exchange_is_in_hand(*exchange))
        link_is_answering(link_of(connection), clock_now_ns());
    return result;
}

static void request_is_over(void *owner, struct MHD_Connection *connection, void **exchange,
                            enum MHD_RequestTerminationCode code)
{
    struct web_server *s = owner;
    (void)code;
    web_exchange_close(&s->exchanges, *exchange);
    *exchange = NULL;
    link_is_waiting(link_of(connection), clock_now_ns());
}

/* ---- running ---- */

/* Workers go first: this thread has what they leave over, also when the program was given real-time
 * priority. */
static void yield_to_workers(const struct web_server *s)
{
    const struct sched_param ordinary = { .sched_priority = 0 };
    (void)pthread_setschedparam(pthread_self(), SCHED_OTHER, &ordinary);
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    if (CPU_COUNT(&s->cpus) > 0)
        (void)pthread_setaffinity_np(pthread_self(), sizeof s->cpus, &s->cpus);
}

static void *server_main(void *argument)
{
    struct web_server *s = argument;
    yield_to_workers(s);
    while (!s->is_closing) {
        struct pollfd ready[] = { { .fd = s->epoll_fd, .events = POLLIN },
                                  { .fd = s->wake_fd, .events = POLLIN } };
        MHD_UNSIGNED_LONG_LONG wait_ms = LOOK_MS;
        if (MHD_get_timeout(s->daemon, &wait_ms) != MHD_YES || wait_ms > LOOK_MS)
            wait_ms = LOOK_MS;
        (void)poll(ready, 2, (int)wait_ms);
        (void)MHD_run(s->daemon);
        links_end_overdue(&s->links, clock_now_ns());
        web_exchange_resume_waiting(&s->exchanges);
    }
    return NULL;
}

/* Escapes in a path are decoded, but "%00", which would end it: no path of ours has that. */
static size_t decode(void *owner, struct MHD_Connection *connection, char *text)
{
    (void)owner;
    (void)connection;
    if (strstr(text, "%00") != NULL)
        return strlen(text);
    return MHD_http_unescape(text);
}

int web_server_open(struct web_server **ret_server, const struct web_server_setup *setup,
                    uint16_t *ret_port)
{
    struct sockaddr_storage address;
    int rc = address_of(&address, setup->address, setup->port);
    if (rc != 0)
        return rc;
    struct web_server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->exchanges.site = setup->site;
    choose_cpus(s, setup);
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
                           (address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    errno = 0;
    s->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, request_comes, s, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, LISTEN_BACKLOG, MHD_OPTION_NOTIFY_CONNECTION,
        connection_changes, s, MHD_OPTION_NOTIFY_COMPLETED, request_is_over, s,
        MHD_OPTION_UNESCAPE_CALLBACK, decode, s, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (s->daemon == NULL || s->wake_fd < 0) {
        rc = errno != 0 ? -errno : -EADDRINUSE;
        web_server_close(s);
        return rc;
    }
    s->epoll_fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    *ret_port = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    *ret_server = s;
    return 0;
}

int web_server_start(struct web_server *s)
{
    const int rc = pthread_create(&s->thread, NULL, server_main, s);
    s->is_running = rc == 0;
    return -rc;
}

void web_server_close(struct web_server *s)
{
    if (s == NULL)
        return;
    if (s->is_running) {
        s->is_closing = true;
        (void)!write(s->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
        pthread_join(s->thread, NULL);
    }
    web_exchange_drop_waiting(&s->exchanges);
    if (s->daemon != NULL)
        MHD_stop_daemon(s->daemon);
    if (s->wake_fd >= 0)
        (void)close(s->wake_fd);
    free(s);
}
