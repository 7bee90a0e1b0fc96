// Every op with inputs and attributes that make no sense, as a hostile file may have them: an error, or a result, never a step
// outside of the memory (run it with the sanitizers).
#include <cstdlib>
#include <cstring>
#include <string>

#include "check.h"
#include "keraunos/op.h"
#include "runtime/control_flow.h"
#include "runtime/eager.h"

namespace {

using namespace keraunos;

constexpr std::int64_t kMaxElements = 1 << 16;
constexpr const char* kWords[] = {"linear", "relu", "left", "right", "same", "valid", "constant", "reflect", "nearest", "sum", "", "float32"};

class Soup {
 public:
  explicit Soup(std::uint64_t seed) : numbers_(seed) {}

  // Returns whether the op ran.
  bool try_op(const Op& op) {
    const std::size_t most = op.max_inputs < 0 ? static_cast<std::size_t>(op.min_inputs) + 3 : static_cast<std::size_t>(op.max_inputs);
    const std::size_t count = static_cast<std::size_t>(op.min_inputs) + below(most - static_cast<std::size_t>(op.min_inputs) + 1);
    const bool is_uniform = below(3) > 0;
    const Dtype dtype = any_dtype();
    const Shape shape = any_shape();
    std::vector<Value> inputs;
    std::vector<TensorSpec> specs;
    std::vector<const Tensor*> known;
    for (std::size_t i = 0; i < count; ++i) {
      const bool is_other = !is_uniform || below(4) == 0;
      inputs.emplace_back(any_tensor(is_other ? any_dtype() : dtype, is_other ? any_shape() : shape));
    }
    for (const Value& input : inputs) {
      specs.push_back(input.spec());
      known.push_back(&input.tensor());
    }
    try {
      const Attributes attributes = any_attributes(op);
      for (const TensorSpec& result : op.shape_rule({op, specs, attributes, known})) {
        if (result.shape.elements() > kMaxElements) return false;
      }
      run_eagerly(op, inputs, attributes);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(numbers_.bits() >> 8) % n; }

  Dtype any_dtype() {
    static constexpr Dtype kUsual[] = {Dtype::kFloat32, Dtype::kFloat32, Dtype::kFloat64, Dtype::kInt32, Dtype::kUint32, Dtype::kBool};
    return below(2) == 0 ? kUsual[below(6)] : static_cast<Dtype>(below(kDtypeCount));
  }

  Shape any_shape() {
    Shape shape;
    for (std::size_t rank = below(5); rank > 0; --rank) shape.push_back(static_cast<std::int64_t>(below(6)));
    return below(4) == 0 ? Shape({2}) : shape;
  }

  Tensor any_tensor(Dtype dtype, const Shape& shape) {
    Tensor tensor = Tensor::zeros(dtype, shape);
    Tensor values(Dtype::kInt64, shape);
    for (std::int64_t i = 0; i < values.elements(); ++i) values.as<std::int64_t>()[i] = static_cast<std::int64_t>(below(7)) - 2;
    return below(4) == 0 ? tensor : cast(values, dtype);
  }

  std::int64_t any_int() {
    static constexpr std::int64_t kExtremes[] = {std::int64_t{1} << 62, -(std::int64_t{1} << 62), INT64_MAX, INT64_MIN, std::int64_t{1} << 33, 1000};
    return below(12) == 0 ? kExtremes[below(6)] : static_cast<std::int64_t>(below(7)) - 2;
  }

  Attributes any_attributes(const Op& op) {
    Attributes attributes;
    const std::size_t length = below(5);
    for (const AttributeRule& rule : op.attributes) {
      if (!rule.is_required && below(3) == 0) {
        attributes.set(rule.name, rule.default_value);
        continue;
      }
      switch (rule.kind) {
        case AttributeKind::kBool: attributes.set(rule.name, below(2) == 0); break;
        case AttributeKind::kInt: attributes.set(rule.name, any_int()); break;
        case AttributeKind::kFloat: attributes.set(rule.name, below(5) == 0 ? std::nan("") : numbers_.number() * 2); break;
        case AttributeKind::kString: attributes.set(rule.name, any_word(rule)); break;
        case AttributeKind::kDtype: attributes.set(rule.name, any_dtype()); break;
        case AttributeKind::kInts: {
          Ints values;
          for (std::size_t n = below(4) == 0 ? below(5) : length; n > 0; --n) values.push_back(any_int());
          attributes.set(rule.name, values);
          break;
        }
        case AttributeKind::kFloats: attributes.set(rule.name, Floats(below(4), numbers_.number())); break;
        case AttributeKind::kTensor: attributes.set(rule.name, any_tensor(any_dtype(), any_shape())); break;
        case AttributeKind::kGraph: throw value_error(op.name, "graphs are tried by test_model_files");
      }
    }
    return attributes;
  }

  std::string any_word(const AttributeRule& rule) {
    const bool has_default = std::holds_alternative<std::string>(rule.default_value);
    if (has_default && below(2) == 0) return std::get<std::string>(rule.default_value);
    return kWords[below(sizeof kWords / sizeof *kWords)];
  }

  check::Numbers numbers_;
};

}  // namespace

// Arguments: how many tries for each op, and one op alone.
int main(int argc, char** argv) {
  register_control_flow();
  const int tries = argc > 1 ? std::atoi(argv[1]) : 300;
  std::uint64_t seed = 1;
  for (const Op* op : all_ops()) {
    ++seed;
    if (argc > 2 && op->name != argv[2]) continue;
    if (!op->kernel && !op->map_loop && !op->is_view) continue;
    if (std::getenv("KERAUNOS_TRACE_OPS")) std::fprintf(stderr, "%s\n", op->name.c_str());
    Soup soup(seed);
    int ran = 0;
    for (int i = 0; i < tries; ++i) ran += soup.try_op(*op) ? 1 : 0;
    if (argc > 2) std::printf("%s ran %d times of %d\n", op->name.c_str(), ran, tries);
  }
  return check::finish();
}
