// Whole sequences of SimpleRNN, LSTM and GRU as ops: "simple_rnn", "lstm", "gru", "gru_reset_before", and their gradients. The
// slow truth is the cell walked step by step, which the layers do for every other configuration.
#include "ops/recurrent.h"

#include <cstring>

#include "kernels/recurrent.h"
#include "ops/half_precision.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

using kernels::Cell;

// Where the operands and results of a cell's op stand. The LSTM has a second state; the mask comes last and may be absent.
struct Layout {
  Cell cell;
  const char* name;
  std::int64_t gates, kept_gates;

  std::size_t states() const { return cell == Cell::kLstm ? 2 : 1; }
  // x, states, kernel, recurrent kernel, bias, mask
  std::size_t kernel() const { return 1 + states(); }
  std::size_t recurrent() const { return 2 + states(); }
  std::size_t bias() const { return 3 + states(); }
  std::size_t mask() const { return 4 + states(); }
  // last, outputs, states, gates, states before each step
  std::size_t kept() const { return 2 + states(); }
  std::size_t results() const { return 3 + 2 * states(); }
  // of the gradient: x, kernel, recurrent kernel, gates, states before; gradients of last, outputs, states; mask
  std::size_t grad_flowing() const { return 4 + states(); }
  std::size_t grad_mask() const { return 6 + 2 * states(); }
};

constexpr Layout kSimple = {Cell::kSimple, "simple_rnn", 1, 1};
constexpr Layout kLstm = {Cell::kLstm, "lstm", 4, 4};
constexpr Layout kGru = {Cell::kGru, "gru", 3, 4};
constexpr Layout kGruResetBefore = {Cell::kGruResetBefore, "gru_reset_before", 3, 3};

bool differ(std::int64_t a, std::int64_t b) { return a != kUnknown && b != kUnknown && a != b; }

void require_shape(const Layout& layout, const char* what, const Shape& shape, const std::vector<std::int64_t>& wanted) {
  bool fits = shape.rank() == static_cast<int>(wanted.size());
  for (int i = 0; fits && i < shape.rank(); ++i) fits = !differ(shape[i], wanted[static_cast<std::size_t>(i)]);
  if (!fits) throw value_error(layout.name, std::string(what) + " does not fit", both(shape, Shape(wanted)));
}

void require_mask(const InferContext& context, const Layout& layout, std::size_t i) {
  if (context.inputs.size() <= i) return;
  if (context.dtype(i) != Dtype::kBool) throw value_error(layout.name, "`mask` must be bool", name_of(context.dtype(i)));
  require_shape(layout, "`mask`", context.shape(i), {context.shape(0)[0], context.shape(0)[1]});
}

std::vector<TensorSpec> forward_specs(const InferContext& context, const Layout& layout) {
  require_floating(context, 0);
  const Shape& x = context.shape(0);
  if (x.rank() != 3) throw value_error(layout.name, "needs inputs of rank 3: (batch, timesteps, features)", x);
  if (x[1] == 0) throw value_error(layout.name, "needs at least one step along the timesteps axis", x);
  for (std::size_t i = 1; i < layout.mask(); ++i) require_same_dtype(context, 0, i);
  require_min_rank(context, 1, 2);
  const std::int64_t batch = x[0], units = context.shape(1)[1], wide = units == kUnknown ? kUnknown : layout.gates * units;
  for (std::size_t i = 0; i < layout.states(); ++i) require_shape(layout, "the initial state", context.shape(1 + i), {batch, units});
  require_shape(layout, "`kernel`", context.shape(layout.kernel()), {x[2], wide});
  require_shape(layout, "`recurrent_kernel`", context.shape(layout.recurrent()), {units, wide});
  const std::vector<std::int64_t> bias = layout.cell == Cell::kGru ? std::vector<std::int64_t>{2, wide} : std::vector<std::int64_t>{wide};
  require_shape(layout, "`bias`", context.shape(layout.bias()), bias);
  require_mask(context, layout, layout.mask());
  const Dtype dtype = context.dtype(0);
  const std::int64_t outputs = context.attributes.boolean("sequences") ? x[1] : 0;
  const std::int64_t kept = context.attributes.boolean("keeps") ? x[1] : 0;
  std::vector<TensorSpec> specs = {{dtype, Shape({batch, units})}, {dtype, Shape({batch, outputs, units})}};
  for (std::size_t i = 0; i < layout.states(); ++i) specs.push_back({dtype, Shape({batch, units})});
  specs.push_back({dtype, Shape({batch, kept, units == kUnknown ? kUnknown : layout.kept_gates * units})});
  for (std::size_t i = 0; i < layout.states(); ++i) specs.push_back({dtype, Shape({batch, kept, units})});
  return specs;
}

