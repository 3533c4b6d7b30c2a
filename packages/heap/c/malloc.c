/*
 * C's allocation functions as calls to a @morph/heap: compile this file into a WebAssembly module, and give the module
 * `heap.wasmImports()` as its imports. It replaces the C library's allocator whole, under all the names it has there, so that no
 * second one can stay in the module: that one would take the heap's pages. What needs no heap is answered here, because a call to
 * the host takes longer: freeing null, sizes that overflow. A failed call sets errno.
 *
 *   clang --target=wasm32-wasi -O2 main.c node_modules/@morph/heap/c/malloc.c \
 *     -Wl,--import-memory,--export=__heap_base -o main.wasm
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HOST(name) __attribute__((import_module("env"), import_name(#name)))

HOST(malloc) void *host_malloc(size_t);
HOST(free) void host_free(void *);
HOST(calloc) void *host_calloc(size_t, size_t);
HOST(realloc) void *host_realloc(void *, size_t);
HOST(aligned_alloc) void *host_aligned_alloc(size_t, size_t);
HOST(malloc_usable_size) size_t host_malloc_usable_size(void *);

#define PAGE ((size_t)65536)

/* Objects have sizes whose differences are ptrdiff_t. */
static int too_large(size_t size) { return size > PTRDIFF_MAX; }

static void *or_no_memory(void *p) {
  if (!p) errno = ENOMEM;
  return p;
}

static void *no_memory(void) {
  errno = ENOMEM;
  return NULL;
}

void *malloc(size_t size) { return too_large(size) ? no_memory() : or_no_memory(host_malloc(size)); }

void free(void *p) {
  if (p) host_free(p);
}

void free_sized(void *p, size_t size) {
  (void)size;
  free(p);
}

void free_aligned_sized(void *p, size_t alignment, size_t size) {
  (void)alignment;
  (void)size;
  free(p);
}

void cfree(void *p) { free(p); }

void *calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes) || too_large(bytes)) return no_memory();
  return or_no_memory(host_calloc(1, bytes));
}

void *realloc(void *p, size_t size) {
  if (!p) return malloc(size);
  return too_large(size) ? no_memory() : or_no_memory(host_realloc(p, size));
}

void *reallocarray(void *p, size_t count, size_t size) {
  size_t bytes;
  return __builtin_mul_overflow(count, size, &bytes) ? no_memory() : realloc(p, bytes);
}

void *aligned_alloc(size_t alignment, size_t size) {
  if (alignment == 0 || (alignment & (alignment - 1))) {
    errno = EINVAL;
    return NULL;
  }
  return too_large(size) ? no_memory() : or_no_memory(host_aligned_alloc(alignment, size));
}

void *memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

void *valloc(size_t size) { return aligned_alloc(PAGE, size); }

void *pvalloc(size_t size) {
  return size > PTRDIFF_MAX - PAGE ? no_memory() : aligned_alloc(PAGE, size ? (size + PAGE - 1) & ~(PAGE - 1) : PAGE);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1))) return EINVAL;
  void *p = too_large(size) ? NULL : host_aligned_alloc(alignment, size);
  if (!p) return ENOMEM;
  *result = p;
  return 0;
}

size_t malloc_usable_size(void *p) { return p ? host_malloc_usable_size(p) : 0; }

/* The names by which the C library calls its allocator: without them the linker takes that one too. */
void *__libc_malloc(size_t size) __attribute__((alias("malloc")));
void __libc_free(void *p) __attribute__((alias("free")));
void *__libc_calloc(size_t count, size_t size) __attribute__((alias("calloc")));
void *__libc_realloc(void *p, size_t size) __attribute__((alias("realloc")));
void *__libc_memalign(size_t alignment, size_t size) __attribute__((alias("memalign")));

#ifdef __cplusplus
}
#endif
