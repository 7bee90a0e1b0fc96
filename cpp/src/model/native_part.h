// What a `.keras` file holds for C++: the traced functions of a model as graphs, and where the bytes of every variable stand.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "graph/graph_json.h"
#include "keraunos/graph.h"

namespace keraunos {

inline constexpr const char* kNativeMember = "keraunos.json";
inline constexpr const char* kBinaryMember = "keraunos.bin";
inline constexpr const char* kWeightsMember = "model.weights.h5";

struct StoredFunction {
  std::shared_ptr<const Graph> graph;
  std::vector<std::string> inputs;   // names, one per input of the graph
  std::vector<std::string> outputs;
};

// Bytes of a variable inside a member.
struct Place {
  bool is_in_weights = false;  // else in the binary member
  std::uint64_t offset = 0;
  std::uint32_t crc = 0;       // of a place in the weights; the binary member has the archive's own checksum
};

struct StoredVariable {
  std::shared_ptr<Variable> variable;
  Place place;
};

struct NativePart {
  std::vector<StoredVariable> variables;
  std::vector<Tensor> constants;
  std::map<std::string, StoredFunction> functions;            // "predict", "train", "test", ..._weighted, "reset_metrics", "finalize", "iterations"
  std::map<std::string, std::shared_ptr<Variable>> roles;     // "learning_rate"
};

class NativePartWriter {
 public:
  // The variable's bytes stand in the weights member.
  void place(const std::shared_ptr<Variable>& variable, const std::string& name, std::uint64_t offset, std::uint32_t crc);
  void add_function(const std::string& name, const StoredFunction& function);
  void set_role(const std::string& role, const std::shared_ptr<Variable>& variable);

  struct Members {
    std::string json;
    std::string binary;
  };
  // Nothing may be added afterwards.
  Members finish();

 private:
  struct Placed {
    std::string name;
    Place place;
  };
  GraphWriter graphs_;
  std::map<const Variable*, Placed> placed_;
  Json functions_{Json::Object{}};
  Json roles_{Json::Object{}};
};

// The bytes of the members that the native part speaks of.
struct MemberBytes {
  std::shared_ptr<const unsigned char> data;
  std::uint64_t bytes = 0;
};

// Nothing is trusted: places are checked against the members and against each other, checksums against the bytes, graphs
// as read_graphs does. Large aligned variables share the members' memory. Throws ErrorKind::kFormat.
NativePart read_native_part(const std::string& json, const MemberBytes& weights, const MemberBytes& binary);

}  // namespace keraunos
