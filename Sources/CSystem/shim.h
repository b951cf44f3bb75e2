// What Swift's Glibc module leaves out. _GNU_SOURCE must not be defined here: it would change fd_set against that
// module and break debug builds; what needs it is declared by hand.
#include <malloc.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <string.h>

extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern void explicit_bzero(void *bytes, size_t count);

// Swift does not import functions with a variable number of arguments.
static inline int bytes_waiting(int descriptor, int *count) { return ioctl(descriptor, FIONREAD, count); }

// The macros of cmsg(3) are none that Swift imports. One byte goes along: a descriptor does not travel alone.
static inline ssize_t send_descriptor(int socket, unsigned char byte, int descriptor) {
    union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

// Returns what recvmsg does; *descriptor is -1 if none came. There is room for one: the kernel closes others.
static inline ssize_t receive_descriptor(int socket, unsigned char *byte, int *descriptor) {
    union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control = {0};
    struct iovec part = {.iov_base = byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    *descriptor = -1;
    ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = count < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS
        && header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(descriptor, CMSG_DATA(header), sizeof(int));
    return count;
}

// struct ucred is only declared with _GNU_SOURCE.
struct peer_credentials { int process; unsigned int user; unsigned int group; };
