#include "ops/matrices.h"

namespace keraunos {
namespace {

constexpr std::int64_t kTasks = 16;
// Multiplications that are worth a task of their own.
constexpr std::int64_t kLeastWork = 20 * 1000;

// 0, 1, ... along one of the last two axes of x, of the other size 1.
Formula positions(const Formula& x, Builder& build, int back) {
  const std::int64_t axis = x.value().shape().rank() - back;
  const Value size = build.emit1("dim", {x.value()}, {{"axis", axis}});
  const Value line = build.emit1("iota", {size}, {{"size", std::int64_t{kFromInput}}, {"dtype", Dtype::kInt32}});
  return {build, build.emit1("expand_dims", {line}, {{"axes", Ints{back == 2 ? 1 : 0}}})};
}

}  // namespace

Shape matrices_like(const Shape& shape, std::int64_t rows, std::int64_t columns) {
  Shape result = shape;
  result[shape.rank() - 2] = rows;
  result[shape.rank() - 1] = columns;
  return result;
}

Shape vectors_like(const Shape& shape, std::int64_t size) {
  Shape result(std::vector<std::int64_t>(shape.sizes().begin(), shape.sizes().end() - 2));
  result.push_back(size);
  return result;
}

MatrixStack::MatrixStack(KernelRequest& request, std::int64_t doubles, std::int64_t work)
    : count_(product(request.shape(0), 0, request.shape(0).rank() - 2)),
      grain_(std::max(kLeastWork / std::max<std::int64_t>(1, work) + 1, (count_ + kTasks - 1) / kTasks)),
      bytes_((static_cast<std::size_t>(doubles) * sizeof(double) + kAlignment - 1) / kAlignment * kAlignment) {
  request.workspace_bytes = bytes_ * static_cast<std::size_t>((count_ + grain_ - 1) / grain_);
}

Formula product_of(const Formula& a, const Formula& b, Builder& build, bool transpose_a, bool transpose_b) {
  return {build, build.matmul(a, b, transpose_a, transpose_b)};
}

Formula transposed(const Formula& x, Builder& build) {
  Ints axes;
  for (int axis = 0; axis < x.value().shape().rank(); ++axis) axes.push_back(axis);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return {build, build.transpose(x, axes)};
}

Formula is_below_diagonal(const Formula& x, Builder& build, bool with_diagonal) {
  return positions(x, build, 2).apply(with_diagonal ? "greater_equal" : "greater", positions(x, build, 1));
}

Formula triangular_solution(const Formula& a, const Formula& b, Builder& build, bool is_lower, bool is_transposed, bool has_unit_diagonal) {
  return {build, build.emit1("triangular_solve", {a.value(), b.value()},
                             {{"lower", is_lower}, {"transpose", is_transposed}, {"unit_diagonal", has_unit_diagonal}})};
}

}  // namespace keraunos
