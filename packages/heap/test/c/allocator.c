/* The C library's allocation functions, as calls to the host's. */
#include <stddef.h>

#define HOST(name) __attribute__((import_module("env"), import_name(#name)))

HOST(malloc) void *host_malloc(size_t);
HOST(free) void host_free(void *);
HOST(calloc) void *host_calloc(size_t, size_t);
HOST(realloc) void *host_realloc(void *, size_t);
HOST(aligned_alloc) void *host_aligned_alloc(size_t, size_t);
HOST(posix_memalign) int host_posix_memalign(void **, size_t, size_t);
HOST(malloc_usable_size) size_t host_malloc_usable_size(void *);

void *malloc(size_t size) { return host_malloc(size); }
void free(void *p) { host_free(p); }
void *calloc(size_t count, size_t size) { return host_calloc(count, size); }
void *realloc(void *p, size_t size) { return host_realloc(p, size); }
void *aligned_alloc(size_t alignment, size_t size) { return host_aligned_alloc(alignment, size); }
int posix_memalign(void **result, size_t alignment, size_t size) { return host_posix_memalign(result, alignment, size); }
size_t malloc_usable_size(void *p) { return host_malloc_usable_size(p); }
