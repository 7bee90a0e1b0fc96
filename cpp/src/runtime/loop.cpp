#include "runtime/loop.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/prefetch.h"
#include "base/threads.h"
#include "kernels/kernels.h"

namespace keraunos {
namespace {

constexpr double kPollMilliseconds = 10;
constexpr std::int64_t kGatherGrainBytes = 64 * 1024;
constexpr std::size_t kMostFetchedBytes = 4096;
// Steps at the same time at most, and those that a thread takes one after the other.
constexpr std::int64_t kMostStepsTogether = 64;
constexpr std::int64_t kStepsOfTask = 2;

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

TensorSpec with_rows(const TensorSpec& spec, std::int64_t rows) {
  TensorSpec result = spec;
  result.shape[0] = rows;
  return result;
}

}  // namespace

// Finalizer of SplitMix64 (Steele et al. 2014).
std::uint64_t epoch_seed(std::uint64_t base, std::uint64_t steps) {
  std::uint64_t z = base * 0x9E3779B97F4A7C15u + steps + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (z ^ (z >> 31)) & 0x7FFFFFFFFFFFFFFFu;
}

Loop::Loop(std::shared_ptr<const Function> function, std::vector<Tensor> arrays, const LoopOptions& options)
    : function_(std::move(function)), arrays_(std::move(arrays)), options_(options) {
  if (arrays_.empty()) throw value_error("Loop", "needs at least one array");
  if (options_.batch_size < 1) throw value_error("Loop", "`batch_size` must be positive", options_.batch_size);
  for (const Tensor& array : arrays_) {
    if (array.shape().rank() < 1 || array.shape()[0] != arrays_[0].shape()[0]) {
      throw value_error("Loop", "every array must have the same number of rows", array.shape(), arrays_[0].shape());
    }
  }
  if (arrays_.size() != function_->graph().inputs().size()) {
    throw value_error("Loop", "needs one array per input of the function", arrays_.size(), function_->graph().inputs().size());
  }
  rows_ = arrays_[0].shape()[0];
  is_independent_ = has_independent_steps();
}

bool Loop::has_independent_steps() const {
  const Graph& graph = function_->graph();
  for (std::size_t i = 0; i < graph.outputs().size(); ++i) {
    if (!collects(i)) return false;
  }
  const auto is_pure = [](const Node& node) { return node.op->is_pure; };
  const auto is_only_read = [](const GraphVariable& variable) { return variable.update < 0; };
  return !options_.shuffle && std::all_of(graph.nodes().begin(), graph.nodes().end(), is_pure) &&
         std::all_of(graph.variables().begin(), graph.variables().end(), is_only_read);
}

std::int64_t Loop::steps_per_epoch() const { return (rows_ + options_.batch_size - 1) / options_.batch_size; }

void Loop::start_epoch(std::uint64_t seed) {
  done_ = 0;
  if (options_.shuffle) shuffle(seed);
}

// Fisher-Yates with numbers that depend on seed and position only.
void Loop::shuffle(std::uint64_t seed) {
  order_.resize(static_cast<std::size_t>(rows_));
  for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<std::int32_t>(i);
  std::vector<std::uint32_t> bits(order_.size());
  const std::uint32_t key[2] = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  kernels::random_bits(key, bits.data(), rows_);
  for (std::size_t i = order_.size(); i > 1; --i) {
    const std::size_t j = static_cast<std::size_t>(static_cast<std::uint64_t>(bits[i - 1]) * i >> 32);
    std::swap(order_[i - 1], order_[j]);
  }
}

const void* Loop::batch_of(std::size_t array, std::int64_t begin, std::int64_t rows) {
  const Tensor& source = arrays_[array];
  const std::size_t row_bytes = rows_ > 0 ? source.bytes() / static_cast<std::size_t>(rows_) : 0;
  const char* from = static_cast<const char*>(source.data());
  if (!options_.shuffle) return from + static_cast<std::size_t>(begin) * row_bytes;
  char* to = static_cast<char*>(batches_[array].data());
  const std::int64_t grain = std::max<std::int64_t>(1, kGatherGrainBytes / std::max<std::int64_t>(1, static_cast<std::int64_t>(row_bytes)));
  const auto row_at = [&](std::int64_t r) { return from + static_cast<std::size_t>(order_[static_cast<std::size_t>(begin + r)]) * row_bytes; };
  const std::size_t fetched = std::min(row_bytes, kMostFetchedBytes);
  parallel_for(rows, grain, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r) {
      // Rows lie anywhere in memory: the next one is on its way while this one is copied.
      if (r + 1 < last) {
        for (std::size_t i = 0; i < fetched; i += kCacheLine) prefetch_line(row_at(r + 1) + i);
      }
      std::memcpy(to + static_cast<std::size_t>(r) * row_bytes, row_at(r), row_bytes);
    }
  });
  return to;
}

