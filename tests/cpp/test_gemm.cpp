// The matrix product against three loops in float64.
#include <cstring>
#include <vector>

#include "base/threads.h"
#include "check.h"
#include "kernels/kernels.h"

using keraunos::kernels::Activation;
using keraunos::kernels::Gemm;
namespace kernels = keraunos::kernels;

namespace {

template <class T>
struct Problem {
  Gemm<T> shape;
  std::vector<T> a, b, bias, c;
};

// Padding of one column in every matrix shows a wrong leading dimension.
template <class T>
Problem<T> make_problem(std::int64_t m, std::int64_t n, std::int64_t k, bool ta, bool tb) {
  Problem<T> p;
  p.shape.transpose_a = ta;
  p.shape.transpose_b = tb;
  p.shape.m = m;
  p.shape.n = n;
  p.shape.k = k;
  p.shape.lda = (ta ? m : k) + 1;
  p.shape.ldb = (tb ? k : n) + 1;
  p.shape.ldc = n + 1;
  check::Numbers numbers(static_cast<std::uint64_t>(m * 10007 + n * 101 + k));
  const auto fill = [&](std::vector<T>& v, std::int64_t size) {
    v.resize(static_cast<std::size_t>(size));
    for (T& x : v) x = static_cast<T>(numbers.number());
  };
  fill(p.a, (ta ? k : m) * p.shape.lda);
  fill(p.b, (tb ? n : k) * p.shape.ldb);
  fill(p.bias, n);
  fill(p.c, m * p.shape.ldc);
  return p;
}

double activated(Activation activation, double x) {
  switch (activation) {
    case Activation::kRelu: return x > 0 ? x : 0;
    case Activation::kSigmoid: return 1 / (1 + std::exp(-x));
    case Activation::kTanh: return std::tanh(x);
    default: return x;
  }
}

template <class T>
std::vector<T> reference(const Problem<T>& p) {
  std::vector<T> c = p.c;
  const auto& s = p.shape;
  for (std::int64_t i = 0; i < s.m; ++i) {
    for (std::int64_t j = 0; j < s.n; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < s.k; ++k) {
        const double a = p.a[static_cast<std::size_t>(s.transpose_a ? k * s.lda + i : i * s.lda + k)];
        const double b = p.b[static_cast<std::size_t>(s.transpose_b ? j * s.ldb + k : k * s.ldb + j)];
        sum += a * b;
      }
      T& out = c[static_cast<std::size_t>(i * s.ldc + j)];
      if (s.accumulate) sum += static_cast<double>(out);
      if (s.has_bias) sum += static_cast<double>(p.bias[static_cast<std::size_t>(j)]);
      out = static_cast<T>(activated(s.activation, sum));
    }
  }
  return c;
}

template <class T>
std::vector<T> product(const Problem<T>& p) {
  std::vector<T> c = p.c;
  std::vector<T> workspace(kernels::gemm_workspace(p.shape) / sizeof(T) + 1);
  kernels::gemm(p.shape, p.a.data(), p.b.data(), p.bias.data(), c.data(), workspace.data());
  return c;
}

template <class T>
std::vector<T> product_of_packed(const Problem<T>& p) {
  std::vector<T> c = p.c, packed(kernels::gemm_packed_bytes(p.shape) / sizeof(T) + 1);
  std::vector<T> workspace(kernels::gemm_workspace(p.shape) / sizeof(T) + 1);
  kernels::gemm_pack(p.shape, p.b.data(), packed.data());
  kernels::gemm_packed(p.shape, p.a.data(), packed.data(), p.bias.data(), c.data(), workspace.data());
  return c;
}

