// The matrix product over the last two axes, with NumPy broadcasting of the others.
#include <algorithm>
#include <array>

#include "base/memory.h"
#include "base/threads.h"
#include "kernels/element_types.h"
#include "kernels/kernels.h"
#include "kernels/movement.h"
#include "ops/half_precision.h"
#include "ops/matrices.h"
#include "ops/registry.h"

namespace keraunos {
namespace {

// Products of fewer multiplications than this run whole in one task when there are many of them.
constexpr std::int64_t kSmallProduct = 256 * 1024;
constexpr std::int64_t kTasks = 16;

Shape batch_of(const Shape& shape) { return Shape(std::vector<std::int64_t>(shape.sizes().begin(), shape.sizes().end() - 2)); }

struct Sizes {
  std::int64_t m, k_of_a, k_of_b, n;
};

Sizes sizes_of(const Shape& a, const Shape& b, const Attributes& attributes) {
  const bool transpose_a = attributes.boolean("transpose_a");
  const bool transpose_b = attributes.boolean("transpose_b");
  return {from_back(a, transpose_a ? 1 : 2), from_back(a, transpose_a ? 2 : 1), from_back(b, transpose_b ? 1 : 2),
          from_back(b, transpose_b ? 2 : 1)};
}

std::string transposes_text(const Attributes& attributes) {
  std::string text;
  if (attributes.boolean("transpose_a")) text += ", transpose_a=True";
  if (attributes.boolean("transpose_b")) text += ", transpose_b=True";
  return text;
}

std::vector<TensorSpec> matmul_specs(const InferContext& context) {
  require_same_dtype(context, 0, 1);
  const Shape& a = context.shape(0);
  const Shape& b = context.shape(1);
  if (a.rank() < 2 || b.rank() < 2) throw value_error("matmul", "both operands need at least 2 dimensions", both(a, b));
  if (context.dtype(0) == Dtype::kBool) throw type_error("matmul", "does not take this dtype", "bool");
  const Sizes sizes = sizes_of(a, b, context.attributes);
  if (sizes.k_of_a != sizes.k_of_b && sizes.k_of_a != kUnknown && sizes.k_of_b != kUnknown) {
    throw value_error("matmul", "inner sizes must agree", both(a, b) + transposes_text(context.attributes));
  }
  const Shape batch_a = batch_of(a);
  const Shape batch_b = batch_of(b);
  Shape result;
  try {
    result = broadcast_shapes("matmul", batch_a, batch_b);
  } catch (const Error&) {
    throw value_error("matmul", "leading sizes must broadcast", both(a, b));
  }
  result.push_back(sizes.m);
  result.push_back(sizes.n);
  return {{context.dtype(0), result}};
}

// ---------------------------------------------------------------- kernels

// Where the operands of the i-th product of a batch start, in elements.
struct BatchAxis {
  std::int64_t size, a_stride, b_stride;
};

struct Batch {
  std::int64_t count = 1;
  std::vector<BatchAxis> axes;

