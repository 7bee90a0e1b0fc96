#include "keraunos/model.h"

#include <cstring>
#include <utility>

#include "base/crc32.h"
#include "base/file.h"
#include "model/model_parts.h"
#include "runtime/loop.h"

namespace keraunos {
namespace {

constexpr std::uint64_t kMaxJsonBytes = std::uint64_t{64} << 20;

MemberBytes member_bytes(const MemberBytes& archive, const ZipMember& member) {
  return {std::shared_ptr<const unsigned char>(archive.data, archive.data.get() + member.offset), member.bytes};
}

void check_member(const MemberBytes& bytes, const ZipMember& member) {
  if (crc32(bytes.data.get(), static_cast<std::size_t>(bytes.bytes)) != member.crc) {
    throw Error(ErrorKind::kFormat, "member '" + member.name + "' has a wrong checksum: the file is damaged.");
  }
}

NativePart read_part(const MemberBytes& archive, const ZipDirectory& directory) {
  if (!directory.find(kNativeMember)) {
    throw Error(ErrorKind::kFormat,
                "it holds no functions for C++. Keras files without them are made into files with them by "
                "`python -m keraunos convert IN.keras OUT.keras`; a model whose Python code cannot be traced has none.");
  }
  const ZipMember& json = directory.stored(kNativeMember);
  if (json.bytes > kMaxJsonBytes) throw Error(ErrorKind::kFormat, std::string("member '") + kNativeMember + "' may have at most 64 MiB.");
  const MemberBytes text = member_bytes(archive, json);
  check_member(text, json);
  const MemberBytes weights = member_bytes(archive, directory.stored(kWeightsMember));
  MemberBytes binary{archive.data, 0};
  if (directory.find(kBinaryMember)) {
    const ZipMember& member = directory.stored(kBinaryMember);
    binary = member_bytes(archive, member);
    check_member(binary, member);
  }
  return read_native_part(std::string(reinterpret_cast<const char*>(text.data.get()), static_cast<std::size_t>(text.bytes)), weights, binary);
}

bool fits(const TensorSpec& expected, const Shape& given) {
  if (expected.shape.rank() != given.rank()) return false;
  for (int axis = 0; axis < given.rank(); ++axis) {
    if (expected.shape[axis] != kUnknown && expected.shape[axis] != given[axis]) return false;
  }
  return true;
}

std::vector<Port> ports(const Graph& graph, const std::vector<std::string>& names, const std::vector<int>& values) {
  std::vector<Port> found;
  for (std::size_t i = 0; i < names.size(); ++i) found.push_back({names[i], graph.values()[static_cast<std::size_t>(values[i])].spec});
  return found;
}

}  // namespace

std::vector<Port> input_ports(const StoredFunction& function) {
  std::vector<int> values;
  for (const GraphInput& input : function.graph->inputs()) values.push_back(input.value);
  return ports(*function.graph, function.inputs, values);
}

std::vector<Port> output_ports(const StoredFunction& function) { return ports(*function.graph, function.outputs, function.graph->outputs()); }

std::vector<Tensor> fitted_inputs(const StoredFunction& function, const std::vector<Tensor>& given, const std::string& subject) {
  const std::vector<Port> expected = input_ports(function);
  if (given.size() != expected.size()) {
    std::string names;
    for (const Port& port : expected) names += (names.empty() ? "" : ", ") + port.name;
    throw value_error(subject, "needs " + std::to_string(expected.size()) + " tensors (" + names + ')', std::to_string(given.size()));
  }
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!given[i].has_data()) throw value_error(subject, "the tensor for '" + expected[i].name + "' is empty");
    if (!fits(expected[i].spec, given[i].shape())) {
      throw value_error(subject, "the tensor for '" + expected[i].name + "' must have the shape " + expected[i].spec.shape.text(), given[i].shape());
    }
    inputs.push_back(given[i].dtype() == expected[i].spec.dtype ? given[i] : cast(given[i], expected[i].spec.dtype));
  }
  return inputs;
}

Model::Parts::Parts(std::string name, MemberBytes bytes)
    : label(std::move(name)), archive(std::move(bytes)), directory(archive.data.get(), static_cast<std::size_t>(archive.bytes)),
      native(read_part(archive, directory)) {
  for (const auto& [key, function] : native.functions) functions.emplace(key, std::make_shared<Function>(function.graph));
  stored("predict");
}

const StoredFunction& Model::Parts::stored(const std::string& name) const {
  const auto found = native.functions.find(name);
  if (found != native.functions.end()) return found->second;
  const bool is_training = name.compare(0, 4, "test") == 0 || name.compare(0, 5, "train") == 0;
  throw Error(ErrorKind::kValue, label + ": the file holds no function '" + name.substr(0, 100) + "'." +
                                     (is_training ? " Compile the model in Python before it is saved, and train it on a batch of that kind of data." : ""));
}

const std::shared_ptr<const Function>& Model::Parts::function(const std::string& name) const {
  stored(name);
  return functions.at(name);
}

