/*
 * Records what a program asks of malloc: an LD_PRELOAD library for glibc. Each process writes windows of `struct request`, one
 * file after the other; src/record/record.ts takes each full one away, and what it has not yet taken is bounded. The files are
 * mapped, so that nothing has to be written at the end, however the program ends. A process that was forked is recorded from
 * its exec on.
 *
 * $MORPH_RECORD is "RECORDER LIMIT PREFIX": the recorder's process, the most requests of one process, and where files go. They are
 * named PREFIX.PROCESS.START.WINDOW; START tells apart the programs that one process runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

/* As in src/record/rep-stream.ts. */
enum { END, ALLOCATE, REALLOCATE, FREE, LIMIT };
struct request { uint64_t code, size, old, pointer; };

#define WINDOW ((size_t)1 << 16) /* requests: 2 MiB */
#define MOST_UNREAD 4            /* windows; then the program waits for the recorder */

/* Held from what malloc does to where it is written down, wherever the order of two threads could be told wrong. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct request *window;
static size_t used = WINDOW, windows;
static enum { UNKNOWN, ON, OFF } state;
static pid_t recorder;
static uint64_t left;
static char prefix[4096];

static void stop_in_child(void) {
  state = OFF;
  pthread_mutex_init(&lock, NULL);
}

static void begin(void) {
  struct timespec now;
  char *at = getenv("MORPH_RECORD");
  state = OFF;
  if (!at) return;
  recorder = (pid_t)strtol(at, &at, 10);
  left = strtoull(at, &at, 10);
  clock_gettime(CLOCK_MONOTONIC, &now);
  const unsigned long long start = now.tv_sec * 1000000000ull + now.tv_nsec;
  const int length = snprintf(prefix, sizeof prefix, "%s.%d.%llu", at + 1, (int)getpid(), start);
  if (length < (int)sizeof prefix) state = ON;
}

static const char *window_path(size_t number) {
  static char path[sizeof prefix + 32];
  snprintf(path, sizeof path, "%s.%zu", prefix, number);
  return path;
}

/* Returns 0 when nobody reads any more. */
static int wait_for_recorder(void) {
  const struct timespec briefly = {0, 1000000};
  while (windows >= MOST_UNREAD && access(window_path(windows - MOST_UNREAD), F_OK) == 0) {
    if (kill(recorder, 0) != 0 && errno == ESRCH) return 0;
    nanosleep(&briefly, NULL);
  }
  return 1;
}

/* By write, because printf may call malloc. */
static void complain(void) {
  static const char text[] = "bench record: no room for more of the recording, which ends here\n";
  if (write(STDERR_FILENO, text, sizeof text - 1) < 0) return;
}

/* The file has all of its blocks before it is mapped: where the disk is full, a write to the mapping would end the program. */
static struct request *new_window(void) {
  const size_t bytes = WINDOW * sizeof *window;
  const int file = open(window_path(windows), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return NULL;
  const int problem = posix_fallocate(file, 0, bytes);
  void *mapped = problem ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (problem) complain();
  close(file);
  return mapped == MAP_FAILED ? NULL : mapped;
}

static void next_window(void) {
  if (state == UNKNOWN) begin();
  if (window) munmap(window, WINDOW * sizeof *window);
  window = state == ON && wait_for_recorder() ? new_window() : NULL;
  if (!window) {
    state = OFF;
    return;
  }
  windows++;
  used = 0;
}

/* With the lock held. The code is written last: whoever reads it finds the rest. */
static void note(uint64_t code, size_t size, const void *old, const void *pointer) {
  if (state == OFF) return;
  const int before = errno;
  if (used == WINDOW) next_window();
  if (state == ON) {
    struct request *request = &window[used++];
    if (left-- == 0) {
      code = LIMIT;
      state = OFF;
    }
    request->size = size;
    request->old = (uintptr_t)old;
    request->pointer = (uintptr_t)pointer;
    __atomic_store_n(&request->code, code, __ATOMIC_RELEASE);
  }
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
