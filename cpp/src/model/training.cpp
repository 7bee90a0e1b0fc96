#include <cstdio>

#include "model/model_parts.h"
#include "runtime/loop.h"

namespace keraunos {
namespace {

constexpr double kNoLimit = 1e300;

std::vector<Tensor> joined(const std::vector<Tensor>& x, const std::vector<Tensor>& y, const std::vector<Tensor>& weights) {
  std::vector<Tensor> all = x;
  all.insert(all.end(), y.begin(), y.end());
  all.insert(all.end(), weights.begin(), weights.end());
  return all;
}

Logs logs_of(const std::vector<std::string>& names, const std::vector<Tensor>& outputs) {
  Logs logs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].has_data() && outputs[i].elements() == 1) logs[names[i]] = outputs[i].value_at(0);
  }
  return logs;
}

void print_epoch(int epoch, int epochs, const Logs& logs) {
  std::printf("Epoch %d/%d", epoch + 1, epochs);
  for (const auto& [name, value] : logs) std::printf(" - %s: %.4f", name.c_str(), value);
  std::printf("\n");
  std::fflush(stdout);
}

// All batches of some data through a function of the model.
class Passes {
 public:
  Passes(const Model::Parts& parts, const std::string& name, const std::vector<Tensor>& data, std::int64_t batch_size, bool shuffle,
         const char* subject)
      : parts_(parts), names_(parts.stored(name).outputs),
        loop_(parts.function(name), fitted_inputs(parts.stored(name), data, subject), {batch_size, shuffle, false}) {
    if (loop_.steps_per_epoch() == 0) throw value_error(subject, "needs at least one row");
  }

  Logs run(std::uint64_t seed) {
    parts_.run_if_there("reset_metrics");
    loop_.start_epoch(seed);
    loop_.run(loop_.steps_per_epoch(), kNoLimit, nullptr);
    return logs_of(names_, loop_.outputs());
  }

 private:
  const Model::Parts& parts_;
  const std::vector<std::string>& names_;
  Loop loop_;
};

// The function for data with or without sample weights.
std::string variant(const char* name, const std::vector<Tensor>& sample_weight) {
  return sample_weight.empty() ? name : std::string(name) + "_weighted";
}

}  // namespace

History Model::fit(const std::vector<Tensor>& x, const std::vector<Tensor>& y, const FitOptions& options) {
  if (options.epochs < 0) throw value_error("fit", "`epochs` must not be negative", options.epochs);
  Passes training(*parts_, variant("train", options.sample_weight), joined(x, y, options.sample_weight), options.batch_size, options.shuffle, "fit");
  std::unique_ptr<Passes> validation;
  if (!options.validation_x.empty()) {
    validation = std::make_unique<Passes>(*parts_, "test", joined(options.validation_x, options.validation_y, {}), options.batch_size, false,
                                          "fit: validation data");
  }
  const auto iterations = parts_->functions.find("iterations");
  History history;
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    const bool is_counted = iterations != parts_->functions.end();
    const std::int64_t steps = is_counted ? iterations->second->call({}).at(0).int_at(0) : epoch;
    Logs logs = training.run(options.shuffle ? epoch_seed(options.seed, static_cast<std::uint64_t>(steps)) : 0);
    if (validation) {
      for (const auto& [name, value] : validation->run(0)) logs["val_" + name] = value;
    }
    history.epoch.push_back(epoch);
    for (const auto& [name, value] : logs) history.history[name].push_back(value);
    if (options.verbose) print_epoch(epoch, options.epochs, logs);
    if (options.on_epoch_end && options.on_epoch_end(epoch, logs)) break;
  }
  if (options.epochs > 0) parts_->run_if_there("finalize");
  return history;
}

History Model::fit(const Tensor& x, const Tensor& y, const FitOptions& options) { return fit(std::vector<Tensor>{x}, {y}, options); }

Logs Model::evaluate(const std::vector<Tensor>& x, const std::vector<Tensor>& y, std::int64_t batch_size, const std::vector<Tensor>& sample_weight) {
  return Passes(*parts_, variant("test", sample_weight), joined(x, y, sample_weight), batch_size, false, "evaluate").run(0);
}

Logs Model::evaluate(const Tensor& x, const Tensor& y, std::int64_t batch_size) { return evaluate(std::vector<Tensor>{x}, {y}, batch_size); }

Logs Model::train_step(const std::vector<Tensor>& x, const std::vector<Tensor>& y, const std::vector<Tensor>& sample_weight) {
  const std::string name = variant("train", sample_weight);
  const StoredFunction& stored = parts_->stored(name);
  const std::vector<Tensor> inputs = fitted_inputs(stored, joined(x, y, sample_weight), "train_step");
  return logs_of(stored.outputs, parts_->function(name)->call(inputs));
}

Logs Model::train_on_batch(const std::vector<Tensor>& x, const std::vector<Tensor>& y, const std::vector<Tensor>& sample_weight) {
  parts_->stored("train");
  parts_->run_if_there("reset_metrics");
  return train_step(x, y, sample_weight);
}

}  // namespace keraunos
