// Reductions, softmax and its gradients against plain loops in long double.
#include <algorithm>
#include <cstring>
#include <vector>

#include "base/threads.h"
#include "check.h"
#include "kernels/kernels.h"

using keraunos::Dtype;
namespace kernels = keraunos::kernels;
using kernels::ReduceOp;

namespace {

template <class T>
constexpr Dtype kDtype = Dtype::kFloat32;
template <>
constexpr Dtype kDtype<double> = Dtype::kFloat64;
template <>
constexpr Dtype kDtype<std::int32_t> = Dtype::kInt32;
template <>
constexpr Dtype kDtype<std::uint8_t> = Dtype::kUint8;
template <>
constexpr Dtype kDtype<std::int64_t> = Dtype::kInt64;

constexpr std::int64_t kShapes[][3] = {{1, 1, 1},   {1, 7, 1},    {3, 5, 1},      {5, 16, 1},       {2, 33, 1},     {4, 1000, 1}, {1, 300001, 1}, {1, 2000, 37},
                                       {7, 3, 5},   {2, 100, 64}, {3, 70, 130},   {1, 70000, 9},    {2, 40000, 11}, {200, 3, 2},  {0, 3, 4},      {3, 0, 1},
                                       {2, 0, 3},   {3, 4, 0},    {1, 1, 100000}, {1000, 100, 1}, {16, 5000, 40}};

template <class T>
std::vector<T> random_values(std::int64_t n, double size) {
  check::Numbers numbers(static_cast<std::uint64_t>(n));
  std::vector<T> values(static_cast<std::size_t>(n));
  for (T& x : values) x = static_cast<T>(numbers.number() * size);
  return values;
}

long double reduced_value(ReduceOp op, const std::vector<long double>& x) {
  const long double inf = std::numeric_limits<long double>::infinity();
  long double sum = 0, product = 1, squares = 0, largest = -inf, smallest = inf;
  for (long double v : x) {
    sum += v;
    product *= v;
    squares += v * v;
    largest = std::max(largest, v);
    smallest = std::min(smallest, v);
  }
  switch (op) {
    case ReduceOp::kSum: return sum;
    case ReduceOp::kMean: return sum / static_cast<long double>(x.size());
    case ReduceOp::kProd: return product;
    case ReduceOp::kMax: return largest;
    case ReduceOp::kMin: return smallest;
    case ReduceOp::kSumOfSquares: return squares;
    case ReduceOp::kArgmax: return x.empty() ? 0 : static_cast<long double>(std::max_element(x.begin(), x.end()) - x.begin());
    case ReduceOp::kArgmin: return x.empty() ? 0 : static_cast<long double>(std::min_element(x.begin(), x.end()) - x.begin());
    case ReduceOp::kLogsumexp: {
      if (x.empty()) return -inf;
      long double total = 0;
      for (long double v : x) total += std::exp(v - largest);
      return largest + std::log(total);
    }
    default: return 0;
  }
}

template <class T>
void check_float_op(ReduceOp op, const std::int64_t (&shape)[3]) {
  const auto [outer, reduced, inner] = shape;
  const std::vector<T> in = random_values<T>(outer * reduced * inner, op == ReduceOp::kProd ? 1.5 : 3.0);
  const bool is_index = op == ReduceOp::kArgmax || op == ReduceOp::kArgmin;
  std::vector<T> out(static_cast<std::size_t>(outer * inner));
  std::vector<std::int32_t> index(out.size());
  void* result = is_index ? static_cast<void*>(index.data()) : static_cast<void*>(out.data());
  kernels::find_reduce_loop(op, kDtype<T>)(in.data(), result, outer, reduced, inner);
  const double ulp = sizeof(T) == 4 ? 6e-8 : 1.2e-16;
  const double depth = 4 * std::log2(static_cast<double>(reduced + 2));
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t i = 0; i < inner; i += inner > 1000 ? 97 : 1) {
      std::vector<long double> x;
      long double size = 1;
      for (std::int64_t r = 0; r < reduced; ++r) {
        x.push_back(in[static_cast<std::size_t>((o * reduced + r) * inner + i)]);
        size += op == ReduceOp::kSumOfSquares ? x.back() * x.back() : std::fabs(x.back());
      }
      const std::size_t at = static_cast<std::size_t>(o * inner + i);
      const long double expected = reduced_value(op, x);
      const long double value = is_index ? static_cast<long double>(index[at]) : static_cast<long double>(out[at]);
      if (op == ReduceOp::kMean) size /= static_cast<long double>(std::max<std::int64_t>(reduced, 1));
      const bool is_sum = op == ReduceOp::kSum || op == ReduceOp::kMean || op == ReduceOp::kSumOfSquares;
      const double relative = op == ReduceOp::kProd ? ulp * static_cast<double>(reduced + 1) : op == ReduceOp::kLogsumexp ? 8 * ulp : 0;
      const double absolute = is_sum ? ulp * depth * static_cast<double>(size) : op == ReduceOp::kLogsumexp ? 8 * ulp : op == ReduceOp::kProd ? 1e-40 : 0;
      CHECK_CASE(check::is_near(static_cast<double>(value), static_cast<double>(expected), relative, absolute),
                 "reduce " << static_cast<int>(op) << " of " << sizeof(T) * 8 << " bits, (" << outer << ", " << reduced << ", " << inner << ") at " << at << ": "
                           << static_cast<double>(value) << " not " << static_cast<double>(expected));
    }
  }
}

