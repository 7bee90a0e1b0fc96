#include <algorithm>

#include "keraunos/error.h"
#include "keraunos/tensor.h"

namespace keraunos {

void Shape::push_far(std::int64_t size) {
  if (far_.empty()) far_.assign(near_.begin(), near_.end());
  far_.push_back(size);
  ++rank_;
}

bool Shape::is_known() const {
  const ShapeSizes all = sizes();
  return std::none_of(all.begin(), all.end(), [](std::int64_t size) { return size < 0; });
}

std::int64_t Shape::elements() const {
  std::int64_t product = 1;
  bool has_zero = false;
  bool overflows = false;
  for (std::int64_t size : sizes()) {
    if (size < 0) throw value_error("shape", "every size must be known here", text());
    has_zero = has_zero || size == 0;
    overflows = overflows || __builtin_mul_overflow(product, size, &product);
  }
  if (has_zero) return 0;
  if (overflows) throw value_error("shape", "has more elements than can be addressed", text());
  return product;
}

std::string Shape::text() const {
  std::string out = "(";
  for (int axis = 0; axis < rank_; ++axis) {
    if (axis > 0) out += ", ";
    const std::int64_t size = data()[axis];
    out += size < 0 ? std::string("None") : std::to_string(size);
  }
  if (rank_ == 1) out += ',';
  return out + ')';
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.text(); }

int normalize_axis(std::int64_t axis, int rank, const char* subject) {
  if (axis < -rank || axis >= rank) {
    throw value_error(subject, "axis must be in [" + std::to_string(-rank) + ", " + std::to_string(rank) + ')',
                      "axis=" + std::to_string(axis));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace keraunos
