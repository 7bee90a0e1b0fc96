#include "runtime/sub_graph.h"

#include "runtime/resolve.h"

namespace keraunos::control_flow {

std::vector<TensorSpec> results_of(const Graph& graph, const std::vector<TensorSpec>& inputs) {
  bool is_known = true;
  for (const TensorSpec& input : inputs) is_known = is_known && input.shape.is_known();
  std::vector<TensorSpec> results;
  if (is_known) {
    const Resolved resolved = resolve(graph, inputs);
    for (int output : graph.outputs()) results.push_back(resolved.specs[static_cast<std::size_t>(output)]);
  } else {
    for (int output : graph.outputs()) results.push_back(graph.values()[static_cast<std::size_t>(output)].spec);
  }
  return results;
}

std::size_t bytes_of(const TensorSpec& spec) { return static_cast<std::size_t>(spec.shape.elements()) * size_of(spec.dtype); }

std::vector<TensorSpec> specs_of(const std::vector<Value>& values) {
  std::vector<TensorSpec> specs;
  for (const Value& value : values) specs.push_back(value.spec());
  return specs;
}

std::size_t count(const Attributes& attributes, const char* name) { return static_cast<std::size_t>(attributes.integer(name)); }

void require_count(const InferContext& context, const char* name, std::size_t limit) {
  const std::int64_t value = context.attributes.integer(name);
  if (value >= 0 && static_cast<std::uint64_t>(value) <= limit) return;
  throw value_error(context.op.name, std::string("`") + name + "` must lie in [0, " + std::to_string(limit) + ']', value);
}

void require_inputs(const InferContext& context, const char* name, std::size_t expected) {
  const std::size_t given = context.attributes.graph(name)->inputs().size();
  if (given != expected) throw value_error(context.op.name, std::string("`") + name + "` must have one input for each value that it is given", given, expected);
}

void require_same_state(const InferContext& context, const char* what, const TensorSpec& before, const TensorSpec& after) {
  bool fits = before.dtype == after.dtype && before.shape.rank() == after.shape.rank();
  for (int axis = 0; fits && axis < before.shape.rank(); ++axis) {
    fits = before.shape[axis] == after.shape[axis] || before.shape[axis] == kUnknown || after.shape[axis] == kUnknown;
  }
  if (fits) return;
  throw value_error(context.op.name, std::string("the body must keep the dtype and shape of ") + what,
                    std::string(name_of(after.dtype)) + " " + after.shape.text() + " for " + name_of(before.dtype) + " " + before.shape.text());
}

}  // namespace keraunos::control_flow