// Everything is indexed by these sizes, and files may hold anything.
void check_gradient_operands(const InferContext& context, const Layout& layout) {
  require_floating(context, 0);
  for (std::size_t i = 1; i < layout.grad_mask(); ++i) require_same_dtype(context, 0, i);
  const Shape& x = context.shape(0);
  if (x.rank() != 3) throw value_error(context.op.name, "needs inputs of rank 3: (batch, timesteps, features)", x);
  require_min_rank(context, 2, 2);
  const std::int64_t batch = x[0], steps = x[1], units = context.shape(2)[0];
  const auto times_units = [units](std::int64_t n) { return units == kUnknown ? kUnknown : n * units; };
  require_shape(layout, "`kernel`", context.shape(1), {x[2], times_units(layout.gates)});
  require_shape(layout, "`recurrent_kernel`", context.shape(2), {units, times_units(layout.gates)});
  require_shape(layout, "the kept gates", context.shape(3), {batch, steps, times_units(layout.kept_gates)});
  for (std::size_t i = 0; i < layout.states(); ++i) {
    require_shape(layout, "a kept state", context.shape(4 + i), {batch, steps, units});
    require_shape(layout, "the gradient of a state", context.shape(layout.grad_flowing() + 2 + i), {batch, units});
  }
  require_shape(layout, "the gradient of the last output", context.shape(layout.grad_flowing()), {batch, units});
  const Shape& outputs = context.shape(layout.grad_flowing() + 1);
  const bool is_empty = outputs.rank() == 3 && outputs[1] == 0;
  require_shape(layout, "the gradient of the outputs", outputs, {batch, is_empty ? 0 : steps, units});
  require_mask(context, layout, layout.grad_mask());
}

std::vector<TensorSpec> gradient_specs(const InferContext& context, const Layout& layout) {
  check_gradient_operands(context, layout);
  const Dtype dtype = context.dtype(0);
  Shape x = context.shape(0);
  if (!context.attributes.boolean("wants_x")) x[0] = 0;
  const Shape& kernel = context.shape(1);
  const Shape state({context.shape(0)[0], context.shape(2)[0]});
  std::vector<TensorSpec> specs = {{dtype, x}};
  for (std::size_t i = 0; i < layout.states(); ++i) specs.push_back({dtype, state});
  specs.push_back({dtype, kernel});
  specs.push_back({dtype, context.shape(2)});
  specs.push_back({dtype, layout.cell == Cell::kGru ? Shape({2, kernel[1]}) : Shape({kernel[1]})});
  return specs;
}

// ---------------------------------------------------------------- kernels

kernels::Sequence sequence_of(const KernelRequest& request, const Layout& layout, std::int64_t units) {
  const Shape& x = request.shape(0);
  kernels::Sequence sequence;
  sequence.cell = layout.cell;
  sequence.batch = x[0];
  sequence.steps = x[1];
  sequence.inputs = x[2];
  sequence.units = units;
  sequence.is_reversed = request.attributes.boolean("reverse");
  sequence.zeroes_masked = request.attributes.boolean("zeroes_masked");
  return sequence;
}

