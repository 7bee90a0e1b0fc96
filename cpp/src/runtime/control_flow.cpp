#include "runtime/control_flow.h"

#include <atomic>
#include <cstring>
#include <limits>
#include <mutex>

#include "ops/registry.h"
#include "runtime/execute.h"
#include "runtime/function.h"
#include "runtime/replay.h"
#include "runtime/resolve.h"

namespace keraunos {
namespace {

using GraphPointer = std::shared_ptr<const Graph>;

// What a sub-graph gives for inputs of these specs. While sizes are open, what its own trace said.
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

template <class T>
std::vector<T> part(const std::vector<T>& items, std::size_t begin, std::size_t end) {
  return {items.begin() + static_cast<std::ptrdiff_t>(begin), items.begin() + static_cast<std::ptrdiff_t>(end)};
}

template <class T>
std::vector<T> joined(std::vector<T> items, const std::vector<T>& more) {
  items.insert(items.end(), more.begin(), more.end());
  return items;
}

std::size_t bytes_of(const TensorSpec& spec) { return static_cast<std::size_t>(spec.shape.elements()) * size_of(spec.dtype); }

std::vector<TensorSpec> specs_of(const std::vector<Value>& values) {
  std::vector<TensorSpec> specs;
  for (const Value& value : values) specs.push_back(value.spec());
  return specs;
}

std::size_t count(const Attributes& attributes, const char* name) { return static_cast<std::size_t>(attributes.integer(name)); }

// Counts of inputs come from files, too: they must add up before anything is indexed by them.
void require_count(const InferContext& context, const char* name, std::size_t limit) {
  const std::int64_t value = context.attributes.integer(name);
  if (value >= 0 && static_cast<std::uint64_t>(value) <= limit) return;
  throw value_error(context.op.name, std::string("`") + name + "` must lie in [0, " + std::to_string(limit) + ']', value);
}

void require_inputs(const InferContext& context, const char* name, std::size_t expected) {
  const std::size_t given = context.attributes.graph(name)->inputs().size();
  if (given != expected) throw value_error(context.op.name, std::string("`") + name + "` must have one input for each value that it is given", given, expected);
}

// Loop state keeps its dtype and its shape, as far as the shape is known.
void require_same_state(const InferContext& context, const char* what, const TensorSpec& before, const TensorSpec& after) {
  bool fits = before.dtype == after.dtype && before.shape.rank() == after.shape.rank();
  for (int axis = 0; fits && axis < before.shape.rank(); ++axis) {
    fits = before.shape[axis] == after.shape[axis] || before.shape[axis] == kUnknown || after.shape[axis] == kUnknown;
  }
  if (fits) return;
  throw value_error(context.op.name, std::string("the body must keep the dtype and shape of ") + what,
                    std::string(name_of(after.dtype)) + " " + after.shape.text() + " for " + name_of(before.dtype) + " " + before.shape.text());
}

// A sub-graph planned for fixed shapes. One workspace is kept at hand, so that a caller alone takes no lock; further callers
// at the same time get workspaces of the function.
class SubGraph {
 public:
  SubGraph(const GraphPointer& graph, std::vector<TensorSpec> inputs)
      : function_(std::make_shared<Function>(graph)), inputs_(std::move(inputs)), spare_(new Function::Lease(*function_, inputs_)) {}
  ~SubGraph() { delete spare_.load(); }
  SubGraph(const SubGraph&) = delete;
  SubGraph& operator=(const SubGraph&) = delete;

  class Run {
   public:
    explicit Run(const SubGraph& graph) : graph_(graph), lease_(graph.spare_.exchange(nullptr)) {
      if (!lease_) lease_ = new Function::Lease(*graph_.function_, graph_.inputs_);
    }
    ~Run() {
      Function::Lease* empty = nullptr;
      if (!graph_.spare_.compare_exchange_strong(empty, lease_)) delete lease_;
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    void input(std::size_t i, const void* data) { lease_->plan().bind_input(lease_->workspace(), i, data); }
    void output(std::size_t i, void* data) { lease_->plan().bind_output(lease_->workspace(), i, data); }
    void run() { lease_->plan().run(lease_->workspace()); }

   private:
    const SubGraph& graph_;
    Function::Lease* lease_;
  };

