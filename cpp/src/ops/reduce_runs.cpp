#include "ops/reduce_runs.h"

#include <limits>

#include "kernels/movement.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

using kernels::ReduceLoop;
using kernels::ReduceOp;

struct Run {
  std::int64_t size;
  bool is_reduced;
};

std::vector<Run> runs_of(const Shape& shape, const std::vector<bool>& is_reduced) {
  std::vector<Run> runs;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool reduced = is_reduced[static_cast<std::size_t>(axis)];
    if (shape[axis] == 1) continue;
    if (!runs.empty() && runs.back().is_reduced == reduced) {
      runs.back().size *= shape[axis];
    } else {
      runs.push_back({shape[axis], reduced});
    }
  }
  return runs;
}

struct Pass {
  std::int64_t outer, reduced, inner;
};

std::vector<Pass> passes_of(std::vector<Run> runs) {
  std::vector<Pass> passes;
  for (std::size_t at = runs.size(); at-- > 0;) {
    if (!runs[at].is_reduced) continue;
    Pass pass{1, runs[at].size, 1};
    for (std::size_t i = 0; i < at; ++i) pass.outer *= runs[i].size;
    for (std::size_t i = at + 1; i < runs.size(); ++i) pass.inner *= runs[i].is_reduced ? 1 : runs[i].size;
    passes.push_back(pass);
  }
  return passes;
}

// What a reduction over nothing gives.
double identity_of(ReduceOp reduce) {
  switch (reduce) {
    case ReduceOp::kProd:
    case ReduceOp::kAll: return 1.0;
    case ReduceOp::kMean: return std::numeric_limits<double>::quiet_NaN();
    case ReduceOp::kLogsumexp: return -std::numeric_limits<double>::infinity();
    default: return 0.0;
  }
}

Kernel fill_kernel(ReduceOp reduce, const TensorSpec& output) {
  const Tensor value = Tensor::scalar(identity_of(reduce), output.dtype);
  return [value, n = output.shape.elements()](const KernelCall& call) {
    kernels::fill_elements(value.data(), call.outputs[0], n, size_of(value.dtype()));
  };
}

}  // namespace

Kernel make_reduction(KernelRequest& request, ReduceOp reduce, const std::vector<bool>& is_reduced) {
  const TensorSpec& output = request.outputs[0];
  if (output.shape.elements() == 0) return [](const KernelCall&) {};
  if (request.shape(0).elements() == 0) return fill_kernel(reduce, output);

  std::vector<Pass> passes = passes_of(runs_of(request.shape(0), is_reduced));
  // Reducing axes of size 1 still applies the op once: logsumexp and any/all copy, sums and means too.
  if (passes.empty()) passes.push_back({output.shape.elements(), 1, 1});
  const ReduceLoop loop = kernels::find_reduce_loop(reduce, request.dtype(0));
  if (!loop) throw type_error(request.op.name, "does not take this dtype", name_of(request.dtype(0)));
  if (passes.size() == 1) {
    return [loop, pass = passes[0]](const KernelCall& call) { loop(call.inputs[0], call.outputs[0], pass.outer, pass.reduced, pass.inner); };
  }
  // Intermediate results alternate between two halves of the workspace.
  const std::size_t half = static_cast<std::size_t>(passes[0].outer * passes[0].inner) * size_of(output.dtype) / 64 * 64 + 64;
  request.workspace_bytes = 2 * half;
  return [loop, passes, half](const KernelCall& call) {
    const void* from = call.inputs[0];
    for (std::size_t i = 0; i < passes.size(); ++i) {
      void* to = i + 1 == passes.size() ? call.outputs[0] : static_cast<char*>(call.workspace) + i % 2 * half;
      loop(from, to, passes[i].outer, passes[i].reduced, passes[i].inner);
      from = to;
    }
  };
}

}  // namespace keraunos