  std::pair<std::int64_t, std::int64_t> offsets(std::int64_t index) const {
    std::int64_t a = 0;
    std::int64_t b = 0;
    for (std::size_t i = axes.size(); i-- > 0;) {
      const std::int64_t at = index % axes[i].size;
      index /= axes[i].size;
      a += at * axes[i].a_stride;
      b += at * axes[i].b_stride;
    }
    return {a, b};
  }
};

Batch batch_plan(const Shape& a, const Shape& b, const Shape& out) {
  Batch batch;
  const int axes = out.rank() - 2;
  std::int64_t a_stride = from_back(a, 1) * from_back(a, 2);
  std::int64_t b_stride = from_back(b, 1) * from_back(b, 2);
  std::vector<BatchAxis> reversed;
  for (int back = 3; back < axes + 3; ++back) {
    const std::int64_t size = from_back(out, back);
    const std::int64_t a_size = back <= a.rank() ? from_back(a, back) : 1;
    const std::int64_t b_size = back <= b.rank() ? from_back(b, back) : 1;
    batch.count *= size;
    const BatchAxis axis{size, a_size == 1 ? 0 : a_stride, b_size == 1 ? 0 : b_stride};
    a_stride *= a_size;
    b_stride *= b_size;
    if (size == 1) continue;
    if (!reversed.empty()) {
      BatchAxis& last = reversed.back();
      if (axis.a_stride == last.a_stride * last.size && axis.b_stride == last.b_stride * last.size) {
        last.size *= size;
        continue;
      }
    }
    reversed.push_back(axis);
  }
  batch.axes.assign(reversed.rbegin(), reversed.rend());
  return batch;
}

struct Problem {
  Batch batch;
  bool transpose_a, transpose_b;
  std::int64_t m, n, k;
};

Problem problem_of(const KernelRequest& request) {
  const Shape& a = request.shape(0);
  const Shape& b = request.shape(1);
  const Sizes sizes = sizes_of(a, b, request.attributes);
  Problem problem{batch_plan(a, b, request.outputs[0].shape), request.attributes.boolean("transpose_a"),
                  request.attributes.boolean("transpose_b"), sizes.m, sizes.n, sizes.k_of_a};
  // One matrix b for a whole stack of a: the stack is one tall matrix.
  const bool is_shared_b = std::all_of(problem.batch.axes.begin(), problem.batch.axes.end(), [](const BatchAxis& axis) { return axis.b_stride == 0; });
  const bool is_dense_a = problem.batch.axes.size() <= 1 && (problem.batch.axes.empty() || problem.batch.axes[0].a_stride == problem.m * problem.k);
  if (is_shared_b && is_dense_a && !problem.transpose_a) {
    problem.m *= problem.batch.count;
    problem.batch = {};
  }
  return problem;
}

template <class T>
kernels::Gemm<T> gemm_of(const Problem& problem) {
  kernels::Gemm<T> gemm;
  gemm.transpose_a = problem.transpose_a;
  gemm.transpose_b = problem.transpose_b;
  gemm.m = problem.m;
  gemm.n = problem.n;
  gemm.k = problem.k;
  gemm.lda = problem.transpose_a ? problem.m : problem.k;
  gemm.ldb = problem.transpose_b ? problem.k : problem.n;
  gemm.ldc = problem.n;
  return gemm;
}

template <class T>
Kernel gemm_kernel(KernelRequest& request, Problem problem) {
  kernels::Gemm<T> gemm = gemm_of<T>(problem);
  gemm.may_split = request.may_split_products && problem.batch.axes.empty();
  const std::size_t scratch = (kernels::gemm_workspace(gemm) + kAlignment - 1) / kAlignment * kAlignment;
  const std::int64_t count = problem.batch.count;
  const std::int64_t step = problem.m * problem.n;
  request.workspace_bytes = scratch;
  if (problem.batch.axes.empty()) {
    return [gemm](const KernelCall& call) { kernels::gemm<T>(gemm, call.in<T>(0), call.in<T>(1), nullptr, call.out<T>(0), call.workspace); };
  }
  const bool is_small = problem.m * problem.n * problem.k <= kSmallProduct;
  // Small products go to at most kTasks tasks, each with its own scratch; big ones one after another, each split inside.
  const std::int64_t least = std::max<std::int64_t>(1, kSmallProduct / std::max<std::int64_t>(1, problem.m * problem.n * problem.k));
  const std::int64_t grain = is_small ? std::max(least, (count + kTasks - 1) / kTasks) : count;
  const std::int64_t tasks = (count + grain - 1) / grain;
  request.workspace_bytes = scratch * static_cast<std::size_t>(std::max<std::int64_t>(1, tasks));
  return [gemm, batch = std::move(problem.batch), scratch, step, grain](const KernelCall& call) {
    const auto products = [&](std::int64_t begin, std::int64_t end) {
      char* workspace = static_cast<char*>(call.workspace) + static_cast<std::size_t>(begin / grain) * scratch;
      for (std::int64_t i = begin; i < end; ++i) {
        const auto [a, b] = batch.offsets(i);
        kernels::gemm<T>(gemm, call.in<T>(0) + a, call.in<T>(1) + b, nullptr, call.out<T>(0) + i * step, workspace);
      }
    };
    if (grain >= batch.count) {
      products(0, batch.count);
    } else {
      parallel_for(batch.count, grain, products);
    }
  };
}

template <class T>
Kernel integer_kernel(const Problem& problem) {
  return [problem](const KernelCall& call) {
    const std::int64_t a_row = problem.transpose_a ? 1 : problem.k;
    const std::int64_t a_column = problem.transpose_a ? problem.m : 1;
    const std::int64_t b_row = problem.transpose_b ? 1 : problem.n;
    const std::int64_t b_column = problem.transpose_b ? problem.k : 1;
    const std::int64_t grain = std::max<std::int64_t>(1, 16 * 1024 / std::max<std::int64_t>(1, problem.n * problem.k));
    parallel_for(problem.batch.count * problem.m, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t item = begin; item < end; ++item) {
        const auto [a_start, b_start] = problem.batch.offsets(item / problem.m);
        const T* a = call.in<T>(0) + a_start + item % problem.m * a_row;
        const T* b = call.in<T>(1) + b_start;
        T* out = call.out<T>(0) + item * problem.n;
        std::fill(out, out + problem.n, T(0));
        for (std::int64_t i = 0; i < problem.k; ++i) {
          const T factor = a[i * a_column];
          for (std::int64_t j = 0; j < problem.n; ++j) {
            out[j] = kernels::wrapping_add(out[j], kernels::wrapping_multiply(factor, b[i * b_row + j * b_column]));
          }
        }
      }
    });
  };
}

