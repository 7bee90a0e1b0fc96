// Which unit must run before which, closed under transitivity, as bit sets.
#pragma once

#include <cstdint>
#include <vector>

namespace keraunos {

class Dependencies {
 public:
  int add_unit();
  int size() const { return static_cast<int>(rows_.size()); }
  // `unit` runs after `earlier`.
  void add(int unit, int earlier);
  bool depends(int unit, int earlier) const;
  // Some unit other than the two must run after `earlier` and before `later`.
  bool has_path_between(int earlier, int later) const;
  // `from` becomes part of `into`.
  void merge(int into, int from);

 private:
  using Row = std::vector<std::uint64_t>;
  static bool test(const Row& row, int i) {
    const std::size_t word = static_cast<std::size_t>(i) / 64;
    return word < row.size() && (row[word] >> (i % 64) & 1u) != 0;
  }
  static void set(Row& row, int i);
  static void unite(Row& row, const Row& other);

  std::vector<Row> rows_;  // rows_[u]: everything that runs before u
};

}  // namespace keraunos
