// Elementwise loops over integers and bool, and the loops that only move bytes. The compiler vectorises them.
#include "kernels/level/simd.h"
#include "kernels/level/tables.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

// Arithmetic is done in this type: it wraps, where the signed one is undefined on overflow.
template <class T>
struct WrappingOf;
#define KERAUNOS_WRAPPING(type, wrapping) \
  template <>                             \
  struct WrappingOf<type> {               \
    using Type = wrapping;                \
  };
KERAUNOS_WRAPPING(std::uint8_t, std::uint8_t)
KERAUNOS_WRAPPING(std::int8_t, std::uint8_t)
KERAUNOS_WRAPPING(std::uint16_t, std::uint32_t)  // two uint16 multiply as int, which overflows
KERAUNOS_WRAPPING(std::int16_t, std::uint32_t)
KERAUNOS_WRAPPING(std::uint32_t, std::uint32_t)
KERAUNOS_WRAPPING(std::int32_t, std::uint32_t)
KERAUNOS_WRAPPING(std::uint64_t, std::uint64_t)
KERAUNOS_WRAPPING(std::int64_t, std::uint64_t)
#undef KERAUNOS_WRAPPING

template <class T>
constexpr bool kIsSigned = T(-1) < T(0);

template <class T, class R, class F>
KERAUNOS_INLINE void unary(const void* in, void* to, std::int64_t n, F f) {
  const T* a = static_cast<const T*>(in);
  R* out = static_cast<R*>(to);
  KERAUNOS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) out[i] = f(a[i]);
}
template <class T, class R, class F>
KERAUNOS_INLINE void binary(const void* left, const void* right, void* to, std::int64_t n, F f) {
  const T* a = static_cast<const T*>(left);
  const T* b = static_cast<const T*>(right);
  R* out = static_cast<R*>(to);
  KERAUNOS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
}

#define KERAUNOS_LOOP(name)                                                                                              \
  template <class T>                                                                                                     \
  void name([[maybe_unused]] const void* a, [[maybe_unused]] const void* b, [[maybe_unused]] const void* c, void* out, \
            std::int64_t n, const double*)
#define KERAUNOS_UNARY(name, R, value) \
  KERAUNOS_LOOP(name) { \
    unary<T, R>(a, out, n, [](T x) { \
      using U = typename WrappingOf<T>::Type; \
      [[maybe_unused]] const U u = static_cast<U>(x); \
      return static_cast<R>(value); \
    }); \
  }
#define KERAUNOS_BINARY(name, R, value) \
  KERAUNOS_LOOP(name) { \
    binary<T, R>(a, b, out, n, [](T x, T y) { \
      using U = typename WrappingOf<T>::Type; \
      [[maybe_unused]] const U u = static_cast<U>(x), v = static_cast<U>(y); \
      return static_cast<R>(value); \
    }); \
  }

KERAUNOS_UNARY(map_negative, T, U(0) - u)
KERAUNOS_UNARY(map_absolute, T, kIsSigned<T>&& x < 0 ? U(0) - u : u)
KERAUNOS_UNARY(map_sign, T, (x > 0) - (x < T(0)))
KERAUNOS_UNARY(map_square, T, u* u)
KERAUNOS_UNARY(map_relu, T, x > 0 ? x : T(0))
KERAUNOS_UNARY(map_bitwise_not, T, ~u)
KERAUNOS_UNARY(map_false, std::uint8_t, (static_cast<void>(x), 0))
KERAUNOS_UNARY(map_true, std::uint8_t, (static_cast<void>(x), 1))
KERAUNOS_UNARY(map_signbit, std::uint8_t, x < T(0))
KERAUNOS_UNARY(map_logical_not, std::uint8_t, x == 0)