void floats_match_the_loops() {
  for (ReduceOp op : {ReduceOp::kSum, ReduceOp::kMean, ReduceOp::kMax, ReduceOp::kMin, ReduceOp::kProd, ReduceOp::kArgmax, ReduceOp::kArgmin, ReduceOp::kLogsumexp,
                      ReduceOp::kSumOfSquares}) {
    for (const auto& shape : kShapes) {
      check_float_op<float>(op, shape);
      check_float_op<double>(op, shape);
    }
  }
}

template <class T>
void integers_match_the_loops() {
  for (const auto& shape : kShapes) {
    const auto [outer, reduced, inner] = shape;
    std::vector<T> in(static_cast<std::size_t>(outer * reduced * inner));
    check::Numbers numbers(3);
    for (T& x : in) x = static_cast<T>(numbers.bits());
    std::vector<T> sum(static_cast<std::size_t>(outer * inner)), largest = sum, smallest = sum, product = sum;
    std::vector<std::int32_t> where(sum.size());
    kernels::find_reduce_loop(ReduceOp::kSum, kDtype<T>)(in.data(), sum.data(), outer, reduced, inner);
    kernels::find_reduce_loop(ReduceOp::kMax, kDtype<T>)(in.data(), largest.data(), outer, reduced, inner);
    kernels::find_reduce_loop(ReduceOp::kMin, kDtype<T>)(in.data(), smallest.data(), outer, reduced, inner);
    kernels::find_reduce_loop(ReduceOp::kProd, kDtype<T>)(in.data(), product.data(), outer, reduced, inner);
    kernels::find_reduce_loop(ReduceOp::kArgmax, kDtype<T>)(in.data(), where.data(), outer, reduced, inner);
    for (std::int64_t o = 0; o < outer; ++o) {
      for (std::int64_t i = 0; i < inner; ++i) {
        std::uint64_t s = 0, p = 1;
        T high = std::numeric_limits<T>::min(), low = std::numeric_limits<T>::max();
        std::int32_t at = 0;
        for (std::int64_t r = 0; r < reduced; ++r) {
          const T x = in[static_cast<std::size_t>((o * reduced + r) * inner + i)];
          s += static_cast<std::uint64_t>(x);
          p *= static_cast<std::uint64_t>(x);
          if (x > high || r == 0) at = static_cast<std::int32_t>(r);
          high = std::max(high, x);
          low = std::min(low, x);
        }
        const std::size_t k = static_cast<std::size_t>(o * inner + i);
        CHECK(sum[k] == static_cast<T>(s) && product[k] == static_cast<T>(p));
        CHECK(largest[k] == high && smallest[k] == low && where[k] == at);
      }
    }
  }
}

