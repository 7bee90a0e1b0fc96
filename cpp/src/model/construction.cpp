// Designs become models: weights are made, the functions that a file holds are traced, and the file is loaded.
#include "model/design_file.h"
#include "model/initial_values.h"
#include "model/losses.h"
#include "runtime/control_flow.h"
#include "runtime/execute.h"
#include "runtime/tape.h"
#include "runtime/trace.h"

namespace keraunos {
namespace {

class OpenTrace {
 public:
  OpenTrace() : trace_(TraceKind::kFunction) { push_trace(&trace_); }
  ~OpenTrace() { pop_trace(&trace_); }
  Trace* operator->() { return &trace_; }

 private:
  Trace trace_;
};

// The running mean of a loss or metric over an epoch.
struct Tracker {
  std::string name;
  std::shared_ptr<Variable> total;
  std::shared_ptr<Variable> count;
};

Tracker make_tracker(const std::string& name) {
  const auto variable = [&](const char* part) { return std::make_shared<Variable>(Tensor::zeros(Dtype::kFloat32, Shape()), name + '/' + part); };
  return {name, variable("total"), variable("count")};
}

class Construction {
 public:
  Construction(Network network, bool is_sequential, const Optimizer& optimizer, const std::vector<Objective>& objectives, std::uint64_t seed)
      : build_(execution_builder()), network_(std::move(network)), is_sequential_(is_sequential), objectives_(objectives), initial_values_(build_, seed) {
    if (objectives.size() != network_.outputs.size()) {
      throw value_error("compile", "needs an objective for each of " + std::to_string(network_.outputs.size()) + " outputs", objectives.size());
    }
    make_weights();
    make_trackers();
    std::vector<std::shared_ptr<Variable>> trainable;
    for (const NetworkLayer& layer : network_.layers) {
      for (const auto& weight : layer.weights) {
        if (weight->is_trainable()) trainable.push_back(weight);
      }
    }
    trainable_ = trainable;
    optimizer_ = std::make_unique<OptimizerState>(optimizer, trainable_);
  }

  Model model() {
    add_predict();
    add_step("train", true);
    add_step("test", false);
    add_reset();
    add_iterations();
    const std::string archive = design_file(network_, is_sequential_, *optimizer_, objectives_, writer_);
    return Model::load(archive.data(), archive.size());
  }

 private:
  // Runs the layers once in a trace of its own: each makes its weights when it sees the shape that it gets.
  void make_weights() {
    OpenTrace trace;
    std::vector<Value> values(network_.calls.size());
    for (std::size_t i = 0; i < network_.calls.size(); ++i) {
      NetworkCall& call = network_.calls[i];
      NetworkLayer& layer = network_.layers[call.layer];
      try {
        if (layer.design && call.index == 0) make_weights_of(layer, values[call.inputs[0]].shape());
        values[i] = layer.design ? called(call, values, false) : trace->add_input(layer.spec, layer.name);
      } catch (const Error& error) {
        throw Error(error.kind(), "layer '" + layer.name + "': " + error.what());
      }
      call.output = values[i].spec();
    }
  }

  void make_weights_of(NetworkLayer& layer, const Shape& input) {
    layer.weight_designs = layer.design->weights(input);
    for (const WeightDesign& design : layer.weight_designs) {
      layer.weights.push_back(std::make_shared<Variable>(initial_values_.value(design), layer.name + '/' + design.name));
      layer.weights.back()->set_trainable(design.is_trainable);
    }
  }

  // "loss", and for several outputs their losses; then the metrics. Keras's names.
  void make_trackers() {
    trackers_.push_back(make_tracker("loss"));
    const bool is_single = objectives_.size() == 1;
    for (std::size_t i = 0; i < objectives_.size() && !is_single; ++i) trackers_.push_back(make_tracker(output_name(i) + "_loss"));
    for (std::size_t i = 0; i < objectives_.size(); ++i) {
      for (const std::string& metric : objectives_[i].metrics) trackers_.push_back(make_tracker(is_single ? metric : output_name(i) + '_' + metric));
    }
  }

  const std::string& name_of_call(std::size_t call) const { return network_.layers[network_.calls[call].layer].name; }
  const std::string& output_name(std::size_t i) const { return name_of_call(network_.outputs[i]); }

