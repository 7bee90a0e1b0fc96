// Speed of the kernels, one JSON object a line: best of many runs. Arguments: words that a line must contain to be run.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/threads.h"
#include "kernels/convolution.h"
#include "kernels/kernels.h"
#include "kernels/recurrent.h"
#include "kernels/pooling.h"
#include "kernels/winograd.h"

using keraunos::Dtype;
namespace kernels = keraunos::kernels;

namespace {

std::vector<std::string> wanted_words;
int current_threads = 1;

bool is_wanted(const std::string& name) {
  for (const std::string& word : wanted_words) {
    if (name.find(word) == std::string::npos) return false;
  }
  return true;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Seconds of one call: the best of rounds of about a millisecond, for about 60 ms. `between` runs between the rounds, its time does not count.
double best_time(const std::function<void()>& work, const std::function<void()>& between = [] {}) {
  work();
  double start = now();
  work();
  const double once = std::max(now() - start, 1e-9);
  const int repeats = std::max(1, static_cast<int>(1e-3 / once));
  double best = 1e9;
  const double end = now() + 0.06;
  int rounds = 0;
  while (now() < end || rounds++ < 5) {
    between();
    start = now();
    for (int i = 0; i < repeats; ++i) work();
    best = std::min(best, (now() - start) / repeats);
  }
  return best;
}

struct Buffer {
  explicit Buffer(std::size_t elements, float value = 0.25f) : memory(keraunos::allocate_aligned((elements + 64) * 4)), n(elements) {
    for (std::size_t i = 0; i < n; ++i) data()[i] = value * static_cast<float>(static_cast<int>(i * 7919 % 17) - 8) * 0.125f;
  }
  float* data() { return static_cast<float*>(memory.get()); }
  std::shared_ptr<void> memory;
  std::size_t n;
};

// The roof: fused multiply-adds on registers alone, at the width of the level in use. 0 where this is not written.
constexpr int kChains = 12;
constexpr int kPeakSteps = 100000;
#if defined(__x86_64__) && defined(__GNUC__)
#define KERAUNOS_PEAK(name, isa, bytes)                                                    \
  __attribute__((target(isa), noinline)) float name(float start) {                         \
    typedef float V __attribute__((vector_size(bytes)));                                   \
    const V factor = V{} + 0.999f, addend = V{} + 0.001f;                                  \
    V a = V{} + start, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a; \
    for (int step = 0; step < kPeakSteps; ++step) {                                        \
      a = a * factor + addend; b = b * factor + addend; c = c * factor + addend;           \
      d = d * factor + addend; e = e * factor + addend; f = f * factor + addend;           \
      g = g * factor + addend; h = h * factor + addend; i = i * factor + addend;           \
      j = j * factor + addend; k = k * factor + addend; l = l * factor + addend;           \
      __asm__ volatile("" : "+x"(a), "+x"(b), "+x"(c), "+x"(d), "+x"(e), "+x"(f));         \
      __asm__ volatile("" : "+x"(g), "+x"(h), "+x"(i), "+x"(j), "+x"(k), "+x"(l));         \
    }                                                                                      \
    return (a + b + c + d + e + f + g + h + i + j + k + l)[0];                             \
  }
KERAUNOS_PEAK(peak_avx512, "avx512f,fma", 64)
KERAUNOS_PEAK(peak_avx2, "avx2,fma", 32)
KERAUNOS_PEAK(peak_baseline, "sse2", 16)
#undef KERAUNOS_PEAK
#endif

// GFLOP/s of one thread: the best of its bursts.
class Peak {
 public:
  void burst() {
#if defined(__x86_64__) && defined(__GNUC__)
    const std::string level = kernels::cpu_level();
    const bool is_wide = level == "avx512" || level == "amx";
    const int lanes = is_wide ? 16 : level == "avx2" ? 8 : 4;
    const auto loop = is_wide ? peak_avx512 : level == "avx2" ? peak_avx2 : peak_baseline;
    const double start = now();
    sink_ = loop(0.1f);
    gflops_ = std::max(gflops_, 2.0 * kChains * lanes * kPeakSteps / (now() - start) * 1e-9);
#endif
  }
  double gflops() const { return gflops_; }

 private:
  double gflops_ = 0;
  volatile float sink_ = 0;
};

double lone_peak = 0;  // measured once, before everything else

double share(double gflops, double peak) { return peak > 0 ? gflops / (peak * current_threads) : 0.0; }

// Beside the peak of a core that does nothing else, the peak in turns with the work: heavy work lowers the clock, also that of the peak.
void report_products(const std::string& name, double products, const std::function<void()>& work) {
  if (!is_wanted(name)) return;
  Peak peak;
  const double seconds = best_time(work, [&] { peak.burst(); });
  const double gflops = 2.0 * products / seconds * 1e-9;
  std::printf("{\"case\": \"%s\", \"threads\": %d, \"us\": %.3f, \"gflops\": %.1f, \"of_peak\": %.2f, \"of_peak_in_turns\": %.2f}\n", name.c_str(), current_threads,
              seconds * 1e6, gflops, share(gflops, lone_peak), share(gflops, peak.gflops()));
}

struct GemmCase {
  const char* kind;  // NN with bias and relu, NNp with b packed before, TN, NT
  std::int64_t m, n, k;
};

void bench_gemm(const GemmCase& c, bool may_split) {
  const std::string name = std::string(may_split ? "split_gemm " : "gemm ") + c.kind + " " + std::to_string(c.m) + "," + std::to_string(c.n) + "," + std::to_string(c.k);
  if (!is_wanted(name)) return;
  kernels::Gemm<float> shape;
  shape.transpose_a = std::strcmp(c.kind, "TN") == 0;
  shape.transpose_b = std::strcmp(c.kind, "NT") == 0;
  shape.m = c.m;
  shape.n = c.n;
  shape.k = c.k;
  shape.lda = shape.transpose_a ? c.m : c.k;
  shape.ldb = shape.transpose_b ? c.k : c.n;
  shape.ldc = c.n;
  shape.may_split = may_split;
  const bool is_forward = c.kind[0] == 'N' && c.kind[1] == 'N';
  shape.has_bias = is_forward;
  shape.activation = is_forward ? kernels::Activation::kRelu : kernels::Activation::kNone;
  Buffer a(static_cast<std::size_t>(c.m * c.k)), b(static_cast<std::size_t>(c.n * c.k)), bias(static_cast<std::size_t>(c.n));
  Buffer out(static_cast<std::size_t>(c.m * c.n)), workspace(kernels::gemm_workspace(shape) / 4 + 1), packed(kernels::gemm_packed_bytes(shape) / 4 + 1);
  const double products = static_cast<double>(c.m) * static_cast<double>(c.n) * static_cast<double>(c.k);
  if (std::strcmp(c.kind, "NNp") == 0) {
    kernels::gemm_pack(shape, b.data(), packed.data());
    report_products(name, products, [&] { kernels::gemm_packed(shape, a.data(), packed.data(), bias.data(), out.data(), workspace.data()); });
  } else {
    report_products(name, products, [&] { kernels::gemm(shape, a.data(), b.data(), bias.data(), out.data(), workspace.data()); });
  }
}

struct ConvolutionCase {
  std::int64_t batch, size, in_channels, out_channels, taps, stride;
  bool is_same;
  std::int64_t groups;
};

// Products with the padding count, as is usual.
void bench_convolution(const ConvolutionCase& c) {
  const std::int64_t out = c.is_same ? (c.size + c.stride - 1) / c.stride : (c.size - c.taps) / c.stride + 1;
  const std::int64_t low = c.is_same ? std::max<std::int64_t>(0, (out - 1) * c.stride + c.taps - c.size) / 2 : 0;
  kernels::Convolution shape{c.batch, c.in_channels, c.out_channels, c.groups, {}};
  shape.axes[1] = shape.axes[2] = {c.size, out, c.taps, c.stride, 1, low};
  const std::string name = std::to_string(c.batch) + " x " + std::to_string(c.size) + "x" + std::to_string(c.size) + "x" + std::to_string(c.in_channels) +
                           "->" + std::to_string(c.out_channels) + " taps " + std::to_string(c.taps) + (c.is_same ? " same" : " valid") +
                           (c.stride > 1 ? " stride " + std::to_string(c.stride) : "") + (c.groups > 1 ? " groups " + std::to_string(c.groups) : "");
  const char* const kinds[] = {"conv forward ", "conv winograd forward ", "conv input gradient ", "conv weight gradient ",
                               "conv winograd weight gradient "};
  if (std::none_of(std::begin(kinds), std::end(kinds), [&name](const char* kind) { return is_wanted(kind + name); })) return;
  const std::int64_t weights = shape.taps() * c.in_channels / c.groups * c.out_channels;
  const double products = static_cast<double>(c.batch * shape.places() * weights);
  const kernels::ConvolutionForward<float> forward(shape, true, kernels::Activation::kRelu);
  const kernels::ConvolutionInputGradient<float> input_gradient(shape);
  const kernels::ConvolutionWeightGradient<float> weight_gradient(shape);
  Buffer x(static_cast<std::size_t>(c.batch * shape.pixels() * c.in_channels)), y(static_cast<std::size_t>(c.batch * shape.places() * c.out_channels));
  Buffer w(static_cast<std::size_t>(weights)), bias(static_cast<std::size_t>(c.out_channels)), out_w(static_cast<std::size_t>(weights));
  Buffer out_x(x.n), out_y(y.n);
  Buffer workspace(std::max({forward.workspace_bytes(), input_gradient.workspace_bytes(), weight_gradient.workspace_bytes()}) / 4 + 1);
  report_products("conv forward " + name, products, [&] { forward.run(x.data(), w.data(), bias.data(), out_y.data(), workspace.data()); });
  if (c.stride == 1 && c.taps == 3 && kernels::can_be_winograd(shape)) {
    Buffer points(static_cast<std::size_t>(kernels::kWinogradPoints * c.in_channels * c.out_channels));
    kernels::transform_winograd_kernel(w.data(), c.in_channels, c.out_channels, points.data());
    const kernels::WinogradForward<float> winograd(shape, true);
    Buffer space(winograd.workspace_bytes() / 4 + 1);
    report_products("conv winograd forward " + name, products, [&] { winograd.run(x.data(), points.data(), bias.data(), out_y.data(), space.data()); });
  }
  report_products("conv input gradient " + name, products, [&] { input_gradient.run(y.data(), w.data(), out_x.data(), workspace.data()); });
  report_products("conv weight gradient " + name, products, [&] { weight_gradient.run(x.data(), y.data(), out_w.data(), nullptr, workspace.data()); });
  if (c.stride == 1 && c.taps == 3 && kernels::can_be_winograd(shape)) {
    const kernels::WinogradWeightGradient<float> winograd(shape, false);
    Buffer space(winograd.workspace_bytes() / 4 + 1);
    report_products("conv winograd weight gradient " + name, products, [&] { winograd.run(x.data(), y.data(), out_w.data(), nullptr, space.data()); });
  }
}

void bench_elements(const std::string& name, std::int64_t n, const std::function<void()>& work) {
  if (!is_wanted(name)) return;
  const double seconds = best_time(work);
  std::printf("{\"case\": \"%s\", \"threads\": %d, \"n\": %lld, \"us\": %.3f, \"ns_per_element\": %.4f}\n", name.c_str(), current_threads,
              static_cast<long long>(n), seconds * 1e6, seconds / static_cast<double>(n) * 1e9);
}

void bench_maps() {
  using kernels::MapOp;
  const std::pair<const char*, MapOp> ops[] = {
      {"add", MapOp::kAdd}, {"multiply", MapOp::kMultiply}, {"divide", MapOp::kDivide}, {"maximum", MapOp::kMaximum}, {"exp", MapOp::kExp},
      {"log", MapOp::kLog}, {"tanh", MapOp::kTanh}, {"sigmoid", MapOp::kSigmoid}, {"erf", MapOp::kErf}, {"gelu", MapOp::kGelu},
      {"softplus", MapOp::kSoftplus}, {"log1p", MapOp::kLog1p}, {"expm1", MapOp::kExpm1}, {"sin", MapOp::kSin}, {"power", MapOp::kPower},
      {"sqrt", MapOp::kSqrt}, {"relu", MapOp::kRelu}, {"relu_grad", MapOp::kReluGrad}, {"greater", MapOp::kGreater}, {"is_finite", MapOp::kIsFinite}};
  for (std::int64_t n : {4096, 1000000}) {
    Buffer a(static_cast<std::size_t>(n), 4.0f), b(static_cast<std::size_t>(n)), out(static_cast<std::size_t>(n));
    for (const auto& op : ops) {
      const auto loop = kernels::find_map_loop(op.second, Dtype::kFloat32);
      bench_elements(std::string("map ") + op.first, n, [&] { loop(a.data(), b.data(), nullptr, out.data(), n, nullptr); });
    }
  }
}

void bench_pooling() {
  kernels::Pooling shape;
  shape.batch = 128;
  shape.channels = 32;
  shape.axes[1].in = shape.axes[2].in = 26;
  for (kernels::PoolingAxis* axis : {&shape.axes[1], &shape.axes[2]}) {
    axis->begin.clear();
    axis->end.clear();
    for (std::int64_t i = 0; i < 26; i += 2) {
      axis->begin.push_back(i);
      axis->end.push_back(i + 2);
    }
  }
  const std::int64_t n = 128 * 26 * 26 * 32;
  Buffer x(n), y(n / 4), result(n);
  bench_elements("max_pool 2x2 128 x 26x26x32", n, [&] { kernels::max_pool(shape, x.data(), y.data()); });
  bench_elements("max_pool_grad 2x2 128 x 26x26x32", n, [&] { kernels::max_pool_grad(shape, y.data(), x.data(), false, result.data()); });
  bench_elements("average_pool 2x2 128 x 26x26x32", n, [&] { kernels::average_pool(shape, x.data(), y.data()); });
}

void bench_sequence(kernels::Cell cell, const char* name, std::int64_t batch, std::int64_t steps, std::int64_t inputs, std::int64_t units) {
  kernels::Sequence s;
  s.cell = cell;
  s.batch = batch;
  s.steps = steps;
  s.inputs = inputs;
  s.units = units;
  const std::size_t states = static_cast<std::size_t>(batch * units), all = states * static_cast<std::size_t>(steps);
  const std::size_t wide = static_cast<std::size_t>(4 * units);
  Buffer x(static_cast<std::size_t>(batch * steps * inputs)), h0(states), c0(states), kernel(static_cast<std::size_t>(inputs) * wide);
  Buffer recurrent(static_cast<std::size_t>(units) * wide), bias(2 * wide), last(states), h(states), c(states), gates(4 * all), before_h(all), before_c(all);
  Buffer space(kernels::sequence_workspace<float>(s) / 4 + 1), back_space(kernels::sequence_gradient_workspace<float>(s) / 4 + 1);
  const kernels::SequenceOperands<float> in = {x.data(), h0.data(), c0.data(), kernel.data(), recurrent.data(), bias.data(), nullptr};
  const kernels::SequenceResults<float> out = {last.data(), nullptr, h.data(), c.data(), gates.data(), before_h.data(), before_c.data()};
  const kernels::SequenceResults<float> answer = {last.data(), nullptr, h.data(), c.data(), nullptr, nullptr, nullptr};
  const kernels::SequenceGradientOperands<float> back = {x.data(), kernel.data(), recurrent.data(), nullptr, gates.data(), before_h.data(), before_c.data(),
                                                         last.data(), nullptr, h.data(), c.data()};
  Buffer d_kernel(kernel.n), d_recurrent(recurrent.n), d_bias(bias.n), d_h(states), d_c(states);
  const kernels::SequenceGradients<float> found = {nullptr, d_h.data(), d_c.data(), d_kernel.data(), d_recurrent.data(), d_bias.data()};
  const std::string size = std::string(name) + " " + std::to_string(batch) + "x" + std::to_string(steps) + "x" + std::to_string(inputs) + " " + std::to_string(units);
  const std::int64_t elements = batch * steps * units;
  bench_elements((size + " inference").c_str(), elements, [&] { kernels::run_sequence(s, in, answer, space.data()); });
  bench_elements((size + " forward").c_str(), elements, [&] { kernels::run_sequence(s, in, out, space.data()); });
  bench_elements((size + " backward").c_str(), elements, [&] { kernels::run_sequence_gradient(s, back, found, back_space.data()); });
}

void bench_sequences() {
  bench_sequence(kernels::Cell::kLstm, "lstm", 64, 100, 32, 128);
  bench_sequence(kernels::Cell::kGru, "gru", 64, 100, 32, 128);
  bench_sequence(kernels::Cell::kLstm, "lstm", 32, 80, 128, 64);
  bench_sequence(kernels::Cell::kLstm, "lstm", 1, 24, 4, 24);
  bench_sequence(kernels::Cell::kGru, "gru", 1, 24, 1, 8);
}

void bench_rest() {
  const std::int64_t n = 1 << 20;
  Buffer a(n), b(n), out(n);
  const std::uint32_t key[2] = {1, 2};
  bench_elements("random uniform", n, [&] { kernels::random_uniform_f32(key, out.data(), n); });
  bench_elements("random normal", n, [&] { kernels::random_normal_f32(key, out.data(), n); });
  bench_elements("random dropout", n, [&] { kernels::dropout_f32(key, a.data(), out.data(), n, 0.3, 1.4); });
  bench_elements("random dropout small", 2048, [&] { kernels::dropout_f32(key, a.data(), out.data(), 2048, 0.3, 1.4); });
  const auto sum = kernels::find_reduce_loop(kernels::ReduceOp::kSum, Dtype::kFloat32);
  bench_elements("reduce sum all", n, [&] { sum(a.data(), out.data(), 1, n, 1); });
  bench_elements("reduce sum rows", n, [&] { sum(a.data(), out.data(), 1024, 1024, 1); });
  bench_elements("reduce sum columns", n, [&] { sum(a.data(), out.data(), 1, 1024, 1024); });
  const auto argmax = kernels::find_reduce_loop(kernels::ReduceOp::kArgmax, Dtype::kFloat32);
  bench_elements("reduce argmax 32x10", 320, [&] { argmax(a.data(), out.data(), 32, 10, 1); });
  const auto column_sum = kernels::find_column_sum(Dtype::kFloat32);
  bench_elements("column_sum 32x10", 320, [&] { column_sum(a.data(), out.data(), 32, 10); });
  bench_elements("column_sum 32x64", 2048, [&] { column_sum(a.data(), out.data(), 32, 64); });
  bench_elements("column_sum 128x512", 65536, [&] { column_sum(a.data(), out.data(), 128, 512); });
  const auto softmax = kernels::find_softmax(Dtype::kFloat32);
  const auto softmax_grad = kernels::find_softmax_grad(Dtype::kFloat32);
  bench_elements("softmax 32x10", 320, [&] { softmax(a.data(), out.data(), 32, 10); });
  bench_elements("softmax 1024x1024", n, [&] { softmax(a.data(), out.data(), 1024, 1024); });
  bench_elements("softmax_grad 32x10", 320, [&] { softmax_grad(a.data(), b.data(), out.data(), 32, 10); });
  const auto to_half = kernels::find_cast_loop(Dtype::kFloat32, Dtype::kFloat16);
  const auto to_brain = kernels::find_cast_loop(Dtype::kFloat32, Dtype::kBfloat16);
  const auto to_int = kernels::find_cast_loop(Dtype::kFloat32, Dtype::kInt32);
  const auto from_byte = kernels::find_cast_loop(Dtype::kUint8, Dtype::kFloat32);
  bench_elements("cast float32 float16", n, [&] { to_half(a.data(), out.data(), n); });
  bench_elements("cast float32 bfloat16", n, [&] { to_brain(a.data(), out.data(), n); });
  bench_elements("cast float32 int32", n, [&] { to_int(a.data(), out.data(), n); });
  bench_elements("cast uint8 float32", n, [&] { from_byte(a.data(), out.data(), n); });
}

// Every chunk waits for all the others, so that each needs a thread of its own: without that the caller takes all of
// them before a worker looks. The wait has an end, for calls in which the pool gives fewer threads.
void bench_fork_join() {
  if (!is_wanted("fork_join")) return;
  const double seconds = best_time([&] {
    std::atomic<int> arrived{0};
    keraunos::parallel_for(current_threads, 1, [&](std::int64_t, std::int64_t) {
      arrived.fetch_add(1);
      for (int spin = 0; spin < 20000 && arrived.load() < current_threads; ++spin) {
      }
    });
  });
  std::printf("{\"case\": \"fork_join\", \"threads\": %d, \"us\": %.3f}\n", current_threads, seconds * 1e6);
}

const GemmCase kGemmCases[] = {
    {"NN", 32, 32, 8},       {"TN", 8, 32, 32},       {"NT", 32, 8, 32},       {"NN", 32, 64, 32},      {"TN", 32, 64, 32},      {"NT", 32, 32, 64},
    {"NN", 32, 8, 64},       {"TN", 64, 8, 32},       {"NT", 32, 64, 8},       {"NN", 32, 32, 64},      {"TN", 64, 32, 32},      {"NT", 32, 64, 32},
    {"NN", 32, 10, 32},      {"TN", 32, 10, 32},      {"NT", 32, 32, 10},      {"NN", 32, 10, 64},      {"TN", 64, 10, 32},      {"NT", 32, 64, 10},
    {"NN", 128, 512, 784},   {"TN", 784, 512, 128},   {"NT", 128, 784, 512},   {"NN", 128, 512, 512},   {"TN", 512, 512, 128},   {"NT", 128, 512, 512},
    {"NN", 128, 10, 512},    {"TN", 512, 10, 128},    {"NT", 128, 512, 10},    {"NN", 256, 2048, 1024}, {"TN", 1024, 2048, 256}, {"NT", 256, 1024, 2048},
    {"NN", 256, 2048, 2048}, {"TN", 2048, 2048, 256}, {"NT", 256, 2048, 2048}, {"NN", 256, 1000, 2048}, {"TN", 2048, 1000, 256}, {"NT", 256, 2048, 1000},
    {"NN", 1, 512, 784},     {"NN", 1, 64, 32},       {"NN", 1, 10, 64},       {"NN", 8, 512, 784},     {"TN", 784, 512, 1},     {"TN", 784, 512, 8},
    {"NT", 1, 784, 512},     {"NT", 8, 784, 512},     {"NN", 64, 64, 64},      {"NN", 128, 128, 128},   {"NN", 256, 256, 256},   {"NN", 512, 512, 512},
    {"NN", 1024, 1024, 1024}, {"NNp", 1, 64, 32},     {"NNp", 1, 512, 784},    {"NNp", 8, 512, 784},    {"NNp", 32, 64, 32},     {"NNp", 128, 512, 784},
    {"NNp", 128, 512, 512},  {"NNp", 256, 2048, 2048}, {"NN", 6400, 64, 64},  {"TN", 64, 64, 6400},    {"NT", 6400, 64, 64},    {"NN", 2560, 256, 128},
    {"TN", 128, 256, 2560},  {"NT", 2560, 128, 256}};

const ConvolutionCase kConvolutionCases[] = {
    {128, 28, 1, 32, 3, 1, false, 1}, {128, 13, 32, 64, 3, 1, false, 1}, {64, 32, 3, 32, 3, 1, true, 1},    {64, 32, 32, 32, 3, 1, true, 1},
    {64, 16, 64, 64, 3, 1, true, 1},  {64, 8, 128, 128, 3, 1, true, 1},  {64, 16, 64, 128, 3, 2, true, 1},  {64, 16, 64, 64, 1, 1, true, 1},
    {64, 8, 256, 64, 1, 1, true, 1},  {64, 8, 256, 256, 1, 1, true, 1},  {16, 7, 512, 512, 1, 1, true, 1},
    {16, 32, 64, 64, 3, 1, true, 64}, {1, 28, 1, 32, 3, 1, false, 1},    {1, 13, 32, 64, 3, 1, false, 1},   {1, 32, 32, 32, 3, 1, true, 1},
    {1, 16, 64, 64, 3, 1, true, 1},   {1, 8, 128, 128, 3, 1, true, 1}};

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) wanted_words.push_back(argv[i]);
  keraunos::set_thread_count(1);
  Peak peak;
  for (int i = 0; i < 8; ++i) best_time([&] { peak.burst(); });
  lone_peak = peak.gflops();
  std::printf("{\"case\": \"peak\", \"level\": \"%s\", \"gflops\": %.1f}\n", kernels::cpu_level(), lone_peak);
  keraunos::set_thread_count(0);
  const int most = keraunos::thread_count();
  for (int threads = 1; threads <= most; threads *= 2) {
    keraunos::set_thread_count(threads);
    current_threads = threads;
    for (const GemmCase& c : kGemmCases) {
      bench_gemm(c, false);
      // The same where operands may be split: more than the peak of the vector units where there is a matrix unit.
      if (c.m >= 32 && c.n >= 32 && c.kind[2] == '\0') bench_gemm(c, true);
    }
    for (const ConvolutionCase& c : kConvolutionCases) bench_convolution(c);
    if (is_wanted("max_pool") || is_wanted("average_pool")) bench_pooling();
    if (threads == 1) bench_maps();
    bench_sequences();
    bench_rest();
    if (threads > 1) bench_fork_join();
  }
  return 0;
}
