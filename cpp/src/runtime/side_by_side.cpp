#include "runtime/side_by_side.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "ops/recurrent.h"

namespace keraunos {
namespace {

// How far behind a kernel its partner is looked for: what a layer does between its directions is little.
constexpr std::size_t kReach = 16;

class Pairing {
 public:
  Pairing(const Graph& graph, const Resolved& resolved, UnitSchedule& schedule) : graph_(graph), resolved_(resolved), schedule_(schedule) {}

  void run() {
    for (std::size_t first = 0; first < schedule_.units.size(); ++first) {
      if (is_candidate(schedule_.units[first])) find_partner(first);
    }
  }

 private:
  bool is_candidate(const Unit& unit) const {
    if (unit.kind != UnitKind::kKernel || writes_variable(unit)) return false;
    const Node& node = graph_.nodes()[static_cast<std::size_t>(unit.nodes[0])];
    return walks_alone(*node.op, specs_of(node.inputs, resolved_));
  }

  bool writes_variable(const Unit& unit) const {
    if (unit.kind == UnitKind::kCopy) return true;
    return std::any_of(unit.writes.begin(), unit.writes.end(), [&](int v) { return schedule_.direct[static_cast<std::size_t>(v)].variable >= 0; });
  }

  // What stands between the two and does not need the first goes before both, so that the second finds its operands.
  void find_partner(std::size_t first) {
    std::vector<Unit>& units = schedule_.units;
    std::unordered_set<int> made(units[first].writes.begin(), units[first].writes.end());  // by the first, and from that
    const auto needs_first = [&](const Unit& unit) {
      return std::any_of(unit.reads.begin(), unit.reads.end(), [&](int value) { return made.count(value) > 0; });
    };
    std::vector<bool> is_later;
    for (std::size_t second = first + 1; second < std::min(units.size(), first + kReach); ++second) {
      const Unit& unit = units[second];
      if (writes_variable(unit)) return;  // its place among the readers of that variable must stay
      is_later.push_back(needs_first(unit));
      if (is_later.back()) {
        made.insert(unit.writes.begin(), unit.writes.end());
      } else if (is_candidate(unit)) {
        is_later.pop_back();
        return join(first, second, is_later);
      }
    }
  }

  void join(std::size_t first, std::size_t second, const std::vector<bool>& is_later) {
    std::vector<Unit>& units = schedule_.units;
    Unit both = std::move(units[first]);
    Unit& other = units[second];
    both.kind = UnitKind::kSideBySide;
    both.nodes.push_back(other.nodes[0]);
    both.writes.insert(both.writes.end(), other.writes.begin(), other.writes.end());
    for (int read : other.reads) {
      if (std::find(both.reads.begin(), both.reads.end(), read) == both.reads.end()) both.reads.push_back(read);
    }
    std::vector<Unit> before, later;
    for (std::size_t i = 0; i < is_later.size(); ++i) (is_later[i] ? later : before).push_back(std::move(units[first + 1 + i]));
    const auto place = units.erase(units.begin() + static_cast<std::ptrdiff_t>(first), units.begin() + static_cast<std::ptrdiff_t>(second) + 1);
    before.push_back(std::move(both));
    before.insert(before.end(), std::make_move_iterator(later.begin()), std::make_move_iterator(later.end()));
    units.insert(place, std::make_move_iterator(before.begin()), std::make_move_iterator(before.end()));
  }

  const Graph& graph_;
  const Resolved& resolved_;
  UnitSchedule& schedule_;
};

}  // namespace

void put_side_by_side(const Graph& graph, const Resolved& resolved, UnitSchedule& schedule) { Pairing(graph, resolved, schedule).run(); }

}  // namespace keraunos
