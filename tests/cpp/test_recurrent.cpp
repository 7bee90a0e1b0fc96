// Whole recurrent sequences against plain loops, their gradients against differences, and the same bits for any threads.
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/threads.h"
#include "check.h"
#include "kernels/recurrent.h"

using keraunos::kernels::Cell;
using keraunos::kernels::Sequence;
namespace kernels = keraunos::kernels;

namespace {

using Index = std::int64_t;
using Mask = std::vector<char>;

Index gates(Cell cell) { return cell == Cell::kLstm ? 4 : cell == Cell::kSimple ? 1 : 3; }
Index kept_gates(Cell cell) { return cell == Cell::kGru ? 4 : gates(cell); }

// Everything that goes into a sequence, in one list: x, h0, c0, kernel, recurrent kernel, bias.
template <class T>
using Operands = std::vector<std::vector<T>>;

Operands<double> make_operands(const Sequence& s) {
  check::Numbers numbers(static_cast<std::uint64_t>(s.batch * 1009 + s.steps * 101 + s.units));
  const Index wide = gates(s.cell) * s.units;
  const Index sizes[] = {s.batch * s.steps * s.inputs, s.batch * s.units, s.batch * s.units, s.inputs * wide, s.units * wide,
                         (s.cell == Cell::kGru ? 2 : 1) * wide};
  Operands<double> operands;
  for (Index size : sizes) {
    operands.emplace_back(static_cast<std::size_t>(size));
    for (double& x : operands.back()) x = numbers.number();
  }
  for (double& x : operands[4]) x *= 0.5;
  return operands;
}

Mask make_mask(const Sequence& s) {
  Mask mask(static_cast<std::size_t>(s.batch * s.steps));
  check::Numbers numbers(5);
  for (char& m : mask) m = numbers.number() < 0.3;
  return mask;
}

template <class T>
Operands<T> as(const Operands<double>& operands) {
  Operands<T> result;
  for (const auto& operand : operands) result.emplace_back(operand.begin(), operand.end());
  return result;
}

// Results in one list: last, outputs, h, c, gates, before_h, before_c.
template <class T>
Operands<T> run(const Sequence& s, const Operands<T>& in, const Mask* mask) {
  const Index states = s.batch * s.units, all = states * s.steps;
  Operands<T> out;
  for (Index size : {states, all, states, states, all * kept_gates(s.cell), all, all}) out.emplace_back(static_cast<std::size_t>(size), T(0));
  std::vector<T> space(kernels::sequence_workspace<T>(s) / sizeof(T) + 16);
  void* workspace = reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(space.data()) + 63) / 64 * 64);
  const kernels::SequenceOperands<T> operands = {in[0].data(), in[1].data(), in[2].data(), in[3].data(), in[4].data(), in[5].data(),
                                                 mask ? reinterpret_cast<const bool*>(mask->data()) : nullptr};
  kernels::run_sequence<T>(s, operands, {out[0].data(), out[1].data(), out[2].data(), out[3].data(), out[4].data(), out[5].data(), out[6].data()},
                           workspace);
  return out;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// One row of the batch: last, outputs, h, c.
