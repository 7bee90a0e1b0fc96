// Convolution, its gradients and pooling against plain loops in float64.
#include <cstring>
#include <vector>

#include "base/memory.h"
#include "base/threads.h"
#include "check.h"
#include "kernels/convolution.h"
#include "kernels/pooling.h"
#include "kernels/winograd.h"

namespace kernels = keraunos::kernels;
using kernels::Activation;
using kernels::Convolution;
using kernels::ConvolutionAxis;

namespace {

using Index = std::int64_t;

// Zeros around the image: `low` before, `high` after.
ConvolutionAxis axis(Index in, Index taps, Index stride = 1, Index dilation = 1, Index low = 0, Index high = 0) {
  return {in, (in + low + high - (taps - 1) * dilation - 1) / stride + 1, taps, stride, dilation, low};
}

Convolution shaped(Index batch, Index in_channels, Index out_channels, Index groups, ConvolutionAxis a, ConvolutionAxis b, ConvolutionAxis c) {
  return {batch, in_channels, out_channels, groups, {a, b, c}};
}

const Convolution kShapes[] = {
    shaped(1, 3, 5, 1, {}, {}, axis(7, 3)),
    shaped(2, 1, 32, 1, {}, axis(9, 3), axis(8, 3)),
    shaped(13, 1, 9, 1, {}, axis(5, 3, 1, 1, 1, 1), axis(4, 3, 1, 1, 1, 1)),
    shaped(7, 3, 16, 1, {}, axis(6, 3, 1, 1, 1, 1), axis(6, 3, 1, 1, 1, 1)),
    shaped(2, 8, 17, 1, {}, axis(6, 3, 1, 1, 1, 1), axis(7, 3, 1, 1, 1, 1)),
    shaped(20, 32, 33, 1, {}, axis(8, 3), axis(8, 3)),
    shaped(3, 20, 24, 1, {}, axis(9, 3, 2, 1, 0, 1), axis(8, 2, 2)),
    shaped(17, 7, 6, 1, {}, axis(9, 3, 2, 1, 1, 1), axis(10, 4, 3, 1, 1, 2)),
    shaped(2, 6, 10, 2, {}, axis(7, 3, 1, 2, 2, 2), axis(7, 2, 1, 3)),
    shaped(8, 12, 24, 3, {}, axis(5, 3, 1, 1, 1, 1), axis(6, 3, 1, 1, 1, 1)),
    shaped(3, 21, 21, 21, {}, axis(6, 3, 1, 1, 1, 1), axis(7, 3, 2, 1, 1, 1)),
    shaped(2, 5, 15, 5, {}, axis(6, 3), axis(7, 3)),
    shaped(5, 10, 20, 1, {}, axis(4, 1), axis(5, 1)),
    shaped(9, 20, 24, 1, {}, axis(15, 1), axis(17, 1)),
    shaped(9, 70, 32, 1, {}, axis(15, 1), axis(17, 1)),
    shaped(9, 80, 144, 1, {}, axis(15, 1), axis(17, 1)),
    shaped(9, 300, 16, 1, {}, axis(15, 1), axis(17, 1)),
    shaped(2, 4, 6, 1, {}, axis(8, 1, 2), axis(7, 1, 3)),
    shaped(2, 5, 7, 1, axis(4, 3, 1, 1, 1, 1), axis(5, 2, 2), axis(6, 3, 1, 2, 2, 2)),
    shaped(9, 2, 3, 1, axis(3, 2), axis(3, 2), axis(4, 3, 1, 1, 1, 1)),
    shaped(1, 6, 8, 1, {}, axis(20, 17, 17), axis(19, 17, 1, 1, 3, 0)),
    shaped(1, 6, 4, 1, {}, axis(300, 1), axis(301, 2, 2)),
    shaped(2, 5, 5, 5, {}, axis(14, 12, 1, 1, 3, 4), axis(15, 13, 1, 1, 2, 2)),
    shaped(20, 6, 8, 2, {}, axis(18, 17, 1, 1, 4, 4), axis(19, 17, 1, 1, 3, 0)),
    shaped(3, 64, 40, 1, {}, axis(9, 3, 1, 1, 1, 1), axis(10, 3, 1, 1, 1, 1)),
    shaped(3, 80, 70, 1, axis(3, 2, 1, 1, 1, 0), axis(5, 3, 1, 1, 1, 1), axis(9, 3, 2, 1, 1, 1)),
    shaped(4, 6, 4, 1, {}, {}, axis(500, 5, 1, 1, 4, 0)),
    shaped(2, 2, 3, 1, {}, axis(2, 5, 1, 1, 4, 4), axis(3, 3, 1, 1, 0, -1)),
    shaped(64, 6, 16, 1, {}, axis(8, 3, 1, 1, 1, 1), axis(8, 3, 1, 1, 1, 1)),
};

template <class T>
std::vector<T> filled(Index size, std::uint64_t seed) {
  check::Numbers numbers(seed);
  std::vector<T> result(static_cast<std::size_t>(size));
  for (T& x : result) x = static_cast<T>(numbers.number());
  return result;
}

// body(x index, w index, y index) for every product.
template <class Body>
void for_each_product(const Convolution& s, const Body& body) {
  const auto& [a, b, c] = s.axes;
  const Index ins = s.in_channels / s.groups, outs = s.out_channels / s.groups;
  for (Index place = 0; place < s.batch * s.places(); ++place) {
    const Index o[3] = {place / (b.out * c.out) % a.out, place / c.out % b.out, place % c.out};
    for (Index tap = 0; tap < s.taps(); ++tap) {
      const Index t[3] = {tap / (b.taps * c.taps), tap / c.taps % b.taps, tap % c.taps};
      Index pixel = place / s.places();
      bool is_inside = true;
      for (std::size_t i = 0; i < 3; ++i) {
        const Index at = o[i] * s.axes[i].stride + t[i] * s.axes[i].dilation - s.axes[i].low;
        is_inside = is_inside && at >= 0 && at < s.axes[i].in;
        pixel = pixel * s.axes[i].in + at;
      }
      if (!is_inside) continue;
      for (Index out = 0; out < s.out_channels; ++out) {
        for (Index in = 0; in < ins; ++in) {
          body(pixel * s.in_channels + out / outs * ins + in, (tap * ins + in) * s.out_channels + out, place * s.out_channels + out);
        }
      }
    }
  }
}

template <class T>
struct Operands {
  std::vector<T> x, w, y, bias;

