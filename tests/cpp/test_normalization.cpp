// Layer and batch normalization, forward and backward, against plain loops in double; the same bits for any threads.
#include <cstring>
#include <vector>

#include "base/threads.h"
#include "check.h"
#include "kernels/normalization.h"

namespace kernels = keraunos::kernels;

namespace {

constexpr std::int64_t kShapes[][2] = {{1, 1}, {3, 2}, {5, 7}, {64, 16}, {65, 33}, {200, 40}, {1000, 3}, {70000, 2}, {3000, 64}, {0, 5}};

template <class T>
using Row = std::vector<T>;

template <class T>
Row<T> random_values(std::int64_t n, std::uint64_t seed, double offset = 0) {
  check::Numbers numbers(seed);
  Row<T> values(static_cast<std::size_t>(n));
  for (T& x : values) x = static_cast<T>(numbers.number() + offset);
  return values;
}

struct Moments {
  double mean = 0, variance = 0;
};

// Of n elements with a distance between them.
template <class T>
Moments moments(const T* x, std::int64_t n, std::int64_t stride, bool is_centred = true) {
  Moments result;
  for (std::int64_t i = 0; i < n && is_centred; ++i) result.mean += static_cast<double>(x[i * stride]);
  result.mean /= static_cast<double>(n);
  for (std::int64_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(x[i * stride]) - result.mean;
    result.variance += d * d;
  }
  result.variance /= static_cast<double>(n);
  return result;
}

// The gradient of one normalized row (or column): `g` already holds what flows into the normalized values.
Row<double> slow_gradient(const Row<double>& g, const Row<double>& normal, double inverse, bool is_centred) {
  double mean = 0, dot = 0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    mean += is_centred ? g[i] : 0;
    dot += g[i] * normal[i];
  }
  Row<double> dx(g.size());
  for (std::size_t i = 0; i < g.size(); ++i) {
    dx[i] = inverse * (g[i] - (mean + normal[i] * dot) / static_cast<double>(g.size()));
  }
  return dx;
}

template <class T>
void batch_norm_matches_the_loop(bool has_relu) {
  const double tolerance = sizeof(T) == 4 ? 3e-5 : 1e-11;
  for (const auto& shape : kShapes) {
    kernels::BatchNorm<T> norm{shape[0], shape[1], T(0.01), has_relu};
    const std::int64_t size = norm.rows * norm.n;
    const Row<T> x = random_values<T>(size, 3, 2), g = random_values<T>(size, 5), gamma = random_values<T>(norm.n, 7), beta = random_values<T>(norm.n, 9);
    Row<T> y(x.size()), dx(x.size()), mean(gamma), variance(gamma), dgamma(gamma), dbeta(gamma);
    Row<double> workspace(kernels::batch_norm_workspace(norm) / 8 + 1);
    kernels::batch_norm(norm, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), variance.data(), workspace.data());
    kernels::batch_norm_grad(norm, g.data(), x.data(), gamma.data(), beta.data(), mean.data(), variance.data(), dx.data(), dgamma.data(), dbeta.data(),
                             workspace.data());
    if (norm.rows == 0) continue;
    for (std::int64_t c = 0; c < norm.n; ++c) {
      const std::size_t at = static_cast<std::size_t>(c);
      const Moments m = moments(x.data() + c, norm.rows, norm.n);
      CHECK(check::is_near(mean[at], m.mean, 1e-6, 1e-7) && check::is_near(variance[at], m.variance, tolerance, tolerance));
      const double inverse = 1 / std::sqrt(m.variance + static_cast<double>(norm.epsilon));
      Row<double> normal, flowing;
      double sum_g = 0, sum_gx = 0;
      for (std::int64_t r = 0; r < norm.rows; ++r) {
        const std::size_t i = static_cast<std::size_t>(r * norm.n + c);
        normal.push_back((static_cast<double>(x[i]) - m.mean) * inverse);
        const double value = normal.back() * static_cast<double>(gamma[at]) + static_cast<double>(beta[at]);
        CHECK_CASE(check::is_near(y[i], has_relu ? std::fmax(value, 0.0) : value, tolerance, tolerance), "batch_norm " << norm.rows << " x " << norm.n);
        const double gradient = !has_relu || y[i] > 0 ? static_cast<double>(g[i]) : 0.0;
        flowing.push_back(gradient * static_cast<double>(gamma[at]));
        sum_g += gradient;
        sum_gx += gradient * normal.back();
      }
      const double loose = tolerance * std::sqrt(static_cast<double>(norm.rows));
      CHECK_CASE(check::is_near(dbeta[at], sum_g, loose, loose) && check::is_near(dgamma[at], sum_gx, loose, loose), "sums of " << norm.rows << " x " << norm.n);
      const Row<double> expected = slow_gradient(flowing, normal, inverse, true);
      for (std::int64_t r = 0; r < norm.rows; ++r) {
        const T value = dx[static_cast<std::size_t>(r * norm.n + c)];
        CHECK_CASE(check::is_near(value, expected[static_cast<std::size_t>(r)], tolerance, tolerance), "gradient of " << norm.rows << " x " << norm.n);
      }
    }
  }
}

