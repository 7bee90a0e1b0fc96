// Element types of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

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

// The dtype of a C++ element type. The 16-bit floats have none.
template <class T>
constexpr Dtype dtype_of() {
  if constexpr (std::is_same_v<T, bool>) return Dtype::kBool;
  if constexpr (std::is_same_v<T, std::uint8_t>) return Dtype::kUint8;
  if constexpr (std::is_same_v<T, std::uint16_t>) return Dtype::kUint16;
  if constexpr (std::is_same_v<T, std::uint32_t>) return Dtype::kUint32;
  if constexpr (std::is_same_v<T, std::uint64_t>) return Dtype::kUint64;
  if constexpr (std::is_same_v<T, std::int8_t>) return Dtype::kInt8;
  if constexpr (std::is_same_v<T, std::int16_t>) return Dtype::kInt16;
  if constexpr (std::is_same_v<T, std::int32_t>) return Dtype::kInt32;
  if constexpr (std::is_same_v<T, std::int64_t>) return Dtype::kInt64;
  if constexpr (std::is_same_v<T, float>) return Dtype::kFloat32;
  if constexpr (std::is_same_v<T, double>) return Dtype::kFloat64;
}

inline bool is_floating(Dtype dtype) { return dtype >= Dtype::kFloat16; }
inline bool is_signed_integer(Dtype dtype) { return dtype >= Dtype::kInt8 && dtype <= Dtype::kInt64; }
inline bool is_integer(Dtype dtype) { return dtype >= Dtype::kUint8 && dtype <= Dtype::kInt64; }

}  // namespace keraunos
