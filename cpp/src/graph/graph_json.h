// Graphs as JSON: complete for every op, because attributes are written and read by the list in the op's own record.
// Variables and constants stand in tables beside the graphs; graphs inside attributes stand in the same list, before their users.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/json.h"
#include "keraunos/graph.h"

namespace keraunos {

class GraphWriter {
 public:
  // The graph's number. A graph that was added before keeps its number.
  int add(const std::shared_ptr<const Graph>& graph);
  int variable_number(const std::shared_ptr<Variable>& variable);

  Json take_graphs() { return Json(std::move(graphs_)); }
  const std::vector<std::shared_ptr<Variable>>& variables() const { return variables_; }
  const std::vector<Tensor>& constants() const { return constants_; }

 private:
  int constant_number(const Tensor& tensor);
  Json attribute(const Node& node, const AttributeRule& rule);
  Json node(const Node& node, const std::vector<int>& numbers);
  Json graph(const Graph& graph);

  Json::Array graphs_;
  std::map<const Graph*, int> graph_numbers_;
  std::map<const Variable*, int> variable_numbers_;
  std::map<const void*, int> constant_numbers_;
  std::vector<std::shared_ptr<const Graph>> kept_;  // so that no address is used twice
  std::vector<std::shared_ptr<Variable>> variables_;
  std::vector<Tensor> constants_;
};

// The graphs of a list that a GraphWriter made. Nothing in it is trusted: every number, name, shape and dtype is checked,
// and every node passes the shape rule of its op. Throws ErrorKind::kFormat, naming graph, node and op.
std::vector<std::shared_ptr<const Graph>> read_graphs(const Json& graphs, const std::vector<std::shared_ptr<Variable>>& variables,
                                                      const std::vector<Tensor>& constants);

// {"dtype": ..., "shape": [...]}; -1 is an unknown size.
Json spec_to_json(const TensorSpec& spec);
// With sizes checked: at most 32, none below -1 (below 0 unless `is_open`), and a number of bytes that can be addressed.
TensorSpec spec_from_json(const Json& json, bool is_open);

}  // namespace keraunos
