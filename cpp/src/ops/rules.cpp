#include "ops/rules.h"

#include <algorithm>

namespace keraunos {
namespace {

std::int64_t broadcast_size(std::int64_t a, std::int64_t b, bool& fits) {
  if (a == b || b == 1) return a;
  if (a == 1) return b;
  if (a == kUnknown) return b;
  if (b == kUnknown) return a;
  fits = false;
  return a;
}

// The size of `shape` at `axis` counted from the back; 1 where it has no such axis.
std::int64_t size_from_back(const Shape& shape, int axis) { return axis < shape.rank() ? shape[shape.rank() - 1 - axis] : 1; }

}  // namespace

std::string both(const Shape& a, const Shape& b) { return a.text() + " and " + b.text(); }

std::string list_text(const Ints& values) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size() && i < 64; ++i) out += (i > 0 ? ", " : "") + std::to_string(values[i]);
  return out + ']';
}

Shape broadcast_shapes(const char* subject, const Shape& a, const Shape& b) {
  if (a == b) return a;
  const int rank = std::max(a.rank(), b.rank());
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(rank));
  bool fits = true;
  for (int back = 0; back < rank; ++back) {
    sizes[static_cast<std::size_t>(rank - 1 - back)] = broadcast_size(size_from_back(a, back), size_from_back(b, back), fits);
  }
  if (!fits) throw value_error(subject, "shapes must broadcast to a common shape", both(a, b));
  return Shape(std::move(sizes));
}

void require_same_dtype(const InferContext& context, std::size_t a, std::size_t b) {
  if (context.dtype(a) == context.dtype(b)) return;
  throw type_error(context.op.name, "operands must share a dtype", std::string(name_of(context.dtype(a))) + " and " + name_of(context.dtype(b)));
}

void require_floating(const InferContext& context, std::size_t i) {
  if (!is_floating(context.dtype(i))) throw type_error(context.op.name, "needs a floating-point dtype", name_of(context.dtype(i)));
}

void require_integer(const InferContext& context, std::size_t i, const char* argument) {
  if (!is_integer(context.dtype(i))) throw type_error(context.op.name, std::string(argument) + " must have an integer dtype", name_of(context.dtype(i)));
}

void require_scalar(const InferContext& context, std::size_t i, const char* argument) {
  if (context.shape(i).rank() != 0) throw value_error(context.op.name, std::string(argument) + " must be a scalar", context.shape(i));
}

void require_min_rank(const InferContext& context, std::size_t i, int rank) {
  if (context.shape(i).rank() >= rank) return;
  throw value_error(context.op.name, "needs at least " + std::to_string(rank) + (rank == 1 ? " dimension" : " dimensions"), context.shape(i));
}

void require_shape(const InferContext& context, std::size_t i, const Shape& expected) {
  const Shape& given = context.shape(i);
  bool fits = given.rank() == expected.rank();
  for (int axis = 0; fits && axis < given.rank(); ++axis) {
    fits = given[axis] == expected[axis] || given[axis] == kUnknown || expected[axis] == kUnknown;
  }
  if (!fits) throw value_error(context.op.name, "input " + std::to_string(i) + " must have the shape " + expected.text(), given);
}

int checked_axis(const InferContext& context, int rank) {
  const std::int64_t axis = context.attributes.integer("axis");
  if (axis >= 0 && axis < rank) return static_cast<int>(axis);
  throw value_error(context.op.name, "axis must be in [0, " + std::to_string(rank) + ')', "axis=" + std::to_string(axis), context.shape(0));
}

const Ints& checked_axes(const InferContext& context, int rank) {
  const Ints& axes = context.attributes.ints("axes");
  std::int64_t last = -1;
  for (std::int64_t axis : axes) {
    if (axis <= last || axis >= rank) {
      throw value_error(context.op.name, "axes must rise and lie in [0, " + std::to_string(rank) + ')', "axes=" + list_text(axes), context.shape(0));
    }
    last = axis;
  }
  return axes;
}

Shape sizes_from(const InferContext& context, const Ints& sizes, std::size_t first, bool is_wildcard_allowed) {
  std::vector<std::int64_t> known;
  known.reserve(sizes.size());
  std::size_t next = first;
  for (std::int64_t size : sizes) {
    if (size == kFromInput) {
      if (next >= context.inputs.size()) {
        throw value_error(context.op.name, "needs one scalar input per size that is not in the list", list_text(sizes));
      }
      require_scalar(context, next, "a size");
      require_integer(context, next, "a size");
      const Tensor* value = next < context.values.size() ? context.values[next] : nullptr;
      size = value && value->has_data() ? value->int_at(0) : kUnknown;
      ++next;
      if (value && value->has_data() && size < 0) throw value_error(context.op.name, "sizes must not be negative", std::to_string(size));
    } else if (size < 0 && !(is_wildcard_allowed && size == -1)) {
      throw value_error(context.op.name, "sizes must not be negative", list_text(sizes));
    }
    known.push_back(size);
  }
  return Shape(std::move(known));
}

bool may_have_been_broadcast(const Shape& a, const Shape& other, const Shape& result) {
  if (a.rank() != result.rank()) return true;
  for (int back = 0; back < a.rank(); ++back) {
    const std::int64_t size = size_from_back(a, back);
    if (size == kUnknown ? size_from_back(other, back) != 1 : size != size_from_back(result, back)) return true;
  }
  return false;
}

std::int64_t product(const Shape& shape, int begin, int end) {
  std::int64_t result = 1;
  for (int axis = begin; axis < end; ++axis) result *= shape[axis];
  return result;
}

Ints strides_of(const Shape& shape) {
  Ints strides(static_cast<std::size_t>(shape.rank()));
  std::int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return strides;
}

bool is_half(Dtype dtype) { return dtype == Dtype::kFloat16 || dtype == Dtype::kBfloat16; }

Dtype computed_in(Dtype dtype) { return is_half(dtype) ? Dtype::kFloat32 : dtype; }

std::vector<TensorSpec> same_as_first(const InferContext& context) { return {context.inputs[0]}; }

}  // namespace keraunos
