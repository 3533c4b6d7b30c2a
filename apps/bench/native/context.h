/* The reference: a context in C of the same design as the original's, see context.c. */
#ifndef CONTEXT_H
#define CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#define CONTEXT_TYPES 128

struct statistics {
  uint64_t total_allocated, total_freed, current_live, peak_live, object_count;
  uint64_t objects_by_type[CONTEXT_TYPES];
  uint64_t pool_bytes, arena_bytes;
};

struct context;

struct context *context_create(void);
void context_destroy(struct context *context);
/* The payload's address; NULL when the size or the type is out of range or memory is out. */
void *context_alloc(struct context *context, size_t size, unsigned type);
void context_free(struct context *context, void *payload);
/* Drops every object; slabs and blocks are kept. */
void context_reset(struct context *context);
void context_statistics(struct context *context, struct statistics *into);
/* Bytes of all slabs and blocks. */
size_t context_footprint(struct context *context);

#endif
