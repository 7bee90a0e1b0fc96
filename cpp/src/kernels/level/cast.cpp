// Conversions between any two dtypes. The compiler vectorises them.
#include "kernels/level/simd.h"
#include "kernels/level/tables.h"

namespace keraunos::kernels::KERAUNOS_LEVEL {
namespace {

// Two 16-bit floats that only know their bits.
struct Half {
  std::uint16_t bits;
};
struct Brain {
  std::uint16_t bits;
};
struct Bool {
  std::uint8_t byte;
};

template <class T, class U>
constexpr bool kSame = false;
template <class T>
constexpr bool kSame<T, T> = true;
template <class T>
constexpr bool kIsSmallFloat = kSame<T, Half> || kSame<T, Brain>;
template <class T>
constexpr bool kIsFloat = kSame<T, float> || kSame<T, double>;

KERAUNOS_INLINE std::uint32_t bits_of_float(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, 4);
  return bits;
}
KERAUNOS_INLINE float float_of_bits(std::uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, 4);
  return x;
}

// ---------------------------------------------------------------- float32 and the 16-bit floats

KERAUNOS_INLINE float widen(Brain x) { return float_of_bits(static_cast<std::uint32_t>(x.bits) << 16); }
KERAUNOS_INLINE float widen(Half x) {
  const std::uint32_t sign = static_cast<std::uint32_t>(x.bits & 0x8000) << 16;
  const std::uint32_t shifted = static_cast<std::uint32_t>(x.bits & 0x7fff) << 13;
  // Multiplying by 2^112 sets the exponent right, for subnormal numbers too.
  const float value = float_of_bits(shifted) * float_of_bits(0x77800000u);
  const std::uint32_t special = (shifted & 0x0f800000u) == 0x0f800000u ? (shifted | 0x7f800000u) : bits_of_float(value);
  return float_of_bits(special | sign);
}

// Rounded to nearest, ties to even; NaN stays NaN.
KERAUNOS_INLINE Brain narrow_to(float x, Brain) {
  const std::uint32_t bits = bits_of_float(x);
  const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const std::uint32_t nan = (bits >> 16) | 0x40u;
  return {static_cast<std::uint16_t>(x != x ? nan : rounded)};
}
KERAUNOS_INLINE Half narrow_to(float x, Half) {
  const std::uint32_t bits = bits_of_float(x);
  const std::uint32_t sign = (bits >> 16) & 0x8000u, m = bits & 0x7fffffffu;
  // Subnormal results: adding 0.5 leaves the rounded result in the low bits.
  const std::uint32_t small = bits_of_float(float_of_bits(m) + 0.5f) - 0x3f000000u;
  const std::uint32_t normal = (m + 0xc8000fffu + ((m >> 13) & 1u)) >> 13;
  const std::uint32_t large = m > 0x7f800000u ? 0x7e00u | ((m >> 13) & 0x1ffu) : 0x7c00u;
  const std::uint32_t value = m < 0x38800000u ? small : (m >= 0x477ff000u ? large : normal);
  return {static_cast<std::uint16_t>(value | sign)};
}

// To float32 so that rounding once more gives what rounding at once would: the last bit is set when something was lost.
KERAUNOS_INLINE float to_odd_float(double x) {
  const float y = static_cast<float>(x);
  const double back = static_cast<double>(y);
  const std::uint32_t bits = bits_of_float(y);
  const double mx = x < 0 ? -x : x, my = back < 0 ? -back : back;
  const std::uint32_t towards_zero = my > mx ? bits - 1 : bits;
  return float_of_bits(back == x || x != x || my > 3.402823466385288598e38 ? bits : (towards_zero | 1u));
}

// ---------------------------------------------------------------- one element

template <class To, class From>
KERAUNOS_INLINE To saturate(From x) {
  constexpr bool is_signed = To(-1) < To(0);
  constexpr int bits = static_cast<int>(sizeof(To)) * 8 - (is_signed ? 1 : 0);
  constexpr From end = static_cast<From>(std::uint64_t{1} << (bits - 1)) * From(2);  // 2^bits, exactly
  constexpr To highest = static_cast<To>(static_cast<To>(-1) ^ (is_signed ? static_cast<To>(std::uint64_t{1} << bits % 64) : To(0)));
  constexpr To lowest = is_signed ? static_cast<To>(~highest) : To(0);
  const From low = is_signed ? -end : From(0);
  // NaN fails every comparison.
  const bool fits = x > low && x < end;
  const To inside = static_cast<To>(fits ? x : From(0));
  return x >= end ? highest : (x <= low ? lowest : inside);
}

