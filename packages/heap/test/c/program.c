/* A hash map, a tree, strings, qsort; prints a checksum. With an argument it also grows the memory by itself,
 * and keeps bytes there. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state = 2463534242u;
static uint32_t next(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static uint32_t sum = 1;
static void add(uint32_t value) { sum = (sum ^ value) * 16777619u; }

/* ---- a hash map from strings to numbers, which doubles ---- */
struct entry { struct entry *next; char *key; uint32_t value; };
static struct entry **buckets;
static size_t bucket_count, entry_count;

static uint32_t hash(const char *key) {
  uint32_t h = 5381;
  while (*key) h = h * 33 + (unsigned char)*key++;
  return h;
}

static void rehash(size_t count) {
  struct entry **old = buckets;
  size_t old_count = bucket_count;
  buckets = calloc(count, sizeof *buckets);
  bucket_count = count;
  for (size_t i = 0; i < old_count; i++) {
    for (struct entry *e = old[i], *after; e; e = after) {
      after = e->next;
      e->next = buckets[hash(e->key) % count];
      buckets[hash(e->key) % count] = e;
    }
  }
  free(old);
}

static void put(const char *key, uint32_t value) {
  if (entry_count >= bucket_count) rehash(bucket_count ? bucket_count * 2 : 8);
  struct entry **at = &buckets[hash(key) % bucket_count];
  for (struct entry *e = *at; e; e = e->next) {
    if (strcmp(e->key, key) == 0) {
      e->value += value;
      return;
    }
  }
  struct entry *e = malloc(sizeof *e);
  e->key = strdup(key);
  e->value = value;
  e->next = *at;
  *at = e;
  entry_count++;
}

static void drop(const char *key) {
  if (!bucket_count) return;
  for (struct entry **at = &buckets[hash(key) % bucket_count]; *at; at = &(*at)->next) {
    struct entry *e = *at;
    if (strcmp(e->key, key) != 0) continue;
    *at = e->next;
    free(e->key);
    free(e);
    entry_count--;
    return;
  }
}

/* ---- a binary tree with payloads of all sizes ---- */
struct node { struct node *left, *right; uint32_t key; size_t size; unsigned char *payload; };

static struct node *insert(struct node *tree, uint32_t key, size_t size) {
  if (!tree) {
    tree = calloc(1, sizeof *tree);
    tree->key = key;
    tree->size = size;
    tree->payload = aligned_alloc(64, (size + 63) & ~(size_t)63);
    if ((uintptr_t)tree->payload % 64) abort();
    memset(tree->payload, key & 255, size);
  } else if (key < tree->key) tree->left = insert(tree->left, key, size);
  else if (key > tree->key) tree->right = insert(tree->right, key, size);
  return tree;
}

static void consume(struct node *tree) {
  if (!tree) return;
  consume(tree->left);
  for (size_t i = 0; i < tree->size; i++) if (tree->payload[i] != (tree->key & 255)) abort();
  add(tree->key);
  struct node *right = tree->right;
  free(tree->payload);
  free(tree);
  consume(right);
}

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* ---- pages that the program takes from the memory by itself, full of a value of their own ---- */
#define GROWN_BYTES (2 * 65536)
static unsigned char *grown[8];
static int grown_count;

static void grow(void) {
  size_t page = __builtin_wasm_memory_grow(0, 2);
  if (page == (size_t)-1) abort();
  unsigned char *bytes = (unsigned char *)(page * 65536);
  for (size_t i = 0; i < GROWN_BYTES; i++) if (bytes[i] != 0) abort();
  memset(bytes, ++grown_count, GROWN_BYTES);
  grown[grown_count - 1] = bytes;
}

int main(int argc, char **argv) {
  (void)argv;
  char key[32];
  for (int i = 0; i < 60000; i++) {
    snprintf(key, sizeof key, "key-%u", next() % 9000);
    if (next() % 3) put(key, i);
    else drop(key);
    if (argc > 1 && i % 10000 == 0) grow();
  }
  for (size_t i = 0; i < bucket_count; i++) {
    uint32_t here = 0;
    for (struct entry *e = buckets[i], *after; e; e = after) {
      after = e->next;
      here += e->value;
      free(e->key);
      free(e);
    }
    add(here);
  }
  free(buckets);

  struct node *tree = NULL;
  for (int i = 0; i < 4000; i++) {
    uint32_t node_key = next();
    tree = insert(tree, node_key, 1 + next() % (i % 100 ? 500 : 20000));
  }
  consume(tree);

  char *text = NULL;
  size_t length = 0;
  for (int i = 0; i < 20000; i++) {
    int n = snprintf(key, sizeof key, "%u,", next() % 1000);
    text = realloc(text, length + n + 1);
    memcpy(text + length, key, n + 1);
    length += n;
  }
  char **words = NULL;
  size_t count = 0;
  for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
    words = realloc(words, (count + 1) * sizeof *words);
    words[count++] = strdup(word);
  }
  qsort(words, count, sizeof *words, compare);
  for (size_t i = 0; i < count; i++) {
    for (char *c = words[i]; *c; c++) add((unsigned char)*c);
    free(words[i]);
  }
  free(words);
  free(text);
  void *p = NULL;
  if (posix_memalign(&p, 4096, 100) != 0 || (uintptr_t)p % 4096) abort();
  free(p);
  free(NULL);
  for (int k = 0; k < grown_count; k++) {
    for (size_t i = 0; i < GROWN_BYTES; i++) if (grown[k][i] != k + 1) abort();
  }
  printf("checksum %08x\n", sum);
  return 0;
}