KERAUNOS_BINARY(map_add, T, u + v)
KERAUNOS_BINARY(map_subtract, T, u - v)
KERAUNOS_BINARY(map_multiply, T, u* v)
KERAUNOS_BINARY(map_maximum, T, x > y ? x : y)
KERAUNOS_BINARY(map_minimum, T, x < y ? x : y)
KERAUNOS_BINARY(map_equal, std::uint8_t, x == y)
KERAUNOS_BINARY(map_not_equal, std::uint8_t, x != y)
KERAUNOS_BINARY(map_greater, std::uint8_t, x > y)
KERAUNOS_BINARY(map_greater_equal, std::uint8_t, x >= y)
KERAUNOS_BINARY(map_less, std::uint8_t, x < y)
KERAUNOS_BINARY(map_less_equal, std::uint8_t, x <= y)
KERAUNOS_BINARY(map_logical_and, std::uint8_t, (x != 0) & (y != 0))
KERAUNOS_BINARY(map_logical_or, std::uint8_t, (x != 0) | (y != 0))
KERAUNOS_BINARY(map_logical_xor, std::uint8_t, (x != 0) ^ (y != 0))
KERAUNOS_BINARY(map_bitwise_and, T, u& v)
KERAUNOS_BINARY(map_bitwise_or, T, u | v)
KERAUNOS_BINARY(map_bitwise_xor, T, u ^ v)
// A count outside the word shifts everything out, as NumPy has it.
KERAUNOS_BINARY(map_left_shift, T, v < sizeof(T) * 8 && y >= T(0) ? u << (v & (sizeof(T) * 8 - 1)) : U(0))
KERAUNOS_BINARY(map_right_shift, T,
                v < sizeof(T) * 8 && y >= T(0) ? x >> (v & (sizeof(T) * 8 - 1)) : (kIsSigned<T> && x < T(0) ? T(-1) : T(0)))

KERAUNOS_LOOP(map_multiply_add) {
  using U = typename WrappingOf<T>::Type;
  const T* x = static_cast<const T*>(a);
  const T* y = static_cast<const T*>(b);
  const T* z = static_cast<const T*>(c);
  T* to = static_cast<T*>(out);
  KERAUNOS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) {
    to[i] = static_cast<T>(static_cast<U>(x[i]) * static_cast<U>(y[i]) + static_cast<U>(z[i]));
  }
}

// Words of the size of the dtype: they are only moved.
KERAUNOS_LOOP(map_select) {
  const std::uint8_t* condition = static_cast<const std::uint8_t*>(a);
  const T* x = static_cast<const T*>(b);
  const T* y = static_cast<const T*>(c);
  T* to = static_cast<T*>(out);
  KERAUNOS_INDEPENDENT
  for (std::int64_t i = 0; i < n; ++i) to[i] = condition[i] != 0 ? x[i] : y[i];
}
KERAUNOS_LOOP(map_copy) {
  if (out != a) __builtin_memcpy(out, a, static_cast<std::size_t>(n) * sizeof(T));
}

template <class Word>
MapLoop find_move(MapOp op) {
  if (op == MapOp::kSelect) return map_select<Word>;
  if (op == MapOp::kCopy) return map_copy<Word>;
  return nullptr;
}

