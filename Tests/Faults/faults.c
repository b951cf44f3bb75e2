#define _GNU_SOURCE
#include "faults.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { calls = 3, descriptors = 4096 };

// The errno in the upper half, how often it is still to come in the lower one.
static _Atomic uint64_t faults[calls][descriptors];

void fault_inject(fault_call call, int descriptor, int error, unsigned times) {
    if (descriptor < 0 || descriptor >= descriptors) return;
    atomic_store(&faults[call][descriptor], times ? (uint64_t)error << 32 | times : 0);
}

unsigned fault_remaining(fault_call call, int descriptor) {
    if (descriptor < 0 || descriptor >= descriptors) return 0;
    return (unsigned)atomic_load(&faults[call][descriptor]);
}

static bool fails(fault_call call, int descriptor) {
    if (descriptor < 0 || descriptor >= descriptors) return false;
    uint64_t fault = atomic_load(&faults[call][descriptor]);
    while ((uint32_t)fault > 0) {
        if (!atomic_compare_exchange_weak(&faults[call][descriptor], &fault, fault - 1)) continue;
        errno = (int)(fault >> 32);
        return true;
    }
    return false;
}

// Whoever gets the descriptor's number next has no part in its faults.
int close(int descriptor) {
    for (int call = 0; call < calls; call++) fault_inject(call, descriptor, 0, 0);
    return (int)syscall(SYS_close, descriptor);
}

int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags) {
    if (fails(fault_accept, descriptor)) return -1;
    return (int)syscall(SYS_accept4, descriptor, address, length, flags);
}

ssize_t recv(int descriptor, void *buffer, size_t count, int flags) {
    if (fails(fault_receive, descriptor)) return -1;
    return syscall(SYS_recvfrom, descriptor, buffer, count, flags, NULL, NULL);
}

ssize_t send(int descriptor, const void *buffer, size_t count, int flags) {
    if (fails(fault_send, descriptor)) return -1;
    return syscall(SYS_sendto, descriptor, buffer, count, flags, NULL, 0);
}
