// Losses, metrics and optimizer steps of designs, written in ops.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "keraunos/graph.h"
#include "keraunos/layers.h"

namespace keraunos {

// Whether targets are class indices, one number less in rank than the outputs.
bool has_index_targets(const std::string& loss);
// One value per sample and output number; `name` is a loss of Sequential::compile.
Value loss_values(Builder& build, const std::string& name, const Value& y, const Value& predicted);
// One value per sample; `name` is a metric, `loss` tells what the targets are.
Value metric_values(Builder& build, const std::string& name, const std::string& loss, const Value& y, const Value& predicted);
Value mean_of_all(Builder& build, const Value& x);

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
  std::vector<std::shared_ptr<Variable>> weights_;
  std::vector<std::shared_ptr<Variable>> variables_;
};

}  // namespace keraunos