void bools_have_any_and_all() {
  for (const auto& shape : kShapes) {
    const auto [outer, reduced, inner] = shape;
    std::vector<std::uint8_t> in(static_cast<std::size_t>(outer * reduced * inner)), any(static_cast<std::size_t>(outer * inner)), all = any;
    check::Numbers numbers(5);
    for (std::uint8_t& x : in) x = numbers.bits() % 8 != 0;
    kernels::find_reduce_loop(ReduceOp::kAny, Dtype::kBool)(in.data(), any.data(), outer, reduced, inner);
    kernels::find_reduce_loop(ReduceOp::kAll, Dtype::kBool)(in.data(), all.data(), outer, reduced, inner);
    for (std::int64_t o = 0; o < outer; ++o) {
      for (std::int64_t i = 0; i < inner; ++i) {
        int is_any = 0, is_all = 1;
        for (std::int64_t r = 0; r < reduced; ++r) {
          is_any |= in[static_cast<std::size_t>((o * reduced + r) * inner + i)];
          is_all &= in[static_cast<std::size_t>((o * reduced + r) * inner + i)];
        }
        CHECK(any[static_cast<std::size_t>(o * inner + i)] == is_any && all[static_cast<std::size_t>(o * inner + i)] == is_all);
      }
    }
  }
}

void nan_passes_and_the_first_one_is_found() {
  for (std::int64_t inner : {1, 3}) {
    std::vector<float> in(static_cast<std::size_t>(50 * inner), 1.0f);
    in[static_cast<std::size_t>(20 * inner)] = in[static_cast<std::size_t>(40 * inner)] = std::numeric_limits<float>::quiet_NaN();
    float largest[3], smallest[3], logsumexp[3];
    std::int32_t where[3];
    kernels::find_reduce_loop(ReduceOp::kMax, Dtype::kFloat32)(in.data(), largest, 1, 50, inner);
    kernels::find_reduce_loop(ReduceOp::kMin, Dtype::kFloat32)(in.data(), smallest, 1, 50, inner);
    kernels::find_reduce_loop(ReduceOp::kLogsumexp, Dtype::kFloat32)(in.data(), logsumexp, 1, 50, inner);
    kernels::find_reduce_loop(ReduceOp::kArgmin, Dtype::kFloat32)(in.data(), where, 1, 50, inner);
    CHECK(std::isnan(largest[0]) && std::isnan(smallest[0]) && std::isnan(logsumexp[0]) && where[0] == 20);
    if (inner == 3) CHECK(largest[1] == 1 && smallest[2] == 1 && where[1] == 0 && !std::isnan(logsumexp[1]));
  }
  const float inf = std::numeric_limits<float>::infinity();
  const float infinite[3] = {-inf, -inf, -inf}, mixed[3] = {-inf, inf, 3};
  float out = 0;
  kernels::find_reduce_loop(ReduceOp::kLogsumexp, Dtype::kFloat32)(infinite, &out, 1, 3, 1);
  CHECK(out == -inf);
  kernels::find_reduce_loop(ReduceOp::kLogsumexp, Dtype::kFloat32)(mixed, &out, 1, 3, 1);
  CHECK(out == inf);
}

void threads_do_not_change_the_bits() {
  for (const auto& shape : kShapes) {
    const auto [outer, reduced, inner] = shape;
    const std::vector<float> in = random_values<float>(outer * reduced * inner, 3.0);
    std::vector<float> one(static_cast<std::size_t>(outer * inner)), many = one;
    for (ReduceOp op : {ReduceOp::kSum, ReduceOp::kMean, ReduceOp::kLogsumexp}) {
      keraunos::set_thread_count(1);
      kernels::find_reduce_loop(op, Dtype::kFloat32)(in.data(), one.data(), outer, reduced, inner);
      for (int threads : {2, 3, 8}) {
        keraunos::set_thread_count(threads);
        kernels::find_reduce_loop(op, Dtype::kFloat32)(in.data(), many.data(), outer, reduced, inner);
        CHECK(one.empty() || std::memcmp(one.data(), many.data(), one.size() * 4) == 0);
      }
    }
  }
  keraunos::set_thread_count(0);
}

