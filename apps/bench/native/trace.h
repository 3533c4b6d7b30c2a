/* A recorded program's requests, as src/binary-trace.ts writes them: `ids operations peakLive`
 * (low and high word), then three words each. */
#ifndef TRACE_H
#define TRACE_H

#include <fcntl.h>
#include <sys/stat.h>
#include "harness.h"
#ifndef MAP_POPULATE
#define MAP_POPULATE 0
#endif

enum { TRACE_ALLOCATE, TRACE_REALLOCATE, TRACE_FREE };

struct operation { uint32_t code, id, size; };
static const struct operation *trace;
static size_t trace_length, trace_ids, trace_peak;

/* Moments at which memory is looked at, as in src/trace.ts. */
#define SAMPLES 200

static void load_trace(const char *path) {
  int file = open(path, O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) fail(path);
  const uint32_t *words = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (words == MAP_FAILED) fail(path);
  trace_ids = words[0];
  trace_length = words[1];
  trace_peak = words[2] | (size_t)words[3] << 32;
  trace = (const struct operation *)(words + 4);
}

#endif