bool Loop::collects(std::size_t output) const {
  const Graph& graph = function_->graph();
  const Shape& shape = graph.values()[static_cast<std::size_t>(graph.outputs()[output])].spec.shape;
  return options_.collect_rows && shape.rank() > 0 && shape[0] == kUnknown;
}

void Loop::prepare(std::int64_t rows) {
  if (lease_ && leased_rows_ == rows) return;
  std::vector<TensorSpec> specs;
  specs.reserve(arrays_.size());
  batches_.clear();
  for (const Tensor& array : arrays_) {
    specs.push_back(with_rows(array.spec(), rows));
    batches_.push_back(options_.shuffle ? Tensor(specs.back().dtype, specs.back().shape) : Tensor());
  }
  lease_.reset();
  lease_ = std::make_unique<Function::Lease>(*function_, specs);
  leased_rows_ = rows;
  const std::vector<TensorSpec>& results = lease_->plan().outputs();
  if (outputs_.size() != results.size()) outputs_.assign(results.size(), Tensor());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const bool has_rows = collects(i);
    const TensorSpec wanted = has_rows ? with_rows(results[i], rows_) : results[i];
    if (!outputs_[i].has_data() || !(outputs_[i].spec() == wanted)) outputs_[i] = Tensor(wanted.dtype, wanted.shape);
  }
}

void Loop::run_batch(Function::Lease& lease, std::int64_t begin, std::int64_t rows) {
  const Plan& plan = lease.plan();
  for (std::size_t a = 0; a < arrays_.size(); ++a) plan.bind_input(lease.workspace(), a, batch_of(a, begin, rows));
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const std::size_t row_bytes = collects(i) ? outputs_[i].bytes() / static_cast<std::size_t>(rows_) : 0;
    plan.bind_output(lease.workspace(), i, static_cast<char*>(outputs_[i].data()) + static_cast<std::size_t>(begin) * row_bytes);
  }
  plan.run(lease.workspace());
}

std::int64_t Loop::steps_together(std::int64_t most) const {
  if (!is_independent_ || thread_count() == 1) return 1;
  // The first step shows whether its kernels have work for more threads than one.
  if (leased_rows_ != options_.batch_size || lease_->workspace().wanted_workers() > 0) return 1;
  return std::min({most, kMostStepsTogether, rows_ / options_.batch_size - done_});
}

std::int64_t Loop::step(std::int64_t most) {
  const std::int64_t together = steps_together(most), size = options_.batch_size;
  if (together <= 1) {
    const std::int64_t begin = done_ * size, rows = std::min(size, rows_ - begin);
    prepare(rows);
    run_batch(*lease_, begin, rows);
    return 1;
  }
  parallel_for(together, kStepsOfTask, [&](std::int64_t first, std::int64_t last) {
    Function::Lease lease(*function_, lease_->plan().inputs());
    for (std::int64_t s = first; s < last; ++s) run_batch(lease, (done_ + s) * size, size);
  });
  return together;
}

std::int64_t Loop::run(std::int64_t max_steps, double max_milliseconds, const std::function<bool()>& is_interrupted) {
  const Clock::time_point start = Clock::now();
  Clock::time_point polled = start;
  const std::int64_t steps = steps_per_epoch();
  for (std::int64_t left = std::min(max_steps, steps - done_); left > 0;) {
    const std::int64_t count = step(left);
    done_ += count;
    left -= count;
    if (milliseconds_since(start) >= max_milliseconds) break;
    if (milliseconds_since(polled) >= kPollMilliseconds) {
      polled = Clock::now();
      if (is_interrupted && is_interrupted()) break;
    }
  }
  return done_;
}

}  // namespace keraunos