  explicit Operands(const Convolution& s)
      : x(filled<T>(s.batch * s.pixels() * s.in_channels, 1)),
        w(filled<T>(s.taps() * s.in_channels / s.groups * s.out_channels, 2)),
        y(filled<T>(s.batch * s.places() * s.out_channels, 3)),
        bias(filled<T>(s.out_channels, 4)) {}
};

template <class T>
void check_near(const std::vector<T>& found, const std::vector<double>& expected, const char* what, std::size_t number) {
  const double tolerance = sizeof(T) == 4 ? 2e-4 : 1e-11;
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK_CASE(check::is_near(static_cast<double>(found[i]), expected[i], tolerance, tolerance), what << " of shape " << number << ", element " << i);
  }
}

template <class T>
bool has_same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

std::shared_ptr<void> workspace(std::size_t bytes) { return keraunos::allocate_aligned(bytes); }

template <class T>
std::vector<T> forward(const Convolution& s, const Operands<T>& o, bool has_bias, Activation activation) {
  const kernels::ConvolutionForward<T> pass(s, has_bias, activation);
  std::vector<T> y(o.y.size(), T(7));
  pass.run(o.x.data(), o.w.data(), o.bias.data(), y.data(), workspace(pass.workspace_bytes()).get());
  return y;
}

template <class T>
std::vector<T> input_gradient(const Convolution& s, const Operands<T>& o) {
  const kernels::ConvolutionInputGradient<T> pass(s);
  std::vector<T> x(o.x.size(), T(7));
  pass.run(o.y.data(), o.w.data(), x.data(), workspace(pass.workspace_bytes()).get());
  return x;
}

template <class T>
std::vector<T> weight_gradient(const Convolution& s, const Operands<T>& o) {
  const kernels::ConvolutionWeightGradient<T> pass(s);
  std::vector<T> w(o.w.size(), T(7));
  pass.run(o.x.data(), o.y.data(), w.data(), nullptr, workspace(pass.workspace_bytes()).get());
  return w;
}

template <class T>
std::vector<T> bias_gradient(const Convolution& s, const Operands<T>& o) {
  const kernels::ConvolutionWeightGradient<T> pass(s, true);
  std::vector<T> w(o.w.size(), T(7)), bias(o.bias.size(), T(7));
  pass.run(o.x.data(), o.y.data(), w.data(), bias.data(), workspace(pass.workspace_bytes()).get());
  CHECK(has_same_bits(w, weight_gradient(s, o)));
  return bias;
}

