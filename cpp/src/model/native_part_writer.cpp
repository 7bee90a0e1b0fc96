#include "keraunos/version.h"
#include "model/native_part.h"

namespace keraunos {
namespace {

constexpr int kVersion = 1;

Json strings(const std::vector<std::string>& words) {
  Json::Array items;
  for (const std::string& word : words) items.emplace_back(word);
  return Json(std::move(items));
}

std::int64_t append_aligned(std::string& binary, const Tensor& tensor) {
  const std::size_t alignment = tensor.bytes() >= 64 ? 64 : 8;
  binary.resize((binary.size() + alignment - 1) / alignment * alignment, '\0');
  const std::size_t offset = binary.size();
  if (tensor.bytes() > 0) binary.append(tensor.as<char>(), tensor.bytes());
  return static_cast<std::int64_t>(offset);
}

}  // namespace

void NativePartWriter::place(const std::shared_ptr<Variable>& variable, const std::string& name, std::uint64_t offset, std::uint32_t crc) {
  placed_[variable.get()] = {name, {true, offset, crc}};
  graphs_.variable_number(variable);
}

void NativePartWriter::add_function(const std::string& name, const StoredFunction& function) {
  if (function.inputs.size() != function.graph->inputs().size() || function.outputs.size() != function.graph->outputs().size()) {
    throw value_error("NativePartWriter", "needs a name for every input and output of function '" + name + "'");
  }
  Json json;
  json.set("graph", graphs_.add(function.graph));
  json.set("inputs", strings(function.inputs));
  json.set("outputs", strings(function.outputs));
  functions_.set(name, std::move(json));
}

void NativePartWriter::set_role(const std::string& role, const std::shared_ptr<Variable>& variable) {
  roles_.set(role, graphs_.variable_number(variable));
}

NativePartWriter::Members NativePartWriter::finish() {
  Members members;
  Json::Array variables;
  for (const std::shared_ptr<Variable>& variable : graphs_.variables()) {
    const Tensor value = variable->read();
    const auto placed = placed_.find(variable.get());
    Json json = spec_to_json(value.spec());
    json.set("name", placed != placed_.end() ? placed->second.name : variable->name());
    if (placed != placed_.end()) {
      json.set("member", kWeightsMember);
      json.set("offset", static_cast<std::int64_t>(placed->second.place.offset));
      json.set("crc32", static_cast<std::int64_t>(placed->second.place.crc));
    } else {
      json.set("member", kBinaryMember);
      json.set("offset", append_aligned(members.binary, value));
    }
    json.set("bytes", static_cast<std::int64_t>(value.bytes()));
    variables.push_back(std::move(json));
  }
  Json::Array constants;
  for (const Tensor& constant : graphs_.constants()) {
    Json json = spec_to_json(constant.spec());
    json.set("offset", append_aligned(members.binary, constant));
    constants.push_back(std::move(json));
  }
  Json json;
  json.set("format", "keraunos functions");
  json.set("version", kVersion);
  json.set("writer", KERAUNOS_VERSION);
  json.set("variables", std::move(variables));
  json.set("constants", std::move(constants));
  json.set("graphs", graphs_.take_graphs());
  json.set("functions", std::move(functions_));
  json.set("roles", std::move(roles_));
  members.json = json.text();
  return members;
}

}  // namespace keraunos
