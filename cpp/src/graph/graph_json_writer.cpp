#include "graph/graph_json.h"

#include <cmath>

namespace keraunos {
namespace {

Json integers(const Ints& values) {
  Json::Array items;
  for (const std::int64_t value : values) items.emplace_back(value);
  return Json(std::move(items));
}

Json list_of(const std::vector<int>& values) { return integers(Ints(values.begin(), values.end())); }

// JSON has no infinities: they are words.
Json real(double value) {
  if (std::isnan(value)) return Json("nan");
  if (std::isinf(value)) return Json(value > 0 ? "inf" : "-inf");
  return Json(value);
}

}  // namespace

Json spec_to_json(const TensorSpec& spec) {
  Json json;
  json.set("dtype", name_of(spec.dtype));
  json.set("shape", integers(spec.shape.sizes()));
  return json;
}

int GraphWriter::variable_number(const std::shared_ptr<Variable>& variable) {
  const auto [found, is_new] = variable_numbers_.emplace(variable.get(), static_cast<int>(variables_.size()));
  if (is_new) variables_.push_back(variable);
  return found->second;
}

int GraphWriter::constant_number(const Tensor& tensor) {
  const auto found = constant_numbers_.find(tensor.data());
  if (found != constant_numbers_.end() && constants_[static_cast<std::size_t>(found->second)].spec() == tensor.spec()) return found->second;
  const int number = static_cast<int>(constants_.size());
  constant_numbers_[tensor.data()] = number;
  constants_.push_back(tensor);
  return number;
}

Json GraphWriter::attribute(const Node& node, const AttributeRule& rule) {
  const Attributes& all = node.attributes;
  switch (rule.kind) {
    case AttributeKind::kBool: return Json(all.boolean(rule.name));
    case AttributeKind::kInt: return Json(all.integer(rule.name));
    case AttributeKind::kFloat: return real(all.number(rule.name));
    case AttributeKind::kString: return Json(all.text(rule.name));
    case AttributeKind::kDtype: return Json(name_of(all.dtype(rule.name)));
    case AttributeKind::kInts: return integers(all.ints(rule.name));
    case AttributeKind::kFloats: {
      Json::Array items;
      for (const double value : all.floats(rule.name)) items.push_back(real(value));
      return Json(std::move(items));
    }
    case AttributeKind::kTensor: return Json(constant_number(all.tensor(rule.name)));
    case AttributeKind::kGraph: return Json(add(all.graph(rule.name)));
  }
  throw type_error(node.op->name, "unknown kind of attribute");
}

Json GraphWriter::node(const Node& node, const std::vector<int>& numbers) {
  Json json;
  json.set("op", node.op->name);
  std::vector<int> inputs;
  for (const int input : node.inputs) inputs.push_back(numbers[static_cast<std::size_t>(input)]);
  json.set("inputs", list_of(inputs));
  json.set("outputs", static_cast<std::int64_t>(node.outputs.size()));
  Json attributes(Json::Object{});
  for (const AttributeRule& rule : node.op->attributes) {
    const Attribute* held = node.attributes.find(rule.name);
    // An optional attribute without a default holds nothing of its kind.
    const bool is_absent = !held || (std::holds_alternative<bool>(*held) && rule.kind != AttributeKind::kBool);
    if (!is_absent) attributes.set(rule.name, attribute(node, rule));
  }
  json.set("attributes", std::move(attributes));
  if (!node.scope.empty()) json.set("scope", node.scope);
  return json;
}

// Values are numbered as the reader makes them: inputs, constants, variables that are read, outputs of the nodes.
Json GraphWriter::graph(const Graph& graph) {
  std::vector<int> numbers(graph.values().size(), -1);
  int next = 0;
  Json json;
  Json::Array inputs;
  for (const GraphInput& input : graph.inputs()) {
    numbers[static_cast<std::size_t>(input.value)] = next++;
    Json item = spec_to_json(graph.values()[static_cast<std::size_t>(input.value)].spec);
    item.set("name", input.name);
    inputs.push_back(std::move(item));
  }
  json.set("inputs", std::move(inputs));
  Json::Array constants;
  for (std::size_t v = 0; v < graph.values().size(); ++v) {
    if (graph.values()[v].kind != ValueKind::kConstant) continue;
    numbers[v] = next++;
    constants.emplace_back(constant_number(graph.constants()[static_cast<std::size_t>(graph.values()[v].source)]));
  }
  json.set("constants", std::move(constants));
  for (const GraphVariable& variable : graph.variables()) {
    if (variable.read >= 0) numbers[static_cast<std::size_t>(variable.read)] = next++;
  }
  for (const Node& node : graph.nodes()) {
    for (const int output : node.outputs) numbers[static_cast<std::size_t>(output)] = next++;
  }
  Json::Array variables;
  for (const GraphVariable& variable : graph.variables()) {
    Json item;
    item.set("variable", variable_number(variable.variable));
    item.set("is_read", variable.read >= 0);
    if (variable.update >= 0) item.set("update", numbers[static_cast<std::size_t>(variable.update)]);
    variables.push_back(std::move(item));
  }
  json.set("variables", std::move(variables));
  Json::Array nodes;
  for (const Node& each : graph.nodes()) nodes.push_back(node(each, numbers));
  json.set("nodes", std::move(nodes));
  std::vector<int> outputs;
  for (const int output : graph.outputs()) outputs.push_back(numbers[static_cast<std::size_t>(output)]);
  json.set("outputs", list_of(outputs));
  return json;
}

int GraphWriter::add(const std::shared_ptr<const Graph>& source) {
  const auto found = graph_numbers_.find(source.get());
  if (found != graph_numbers_.end()) return found->second;
  Json json = graph(*source);  // adds the graphs inside it first
  const int number = static_cast<int>(graphs_.size());
  graphs_.push_back(std::move(json));
  graph_numbers_.emplace(source.get(), number);
  kept_.push_back(source);
  return number;
}

}  // namespace keraunos
