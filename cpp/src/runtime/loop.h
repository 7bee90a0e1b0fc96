// Many steps of one function over rows of arrays: shuffle, gather a batch, run, again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/function.h"

namespace keraunos {

// The seed that orders the rows of an epoch: of the seed of the training and the optimizer steps done before, so that a
// training that was saved and continued sees the orders of one that was not.
std::uint64_t epoch_seed(std::uint64_t base, std::uint64_t steps);

struct LoopOptions {
  std::int64_t batch_size = 32;
  bool shuffle = false;
  // Outputs whose rows belong to the rows of the batch are gathered over the epoch; the others keep the last step's value.
  bool collect_rows = false;
};

class Loop {
 public:
  // Every array has the same number of rows. Rows are handed to the function's inputs in order.
  Loop(std::shared_ptr<const Function> function, std::vector<Tensor> arrays, const LoopOptions& options);

  std::int64_t steps_per_epoch() const;
  // `seed` orders the rows of a shuffled epoch.
  void start_epoch(std::uint64_t seed);
  // Runs until `max_steps` more steps are done, the epoch ends, `max_milliseconds` have passed, or `is_interrupted` says so.
  // Returns the steps done since start_epoch.
  std::int64_t run(std::int64_t max_steps, double max_milliseconds, const std::function<bool()>& is_interrupted);
  // Outputs of the last step, or the collected rows.
  const std::vector<Tensor>& outputs() const { return outputs_; }

 private:
  void shuffle(std::uint64_t seed);
  const void* batch_of(std::size_t array, std::int64_t begin, std::int64_t rows);
  void prepare(std::int64_t rows);
  void run_batch(Function::Lease& lease, std::int64_t begin, std::int64_t rows);
  // The step that comes next, or several. Returns how many.
  std::int64_t step(std::int64_t most);
  // Does a step neither read nor change what another one changes?
  bool has_independent_steps() const;
  // How many of the next `most` steps are worth running at the same time, each on a thread of its own.
  std::int64_t steps_together(std::int64_t most) const;
  // The output's first size is that of the batch.
  bool collects(std::size_t output) const;

  std::shared_ptr<const Function> function_;
  std::vector<Tensor> arrays_;
  LoopOptions options_;
  std::int64_t rows_ = 0;
  std::int64_t done_ = 0;
  bool is_independent_ = false;
  std::vector<std::int32_t> order_;
  std::vector<Tensor> batches_;
  std::unique_ptr<Function::Lease> lease_;
  std::int64_t leased_rows_ = -1;
  std::vector<Tensor> outputs_;
};

}  // namespace keraunos
