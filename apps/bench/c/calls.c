/* Calls and nothing else: what run_lifo does in native/bench.c. */
#include <stdlib.h>

/* Volatile, and built with -fno-builtin, so that the compiler cannot drop a malloc and its free. */
static void *volatile sink;

void run_calls(size_t size, size_t pairs) {
  for (size_t i = 0; i < pairs; i++) {
    void *p = malloc(size);
    sink = p;
    free(p);
  }
}