template <class T>
void layer_norm_matches_the_loop(bool is_centred) {
  const double tolerance = sizeof(T) == 4 ? 3e-5 : 1e-11;
  for (const auto& shape : kShapes) {
    kernels::LayerNorm<T> norm{shape[0], shape[1], T(0.01), is_centred};
    const std::int64_t size = norm.rows * norm.n;
    const Row<T> x = random_values<T>(size, 3, 1), g = random_values<T>(size, 5), gamma = random_values<T>(norm.n, 7), beta = random_values<T>(norm.n, 9);
    Row<T> y(x.size()), dx(x.size()), mean(static_cast<std::size_t>(norm.rows)), inverse(mean), dgamma(gamma), dbeta(gamma);
    Row<double> workspace(kernels::layer_norm_grad_workspace(norm) / 8 + 1), sum_g(gamma.size()), sum_gx(gamma.size());
    kernels::layer_norm(norm, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), inverse.data());
    kernels::layer_norm_grad(norm, g.data(), x.data(), gamma.data(), mean.data(), inverse.data(), dx.data(), dgamma.data(), dbeta.data(), workspace.data());
    for (std::int64_t r = 0; r < norm.rows; ++r) {
      const Moments m = moments(x.data() + r * norm.n, norm.n, 1, is_centred);
      const double scale = 1 / std::sqrt(m.variance + static_cast<double>(norm.epsilon));
      Row<double> normal, flowing;
      for (std::int64_t c = 0; c < norm.n; ++c) {
        const std::size_t i = static_cast<std::size_t>(r * norm.n + c), at = static_cast<std::size_t>(c);
        normal.push_back((static_cast<double>(x[i]) - m.mean) * scale);
        CHECK_CASE(check::is_near(y[i], normal.back() * static_cast<double>(gamma[at]) + static_cast<double>(beta[at]), tolerance, tolerance), "layer_norm " << norm.rows << " x " << norm.n);
        flowing.push_back(static_cast<double>(g[i]) * static_cast<double>(gamma[at]));
        sum_g[at] += static_cast<double>(g[i]);
        sum_gx[at] += static_cast<double>(g[i]) * normal.back();
      }
      const Row<double> expected = slow_gradient(flowing, normal, scale, is_centred);
      for (std::int64_t c = 0; c < norm.n; ++c) {
        CHECK_CASE(check::is_near(dx[static_cast<std::size_t>(r * norm.n + c)], expected[static_cast<std::size_t>(c)], tolerance, tolerance * 10), "gradient of " << norm.rows << " x " << norm.n);
      }
    }
    const double loose = tolerance * std::sqrt(static_cast<double>(norm.rows + 1));
    for (std::size_t c = 0; c < gamma.size(); ++c) CHECK(check::is_near(dbeta[c], sum_g[c], loose, loose) && check::is_near(dgamma[c], sum_gx[c], loose, loose));
  }
}

