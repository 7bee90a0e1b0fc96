#include "runtime/eager.h"

#include <array>

#include "base/memory.h"
#include "runtime/map_program.h"
#include "runtime/trace.h"

namespace keraunos {

std::vector<Tensor> run_eagerly(const Op& op, const std::vector<Value>& inputs, const Attributes& attributes) {
  std::vector<TensorSpec> specs;
  std::vector<const Tensor*> known;
  std::vector<const void*> sources;
  specs.reserve(inputs.size());
  known.reserve(inputs.size());
  sources.reserve(inputs.size());
  for (const Value& input : inputs) {
    specs.push_back(input.spec());
    known.push_back(&input.tensor());
    sources.push_back(input.tensor().data());
  }
  const std::vector<TensorSpec> results = op.shape_rule({op, specs, attributes, known});
  if (op.is_view || (op.is_view_when_unchanged && results[0] == specs[0])) return {inputs[0].tensor().reshaped(results[0].shape)};

  std::vector<Tensor> outputs;
  std::vector<void*> targets;
  outputs.reserve(results.size());
  targets.reserve(results.size());
  for (const TensorSpec& result : results) {
    outputs.emplace_back(result.dtype, result.shape);
    targets.push_back(outputs.back().data());
  }
  if (op.map_loop) {
    if (outputs[0].elements() > 0) run_map(op, specs, sources.data(), results[0], targets[0]);
    return outputs;
  }
  KernelRequest request{op, specs, results, attributes, known, current_scope()};
  const Kernel kernel = op.kernel(request);
  std::shared_ptr<void> workspace;
  if (request.workspace_bytes > 0) workspace = allocate_aligned(request.workspace_bytes);
  kernel({sources.data(), targets.data(), workspace.get()});
  return outputs;
}

}  // namespace keraunos