 private:
  std::shared_ptr<Function> function_;
  std::vector<TensorSpec> inputs_;
  mutable std::atomic<Function::Lease*> spare_;
};

// ---------------------------------------------------------------- cond(pred, *then_captures, *otherwise_captures)

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

// ---------------------------------------------------------------- while_loop(*variables, *condition_captures, *body_captures)

std::vector<TensorSpec> while_specs(const InferContext& context) {
  require_count(context, "variable_count", context.inputs.size());
  require_count(context, "condition_captures", context.inputs.size() - count(context.attributes, "variable_count"));
  const std::size_t variables = count(context.attributes, "variable_count");
  const std::size_t split = variables + count(context.attributes, "condition_captures");
  const std::vector<TensorSpec> state = part(context.inputs, 0, variables);
  const std::vector<TensorSpec> captures = part(context.inputs, split, context.inputs.size());
  require_inputs(context, "condition", split);
  require_inputs(context, "body", state.size() + captures.size());
  const std::vector<TensorSpec> test = results_of(*context.attributes.graph("condition"), part(context.inputs, 0, split));
  if (test.size() != 1 || test[0].dtype != Dtype::kBool || test[0].shape.rank() != 0) {
    throw value_error("while_loop", "the condition must give a bool scalar", test.empty() ? std::string("nothing") : test[0].shape.text());
  }
  const std::vector<TensorSpec> results = results_of(*context.attributes.graph("body"), joined(state, captures));
  if (results.size() != variables) throw value_error("while_loop", "the body must give every loop variable", results.size(), variables);
  for (std::size_t i = 0; i < variables; ++i) require_same_state(context, "every loop variable", state[i], results[i]);
  return state;
}

Kernel while_kernel(KernelRequest& request) {
  const std::size_t variables = count(request.attributes, "variable_count");
  const std::size_t split = variables + count(request.attributes, "condition_captures");
  const std::size_t inputs = request.inputs.size();
  const std::int64_t limit = request.attributes.integer("maximum_iterations");
  const std::vector<TensorSpec> state = part(request.inputs, 0, variables);
  const auto condition = std::make_shared<SubGraph>(request.attributes.graph("condition"), joined(state, part(request.inputs, variables, split)));
  const auto body = std::make_shared<SubGraph>(request.attributes.graph("body"), joined(state, part(request.inputs, split, inputs)));
  std::vector<std::size_t> sizes;
  std::vector<std::size_t> offsets;
  std::size_t total = 0;
  for (const TensorSpec& spec : state) {
    sizes.push_back(bytes_of(spec));
    offsets.push_back(total);
    total += (sizes.back() + 63) / 64 * 64;
  }
  request.workspace_bytes = total;
  return [=](const KernelCall& call) {
    for (std::size_t i = 0; i < variables; ++i) std::memcpy(call.outputs[i], call.inputs[i], sizes[i]);
    SubGraph::Run test(*condition);
    SubGraph::Run step(*body);
    bool goes_on = false;
    test.output(0, &goes_on);
    for (std::size_t i = 0; i < variables; ++i) {
      test.input(i, call.outputs[i]);
      step.input(i, call.outputs[i]);
      step.output(i, static_cast<char*>(call.workspace) + offsets[i]);
    }
    for (std::size_t i = variables; i < split; ++i) test.input(i, call.inputs[i]);
    for (std::size_t i = split; i < inputs; ++i) step.input(variables + i - split, call.inputs[i]);
    for (std::int64_t iteration = 0; limit < 0 || iteration < limit; ++iteration) {
      test.run();
      if (!goes_on) return;
      step.run();
      for (std::size_t i = 0; i < variables; ++i) std::memcpy(call.outputs[i], static_cast<char*>(call.workspace) + offsets[i], sizes[i]);
    }
  };
}

std::vector<Value> while_gradient(const GradientContext&) {
  throw Error(ErrorKind::kNotImplemented, "while_loop: the gradient of a loop of unknown length is not built. Use ops.scan.");
}

// ---------------------------------------------------------------- scan(*carry, *xs, *captures)

struct ScanParts {
  GraphPointer body;
  std::size_t carry;
  std::size_t xs;  // number of scanned inputs
  bool is_reversed;