template <class T>
MapLoop find_for(MapOp op) {
  switch (op) {
    case MapOp::kNegative: return map_negative<T>;
    case MapOp::kAbsolute: return map_absolute<T>;
    case MapOp::kSign: return map_sign<T>;
    case MapOp::kSquare: return map_square<T>;
    case MapOp::kRelu: return map_relu<T>;
    case MapOp::kFloor:
    case MapOp::kCeil:
    case MapOp::kRound:
    case MapOp::kTrunc: return map_copy<T>;
    case MapOp::kIsNan:
    case MapOp::kIsInf: return map_false<T>;
    case MapOp::kIsFinite: return map_true<T>;
    case MapOp::kSignbit: return map_signbit<T>;
    case MapOp::kLogicalNot: return map_logical_not<T>;
    case MapOp::kBitwiseNot: return map_bitwise_not<T>;
    case MapOp::kAdd: return map_add<T>;
    case MapOp::kSubtract: return map_subtract<T>;
    case MapOp::kMultiply: return map_multiply<T>;
    case MapOp::kMaximum: return map_maximum<T>;
    case MapOp::kMinimum: return map_minimum<T>;
    case MapOp::kEqual: return map_equal<T>;
    case MapOp::kNotEqual: return map_not_equal<T>;
    case MapOp::kGreater: return map_greater<T>;
    case MapOp::kGreaterEqual: return map_greater_equal<T>;
    case MapOp::kLess: return map_less<T>;
    case MapOp::kLessEqual: return map_less_equal<T>;
    case MapOp::kLogicalAnd: return map_logical_and<T>;
    case MapOp::kLogicalOr: return map_logical_or<T>;
    case MapOp::kLogicalXor: return map_logical_xor<T>;
    case MapOp::kBitwiseAnd: return map_bitwise_and<T>;
    case MapOp::kBitwiseOr: return map_bitwise_or<T>;
    case MapOp::kBitwiseXor: return map_bitwise_xor<T>;
    case MapOp::kLeftShift: return map_left_shift<T>;
    case MapOp::kRightShift: return map_right_shift<T>;
    case MapOp::kMultiplyAdd: return map_multiply_add<T>;
    default: return nullptr;
  }
}

// One byte, 0 or 1.
MapLoop find_for_bool(MapOp op) {
  using B = std::uint8_t;
  switch (op) {
    case MapOp::kAdd:
    case MapOp::kMaximum:
    case MapOp::kLogicalOr:
    case MapOp::kBitwiseOr: return map_bitwise_or<B>;
    case MapOp::kMultiply:
    case MapOp::kMinimum:
    case MapOp::kLogicalAnd:
    case MapOp::kBitwiseAnd: return map_bitwise_and<B>;
    case MapOp::kLogicalXor:
    case MapOp::kBitwiseXor:
    case MapOp::kNotEqual: return map_bitwise_xor<B>;
    case MapOp::kLogicalNot:
    case MapOp::kBitwiseNot: return map_logical_not<B>;
    case MapOp::kAbsolute: return map_copy<B>;
    case MapOp::kEqual:
    case MapOp::kGreater:
    case MapOp::kGreaterEqual:
    case MapOp::kLess:
    case MapOp::kLessEqual:
    case MapOp::kIsNan:
    case MapOp::kIsInf:
    case MapOp::kIsFinite:
    case MapOp::kSignbit: return find_for<B>(op);
    default: return nullptr;
  }
}

MapLoop find(MapOp op, Dtype dtype) {
  if (op == MapOp::kSelect || op == MapOp::kCopy) {
    switch (dtype) {
      case Dtype::kBool:
      case Dtype::kUint8:
      case Dtype::kInt8: return find_move<std::uint8_t>(op);
      case Dtype::kUint16:
      case Dtype::kInt16:
      case Dtype::kFloat16:
      case Dtype::kBfloat16: return find_move<std::uint16_t>(op);
      case Dtype::kUint32:
      case Dtype::kInt32:
      case Dtype::kFloat32: return find_move<std::uint32_t>(op);
      case Dtype::kUint64:
      case Dtype::kInt64:
      case Dtype::kFloat64: return find_move<std::uint64_t>(op);
    }
  }
  switch (dtype) {
    case Dtype::kBool: return find_for_bool(op);
    case Dtype::kUint8: return find_for<std::uint8_t>(op);
    case Dtype::kUint16: return find_for<std::uint16_t>(op);
    case Dtype::kUint32: return find_for<std::uint32_t>(op);
    case Dtype::kUint64: return find_for<std::uint64_t>(op);
    case Dtype::kInt8: return find_for<std::int8_t>(op);
    case Dtype::kInt16: return find_for<std::int16_t>(op);
    case Dtype::kInt32: return find_for<std::int32_t>(op);
    case Dtype::kInt64: return find_for<std::int64_t>(op);
    default: return nullptr;
  }
}

}  // namespace

extern const MapTable map_integer_table = {find};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