template <class T>
void softmax_and_its_gradients_match_the_loops() {
  const double tolerance = sizeof(T) == 4 ? 2e-6 : 1e-14;
  const std::int64_t shapes[][2] = {{1, 1}, {3, 2}, {32, 10}, {7, 16}, {5, 17}, {4, 100}, {2, 1000}, {3000, 10}};
  for (const auto& shape : shapes) {
    const std::int64_t rows = shape[0], n = shape[1];
    const std::vector<T> in = random_values<T>(rows * n, 8.0);
    std::vector<T> g = random_values<T>(rows * n + 1, 1.0);
    std::vector<T> y(in.size()), log_y(in.size()), grad(in.size()), log_grad(in.size());
    kernels::find_softmax(kDtype<T>)(in.data(), y.data(), rows, n);
    kernels::find_log_softmax(kDtype<T>)(in.data(), log_y.data(), rows, n);
    kernels::find_softmax_grad(kDtype<T>)(y.data(), g.data(), grad.data(), rows, n);
    kernels::find_log_softmax_grad(kDtype<T>)(log_y.data(), g.data(), log_grad.data(), rows, n);
    for (std::int64_t r = 0; r < rows; ++r) {
      double total = 0, dot = 0, g_sum = 0;
      const std::size_t first = static_cast<std::size_t>(r * n), end = static_cast<std::size_t>((r + 1) * n);
      for (std::size_t i = first; i < end; ++i) total += std::exp(static_cast<double>(in[i]));
      for (std::size_t i = first; i < end; ++i) {
        dot += static_cast<double>(g[i]) * static_cast<double>(y[i]);
        g_sum += static_cast<double>(g[i]);
      }
      for (std::size_t i = first; i < end; ++i) {
        const double expected = std::exp(static_cast<double>(in[i])) / total;
        CHECK_CASE(check::is_near(y[i], expected, tolerance, 1e-30), "softmax n=" << n << ": " << y[i] << " not " << expected);
        CHECK_CASE(check::is_near(log_y[i], std::log(expected), tolerance, tolerance), "log_softmax n=" << n);
        CHECK_CASE(check::is_near(grad[i], static_cast<double>(y[i]) * (static_cast<double>(g[i]) - dot), tolerance, tolerance), "softmax_grad n=" << n);
        CHECK_CASE(check::is_near(log_grad[i], static_cast<double>(g[i]) - expected * g_sum, tolerance, tolerance * 10), "log_softmax_grad n=" << n);
      }
    }
  }
}

void softmax_is_stable_and_keeps_nan_in_its_row() {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const float in[9] = {1000, 1000, -1000, nan, 1, 2, -inf, 0, 0};
  float out[9];
  kernels::find_softmax(Dtype::kFloat32)(in, out, 3, 3);
  CHECK(out[0] == 0.5f && out[1] == 0.5f && out[2] == 0.0f);
  CHECK(std::isnan(out[3]) && std::isnan(out[4]));
  CHECK(out[6] == 0.0f && out[7] == 0.5f);
}

void column_sum_matches_the_loop() {
  for (const auto& shape : {std::pair<int, int>{1, 1}, {32, 10}, {128, 513}, {100000, 3}, {0, 5}}) {
    const auto [rows, n] = shape;
    const std::vector<float> in = random_values<float>(rows * n, 1.0);
    std::vector<float> out(static_cast<std::size_t>(n));
    kernels::find_column_sum(Dtype::kFloat32)(in.data(), out.data(), rows, n);
    for (int j = 0; j < n; ++j) {
      double sum = 0;
      for (int r = 0; r < rows; ++r) sum += static_cast<double>(in[static_cast<std::size_t>(r * n + j)]);
      CHECK(check::is_near(out[static_cast<std::size_t>(j)], sum, 1e-6, 1e-6 * rows));
    }
  }
}

}  // namespace

int main() {
  floats_match_the_loops();
  integers_match_the_loops<std::int32_t>();
  integers_match_the_loops<std::uint8_t>();
  integers_match_the_loops<std::int64_t>();
  bools_have_any_and_all();
  nan_passes_and_the_first_one_is_found();
  threads_do_not_change_the_bits();
  softmax_and_its_gradients_match_the_loops<float>();
  softmax_and_its_gradients_match_the_loops<double>();
  softmax_is_stable_and_keeps_nan_in_its_row();
  column_sum_matches_the_loop();
  return check::finish();
}
