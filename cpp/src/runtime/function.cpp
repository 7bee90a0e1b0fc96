#include "runtime/function.h"

#include <algorithm>

#include "graph/fixed_values.h"
#include "graph/rewrite.h"
#include "runtime/control_flow.h"

namespace keraunos {
namespace {

void refresh_all(const std::vector<std::shared_ptr<PreparedValue>>& values, const StateAccess& access) {
  for (const std::shared_ptr<PreparedValue>& value : values) value->refresh(access);
}

Plan::Refresh refresh_of(const PreparedGraph& prepared) {
  if (prepared.values.empty()) return nullptr;
  return [values = prepared.values](const StateAccess& access) { refresh_all(values, access); };
}

}  // namespace

struct PlanEntry {
  PlanEntry(const PreparedGraph& prepared, const std::vector<TensorSpec>& inputs, const PlanOptions& options)
      : plan(prepared.graph, inputs, options, refresh_of(prepared)) {}

  Plan plan;
  std::mutex mutex;
  std::vector<std::unique_ptr<Workspace>> idle;
};

namespace {

constexpr std::size_t kMaxPlans = 32;  // per function; the oldest is forgotten

bool fits(const TensorSpec& expected, const TensorSpec& given) {
  if (expected.dtype != given.dtype || expected.shape.rank() != given.shape.rank()) return false;
  for (int axis = 0; axis < expected.shape.rank(); ++axis) {
    if (expected.shape[axis] != kUnknown && expected.shape[axis] != given.shape[axis]) return false;
  }
  return true;
}

}  // namespace

Function::Function(std::shared_ptr<const Graph> graph, PlanOptions options) : graph_(std::move(graph)), options_(options) {
  register_control_flow();
  if (options_.rewrite) graph_ = fuse_batch_norm(fuse_bias_gradients(fuse_pooling(fuse_dense(cancel_transposes(drop_equal_nodes(graph_))))));
  // What only predicts gives a row the same bits in any batch.
  options_.fusion.may_split_products = options_.rewrite && trains(*graph_);
  // Passes that add work on fixed values go here, between the graph of files and the one that runs.
  prepared_ = {graph_, {}};
  if (options_.prepare) prepared_ = prepare(options_.rewrite ? pack_dense(use_winograd(fold_scales(graph_))) : graph_);
}

void Function::refresh(const StateAccess& access) const { refresh_all(prepared_.values, access); }

std::shared_ptr<PlanEntry> Function::entry_for(const std::vector<TensorSpec>& inputs) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (std::size_t i = entries_.size(); i-- > 0;) {
    if (entries_[i]->plan.inputs() == inputs) return entries_[i];
  }
  auto entry = std::make_shared<PlanEntry>(prepared_, inputs, options_);
  if (entries_.size() == kMaxPlans) entries_.erase(entries_.begin());
  entries_.push_back(entry);
  return entry;
}

void Function::check_inputs(const std::vector<Tensor>& inputs) const {
  const std::vector<GraphInput>& expected = graph_->inputs();
  if (inputs.size() != expected.size()) {
    throw value_error("Function", "expects " + std::to_string(expected.size()) + " inputs", std::to_string(inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const TensorSpec& spec = graph_->values()[static_cast<std::size_t>(expected[i].value)].spec;
    if (!fits(spec, inputs[i].spec())) {
      throw value_error("Function", "input '" + expected[i].name + "' must be " + name_of(spec.dtype) + " " + spec.shape.text(),
                        std::string(name_of(inputs[i].dtype())) + " " + inputs[i].shape().text());
    }
  }
}

std::vector<Tensor> Function::call(const std::vector<Tensor>& inputs) const { return ShapedCall(*this, inputs)(inputs); }

Function::ShapedCall::ShapedCall(const Function& function, const std::vector<Tensor>& inputs) {
  function.check_inputs(inputs);
  std::vector<TensorSpec> specs;
  specs.reserve(inputs.size());
  for (const Tensor& input : inputs) specs.push_back(input.spec());
  entry_ = function.entry_for(specs);
}

const std::vector<TensorSpec>& Function::ShapedCall::outputs() const { return entry_->plan.outputs(); }

std::vector<Tensor> Function::ShapedCall::operator()(const std::vector<Tensor>& inputs) const {
  Lease lease(entry_);
  const Plan& plan = lease.plan();
  for (std::size_t i = 0; i < inputs.size(); ++i) plan.bind_input(lease.workspace(), i, inputs[i].data());
  std::vector<Tensor> outputs;
  outputs.reserve(plan.outputs().size());
  for (std::size_t i = 0; i < plan.outputs().size(); ++i) {
    outputs.emplace_back(plan.outputs()[i].dtype, plan.outputs()[i].shape);
    plan.bind_output(lease.workspace(), i, outputs.back().data());
  }
  plan.run(lease.workspace());
  return outputs;
}

Function::Lease::Lease(const Function& function, const std::vector<TensorSpec>& inputs) : Lease(function.entry_for(inputs)) {}

Function::Lease::Lease(std::shared_ptr<PlanEntry> entry) : entry_(std::move(entry)) {
  {
    const std::lock_guard<std::mutex> lock(entry_->mutex);
    if (!entry_->idle.empty()) {
      workspace_ = std::move(entry_->idle.back());
      entry_->idle.pop_back();
    }
  }
  if (!workspace_) workspace_ = std::make_unique<Workspace>(entry_->plan);
}

Function::Lease::~Lease() {
  const std::lock_guard<std::mutex> lock(entry_->mutex);
  entry_->idle.push_back(std::move(workspace_));
}

const Plan& Function::Lease::plan() const { return entry_->plan; }

}  // namespace keraunos
