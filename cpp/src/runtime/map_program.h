// Chains of elementwise ops, run block by block so that intermediate results stay in the first-level cache.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "keraunos/op.h"
#include "kernels/kernels.h"

namespace keraunos {

inline constexpr std::size_t kMaxMapSlots = 128;

class MapProgram {
 public:
  explicit MapProgram(Shape shape);

  // An operand from outside; it broadcasts to the program's shape. Returns its slot.
  int add_input(const TensorSpec& spec);
  // One op on slots; returns the slot of its result. Half precision is computed in float32.
  int add_step(const Op& op, const std::vector<int>& operands, Dtype result);
  // The slot's values are written to the next output. `overwrites`: an input slot that lives in the same memory, or -1.
  void add_output(int slot, int overwrites);
  // No more calls of the above; lays out the scratch memory.
  void seal();

  std::int64_t elements() const { return elements_; }
  // Elements per chunk of parallel work; depends on the program and its shape only.
  std::int64_t grain() const { return grain_; }
  // True when every operand is a scalar or has the program's own shape.
  bool is_flat() const;
  // The operand has the program's own shape, so that part of it may be handed over for part of the elements.
  bool is_full_input(std::size_t i) const { return slots_[static_cast<std::size_t>(inputs_[i])].kind == SlotKind::kFull; }
  Dtype input_dtype(std::size_t i) const { return slots_[static_cast<std::size_t>(inputs_[i])].dtype; }
  Dtype output_dtype(std::size_t i) const { return slots_[static_cast<std::size_t>(outputs_[i].slot)].dtype; }
  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return outputs_.size(); }
  int slot_count() const { return static_cast<int>(slots_.size()); }
  // Equal programs differ in nothing but the number of elements and the memory they run on.
  bool has_same_steps(const MapProgram& other) const;
  std::size_t hash_of_steps() const;

  // Elements [begin, end). Safe from several threads.
  void run(const void* const* inputs, void* const* outputs, std::int64_t begin, std::int64_t end) const;

 private:
  enum class SlotKind : std::uint8_t { kFull, kScalar, kBroadcast, kTemporary, kOutput };

  struct Slot {
    SlotKind kind;
    Dtype dtype;
    int index;  // input number, output number, or scratch block number
  };

  struct Step {
    MapLoop loop = nullptr;
    kernels::CastLoop cast = nullptr;
    const double* parameters = nullptr;
    int operands[3] = {-1, -1, -1};
    int result = -1;
    bool operator==(const Step& o) const {
      return loop == o.loop && cast == o.cast && operands[0] == o.operands[0] && operands[1] == o.operands[1] &&
             operands[2] == o.operands[2] && result == o.result;
    }
  };

  // How a smaller operand is repeated over the program's shape, after merging axes.
  struct Expansion {
    std::vector<std::int64_t> sizes;
    std::vector<std::int64_t> strides;  // in elements
  };

  struct Output {
    int slot;
    int overwrites;
  };

  int add_slot(SlotKind kind, Dtype dtype, int index);
  int add_cast(int slot, Dtype dtype);
  void expand(const Expansion& expansion, const void* source, std::size_t element, std::int64_t begin, std::int64_t n, void* target) const;
  void place_outputs();
  void share_scratch();

  Shape shape_;
  std::int64_t elements_ = 0;
  std::int64_t grain_ = 1;
  std::int64_t block_ = 0;
  bool fetches_ahead_ = false;
  int scratch_blocks_ = 0;
  std::size_t scratch_element_ = 1;
  std::vector<Slot> slots_;
  std::vector<int> inputs_;  // slot of each input
  std::vector<Expansion> expansions_;  // per input
  std::vector<Step> steps_;
  std::vector<Output> outputs_;
};

// One elementwise program on one set of values. Programs of equal steps run side by side in one unit.
struct Segment {
  std::shared_ptr<MapProgram> program;
  std::vector<int> inputs;   // root values
  std::vector<int> outputs;  // values
};

// The operands of a flat program as seen from its element `first`.
struct MapOperands {
  MapOperands(const MapProgram& program, const void* const* sources, void* const* targets, std::int64_t first);
  std::array<const void*, kMaxMapSlots> inputs;
  std::array<void*, kMaxMapSlots> outputs;
};

// One elementwise op over broadcast operands, now.
void run_map(const Op& op, const std::vector<TensorSpec>& inputs, const void* const* sources, const TensorSpec& result, void* target);

}  // namespace keraunos
