#include <algorithm>
#include <cstring>
#include <limits>

#include "base/crc32.h"
#include "model/native_part.h"
#include "runtime/control_flow.h"

namespace keraunos {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kWorthSharing = 64 * 1024;  // bytes; smaller ones are copied to aligned memory of their own
constexpr std::uintptr_t kAlignment = 64;

Error format_error(const std::string& message) { return Error(ErrorKind::kFormat, message); }

// A member, and how much of it is spoken for: places of one member never add up to more than the member.
class Region {
 public:
  Region(const MemberBytes& member, const char* name) : member_(member), name_(name) {}

  Tensor tensor(const TensorSpec& spec, std::uint64_t offset) {
    const std::uint64_t bytes = static_cast<std::uint64_t>(spec.shape.elements()) * size_of(spec.dtype);
    if (offset > member_.bytes || bytes > member_.bytes - offset) throw format_error(std::string("its bytes are not inside '") + name_ + "'.");
    used_ += bytes;
    if (used_ > member_.bytes) throw format_error(std::string("places in '") + name_ + "' overlap.");
    const unsigned char* first = member_.data.get() + offset;
    if (spec.dtype == Dtype::kBool && std::any_of(first, first + bytes, [](unsigned char byte) { return byte > 1; })) {
      throw format_error("a bool must be stored as 0 or 1.");
    }
    if (bytes >= kWorthSharing && reinterpret_cast<std::uintptr_t>(first) % kAlignment == 0) {
      // Never written to: a variable copies memory that it shares before it changes.
      return Tensor(spec.dtype, spec.shape, std::shared_ptr<void>(member_.data, const_cast<unsigned char*>(first)));
    }
    Tensor copy(spec.dtype, spec.shape);
    if (bytes > 0) std::memcpy(copy.data(), first, static_cast<std::size_t>(bytes));
    return copy;
  }

 private:
  const MemberBytes& member_;
  const char* name_;
  std::uint64_t used_ = 0;
};

std::uint64_t offset_of(const Json& json) {
  return static_cast<std::uint64_t>(json.at("offset").integer_in(0, std::numeric_limits<std::int64_t>::max(), "offset"));
}

StoredVariable read_variable_of(const Json& json, Region& weights, Region& binary) {
  const std::string& name = json.at("name").string("name");
  try {
    const TensorSpec spec = spec_from_json(json, false);
    StoredVariable stored;
    const std::string& member = json.at("member").string("member");
    stored.place.is_in_weights = member == kWeightsMember;
    if (!stored.place.is_in_weights && member != kBinaryMember) throw format_error("'member' must be one that holds variables.");
    stored.place.offset = offset_of(json);
    Tensor value = (stored.place.is_in_weights ? weights : binary).tensor(spec, stored.place.offset);
    if (json.at("bytes").integer("bytes") != static_cast<std::int64_t>(value.bytes())) throw format_error("'bytes' does not fit its shape.");
    if (stored.place.is_in_weights) {
      stored.place.crc = static_cast<std::uint32_t>(json.at("crc32").integer_in(0, 0xFFFFFFFF, "crc32"));
      if (crc32(value.data(), value.bytes()) != stored.place.crc) throw format_error("its checksum is wrong: the file is damaged.");
    }
    stored.variable = std::make_shared<Variable>(std::move(value), name);
    return stored;
  } catch (const Error& error) {
    throw format_error("variable '" + name.substr(0, 200) + "': " + error.what());
  }
}

std::vector<std::string> names_of(const Json& json, std::size_t count, const char* what) {
  std::vector<std::string> names;
  for (const Json& name : json.array(what)) names.push_back(name.string(what));
  if (names.size() != count) throw format_error(std::string("'") + what + "' must have one name each.");
  return names;
}

}  // namespace

NativePart read_native_part(const std::string& text, const MemberBytes& weights, const MemberBytes& binary) {
  register_control_flow();
  const Json json = Json::parse(text, kNativeMember);
  const std::int64_t version = json.at("version").integer("version");
  if (version != kVersion) {
    throw format_error("it is of version " + std::to_string(version) + "; this library reads version " + std::to_string(kVersion) +
                       ". Save the model again with a keraunos of this library's version.");
  }
  NativePart part;
  Region in_weights(weights, kWeightsMember);
  Region in_binary(binary, kBinaryMember);
  std::vector<std::shared_ptr<Variable>> variables;
  for (const Json& item : json.at("variables").array("variables")) {
    part.variables.push_back(read_variable_of(item, in_weights, in_binary));
    variables.push_back(part.variables.back().variable);
  }
  for (const Json& item : json.at("constants").array("constants")) {
    part.constants.push_back(in_binary.tensor(spec_from_json(item, false), offset_of(item)));
  }
  const std::vector<std::shared_ptr<const Graph>> graphs = read_graphs(json.at("graphs"), variables, part.constants);
  for (const auto& [name, item] : json.at("functions").object("functions")) {
    StoredFunction function;
    const std::int64_t number = item.at("graph").integer_in(0, static_cast<std::int64_t>(graphs.size()) - 1, "graph");
    function.graph = graphs[static_cast<std::size_t>(number)];
    function.inputs = names_of(item.at("inputs"), function.graph->inputs().size(), "inputs");
    function.outputs = names_of(item.at("outputs"), function.graph->outputs().size(), "outputs");
    part.functions.emplace(name, std::move(function));
  }
  for (const auto& [role, number] : json.at("roles").object("roles")) {
    part.roles.emplace(role, variables[static_cast<std::size_t>(number.integer_in(0, static_cast<std::int64_t>(variables.size()) - 1, "roles"))]);
  }
  return part;
}

}  // namespace keraunos