Kernel matmul_kernel(KernelRequest& request) {
  if (request.outputs[0].shape.elements() == 0) return [](const KernelCall&) {};
  Problem problem = problem_of(request);
  if (request.dtype(0) == Dtype::kFloat32) return gemm_kernel<float>(request, std::move(problem));
  if (request.dtype(0) == Dtype::kFloat64) return gemm_kernel<double>(request, std::move(problem));
  return kernels::visit_arithmetic(request.dtype(0), [&](auto type) -> Kernel { return integer_kernel<typename decltype(type)::type>(problem); });
}

// ---------------------------------------------------------------- rows at a time

// The second operand is read once for each piece, so it must stay in the cache.
constexpr std::size_t kKeptBytes = std::size_t{4} << 20;

template <class T>
PanelKernel gemm_panel(KernelRequest& request, const Problem& problem, std::int64_t rows) {
  if (static_cast<std::size_t>(problem.k * problem.n) * sizeof(T) > kKeptBytes) return {};
  kernels::Gemm<T> gemm = gemm_of<T>(problem);
  gemm.m = rows;
  request.workspace_bytes = kernels::gemm_workspace(gemm);
  const std::int64_t row_step = problem.transpose_a ? 1 : gemm.lda;
  PanelKernel panel;
  panel.rows = [gemm, row_step](const KernelCall& call, const void*, std::int64_t begin, std::int64_t end) {
    kernels::Gemm<T> piece = gemm;
    piece.m = end - begin;
    kernels::gemm<T>(piece, call.in<T>(0) + begin * row_step, call.in<T>(1), nullptr, call.out<T>(0), call.workspace);
  };
  return panel;
}

