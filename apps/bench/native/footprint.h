/* How much was taken from the system at the worst moment, as the allocator itself tells. */
#ifndef FOOTPRINT_H
#define FOOTPRINT_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static size_t mimalloc_peak(void) {
  typedef void (*info_t)(size_t *, size_t *, size_t *, size_t *, size_t *, size_t *, size_t *, size_t *);
  info_t info = (info_t)dlsym(RTLD_DEFAULT, "mi_process_info");
  size_t x, peak_commit = 0;
  if (info) info(&x, &x, &x, &x, &x, &x, &peak_commit, &x);
  return peak_commit;
}

static size_t jemalloc_resident(void) {
  typedef int (*mallctl_t)(const char *, void *, size_t *, void *, size_t);
  static mallctl_t mallctl;
  if (!mallctl) mallctl = (mallctl_t)dlsym(RTLD_DEFAULT, "mallctl");
  if (!mallctl) return 0;
  uint64_t epoch = 1;
  size_t bytes = 0, length = sizeof bytes;
  mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
  return mallctl("stats.resident", &bytes, &length, NULL, 0) == 0 ? bytes : 0;
}

/* The C library's whole arena and its mmapped blocks. */
static size_t libc_taken(void) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  struct mallinfo2 info = mallinfo2();
  return info.arena + info.hblkhd;
#else
  return 0;
#endif
}

static size_t peak_footprint;

/* Which malloc this is shows by the functions it brings along. tcmalloc has none that is cheap and exact. */
static void sample_footprint(void) {
  size_t now;
  if (dlsym(RTLD_DEFAULT, "mi_process_info")) now = mimalloc_peak();
  else if (dlsym(RTLD_DEFAULT, "mallctl")) now = jemalloc_resident();
  else if (dlsym(RTLD_DEFAULT, "tc_malloc")) now = 0;
  else now = libc_taken();
  if (now > peak_footprint) peak_footprint = now;
}

#endif
