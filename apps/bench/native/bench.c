/*
 * The native contender: malloc and free of whatever C library, or LD_PRELOAD, this runs with. harness.h has the arguments
 * and the protocol.
 */
#define _GNU_SOURCE
#include "footprint.h"
#include "harness.h"
#include "trace.h"

#define PLAN_LENGTH (1u << 20)
#define RING 64

/* Volatile, and built with -fno-builtin-*, so that the compiler cannot drop a malloc and its free. */
static void *volatile sink;

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

static void run_objects(void) {
  void **to = store;
  const size_t count = batch, kinds = size_count;
  for (size_t i = 0; i < kinds; i++) {
    const size_t bytes = sizes[i];
    for (size_t j = 0; j < count; j++) *to++ = malloc(bytes);
  }
  filled = 1;
}

static void before_objects(void) {
  for (size_t i = 0; filled && i < batch * size_count; i++) free(store[i]);
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

static uint32_t next_random(void) { return xorshift(&random_state); }

static void replace(size_t count) {
  void **const to = store;
  const uint32_t *const indices = plan_index;
  const uint16_t *const plan = plan_size;
  uint32_t at = plan_at;
  for (size_t i = 0; i < count; i++) {
    uint32_t index = indices[at];
    free(to[index]);
    to[index] = malloc(plan[at]);
    at = (at + 1) & (PLAN_LENGTH - 1);
  }
  plan_at = at;
}

static void run_random(void) { replace(times); }

/* From the first to the second of the sizes. */
static size_t random_size(void) { return sizes[0] + next_random() % (sizes[1] - sizes[0] + 1); }

static void prepare_random(void) {
  plan_index = table(PLAN_LENGTH * sizeof *plan_index);
  plan_size = table(PLAN_LENGTH * sizeof *plan_size);
  for (size_t i = 0; i < live_count; i++) store[i] = malloc(random_size());
  for (size_t i = 0; i < PLAN_LENGTH; i++) {
    plan_index[i] = next_random() % live_count;
    plan_size[i] = random_size();
  }
  replace(live_count);
}

/* A write to each cache line, eight at a time as in assembly/touch.ts. */
static void touch(uint8_t *p, size_t bytes) {
  size_t i = 0;
  for (; i + 512 <= bytes; i += 512) {
    p[i] = p[i + 64] = p[i + 128] = p[i + 192] = 1;
    p[i + 256] = p[i + 320] = p[i + 384] = p[i + 448] = 1;
  }
  for (; i < bytes; i += 64) p[i] = 1;
}

static void run_grow(void) {
  const size_t first = sizes[0], last = sizes[1];
  uint8_t *p = malloc(first);
  touch(p, first);
  for (size_t bytes = first * 2; bytes <= last; bytes *= 2) {
    p = realloc(p, bytes);
    sink = p;
    touch(p, bytes);
  }
  free(p);
}

static size_t grow_steps(void) {
  size_t steps = 0;
  for (size_t bytes = sizes[0]; bytes <= sizes[1]; bytes *= 2) steps++;
  return steps;
}

/* The same work as a worker's in src/worker/locked-worker.ts. */
static void locked_work(size_t thread) {
  void *ring[RING] = {0};
  uint32_t state = 0x9e3779b9u + (uint32_t)thread;
  const size_t count = times;
  for (size_t i = 0; i < count; i++) {
    uint32_t random = xorshift(&state);
    free(ring[i % RING]);
    ring[i % RING] = malloc(1 + random % size);
  }
  for (size_t i = 0; i < RING; i++) free(ring[i]);
}

/* See c/program.c. */
uint32_t run_program(void);

#define CHECKSUM 0x04ca12c7u

static void run_c_program(void) {
  if (run_program() == CHECKSUM) return;
  fprintf(stderr, "error: the C program has another checksum\n");
  _exit(1);
}

static inline void step(const struct operation *op) {
  if (op->code == TRACE_ALLOCATE) store[op->id] = malloc(op->size);
  else if (op->code == TRACE_REALLOCATE) store[op->id] = realloc(store[op->id], op->size);
  else {
    free(store[op->id]);
    store[op->id] = NULL;
  }
}

static size_t *live_sizes;

static void run_replay(void) {
  for (size_t i = 0; i < trace_length; i++) step(&trace[i]);
}

static void before_replay(void) {
  for (size_t i = 0; i < trace_ids; i++) {
    free(store[i]);
    store[i] = NULL;
  }
}

/* A pass of its own, not timed. */
static void footprint_pass(void) {
  static size_t footprints[SAMPLES];
  size_t taken = 0;
  sample_footprint();
  for (size_t i = 0; i < trace_length; i++) {
    const size_t freed = trace[i].code == TRACE_ALLOCATE ? 0 : live_sizes[trace[i].id];
    step(&trace[i]);
    live_sizes[trace[i].id] = trace[i].size;
    follow_footprint(i, freed > trace[i].size ? freed : trace[i].size);
    for (; (taken + 1) * trace_length <= (i + 1) * SAMPLES; taken++) footprints[taken] = footprint;
  }
  if (peak_footprint) report_list("footprints", footprints, SAMPLES);
}

static void report_footprint(size_t live) {
  if (!peak_footprint) return;
  report("footprint", peak_footprint);
  report("peakLive", live);
}

int main(int argc, char **argv) {
  read_arguments(argc, argv);
  operations = batch * times;
  if (trace_path) load_trace(trace_path);
  store_length = batch * size_count > live_count ? batch * size_count : live_count;
  if (trace_ids > store_length) store_length = trace_ids;
  store = table(store_length * sizeof *store);

  if (is_kind("batch") || is_kind("typed-batch")) run = run_batch;
  else if (is_kind("lifo") || is_kind("typed-lifo")) run = run_lifo;
  else if (is_kind("fresh")) {
    run = run_batch;
    repetition = repetition_in_child;
  } else if (is_kind("random") || is_kind("random-large") || is_kind("ranges")) {
    run = run_random;
    prepare_random();
  } else if (is_kind("grow")) {
    run = run_grow;
    operations = grow_steps();
  } else if (is_kind("arena")) {
    run = run_fill;
    before = before_fill;
  } else if (is_kind("bump")) {
    run = run_bump;
    before = before_bump;
    bump_start = table(batch * ((size + 7) & ~(size_t)7));
    bump_end = bump_start + batch * ((size + 7) & ~(size_t)7);
  } else if (is_kind("objects") || is_kind("objects-fresh")) {
    run = run_objects;
    operations = batch * size_count;
    if (is_kind("objects-fresh")) repetition = repetition_in_child;
    else {
      before = before_objects;
      run_objects();
      sample_footprint();
      size_t live = 0;
      for (size_t i = 0; i < size_count; i++) live += batch * sizes[i];
      report_footprint(live);
    }
  } else if (is_kind("c-calls")) {
    run = run_lifo;
    operations = 2 * times;
  } else if (is_kind("c-program")) {
    run = run_c_program;
    if (!is_cold()) repetition = repetition_in_child;
  } else if (is_kind("locked")) {
    start_threads(locked_work);
  } else if (is_kind("replay")) {
    run = run_replay;
    before = before_replay;
    operations = trace_length;
    live_sizes = table(trace_ids * sizeof *live_sizes);
    if (!is_cold()) footprint_pass();
    report_footprint(trace_peak);
  } else if (is_kind("slots")) {
    run = run_fill;
    before = before_fill;
    run_fill();
    sample_footprint();
    report_footprint(batch * size);
  } else {
    fprintf(stderr, "no kind \"%s\"\n", kind);
    return 2;
  }
  if (resident) fill(table(resident * sizeof(void *)), resident);
  return serve();
}
