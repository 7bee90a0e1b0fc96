#include <algorithm>
#include <limits>

#include "graph/graph_json.h"

namespace keraunos {
namespace {

constexpr std::size_t kMaxRank = 32;
constexpr std::size_t kMaxNodes = 1u << 20;  // with the graphs inside attributes counted at every use
constexpr std::size_t kMaxNesting = 64;

Error format_error(const std::string& message) { return Error(ErrorKind::kFormat, message); }

double real(const Json& json, const char* what) {
  if (!json.is_string()) return json.number(what);
  const std::string& word = json.string(what);
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (word == "inf") return std::numeric_limits<double>::infinity();
  if (word == "-inf") return -std::numeric_limits<double>::infinity();
  throw format_error(std::string("'") + what + "' must be a number.");
}

std::vector<int> value_numbers(const Json& json, std::size_t count, const char* what) {
  std::vector<int> numbers;
  for (const Json& item : json.array(what)) {
    numbers.push_back(static_cast<int>(item.integer_in(0, static_cast<std::int64_t>(count) - 1, what)));
  }
  return numbers;
}

struct Size {
  std::size_t nodes = 0;
  std::size_t nesting = 0;
};

class GraphReader {
 public:
  GraphReader(const std::vector<std::shared_ptr<Variable>>& variables, const std::vector<Tensor>& constants)
      : variables_(variables), constants_(constants) {}

  std::vector<std::shared_ptr<const Graph>> read(const Json::Array& graphs) {
    for (const Json& json : graphs) {
      try {
        read_graph(json);
      } catch (const Error& error) {
        throw format_error("graph " + std::to_string(done_.size()) + ": " + error.what());
      }
    }
    return std::move(done_);
  }

 private:
  void read_graph(const Json& json) {
    auto graph = std::make_shared<Graph>();
    size_ = {};
    for (const Json& input : json.at("inputs").array("inputs")) {
      graph->add_input(spec_from_json(input, true), input.at("name").string("name"));
    }
    for (const Json& constant : json.at("constants").array("constants")) graph->add_constant(constant_at(constant, "constants"));
    const Json::Array& variables = json.at("variables").array("variables");
    std::vector<bool> is_seen(variables_.size(), false);
    for (const Json& item : variables) {
      const std::size_t number = number_in(item.at("variable"), variables_.size(), "variable");
      if (is_seen[number]) throw format_error("a variable stands twice in it.");
      is_seen[number] = true;
      if (item.at("is_read").boolean("is_read")) graph->read_variable(variables_[number]);
    }
    const Json::Array& nodes = json.at("nodes").array("nodes");
    for (std::size_t n = 0; n < nodes.size(); ++n) read_node(nodes[n], n, *graph);
    for (const Json& item : variables) {
      const Json* update = item.find("update");
      if (!update) continue;
      const int value = static_cast<int>(number_in(*update, graph->values().size(), "update"));
      graph->assign_variable(variables_[number_in(item.at("variable"), variables_.size(), "variable")], value);
    }
    graph->set_outputs(value_numbers(json.at("outputs"), graph->values().size(), "outputs"));
    done_.push_back(graph);
    sizes_.push_back(size_);
  }

  static std::size_t number_in(const Json& json, std::size_t count, const char* what) {
    return static_cast<std::size_t>(json.integer_in(0, static_cast<std::int64_t>(count) - 1, what));
  }

  const Tensor& constant_at(const Json& json, const char* what) const { return constants_[number_in(json, constants_.size(), what)]; }

  void read_node(const Json& json, std::size_t n, Graph& graph) {
    const std::string& name = json.at("op").string("op");
    try {
      const Op& op = find_op(name);
      if (!op.kernel && !op.map_loop && !op.is_view) throw format_error("this op does not run by itself.");
      std::vector<int> inputs = value_numbers(json.at("inputs"), graph.values().size(), "inputs");
      const std::int64_t count = static_cast<std::int64_t>(inputs.size());
      if (count < op.min_inputs || (op.max_inputs >= 0 && count > op.max_inputs)) throw format_error("wrong number of inputs.");
      if (++size_.nodes > kMaxNodes) throw format_error("the graph has too many nodes.");
      Attributes attributes = read_attributes(op, json.at("attributes"));
      const Json* scope = json.find("scope");
      const std::vector<int> outputs = graph.add_node(op, std::move(inputs), std::move(attributes), scope ? scope->string("scope") : "");
      if (static_cast<std::int64_t>(outputs.size()) != json.at("outputs").integer("outputs")) {
        throw format_error("it has " + std::to_string(outputs.size()) + " outputs in this version.");
      }
    } catch (const std::exception& error) {
      throw format_error("node " + std::to_string(n) + " (" + name.substr(0, 100) + "): " + error.what());
    }
  }