// The panels share the second operand in split form.
PanelKernel split_gemm_panel(KernelRequest& request, kernels::Gemm<float> gemm, std::int64_t rows) {
  gemm.m = rows;
  request.workspace_bytes = kernels::gemm_on_split_workspace(gemm);
  const std::int64_t row_step = gemm.transpose_a ? 1 : gemm.lda;
  PanelKernel panel;
  panel.shared_bytes = kernels::gemm_split_bytes(gemm);
  panel.prepare = [gemm](const KernelCall& call) { kernels::gemm_split(gemm, call.in<float>(1), call.workspace); };
  panel.rows = [gemm, row_step](const KernelCall& call, const void* shared, std::int64_t begin, std::int64_t end) {
    kernels::Gemm<float> piece = gemm;
    piece.m = end - begin;
    kernels::gemm_on_split(piece, call.in<float>(0) + begin * row_step, call.in<float>(1), shared, call.out<float>(0), call.workspace);
  };
  return panel;
}

PanelKernel matmul_panel(KernelRequest& request, std::int64_t rows) {
  const Problem problem = problem_of(request);
  if (!problem.batch.axes.empty()) return {};
  if (request.dtype(0) == Dtype::kFloat32) {
    kernels::Gemm<float> gemm = gemm_of<float>(problem);
    gemm.may_split = request.may_split_products;
    return kernels::gemm_is_split(gemm) ? split_gemm_panel(request, gemm, rows) : gemm_panel<float>(request, problem, rows);
  }
  if (request.dtype(0) == Dtype::kFloat64) return gemm_panel<double>(request, problem, rows);
  return {};
}

// ---------------------------------------------------------------- gradient

bool is_batch_reduced(const Value& operand, const Value& other, const Value& result) {
  return may_have_been_broadcast(batch_of(operand.shape()), batch_of(other.shape()), batch_of(result.shape()));
}

// a stacked over several axes, b one matrix: the gradient of b is one product over all rows of the stack.
Value stacked_gradient_b(Builder& build, const Value& a, const Value& g, bool transpose_b) {
  const auto rows = [&](const Value& x) { return build.emit1("reshape", {x}, {{"shape", Ints{-1, from_back(x.shape(), 1)}}}); };
  return transpose_b ? build.matmul(rows(g), rows(a), true, false) : build.matmul(rows(a), rows(g), true, false);
}

std::vector<Value> matmul_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const Value& a = context.inputs[0];
  const Value& b = context.inputs[1];
  const Value& g = context.gradients[0];
  const bool transpose_a = context.attributes.boolean("transpose_a");
  const bool transpose_b = context.attributes.boolean("transpose_b");
  std::vector<Value> result(2);
  if (context.wanted[0]) {
    result[0] = transpose_a ? build.matmul(b, g, transpose_b, true) : build.matmul(g, b, false, !transpose_b);
    if (is_batch_reduced(a, b, g)) result[0] = build.reduce_to(result[0], a);
  }
  if (context.wanted[1]) {
    const bool has_known_rows = from_back(a.shape(), 1) > 0 && from_back(g.shape(), 1) > 0;
    if (b.shape().rank() == 2 && a.shape().rank() > 2 && !transpose_a && has_known_rows) {
      result[1] = stacked_gradient_b(build, a, g, transpose_b);
    } else {
      result[1] = transpose_b ? build.matmul(g, a, true, transpose_a) : build.matmul(a, g, !transpose_a, false);
      if (is_batch_reduced(b, a, g)) result[1] = build.reduce_to(result[1], b);
    }
  }
  return result;
}

}  // namespace

void register_matmul(Registry& registry) {
  Op op;
  op.name = "matmul";
  op.min_inputs = op.max_inputs = 2;
  op.attributes = {{"transpose_a", AttributeKind::kBool, false, false}, {"transpose_b", AttributeKind::kBool, false, false}};
  op.shape_rule = matmul_specs;
  op.kernel = in_float32(matmul_kernel);
  op.panel_kernel = matmul_panel;
  op.gradient = matmul_gradient;
  registry.add(std::move(op));
}

}  // namespace keraunos
