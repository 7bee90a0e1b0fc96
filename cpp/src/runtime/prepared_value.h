// A value that depends on variables only: computed once and kept until one of them changes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "keraunos/graph.h"
#include "runtime/plan.h"

namespace keraunos {

class PreparedValue {
 public:
  using Variables = std::vector<std::shared_ptr<Variable>>;

  // `formula` has one input for each of `sources`, and one output. All who compute the same from the same variables share one.
  static std::shared_ptr<PreparedValue> find_or_make(Variables sources, const std::shared_ptr<const Graph>& formula);
  ~PreparedValue();
  PreparedValue(const PreparedValue&) = delete;
  PreparedValue& operator=(const PreparedValue&) = delete;

  // Holds the value; a graph reads it like any other variable, after refresh().
  const std::shared_ptr<Variable>& variable() const { return variable_; }
  // Computes the value if that was never done, or if a source has changed since.
  void refresh(const StateAccess& access);

 private:
  PreparedValue(Variables sources, const std::shared_ptr<const Graph>& formula, const std::vector<TensorSpec>& inputs);
  bool is_fresh(const StateAccess& access) const;

  Variables sources_;
  std::shared_ptr<const Graph> formula_;
  Plan plan_;
  std::shared_ptr<Variable> variable_;
  bool is_computed_ = false;
  std::vector<std::uint64_t> versions_;  // of the sources from which the value was computed
};

}  // namespace keraunos
