// Variables that live across calls, and graphs of ops over them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "keraunos/op.h"

namespace keraunos {

// A named tensor that lives across calls: weight, moving mean, seed, step count, metric, slot, learning rate.
class Variable {
 public:
  Variable(Tensor value, std::string name);

  const std::string& name() const { return name_; }
  void rename(std::string name) { name_ = std::move(name); }
  TensorSpec spec() const;
  bool is_trainable() const { return is_trainable_.load(std::memory_order_relaxed); }
  void set_trainable(bool is_trainable) { is_trainable_.store(is_trainable, std::memory_order_relaxed); }

  // A snapshot: later writes do not change it.
  Tensor read() const;
  // Same dtype and shape as before, or an error that names the variable.
  void assign(const Tensor& value);

 private:
  friend class StateAccess;
  std::string name_;
  Tensor value_;
  std::uint64_t version_ = 1;  // one more with every change
  std::atomic<bool> is_trainable_{true};
};

// Exclusive access to the state of all variables. A train step holds it while it writes, a reader while it takes its
// snapshots: so a reader sees the weights of one whole step.
class StateAccess {
 public:
  StateAccess();
  const Tensor& peek(const Variable& variable) const { return variable.value_; }
  // Memory that no snapshot shares; copies when one does.
  Tensor& writable(Variable& variable) const;
  // The same for a caller who writes all of it: nothing is copied.
  Tensor& overwritable(Variable& variable) const;
  // Two equal versions of a variable have the same content.
  std::uint64_t version(const Variable& variable) const { return variable.version_; }

 private:
  std::unique_lock<std::mutex> lock_;
};

enum class ValueKind : std::uint8_t { kInput, kConstant, kVariable, kNode };

struct GraphValue {
  TensorSpec spec;
  ValueKind kind = ValueKind::kNode;
  int source = -1;  // input number, constant number, variable number or node number
  int output = 0;   // which output of the node
};

struct Node {
  const Op* op = nullptr;
  Attributes attributes;
  std::vector<int> inputs;
  std::vector<int> outputs;
  std::string scope;  // path of the layer that made it
};

struct GraphInput {
  std::string name;
  int value = -1;
};

struct GraphVariable {
  std::shared_ptr<Variable> variable;
  int read = -1;    // the value that stands for the content before the run, or -1
  int update = -1;  // the value that becomes the content after the run, or -1
};

// Nodes in order, each value written once; inputs, outputs and updates (variable <- value).
class Graph : public std::enable_shared_from_this<Graph> {
 public:
  int add_input(const TensorSpec& spec, std::string name);
  int add_constant(Tensor tensor);
  // Values of the node's outputs; the specs come from the op's shape rule.
  std::vector<int> add_node(const Op& op, std::vector<int> inputs, Attributes attributes, std::string scope);
  int read_variable(const std::shared_ptr<Variable>& variable);
  void assign_variable(const std::shared_ptr<Variable>& variable, int value);
  void set_outputs(std::vector<int> outputs) { outputs_ = std::move(outputs); }

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<GraphValue>& values() const { return values_; }
  const std::vector<GraphInput>& inputs() const { return inputs_; }
  const std::vector<Tensor>& constants() const { return constants_; }
  const std::vector<GraphVariable>& variables() const { return variables_; }
  const std::vector<int>& outputs() const { return outputs_; }
  // The tensor of a constant value, else nullptr.
  const Tensor* constant_of(int value) const;
  // One line per node, for people.
  std::string text() const;

 private:
  GraphVariable& entry(const std::shared_ptr<Variable>& variable);
  int add_value(TensorSpec spec, ValueKind kind, int source, int output);

  std::vector<Node> nodes_;
  std::vector<GraphValue> values_;
  std::vector<GraphInput> inputs_;
  std::vector<Tensor> constants_;
  std::vector<GraphVariable> variables_;
  std::unordered_map<const Variable*, std::size_t> variable_numbers_;
  std::vector<int> outputs_;
};

}  // namespace keraunos
