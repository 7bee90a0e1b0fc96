// Conversions between dtypes.
#include <cstring>
#include <vector>

#include "check.h"
#include "kernels/kernels.h"

using keraunos::Dtype;
using keraunos::kernels::find_cast_loop;

namespace {

template <class From, class To>
std::vector<To> cast(Dtype from, Dtype to, const std::vector<From>& in) {
  std::vector<To> out(in.size());
  find_cast_loop(from, to)(in.data(), out.data(), static_cast<std::int64_t>(in.size()));
  return out;
}

// The same values 40 times over go through the vector code.
template <class T>
std::vector<T> repeated(const std::vector<T>& values) {
  std::vector<T> many;
  for (int i = 0; i < 40; ++i) many.insert(many.end(), values.begin(), values.end());
  return many;
}

template <class To>
void floats_saturate(Dtype to) {
  using L = std::numeric_limits<To>;
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values = repeated<double>({0.0, -0.0, 0.9, -0.9, 1.5, -1.5, 100.7, -100.7, 254.9, 255.0, 256.0, 65535.5, 2147483647.0, 2147483648.0,
                                                       -2147483648.0, -2147483649.0, 9.3e18, -9.3e18, 1.9e19, 1e300, -1e300, inf, -inf, nan});
  const std::vector<To> out = cast<double, To>(Dtype::kFloat64, to, values);
  std::vector<float> values32(values.begin(), values.end());
  const std::vector<To> out32 = cast<float, To>(Dtype::kFloat32, to, values32);
  const auto truth = [](double x) -> To {
    if (std::isnan(x)) return 0;
    if (x >= static_cast<double>(L::max())) return L::max();
    if (x <= static_cast<double>(L::min())) return L::min();
    return static_cast<To>(x);
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK_CASE(out[i] == truth(values[i]), keraunos::name_of(to) << " of " << values[i] << ": " << +out[i]);
    CHECK_CASE(out32[i] == truth(static_cast<double>(values32[i])), keraunos::name_of(to) << " of float " << values32[i] << ": " << +out32[i]);
  }
}

// Bits of the nearest float16 or bfloat16, found by looking at all of them.
double small_float(std::uint16_t bits, Dtype dtype) {
  const bool is_half = dtype == Dtype::kFloat16;
  const int mantissa_bits = is_half ? 10 : 7, exponent_bits = is_half ? 5 : 8, bias = is_half ? 15 : 127;
  const int exponent = (bits >> mantissa_bits) & ((1 << exponent_bits) - 1), mantissa = bits & ((1 << mantissa_bits) - 1);
  double value = 0;
  if (exponent == (1 << exponent_bits) - 1) {
    value = mantissa != 0 ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, 1 - bias - mantissa_bits);
  } else {
    value = std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
  }
  return bits & 0x8000 ? -value : value;
}

void small_floats_widen_exactly(Dtype dtype) {
  std::vector<std::uint16_t> all(65536);
  for (int i = 0; i < 65536; ++i) all[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(i);
  const std::vector<float> wide = cast<std::uint16_t, float>(dtype, Dtype::kFloat32, all);
  const std::vector<double> wider = cast<std::uint16_t, double>(dtype, Dtype::kFloat64, all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double expected = small_float(all[i], dtype);
    CHECK_CASE(check::is_near(static_cast<double>(wide[i]), expected, 0, 0), keraunos::name_of(dtype) << " " << i << ": " << wide[i] << " not " << expected);
    CHECK_CASE(check::is_near(wider[i], expected, 0, 0), keraunos::name_of(dtype) << " " << i);
  }
}

void small_floats_round_to_nearest_even(Dtype dtype) {
  std::vector<double> values;
  std::vector<std::uint16_t> expected;
  // Every finite positive value, what lies halfway to the next, and a little to both sides of it.
  const int count = dtype == Dtype::kFloat16 ? 0x7bff : 0x7f7f;
  for (int i = 0; i < count; i += 3) {
    const double low = small_float(static_cast<std::uint16_t>(i), dtype), high = small_float(static_cast<std::uint16_t>(i + 1), dtype);
    const double middle = (low + high) / 2;
    const auto add = [&](double x, int bits) {
      values.push_back(x);
      expected.push_back(static_cast<std::uint16_t>(bits));
      values.push_back(-x);
      expected.push_back(static_cast<std::uint16_t>(bits | 0x8000));
    };
    add(low, i);
    add(middle, i % 2 == 0 ? i : i + 1);
    add(middle * (1 - 1e-12), i);  // lost in float32: rounding twice would give the even neighbour
    add(middle * (1 + 1e-12), i + 1);
  }
  const std::vector<std::uint16_t> out = cast<double, std::uint16_t>(Dtype::kFloat64, dtype, values);
  std::vector<float> values32(values.begin(), values.end());
  const std::vector<std::uint16_t> out32 = cast<float, std::uint16_t>(Dtype::kFloat32, dtype, values32);
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK_CASE(out[i] == expected[i], keraunos::name_of(dtype) << " of " << values[i] << ": " << out[i] << " not " << expected[i]);
    if (static_cast<double>(values32[i]) == values[i]) CHECK_CASE(out32[i] == expected[i], keraunos::name_of(dtype) << " of float " << values32[i]);
  }
}