template <class T>
std::vector<T> winograd_forward(const Convolution& s, const Operands<T>& o) {
  const kernels::WinogradForward<T> pass(s, true);
  std::vector<T> transformed(static_cast<std::size_t>(kernels::kWinogradPoints * s.in_channels * s.out_channels)), y(o.y.size(), T(7));
  kernels::transform_winograd_kernel(o.w.data(), s.in_channels, s.out_channels, transformed.data());
  pass.run(o.x.data(), transformed.data(), o.bias.data(), y.data(), workspace(pass.workspace_bytes()).get());
  return y;
}

template <class T>
std::vector<T> winograd_weight_gradient(const Convolution& s, const Operands<T>& o, bool has_bias, std::vector<T>& bias) {
  const kernels::WinogradWeightGradient<T> pass(s, has_bias);
  std::vector<T> w(o.w.size(), T(7));
  bias.assign(o.bias.size(), T(7));
  pass.run(o.x.data(), o.y.data(), w.data(), has_bias ? bias.data() : nullptr, workspace(pass.workspace_bytes()).get());
  return w;
}

const Convolution kWinogradShapes[] = {
    shaped(1, 16, 16, 1, {}, axis(6, 3, 1, 1, 1, 1), axis(6, 3, 1, 1, 1, 1)),
    shaped(3, 5, 32, 1, {}, axis(7, 3, 1, 1, 1, 1), axis(9, 3, 1, 1, 1, 1)),
    shaped(2, 17, 48, 1, {}, axis(8, 3), axis(6, 3)),
    shaped(9, 40, 16, 1, {}, axis(3, 3), axis(3, 3)),
    shaped(1, 3, 16, 1, {}, axis(5, 3, 1, 1, 1, 1), axis(1, 3, 1, 1, 1, 1)),
    shaped(2, 20, 32, 1, {}, axis(7, 3, 1, 1, 2, 2), axis(8, 3, 1, 1, 2, 0)),
    shaped(40, 32, 64, 1, {}, axis(12, 3, 1, 1, 1, 1), axis(13, 3, 1, 1, 1, 1)),
};

template <class T>
void winograd_agrees_with_the_plain_convolution() {
  std::size_t number = 0;
  for (const Convolution& s : kWinogradShapes) {
    const Operands<T> o(s);
    CHECK(kernels::can_be_winograd(s));
    const std::vector<T> plain = forward(s, o, true, Activation::kRelu);
    check_near(winograd_forward(s, o), std::vector<double>(plain.begin(), plain.end()), "winograd", number++);
  }
}

template <class T>
void winograd_agrees_with_the_plain_weight_gradient() {
  std::size_t number = 0;
  for (const Convolution& s : kWinogradShapes) {
    const Operands<T> o(s);
    const std::vector<T> w = weight_gradient(s, o), bias = bias_gradient(s, o);
    std::vector<T> found_bias, ignored;
    const std::vector<T> found = winograd_weight_gradient(s, o, true, found_bias);
    check_near(found, std::vector<double>(w.begin(), w.end()), "winograd's weight gradient", number);
    check_near(found_bias, std::vector<double>(bias.begin(), bias.end()), "winograd's bias gradient", number++);
    CHECK(has_same_bits(found, winograd_weight_gradient(s, o, false, ignored)));
  }
}

template <class T>
void agrees_with_the_loops() {
  std::size_t number = 0;
  for (const Convolution& s : kShapes) {
    const Operands<T> o(s);
    std::vector<double> y(o.y.size(), 0.0), x(o.x.size(), 0.0), w(o.w.size(), 0.0);
    for_each_product(s, [&](Index i, Index k, Index j) {
      const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(k), c = static_cast<std::size_t>(j);
      y[c] += static_cast<double>(o.x[a]) * static_cast<double>(o.w[b]);
      x[a] += static_cast<double>(o.y[c]) * static_cast<double>(o.w[b]);
      w[b] += static_cast<double>(o.x[a]) * static_cast<double>(o.y[c]);
    });
    check_near(forward(s, o, false, Activation::kNone), y, "forward", number);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::fmax(0.0, y[i] + static_cast<double>(o.bias[i % o.bias.size()]));
    check_near(forward(s, o, true, Activation::kRelu), y, "forward with bias and relu", number);
    check_near(input_gradient(s, o), x, "input gradient", number);
    check_near(weight_gradient(s, o), w, "weight gradient", number);
    std::vector<double> bias(o.bias.size(), 0.0);
    for (std::size_t i = 0; i < o.y.size(); ++i) bias[i % bias.size()] += static_cast<double>(o.y[i]);
    check_near(bias_gradient(s, o), bias, "bias gradient", number++);
  }
}