void a_large_mean_does_not_spoil_the_variance() {
  for (double mu : {0.0, 10.0, 100.0, 1000.0, 10000.0}) {
    kernels::BatchNorm<float> norm{20000, 5, 0.001f, false};
    const Row<float> x = random_values<float>(norm.rows * norm.n, 11, mu), gamma(5, 1.0f), beta(5, 0.0f);
    Row<float> y(x.size()), mean(5), variance(5);
    Row<double> workspace(kernels::batch_norm_workspace(norm) / 8 + 1);
    kernels::batch_norm(norm, x.data(), gamma.data(), beta.data(), y.data(), mean.data(), variance.data(), workspace.data());
    for (std::int64_t c = 0; c < norm.n; ++c) {
      const double expected = moments(x.data() + c, norm.rows, norm.n).variance;
      CHECK_CASE(check::is_near(variance[static_cast<std::size_t>(c)], expected, 1e-5, 0), "mean " << mu);
      const double deviation = std::sqrt(moments(y.data() + c, norm.rows, norm.n).variance);
      CHECK_CASE(check::is_near(deviation, std::sqrt(expected / (expected + 0.001)), 1e-3, 0), "mean " << mu << ": " << deviation);
    }
  }
}

void threads_do_not_change_the_bits() {
  for (const auto& shape : kShapes) {
    const std::int64_t size = shape[0] * shape[1];
    const Row<float> x = random_values<float>(size, 3, 2), g = random_values<float>(size, 5), gamma = random_values<float>(shape[1], 7), beta = random_values<float>(shape[1], 9);
    Row<float> first;
    for (int threads : {1, 2, 3}) {
      keraunos::set_thread_count(threads);
      Row<float> all(static_cast<std::size_t>(4 * size + 2 * shape[0] + 6 * shape[1]));
      float* p = all.data();
      const auto part = [&](std::int64_t n) { return (p += n) - n; };
      kernels::BatchNorm<float> batch{shape[0], shape[1], 0.01f, false};
      kernels::LayerNorm<float> layer{shape[0], shape[1], 0.01f, true};
      Row<double> workspace(kernels::batch_norm_workspace(batch) / 8 + kernels::layer_norm_grad_workspace(layer) / 8 + 1);
      float* mean = part(shape[1]);
      float* variance = part(shape[1]);
      kernels::batch_norm(batch, x.data(), gamma.data(), beta.data(), part(size), mean, variance, workspace.data());
      kernels::batch_norm_grad(batch, g.data(), x.data(), gamma.data(), beta.data(), mean, variance, part(size), part(shape[1]), part(shape[1]), workspace.data());
      mean = part(shape[0]);
      variance = part(shape[0]);
      kernels::layer_norm(layer, x.data(), gamma.data(), beta.data(), part(size), mean, variance);
      kernels::layer_norm_grad(layer, g.data(), x.data(), gamma.data(), mean, variance, part(size), part(shape[1]), part(shape[1]), workspace.data());
      if (threads == 1) first = all;
      CHECK_CASE(std::memcmp(first.data(), all.data(), all.size() * sizeof(float)) == 0, shape[0] << " x " << shape[1] << ", " << threads << " threads");
    }
  }
  keraunos::set_thread_count(0);
}

}  // namespace

int main() {
  for (bool flag : {false, true}) {
    batch_norm_matches_the_loop<float>(flag);
    batch_norm_matches_the_loop<double>(flag);
    layer_norm_matches_the_loop<float>(flag);
    layer_norm_matches_the_loop<double>(flag);
  }
  a_large_mean_does_not_spoil_the_variance();
  threads_do_not_change_the_bits();
  return check::finish();
}
