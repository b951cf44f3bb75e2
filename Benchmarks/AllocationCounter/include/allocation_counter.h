#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdint.h>

/// How often this thread has called malloc, calloc, realloc, aligned_alloc, memalign or posix_memalign. A program that
/// this is linked into has those functions replaced by ones that count and then do the same. It stays 0 under the
/// address and thread sanitizers, which replace them themselves.
uint64_t allocation_count(void);

#endif
