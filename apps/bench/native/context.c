/*
 * A context in C with the original's design, written anew from its description:
 *
 *   header (16 bytes) | payload          total = 16 + payload, rounded up to 8
 *   total <= 256      pool: five classes of 64 KB slabs, a LIFO free list through the free objects
 *   total  > 256      arena: bump allocation in blocks of 2 MiB; freed only by a reset
 *
 * One mutex around every call, statistics brought up to date by each. As in the original, nothing notices a double free
 * or a foreign pointer, and the counts by type only grow. Unlike it, a reset loses no arena block.
 */
#include "context.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 5, SMALLEST_CLASS = 16, LARGEST_POOLED = 256 };
static const size_t slab_objects[CLASSES] = {4000, 2000, 1000, 500, 250};
static const size_t block_bytes = 2u << 20;
static const size_t largest_payload = (1u << 24) - 1;

struct header {
  uint32_t size : 24, type : 7, marked : 1;
  uint8_t generation, in_arena;
  uint16_t reserved;
  uint64_t padding;
};
_Static_assert(sizeof(struct header) == 16, "the header has 16 bytes");

struct free_object { struct free_object *next; };
struct slab { struct slab *next; void *unused; unsigned char objects[]; };
struct pool { struct free_object *free; struct slab *slabs; };
struct block { struct block *next; size_t capacity; unsigned char bytes[]; };
struct arena { struct block *first, *current; size_t used; };

struct context {
  pthread_mutex_t lock;
  struct pool pools[CLASSES];
  struct arena arena;
  struct statistics statistics;
  size_t footprint;
};

/* ---- pool ---- */

static inline int class_of(size_t bytes) {
  return bytes <= 16 ? 0 : bytes <= 32 ? 1 : bytes <= 64 ? 2 : bytes <= 128 ? 3 : 4;
}

/* Threads every object of the slab onto the free list, the lowest first. */
static void thread_slab(struct pool *pool, struct slab *slab, int class) {
  const size_t bytes = (size_t)SMALLEST_CLASS << class;
  for (size_t i = slab_objects[class]; i-- > 0;) {
    struct free_object *object = (struct free_object *)(slab->objects + i * bytes);
    object->next = pool->free;
    pool->free = object;
  }
}

static __attribute__((noinline)) int add_slab(struct context *context, int class) {
  struct pool *pool = &context->pools[class];
  const size_t bytes = sizeof(struct slab) + slab_objects[class] * ((size_t)SMALLEST_CLASS << class);
  struct slab *slab = malloc(bytes);
  if (!slab) return 0;
  context->footprint += bytes;
  slab->next = pool->slabs;
  pool->slabs = slab;
  thread_slab(pool, slab, class);
  return 1;
}

static inline void *pool_alloc(struct context *context, size_t bytes) {
  const int class = class_of(bytes);
  struct pool *pool = &context->pools[class];
  if (!pool->free && !add_slab(context, class)) return NULL;
  struct free_object *object = pool->free;
  pool->free = object->next;
  return object;
}

static inline void pool_free(struct context *context, void *pointer, size_t bytes) {
  struct pool *pool = &context->pools[class_of(bytes)];
  struct free_object *object = pointer;
  object->next = pool->free;
  pool->free = object;
}

/* ---- arena ---- */

/* Goes on to the next block that is large enough; one left over from before a reset, or a new one. */
static __attribute__((noinline)) int next_block(struct context *context, size_t bytes) {
  struct arena *arena = &context->arena;
  struct block **link = arena->current ? &arena->current->next : &arena->first;
  if (!*link || (*link)->capacity < bytes) {
    const size_t capacity = (bytes + block_bytes - 1) / block_bytes * block_bytes;
    struct block *block = malloc(sizeof *block + capacity);
    if (!block) return 0;
    context->footprint += sizeof *block + capacity;
    block->capacity = capacity;
    block->next = *link;
    *link = block;
  }
  arena->current = *link;
  arena->used = 0;
  return 1;
}

static inline void *arena_alloc(struct context *context, size_t bytes) {
  struct arena *arena = &context->arena;
  if ((!arena->current || arena->current->capacity - arena->used < bytes) && !next_block(context, bytes)) return NULL;
  void *pointer = arena->current->bytes + arena->used;
  arena->used += bytes;
  return pointer;
}

/* ---- context ---- */

struct context *context_create(void) {
  struct context *context = calloc(1, sizeof *context);
  if (context) pthread_mutex_init(&context->lock, NULL);
  return context;
}

void context_destroy(struct context *context) {
  for (int class = 0; class < CLASSES; class++) {
    for (struct slab *slab = context->pools[class].slabs, *next; slab; slab = next) {
      next = slab->next;
      free(slab);
    }
  }
  for (struct block *block = context->arena.first, *next; block; block = next) {
    next = block->next;
    free(block);
  }
  pthread_mutex_destroy(&context->lock);
  free(context);
}

void *context_alloc(struct context *context, size_t size, unsigned type) {
  if (size > largest_payload || type >= CONTEXT_TYPES) return NULL;
  const size_t total = (sizeof(struct header) + size + 7) & ~(size_t)7;
  pthread_mutex_lock(&context->lock);
  struct header *header = total <= LARGEST_POOLED ? pool_alloc(context, total) : NULL;
  const int in_arena = header == NULL;
  if (in_arena) header = arena_alloc(context, total);
  if (header) {
    *header = (struct header){.size = size, .type = type, .in_arena = in_arena};
    struct statistics *counts = &context->statistics;
    counts->total_allocated += size;
    counts->current_live += size;
    if (counts->current_live > counts->peak_live) counts->peak_live = counts->current_live;
    counts->object_count++;
    counts->objects_by_type[type]++;
    if (in_arena) counts->arena_bytes += size;
    else counts->pool_bytes += size;
  }
  pthread_mutex_unlock(&context->lock);
  return header ? header + 1 : NULL;
}

void context_free(struct context *context, void *payload) {
  if (!payload) return;
  struct header *header = (struct header *)payload - 1;
  pthread_mutex_lock(&context->lock);
  const size_t size = header->size;
  context->statistics.total_freed += size;
  context->statistics.current_live -= size;
  if (!header->in_arena) pool_free(context, header, (sizeof *header + size + 7) & ~(size_t)7);
  pthread_mutex_unlock(&context->lock);
}

void context_reset(struct context *context) {
  pthread_mutex_lock(&context->lock);
  for (int class = 0; class < CLASSES; class++) {
    struct pool *pool = &context->pools[class];
    pool->free = NULL;
    for (struct slab *slab = pool->slabs; slab; slab = slab->next) thread_slab(pool, slab, class);
  }
  context->arena.current = NULL;
  context->arena.used = 0;
  context->statistics.total_freed += context->statistics.current_live;
  context->statistics.current_live = 0;
  pthread_mutex_unlock(&context->lock);
}

void context_statistics(struct context *context, struct statistics *into) {
  pthread_mutex_lock(&context->lock);
  *into = context->statistics;
  pthread_mutex_unlock(&context->lock);
}

size_t context_footprint(struct context *context) {
  pthread_mutex_lock(&context->lock);
  const size_t bytes = context->footprint;
  pthread_mutex_unlock(&context->lock);
  return bytes;
}
