// From a dtype known at run time to a type known to the compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "keraunos/dtype.h"
#include "keraunos/error.h"

namespace keraunos::kernels {

// An element that is only moved. Made of bytes, so that it may stand for any type of its size.
template <std::size_t size>
struct alignas(size) Element {
  unsigned char bytes[size];
};

template <class T>
struct Type {
  using type = T;
};

// Calls visit(Type<Element<n>>()) for the element size.
template <class Visit>
decltype(auto) visit_element_size(std::size_t size, Visit&& visit) {
  switch (size) {
    case 1: return visit(Type<Element<1>>());
    case 2: return visit(Type<Element<2>>());
    case 4: return visit(Type<Element<4>>());
    default: return visit(Type<Element<8>>());
  }
}

// Calls visit(Type<T>()) with the C++ type of a dtype that has arithmetic: everything but the 16-bit floats. bool is uint8.
template <class Visit>
decltype(auto) visit_arithmetic(Dtype dtype, Visit&& visit) {
  switch (dtype) {
    case Dtype::kBool:
    case Dtype::kUint8: return visit(Type<std::uint8_t>());
    case Dtype::kUint16: return visit(Type<std::uint16_t>());
    case Dtype::kUint32: return visit(Type<std::uint32_t>());
    case Dtype::kUint64: return visit(Type<std::uint64_t>());
    case Dtype::kInt8: return visit(Type<std::int8_t>());
    case Dtype::kInt16: return visit(Type<std::int16_t>());
    case Dtype::kInt32: return visit(Type<std::int32_t>());
    case Dtype::kInt64: return visit(Type<std::int64_t>());
    case Dtype::kFloat32: return visit(Type<float>());
    case Dtype::kFloat64: return visit(Type<double>());
    default: throw type_error("kernel", "has no loop for this dtype", name_of(dtype));
  }
}

// Integers wrap around, as in NumPy; plain signed overflow would be undefined.
template <class T>
T wrapping_add(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return a + b;
  } else {
    return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }
}

template <class T>
T wrapping_multiply(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return a * b;
  } else {
    return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  }
}

}  // namespace keraunos::kernels
