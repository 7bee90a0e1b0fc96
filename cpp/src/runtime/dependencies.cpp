#include "runtime/dependencies.h"

namespace keraunos {

void Dependencies::set(Row& row, int i) {
  const std::size_t word = static_cast<std::size_t>(i) / 64;
  if (row.size() <= word) row.resize(word + 1, 0);
  row[word] |= std::uint64_t{1} << (i % 64);
}

void Dependencies::unite(Row& row, const Row& other) {
  if (row.size() < other.size()) row.resize(other.size(), 0);
  for (std::size_t w = 0; w < other.size(); ++w) row[w] |= other[w];
}

int Dependencies::add_unit() {
  rows_.emplace_back();
  return size() - 1;
}

bool Dependencies::depends(int unit, int earlier) const { return test(rows_[static_cast<std::size_t>(unit)], earlier); }

void Dependencies::add(int unit, int earlier) {
  if (unit == earlier || depends(unit, earlier)) return;
  Row& row = rows_[static_cast<std::size_t>(unit)];
  unite(row, rows_[static_cast<std::size_t>(earlier)]);
  set(row, earlier);
  const Row closed = row;
  for (Row& other : rows_) {
    if (&other != &row && test(other, unit)) unite(other, closed);
  }
}

bool Dependencies::has_path_between(int earlier, int later) const {
  const Row& row = rows_[static_cast<std::size_t>(later)];
  for (int w = 0; w < size(); ++w) {
    if (w != earlier && test(row, w) && depends(w, earlier)) return true;
  }
  return false;
}

void Dependencies::merge(int into, int from) {
  const Row from_row = rows_[static_cast<std::size_t>(from)];
  Row& row = rows_[static_cast<std::size_t>(into)];
  unite(row, from_row);
  const auto clear = [](Row& r, int i) {
    const std::size_t word = static_cast<std::size_t>(i) / 64;
    if (word < r.size()) r[word] &= ~(std::uint64_t{1} << (i % 64));
  };
  clear(row, into);
  clear(row, from);
  rows_[static_cast<std::size_t>(from)].clear();
  const Row closed = row;
  for (int u = 0; u < size(); ++u) {
    Row& other = rows_[static_cast<std::size_t>(u)];
    const bool after_from = test(other, from);
    if (u != into && (after_from || test(other, into))) {
      unite(other, closed);
      clear(other, from);
      set(other, into);
    }
  }
}

}  // namespace keraunos
