// cond(pred, *then_captures, *otherwise_captures)
#include "runtime/control_flow.h"
#include "runtime/execute.h"
#include "runtime/replay.h"
#include "runtime/sub_graph.h"

namespace keraunos::control_flow {
namespace {

struct CondParts {
  GraphPointer then;
  GraphPointer otherwise;
  std::size_t split;  // index of the first capture of `otherwise`
};

CondParts cond_parts(const Attributes& attributes) {
  return {attributes.graph("then"), attributes.graph("otherwise"), 1 + count(attributes, "then_count")};
}

std::vector<TensorSpec> cond_specs(const InferContext& context) {
  require_count(context, "then_count", context.inputs.size() - 1);
  const std::size_t then_count = count(context.attributes, "then_count");
  require_inputs(context, "then", then_count);
  require_inputs(context, "otherwise", context.inputs.size() - 1 - then_count);
  const CondParts parts = cond_parts(context.attributes);
  if (context.dtype(0) != Dtype::kBool || context.shape(0).rank() != 0) {
    throw value_error("cond", "`pred` must be a bool scalar", std::string(name_of(context.dtype(0))) + " " + context.shape(0).text());
  }
  std::vector<TensorSpec> a = results_of(*parts.then, part(context.inputs, 1, parts.split));
  const std::vector<TensorSpec> b = results_of(*parts.otherwise, part(context.inputs, parts.split, context.inputs.size()));
  bool fits = a.size() == b.size();
  for (std::size_t i = 0; fits && i < a.size(); ++i) {
    fits = a[i].dtype == b[i].dtype && a[i].shape.rank() == b[i].shape.rank();
    for (int axis = 0; fits && axis < a[i].shape.rank(); ++axis) {
      const bool is_open = a[i].shape[axis] == kUnknown || b[i].shape[axis] == kUnknown;
      fits = is_open || a[i].shape[axis] == b[i].shape[axis];
      if (is_open) a[i].shape[axis] = kUnknown;
    }
  }
  if (!fits) throw value_error("cond", "`true_fn` and `false_fn` must give the same structure, shapes and dtypes");
  return a;
}

Kernel cond_kernel(KernelRequest& request) {
  const CondParts parts = cond_parts(request.attributes);
  const std::size_t inputs = request.inputs.size();
  const std::size_t outputs = request.outputs.size();
  const auto then = std::make_shared<SubGraph>(parts.then, part(request.inputs, 1, parts.split));
  const auto otherwise = std::make_shared<SubGraph>(parts.otherwise, part(request.inputs, parts.split, inputs));
  return [=, split = parts.split](const KernelCall& call) {
    const bool is_true = *call.in<bool>(0);
    const std::size_t first = is_true ? 1 : split;
    const std::size_t last = is_true ? split : inputs;
    SubGraph::Run run(is_true ? *then : *otherwise);
    for (std::size_t i = first; i < last; ++i) run.input(i - first, call.inputs[i]);
    for (std::size_t i = 0; i < outputs; ++i) run.output(i, call.outputs[i]);
    run.run();
  };
}

// Both branches get the same inputs: all captures, then the gradients that arrive.
GraphPointer branch_gradient(const GraphPointer& branch, const std::vector<TensorSpec>& captures, std::size_t begin, std::size_t end,
                             const std::vector<TensorSpec>& gradients) {
  return build_graph(joined(captures, gradients), [&](const std::vector<Value>& values) {
    const std::vector<Value> own = part(values, begin, end);
    const std::vector<Value> flowing = part(values, captures.size(), values.size());
    const std::vector<Value> found = replay_gradient(*branch, own, flowing);
    std::vector<Value> results;
    for (std::size_t i = 0; i < captures.size(); ++i) {
      if (!is_floating(captures[i].dtype)) continue;
      results.push_back(i >= begin && i < end ? found[i - begin] : execution_builder().zeros_like(values[i]));
    }
    return results;
  });
}

std::vector<Value> zeros_where_empty(const GradientContext& context) {
  std::vector<Value> flowing;
  for (std::size_t i = 0; i < context.outputs.size(); ++i) {
    if (!is_floating(context.outputs[i].dtype())) continue;
    flowing.push_back(context.gradients[i].is_empty() ? context.build.zeros_like(context.outputs[i]) : context.gradients[i]);
  }
  return flowing;
}

std::vector<Value> cond_gradient(const GradientContext& context) {
  const CondParts parts = cond_parts(context.attributes);
  for (const Value& output : context.outputs) {
    if (!is_floating(output.dtype())) throw Error(ErrorKind::kNotImplemented, "cond: gradients with integer results are not built yet");
  }
  const std::vector<Value> captures = part(context.inputs, 1, context.inputs.size());
  const std::vector<Value> flowing = zeros_where_empty(context);
  const std::size_t split = parts.split - 1;
  const GraphPointer then = branch_gradient(parts.then, specs_of(captures), 0, split, specs_of(flowing));
  const GraphPointer otherwise = branch_gradient(parts.otherwise, specs_of(captures), split, captures.size(), specs_of(flowing));
  const std::vector<Value> both = joined(captures, flowing);
  const Attributes attributes = {{"then", then}, {"otherwise", otherwise}, {"then_count", static_cast<std::int64_t>(both.size())}};
  const std::vector<Value> found = context.build.emit_named("cond", joined(joined({context.inputs[0]}, both), both), attributes);
  std::vector<Value> gradients(context.inputs.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < captures.size(); ++i) {
    if (is_floating(captures[i].dtype())) gradients[i + 1] = found[next++];
  }
  return gradients;
}

}  // namespace

Op cond_op() {
  Op op;
  op.name = "cond";
  op.max_inputs = -1;
  op.attributes = {{"then", AttributeKind::kGraph}, {"otherwise", AttributeKind::kGraph}, {"then_count", AttributeKind::kInt}};
  op.shape_rule = cond_specs;
  op.kernel = cond_kernel;
  op.gradient = cond_gradient;
  return op;
}

}  // namespace keraunos::control_flow
