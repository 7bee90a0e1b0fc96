// Copies a graph node by node while a pass decides what becomes of each node.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "keraunos/graph.h"

namespace keraunos {

class GraphCopy {
 public:
  using VariableMap = std::function<std::shared_ptr<Variable>(const std::shared_ptr<Variable>&)>;

  // Inputs, constants and variable reads are copied at once; `variable_for` says which variable stands for an old one.
  explicit GraphCopy(const Graph& source, VariableMap variable_for = nullptr);

  // The new value that stands for an old one.
  int value(int old) const { return values_[static_cast<std::size_t>(old)]; }
  std::vector<int> values(const std::vector<int>& old) const;
  void set_value(int old, int fresh) { values_[static_cast<std::size_t>(old)] = fresh; }
  // The node as it was, on the new values.
  void copy(const Node& node);
  std::vector<int> add(const Op& op, std::vector<int> inputs, Attributes attributes, const std::string& scope);
  // Outputs and updates as they were.
  std::shared_ptr<const Graph> finish();

 private:
  std::shared_ptr<Variable> variable(const std::shared_ptr<Variable>& old) const { return variable_for_ ? variable_for_(old) : old; }

  const Graph& source_;
  VariableMap variable_for_;
  std::shared_ptr<Graph> result_;
  std::vector<int> values_;
};

}  // namespace keraunos
