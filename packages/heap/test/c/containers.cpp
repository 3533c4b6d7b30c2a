/* Containers, strings and a destructor that runs at exit; prints a checksum. */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

static void at_the_end() { std::puts("end"); }

struct Node {
  std::unique_ptr<Node> left, right;
  int key = 0;
};

static std::unique_ptr<Node> tree(int depth, int &key) {
  if (depth == 0) return nullptr;
  auto node = std::make_unique<Node>();
  node->left = tree(depth - 1, key);
  node->key = key++;
  node->right = tree(depth - 1, key);
  return node;
}

static uint32_t sum = 1;
static void add(uint32_t value) { sum = (sum ^ value) * 16777619u; }

static void walk(const Node *node) {
  if (!node) return;
  walk(node->left.get());
  add(node->key);
  walk(node->right.get());
}

int main() {
  std::atexit(at_the_end);
  std::map<std::string, std::vector<int>> lists;
  for (int i = 0; i < 20000; i++) lists["a key that is no short string: " + std::to_string(i % 97)].push_back(i);
  for (const auto &[key, list] : lists)
    for (int value : list) add(value + key.size());
  std::unordered_map<int, std::list<std::string>> table;
  for (int i = 0; i < 5000; i++) table[i * 7919 % 1009].push_back(std::string(i % 300, 'x'));
  for (int i = 0; i < 1009; i++)
    for (const auto &text : table[i]) add(text.size());
  int key = 0;
  walk(tree(12, key).get());
  struct alignas(64) Wide { char bytes[100]; };
  std::vector<std::unique_ptr<Wide>> wide;
  for (int i = 0; i < 100; i++) {
    wide.push_back(std::make_unique<Wide>());
    if (reinterpret_cast<uintptr_t>(wide.back().get()) % 64) std::abort();
  }
  std::printf("checksum %08x\n", sum);
}
