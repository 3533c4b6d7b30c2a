/*
 * What the native programs share: arguments, tables, the clock, threads, and the protocol of src/worker/main.ts.
 *
 *   program KIND SIZE[,SIZE...] BATCH TIMES RESIDENT LIVE WORKERS WARM_MS TARGET_MS [TRACE]
 *
 * A program chooses `run` (one repetition) and perhaps `before` (not timed) and `operations`, then calls serve(): that
 * warms up, prints {"ready":true,...}, and answers each line on stdin with one timed round. With a WARM_MS below 0 nothing is warmed
 * up: the first round is the first repetition. Tables come from mmap, so that the heap holds nothing but what is measured.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#define MOST_REPETITIONS 10000
#define MOST_SIZES 8

/* ---- arguments ---- */

static const char *kind, *trace_path;
static size_t size, batch, times, resident, live_count, workers;
static size_t sizes[MOST_SIZES], size_count;
static double warm_ms, target_ms;

static void read_arguments(int argc, char **argv) {
  if (argc < 10) {
    fprintf(stderr, "usage: %s KIND SIZE[,SIZE...] BATCH TIMES RESIDENT LIVE WORKERS WARM_MS TARGET_MS [TRACE]\n", argv[0]);
    exit(2);
  }
  kind = argv[1];
  for (char *at = argv[2]; size_count < MOST_SIZES; at++) {
    sizes[size_count++] = strtoul(at, &at, 10);
    if (*at != ',') break;
  }
  size = sizes[0];
  batch = strtoul(argv[3], NULL, 10);
  times = strtoul(argv[4], NULL, 10);
  resident = strtoul(argv[5], NULL, 10);
  live_count = strtoul(argv[6], NULL, 10);
  workers = strtoul(argv[7], NULL, 10);
  warm_ms = strtod(argv[8], NULL);
  target_ms = strtod(argv[9], NULL);
  trace_path = argc > 10 ? argv[10] : NULL;
}

static int is_cold(void) { return warm_ms < 0; }
static int is_kind(const char *name) { return strcmp(kind, name) == 0; }

/* ---- tables and numbers ---- */

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

/* As in src/xorshift.ts: the same numbers. */
static inline uint32_t xorshift(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

/* ---- timing ---- */

static void **store;
static size_t store_length;
static void (*before)(void);
static void (*run)(void);
static size_t operations;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

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
    memset(store, 1, store_length * sizeof *store);
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

/* ---- threads: all of them do their work at once, and the time is that of the last ---- */

static pthread_barrier_t start_line, finish_line;
static void (*thread_work)(size_t thread);

static void *thread_main(void *argument) {
  for (;;) {
    pthread_barrier_wait(&start_line);
    thread_work((size_t)argument);
    pthread_barrier_wait(&finish_line);
  }
  return NULL;
}

static void run_threads(void) {
  pthread_barrier_wait(&start_line);
  pthread_barrier_wait(&finish_line);
}

static inline void start_threads(void (*work)(size_t)) {
  thread_work = work;
  pthread_barrier_init(&start_line, NULL, workers + 1);
  pthread_barrier_init(&finish_line, NULL, workers + 1);
  for (size_t i = 0; i < workers; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_main, (void *)i) != 0) fail("pthread_create");
  }
  run = run_threads;
  operations = workers * times;
}

/* ---- the protocol ---- */

/* Members of {"ready":true,...}, each with a comma before it. */
static char ready_members[8192];

static inline void report(const char *name, double value) {
  size_t at = strlen(ready_members);
  snprintf(ready_members + at, sizeof ready_members - at, ",\"%s\":%.17g", name, value);
}

static inline void report_list(const char *name, const size_t *values, size_t count) {
  size_t at = strlen(ready_members);
  at += snprintf(ready_members + at, sizeof ready_members - at, ",\"%s\":[", name);
  for (size_t i = 0; i < count; i++) {
    at += snprintf(ready_members + at, sizeof ready_members - at, i ? ",%zu" : "%zu", values[i]);
  }
  snprintf(ready_members + at, sizeof ready_members - at, "]");
}

static int serve(void) {
  double fastest = 1e300, until = now_ms() + warm_ms;
  if (is_cold()) before = NULL;
  else do {
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
  printf("%s}\n", ready_members);
  fflush(stdout);

  char line[64];
  while (read(STDIN_FILENO, line, sizeof line) > 0) {
    if (!is_cold() && fastest < target_ms) repetition();
    double elapsed = 0;
    for (size_t i = 0; i < repetitions; i++) elapsed += repetition();
    char answer[64];
    int length = snprintf(answer, sizeof answer, "{\"ns\":%.4f}\n", elapsed * 1e6 / (repetitions * operations));
    if (write(STDOUT_FILENO, answer, length) != length) return 1;
  }
  return 0;
}

#endif
