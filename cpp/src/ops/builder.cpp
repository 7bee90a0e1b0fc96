#include "keraunos/op.h"

namespace keraunos {
namespace {

bool is_surely_shaped_like(const Value& a, const Value& reference) { return a.shape().is_known() && a.shape() == reference.shape(); }

bool is_identity(const Ints& axes) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] != static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

}  // namespace

std::vector<Value> Builder::emit_named(const char* op, std::vector<Value> inputs, Attributes attributes) {
  return emit(find_op(op), std::move(inputs), std::move(attributes));
}

Value Builder::emit1(const char* op, std::vector<Value> inputs, Attributes attributes) {
  return emit(find_op(op), std::move(inputs), std::move(attributes)).at(0);
}

Value Builder::constant(double value, Dtype dtype) { return Value(Tensor::scalar(value, dtype)); }

Value Builder::constant_like(double value, const Value& reference) { return constant(value, reference.dtype()); }

Value Builder::cast(const Value& a, Dtype dtype) {
  if (a.dtype() == dtype) return a;
  return emit1("cast", {a}, {{"dtype", dtype}});
}

Value Builder::matmul(const Value& a, const Value& b, bool transpose_a, bool transpose_b) {
  return emit1("matmul", {a, b}, {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}});
}

Value Builder::sum(const Value& a, Ints axes, bool keepdims) {
  if (axes.empty()) return a;
  return emit1("sum", {a}, {{"axes", std::move(axes)}, {"keepdims", keepdims}});
}

Value Builder::transpose(const Value& a, Ints axes) {
  if (is_identity(axes)) return a;
  return emit1("transpose", {a}, {{"axes", std::move(axes)}});
}

Value Builder::reduce_to(const Value& a, const Value& reference) {
  return is_surely_shaped_like(a, reference) ? a : emit1("reduce_to", {a, reference});
}

Value Builder::broadcast_like(const Value& a, const Value& reference) {
  return is_surely_shaped_like(a, reference) ? a : emit1("broadcast_like", {a, reference});
}

Value Builder::reshape_like(const Value& a, const Value& reference) {
  return is_surely_shaped_like(a, reference) ? a : emit1("reshape_like", {a, reference});
}

Value Builder::zeros_like(const Value& reference) { return emit1("zeros_like", {reference}); }

}  // namespace keraunos
