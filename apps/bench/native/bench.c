/*
 * The native contender: malloc and free of whatever C library, or LD_PRELOAD, this runs with.
 *
 *   bench KIND SIZE BATCH TIMES RESIDENT LIVE WARM_MS TARGET_MS [TRACE]
 *
 * It speaks the protocol of src/worker/main.ts: warms up, prints {"ready":true,...}, then answers each line on stdin
 * with one timed round. Its own tables come from mmap, so that the heap holds nothing but what is measured.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "footprint.h"
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif
#ifndef MAP_POPULATE
#define MAP_POPULATE 0
#endif

#define PLAN_LENGTH (1u << 20)
#define MOST_REPETITIONS 10000

static size_t size, batch, times, resident, live_count;
static double warm_ms, target_ms;

/* Volatile, and built with -fno-builtin-*, so that the compiler cannot drop a malloc and its free. */
static void *volatile sink;

static void **store;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* Memory that is not malloc's, already touched. */
static void *table(size_t bytes) {
  void *p = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) fail("mmap");
  memset(p, 1, bytes);
  memset(p, 0, bytes);
  return p;
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* ---- the kinds of work; each run_ is one repetition ---- */

static void fill(void **to, size_t count) {
  for (size_t i = 0; i < count; i++) to[i] = malloc(size);
}

/* Locals, because the compiler must assume that malloc changes the globals. */
static void run_batch(void) {
  void **const to = store;
  const size_t bytes = size, count = batch, rounds = times;
  for (size_t round = 0; round < rounds; round++) {
    for (size_t i = 0; i < count; i++) to[i] = malloc(bytes);
    for (size_t i = 0; i < count; i++) free(to[i]);
  }
}

static void run_lifo(void) {
  const size_t bytes = size, count = times;
  for (size_t i = 0; i < count; i++) {
    void *p = malloc(bytes);
    sink = p;
    free(p);
  }
}

static int filled;

static void run_fill(void) {
  void **const to = store;
  const size_t bytes = size, count = batch;
  for (size_t i = 0; i < count; i++) to[i] = malloc(bytes);
  filled = 1;
}

static void before_fill(void) {
  for (size_t i = 0; filled && i < batch; i++) free(store[i]);
}

static uint8_t *bump_start, *bump_next, *bump_end;

static void run_bump(void) {
  void **const to = store;
  const size_t bytes = size, count = batch;
  uint8_t *next = bump_next;
  for (size_t i = 0; i < count; i++) {
    if (next + bytes > bump_end) abort();
    to[i] = next;
    next += (bytes + 7) & ~(size_t)7;
  }
  bump_next = next;
}

static void before_bump(void) { bump_next = bump_start; }

static uint32_t *plan_index;
static uint16_t *plan_size;
static uint32_t plan_at, random_state = 0x9e3779b9u;

/* As in src/worker/random-plan.ts: the same numbers. */
static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

static void replace(size_t count) {
  void **const to = store;
  const uint32_t *const indices = plan_index;
  const uint16_t *const sizes = plan_size;
  uint32_t at = plan_at;
  for (size_t i = 0; i < count; i++) {
    uint32_t index = indices[at];
    free(to[index]);
    to[index] = malloc(sizes[at]);
    at = (at + 1) & (PLAN_LENGTH - 1);
  }
  plan_at = at;
}

static void run_random(void) { replace(times); }

static void prepare_random(void) {
  plan_index = table(PLAN_LENGTH * sizeof *plan_index);
  plan_size = table(PLAN_LENGTH * sizeof *plan_size);
  for (size_t i = 0; i < live_count; i++) store[i] = malloc(16 + next_random() % 241);
  for (size_t i = 0; i < PLAN_LENGTH; i++) {
    plan_index[i] = next_random() % live_count;
    plan_size[i] = 16 + next_random() % 241;
  }
  replace(live_count);
}

struct operation { uint32_t code, id, size; };
static const struct operation *trace;
static size_t trace_length, trace_ids, trace_peak;

static inline void step(const struct operation *op) {
  if (op->code == 0) store[op->id] = malloc(op->size);
  else if (op->code == 1) store[op->id] = realloc(store[op->id], op->size);
  else {
    free(store[op->id]);
    store[op->id] = NULL;
  }
}

static void run_replay(void) {
  for (size_t i = 0; i < trace_length; i++) step(&trace[i]);
}

static void before_replay(void) {
  for (size_t i = 0; i < trace_ids; i++) {
    free(store[i]);
    store[i] = NULL;
  }
}