const StoredVariable& Model::Parts::variable(const std::string& name) const {
  const StoredVariable* found = nullptr;
  for (const StoredVariable& stored : native.variables) {
    if (stored.variable->name() != name) continue;
    if (found) throw make_error(ErrorKind::kKey, label, "has two variables of this name", '"' + name.substr(0, 200) + '"');
    found = &stored;
  }
  if (!found) throw make_error(ErrorKind::kKey, label, "has no variable of this name", '"' + name.substr(0, 200) + '"');
  return *found;
}

void Model::Parts::run_if_there(const std::string& name) const {
  const auto found = functions.find(name);
  if (found != functions.end()) found->second->call({});
}

Model::Model(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

namespace {

// Errors of the archive get the file's name in front.
template <class Make>
auto named(const std::string& label, Make make) {
  try {
    return make();
  } catch (const Error& error) {
    throw Error(error.kind() == ErrorKind::kMemory ? ErrorKind::kMemory : ErrorKind::kFormat, label + ": " + error.what());
  }
}

}  // namespace

Model Model::load(const std::string& path, const LoadOptions& options) {
  FileContent file = open_file(path, options.map_file);
  const std::string label = "'" + path + "'";
  return named(label, [&] { return Model(std::make_unique<Parts>(label, MemberBytes{std::move(file.data), file.bytes})); });
}

Model Model::load(const void* data, std::size_t bytes) {
  std::shared_ptr<unsigned char> copy = std::static_pointer_cast<unsigned char>(Tensor(Dtype::kUint8, Shape{static_cast<std::int64_t>(bytes)}).owner());
  if (bytes > 0) std::memcpy(copy.get(), data, bytes);
  return named("model in memory", [&] { return Model(std::make_unique<Parts>("model in memory", MemberBytes{copy, bytes})); });
}

std::vector<Port> Model::inputs() const { return input_ports(parts_->stored("predict")); }
std::vector<Port> Model::outputs() const { return output_ports(parts_->stored("predict")); }
bool Model::can_train() const noexcept { return parts_->functions.count("train") > 0; }

std::vector<Tensor> Model::predict(const std::vector<Tensor>& x, std::int64_t batch_size) const {
  const StoredFunction& stored = parts_->stored("predict");
  const std::vector<Tensor> inputs = fitted_inputs(stored, x, "predict");
  if (batch_size < 1) throw value_error("predict", "`batch_size` must be positive", batch_size);
  const auto& function = parts_->function("predict");
  bool has_rows = !inputs.empty();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = input_ports(stored)[i].spec.shape;
    has_rows = has_rows && shape.rank() > 0 && shape[0] == kUnknown;
  }
  const std::int64_t rows = has_rows ? inputs[0].shape()[0] : 0;
  for (const Tensor& input : inputs) {
    if (has_rows && input.shape()[0] != rows) throw value_error("predict", "every input must have the same number of rows", input.shape(), inputs[0].shape());
  }
  if (!has_rows || rows <= batch_size) return function->call(inputs);
  Loop loop(function, inputs, {batch_size, false, true});
  loop.start_epoch(0);
  loop.run(loop.steps_per_epoch(), 1e300, nullptr);
  return loop.outputs();
}

Tensor Model::predict(const Tensor& x, std::int64_t batch_size) const {
  const std::size_t count = parts_->stored("predict").outputs.size();
  if (count != 1) throw value_error("predict", "the model has " + std::to_string(count) + " outputs: give a list of tensors to get them all");
  return predict(std::vector<Tensor>{x}, batch_size)[0];
}

std::map<std::string, Tensor> Model::predict(const std::map<std::string, Tensor>& x, std::int64_t batch_size) const {
  const StoredFunction& stored = parts_->stored("predict");
  std::vector<Tensor> inputs;
  for (const std::string& name : stored.inputs) {
    const auto found = x.find(name);
    if (found == x.end()) throw make_error(ErrorKind::kKey, "predict", "needs an input '" + name + "'");
    inputs.push_back(found->second);
  }
  if (x.size() != inputs.size()) throw make_error(ErrorKind::kKey, "predict", "got an input that the model does not have");
  const std::vector<Tensor> outputs = predict(inputs, batch_size);
  std::map<std::string, Tensor> result;
  for (std::size_t i = 0; i < outputs.size(); ++i) result.emplace(stored.outputs[i], outputs[i]);
  return result;
}

std::vector<std::string> Model::variable_names() const {
  std::vector<std::string> names;
  for (const StoredVariable& stored : parts_->native.variables) names.push_back(stored.variable->name());
  return names;
}

Tensor Model::variable(const std::string& name) const { return parts_->variable(name).variable->read().copy(); }

void Model::set_variable(const std::string& name, const Tensor& value) { parts_->variable(name).variable->assign(value.copy()); }

namespace {

Variable& rate_of(const NativePart& native) {
  const auto found = native.roles.find("learning_rate");
  if (found == native.roles.end()) throw value_error("learning_rate", "the model was not compiled, or its learning rate is a schedule");
  return *found->second;
}

}  // namespace

double Model::learning_rate() const { return rate_of(parts_->native).read().value_at(0); }

void Model::set_learning_rate(double rate) {
  Variable& variable = rate_of(parts_->native);
  variable.assign(Tensor::scalar(rate, variable.spec().dtype));
}

}  // namespace keraunos