template <class T>
void check_equal(const Problem<T>& p, const std::vector<T>& c, const std::vector<T>& expected, const char* which) {
  // Every product and sum rounds once; k of them at sizes below 1.
  const double tolerance = (sizeof(T) == 4 ? 6e-8 : 1.2e-16) * (4 + static_cast<double>(p.shape.k));
  for (std::size_t i = 0; i < c.size(); ++i) {
    if (check::is_near(static_cast<double>(c[i]), static_cast<double>(expected[i]), tolerance, tolerance)) continue;
    const auto& s = p.shape;
    CHECK_CASE(false, which << " m=" << s.m << " n=" << s.n << " k=" << s.k << " ta=" << s.transpose_a << " tb=" << s.transpose_b
                            << " accumulate=" << s.accumulate << " at " << i << ": " << c[i] << " not " << expected[i]);
    return;
  }
}

template <class T>
void check_shape(std::int64_t m, std::int64_t n, std::int64_t k) {
  for (int variant = 0; variant < 4; ++variant) {
    Problem<T> p = make_problem<T>(m, n, k, variant & 1, variant & 2);
    check_equal(p, product(p), reference(p), "gemm");
    check_equal(p, product_of_packed(p), reference(p), "gemm_packed");
    p.shape.accumulate = true;
    check_equal(p, product(p), reference(p), "gemm");
    p.shape.accumulate = false;
    p.shape.has_bias = true;
    p.shape.activation = static_cast<Activation>((m + n + k + variant) % 4);
    check_equal(p, product(p), reference(p), "gemm");
    check_equal(p, product_of_packed(p), reference(p), "gemm_packed");
  }
}

template <class T>
void matches_the_loops_for_odd_shapes() {
  const std::int64_t sizes[] = {0, 1, 2, 3, 5, 8, 13, 16, 17, 31, 33};
  for (std::int64_t m : sizes) {
    for (std::int64_t n : sizes) {
      for (std::int64_t k : sizes) check_shape<T>(m, n, k);
    }
  }
  const std::int64_t shapes[][3] = {{1, 300, 70},  {2, 129, 200},  {4, 65, 64},   {7, 100, 513}, {8, 40, 1000}, {29, 200, 385},
                                    {64, 10, 900}, {130, 97, 301}, {300, 33, 20}, {515, 70, 130}, {97, 260, 780}, {40, 530, 11}};
  for (const auto& s : shapes) check_shape<T>(s[0], s[1], s[2]);
}

template <class T>
void gives_the_same_bits_for_any_number_of_threads() {
  const std::int64_t shapes[][3] = {{256, 300, 400}, {1, 3000, 900}, {700, 40, 500}, {33, 1000, 333}};
  for (const auto& s : shapes) {
    for (int variant = 0; variant < 4; ++variant) {
      const Problem<T> p = make_problem<T>(s[0], s[1], s[2], variant & 1, variant & 2);
      keraunos::set_thread_count(1);
      const std::vector<T> expected = product(p);
      for (int threads : {2, 3, 8}) {
        keraunos::set_thread_count(threads);
        const std::vector<T> c = product(p);
        CHECK_CASE(std::memcmp(c.data(), expected.data(), c.size() * sizeof(T)) == 0, threads << " threads, m=" << s[0]);
      }
    }
  }
  keraunos::set_thread_count(0);
}

void nan_stays_in_its_row() {
  Problem<float> p = make_problem<float>(20, 40, 30, false, false);
  p.a[static_cast<std::size_t>(7 * p.shape.lda + 3)] = std::numeric_limits<float>::quiet_NaN();
  p.shape.activation = Activation::kRelu;
  const std::vector<float> c = product(p);
  for (std::int64_t i = 0; i < 20; ++i) {
    for (std::int64_t j = 0; j < 40; ++j) CHECK(std::isnan(c[static_cast<std::size_t>(i * p.shape.ldc + j)]) == (i == 7));
  }
}

}  // namespace

int main() {
  matches_the_loops_for_odd_shapes<float>();
  matches_the_loops_for_odd_shapes<double>();
  gives_the_same_bits_for_any_number_of_threads<float>();
  gives_the_same_bits_for_any_number_of_threads<double>();
  nan_stays_in_its_row();
  return check::finish();
}
