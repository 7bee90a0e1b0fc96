// Solves a x = b for triangular matrices, row after row.
#include "ops/half_precision.h"
#include "ops/matrices.h"
#include "ops/registry.h"

namespace keraunos {
namespace {

struct Triangle {
  std::int64_t n, columns;
  bool is_lower, is_transposed, has_unit_diagonal;

  // Whether the first row of x follows from the first row of b alone.
  bool starts_at_top() const { return is_lower != is_transposed; }
};

std::vector<TensorSpec> triangular_solve_specs(const InferContext& context) {
  require_floating(context, 0);
  require_same_dtype(context, 0, 1);
  const Shape& a = context.shape(0);
  const Shape& b = context.shape(1);
  if (a.rank() < 2 || b.rank() != a.rank()) throw value_error("triangular_solve", "needs stacks of matrices of equal rank", both(a, b));
  const std::int64_t rows = from_back(a, 2), columns = from_back(a, 1);
  if (rows != columns && rows != kUnknown && columns != kUnknown) throw value_error("triangular_solve", "`a` must hold square matrices", a);
  Shape expected = a;
  expected[a.rank() - 1] = from_back(b, 1);
  require_shape(context, 1, expected);
  return {{context.dtype(0), b}};
}

template <class T>
void solve(const Triangle& triangle, const T* a, const T* b, T* x) {
  const std::int64_t n = triangle.n, columns = triangle.columns;
  const std::int64_t row_step = triangle.is_transposed ? 1 : n, column_step = triangle.is_transposed ? n : 1;
  const bool is_forward = triangle.starts_at_top();
  for (std::int64_t step = 0; step < n; ++step) {
    const std::int64_t row = is_forward ? step : n - 1 - step;
    T* out = x + row * columns;
    std::copy(b + row * columns, b + (row + 1) * columns, out);
    for (std::int64_t i = is_forward ? 0 : row + 1, end = is_forward ? row : n; i < end; ++i) {
      const T factor = a[row * row_step + i * column_step];
      for (std::int64_t j = 0; j < columns; ++j) out[j] -= factor * x[i * columns + j];
    }
    if (triangle.has_unit_diagonal) continue;
    const T pivot = a[row * (n + 1)];
    for (std::int64_t j = 0; j < columns; ++j) out[j] /= pivot;
  }
}

template <class T>
Kernel kernel_of(KernelRequest& request) {
  const Shape& b = request.shape(1);
  const Attributes& attributes = request.attributes;
  const Triangle triangle{from_back(b, 2), from_back(b, 1), attributes.boolean("lower"), attributes.boolean("transpose"), attributes.boolean("unit_diagonal")};
  const MatrixStack stack(request, 0, triangle.n * triangle.n * triangle.columns);
  return [=](const KernelCall& call) {
    stack.run(call, [&](std::int64_t i, double*) {
      const std::int64_t step = triangle.n * triangle.columns;
      solve(triangle, call.in<T>(0) + i * triangle.n * triangle.n, call.in<T>(1) + i * step, call.out<T>(0) + i * step);
    });
  };
}

Kernel triangular_solve_kernel(KernelRequest& request) {
  return request.dtype(0) == Dtype::kFloat64 ? kernel_of<double>(request) : kernel_of<float>(request);
}

std::vector<Value> triangular_solve_gradient(const GradientContext& context) {
  Builder& build = context.build;
  const bool is_lower = context.attributes.boolean("lower"), is_transposed = context.attributes.boolean("transpose");
  const bool has_unit_diagonal = context.attributes.boolean("unit_diagonal");
  const Formula a(build, context.inputs[0]), x(build, context.outputs[0]);
  const Formula of_b = triangular_solution(a, {build, context.gradients[0]}, build, is_lower, !is_transposed, has_unit_diagonal);
  std::vector<Value> result{Value(), of_b};
  if (!context.wanted[0]) return result;
  const Formula full = -(is_transposed ? product_of(x, of_b, build, false, true) : product_of(of_b, x, build, false, true));
  // Nothing flows to what the kernel does not read.
  const Formula is_below = is_below_diagonal(full, build, is_lower != has_unit_diagonal);
  result[0] = is_lower ? is_below.choose(full, full.number(0.0)) : is_below.choose(full.number(0.0), full);
  return result;
}

}  // namespace

void register_triangular_solve(Registry& registry) {
  Op op;
  op.name = "triangular_solve";
  op.min_inputs = op.max_inputs = 2;
  op.attributes = {{"lower", AttributeKind::kBool}, {"transpose", AttributeKind::kBool, false, false}, {"unit_diagonal", AttributeKind::kBool, false, false}};
  op.shape_rule = triangular_solve_specs;
  op.kernel = in_float32(triangular_solve_kernel);
  op.gradient = triangular_solve_gradient;
  registry.add(std::move(op));
}

}  // namespace keraunos
