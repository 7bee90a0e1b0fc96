// Random numbers: Philox's own test vector, distributions, and what an element depends on.
#include <algorithm>
#include <cstring>
#include <vector>

#include "base/threads.h"
#include "check.h"
#include "kernels/kernels.h"

namespace kernels = keraunos::kernels;

namespace {

constexpr std::uint32_t kKey[2] = {1234, 5678};
constexpr std::int64_t kMany = 1 << 20;

// Random123's known answer for counter 0 and key 0; word w of block 0 is element 16 * w.
void the_bits_are_philox() {
  const std::uint32_t key[2] = {0, 0};
  std::uint32_t out[64];
  kernels::random_bits(key, out, 64);
  CHECK(out[0] == 0x6627e8d5u && out[16] == 0xe169c58du && out[32] == 0xbc57ac4cu && out[48] == 0x9b00dbd8u);
}

// An element is the same for every length and number of threads.
template <class T, class Draw>
void depends_on_key_and_index_alone(Draw draw) {
  std::vector<T> all(200000);
  keraunos::set_thread_count(1);
  draw(kKey, all.data(), 200000);
  for (int threads : {1, 3}) {
    keraunos::set_thread_count(threads);
    for (std::int64_t n : {0, 1, 63, 64, 65, 1000, 70001, 199999}) {
      std::vector<T> some(static_cast<std::size_t>(n) + 1, T(7));
      draw(kKey, some.data(), n);
      CHECK_CASE(n == 0 || std::memcmp(some.data(), all.data(), static_cast<std::size_t>(n) * sizeof(T)) == 0, "n=" << n);
      CHECK(some[static_cast<std::size_t>(n)] == T(7));
    }
  }
  keraunos::set_thread_count(0);
  const std::uint32_t other_key[2] = {1235, 5678};
  std::vector<T> other(1000);
  draw(other_key, other.data(), 1000);
  CHECK(!std::equal(other.begin(), other.end(), all.begin()));
}

// Largest distance between the distribution of the numbers and the true one (Kolmogorov and Smirnov).
template <class T, class Truth>
double distance(std::vector<T> values, Truth truth) {
  std::sort(values.begin(), values.end());
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(values.size());
    worst = std::max(worst, std::fabs(truth(static_cast<double>(values[i])) - place));
  }
  return worst;
}

template <class T>
double correlation(const std::vector<T>& x, std::size_t lag) {
  double mean = 0, square = 0, product = 0;
  for (T v : x) mean += static_cast<double>(v);
  mean /= static_cast<double>(x.size());
  for (std::size_t i = 0; i + lag < x.size(); ++i) {
    product += (static_cast<double>(x[i]) - mean) * (static_cast<double>(x[i + lag]) - mean);
    square += (static_cast<double>(x[i]) - mean) * (static_cast<double>(x[i]) - mean);
  }
  return product / square;
}

// 2 / sqrt(2^20) is passed by one right generator in a thousand.
constexpr double kLimit = 2.0 / 1024;

template <class T, class Draw>
void uniform_numbers_are_uniform(Draw draw) {
  std::vector<T> x(kMany);
  draw(kKey, x.data(), kMany);
  CHECK(*std::min_element(x.begin(), x.end()) >= T(0) && *std::max_element(x.begin(), x.end()) < T(1));
  CHECK(distance(x, [](double v) { return v; }) < kLimit);
  for (std::size_t lag : {1, 16, 32, 64}) CHECK(std::fabs(correlation(x, lag)) < 4.0 / 1024);
}

template <class T, class Draw>
void normal_numbers_are_normal(Draw draw) {
  std::vector<T> x(kMany);
  draw(kKey, x.data(), kMany);
  CHECK(distance(x, [](double v) { return 0.5 * std::erfc(-v * 0.70710678118654752440); }) < kLimit);
  for (std::size_t lag : {1, 16, 32, 64}) CHECK(std::fabs(correlation(x, lag)) < 4.0 / 1024);
  const double largest = static_cast<double>(*std::max_element(x.begin(), x.end()));
  CHECK(largest > 4.2 && largest < 7);
}

template <class T, class Drop>
void dropout_keeps_the_mean(Drop drop) {
  std::vector<T> in(kMany, T(1)), out(kMany);
  for (double rate : {0.0, 0.1, 0.5, 0.9, 1.0}) {
    const double scale = rate < 1 ? 1 / (1 - rate) : 0;
    drop(kKey, in.data(), out.data(), kMany, rate, scale);
    std::int64_t kept = 0;
    for (T x : out) {
      CHECK(x == T(0) || x == static_cast<T>(scale));
      kept += x != T(0);
    }
    const double expected = (1 - rate) * kMany, spread = std::sqrt(rate * (1 - rate) * kMany);
    CHECK_CASE(std::fabs(static_cast<double>(kept) - expected) <= 4 * spread + kMany / 65536.0, "rate " << rate << ": " << kept << " kept");
    std::vector<T> some = in;
    drop(kKey, some.data(), some.data(), 777, rate, scale);
    CHECK(std::equal(some.begin(), some.begin() + 777, out.begin()) && some[777] == T(1));
  }
  std::vector<T> nan(256, std::numeric_limits<T>::quiet_NaN()), dropped(256);
  drop(kKey, nan.data(), dropped.data(), 256, 0.5, 2.0);
  std::size_t zeros = 0;
  for (T x : dropped) zeros += x == T(0);
  CHECK(zeros > 80 && zeros < 176);
}

}  // namespace

int main() {
  the_bits_are_philox();
  depends_on_key_and_index_alone<std::uint32_t>(kernels::random_bits);
  depends_on_key_and_index_alone<float>(kernels::random_uniform_f32);
  depends_on_key_and_index_alone<double>(kernels::random_uniform_f64);
  depends_on_key_and_index_alone<float>(kernels::random_normal_f32);
  depends_on_key_and_index_alone<double>(kernels::random_normal_f64);
  uniform_numbers_are_uniform<float>(kernels::random_uniform_f32);
  uniform_numbers_are_uniform<double>(kernels::random_uniform_f64);
  normal_numbers_are_normal<float>(kernels::random_normal_f32);
  normal_numbers_are_normal<double>(kernels::random_normal_f64);
  dropout_keeps_the_mean<float>(kernels::dropout_f32);
  dropout_keeps_the_mean<double>(kernels::dropout_f64);
  return check::finish();
}