  std::size_t captures_begin() const { return carry + xs; }
};

ScanParts scan_parts(const Attributes& attributes) {
  return {attributes.graph("body"), count(attributes, "carry_count"), count(attributes, "xs_count"), attributes.boolean("reverse")};
}

TensorSpec without_first_axis(const TensorSpec& spec) {
  if (spec.shape.rank() < 1) throw value_error("scan", "`xs` must have a leading axis to scan over", spec.shape);
  return {spec.dtype, Shape(std::vector<std::int64_t>(spec.shape.sizes().begin() + 1, spec.shape.sizes().end()))};
}

TensorSpec with_first_axis(std::int64_t length, const TensorSpec& spec) {
  std::vector<std::int64_t> sizes = {length};
  sizes.insert(sizes.end(), spec.shape.sizes().begin(), spec.shape.sizes().end());
  return {spec.dtype, Shape(std::move(sizes))};
}

std::int64_t scan_length(const ScanParts& parts, const Attributes& attributes, const std::vector<TensorSpec>& inputs) {
  return parts.xs > 0 ? inputs[parts.carry].shape[0] : attributes.integer("length");
}

std::vector<TensorSpec> body_inputs(const ScanParts& parts, const std::vector<TensorSpec>& inputs) {
  std::vector<TensorSpec> specs = inputs;
  for (std::size_t i = 0; i < parts.xs; ++i) {
    specs[parts.carry + i] = without_first_axis(inputs[parts.carry + i]);
    const std::int64_t length = inputs[parts.carry + i].shape[0];
    const std::int64_t first = inputs[parts.carry].shape[0];
    if (length != first && length != kUnknown && first != kUnknown) throw value_error("scan", "every one of `xs` must be equally long", length, first);
  }
  return specs;
}

std::vector<TensorSpec> scan_specs(const InferContext& context) {
  require_count(context, "carry_count", context.inputs.size());
  require_count(context, "xs_count", context.inputs.size() - count(context.attributes, "carry_count"));
  require_count(context, "length", std::numeric_limits<std::int32_t>::max());
  require_inputs(context, "body", context.inputs.size());
  const ScanParts parts = scan_parts(context.attributes);
  const std::vector<TensorSpec> results = results_of(*parts.body, body_inputs(parts, context.inputs));
  const std::int64_t length = scan_length(parts, context.attributes, context.inputs);
  if (results.size() < parts.carry) throw value_error("scan", "the body must give every carry", results.size(), parts.carry);
  std::vector<TensorSpec> specs;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i < parts.carry) require_same_state(context, "the carry", context.inputs[i], results[i]);
    specs.push_back(i < parts.carry ? context.inputs[i] : with_first_axis(length, results[i]));
  }
  return specs;
}

Kernel scan_kernel(KernelRequest& request) {
  const ScanParts parts = scan_parts(request.attributes);
  const std::int64_t length = scan_length(parts, request.attributes, request.inputs);
  const std::vector<TensorSpec> specs = body_inputs(parts, request.inputs);
  const auto body = std::make_shared<SubGraph>(parts.body, specs);
  const std::size_t inputs = request.inputs.size();
  const std::size_t outputs = request.outputs.size();
  std::vector<std::size_t> carry_bytes;
  std::vector<std::size_t> offsets;
  std::size_t total = 0;
  for (std::size_t i = 0; i < parts.carry; ++i) {
    carry_bytes.push_back(bytes_of(request.inputs[i]));
    offsets.push_back(total);
    total += (carry_bytes.back() + 63) / 64 * 64;
  }
  std::vector<std::size_t> slice_bytes(inputs, 0);
  for (std::size_t i = parts.carry; i < parts.captures_begin(); ++i) slice_bytes[i] = bytes_of(specs[i]);
  std::vector<std::size_t> result_bytes(outputs, 0);
  for (std::size_t i = parts.carry; i < outputs; ++i) {
    result_bytes[i] = length > 0 ? bytes_of(request.outputs[i]) / static_cast<std::size_t>(length) : 0;
  }
  request.workspace_bytes = total;
  return [=](const KernelCall& call) {
    SubGraph::Run step(*body);
    for (std::size_t i = 0; i < parts.carry; ++i) {
      std::memcpy(call.outputs[i], call.inputs[i], carry_bytes[i]);
      step.input(i, call.outputs[i]);
      step.output(i, static_cast<char*>(call.workspace) + offsets[i]);
    }
    for (std::size_t i = parts.captures_begin(); i < inputs; ++i) step.input(i, call.inputs[i]);
    for (std::int64_t n = 0; n < length; ++n) {
      const std::size_t t = static_cast<std::size_t>(parts.is_reversed ? length - 1 - n : n);
      for (std::size_t i = parts.carry; i < parts.captures_begin(); ++i) step.input(i, static_cast<const char*>(call.inputs[i]) + t * slice_bytes[i]);
      for (std::size_t i = parts.carry; i < outputs; ++i) step.output(i, static_cast<char*>(call.outputs[i]) + t * result_bytes[i]);
      step.run();
      for (std::size_t i = 0; i < parts.carry; ++i) std::memcpy(call.outputs[i], static_cast<char*>(call.workspace) + offsets[i], carry_bytes[i]);
    }
  };
}

// Runs the scan again keeping every carry, then walks it backwards: each step differentiates the body at its own carry.
std::vector<Value> scan_gradient(const GradientContext& context) {
  const ScanParts parts = scan_parts(context.attributes);
  const std::vector<TensorSpec> inner = body_inputs(parts, specs_of(context.inputs));
  const std::size_t carry = parts.carry;
  const std::vector<Value> captures = part(context.inputs, parts.captures_begin(), context.inputs.size());
  const std::vector<Value> xs = part(context.inputs, carry, parts.captures_begin());

  const GraphPointer remember = build_graph(inner, [&](const std::vector<Value>& values) {
    const std::vector<Value> results = replay(*parts.body, values);
    return joined(part(results, 0, carry), part(values, 0, carry));
  });
  const Attributes same = {{"body", remember}, {"carry_count", static_cast<std::int64_t>(carry)}, {"xs_count", static_cast<std::int64_t>(parts.xs)},
                           {"length", context.attributes.integer("length")}, {"reverse", parts.is_reversed}};
  const std::vector<Value> remembered = context.build.emit_named("scan", context.inputs, same);
  const std::vector<Value> carries = part(remembered, carry, 2 * carry);

  // State of the walk: gradients of the carry, and sums of the gradients of the captures (floating ones only).
  std::vector<std::size_t> carry_floats;
  std::vector<std::size_t> capture_floats;
  std::vector<Value> state;
  for (std::size_t i = 0; i < carry; ++i) {
    if (!is_floating(context.inputs[i].dtype())) continue;
    carry_floats.push_back(i);
    state.push_back(context.gradients[i].is_empty() ? context.build.zeros_like(context.outputs[i]) : context.gradients[i]);
  }
  for (std::size_t i = 0; i < captures.size(); ++i) {
    if (!is_floating(captures[i].dtype())) continue;
    capture_floats.push_back(i);
    state.push_back(context.build.zeros_like(captures[i]));
  }
  std::vector<Value> scanned = joined(carries, xs);
  std::vector<std::size_t> result_floats;
  for (std::size_t i = carry; i < context.outputs.size(); ++i) {
    if (!is_floating(context.outputs[i].dtype())) continue;
    result_floats.push_back(i);
    scanned.push_back(context.gradients[i].is_empty() ? context.build.zeros_like(context.outputs[i]) : context.gradients[i]);
  }
  std::vector<TensorSpec> walk_inputs = specs_of(state);
  for (const Value& value : scanned) walk_inputs.push_back(without_first_axis(value.spec()));
  walk_inputs = joined(walk_inputs, specs_of(captures));

  const GraphPointer walk = build_graph(walk_inputs, [&](const std::vector<Value>& values) {
    const std::size_t x_begin = state.size() + carry;
    const std::size_t g_begin = x_begin + parts.xs;
    const std::size_t c_begin = g_begin + result_floats.size();
    const std::vector<Value> at = joined(part(values, state.size(), g_begin), part(values, c_begin, values.size()));
    std::vector<Value> flowing(context.outputs.size());
    for (std::size_t i = 0; i < carry_floats.size(); ++i) flowing[carry_floats[i]] = values[i];
    for (std::size_t i = 0; i < result_floats.size(); ++i) flowing[result_floats[i]] = values[g_begin + i];
    const std::vector<Value> found = replay_gradient(*parts.body, at, flowing);
    std::vector<Value> results;
    for (std::size_t i : carry_floats) results.push_back(found[i]);
    for (std::size_t i = 0; i < capture_floats.size(); ++i) {
      results.push_back(context.build.add(values[carry_floats.size() + i], found[carry + parts.xs + capture_floats[i]]));
    }
    for (std::size_t i = 0; i < parts.xs; ++i) {
      if (is_floating(xs[i].dtype())) results.push_back(found[carry + i]);
    }
    return results;
  });
  const Attributes backwards = {{"body", walk}, {"carry_count", static_cast<std::int64_t>(state.size())},
                                {"xs_count", static_cast<std::int64_t>(scanned.size())}, {"length", context.attributes.integer("length")},
                                {"reverse", !parts.is_reversed}};
  const std::vector<Value> found = context.build.emit_named("scan", joined(joined(state, scanned), captures), backwards);

  std::vector<Value> gradients(context.inputs.size());
  for (std::size_t i = 0; i < carry_floats.size(); ++i) gradients[carry_floats[i]] = found[i];
  for (std::size_t i = 0; i < capture_floats.size(); ++i) gradients[parts.captures_begin() + capture_floats[i]] = found[carry_floats.size() + i];
  std::size_t next = state.size();
  for (std::size_t i = 0; i < parts.xs; ++i) {
    if (is_floating(xs[i].dtype())) gradients[carry + i] = found[next++];
  }
  return gradients;
}

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

Op while_op() {
  Op op;
  op.name = "while_loop";
  op.max_inputs = -1;
  op.attributes = {{"condition", AttributeKind::kGraph}, {"body", AttributeKind::kGraph}, {"variable_count", AttributeKind::kInt},
                   {"condition_captures", AttributeKind::kInt}, {"maximum_iterations", AttributeKind::kInt, false, std::int64_t{-1}}};
  op.shape_rule = while_specs;
  op.kernel = while_kernel;
  op.gradient = while_gradient;
  return op;
}

Op scan_op() {
  Op op;
  op.name = "scan";
  op.min_inputs = 0;
  op.max_inputs = -1;
  op.attributes = {{"body", AttributeKind::kGraph}, {"carry_count", AttributeKind::kInt}, {"xs_count", AttributeKind::kInt},
                   {"length", AttributeKind::kInt, false, std::int64_t{0}}, {"reverse", AttributeKind::kBool, false, false}};
  op.shape_rule = scan_specs;
  op.kernel = scan_kernel;
  op.gradient = scan_gradient;
  return op;
}

}  // namespace

void register_control_flow() {
  static std::once_flag once;
  std::call_once(once, [] {
    register_op(cond_op());
    register_op(while_op());
    register_op(scan_op());
  });
}

}  // namespace keraunos
