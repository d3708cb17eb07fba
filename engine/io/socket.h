/* socket — an ordinary descriptor to connect with, its options set. */
#ifndef SQUALL_ENGINE_IO_SOCKET_H
#define SQUALL_ENGINE_IO_SOCKET_H

struct route;
struct sockaddr;
struct socket_options;

/* A stream socket of the family of `to`, bound to the source when one is given. The caller's to
 * close. -errno when it cannot be had. */
int socket_make(const struct sockaddr *to, const struct socket_options *options);

/* Whether connections can be made from `source`: 0, or -errno of binding to it. */
int socket_try_source(const struct route *source);

#endif
