// Optimizers of designs, written in ops.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "keraunos/graph.h"
#include "keraunos/layers.h"

namespace keraunos {

// What an optimizer of Keras consists of, beside its formula.
struct OptimizerRule;

// The optimizer's variables in the order of Keras's files, and its step.
class OptimizerState {
 public:
  OptimizerState(const Optimizer& optimizer, const std::vector<std::shared_ptr<Variable>>& weights);
  const std::vector<std::shared_ptr<Variable>>& variables() const { return variables_; }
  const std::shared_ptr<Variable>& iterations() const { return variables_[0]; }
  const std::shared_ptr<Variable>& learning_rate() const { return variables_[1]; }
  // Inside a trace: assigns weights and slots.
  void step(Builder& build, const std::vector<Value>& gradients) const;
  Json config() const;

 private:
  Optimizer optimizer_;
  const OptimizerRule* rule_;
  std::vector<std::string> slot_names_;
  std::vector<std::shared_ptr<Variable>> weights_;
  std::vector<std::vector<std::shared_ptr<Variable>>> slots_;  // by weight
  std::vector<std::shared_ptr<Variable>> variables_;
};

}  // namespace keraunos