template <class To, class From>
KERAUNOS_INLINE To convert(From x) {
  if constexpr (kSame<To, From>) {
    return x;
  } else if constexpr (kSame<From, Bool>) {
    return convert<To>(x.byte);
  } else if constexpr (kIsSmallFloat<From>) {
    return convert<To>(widen(x));
  } else if constexpr (kSame<To, Bool>) {
    return {static_cast<std::uint8_t>(x != From(0))};
  } else if constexpr (kIsSmallFloat<To>) {
    if constexpr (kSame<From, float> || (!kSame<From, double> && sizeof(From) <= 2)) {
      return narrow_to(static_cast<float>(x), To{});
    } else {
      return narrow_to(to_odd_float(static_cast<double>(x)), To{});
    }
  } else if constexpr (kIsFloat<From> && !kIsFloat<To>) {
    return saturate<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <class From, class To>
void cast(const void* in, void* out, std::int64_t n) {
  const From* a = static_cast<const From*>(in);
  To* to = static_cast<To*>(out);
  if constexpr (kSame<From, To>) {
    if (in != out) __builtin_memcpy(out, in, static_cast<std::size_t>(n) * sizeof(To));
  } else {
    KERAUNOS_INDEPENDENT
    for (std::int64_t i = 0; i < n; ++i) to[i] = convert<To>(a[i]);
  }
}

#if defined(__F16C__)
template <>
void cast<Half, float>(const void* in, void* out, std::int64_t n) {
  const std::uint16_t* a = static_cast<const std::uint16_t*>(in);
  float* to = static_cast<float*>(out);
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i))));
  for (; i < n; ++i) to[i] = widen(Half{a[i]});
}
template <>
void cast<float, Half>(const void* in, void* out, std::int64_t n) {
  const float* a = static_cast<const float*>(in);
  std::uint16_t* to = static_cast<std::uint16_t*>(out);
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), _mm256_cvtps_ph(_mm256_loadu_ps(a + i), _MM_FROUND_TO_NEAREST_INT));
  }
  for (; i < n; ++i) to[i] = narrow_to(a[i], Half{}).bits;
}
#endif

template <class From>
CastLoop find_from(Dtype to) {
  switch (to) {
    case Dtype::kBool: return cast<From, Bool>;
    case Dtype::kUint8: return cast<From, std::uint8_t>;
    case Dtype::kUint16: return cast<From, std::uint16_t>;
    case Dtype::kUint32: return cast<From, std::uint32_t>;
    case Dtype::kUint64: return cast<From, std::uint64_t>;
    case Dtype::kInt8: return cast<From, std::int8_t>;
    case Dtype::kInt16: return cast<From, std::int16_t>;
    case Dtype::kInt32: return cast<From, std::int32_t>;
    case Dtype::kInt64: return cast<From, std::int64_t>;
    case Dtype::kFloat16: return cast<From, Half>;
    case Dtype::kBfloat16: return cast<From, Brain>;
    case Dtype::kFloat32: return cast<From, float>;
    case Dtype::kFloat64: return cast<From, double>;
  }
  return nullptr;
}

CastLoop find(Dtype from, Dtype to) {
  switch (from) {
    case Dtype::kBool: return find_from<Bool>(to);
    case Dtype::kUint8: return find_from<std::uint8_t>(to);
    case Dtype::kUint16: return find_from<std::uint16_t>(to);
    case Dtype::kUint32: return find_from<std::uint32_t>(to);
    case Dtype::kUint64: return find_from<std::uint64_t>(to);
    case Dtype::kInt8: return find_from<std::int8_t>(to);
    case Dtype::kInt16: return find_from<std::int16_t>(to);
    case Dtype::kInt32: return find_from<std::int32_t>(to);
    case Dtype::kInt64: return find_from<std::int64_t>(to);
    case Dtype::kFloat16: return find_from<Half>(to);
    case Dtype::kBfloat16: return find_from<Brain>(to);
    case Dtype::kFloat32: return find_from<float>(to);
    case Dtype::kFloat64: return find_from<double>(to);
  }
  return nullptr;
}

}  // namespace

extern const CastTable cast_table = {find};

}  // namespace keraunos::kernels::KERAUNOS_LEVEL
