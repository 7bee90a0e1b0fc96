#include <cmath>

#include "base/crc32.h"
#include "keraunos/version.h"
#include "model/hdf5_writer.h"
#include "model/layer_design.h"
#include "model/native_part.h"
#include "model/objective.h"
#include "model/zip.h"
#include "runtime/control_flow.h"
#include "runtime/execute.h"
#include "runtime/tape.h"
#include "runtime/trace.h"

namespace keraunos {
namespace {

constexpr const char* kKerasVersion = "3.15.1";

Json list_of(const Shape& shape) {
  Json::Array items;
  for (const std::int64_t size : shape.sizes()) items.push_back(size == kUnknown ? Json() : Json(size));
  return Json(std::move(items));
}

Json object_json(const char* module, const std::string& class_name, Json config) {
  Json json;
  json.set("module", module);
  json.set("class_name", class_name);
  json.set("config", std::move(config));
  json.set("registered_name", Json());
  return json;
}

class OpenTrace {
 public:
  OpenTrace() : trace_(TraceKind::kFunction) { push_trace(&trace_); }
  ~OpenTrace() { pop_trace(&trace_); }
  Trace& operator*() { return trace_; }

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

Value track(Builder& build, const Tracker& tracker, const Value& mean, const Value& rows) {
  const Value total = build.add(read_variable(tracker.total), build.multiply(mean, rows));
  const Value count = build.add(read_variable(tracker.count), rows);
  assign_variable(tracker.total, total);
  assign_variable(tracker.count, count);
  return build.divide(total, count);
}

struct BuiltLayer {
  const LayerDesign* design;
  std::string name;  // "dense_1"
  Shape input;
  std::vector<std::shared_ptr<Variable>> weights;
  std::vector<WeightDesign> designs;
};

class Construction {
 public:
  Construction(const TensorSpec& input, const std::vector<Layer>& layers, const Optimizer& optimizer, const std::string& loss,
               const std::vector<std::string>& metrics, std::uint64_t seed)
      : build_(execution_builder()), input_(input), loss_(loss), metrics_(metrics), seed_(seed), loss_tracker_(make_tracker("loss")) {
    for (const std::string& metric : metrics) trackers_.push_back(make_tracker(metric));
    build_layers(layers);
    optimizer_ = std::make_unique<OptimizerState>(optimizer, trainable_);
  }

  Model model() {
    add_functions();
    const std::string archive = write();
    return Model::load(archive.data(), archive.size());
  }

 private:
  // Runs the chain once in a trace of its own: each layer sees the shape that it gets.
  void build_layers(const std::vector<Layer>& layers) {
    OpenTrace trace;
    Value x = (*trace).add_input(input_, "x");
    std::map<std::string, int> counts;
    for (const Layer& layer : layers) {
      const LayerDesign& design = layer.design();
      const int number = counts[design.path_name]++;
      built_.push_back({&design, design.path_name + (number > 0 ? '_' + std::to_string(number) : ""), x.shape(), {}, {}});
      try {
        make_weights(built_.back());
        x = call(built_.back(), x, false);
      } catch (const Error& error) {
        throw Error(error.kind(), "layer '" + built_.back().name + "': " + error.what());
      }
    }
    output_ = x.spec();
  }

  void make_weights(BuiltLayer& layer) {
    layer.designs = layer.design->weights(layer.input);
    for (const WeightDesign& design : layer.designs) {
      layer.weights.push_back(std::make_shared<Variable>(initial_value(design), layer.name + '/' + design.name));
      const bool is_trainable = design.kind != WeightKind::kSeed;
      layer.weights.back()->set_trainable(is_trainable);
      if (is_trainable) trainable_.push_back(layer.weights.back());
    }
  }

  Tensor next_seed() {
    const std::uint64_t bits = seed_ * 0x9E3779B97F4A7C15u + ++draws_;
    return Tensor::from(std::vector<std::uint32_t>{static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32)}, {2});
  }

