/*
 * Records what a program asks of malloc: an LD_PRELOAD library for glibc. Each process writes a file of its own,
 * $MORPH_RECORD.PID, of `struct request`; src/record/rep.ts makes a trace of it. The file is mapped, so that nothing has
 * to be written at the end, however the program ends. A process that was forked is recorded from its exec on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

enum { END, ALLOCATE, REALLOCATE, FREE };
struct request { uint64_t code, size, old, pointer; };

#define WINDOW ((size_t)1 << 17) /* requests: 4 MiB */

/* Held from what malloc does to where it is written down, wherever the order of two threads could be told wrong. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct request *window;
static size_t used = WINDOW, windows;
static enum { UNKNOWN, ON, OFF } state;
static char path[4096];

static void stop_in_child(void) {
  state = OFF;
  pthread_mutex_init(&lock, NULL);
}

static void next_window(void) {
  if (state == UNKNOWN) {
    const char *prefix = getenv("MORPH_RECORD");
    state = prefix && snprintf(path, sizeof path, "%s.%d", prefix, (int)getpid()) < (int)sizeof path ? ON : OFF;
    if (state == OFF) return;
    unlink(path);
  }
  if (window) munmap(window, WINDOW * sizeof *window);
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const size_t bytes = WINDOW * sizeof *window;
  window = MAP_FAILED;
  if (file >= 0 && ftruncate(file, (windows + 1) * bytes) == 0) {
    window = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, windows * bytes);
  }
  if (file >= 0) close(file);
  if (window == MAP_FAILED) {
    window = NULL;
    state = OFF;
    return;
  }
  windows++;
  used = 0;
}

/* With the lock held. */
static void note(uint64_t code, size_t size, const void *old, const void *pointer) {
  if (state == OFF) return;
  const int before = errno;
  if (used == WINDOW) next_window();
  if (state == ON) window[used++] = (struct request){code, size, (uintptr_t)old, (uintptr_t)pointer};
  errno = before;
}

static void *allocated(void *pointer, size_t size) {
  if (pointer) {
    pthread_mutex_lock(&lock);
    note(ALLOCATE, size, NULL, pointer);
    pthread_mutex_unlock(&lock);
  }
  return pointer;
}

__attribute__((constructor)) static void watch_forks(void) { pthread_atfork(NULL, NULL, stop_in_child); }

void *malloc(size_t size) { return allocated(__libc_malloc(size), size); }
void *calloc(size_t count, size_t size) { return allocated(__libc_calloc(count, size), count * size); }
void *memalign(size_t alignment, size_t size) { return allocated(__libc_memalign(alignment, size), size); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **to, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *pointer = memalign(alignment, size);
  if (!pointer) return ENOMEM;
  *to = pointer;
  return 0;
}

/* Whoever gets the old place next waits for the lock before it says so. */
void *realloc(void *old, size_t size) {
  pthread_mutex_lock(&lock);
  void *pointer = __libc_realloc(old, size);
  if (pointer) note(old ? REALLOCATE : ALLOCATE, size, old, pointer);
  else if (old && size == 0) note(FREE, 0, old, NULL);
  pthread_mutex_unlock(&lock);
  return pointer;
}

void *reallocarray(void *old, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return realloc(old, bytes);
}

void free(void *pointer) {
  if (!pointer) return;
  pthread_mutex_lock(&lock);
  note(FREE, 0, pointer, NULL);
  pthread_mutex_unlock(&lock);
  __libc_free(pointer);
}
