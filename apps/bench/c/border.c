/*
 * The C library's own allocator, but each call of it first calls an imported function, for which there is an empty one: what the border of
 * a module costs. Linked with --wrap, which turns every reference to NAME into one to __wrap_NAME.
 */
#include <stddef.h>

#define EMPTY(name) __attribute__((import_module("env"), import_name(#name)))

EMPTY(malloc) void *empty_malloc(size_t);
EMPTY(free) void empty_free(void *);
EMPTY(calloc) void *empty_calloc(size_t, size_t);
EMPTY(realloc) void *empty_realloc(void *, size_t);
EMPTY(aligned_alloc) void *empty_aligned_alloc(size_t, size_t);
EMPTY(posix_memalign) int empty_posix_memalign(void **, size_t, size_t);

void *__real_malloc(size_t);
void __real_free(void *);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__real_aligned_alloc(size_t, size_t);
int __real_posix_memalign(void **, size_t, size_t);

void *__wrap_malloc(size_t size) {
  empty_malloc(size);
  return __real_malloc(size);
}

void __wrap_free(void *p) {
  empty_free(p);
  __real_free(p);
}

void *__wrap_calloc(size_t count, size_t size) {
  empty_calloc(count, size);
  return __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size) {
  empty_realloc(p, size);
  return __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  empty_aligned_alloc(alignment, size);
  return __real_aligned_alloc(alignment, size);
}

int __wrap_posix_memalign(void **result, size_t alignment, size_t size) {
  empty_posix_memalign(result, alignment, size);
  return __real_posix_memalign(result, alignment, size);
}
