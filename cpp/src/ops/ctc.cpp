// Decoding for connectionist temporal classification; its loss is made of other ops.
#include "kernels/ctc.h"

#include <algorithm>

#include "base/threads.h"
#include "ops/half_precision.h"
#include "ops/registry.h"
#include "ops/rules.h"

namespace keraunos {
namespace {

// scores (batch, length, classes), lengths (batch,) -> paths (top_paths, batch, length), scores (batch, top_paths)
std::vector<TensorSpec> beam_search_specs(const InferContext& context) {
  require_floating(context, 0);
  if (context.dtype(1) != Dtype::kInt32) throw type_error("ctc_beam_search", "`lengths` must be int32", name_of(context.dtype(1)));
  const Shape& scores = context.shape(0);
  if (scores.rank() != 3 || context.shape(1).rank() != 1) {
    throw value_error("ctc_beam_search", "takes scores (batch, length, classes) and lengths (batch,)", both(scores, context.shape(1)));
  }
  const std::int64_t width = context.attributes.integer("beam_width"), paths = context.attributes.integer("top_paths");
  if (width < 1 || paths < 1 || paths > width) {
    throw value_error("ctc_beam_search", "`top_paths` must be positive and at most `beam_width`", std::to_string(paths) + " and " + std::to_string(width));
  }
  const std::int64_t blank = context.attributes.integer("blank");
  if (blank < 0 || (scores[2] != kUnknown && blank >= scores[2])) {
    throw value_error("ctc_beam_search", "`blank` must be a class", std::to_string(blank) + ", " + scores.text());
  }
  return {{Dtype::kInt32, {paths, scores[0], scores[1]}}, {context.dtype(0), {scores[0], paths}}};
}

template <class T>
Kernel beam_search_kernel_of(KernelRequest& request) {
  const Shape& scores = request.shape(0);
  kernels::BeamSearch search;
  search.length = scores[1];
  search.classes = scores[2];
  search.beam_width = request.attributes.integer("beam_width");
  search.top_paths = request.attributes.integer("top_paths");
  search.blank = request.attributes.integer("blank");
  const std::int64_t batch = scores[0];
  if (search.length == 0) {
    return [n = batch * search.top_paths](const KernelCall& call) { std::fill(call.out<T>(1), call.out<T>(1) + n, T(0)); };
  }
  return [search, batch](const KernelCall& call) {
    parallel_for(batch, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t b = begin; b < end; ++b) {
        kernels::beam_search(search, call.in<T>(0) + b * search.length * search.classes, call.in<std::int32_t>(1)[b],
                             call.out<std::int32_t>(0) + b * search.length, batch * search.length, call.out<T>(1) + b * search.top_paths);
      }
    });
  };
}

Kernel beam_search_kernel(KernelRequest& request) {
  return request.dtype(0) == Dtype::kFloat64 ? beam_search_kernel_of<double>(request) : beam_search_kernel_of<float>(request);
}

}  // namespace

void register_ctc(Registry& registry) {
  Op op;
  op.name = "ctc_beam_search";
  op.min_inputs = op.max_inputs = 2;
  op.attributes = {{"beam_width", AttributeKind::kInt}, {"top_paths", AttributeKind::kInt}, {"blank", AttributeKind::kInt}};
  op.shape_rule = beam_search_specs;
  op.kernel = in_float32(beam_search_kernel);
  registry.add(std::move(op));
}

}  // namespace keraunos