  Tensor initial_value(const WeightDesign& design) {
    if (design.kind == WeightKind::kSeed) return next_seed();
    if (design.kind == WeightKind::kZeros) return Tensor::zeros(Dtype::kFloat32, design.shape);
    Tensor value = Tensor::zeros(Dtype::kFloat32, design.shape);
    float* numbers = value.as<float>();
    const std::int64_t count = value.elements();
    if (design.kind == WeightKind::kOnes) {
      for (std::int64_t i = 0; i < count; ++i) numbers[i] = 1;
      return value;
    }
    // Uniform in [-limit, limit]: Glorot and Bengio 2010, or 0.05 as Keras's embeddings.
    const bool is_glorot = design.kind == WeightKind::kGlorotUniform;
    const double limit = is_glorot ? std::sqrt(6.0 / static_cast<double>(design.shape[0] + design.shape[1])) : 0.05;
    push_trace(nullptr);  // now, although a trace is open
    const Value drawn = build_.emit1("random_uniform", {Value(next_seed())}, {{"shape", Ints(design.shape.sizes())}, {"dtype", Dtype::kFloat32}});
    pop_trace(nullptr);
    for (std::int64_t i = 0; i < count; ++i) numbers[i] = static_cast<float>((2.0 * drawn.tensor().as<float>()[i] - 1.0) * limit);
    return value;
  }

  Value call(const BuiltLayer& layer, const Value& x, bool is_training) {
    std::vector<Value> weights;
    for (const auto& weight : layer.weights) weights.push_back(read_variable(weight));
    set_current_scope("sequential/" + layer.name);
    const auto assign = [&](std::size_t weight, const Value& value) { assign_variable(layer.weights[weight], value); };
    Value result = layer.design->call({build_, x, weights, is_training, assign});
    set_current_scope("");
    return result;
  }

  Value forward(Value x, bool is_training) {
    for (const BuiltLayer& layer : built_) x = call(layer, x, is_training);
    return x;
  }

  TensorSpec target() const {
    if (!has_index_targets(loss_)) return {Dtype::kFloat32, output_.shape};
    return {Dtype::kInt32, Shape(std::vector<std::int64_t>(output_.shape.sizes().begin(), output_.shape.sizes().end() - 1))};
  }

  std::vector<std::string> log_names() const {
    std::vector<std::string> names = {"loss"};
    names.insert(names.end(), metrics_.begin(), metrics_.end());
    return names;
  }

  std::vector<Value> results(const Value& x, const Value& y, const Value& predicted, const Value& loss) {
    const Value rows = build_.cast(build_.emit1("dim", {x}, {{"axis", std::int64_t{0}}}), Dtype::kFloat32);
    std::vector<Value> found = {track(build_, loss_tracker_, loss, rows)};
    for (std::size_t i = 0; i < trackers_.size(); ++i) {
      const Value values = metric_values(build_, metrics_[i], loss_, y, predicted);
      found.push_back(track(build_, trackers_[i], mean_of_all(build_, values), rows));
    }
    return found;
  }

  void add_step(const std::string& name, bool is_training) {
    OpenTrace trace;
    const Value x = (*trace).add_input(input_, "x");
    const Value y = (*trace).add_input(target(), "y");
    Tape tape(false, true);
    start_tape(&tape);
    const Value predicted = forward(x, is_training);
    const Value loss = mean_of_all(build_, loss_values(build_, loss_, y, predicted));
    stop_tape(&tape);
    if (is_training) {
      std::vector<Value> reads;
      for (const auto& weight : trainable_) reads.push_back(tape.reads_of(*weight).at(0));
      optimizer_->step(build_, tape.gradient({loss}, {}, reads));
    }
    writer_.add_function(name, {(*trace).finish(results(x, y, predicted, loss)), {"x", "y"}, log_names()});
  }

  void add_functions() {
    {
      OpenTrace trace;
      const Value x = (*trace).add_input(input_, "x");
      writer_.add_function("predict", {(*trace).finish({forward(x, false)}), {"input_layer"}, {built_.empty() ? "output" : built_.back().name}});
    }
    add_step("train", true);
    add_step("test", false);
    {
      OpenTrace trace;
      std::vector<Tracker> all = trackers_;
      all.push_back(loss_tracker_);
      for (const Tracker& tracker : all) {
        assign_variable(tracker.total, Value(Tensor::zeros(Dtype::kFloat32, Shape())));
        assign_variable(tracker.count, Value(Tensor::zeros(Dtype::kFloat32, Shape())));
      }
      writer_.add_function("reset_metrics", {(*trace).finish({}), {}, {}});
    }
    OpenTrace trace;
    const Value steps = build_.add(read_variable(optimizer_->iterations()), build_.constant(0, Dtype::kInt32));
    writer_.add_function("iterations", {(*trace).finish({steps}), {}, {"iterations"}});
    writer_.set_role("learning_rate", optimizer_->learning_rate());
  }

  Json layer_json(const BuiltLayer& layer) const {
    Json config = layer.design->config();
    config.set("name", layer.name);
    config.set("trainable", true);
    config.set("dtype", "float32");
    Json json = object_json("keras.layers", layer.design->class_name, std::move(config));
    Json build_config;
    build_config.set("input_shape", list_of(layer.input));
    json.set("build_config", std::move(build_config));
    return json;
  }

