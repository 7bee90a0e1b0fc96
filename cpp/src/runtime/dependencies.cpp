#include "runtime/dependencies.h"

#include <algorithm>
#include <limits>

namespace keraunos {
namespace {

// More than a plan of some hundred units has in all.
constexpr std::int64_t kMostEdges = 1024;
constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

void append(std::vector<int>& to, std::vector<int>& from) {
  to.insert(to.end(), from.begin(), from.end());
  from = {};
}

}  // namespace

int Dependencies::add_unit() {
  const int unit = size();
  part_of_.push_back(-1);
  order_.push_back(unit);
  earlier_.emplace_back();
  later_.emplace_back();
  visited_.push_back(0);
  return unit;
}

int Dependencies::whole(int unit) const {
  int result = unit;
  while (part_of_[static_cast<std::size_t>(result)] >= 0) result = part_of_[static_cast<std::size_t>(result)];
  while (part_of_[static_cast<std::size_t>(unit)] >= 0) {
    int& above = part_of_[static_cast<std::size_t>(unit)];
    unit = above;
    above = result;
  }
  return result;
}

Dependencies::Walk Dependencies::walk(int from, int to, const Edges& edges, std::int64_t most_edges) {
  Walk found;
  const int low = std::min(place(from), place(to)), high = std::max(place(from), place(to));
  ++walks_;
  std::vector<int> open = {from};
  for (std::int64_t looked_at = 0; !open.empty();) {
    const int unit = open.back();
    open.pop_back();
    for (const int edge : edges[static_cast<std::size_t>(unit)]) {
      ++effort_;
      if (++looked_at > most_edges) {
        found.is_complete = false;
        return found;
      }
      const int next = whole(edge);
      if (next == to) {
        found.meets = unit != from;
        if (found.meets) return found;
        continue;
      }
      const bool lies_between = low < place(next) && place(next) < high;
      int& visited = visited_[static_cast<std::size_t>(next)];
      if (!lies_between || visited == walks_) continue;
      visited = walks_;
      found.units.push_back(next);
      open.push_back(next);
    }
  }
  return found;
}

void Dependencies::sort_by_place(std::vector<int>& units) const {
  std::sort(units.begin(), units.end(), [this](int a, int b) { return place(a) < place(b); });
}

// The places of `before`, `middle` and `after` are dealt out again, in this order of the three.
void Dependencies::rearrange(std::vector<int> before, std::vector<int> middle, std::vector<int> after) {
  sort_by_place(before);
  sort_by_place(after);
  append(before, middle);
  append(before, after);
  std::vector<int> places;
  places.reserve(before.size());
  for (const int unit : before) places.push_back(place(unit));
  std::sort(places.begin(), places.end());
  for (std::size_t i = 0; i < before.size(); ++i) order_[static_cast<std::size_t>(before[i])] = places[i];
}

void Dependencies::add(int unit, int earlier) {
  const int last = whole(unit), first = whole(earlier);
  if (first == last) return;
  if (place(first) > place(last)) {
    rearrange(walk(first, last, earlier_, kNoLimit).units, {first, last}, walk(last, first, later_, kNoLimit).units);
  }
  earlier_[static_cast<std::size_t>(last)].push_back(first);
  later_[static_cast<std::size_t>(first)].push_back(last);
}

bool Dependencies::depends_directly(int unit, int earlier) const {
  const int last = whole(unit), first = whole(earlier);
  const std::vector<int>& before = earlier_[static_cast<std::size_t>(last)];
  const std::vector<int>& after = later_[static_cast<std::size_t>(first)];
  if (before.size() <= after.size()) return std::any_of(before.begin(), before.end(), [&](int other) { return whole(other) == first; });
  return std::any_of(after.begin(), after.end(), [&](int other) { return whole(other) == last; });
}

bool Dependencies::may_depend(int unit, int earlier) {
  const int last = whole(unit), first = whole(earlier);
  if (place(last) < place(first)) return false;
  if (depends_directly(last, first)) return true;
  const Walk between = walk(first, last, later_, kMostEdges);
  return between.meets || !between.is_complete;
}

bool Dependencies::try_merge(int into, int from) {
  const int a = whole(into), b = whole(from);
  const int first = place(a) < place(b) ? a : b, second = first == a ? b : a;
  // One of the two moves to the other where nothing that lies between holds it; otherwise what lies between has to make way.
  Walk after = walk(first, second, later_, kMostEdges);
  if (after.meets) return false;
  int where = place(second);
  if (!after.is_complete || !after.units.empty()) {
    Walk before = walk(second, first, earlier_, kMostEdges);
    if (before.meets) return false;
    if (before.is_complete && before.units.empty()) {
      where = place(first);
    } else if (before.is_complete && after.is_complete) {
      rearrange(std::move(before.units), {first, second}, std::move(after.units));
      where = place(first);
    } else {
      return false;
    }
  }
  order_[static_cast<std::size_t>(a)] = where;
  part_of_[static_cast<std::size_t>(b)] = a;
  append(earlier_[static_cast<std::size_t>(a)], earlier_[static_cast<std::size_t>(b)]);
  append(later_[static_cast<std::size_t>(a)], later_[static_cast<std::size_t>(b)]);
  return true;
}

std::vector<int> Dependencies::in_order() const {
  std::vector<int> units;
  for (int unit = 0; unit < size(); ++unit) {
    if (whole(unit) == unit) units.push_back(unit);
  }
  sort_by_place(units);
  return units;
}

}  // namespace keraunos