void small_floats_keep_what_is_special(Dtype dtype) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = repeated<float>({inf, -inf, nan, -nan, 3.4e38f, -3.4e38f, 0.0f, -0.0f, 1e-45f});
  const auto out = cast<float, std::uint16_t>(Dtype::kFloat32, dtype, values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = small_float(out[i], dtype);
    if (std::isnan(values[i])) {
      CHECK(std::isnan(value));
    } else if (std::fabs(values[i]) > 1e38f) {
      CHECK(std::isinf(value) && (value > 0) == (values[i] > 0));
    } else {
      CHECK(value == 0 && std::signbit(value) == std::signbit(values[i]));
    }
  }
  const double large[2] = {1e300, -1e300};
  std::uint16_t bits[2];
  find_cast_loop(Dtype::kFloat64, dtype)(large, bits, 2);
  CHECK(std::isinf(small_float(bits[0], dtype)) && small_float(bits[1], dtype) < 0);
}

void every_pair_carries_small_integers() {
  const int values[] = {0, 1, 2, 100, 127};
  for (int f = 0; f < keraunos::kDtypeCount; ++f) {
    for (int t = 0; t < keraunos::kDtypeCount; ++t) {
      const Dtype from = static_cast<Dtype>(f), to = static_cast<Dtype>(t);
      std::vector<std::int32_t> start;
      for (int i = 0; i < 70; ++i) start.push_back(values[i % 5]);
      std::vector<std::uint64_t> a(70), b(70);
      std::vector<std::int32_t> end(70);
      find_cast_loop(Dtype::kInt32, from)(start.data(), a.data(), 70);
      find_cast_loop(from, to)(a.data(), b.data(), 70);
      find_cast_loop(to, Dtype::kInt32)(b.data(), end.data(), 70);
      const bool is_bool = from == Dtype::kBool || to == Dtype::kBool;
      for (std::size_t i = 0; i < 70; ++i) {
        CHECK_CASE(end[i] == (is_bool ? start[i] != 0 : start[i]), keraunos::name_of(from) << " to " << keraunos::name_of(to));
      }
    }
  }
}

void nan_is_true() {
  const float values[3] = {std::numeric_limits<float>::quiet_NaN(), 0.0f, 1e-45f};
  std::uint8_t out[3];
  find_cast_loop(Dtype::kFloat32, Dtype::kBool)(values, out, 3);
  CHECK(out[0] == 1 && out[1] == 0 && out[2] == 1);
}

}  // namespace

int main() {
  floats_saturate<std::uint8_t>(Dtype::kUint8);
  floats_saturate<std::int8_t>(Dtype::kInt8);
  floats_saturate<std::uint16_t>(Dtype::kUint16);
  floats_saturate<std::int16_t>(Dtype::kInt16);
  floats_saturate<std::uint32_t>(Dtype::kUint32);
  floats_saturate<std::int32_t>(Dtype::kInt32);
  floats_saturate<std::uint64_t>(Dtype::kUint64);
  floats_saturate<std::int64_t>(Dtype::kInt64);
  for (Dtype dtype : {Dtype::kFloat16, Dtype::kBfloat16}) {
    small_floats_widen_exactly(dtype);
    small_floats_round_to_nearest_even(dtype);
    small_floats_keep_what_is_special(dtype);
  }
  every_pair_carries_small_integers();
  nan_is_true();
  return check::finish();
}
