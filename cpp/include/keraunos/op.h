// One record per op: name, attributes, shape rule, kernel, gradient, body.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "keraunos/error.h"
#include "keraunos/tensor.h"

namespace keraunos {

class Graph;
class Builder;
struct Op;

// ---------------------------------------------------------------- attributes

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<double>;
using Attribute = std::variant<bool, std::int64_t, double, std::string, Dtype, Ints, Floats, Tensor, std::shared_ptr<const Graph>>;

enum class AttributeKind { kBool, kInt, kFloat, kString, kDtype, kInts, kFloats, kTensor, kGraph };

struct AttributeRule {
  const char* name;
  AttributeKind kind;
  bool is_required = true;
  Attribute default_value = {};
};

// In the order in which the op's record lists them.
class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<std::string, Attribute>> items) : items_(items) {}

  void set(const std::string& name, Attribute value);
  const Attribute* find(std::string_view name) const;
  bool boolean(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  Dtype dtype(std::string_view name) const;
  const Ints& ints(std::string_view name) const;
  const Floats& floats(std::string_view name) const;
  const Tensor& tensor(std::string_view name) const;
  const std::shared_ptr<const Graph>& graph(std::string_view name) const;
  const std::vector<std::pair<std::string, Attribute>>& items() const { return items_; }

 private:
  const Attribute& get(std::string_view name) const;
  std::vector<std::pair<std::string, Attribute>> items_;
};

// ---------------------------------------------------------------- values

// What ops take and give: a concrete tensor (eager), or the output of a node of a graph under construction (trace).
class Value {
 public:
  Value() = default;
  explicit Value(Tensor tensor);
  Value(std::shared_ptr<Graph> graph, int index, TensorSpec spec);

  bool is_empty() const { return !graph_ && !tensor_.has_data(); }
  bool is_symbolic() const { return graph_ != nullptr; }
  const Tensor& tensor() const { return tensor_; }  // without data when symbolic
  const TensorSpec& spec() const { return tensor_.spec(); }
  Dtype dtype() const { return tensor_.dtype(); }
  const Shape& shape() const { return tensor_.shape(); }
  const std::shared_ptr<Graph>& graph() const { return graph_; }
  int index() const { return index_; }
  // Unique per value; a tape follows values by it.
  std::uint64_t id() const { return id_; }

 private:
  Tensor tensor_;
  std::shared_ptr<Graph> graph_;
  int index_ = -1;
  std::uint64_t id_ = 0;
};

// ---------------------------------------------------------------- shape rule

struct InferContext {
  const Op& op;
  const std::vector<TensorSpec>& inputs;
  const Attributes& attributes;
  // Per input: its value where it is known before the run (a constant, a dimension, arithmetic on those), else nullptr.
  const std::vector<const Tensor*>& values;

  const Shape& shape(std::size_t i) const { return inputs[i].shape; }
  Dtype dtype(std::size_t i) const { return inputs[i].dtype; }
};

// One spec per output. Sizes may be kUnknown while tracing; at planning every input size is known and so must be every output size.
using ShapeRule = std::function<std::vector<TensorSpec>(const InferContext&)>;

// ---------------------------------------------------------------- kernel

// Everything that a kernel may decide on before it runs: real shapes, attributes, values known in advance.
struct KernelRequest {
  const Op& op;
  const std::vector<TensorSpec>& inputs;
  const std::vector<TensorSpec>& outputs;
  const Attributes& attributes;
  const std::vector<const Tensor*>& values;
  const std::string& scope;         // path of the layer, for messages; may be empty
  std::size_t workspace_bytes = 0;  // the kernel's maker sets it
  // Products may be faster at the price that the last bits of a row depend on how many rows there are.
  bool may_split_products = false;

  const Shape& shape(std::size_t i) const { return inputs[i].shape; }
  Dtype dtype(std::size_t i) const { return inputs[i].dtype; }
};

struct KernelCall {
  const void* const* inputs;
  void* const* outputs;
  void* workspace;

  template <class T>
  const T* in(std::size_t i) const { return static_cast<const T*>(inputs[i]); }
  template <class T>
  T* out(std::size_t i) const { return static_cast<T*>(outputs[i]); }
};

// Runs on raw pointers. Must be safe to call from several threads with different KernelCalls.
using Kernel = std::function<void(const KernelCall&)>;
using KernelMaker = std::function<Kernel(KernelRequest&)>;

// The rows of a two-dimensional result that may differ from zero, where they are few.
struct SparseRows {
  // Once before all rows: leaves in the call's workspace, of `shared_bytes`, what row() reads. Returns how many rows there are.
  std::function<std::int64_t(const KernelCall&)> prepare;
  // Row number i of them, written to where the call's first output points. Returns which row of the result that is.
  std::function<std::int64_t(const KernelCall&, const void* shared, std::int64_t i)> row;
  std::size_t shared_bytes = 0;
};

// Computes a two-dimensional result some rows at a time.
struct PanelKernel {
  // Rows [begin, end), written to where the call's first output points. `shared` is what prepare() left.
  std::function<void(const KernelCall&, const void* shared, std::int64_t begin, std::int64_t end)> rows;
  // Once before all rows, if it is there: leaves in the call's workspace, of `shared_bytes`, what they share.
  Kernel prepare;
  std::size_t shared_bytes = 0;
  SparseRows sparse;  // optional: for a loop that does nothing where the result is zero
};
// Gets the largest number of rows asked for at once; no kernel for rows when the shapes are not worth it.
using PanelMaker = std::function<PanelKernel(KernelRequest&, std::int64_t rows)>;

