/* The workloads through the C reference, context.c. harness.h has the arguments and the protocol. */
#define _GNU_SOURCE
#include "context.h"
#include "harness.h"
#include "trace.h"

#define RING 64
#define MOVES 30
#define MOVE_BYTES 12

static struct context *context;

static void run_batch(void) {
  struct context *const from = context;
  void **const to = store;
  const size_t bytes = size, count = batch, rounds = times;
  for (size_t round = 0; round < rounds; round++) {
    for (size_t i = 0; i < count; i++) to[i] = context_alloc(from, bytes, 1);
    for (size_t i = 0; i < count; i++) context_free(from, to[i]);
  }
}

static void run_lifo(void) {
  struct context *const from = context;
  const size_t bytes = size, count = times;
  for (size_t i = 0; i < count; i++) context_free(from, context_alloc(from, bytes, 1));
}

/* A type for each size. */
static void run_objects(void) {
  struct context *const from = context;
  void **to = store;
  const size_t count = batch, kinds = size_count;
  for (size_t i = 0; i < kinds; i++) {
    const size_t bytes = sizes[i];
    for (size_t j = 0; j < count; j++) *to++ = context_alloc(from, bytes, i + 1);
  }
}

static void reset(void) { context_reset(context); }

static void new_context(void) { context = context_create(); }

static void locked_work(size_t thread) {
  struct context *const from = context;
  void *ring[RING] = {0};
  uint32_t state = 0x9e3779b9u + (uint32_t)thread;
  const size_t count = times;
  for (size_t i = 0; i < count; i++) {
    uint32_t random = xorshift(&state);
    context_free(from, ring[i % RING]);
    ring[i % RING] = context_alloc(from, 1 + random % size, thread + 1);
  }
  for (size_t i = 0; i < RING; i++) context_free(from, ring[i]);
}

static uint32_t *live;

/* There is no realloc: a new object, a copy, and a free of the old one. */
static void run_replay(void) {
  for (size_t i = 0; i < trace_length; i++) {
    const struct operation *op = &trace[i];
    if (op->code == TRACE_FREE) {
      context_free(context, store[op->id]);
      store[op->id] = NULL;
      continue;
    }
    void *p = context_alloc(context, op->size, 1);
    if (op->code == TRACE_REALLOCATE) {
      memcpy(p, store[op->id], op->size < live[op->id] ? op->size : live[op->id]);
      context_free(context, store[op->id]);
    }
    store[op->id] = p;
    live[op->id] = op->size;
  }
}

/* The reset takes care of what the program never freed. */
static void before_replay(void) {
  memset(store, 0, trace_ids * sizeof *store);
  context_reset(context);
}

static volatile uint64_t sink;

static void run_statistics(void) {
  const size_t count = times;
  for (size_t i = 0; i < count; i++) {
    struct statistics counts;
    context_statistics(context, &counts);
    sink = counts.objects_by_type[i % CONTEXT_TYPES];
  }
}

static void nothing(void) {}

/* The original's chess test: moves are made, undone in reverse, and made again. Returns the share of slots reused. */
static double reused_moves(void) {
  void *moves[MOVES];
  int reused = 0;
  for (int i = 0; i < MOVES; i++) moves[i] = context_alloc(context, MOVE_BYTES, 1);
  for (int i = MOVES; i-- > 0;) context_free(context, moves[i]);
  for (int i = 0; i < MOVES; i++) reused += context_alloc(context, MOVE_BYTES, 1) == moves[i];
  return (double)reused / MOVES;
}

static void report_bytes(void) {
  struct statistics counts;
  context_statistics(context, &counts);
  report("poolBytes", counts.pool_bytes);
  report("arenaBytes", counts.arena_bytes);
  report("footprint", context_footprint(context));
  report("peakLive", counts.peak_live);
}

int main(int argc, char **argv) {
  read_arguments(argc, argv);
  operations = batch * times;
  if (trace_path) load_trace(trace_path);
  store_length = trace_ids > batch * size_count ? trace_ids : batch * size_count;
  store = table(store_length * sizeof *store);
  new_context();
  if (!context) fail("context");

  if (is_kind("typed-batch")) run = run_batch;
  else if (is_kind("typed-lifo")) run = run_lifo;
  else if (is_kind("objects")) {
    run = run_objects;
    before = reset;
    operations = batch * size_count;
    run_objects();
    report_bytes();
  } else if (is_kind("objects-fresh")) {
    run = run_objects;
    before = new_context;
    repetition = repetition_in_child;
    operations = batch * size_count;
  } else if (is_kind("locked")) {
    start_threads(locked_work);
  } else if (is_kind("replay")) {
    run = run_replay;
    before = before_replay;
    operations = trace_length;
    live = table(trace_ids * sizeof *live);
    if (!is_cold()) run_replay();
    report("footprint", context_footprint(context));
    report("peakLive", trace_peak);
  } else if (is_kind("statistics")) {
    run = run_statistics;
    for (unsigned type = 1; type <= live_count; type++) context_alloc(context, size, type);
  } else if (is_kind("reuse")) {
    run = nothing;
    report("reused", reused_moves());
  } else {
    fprintf(stderr, "no kind \"%s\"\n", kind);
    return 2;
  }
  return serve();
}