Operands<double> plain_row(const Sequence& s, const Operands<double>& in, const Mask* mask, Index row) {
  const Index n = s.units, wide = gates(s.cell) * n;
  std::vector<double> h(in[1].begin() + row * n, in[1].begin() + (row + 1) * n), c(in[2].begin() + row * n, in[2].begin() + (row + 1) * n);
  std::vector<double> output(static_cast<std::size_t>(n)), outputs;
  for (Index step = 0; step < s.steps; ++step) {
    const Index t = s.is_reversed ? s.steps - 1 - step : step;
    const auto x_part = [&](Index j) {
      double sum = in[5][static_cast<std::size_t>(j)];
      for (Index i = 0; i < s.inputs; ++i) sum += in[0][static_cast<std::size_t>((row * s.steps + t) * s.inputs + i)] * in[3][static_cast<std::size_t>(i * wide + j)];
      return sum;
    };
    const auto h_part = [&](Index j) {
      double sum = s.cell == Cell::kGru ? in[5][static_cast<std::size_t>(wide + j)] : 0;
      for (Index i = 0; i < n; ++i) sum += h[static_cast<std::size_t>(i)] * in[4][static_cast<std::size_t>(i * wide + j)];
      return sum;
    };
    std::vector<double> next_h = h, next_c = c;
    for (Index j = 0; j < n; ++j) {
      const std::size_t at = static_cast<std::size_t>(j);
      if (s.cell == Cell::kSimple) next_h[at] = std::tanh(x_part(j) + h_part(j));
      if (s.cell == Cell::kLstm) {
        next_c[at] = sigmoid(x_part(n + j) + h_part(n + j)) * c[at] + sigmoid(x_part(j) + h_part(j)) * std::tanh(x_part(2 * n + j) + h_part(2 * n + j));
        next_h[at] = sigmoid(x_part(3 * n + j) + h_part(3 * n + j)) * std::tanh(next_c[at]);
      }
      if (s.cell == Cell::kGru) {
        const double u = sigmoid(x_part(j) + h_part(j)), r = sigmoid(x_part(n + j) + h_part(n + j));
        next_h[at] = u * h[at] + (1 - u) * std::tanh(x_part(2 * n + j) + r * h_part(2 * n + j));
      }
      if (s.cell == Cell::kGruResetBefore) {
        const double u = sigmoid(x_part(j) + h_part(j));
        double candidate = x_part(2 * n + j);
        for (Index i = 0; i < n; ++i) {
          const double reset = sigmoid(x_part(n + i) + h_part(n + i));
          candidate += reset * h[static_cast<std::size_t>(i)] * in[4][static_cast<std::size_t>(i * wide + 2 * n + j)];
        }
        next_h[at] = u * h[at] + (1 - u) * std::tanh(candidate);
      }
    }
    if (mask == nullptr || (*mask)[static_cast<std::size_t>(row * s.steps + t)]) {
      output = h = next_h;
      c = next_c;
    } else if (s.zeroes_masked) {
      output.assign(static_cast<std::size_t>(n), 0.0);
    }
    outputs.insert(outputs.end(), output.begin(), output.end());
  }
  return {output, outputs, h, c};
}

template <class T>
void agrees_with_plain_loops(const Sequence& s, const Mask* mask, const std::string& name) {
  const Operands<double> in = make_operands(s);
  const Operands<T> found = run<T>(s, as<T>(in), mask);
  const double tolerance = sizeof(T) == 4 ? 2e-5 : 1e-12;
  for (Index row = 0; row < s.batch; ++row) {
    const Operands<double> wanted = plain_row(s, in, mask, row);
    for (std::size_t k = 0; k < (s.cell == Cell::kLstm ? 4u : 3u); ++k) {
      for (std::size_t i = 0; i < wanted[k].size(); ++i) {
        CHECK_CASE(check::is_near(found[k][static_cast<std::size_t>(row) * wanted[k].size() + i], wanted[k][i], tolerance, tolerance), name);
      }
    }
  }
}

// ---------------------------------------------------------------- gradients

double weight(std::size_t i) { return std::cos(1.0 + static_cast<double>(i)); }

// The weighted sum of last, outputs, h and c.
double loss(const Sequence& s, const Operands<double>& in, const Mask* mask) {
  const Operands<double> out = run<double>(s, in, mask);
  double sum = 0;
  for (std::size_t k = 0; k < (s.cell == Cell::kLstm ? 4u : 3u); ++k) {
    for (std::size_t i = 0; i < out[k].size(); ++i) sum += out[k][i] * weight(i + k);
  }
  return sum;
}

template <class T>
Operands<T> gradients(const Sequence& s, const Operands<T>& in, const Mask* mask) {
  const Operands<T> out = run<T>(s, in, mask);
  Operands<T> flowing, found;
  for (std::size_t k = 0; k < 4; ++k) {
    flowing.emplace_back(out[k].size());
    for (std::size_t i = 0; i < out[k].size(); ++i) flowing[k][i] = static_cast<T>(weight(i + k));
  }
  for (const auto& operand : in) found.emplace_back(operand.size(), T(0));
  std::vector<T> space(kernels::sequence_gradient_workspace<T>(s) / sizeof(T) + 16);
  void* workspace = reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(space.data()) + 63) / 64 * 64);
  const kernels::SequenceGradientOperands<T> operands = {in[0].data(), in[3].data(), in[4].data(),
                                                         mask ? reinterpret_cast<const bool*>(mask->data()) : nullptr,
                                                         out[4].data(), out[5].data(), out[6].data(),
                                                         flowing[0].data(), flowing[1].data(), flowing[2].data(), flowing[3].data()};
  kernels::run_sequence_gradient<T>(s, operands, {found[0].data(), found[1].data(), found[2].data(), found[3].data(), found[4].data(), found[5].data()},
                                    workspace);
  return found;
}