// One elementwise loop over contiguous memory: reads up to three operands, writes `out`, n elements.
// `out` may be the same memory as an operand of the same element size.
using MapLoop = void (*)(const void* a, const void* b, const void* c, void* out, std::int64_t n, const double* parameters);
// The loop for operands of this dtype, or nullptr when the op does not take it.
using MapLoopFinder = std::function<MapLoop(Dtype operand, Dtype result)>;

// What an elementwise op gives where an operand is zero and the others are finite.
enum class AtZero : std::uint8_t {
  kAnything,
  kZeroWithFirst,  // zero, where the first operand is
  kZeroWithAny,    // zero, where any operand is
  kOther,          // the other operand
  kFirst,          // the first operand, where the second is zero
};

// ---------------------------------------------------------------- gradient

struct GradientContext {
  Builder& build;
  const std::vector<Value>& inputs;
  const std::vector<Value>& outputs;
  const std::vector<Value>& gradients;  // per output; empty where nothing flows back
  const Attributes& attributes;
  const std::vector<bool>& wanted;      // per input: somebody asks for its gradient
};

// One value per input; empty where no gradient flows.
using GradientRule = std::function<std::vector<Value>(const GradientContext&)>;

// The op written in other ops: the truth that a fast kernel is tested against, and the definition when there is no kernel.
using Body = std::function<std::vector<Value>(Builder&, const std::vector<Value>& inputs, const Attributes&)>;

// ---------------------------------------------------------------- order of axes

// Which of the op's axes each axis of its operands and results is.
struct AxisRoles {
  int rank = 0;  // number of the op's axes
  std::vector<Ints> inputs;
  std::vector<Ints> outputs;
};

// What makes a node compute the same from operands whose axes stand in another order, which gives results in that order.
struct AxisRule {
  std::function<AxisRoles(const std::vector<TensorSpec>& inputs, const std::vector<TensorSpec>& outputs, const Attributes&)> roles;
  // The attributes for the op's axes in this order: place i holds axis order[i].
  std::function<Attributes(const Attributes&, const Ints& order)> attributes;
  bool broadcasts = false;       // an operand without some of the op's axes may have them with size 1
  bool turns_rows = false;       // the kernel itself transposes operands whose attribute "axis" is not the last one
};

// ---------------------------------------------------------------- the record

struct Op {
  std::string name;
  int min_inputs = 1;
  int max_inputs = 1;  // -1: any number
  std::vector<AttributeRule> attributes;

  ShapeRule shape_rule;
  KernelMaker kernel;      // absent for a map op (the runtime makes it from map_loop) and for a pure body
  PanelMaker panel_kernel; // optional: the result in pieces, which a following loop consumes while they are in the cache
  MapLoopFinder map_loop;  // present: elementwise with NumPy broadcasting; fused freely
  std::vector<double> map_parameters;
  AtZero at_zero = AtZero::kAnything;
  GradientRule gradient;   // absent: no gradient flows
  Body body;
  AxisRule axis_rule;      // absent: the axes of operands stand where they stand

  std::uint32_t shape_only_inputs = 0;  // bit i: input i is read for its shape alone
  std::uint32_t value_inputs = 0;       // bit i: input i must be known before the run (a size, say)
  bool is_view = false;                 // output 0 is input 0's memory under another shape
  bool is_view_when_unchanged = false;  // the same, when the op leaves the shape as it is
  bool is_conversion = false;           // elementwise, and changes nothing but the dtype
  bool is_pure = true;                  // equal inputs give equal outputs and nothing else happens
};

// ---------------------------------------------------------------- builder

// Emits ops: in a trace it appends nodes, in eager mode it runs them; a listening tape records them.
class Builder {
 public:
  virtual ~Builder() = default;
  virtual std::vector<Value> emit(const Op& op, std::vector<Value> inputs, Attributes attributes) = 0;

  Value emit1(const char* op, std::vector<Value> inputs, Attributes attributes = {});
  std::vector<Value> emit_named(const char* op, std::vector<Value> inputs, Attributes attributes = {});

  Value constant(double value, Dtype dtype);  // rank 0
  Value constant_like(double value, const Value& reference);  // rank 0, the reference's dtype

  // Elementwise with broadcasting; operands share a dtype.
  Value add(const Value& a, const Value& b) { return emit1("add", {a, b}); }
  Value subtract(const Value& a, const Value& b) { return emit1("subtract", {a, b}); }
  Value multiply(const Value& a, const Value& b) { return emit1("multiply", {a, b}); }
  Value divide(const Value& a, const Value& b) { return emit1("divide", {a, b}); }
  Value negative(const Value& a) { return emit1("negative", {a}); }
  Value select(const Value& condition, const Value& a, const Value& b) { return emit1("select", {condition, a, b}); }
  Value cast(const Value& a, Dtype dtype);
  Value matmul(const Value& a, const Value& b, bool transpose_a, bool transpose_b);
  Value sum(const Value& a, Ints axes, bool keepdims);
  Value transpose(const Value& a, Ints axes);

  // Shapes taken from another value, so that unknown sizes need no arithmetic.
  Value reduce_to(const Value& a, const Value& reference);       // sums what broadcasting of `reference` added
  Value broadcast_like(const Value& a, const Value& reference);
  Value reshape_like(const Value& a, const Value& reference);
  Value zeros_like(const Value& reference);
};

// ---------------------------------------------------------------- registry

// The op of that name; an error that names it when there is none.
const Op& find_op(std::string_view name);
// Every op, by name.
std::vector<const Op*> all_ops();

}  // namespace keraunos
