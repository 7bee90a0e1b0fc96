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

// Aligned as gemm() asks for it.
class Workspace {
 public:
  explicit Workspace(std::size_t bytes) : bytes_(bytes + 64) {}
  void* data() { return bytes_.data() + (64 - reinterpret_cast<std::uintptr_t>(bytes_.data()) % 64) % 64; }

 private:
  std::vector<unsigned char> bytes_;
};

template <class T>
std::vector<T> product(const Problem<T>& p) {
  std::vector<T> c = p.c;
  Workspace workspace(kernels::gemm_workspace(p.shape));
  kernels::gemm(p.shape, p.a.data(), p.b.data(), p.bias.data(), c.data(), workspace.data());
  return c;
}

template <class T>
std::vector<T> product_of_packed(const Problem<T>& p) {
  std::vector<T> c = p.c, packed(kernels::gemm_packed_bytes(p.shape) / sizeof(T) + 1);
  Workspace workspace(kernels::gemm_workspace(p.shape));
  kernels::gemm_pack(p.shape, p.b.data(), packed.data());
  kernels::gemm_packed(p.shape, p.a.data(), packed.data(), p.bias.data(), c.data(), workspace.data());
  return c;
}

std::vector<float> product_on_split(const Problem<float>& p) {
  std::vector<float> c = p.c;
  Workspace split(kernels::gemm_split_bytes(p.shape)), workspace(kernels::gemm_workspace(p.shape));
  kernels::gemm_split(p.shape, p.b.data(), split.data());
  kernels::gemm_on_split(p.shape, p.a.data(), p.b.data(), split.data(), c.data(), workspace.data());
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

// Without a matrix unit these are the products of above once more. Rows, columns and depths around whole blocks, and passes over the depth.
void split_products_match_the_loops() {
  const std::int64_t shapes[][3] = {{256, 256, 128}, {32, 2000, 128}, {33, 265, 1200}, {257, 129, 545}, {300, 100, 511}, {40, 1031, 200},
                                    {513, 96, 130},  {128, 230, 1030}, {63, 700, 129}, {288, 352, 513}, {1100, 97, 200}};
  for (const auto& s : shapes) {
    for (int variant = 0; variant < 4; ++variant) {
      Problem<float> p = make_problem<float>(s[0], s[1], s[2], variant & 1, variant & 2);
      p.shape.may_split = true;
      check_equal(p, product(p), reference(p), "split gemm");
      if (kernels::gemm_is_split(p.shape)) check_equal(p, product_on_split(p), reference(p), "gemm_on_split");
      p.shape.accumulate = true;
      check_equal(p, product(p), reference(p), "split gemm");
      p.shape.accumulate = false;
      p.shape.has_bias = true;
      p.shape.activation = static_cast<Activation>(variant);
      check_equal(p, product(p), reference(p), "split gemm");
    }
  }
}

double mean_square_error(const std::vector<float>& c, const std::vector<double>& exact) {
  double sum = 0;
  for (std::size_t i = 0; i < c.size(); ++i) sum += (static_cast<double>(c[i]) - exact[i]) * (static_cast<double>(c[i]) - exact[i]);
  return sum / static_cast<double>(c.size());
}

// As exact as float32 arithmetic for numbers of all sizes: no worse than the vector units on the same numbers.
void split_products_are_as_exact() {
  Problem<float> p = make_problem<float>(64, 256, 1500, false, false);
  check::Numbers numbers(7);
  const auto spread = [&](std::vector<float>& v) {
    for (float& x : v) x = std::ldexp(x, static_cast<int>(20 * numbers.number()));
  };
  spread(p.a);
  spread(p.b);
  p.shape.lda = 1500;
  p.shape.ldb = p.shape.ldc = 256;
  p.c.resize(64 * 256);
  std::vector<double> exact(64 * 256);
  for (std::size_t i = 0; i < 64; ++i) {
    for (std::size_t j = 0; j < 256; ++j) {
      for (std::size_t k = 0; k < 1500; ++k) exact[i * 256 + j] += static_cast<double>(p.a[i * 1500 + k]) * static_cast<double>(p.b[k * 256 + j]);
    }
  }
  const double of_vectors = mean_square_error(product(p), exact);
  p.shape.may_split = true;
  const double of_split = mean_square_error(product(p), exact);
  CHECK_CASE(of_split <= 1.5 * of_vectors, of_split << " against " << of_vectors);
}

// Infinities, NaNs, numbers that round to infinity and numbers too small to be split give what the vector units give, and only where they must.
void split_products_keep_special_values() {
  for (const float special : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::max(), 1e-39f}) {
    for (const bool is_left : {true, false}) {
      Problem<float> p = make_problem<float>(128, 300, 700, false, false);
      (is_left ? p.a[static_cast<std::size_t>(70 * p.shape.lda + 600)] : p.b[static_cast<std::size_t>(600 * p.shape.ldb + 70)]) = special;
      const std::vector<float> expected = product(p);
      p.shape.may_split = true;
      const std::vector<float> c = product(p);
      for (std::size_t i = 0; i < c.size(); ++i) {
        const bool is_same = std::isnan(expected[i])   ? std::isnan(c[i])
                             : std::isinf(expected[i]) ? c[i] == expected[i]
                                                       : check::is_near(static_cast<double>(c[i]), static_cast<double>(expected[i]), 5e-5, 5e-5);
        CHECK_CASE(is_same, special << " at " << i << ": " << c[i] << " not " << expected[i]);
        if (!is_same) return;
      }
    }
  }
}

template <class T>
void gives_the_same_bits_for_any_number_of_threads(bool may_split = false) {
  const std::int64_t shapes[][3] = {{256, 300, 400}, {1, 3000, 900}, {700, 40, 500}, {33, 1000, 333}};
  for (const auto& s : shapes) {
    for (int variant = 0; variant < 4; ++variant) {
      Problem<T> p = make_problem<T>(s[0], s[1], s[2], variant & 1, variant & 2);
      p.shape.may_split = may_split;
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
  gives_the_same_bits_for_any_number_of_threads<float>(true);
  split_products_match_the_loops();
  split_products_are_as_exact();
  split_products_keep_special_values();
  nan_stays_in_its_row();
  return check::finish();
}