  Value called(const NetworkCall& call, const std::vector<Value>& values, bool is_training) {
    const NetworkLayer& layer = network_.layers[call.layer];
    std::vector<Value> inputs, weights;
    for (const std::size_t input : call.inputs) inputs.push_back(values[input]);
    for (const auto& weight : layer.weights) weights.push_back(read_variable(weight));
    set_current_scope((is_sequential_ ? "sequential/" : "functional/") + layer.name);
    const auto assign = [&](std::size_t weight, const Value& value) { assign_variable(layer.weights[weight], value); };
    Value result = layer.design->call({build_, inputs, weights, is_training, assign});
    set_current_scope("");
    return result;
  }

  std::vector<Value> add_inputs(OpenTrace& trace) {
    std::vector<Value> inputs;
    for (const std::size_t call : network_.inputs) inputs.push_back(trace->add_input(network_.calls[call].output, name_of_call(call)));
    return inputs;
  }

  std::vector<Value> forward(const std::vector<Value>& inputs, bool is_training) {
    std::vector<Value> values(network_.calls.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) values[network_.inputs[i]] = inputs[i];
    for (std::size_t i = 0; i < network_.calls.size(); ++i) {
      if (values[i].is_empty()) values[i] = called(network_.calls[i], values, is_training);
    }
    std::vector<Value> outputs;
    for (const std::size_t call : network_.outputs) outputs.push_back(values[call]);
    return outputs;
  }

  TensorSpec target(std::size_t i) const {
    const TensorSpec& output = network_.calls[network_.outputs[i]].output;
    if (!has_index_targets(objectives_[i].loss)) return {Dtype::kFloat32, output.shape};
    return {Dtype::kInt32, Shape(std::vector<std::int64_t>(output.shape.sizes().begin(), output.shape.sizes().end() - 1))};
  }

  Value track(const Tracker& tracker, const Value& mean, const Value& rows) {
    const Value total = build_.add(read_variable(tracker.total), build_.multiply(mean, rows));
    const Value count = build_.add(read_variable(tracker.count), rows);
    assign_variable(tracker.total, total);
    assign_variable(tracker.count, count);
    return build_.divide(total, count);
  }

  // What the trackers follow, in their order; the first is what training makes small.
  std::vector<Value> measured(const std::vector<Value>& y, const std::vector<Value>& predicted) {
    std::vector<Value> losses;
    Value total;
    for (std::size_t i = 0; i < objectives_.size(); ++i) {
      losses.push_back(mean_of_all(build_, loss_values(build_, objectives_[i].loss, y[i], predicted[i])));
      const double weight = objectives_[i].weight;
      const Value weighted = weight == 1 ? losses[i] : build_.multiply(losses[i], build_.constant(weight, Dtype::kFloat32));
      total = i == 0 ? weighted : build_.add(total, weighted);
    }
    std::vector<Value> all = {total};
    if (losses.size() > 1) all.insert(all.end(), losses.begin(), losses.end());
    return all;
  }

  void add_metrics(std::vector<Value>& means, const std::vector<Value>& y, const std::vector<Value>& predicted) {
    for (std::size_t i = 0; i < objectives_.size(); ++i) {
      for (const std::string& metric : objectives_[i].metrics) {
        means.push_back(mean_of_all(build_, metric_values(build_, metric, objectives_[i].loss, y[i], predicted[i])));
      }
    }
  }

  void add_step(const std::string& name, bool is_training) {
    OpenTrace trace;
    const std::vector<Value> x = add_inputs(trace);
    std::vector<Value> y;
    std::vector<std::string> names;
    for (const std::size_t call : network_.inputs) names.push_back(name_of_call(call));
    for (std::size_t i = 0; i < objectives_.size(); ++i) {
      names.push_back(objectives_.size() == 1 ? "y" : "y_" + output_name(i));
      y.push_back(trace->add_input(target(i), names.back()));
    }
    Tape tape(false, true);
    start_tape(&tape);
    const std::vector<Value> predicted = forward(x, is_training);
    std::vector<Value> means = measured(y, predicted);
    stop_tape(&tape);
    if (is_training) optimizer_->step(build_, gradients(tape, means[0]));
    add_metrics(means, y, predicted);
    const Value rows = build_.cast(build_.emit1("dim", {x[0]}, {{"axis", std::int64_t{0}}}), Dtype::kFloat32);
    std::vector<Value> results;
    std::vector<std::string> log_names;
    for (std::size_t i = 0; i < trackers_.size(); ++i) {
      results.push_back(track(trackers_[i], means[i], rows));
      log_names.push_back(trackers_[i].name);
    }
    writer_.add_function(name, {trace->finish(results), names, log_names});
  }

