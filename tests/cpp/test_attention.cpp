// Attention forward and backward against plain loops in double; the same bits for any number of threads.
#include <cstring>
#include <vector>

#include "base/threads.h"
#include "check.h"
#include "kernels/attention.h"

namespace kernels = keraunos::kernels;

namespace {

struct Sizes {
  std::int64_t batch, heads, queries, length, size, value_size;
};

constexpr Sizes kSizes[] = {{1, 1, 1, 1, 1, 1}, {2, 3, 5, 7, 4, 6}, {2, 2, 70, 70, 32, 32}, {1, 2, 130, 33, 8, 3}, {3, 1, 9, 300, 16, 16}, {40, 2, 6, 6, 8, 8}, {1, 2, 3, 0, 4, 4}, {2, 1, 0, 3, 4, 4}};

enum class Mask { kNone, kFull, kKeys };

template <class T>
using Row = std::vector<T>;

template <class T>
Row<T> random_values(std::int64_t n, std::uint64_t seed) {
  check::Numbers numbers(seed);
  Row<T> values(static_cast<std::size_t>(n));
  for (T& x : values) x = static_cast<T>(numbers.number());
  return values;
}

// Operands and results of one problem.
template <class T>
struct Problem {
  kernels::Attention<T> shape;
  Row<unsigned char> mask;
  Row<T> q, k, v, g, y, statistics, dq, dk, dv;

  Problem(const Sizes& s, bool is_causal, Mask kind) {
    shape.batch = s.batch;
    shape.heads = s.heads;
    shape.queries = s.queries;
    shape.length = s.length;
    shape.size = s.size;
    shape.value_size = s.value_size;
    shape.scale = T(0.7);
    shape.is_causal = is_causal;
    shape.has_mask = kind != Mask::kNone;
    const std::int64_t full[4] = {s.heads * s.queries * s.length, s.queries * s.length, s.length, 1}, keys[4] = {s.length, 0, 0, 1};
    std::memcpy(shape.mask_strides, kind == Mask::kFull ? full : keys, sizeof(full));
    check::Numbers numbers(23);
    mask.resize(static_cast<std::size_t>(s.batch * s.heads * s.queries * s.length));
    for (unsigned char& seen : mask) seen = numbers.bits() % 3 != 0;
    // The first query sees nothing.
    for (std::int64_t i = 0; i < s.length && kind == Mask::kFull && s.queries > 0; ++i) mask[static_cast<std::size_t>(i)] = 0;
    q = random_values<T>(s.batch * s.queries * s.heads * s.size, 1);
    k = random_values<T>(s.batch * s.length * s.heads * s.size, 2);
    v = random_values<T>(s.batch * s.length * s.heads * s.value_size, 3);
    g = random_values<T>(s.batch * s.queries * s.heads * s.value_size, 4);
    y = g;
    dq = q;
    dk = k;
    dv = v;
    statistics.resize(static_cast<std::size_t>(s.batch * s.heads * s.queries * 2));
  }

  void run() {
    Row<double> workspace(kernels::attention_workspace(shape) / 8 + 8);
    // The kernels' workspace is aligned.
    void* aligned = reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(workspace.data()) + 63) / 64 * 64);
    kernels::attention(shape, q.data(), k.data(), v.data(), mask.data(), y.data(), statistics.data(), aligned);
    kernels::attention_grad(shape, g.data(), q.data(), k.data(), v.data(), y.data(), statistics.data(), mask.data(), dq.data(), dk.data(), dv.data(), aligned);
  }

  std::size_t at(std::int64_t b, std::int64_t position, std::int64_t positions, std::int64_t head, std::int64_t size, std::int64_t i) const {
    return static_cast<std::size_t>(((b * positions + position) * shape.heads + head) * size + i);
  }
  bool sees(std::int64_t b, std::int64_t h, std::int64_t i, std::int64_t j) const {
    const std::int64_t* s = shape.mask_strides;
    if (shape.has_mask && mask[static_cast<std::size_t>(b * s[0] + h * s[1] + i * s[2] + j * s[3])] == 0) return false;
    return !shape.is_causal || j <= i;
  }
};

