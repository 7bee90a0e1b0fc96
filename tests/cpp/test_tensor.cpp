// Shapes, tensors and casts.
#include <cmath>
#include <limits>

#include "check.h"
#include "keraunos/error.h"
#include "keraunos/tensor.h"

using namespace keraunos;

namespace {

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void shapes_print_as_python_tuples() {
  CHECK(Shape({32, kUnknown}).text() == "(32, None)");
  CHECK(Shape({3}).text() == "(3,)");
  CHECK(Shape().text() == "()");
}

void a_shape_counts_its_elements() {
  CHECK(Shape({3, 5}).elements() == 15);
  CHECK(Shape().elements() == 1);
  CHECK(Shape({3, 0, 5}).elements() == 0);
  CHECK(Shape({INT64_MAX, INT64_MAX, 0}).elements() == 0);
  CHECK(message_of([] { Shape({INT64_MAX, 2}).elements(); }).find("more elements") != std::string::npos);
  CHECK(message_of([] { Shape({kUnknown, 2}).elements(); }).find("(None, 2)") != std::string::npos);
  CHECK(message_of([] { Tensor(Dtype::kFloat64, {INT64_MAX / 2}); }).find("more bytes") != std::string::npos);
}

void a_negative_axis_counts_from_the_back() {
  CHECK(normalize_axis(-1, 3, "sum") == 2);
  CHECK(message_of([] { normalize_axis(3, 3, "sum"); }) == "sum: axis must be in [-3, 3). Received: axis=3");
}

void reshaped_shares_memory_and_copy_does_not() {
  const Tensor a = Tensor::from(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  CHECK(a.reshaped({3, 2}).data() == a.data());
  CHECK(a.copy().data() != a.data());
  CHECK(a.copy().value_at(4) == 5.0);
  CHECK(message_of([&] { a.reshaped({4}); }).find("(2, 3) and (4,)") != std::string::npos);
}

void casts_from_float_saturate_and_nan_is_zero() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor a = Tensor::from(std::vector<double>{-1e30, -1.7, 0.0, 1.7, 300.0, 1e30, nan, INFINITY}, {8});
  const Tensor small = cast(a, Dtype::kInt8);
  const std::int64_t expected[] = {-128, -1, 0, 1, 127, 127, 0, 127};
  for (std::int64_t i = 0; i < 8; ++i) CHECK_CASE(small.int_at(i) == expected[i], i);
  CHECK(cast(a, Dtype::kInt32).int_at(5) == INT32_MAX);
  CHECK(cast(a, Dtype::kUint8).int_at(0) == 0);
  CHECK(cast(a, Dtype::kBool).int_at(6) == 1);
  CHECK(cast(a, Dtype::kBool).int_at(2) == 0);
}

void every_pair_of_dtypes_casts_small_numbers() {
  for (int from = 0; from < kDtypeCount; ++from) {
    for (int to = 0; to < kDtypeCount; ++to) {
      for (const double value : {0.0, 1.0, 100.0}) {
        const bool is_bool = from == 0 || to == 0;
        const Tensor out = cast(Tensor::scalar(value, static_cast<Dtype>(from)), static_cast<Dtype>(to));
        CHECK_CASE(out.value_at(0) == (is_bool ? (value != 0.0) : value), from << " to " << to << " of " << value);
      }
    }
  }
}

void large_integers_keep_their_digits() {
  const std::int64_t big = (std::int64_t{1} << 60) + 1;
  CHECK(Tensor::scalar_int(big, Dtype::kInt64).int_at(0) == big);
  CHECK(Tensor::scalar_int(big, Dtype::kUint64).int_at(0) == big);
}

void an_empty_tensor_has_memory_and_no_elements() {
  const Tensor a = Tensor::zeros(Dtype::kFloat32, {0, 3});
  CHECK(a.has_data());
  CHECK(a.bytes() == 0);
  CHECK(cast(a, Dtype::kInt8).elements() == 0);
}

}  // namespace

int main() {
  shapes_print_as_python_tuples();
  a_shape_counts_its_elements();
  a_negative_axis_counts_from_the_back();
  reshaped_shares_memory_and_copy_does_not();
  casts_from_float_saturate_and_nan_is_zero();
  every_pair_of_dtypes_casts_small_numbers();
  large_integers_keep_their_digits();
  an_empty_tensor_has_memory_and_no_elements();
  return check::finish();
}
