// Which unit must run before which. Units may be merged.
#pragma once

#include <cstdint>
#include <vector>

namespace keraunos {

// Keeps the units in an order in which they could run (D. J. Pearce, P. H. J. Kelly, "A dynamic topological sort algorithm for directed acyclic
// graphs", 2006), so that a question about two units looks only at what stands between them. A question that would look at too many
// edges is answered as if the two could not change places: what asks it leaves out a fusion then, and plans of very long graphs
// take a time that grows with their length, not with its square.
class Dependencies {
 public:
  int add_unit();
  int size() const { return static_cast<int>(order_.size()); }
  // The unit that `unit` has become a part of, or itself.
  int whole(int unit) const;
  // `unit` runs after `earlier`, which must not depend on it.
  void add(int unit, int earlier);
  // Whether `unit` runs after `earlier`; true when that is not found out.
  bool may_depend(int unit, int earlier);
  bool depends_directly(int unit, int earlier) const;
  // `from` becomes a part of `into`. False, and nothing changes, when a third unit must run between the two or that is not found out.
  bool try_merge(int into, int from);

  // What runs right before a unit; some of it may stand there twice, or be the unit itself.
  const std::vector<int>& earlier(int unit) const { return earlier_[static_cast<std::size_t>(whole(unit))]; }
  const std::vector<int>& later(int unit) const { return later_[static_cast<std::size_t>(whole(unit))]; }
  // Wholes in an order in which they could run.
  std::vector<int> in_order() const;
  // How many edges all questions so far have looked at.
  std::int64_t effort() const { return effort_; }

 private:
  using Edges = std::vector<std::vector<int>>;

  // The units reached from one without passing another, as far as the order lets them lie between the two.
  struct Walk {
    std::vector<int> units;
    bool meets = false;        // one of them leads to the other end
    bool is_complete = true;   // else it was given up
  };
  Walk walk(int from, int to, const Edges& edges, std::int64_t most_edges);
  void rearrange(std::vector<int> before, std::vector<int> middle, std::vector<int> after);
  void sort_by_place(std::vector<int>& units) const;
  int place(int unit) const { return order_[static_cast<std::size_t>(unit)]; }

  mutable std::vector<int> part_of_;  // per unit: a larger one, or -1
  std::vector<int> order_;
  Edges earlier_, later_;
  std::vector<int> visited_;  // per unit: the walk that saw it last
  int walks_ = 0;
  std::int64_t effort_ = 0;
};

}  // namespace keraunos
