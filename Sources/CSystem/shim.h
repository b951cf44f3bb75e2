// What Swift's Glibc module leaves out. _GNU_SOURCE must not be defined here: it would change fd_set against that
// module and break debug builds; what needs it is declared by hand.
#include <malloc.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>

extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern void explicit_bzero(void *bytes, size_t count);

// Swift does not import functions with a variable number of arguments.
static inline int bytes_waiting(int descriptor, int *count) { return ioctl(descriptor, FIONREAD, count); }
