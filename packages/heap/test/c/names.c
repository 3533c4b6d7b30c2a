/* Every allocation function by name, with what C says of its errors; prints the number of the first line that is wrong, or "right". */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void free_sized(void *, size_t);
void free_aligned_sized(void *, size_t, size_t);
void *reallocarray(void *, size_t, size_t);
void *memalign(size_t, size_t);
void *valloc(size_t);
void *pvalloc(size_t);

#define CHECK(condition) do { if (!(condition)) { printf("line %d\n", __LINE__); return 1; } } while (0)
#define FAILS(call, error) do { errno = 0; CHECK(!(call)); CHECK(errno == (error)); } while (0)

/* So that the compiler knows nothing of the size. */
static volatile size_t huge = (size_t)PTRDIFF_MAX + 1;

int main(void) {
  free(NULL);
  free_sized(NULL, 10);
  free_aligned_sized(NULL, 16, 10);
  CHECK(malloc_usable_size(NULL) == 0);
  FAILS(malloc(huge), ENOMEM);
  FAILS(malloc((size_t)-1), ENOMEM);
  FAILS(calloc(huge, 2), ENOMEM);
  FAILS(calloc(0x10000, 0x10001), ENOMEM);
  FAILS(realloc(NULL, huge), ENOMEM);
  FAILS(aligned_alloc(64, huge), ENOMEM);
  FAILS(memalign(64, huge), ENOMEM);
  FAILS(aligned_alloc(24, 10), EINVAL);
  FAILS(reallocarray(NULL, 0x10000, 0x10001), ENOMEM);

  char *p = malloc(100);
  memset(p, 7, 100);
  FAILS(realloc(p, huge), ENOMEM);
  FAILS(reallocarray(p, huge, 4), ENOMEM);
  CHECK(p[0] == 7 && p[99] == 7);
  p = reallocarray(p, 100, 50);
  CHECK(p && p[0] == 7 && p[99] == 7);
  free_sized(p, 5000);

  int *numbers = calloc(1000, sizeof *numbers);
  for (int i = 0; i < 1000; i++) CHECK(numbers[i] == 0);
  free(numbers);

  for (size_t alignment = 4; alignment <= 1 << 20; alignment *= 2) {
    void *a = aligned_alloc(alignment, 100), *m = memalign(alignment, 100), *q = NULL;
    CHECK(posix_memalign(&q, alignment, 100) == 0);
    CHECK((((uintptr_t)a | (uintptr_t)m | (uintptr_t)q) & (alignment - 1)) == 0);
    CHECK(malloc_usable_size(a) >= 100);
    free_aligned_sized(a, alignment, 100);
    free(m);
    free(q);
  }
  void *q = &q;
  CHECK(posix_memalign(&q, 24, 100) == EINVAL && posix_memalign(&q, 2, 100) == EINVAL);
  CHECK(posix_memalign(&q, 16, huge) == ENOMEM && q == &q);
  void *v = valloc(10), *w = pvalloc(65537);
  CHECK((uintptr_t)v % 65536 == 0 && (uintptr_t)w % 65536 == 0 && malloc_usable_size(w) >= 131072);
  free(v);
  free(w);

  void *a = malloc(0), *b = malloc(0);
  CHECK(a && b && a != b);
  free(realloc(a, 0));
  free(b);
  puts("right");
  return 0;
}