  Attributes read_attributes(const Op& op, const Json& json) {
    Attributes attributes;
    std::size_t used = 0;
    for (const AttributeRule& rule : op.attributes) {
      const Json* given = json.find(rule.name);
      if (given) {
        attributes.set(rule.name, read_attribute(rule, *given));
        ++used;
      } else if (rule.is_required) {
        throw format_error(std::string("the attribute '") + rule.name + "' is missing.");
      } else {
        attributes.set(rule.name, rule.default_value);
      }
    }
    if (used != json.object("attributes").size()) throw format_error("it has an attribute that this version does not know.");
    return attributes;
  }

  Attribute read_attribute(const AttributeRule& rule, const Json& json) {
    switch (rule.kind) {
      case AttributeKind::kBool: return json.boolean(rule.name);
      case AttributeKind::kInt: return json.integer(rule.name);
      case AttributeKind::kFloat: return real(json, rule.name);
      case AttributeKind::kString: return json.string(rule.name);
      case AttributeKind::kDtype: return dtype_from_name(json.string(rule.name));
      case AttributeKind::kInts: {
        Ints values;
        for (const Json& item : json.array(rule.name)) values.push_back(item.integer(rule.name));
        return values;
      }
      case AttributeKind::kFloats: {
        Floats values;
        for (const Json& item : json.array(rule.name)) values.push_back(real(item, rule.name));
        return values;
      }
      case AttributeKind::kTensor: return constant_at(json, rule.name);
      case AttributeKind::kGraph: return inner_graph(json, rule.name);
    }
    throw format_error("unknown kind of attribute.");
  }

  // A graph that stands before this one, so that there is no circle.
  std::shared_ptr<const Graph> inner_graph(const Json& json, const char* what) {
    const std::size_t number = number_in(json, done_.size(), what);
    if (!done_[number]->variables().empty()) throw format_error("a graph inside an op must not use variables.");
    size_.nodes += sizes_[number].nodes;
    size_.nesting = std::max(size_.nesting, sizes_[number].nesting + 1);
    if (size_.nodes > kMaxNodes || size_.nesting > kMaxNesting) throw format_error("the graphs inside graphs are too many.");
    return done_[number];
  }

  const std::vector<std::shared_ptr<Variable>>& variables_;
  const std::vector<Tensor>& constants_;
  std::vector<std::shared_ptr<const Graph>> done_;
  std::vector<Size> sizes_;
  Size size_;
};

}  // namespace

TensorSpec spec_from_json(const Json& json, bool is_open) {
  TensorSpec spec;
  spec.dtype = dtype_from_name(json.at("dtype").string("dtype"));
  const Json::Array& sizes = json.at("shape").array("shape");
  if (sizes.size() > kMaxRank) throw format_error("a shape may have at most 32 sizes.");
  Shape open;
  for (const Json& size : sizes) {
    spec.shape.push_back(size.integer_in(is_open ? kUnknown : 0, std::numeric_limits<std::int64_t>::max(), "shape"));
    open.push_back(spec.shape[spec.shape.rank() - 1] == kUnknown ? 1 : spec.shape[spec.shape.rank() - 1]);
  }
  if (open.elements() > std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(size_of(spec.dtype))) {
    throw format_error("a shape has more bytes than can be addressed.");
  }
  return spec;
}

std::vector<std::shared_ptr<const Graph>> read_graphs(const Json& graphs, const std::vector<std::shared_ptr<Variable>>& variables,
                                                      const std::vector<Tensor>& constants) {
  return GraphReader(variables, constants).read(graphs.array("graphs"));
}

}  // namespace keraunos
