#include "kernels/ctc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

namespace keraunos::kernels {
namespace {

using Index = std::int64_t;

constexpr double kNever = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kNever ? a : a + std::log1p(std::exp(b - a));
}

// Labellings as a tree: each is its parent and one label more. Number 0 is the empty one.
class Prefixes {
 public:
  Prefixes() { nodes_.push_back({-1, -1, 0}); }

  Index child(Index parent, Index label) {
    const auto [found, is_new] = children_.try_emplace({parent, label}, static_cast<Index>(nodes_.size()));
    if (is_new) nodes_.push_back({parent, label, nodes_[static_cast<std::size_t>(parent)].length + 1});
    return found->second;
  }
  Index last_label(Index prefix) const { return nodes_[static_cast<std::size_t>(prefix)].label; }
  std::vector<Index> labels(Index prefix) const {
    std::vector<Index> result(static_cast<std::size_t>(nodes_[static_cast<std::size_t>(prefix)].length));
    for (std::size_t i = result.size(); i-- > 0; prefix = nodes_[static_cast<std::size_t>(prefix)].parent) result[i] = last_label(prefix);
    return result;
  }

 private:
  struct Node {
    Index parent, label, length;
  };
  std::vector<Node> nodes_;
  std::map<std::pair<Index, Index>, Index> children_;
};

struct Beam {
  Index prefix = 0;
  double label = kNever;  // log probability of the paths that end in the last label
  double blank = kNever;  // of those that end in a blank
  double total() const { return log_add(label, blank); }
};

class Search {
 public:
  explicit Search(const BeamSearch& search) : search_(search) {}

  template <class T>
  void first_step(const T* scores) {
    for (Index c = 0; c < search_.classes; ++c) {
      Beam& beam = beam_of(c == search_.blank ? 0 : prefixes_.child(0, c));
      (c == search_.blank ? beam.blank : beam.label) = static_cast<double>(scores[c]);
    }
    keep_best();
  }

  template <class T>
  void step(const T* scores) {
    std::vector<Beam> before;
    before.swap(beams_);
    place_.clear();
    for (const Beam& old : before) {
      const double total = old.total();
      for (Index c = 0; c < search_.classes; ++c) {
        const double score = static_cast<double>(scores[c]);
        if (c == search_.blank) {
          add(beam_of(old.prefix).blank, total + score);
        } else if (c == prefixes_.last_label(old.prefix)) {
          // A repeated label is the same label, unless a blank stands between.
          add(beam_of(old.prefix).label, old.label + score);
          if (old.blank != kNever) add(beam_of(prefixes_.child(old.prefix, c)).label, old.blank + score);
        } else {
          add(beam_of(prefixes_.child(old.prefix, c)).label, total + score);
        }
      }
    }
    keep_best();
  }

  const std::vector<Beam>& beams() const { return beams_; }
  std::vector<Index> labels(const Beam& beam) const { return prefixes_.labels(beam.prefix); }

 private:
  static void add(double& sum, double score) { sum = log_add(sum, score); }

  Beam& beam_of(Index prefix) {
    const auto [found, is_new] = place_.try_emplace(prefix, beams_.size());
    if (is_new) {
      beams_.emplace_back();
      beams_.back().prefix = prefix;
    }
    return beams_[found->second];
  }

  // The best first. Equal ones stay in the order in which they came up: lower classes first.
  void keep_best() {
    std::stable_sort(beams_.begin(), beams_.end(), [](const Beam& a, const Beam& b) { return a.total() > b.total(); });
    if (static_cast<Index>(beams_.size()) > search_.beam_width) beams_.resize(static_cast<std::size_t>(search_.beam_width));
    place_.clear();
  }

  const BeamSearch& search_;
  Prefixes prefixes_;
  std::vector<Beam> beams_;
  std::map<Index, std::size_t> place_;
};

}  // namespace

template <class T>
void beam_search(const BeamSearch& search, const T* scores, std::int64_t steps, std::int32_t* paths, std::int64_t path_stride,
                 T* path_scores) {
  Search found(search);
  found.first_step(scores);
  for (Index t = 1; t < std::min(steps, search.length); ++t) found.step(scores + t * search.classes);
  for (Index k = 0; k < search.top_paths; ++k) {
    std::int32_t* path = paths + k * path_stride;
    std::fill(path, path + search.length, -1);
    path_scores[k] = static_cast<T>(kNever);
    if (k >= static_cast<Index>(found.beams().size())) continue;
    const Beam& beam = found.beams()[static_cast<std::size_t>(k)];
    const std::vector<Index> labels = found.labels(beam);
    std::transform(labels.begin(), labels.end(), path, [](Index label) { return static_cast<std::int32_t>(label); });
    path_scores[k] = static_cast<T>(beam.total());
  }
}

template void beam_search<float>(const BeamSearch&, const float*, std::int64_t, std::int32_t*, std::int64_t, float*);
template void beam_search<double>(const BeamSearch&, const double*, std::int64_t, std::int32_t*, std::int64_t, double*);

}  // namespace keraunos::kernels