void gives_the_same_bits_for_any_number_of_threads() {
  const Convolution more = shaped(40, 16, 24, 1, {}, axis(14, 3, 1, 1, 1, 1), axis(14, 3, 1, 1, 1, 1));
  std::vector<Convolution> shapes(std::begin(kShapes), std::end(kShapes));
  shapes.push_back(more);
  for (const Convolution& s : shapes) {
    const Operands<float> o(s);
    keraunos::set_thread_count(1);
    const auto y = forward(s, o, true, Activation::kRelu), x = input_gradient(s, o), w = weight_gradient(s, o), bias = bias_gradient(s, o);
    for (int threads : {2, 3}) {
      keraunos::set_thread_count(threads);
      CHECK(has_same_bits(forward(s, o, true, Activation::kRelu), y));
      CHECK(has_same_bits(input_gradient(s, o), x));
      CHECK(has_same_bits(weight_gradient(s, o), w));
      CHECK(has_same_bits(bias_gradient(s, o), bias));
    }
  }
  keraunos::set_thread_count(0);
}

void nan_stays_in_its_image_and_window() {
  const Convolution s = shaped(8, 6, 16, 1, {}, axis(8, 3, 1, 1, 1, 1), axis(8, 3, 1, 1, 1, 1));
  Operands<float> o(s);
  o.x[static_cast<std::size_t>(((5 * 8 + 2) * 8 + 6) * 6)] = std::numeric_limits<float>::quiet_NaN();  // image 5, row 2, column 6
  const std::vector<float> y = forward(s, o, false, Activation::kRelu);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t pixel = i / 16, column = pixel % 8, row = pixel / 8 % 8, image = pixel / 64;
    CHECK(std::isnan(y[i]) == (image == 5 && row >= 1 && row <= 3 && column >= 5));
  }
}

// 2 x 2 windows with steps of 2 over 5 x 4 places of 19 channels.
template <class T>
void pooling_agrees_with_the_loops() {
  kernels::Pooling s;
  s.batch = 3;
  s.channels = 19;
  s.axes[1] = {5, {0, 2}, {2, 4}};
  s.axes[2] = {4, {0, 2}, {2, 4}};
  const std::vector<T> x = filled<T>(3 * 5 * 4 * 19, 5), g = filled<T>(3 * 2 * 2 * 19, 6);
  std::vector<T> largest(g.size()), mean(g.size()), picked(g.size()), max_grad(x.size(), T(7)), mean_grad(x.size(), T(7));
  kernels::max_pool(s, x.data(), largest.data());
  kernels::average_pool(s, x.data(), mean.data());
  kernels::max_pool_pick(s, x.data(), x.data(), picked.data());
  kernels::max_pool_grad(s, g.data(), x.data(), false, max_grad.data());
  kernels::average_pool_grad(s, g.data(), mean_grad.data());
  std::vector<T> expected_max_grad(x.size(), T(0)), expected_mean_grad(x.size(), T(0));
  for (std::size_t i = 0; i < g.size(); ++i) {
    const std::size_t channel = i % 19, pixel = i / 19, column = pixel % 2 * 2, row = pixel / 2 % 2 * 2, image = pixel / 4;
    std::size_t best = 0;
    T sum = 0;
    for (std::size_t place = 0; place < 4; ++place) {
      const std::size_t at = ((image * 5 + row + place / 2) * 4 + column + place % 2) * 19 + channel;
      if (place == 0 || x[at] > x[best]) best = at;
      sum += x[at];
      expected_mean_grad[at] = g[i] / 4;
    }
    expected_max_grad[best] = g[i];
    CHECK(largest[i] == x[best] && picked[i] == x[best]);
    CHECK(check::is_near(static_cast<double>(mean[i]), static_cast<double>(sum / 4), 1e-6, 1e-6));
  }
  CHECK(has_same_bits(max_grad, expected_max_grad));
  CHECK(has_same_bits(mean_grad, expected_mean_grad));
}

}  // namespace

int main() {
  agrees_with_the_loops<float>();
  agrees_with_the_loops<double>();
  winograd_agrees_with_the_plain_convolution<float>();
  winograd_agrees_with_the_plain_convolution<double>();
  winograd_agrees_with_the_plain_weight_gradient<float>();
  winograd_agrees_with_the_plain_weight_gradient<double>();
  gives_the_same_bits_for_any_number_of_threads();
  nan_stays_in_its_image_and_window();
  pooling_agrees_with_the_loops<float>();
  pooling_agrees_with_the_loops<double>();
  return check::finish();
}