template <class T>
void compare(const Problem<T>& p, const char* what, const Row<T>& found, const Row<double>& expected) {
  const double tolerance = sizeof(T) == 4 ? 2e-5 : 1e-12;
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK_CASE(check::is_near(static_cast<double>(found[i]), expected[i], tolerance, tolerance),
               what << " of " << p.shape.queries << " x " << p.shape.length << ", causal " << p.shape.is_causal << ", mask " << p.shape.has_mask << ": " << found[i] << " not " << expected[i]);
  }
}

template <class T>
void matches_the_loop(const Sizes& sizes, bool is_causal, Mask kind) {
  Problem<T> p(sizes, is_causal, kind);
  p.run();
  const auto& s = p.shape;
  Row<double> y(p.y.size()), dq(p.dq.size()), dk(p.dk.size()), dv(p.dv.size());
  for (std::int64_t b = 0; b < s.batch; ++b) {
    for (std::int64_t h = 0; h < s.heads; ++h) {
      for (std::int64_t i = 0; i < s.queries; ++i) {
        Row<double> score(static_cast<std::size_t>(s.length), 0.0), slope(score);
        double peak = -1e300, sum = 0, dot = 0;
        bool sees_any = false;
        for (std::int64_t j = 0; j < s.length; ++j) sees_any = sees_any || p.sees(b, h, i, j);
        for (std::int64_t j = 0; j < s.length; ++j) {
          double& x = score[static_cast<std::size_t>(j)];
          for (std::int64_t d = 0; d < s.size; ++d) x += static_cast<double>(p.q[p.at(b, i, s.queries, h, s.size, d)]) * static_cast<double>(p.k[p.at(b, j, s.length, h, s.size, d)]);
          x *= static_cast<double>(s.scale);
          if (!sees_any) x = 0;
          if (sees_any && !p.sees(b, h, i, j)) x = -1e300;
          peak = std::fmax(peak, x);
        }
        for (double& x : score) sum += (x = std::exp(x - peak));
        for (std::int64_t j = 0; j < s.length; ++j) {
          const std::size_t at = static_cast<std::size_t>(j);
          score[at] /= sum;
          for (std::int64_t d = 0; d < s.value_size; ++d) {
            const double g = static_cast<double>(p.g[p.at(b, i, s.queries, h, s.value_size, d)]), v = static_cast<double>(p.v[p.at(b, j, s.length, h, s.value_size, d)]);
            y[p.at(b, i, s.queries, h, s.value_size, d)] += score[at] * v;
            dv[p.at(b, j, s.length, h, s.value_size, d)] += score[at] * g;
            slope[at] += g * v;
          }
          dot += score[at] * slope[at];
        }
        for (std::int64_t j = 0; j < s.length && sees_any; ++j) {
          const double into = score[static_cast<std::size_t>(j)] * (slope[static_cast<std::size_t>(j)] - dot) * static_cast<double>(s.scale);
          for (std::int64_t d = 0; d < s.size; ++d) {
            dq[p.at(b, i, s.queries, h, s.size, d)] += into * static_cast<double>(p.k[p.at(b, j, s.length, h, s.size, d)]);
            dk[p.at(b, j, s.length, h, s.size, d)] += into * static_cast<double>(p.q[p.at(b, i, s.queries, h, s.size, d)]);
          }
        }
      }
    }
  }
  compare(p, "y", p.y, y);
  compare(p, "dq", p.dq, dq);
  compare(p, "dk", p.dk, dk);
  compare(p, "dv", p.dv, dv);
}

void threads_do_not_change_the_bits() {
  for (const Sizes& sizes : kSizes) {
    for (bool is_causal : {false, true}) {
      Problem<float> one(sizes, is_causal, Mask::kKeys);
      keraunos::set_thread_count(1);
      one.run();
      for (int threads : {2, 3}) {
        Problem<float> many(sizes, is_causal, Mask::kKeys);
        keraunos::set_thread_count(threads);
        many.run();
        CHECK(one.y == many.y && one.dq == many.dq && one.dk == many.dk && one.dv == many.dv && one.statistics == many.statistics);
      }
    }
  }
  keraunos::set_thread_count(0);
}

}  // namespace

int main() {
  for (const Sizes& sizes : kSizes) {
    for (bool is_causal : {false, true}) {
      for (Mask mask : {Mask::kNone, Mask::kFull, Mask::kKeys}) {
        matches_the_loop<float>(sizes, is_causal, mask);
        matches_the_loop<double>(sizes, is_causal, mask);
      }
    }
  }
  threads_do_not_change_the_bits();
  return check::finish();
}
