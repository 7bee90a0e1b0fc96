#include "keraunos/tensor.h"

#include <cstring>
#include <limits>

#include "base/memory.h"
#include "kernels/kernels.h"
#include "kernels/movement.h"
#include "keraunos/error.h"

namespace keraunos {
namespace {

std::size_t checked_bytes(Dtype dtype, const Shape& shape) {
  const auto elements = static_cast<std::uint64_t>(shape.elements());
  if (elements > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / size_of(dtype)) {
    throw value_error("tensor", "has more bytes than can be addressed", shape);
  }
  return static_cast<std::size_t>(elements) * size_of(dtype);
}

template <class T>
Tensor scalar_from(T value, Dtype dtype) {
  Tensor out(dtype, Shape());
  kernels::find_cast_loop(dtype_of<T>(), dtype)(&value, out.data(), 1);
  return out;
}

template <class T>
T element_as(const Tensor& tensor, std::int64_t index) {
  T value{};
  const char* from = tensor.as<char>() + static_cast<std::size_t>(index) * size_of(tensor.dtype());
  kernels::find_cast_loop(tensor.dtype(), dtype_of<T>())(from, &value, 1);
  return value;
}

}  // namespace

Tensor::Tensor(Dtype dtype, Shape shape)
    : spec_{dtype, std::move(shape)}, data_(allocate_aligned(checked_bytes(dtype, spec_.shape))) {}

Tensor Tensor::zeros(Dtype dtype, Shape shape) {
  Tensor out(dtype, std::move(shape));
  std::memset(out.data(), 0, out.bytes());
  return out;
}

Tensor Tensor::scalar(double value, Dtype dtype) { return scalar_from(value, dtype); }

Tensor Tensor::scalar_int(std::int64_t value, Dtype dtype) { return scalar_from(value, dtype); }

template <class T>
Tensor Tensor::from(const std::vector<T>& values, Shape shape) {
  Tensor out(dtype_of<T>(), std::move(shape));
  if (static_cast<std::int64_t>(values.size()) != out.elements()) {
    throw value_error("tensor", "needs as many values as the shape has elements", std::to_string(values.size()) + " values",
                      out.shape());
  }
  T* target = out.as<T>();
  for (std::size_t i = 0; i < values.size(); ++i) target[i] = values[i];
  return out;
}

template Tensor Tensor::from(const std::vector<bool>&, Shape);
template Tensor Tensor::from(const std::vector<std::uint8_t>&, Shape);
template Tensor Tensor::from(const std::vector<std::uint16_t>&, Shape);
template Tensor Tensor::from(const std::vector<std::uint32_t>&, Shape);
template Tensor Tensor::from(const std::vector<std::uint64_t>&, Shape);
template Tensor Tensor::from(const std::vector<std::int8_t>&, Shape);
template Tensor Tensor::from(const std::vector<std::int16_t>&, Shape);
template Tensor Tensor::from(const std::vector<std::int32_t>&, Shape);
template Tensor Tensor::from(const std::vector<std::int64_t>&, Shape);
template Tensor Tensor::from(const std::vector<float>&, Shape);
template Tensor Tensor::from(const std::vector<double>&, Shape);

Tensor Tensor::reshaped(Shape shape) const {
  if (shape.elements() != elements()) {
    throw value_error("tensor", "a reshape must keep the number of elements", spec_.shape.text() + " and " + shape.text());
  }
  return Tensor(spec_.dtype, std::move(shape), data_);
}

Tensor Tensor::copy() const {
  Tensor out(spec_.dtype, spec_.shape);
  kernels::copy_bytes(data(), out.data(), bytes());
  return out;
}

double Tensor::value_at(std::int64_t index) const { return element_as<double>(*this, index); }

std::int64_t Tensor::int_at(std::int64_t index) const { return element_as<std::int64_t>(*this, index); }

Tensor cast(const Tensor& tensor, Dtype dtype) {
  Tensor out(dtype, tensor.shape());
  kernels::cast_elements(tensor.dtype(), dtype, tensor.data(), out.data(), tensor.elements());
  return out;
}

}  // namespace keraunos
