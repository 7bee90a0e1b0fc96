// What the shape rules of several families share: broadcasting, axes, sizes, and checks that name what is wrong.
#pragma once

#include <string>
#include <vector>

#include "keraunos/op.h"

namespace keraunos {

// In a list of sizes: taken from the next trailing scalar input.
inline constexpr std::int64_t kFromInput = -2;

// NumPy's rule; kUnknown with 1 stays unknown, with k > 1 becomes k.
Shape broadcast_shapes(const char* subject, const Shape& a, const Shape& b);

// "(3, 4) and (5,)", the evidence of most shape errors.
std::string both(const Shape& a, const Shape& b);
// "[0, 2]"
std::string list_text(const Ints& values);

void require_same_dtype(const InferContext& context, std::size_t a, std::size_t b);
void require_floating(const InferContext& context, std::size_t i);
void require_integer(const InferContext& context, std::size_t i, const char* argument);
void require_scalar(const InferContext& context, std::size_t i, const char* argument);
void require_min_rank(const InferContext& context, std::size_t i, int rank);

// The shape of input `i` must be `expected`, as far as both are known.
void require_shape(const InferContext& context, std::size_t i, const Shape& expected);

// The attribute "axis", in [0, rank).
int checked_axis(const InferContext& context, int rank);
// The attribute "axes": each in [0, rank), rising.
const Ints& checked_axes(const InferContext& context, int rank);

// `sizes` with each kFromInput replaced by the value of a trailing input, from input `first` on; kUnknown where that value
// is not known yet. Other sizes must be >= 0 (>= -1 when is_wildcard_allowed).
Shape sizes_from(const InferContext& context, const Ints& sizes, std::size_t first, bool is_wildcard_allowed = false);

// Whether a sum over broadcast axes may be needed to bring the result's gradient back to operand `a`.
bool may_have_been_broadcast(const Shape& a, const Shape& other, const Shape& result);

// Product of the sizes in [begin, end). Sizes must be known.
std::int64_t product(const Shape& shape, int begin, int end);
// Row-major strides in elements.
Ints strides_of(const Shape& shape);

bool is_half(Dtype dtype);
// What arithmetic on this dtype is done in.
Dtype computed_in(Dtype dtype);

// Common shape rules.
std::vector<TensorSpec> same_as_first(const InferContext& context);

}  // namespace keraunos