void gradients_agree_with_differences(const Sequence& s, const Mask* mask, const std::string& name) {
  const Operands<double> in = make_operands(s);
  const Operands<double> found = gradients<double>(s, in, mask);
  const Operands<float> rough = gradients<float>(s, as<float>(in), mask);
  for (std::size_t k = 0; k < in.size(); ++k) {
    if (k == 2 && s.cell != Cell::kLstm) continue;
    for (std::size_t i = 0; i < in[k].size(); ++i) CHECK_CASE(check::is_near(rough[k][i], found[k][i], 1e-3, 2e-4), name);
    for (std::size_t i = 0; i < in[k].size(); i += 1 + in[k].size() / 7) {
      Operands<double> moved = in;
      moved[k][i] += 1e-6;
      const double up = loss(s, moved, mask);
      moved[k][i] -= 2e-6;
      CHECK_CASE(check::is_near(found[k][i], (up - loss(s, moved, mask)) / 2e-6, 1e-5, 1e-6), name);
    }
  }
}

void gives_the_same_bits_for_any_number_of_threads(const Sequence& s, const Mask* mask, const std::string& name) {
  const Operands<float> in = as<float>(make_operands(s));
  Operands<float> first;
  for (int threads : {1, 2, 3}) {
    keraunos::set_thread_count(threads);
    Operands<float> all = run<float>(s, in, mask);
    for (auto& part : gradients<float>(s, in, mask)) all.push_back(part);
    if (threads == 1) first = all;
    for (std::size_t k = 0; k < all.size(); ++k) {
      CHECK_CASE(std::memcmp(all[k].data(), first[k].data(), all[k].size() * sizeof(float)) == 0, name);
    }
  }
  keraunos::set_thread_count(0);
}

}  // namespace

int main() {
  const Index sizes[][4] = {{1, 1, 1, 1}, {1, 40, 3, 8}, {3, 5, 2, 7}, {5, 3, 9, 17}, {33, 4, 3, 5}, {2, 70, 1, 24}, {20, 30, 3, 5}, {3, 200, 2, 2}};
  for (Cell cell : {Cell::kSimple, Cell::kLstm, Cell::kGru, Cell::kGruResetBefore}) {
    for (const auto& size : sizes) {
      for (int variant = 0; variant < 6; ++variant) {
        Sequence s;
        s.cell = cell;
        s.batch = size[0];
        s.steps = size[1];
        s.inputs = size[2];
        s.units = size[3];
        s.is_reversed = variant % 2 == 1;
        s.zeroes_masked = variant >= 4;
        const Mask mask = make_mask(s);
        const Mask* used = variant >= 2 ? &mask : nullptr;
        const std::string name = "cell " + std::to_string(static_cast<int>(cell)) + ", batch " + std::to_string(s.batch) + ", steps " +
                                 std::to_string(s.steps) + ", units " + std::to_string(s.units) + ", variant " + std::to_string(variant);
        agrees_with_plain_loops<float>(s, used, name);
        agrees_with_plain_loops<double>(s, used, name);
        gradients_agree_with_differences(s, used, name);
      }
    }
    Sequence large;
    large.cell = cell;
    large.batch = 70;
    large.steps = 40;  // several blocks of the walk back
    large.inputs = 20;
    large.units = 48;
    const Mask mask = make_mask(large);
    gives_the_same_bits_for_any_number_of_threads(large, nullptr, "large");
    gives_the_same_bits_for_any_number_of_threads(large, &mask, "large, masked");
    large.batch = 300;  // more chunks than groups of them
    large.steps = 5;
    agrees_with_plain_loops<float>(large, nullptr, "many rows");
    gives_the_same_bits_for_any_number_of_threads(large, nullptr, "many rows");
  }
  return check::finish();
}