  // A layer that is called several times reads its weights several times: the gradients add up.
  std::vector<Value> gradients(Tape& tape, const Value& loss) {
    std::vector<Value> reads;
    std::vector<std::size_t> counts;
    for (const auto& weight : trainable_) {
      const std::vector<Value> of_weight = tape.reads_of(*weight);
      counts.push_back(of_weight.size());
      reads.insert(reads.end(), of_weight.begin(), of_weight.end());
    }
    const std::vector<Value> found = tape.gradient({loss}, {}, reads);
    std::vector<Value> sums;
    std::size_t at = 0;
    for (const std::size_t count : counts) {
      Value sum;
      for (std::size_t i = 0; i < count; ++i, ++at) {
        if (found[at].is_empty()) continue;
        sum = sum.is_empty() ? found[at] : build_.add(sum, found[at]);
      }
      sums.push_back(sum);
    }
    return sums;
  }

  void add_predict() {
    OpenTrace trace;
    const std::vector<Value> outputs = forward(add_inputs(trace), false);
    std::vector<std::string> inputs, names;
    for (const std::size_t call : network_.inputs) inputs.push_back(name_of_call(call));
    for (const std::size_t call : network_.outputs) names.push_back(name_of_call(call));
    writer_.add_function("predict", {trace->finish(outputs), inputs, names});
  }

  void add_reset() {
    OpenTrace trace;
    for (const Tracker& tracker : trackers_) {
      assign_variable(tracker.total, Value(Tensor::zeros(Dtype::kFloat32, Shape())));
      assign_variable(tracker.count, Value(Tensor::zeros(Dtype::kFloat32, Shape())));
    }
    writer_.add_function("reset_metrics", {trace->finish({}), {}, {}});
  }

  void add_iterations() {
    OpenTrace trace;
    const Value steps = build_.add(read_variable(optimizer_->iterations()), build_.constant(0, Dtype::kInt32));
    writer_.add_function("iterations", {trace->finish({steps}), {}, {"iterations"}});
    writer_.set_role("learning_rate", optimizer_->learning_rate());
  }

  Builder& build_;
  Network network_;
  bool is_sequential_;
  std::vector<Objective> objectives_;
  InitialValues initial_values_;
  std::vector<Tracker> trackers_;
  std::vector<std::shared_ptr<Variable>> trainable_;
  std::unique_ptr<OptimizerState> optimizer_;
  NativePartWriter writer_;
};

Model constructed(const std::vector<LayerOutput>& inputs, const std::vector<LayerOutput>& outputs, bool is_sequential, const Optimizer& optimizer,
                  const std::vector<Objective>& objectives, std::uint64_t seed) {
  register_control_flow();
  return Construction(make_network(inputs, outputs), is_sequential, optimizer, objectives, seed).model();
}

}  // namespace

Sequential::Sequential(const Shape& shape, Dtype dtype) : input_(input(shape, dtype)) {}

Sequential& Sequential::add(const Layer& layer) {
  for (const Layer& other : layers_) {
    if (other.design() == layer.design()) throw value_error("Sequential", "a layer may be added once; call it twice in a Functional design", layer.design()->path_name);
  }
  layers_.push_back(layer);
  return *this;
}

Model Sequential::compile(const Optimizer& optimizer, const Loss& loss, const std::vector<std::string>& metrics, std::uint64_t seed) const {
  if (layers_.empty()) throw value_error("Sequential", "needs at least one layer");
  LayerOutput x = input_;
  for (const Layer& layer : layers_) x = layer(x);
  return constructed({input_}, {x}, true, optimizer, {{loss, metrics, 1}}, seed);
}

Functional::Functional(std::vector<LayerOutput> inputs, std::vector<LayerOutput> outputs) : inputs_(std::move(inputs)), outputs_(std::move(outputs)) {
  if (inputs_.empty() || outputs_.empty()) throw value_error("Functional", "needs inputs and outputs", inputs_.size(), outputs_.size());
}

Model Functional::compile(const Optimizer& optimizer, const std::vector<Objective>& objectives, std::uint64_t seed) const {
  return constructed(inputs_, outputs_, false, optimizer, objectives, seed);
}

}  // namespace keraunos
