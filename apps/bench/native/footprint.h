/* How much is taken from the system, as the allocator itself tells. */
#ifndef FOOTPRINT_H
#define FOOTPRINT_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Bytes taken now, and, of who knows it by itself, at the worst moment. */
struct taken { size_t now, peak; };

static struct taken mimalloc_taken(void) {
  typedef void (*info_t)(size_t *, size_t *, size_t *, size_t *, size_t *, size_t *, size_t *, size_t *);
  static info_t info;
  if (!info) info = (info_t)dlsym(RTLD_DEFAULT, "mi_process_info");
  size_t x;
  struct taken taken = {0, 0};
  if (info) info(&x, &x, &x, &x, &x, &taken.now, &taken.peak, &x);
  return taken;
}

static struct taken jemalloc_taken(void) {
  typedef int (*mallctl_t)(const char *, void *, size_t *, void *, size_t);
  static mallctl_t mallctl;
  if (!mallctl) mallctl = (mallctl_t)dlsym(RTLD_DEFAULT, "mallctl");
  uint64_t epoch = 1;
  size_t bytes = 0, length = sizeof bytes;
  if (mallctl) mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
  if (!mallctl || mallctl("stats.resident", &bytes, &length, NULL, 0) != 0) bytes = 0;
  return (struct taken){bytes, bytes};
}

/* The C library's whole arena and its mmapped blocks. */
static struct taken libc_taken(void) {
  size_t bytes = 0;
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  struct mallinfo2 info = mallinfo2();
  bytes = info.arena + info.hblkhd;
#endif
  return (struct taken){bytes, bytes};
}

static struct taken nothing_taken(void) { return (struct taken){0, 0}; }

static size_t footprint, peak_footprint;
static int is_libc;

/* Which malloc this is shows by the functions it brings along. tcmalloc has none that is cheap and exact. */
static void sample_footprint(void) {
  static struct taken (*taken)(void);
  if (!taken) {
    if (dlsym(RTLD_DEFAULT, "mi_process_info")) taken = mimalloc_taken;
    else if (dlsym(RTLD_DEFAULT, "mallctl")) taken = jemalloc_taken;
    else if (dlsym(RTLD_DEFAULT, "tc_malloc")) taken = nothing_taken;
    else taken = libc_taken;
    is_libc = taken == libc_taken;
  }
  struct taken sample = taken();
  footprint = sample.now;
  if (sample.peak > peak_footprint) peak_footprint = sample.peak;
}

/* Smaller than what the C library takes straight from mmap. */
#define SMALLER_THAN_MMAPPED (64 * 1024)

/*
 * After each operation: asks only when the footprint may have changed, because asking takes longer than allocating. The C
 * library's arena ends at the break, and its mmapped blocks are large ones. The others are asked now and then.
 */
static void follow_footprint(size_t operation, size_t size) {
  static void *end;
  if (is_libc ? end == sbrk(0) && size < SMALLER_THAN_MMAPPED : operation % 16 != 0 && size < 1024) return;
  end = sbrk(0);
  sample_footprint();
}

#endif