/* A pass of its own, not timed, because asking takes longer than allocating. */
static void footprint_pass(void) {
  for (size_t i = 0; i < trace_length; i++) {
    step(&trace[i]);
    if (i % 16 == 0 || trace[i].size >= 1024) sample_footprint();
  }
  sample_footprint();
}

static void load_trace(const char *path) {
  int file = open(path, O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) fail(path);
  const uint32_t *words = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (words == MAP_FAILED) fail(path);
  trace_ids = words[0];
  trace_length = words[1];
  trace_peak = words[2];
  trace = (const struct operation *)(words + 3);
}

/* ---- timing ---- */

static void (*before)(void);
static void (*run)(void);

static double repetition_here(void) {
  if (before) before();
  double start = now_ms();
  run();
  return now_ms() - start;
}

/* In a child of its own, whose heap is new; the child passes its time back. */
static double repetition_in_child(void) {
  int ends[2];
  double elapsed = -1;
  if (pipe(ends) != 0) fail("pipe");
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    memset(store, 1, batch * sizeof *store);
    elapsed = repetition_here();
    _exit(write(ends[1], &elapsed, sizeof elapsed) == sizeof elapsed ? 0 : 1);
  }
  close(ends[1]);
  if (read(ends[0], &elapsed, sizeof elapsed) != sizeof elapsed) fail("child");
  close(ends[0]);
  waitpid(child, NULL, 0);
  return elapsed;
}

static double (*repetition)(void) = repetition_here;

int main(int argc, char **argv) {
  if (argc < 9) {
    fputs("usage: bench KIND SIZE BATCH TIMES RESIDENT LIVE WARM_MS TARGET_MS [TRACE]\n", stderr);
    return 2;
  }
  const char *kind = argv[1];
  size = strtoul(argv[2], NULL, 10);
  batch = strtoul(argv[3], NULL, 10);
  times = strtoul(argv[4], NULL, 10);
  resident = strtoul(argv[5], NULL, 10);
  live_count = strtoul(argv[6], NULL, 10);
  warm_ms = strtod(argv[7], NULL);
  target_ms = strtod(argv[8], NULL);

  size_t operations = batch * times;
  if (argc > 9) load_trace(argv[9]);
  size_t places = batch > live_count ? batch : live_count;
  store = table((places > trace_ids ? places : trace_ids) * sizeof *store);

  if (strcmp(kind, "batch") == 0) run = run_batch;
  else if (strcmp(kind, "lifo") == 0) run = run_lifo;
  else if (strcmp(kind, "fresh") == 0) {
    run = run_batch;
    repetition = repetition_in_child;
  } else if (strcmp(kind, "random") == 0) {
    run = run_random;
    prepare_random();
  } else if (strcmp(kind, "arena") == 0) {
    run = run_fill;
    before = before_fill;
  } else if (strcmp(kind, "bump") == 0) {
    run = run_bump;
    before = before_bump;
    bump_start = table(batch * ((size + 7) & ~(size_t)7));
    bump_end = bump_start + batch * ((size + 7) & ~(size_t)7);
  } else if (strcmp(kind, "replay") == 0) {
    run = run_replay;
    before = before_replay;
    operations = trace_length;
    footprint_pass();
  } else if (strcmp(kind, "slots") == 0) {
    run = run_fill;
    before = before_fill;
    trace_peak = batch * size;
    run_fill();
    sample_footprint();
  } else {
    fprintf(stderr, "no kind \"%s\"\n", kind);
    return 2;
  }
  if (resident) fill(table(resident * sizeof(void *)), resident);

  double fastest = 1e300, until = now_ms() + warm_ms;
  do {
    double elapsed = repetition();
    if (elapsed < fastest) fastest = elapsed;
  } while (now_ms() < until);
  size_t repetitions = target_ms / fastest;
  if (repetitions < 1) repetitions = 1;
  if (repetitions > MOST_REPETITIONS) repetitions = MOST_REPETITIONS;

  printf("{\"ready\":true");
#ifdef __GLIBC__
  printf(",\"libc\":\"glibc %s\"", gnu_get_libc_version());
#endif
  if (peak_footprint) printf(",\"footprint\":%zu,\"peakLive\":%zu", peak_footprint, trace_peak);
  puts("}");
  fflush(stdout);

  char line[64];
  while (read(STDIN_FILENO, line, sizeof line) > 0) {
    if (fastest < target_ms) repetition();
    double elapsed = 0;
    for (size_t i = 0; i < repetitions; i++) elapsed += repetition();
    char answer[64];
    int length = snprintf(answer, sizeof answer, "{\"ns\":%.4f}\n", elapsed * 1e6 / (repetitions * operations));
    if (write(STDOUT_FILENO, answer, length) != length) return 1;
  }
  return 0;
}
