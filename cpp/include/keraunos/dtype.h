// Element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace keraunos {

enum class Dtype : std::uint8_t {
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat16,
  kBfloat16,
  kFloat32,
  kFloat64,
};

inline constexpr int kDtypeCount = 13;

// Bytes of one element.
std::size_t size_of(Dtype dtype);

// Keras's name: "float32", "int8", "bool", ...
const char* name_of(Dtype dtype);

// Throws ErrorKind::kValue for a name that is not a dtype.
Dtype dtype_from_name(const std::string& name);

inline bool is_floating(Dtype dtype) { return dtype >= Dtype::kFloat16; }
inline bool is_signed_integer(Dtype dtype) { return dtype >= Dtype::kInt8 && dtype <= Dtype::kInt64; }
inline bool is_integer(Dtype dtype) { return dtype >= Dtype::kUint8 && dtype <= Dtype::kInt64; }

}  // namespace keraunos
