#include "model/design_file.h"

#include <map>

#include "base/crc32.h"
#include "model/hdf5_writer.h"
#include "model/losses.h"
#include "model/zip.h"

namespace keraunos {
namespace {

constexpr const char* kKerasVersion = "3.15.1";

Json list_of(const Shape& shape) { return list_json(shape.sizes()); }

// One item as itself, several as a list: how Keras writes structures of inputs and outputs.
Json one_or_list(Json::Array items) {
  if (items.size() > 1) return Json(std::move(items));
  return std::move(items[0]);
}

class ConfigWriter {
 public:
  ConfigWriter(const Network& network, bool is_sequential) : network_(network), is_sequential_(is_sequential) {}

  Json model() const {
    Json::Array layers;
    for (const NetworkLayer& layer : network_.layers) layers.push_back(layer_json(layer));
    Json config;
    config.set("name", is_sequential_ ? "sequential" : "functional");
    config.set("trainable", true);
    if (is_sequential_) config.set("dtype", "float32");
    config.set("layers", std::move(layers));
    if (is_sequential_) {
      config.set("build_input_shape", list_of(input_shape()));
    } else {
      config.set("input_layers", ends(network_.inputs));
      config.set("output_layers", ends(network_.outputs));
    }
    Json json = is_sequential_ ? object_json("keras", "Sequential", std::move(config)) : object_json("keras.src.models.functional", "Functional", std::move(config));
    Json build_config;
    build_config.set("input_shape", is_sequential_ ? list_of(input_shape()) : Json());
    json.set("build_config", std::move(build_config));
    return json;
  }

 private:
  const Shape& input_shape() const { return network_.calls[network_.inputs[0]].output.shape; }

  // ["dense", 0, 0]: the layer, the number of its call, the number of the output
  Json place(std::size_t call) const {
    const NetworkCall& made = network_.calls[call];
    Json::Array parts;
    parts.emplace_back(network_.layers[made.layer].name);
    parts.emplace_back(static_cast<std::int64_t>(made.index));
    parts.emplace_back(0);
    return Json(std::move(parts));
  }

  Json ends(const std::vector<std::size_t>& calls) const {
    Json::Array places;
    for (const std::size_t call : calls) places.push_back(place(call));
    return one_or_list(std::move(places));
  }

  Json tensor(std::size_t call) const {
    const TensorSpec& spec = network_.calls[call].output;
    Json config;
    config.set("shape", list_of(spec.shape));
    config.set("dtype", name_of(spec.dtype));
    config.set("keras_history", place(call));
    Json json;
    json.set("class_name", "__keras_tensor__");
    json.set("config", std::move(config));
    return json;
  }

  Json call_json(const NetworkCall& call) const {
    Json::Array tensors;
    for (const std::size_t input : call.inputs) tensors.push_back(tensor(input));
    Json::Array arguments;
    arguments.push_back(one_or_list(std::move(tensors)));
    Json json;
    json.set("args", std::move(arguments));
    json.set("kwargs", Json(Json::Object{}));
    return json;
  }

  Json layer_json(const NetworkLayer& layer) const {
    Json json = layer.design ? layer_object(layer) : input_object(layer);
    if (is_sequential_) return json;
    json.set("name", layer.name);
    Json::Array calls;
    for (const std::size_t call : layer.calls) {
      if (layer.design) calls.push_back(call_json(network_.calls[call]));
    }
    json.set("inbound_nodes", std::move(calls));
    return json;
  }

  Json input_object(const NetworkLayer& layer) const {
    Json config;
    config.set("batch_shape", list_of(layer.spec.shape));
    config.set("dtype", name_of(layer.spec.dtype));
    config.set("sparse", false);
    config.set("name", layer.name);
    return object_json("keras.layers", "InputLayer", std::move(config));
  }