  Json config() const {
    Json input;
    input.set("batch_shape", list_of(input_.shape));
    input.set("dtype", name_of(input_.dtype));
    input.set("sparse", false);
    input.set("name", "input_layer");
    Json::Array layers;
    layers.push_back(object_json("keras.layers", "InputLayer", std::move(input)));
    for (const BuiltLayer& layer : built_) layers.push_back(layer_json(layer));
    Json config;
    config.set("name", "sequential");
    config.set("trainable", true);
    config.set("dtype", "float32");
    config.set("layers", std::move(layers));
    config.set("build_input_shape", list_of(input_.shape));
    Json json = object_json("keras", "Sequential", std::move(config));
    Json build_config;
    build_config.set("input_shape", list_of(input_.shape));
    json.set("build_config", std::move(build_config));
    Json::Array metrics;
    for (const std::string& metric : metrics_) metrics.emplace_back(metric);
    Json compile;
    compile.set("optimizer", optimizer_->config());
    compile.set("loss", loss_);
    compile.set("loss_weights", Json());
    compile.set("metrics", metrics.empty() ? Json() : Json(std::move(metrics)));
    compile.set("weighted_metrics", Json());
    compile.set("run_eagerly", false);
    compile.set("steps_per_execution", 1);
    compile.set("jit_compile", false);
    json.set("compile_config", std::move(compile));
    return json;
  }

  std::string write() {
    std::map<std::string, Tensor> datasets;
    std::vector<std::string> groups = {"vars"};
    std::map<std::string, std::shared_ptr<Variable>> variables;  // by path
    for (const BuiltLayer& layer : built_) {
      const std::string folder = "layers/" + layer.name + "/vars";
      groups.push_back(folder);
      std::size_t number = 0;
      for (std::size_t i = 0; i < layer.weights.size(); ++i) {
        if (layer.designs[i].kind != WeightKind::kSeed) variables[folder + '/' + std::to_string(number++)] = layer.weights[i];
      }
    }
    for (std::size_t i = 0; i < optimizer_->variables().size(); ++i) variables["optimizer/vars/" + std::to_string(i)] = optimizer_->variables()[i];
    for (const auto& [path, variable] : variables) datasets[path] = variable->read();
    const Hdf5File weights = write_hdf5(datasets, groups);
    for (const auto& [path, variable] : variables) {
      const Tensor& value = datasets.at(path);
      writer_.place(variable, variable->name(), weights.offsets.at(path), crc32(value.data(), value.bytes()));
    }
    const NativePartWriter::Members native = writer_.finish();
    Json metadata;
    metadata.set("keras_version", kKerasVersion);
    metadata.set("date_saved", "1980-01-01@00:00:00");  // equal designs give equal files
    std::string archive;
    ZipWriter zip([&](const void* data, std::size_t bytes) { archive.append(static_cast<const char*>(data), bytes); });
    zip.member("metadata.json", metadata.text());
    zip.member("config.json", config().text());
    zip.member(kWeightsMember, weights.bytes);
    zip.member(kNativeMember, native.json);
    zip.member(kBinaryMember, native.binary);
    zip.finish();
    return archive;
  }

  Builder& build_;
  TensorSpec input_;
  TensorSpec output_;
  std::string loss_;
  std::vector<std::string> metrics_;
  std::uint64_t seed_;
  std::uint64_t draws_ = 0;
  Tracker loss_tracker_;
  std::vector<Tracker> trackers_;
  std::vector<BuiltLayer> built_;
  std::vector<std::shared_ptr<Variable>> trainable_;
  std::unique_ptr<OptimizerState> optimizer_;
  NativePartWriter writer_;
};

}  // namespace

Sequential::Sequential(Shape input, Dtype dtype) {
  if (!input.is_known()) throw value_error("Sequential", "every size of the input must be known", input);
  std::vector<std::int64_t> sizes = {kUnknown};
  sizes.insert(sizes.end(), input.sizes().begin(), input.sizes().end());
  input_ = {dtype, Shape(std::move(sizes))};
}

Sequential& Sequential::add(const Layer& layer) {
  layers_.push_back(layer);
  return *this;
}

Model Sequential::compile(const Optimizer& optimizer, const std::string& loss, const std::vector<std::string>& metrics, std::uint64_t seed) const {
  if (layers_.empty()) throw value_error("Sequential", "needs at least one layer");
  register_control_flow();
  return Construction(input_, layers_, optimizer, loss, metrics, seed).model();
}

}  // namespace keraunos