template <class T>
Kernel forward_kernel_of(KernelRequest& request, const Layout& layout) {
  const kernels::Sequence sequence = sequence_of(request, layout, request.shape(1)[1]);
  if (request.outputs[0].shape.elements() == 0) return [](const KernelCall&) {};
  const bool is_lstm = layout.cell == Cell::kLstm, has_mask = request.inputs.size() > layout.mask();
  const bool has_outputs = request.attributes.boolean("sequences"), keeps = request.attributes.boolean("keeps");
  request.workspace_bytes = kernels::sequence_workspace<T>(sequence);
  return [=](const KernelCall& call) {
    kernels::SequenceOperands<T> in;
    in.x = call.in<T>(0);
    in.h0 = call.in<T>(1);
    in.c0 = is_lstm ? call.in<T>(2) : nullptr;
    in.kernel = call.in<T>(layout.kernel());
    in.recurrent_kernel = call.in<T>(layout.recurrent());
    in.bias = call.in<T>(layout.bias());
    in.mask = has_mask ? call.in<bool>(layout.mask()) : nullptr;
    kernels::SequenceResults<T> out;
    out.last = call.out<T>(0);
    out.outputs = has_outputs ? call.out<T>(1) : nullptr;
    out.h = call.out<T>(2);
    out.c = is_lstm ? call.out<T>(3) : nullptr;
    if (keeps) {
      out.gates = call.out<T>(layout.kept());
      out.before_h = call.out<T>(layout.kept() + 1);
      out.before_c = is_lstm ? call.out<T>(layout.kept() + 2) : nullptr;
    }
    kernels::run_sequence(sequence, in, out, call.workspace);
  };
}

// The gradients of a batch of no rows.
Kernel zeros_kernel(const KernelRequest& request) {
  std::vector<std::size_t> bytes;
  for (const TensorSpec& output : request.outputs) bytes.push_back(static_cast<std::size_t>(output.shape.elements()) * size_of(output.dtype));
  return [bytes](const KernelCall& call) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] > 0) std::memset(call.outputs[i], 0, bytes[i]);
    }
  };
}

template <class T>
Kernel gradient_kernel_of(KernelRequest& request, const Layout& layout) {
  const kernels::Sequence sequence = sequence_of(request, layout, request.shape(2)[0]);
  const bool is_lstm = layout.cell == Cell::kLstm, has_mask = request.inputs.size() > layout.grad_mask();
  const bool has_outputs = request.shape(layout.grad_flowing() + 1)[1] > 0, wants_x = request.attributes.boolean("wants_x");
  if (sequence.batch * sequence.units == 0) return zeros_kernel(request);
  request.workspace_bytes = kernels::sequence_gradient_workspace<T>(sequence);
  return [=](const KernelCall& call) {
    kernels::SequenceGradientOperands<T> in;
    const std::size_t flowing = layout.grad_flowing();
    in.x = call.in<T>(0);
    in.kernel = call.in<T>(1);
    in.recurrent_kernel = call.in<T>(2);
    in.gates = call.in<T>(3);
    in.before_h = call.in<T>(4);
    in.before_c = is_lstm ? call.in<T>(5) : nullptr;
    in.d_last = call.in<T>(flowing);
    in.d_outputs = has_outputs ? call.in<T>(flowing + 1) : nullptr;
    in.d_h = call.in<T>(flowing + 2);
    in.d_c = is_lstm ? call.in<T>(flowing + 3) : nullptr;
    in.mask = has_mask ? call.in<bool>(layout.grad_mask()) : nullptr;
    kernels::SequenceGradients<T> out;
    const std::size_t states = layout.states();
    out.x = wants_x ? call.out<T>(0) : nullptr;
    out.h0 = call.out<T>(1);
    out.c0 = is_lstm ? call.out<T>(2) : nullptr;
    out.kernel = call.out<T>(1 + states);
    out.recurrent_kernel = call.out<T>(2 + states);
    out.bias = call.out<T>(3 + states);
    kernels::run_sequence_gradient(sequence, in, out, call.workspace);
  };
}

// ---------------------------------------------------------------- gradient

// An op that kept nothing for its gradient runs once more and keeps it.
std::vector<Value> kept_results(const GradientContext& context, const Layout& layout) {
  if (context.attributes.boolean("keeps")) return context.outputs;
  Attributes attributes = context.attributes;
  attributes.set("keeps", true);
  return context.build.emit_named(layout.name, context.inputs, attributes);
}