  Json layer_object(const NetworkLayer& layer) const {
    Json config = layer.design->config();
    config.set("name", layer.name);
    config.set("trainable", true);
    config.set("dtype", "float32");
    Json json = object_json("keras.layers", layer.design->class_name, std::move(config));
    Json::Array shapes;
    for (const std::size_t input : network_.calls[layer.calls[0]].inputs) shapes.push_back(list_of(network_.calls[input].output.shape));
    Json build_config;
    build_config.set("input_shape", one_or_list(std::move(shapes)));
    json.set("build_config", std::move(build_config));
    return json;
  }

  const Network& network_;
  bool is_sequential_;
};

Json compile_json(const OptimizerState& optimizer, const std::vector<Objective>& objectives) {
  Json::Array losses, weights, metrics;
  bool has_metrics = false, has_weights = false;
  for (const Objective& objective : objectives) {
    losses.push_back(loss_json(objective.loss));
    weights.emplace_back(objective.weight);
    Json::Array names;
    for (const std::string& metric : objective.metrics) names.emplace_back(metric);
    has_metrics = has_metrics || !names.empty();
    has_weights = has_weights || objective.weight != 1;
    metrics.emplace_back(std::move(names));
  }
  Json compile;
  compile.set("optimizer", optimizer.config());
  compile.set("loss", one_or_list(std::move(losses)));
  compile.set("loss_weights", has_weights ? one_or_list(std::move(weights)) : Json());
  compile.set("metrics", has_metrics ? one_or_list(std::move(metrics)) : Json());
  compile.set("weighted_metrics", Json());
  compile.set("run_eagerly", false);
  compile.set("steps_per_execution", 1);
  compile.set("jit_compile", false);
  return compile;
}

// Where every variable stands in the weights: each folder numbers its own.
struct WeightsLayout {
  explicit WeightsLayout(const Network& network, const OptimizerState& optimizer) {
    for (const NetworkLayer& layer : network.layers) {
      groups.push_back(layer.path + "vars");
      std::map<std::string, std::size_t> counts;
      for (std::size_t i = 0; i < layer.weights.size(); ++i) {
        const std::string folder = layer.path + layer.weight_designs[i].folder + "vars/";
        variables[folder + std::to_string(counts[folder]++)] = layer.weights[i];
      }
    }
    for (std::size_t i = 0; i < optimizer.variables().size(); ++i) variables["optimizer/vars/" + std::to_string(i)] = optimizer.variables()[i];
  }

  std::vector<std::string> groups = {"vars"};
  std::map<std::string, std::shared_ptr<Variable>> variables;  // by path
};

}  // namespace

std::string design_file(const Network& network, bool is_sequential, const OptimizerState& optimizer, const std::vector<Objective>& objectives,
                        NativePartWriter& writer) {
  const WeightsLayout layout(network, optimizer);
  std::map<std::string, Tensor> datasets;
  for (const auto& [path, variable] : layout.variables) datasets[path] = variable->read();
  const Hdf5File weights = write_hdf5(datasets, layout.groups);
  for (const auto& [path, variable] : layout.variables) {
    const Tensor& value = datasets.at(path);
    writer.place(variable, variable->name(), weights.offsets.at(path), crc32(value.data(), value.bytes()));
  }
  const NativePartWriter::Members native = writer.finish();
  Json metadata;
  metadata.set("keras_version", kKerasVersion);
  metadata.set("date_saved", "1980-01-01@00:00:00");  // equal designs give equal files
  Json config = ConfigWriter(network, is_sequential).model();
  config.set("compile_config", compile_json(optimizer, objectives));
  std::string archive;
  ZipWriter zip([&](const void* data, std::size_t bytes) { archive.append(static_cast<const char*>(data), bytes); });
  zip.member("metadata.json", metadata.text());
  zip.member("config.json", config.text());
  zip.member(kWeightsMember, weights.bytes);
  zip.member(kNativeMember, native.json);
  zip.member(kBinaryMember, native.binary);
  zip.finish();
  return archive;
}

}  // namespace keraunos