std::vector<Value> forward_gradient(const GradientContext& context, const Layout& layout) {
  const std::vector<Value>& inputs = context.inputs;
  const std::vector<Value> kept = kept_results(context, layout);
  std::vector<Value> operands = {inputs[0], inputs[layout.kernel()], inputs[layout.recurrent()]};
  operands.insert(operands.end(), kept.begin() + static_cast<std::ptrdiff_t>(layout.kept()), kept.end());
  for (std::size_t i = 0; i < layout.kept(); ++i) {
    operands.push_back(context.gradients[i].is_empty() ? context.build.zeros_like(context.outputs[i]) : context.gradients[i]);
  }
  if (inputs.size() > layout.mask()) operands.push_back(inputs[layout.mask()]);
  const Attributes attributes = {{"reverse", context.attributes.boolean("reverse")},
                                 {"zeroes_masked", context.attributes.boolean("zeroes_masked")},
                                 {"wants_x", static_cast<bool>(context.wanted[0])}};
  std::vector<Value> found = context.build.emit_named((std::string(layout.name) + "_grad").c_str(), operands, attributes);
  if (!context.wanted[0]) found[0] = Value();
  found.resize(inputs.size());
  return found;
}

std::vector<Value> no_second_gradient(const GradientContext&, const Layout& layout) {
  throw Error(ErrorKind::kNotImplemented,
              std::string(layout.name) + ": second gradients of whole sequences are not built. Take both gradients with tapes that listen to the layer, or use `use_cudnn=False` or `unroll=True`.");
}

void register_cell(Registry& registry, const Layout& layout) {
  Op op;
  op.name = layout.name;
  op.min_inputs = static_cast<int>(layout.mask());
  op.max_inputs = op.min_inputs + 1;
  op.attributes = {{"reverse", AttributeKind::kBool, false, false},
                   {"zeroes_masked", AttributeKind::kBool, false, false},
                   {"sequences", AttributeKind::kBool, false, true},
                   {"keeps", AttributeKind::kBool, false, true}};
  op.shape_rule = [layout](const InferContext& context) { return forward_specs(context, layout); };
  op.kernel = in_float32([layout](KernelRequest& request) {
    return request.dtype(0) == Dtype::kFloat64 ? forward_kernel_of<double>(request, layout) : forward_kernel_of<float>(request, layout);
  });
  op.gradient = [layout](const GradientContext& context) { return forward_gradient(context, layout); };
  registry.add(std::move(op));

  Op grad;
  grad.name = std::string(layout.name) + "_grad";
  grad.min_inputs = static_cast<int>(layout.grad_mask());
  grad.max_inputs = grad.min_inputs + 1;
  grad.attributes = {{"reverse", AttributeKind::kBool, false, false},
                     {"zeroes_masked", AttributeKind::kBool, false, false},
                     {"wants_x", AttributeKind::kBool, false, true}};
  grad.shape_rule = [layout](const InferContext& context) { return gradient_specs(context, layout); };
  grad.kernel = in_float32([layout](KernelRequest& request) {
    return request.dtype(0) == Dtype::kFloat64 ? gradient_kernel_of<double>(request, layout) : gradient_kernel_of<float>(request, layout);
  });
  grad.gradient = [layout](const GradientContext& context) { return no_second_gradient(context, layout); };
  registry.add(std::move(grad));
}

}  // namespace

bool walks_alone(const Op& op, const std::vector<TensorSpec>& inputs) {
  for (const Layout& layout : {kSimple, kLstm, kGru, kGruResetBefore}) {
    if (op.name != layout.name) continue;
    const Shape& x = inputs[0].shape;
    kernels::Sequence sequence;
    sequence.cell = layout.cell;
    sequence.batch = x[0];
    sequence.steps = x[1];
    sequence.inputs = x[2];
    sequence.units = inputs[1].shape[1];
    return sequence.batch * sequence.units > 0 && kernels::walks_alone(sequence);
  }
  return false;
}

void register_recurrent(Registry& registry) {
  for (const Layout& layout : {kSimple, kLstm, kGru, kGruResetBefore}) register_cell(registry, layout);
}

}  // namespace keraunos
