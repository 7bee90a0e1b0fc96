#include "runtime/map_program.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/prefetch.h"
#include "base/threads.h"

namespace keraunos {
namespace {

constexpr std::size_t kScratchBytes = 32 * 1024;  // on the stack: one first-level cache, and fit for small thread stacks
constexpr std::int64_t kMaxBlock = 1024;
constexpr std::int64_t kMinBlock = 16;
constexpr std::int64_t kBeyondCaches = 1 << 18;  // elements; operands of this many come from memory
constexpr double kNanosecondsPerStep = 0.15;  // per element, a middle of the map loops
constexpr double kGrainNanoseconds = 15000;

bool is_half(Dtype dtype) { return dtype == Dtype::kFloat16 || dtype == Dtype::kBfloat16; }

template <class T>
void fill_block(void* target, const void* source, std::int64_t n) {
  std::fill_n(static_cast<T*>(target), n, *static_cast<const T*>(source));
}

void repeat(void* target, const void* source, std::size_t element, std::int64_t n) {
  switch (element) {
    case 1: return fill_block<std::uint8_t>(target, source, n);
    case 2: return fill_block<std::uint16_t>(target, source, n);
    case 4: return fill_block<std::uint32_t>(target, source, n);
    default: return fill_block<std::uint64_t>(target, source, n);
  }
}

template <class T>
void copy_strided(T* target, const T* source, std::int64_t stride, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) target[i] = source[i * stride];
}

void copy_run(void* target, const void* source, std::int64_t stride, std::size_t element, std::int64_t n) {
  if (stride == 1) {
    std::memcpy(target, source, static_cast<std::size_t>(n) * element);
  } else if (stride == 0) {
    repeat(target, source, element, n);
  } else if (element == 1) {
    copy_strided(static_cast<std::uint8_t*>(target), static_cast<const std::uint8_t*>(source), stride, n);
  } else if (element == 2) {
    copy_strided(static_cast<std::uint16_t*>(target), static_cast<const std::uint16_t*>(source), stride, n);
  } else if (element == 4) {
    copy_strided(static_cast<std::uint32_t*>(target), static_cast<const std::uint32_t*>(source), stride, n);
  } else {
    copy_strided(static_cast<std::uint64_t*>(target), static_cast<const std::uint64_t*>(source), stride, n);
  }
}

}  // namespace

MapProgram::MapProgram(Shape shape) : shape_(std::move(shape)), elements_(shape_.elements()) {}

int MapProgram::add_slot(SlotKind kind, Dtype dtype, int index) {
  slots_.push_back({kind, dtype, index});
  return static_cast<int>(slots_.size()) - 1;
}

int MapProgram::add_input(const TensorSpec& spec) {
  const int number = static_cast<int>(inputs_.size());
  Expansion expansion;
  SlotKind kind = SlotKind::kBroadcast;
  if (spec.shape.elements() == 1) {
    kind = SlotKind::kScalar;
  } else if (spec.shape.elements() == elements_) {
    kind = SlotKind::kFull;
  } else {
    // Strides of the operand seen from the program's axes; neighbouring axes that walk alike are merged.
    const int rank = shape_.rank();
    const int missing = rank - spec.shape.rank();
    std::vector<std::int64_t> strides(static_cast<std::size_t>(rank), 0);
    std::int64_t stride = 1;
    for (int axis = rank - 1; axis >= missing; --axis) {
      const std::int64_t size = spec.shape[axis - missing];
      if (size != 1) strides[static_cast<std::size_t>(axis)] = stride;
      stride *= size;
    }
    for (int axis = 0; axis < rank; ++axis) {
      const std::int64_t size = shape_[axis];
      const std::int64_t step = strides[static_cast<std::size_t>(axis)];
      if (size == 1) continue;
      if (!expansion.sizes.empty() && expansion.strides.back() == step * size) {
        expansion.sizes.back() *= size;
        expansion.strides.back() = step;
      } else {
        expansion.sizes.push_back(size);
        expansion.strides.push_back(step);
      }
    }
  }
  expansions_.push_back(std::move(expansion));
  const int slot = add_slot(kind, spec.dtype, number);
  inputs_.push_back(slot);
  return slot;
}

int MapProgram::add_cast(int slot, Dtype dtype) {
  const Dtype from = slots_[static_cast<std::size_t>(slot)].dtype;
  if (from == dtype) return slot;
  Step step;
  step.cast = kernels::find_cast_loop(from, dtype);
  step.operands[0] = slot;
  step.result = add_slot(SlotKind::kTemporary, dtype, -1);
  steps_.push_back(step);
  return step.result;
}

int MapProgram::add_step(const Op& op, const std::vector<int>& operands, Dtype result) {
  if (op.is_conversion) return add_cast(operands[0], result);
  // The dtype that the op computes in is that of its last operand: select's first is the condition.
  const Dtype operand_dtype = slots_[static_cast<std::size_t>(operands.back())].dtype;
  MapLoop loop = op.map_loop(operand_dtype, result);
  std::vector<int> sources = operands;
  Dtype computed = result;
  if (!loop && is_half(operand_dtype)) {
    computed = is_half(result) ? Dtype::kFloat32 : result;
    loop = op.map_loop(Dtype::kFloat32, computed);
    for (int& source : sources) {
      if (is_half(slots_[static_cast<std::size_t>(source)].dtype)) source = add_cast(source, Dtype::kFloat32);
    }
  }
  if (!loop) throw type_error(op.name, std::string("does not take ") + name_of(operand_dtype) + " values");
  Step step;
  step.loop = loop;
  step.parameters = op.map_parameters.data();
  for (std::size_t i = 0; i < sources.size(); ++i) step.operands[i] = sources[i];
  step.result = add_slot(SlotKind::kTemporary, computed, -1);
  steps_.push_back(step);
  return add_cast(step.result, result);
}

void MapProgram::add_output(int slot, int overwrites) { outputs_.push_back({slot, overwrites}); }

// A result that is an output is written where it belongs at once, unless the old content of that memory is still read later.
void MapProgram::place_outputs() {
  for (std::size_t number = 0; number < outputs_.size(); ++number) {
    const Output& output = outputs_[number];
    std::size_t written = steps_.size();
    bool is_needed_later = false;
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      if (steps_[s].result == output.slot) written = s;
    }
    for (std::size_t s = written + 1; s < steps_.size(); ++s) {
      for (int operand : steps_[s].operands) is_needed_later |= output.overwrites >= 0 && operand == output.overwrites;
    }
    Slot& slot = slots_[static_cast<std::size_t>(output.slot)];
    const bool is_direct = written < steps_.size() && slot.kind == SlotKind::kTemporary && !is_needed_later;
    if (is_direct) {
      slot.kind = SlotKind::kOutput;
      slot.index = static_cast<int>(number);
      continue;
    }
    Step copy;
    copy.cast = kernels::find_cast_loop(slot.dtype, slot.dtype);
    copy.operands[0] = output.slot;
    copy.result = add_slot(SlotKind::kOutput, slots_[static_cast<std::size_t>(output.slot)].dtype, static_cast<int>(number));
    steps_.push_back(copy);
  }
}

// Temporaries whose lives do not overlap share a scratch block. Scalars and broadcast operands own theirs for the whole run.
void MapProgram::share_scratch() {
  std::vector<int> last_use(slots_.size(), -1);
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    for (int operand : steps_[s].operands) {
      if (operand >= 0) last_use[static_cast<std::size_t>(operand)] = static_cast<int>(s);
    }
  }
  for (const Slot& slot : slots_) scratch_element_ = std::max(scratch_element_, size_of(slot.dtype));
  std::vector<int> free_blocks;
  for (Slot& slot : slots_) {
    if (slot.kind == SlotKind::kScalar || slot.kind == SlotKind::kBroadcast) ++scratch_blocks_;
  }
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    Slot& result = slots_[static_cast<std::size_t>(steps_[s].result)];
    if (result.kind == SlotKind::kTemporary) {
      if (free_blocks.empty()) {
        result.index = scratch_blocks_++;
      } else {
        result.index = free_blocks.back();
        free_blocks.pop_back();
      }
    }
    std::array<int, 3> done = {-1, -1, -1};
    std::size_t count = 0;
    for (int operand : steps_[s].operands) {
      if (operand < 0 || last_use[static_cast<std::size_t>(operand)] != static_cast<int>(s)) continue;
      const Slot& slot = slots_[static_cast<std::size_t>(operand)];
      const bool is_listed = std::find(done.begin(), done.end(), operand) != done.end();
      if (slot.kind == SlotKind::kTemporary && !is_listed) {
        done[count++] = operand;
        free_blocks.push_back(slot.index);
      }
    }
  }
}

void MapProgram::seal() {
  place_outputs();
  share_scratch();
  if (slots_.size() > kMaxMapSlots) throw Error(ErrorKind::kRuntime, "MapProgram: too many slots");
  const std::size_t blocks = static_cast<std::size_t>(std::max(1, scratch_blocks_));
  const std::int64_t fitting = static_cast<std::int64_t>(kScratchBytes / (blocks * scratch_element_));
  block_ = std::clamp(fitting / 16 * 16, kMinBlock, kMaxBlock);
  fetches_ahead_ = elements_ >= kBeyondCaches;
  const double cost = kNanosecondsPerStep * static_cast<double>(std::max<std::size_t>(1, steps_.size()));
  grain_ = std::max<std::int64_t>(static_cast<std::int64_t>(kGrainNanoseconds / cost) / block_, 1) * block_;
}

bool MapProgram::is_flat() const {
  return std::all_of(slots_.begin(), slots_.end(), [](const Slot& s) { return s.kind != SlotKind::kBroadcast; });
}

bool MapProgram::has_same_steps(const MapProgram& other) const {
  if (slots_.size() != other.slots_.size() || steps_.size() != other.steps_.size() || outputs_.size() != other.outputs_.size() ||
      inputs_ != other.inputs_ || block_ != other.block_) {
    return false;
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& a = slots_[i];
    const Slot& b = other.slots_[i];
    if (a.kind != b.kind || a.dtype != b.dtype || a.index != b.index) return false;
  }
  return std::equal(steps_.begin(), steps_.end(), other.steps_.begin());
}

std::size_t MapProgram::hash_of_steps() const {
  std::uint64_t hash = slots_.size();
  const auto mix = [&hash](std::uint64_t word) { hash = (hash ^ word) * 0x9E3779B97F4A7C15u ^ hash >> 32; };
  for (const Slot& slot : slots_) mix(static_cast<std::uint64_t>(slot.kind) << 8 | static_cast<std::uint64_t>(slot.dtype));
  for (const Step& step : steps_) {
    mix(reinterpret_cast<std::uintptr_t>(step.loop));
    mix(reinterpret_cast<std::uintptr_t>(step.cast));
    for (const int operand : step.operands) mix(static_cast<std::uint64_t>(operand));
  }
  return static_cast<std::size_t>(hash);
}

void MapProgram::expand(const Expansion& expansion, const void* source, std::size_t element, std::int64_t begin, std::int64_t n,
                        void* target) const {
  const std::size_t rank = expansion.sizes.size();
  const std::int64_t inner = expansion.sizes[rank - 1];
  const std::int64_t inner_stride = expansion.strides[rank - 1];
  std::int64_t position = begin % inner;
  std::int64_t outer = begin / inner;
  const char* from = static_cast<const char*>(source);
  char* to = static_cast<char*>(target);
  while (n > 0) {
    std::int64_t offset = 0;
    std::int64_t rest = outer;
    for (std::size_t axis = rank - 1; axis-- > 0;) {
      offset += rest % expansion.sizes[axis] * expansion.strides[axis];
      rest /= expansion.sizes[axis];
    }
    const std::int64_t run = std::min(n, inner - position);
    copy_run(to, from + (offset + position * inner_stride) * static_cast<std::int64_t>(element), inner_stride, element, run);
    to += run * static_cast<std::int64_t>(element);
    n -= run;
    position = 0;
    ++outer;
  }
}

void MapProgram::run(const void* const* inputs, void* const* outputs, std::int64_t begin, std::int64_t end) const {
  alignas(64) char scratch[kScratchBytes];
  std::array<char*, kMaxMapSlots> memory;
  std::array<std::int64_t, kMaxMapSlots> step_bytes;  // how far a slot moves with each block
  const std::int64_t first = std::min(block_, end - begin);
  const std::size_t block_bytes = static_cast<std::size_t>(block_) * scratch_element_;
  std::array<int, kMaxMapSlots> expanded;
  std::size_t expanded_count = 0;
  std::array<std::size_t, kMaxMapSlots> full;
  std::size_t full_count = 0;
  int own_blocks = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    const std::size_t element = size_of(slot.dtype);
    step_bytes[i] = 0;
    switch (slot.kind) {
      case SlotKind::kFull:
        memory[i] = static_cast<char*>(const_cast<void*>(inputs[slot.index])) + begin * static_cast<std::int64_t>(element);
        step_bytes[i] = static_cast<std::int64_t>(element) * block_;
        full[full_count++] = i;
        break;
      case SlotKind::kOutput:
        memory[i] = static_cast<char*>(outputs[slot.index]) + begin * static_cast<std::int64_t>(element);
        step_bytes[i] = static_cast<std::int64_t>(element) * block_;
        break;
      case SlotKind::kScalar:
        memory[i] = scratch + block_bytes * static_cast<std::size_t>(own_blocks++);
        repeat(memory[i], inputs[slot.index], element, first);
        break;
      case SlotKind::kBroadcast:
        memory[i] = scratch + block_bytes * static_cast<std::size_t>(own_blocks++);
        expanded[expanded_count++] = static_cast<int>(i);
        break;
      case SlotKind::kTemporary:
        memory[i] = scratch + block_bytes * static_cast<std::size_t>(slot.index);
        break;
    }
  }
  const auto at = [&](int slot) -> char* { return slot < 0 ? nullptr : memory[static_cast<std::size_t>(slot)]; };
  // A share of the next block's operands. The processor's own prefetching starts afresh with every step and page.
  const auto fetch_ahead = [&](std::size_t step) {
    for (std::size_t f = 0; f < full_count; ++f) {
      const std::size_t bytes = static_cast<std::size_t>(step_bytes[full[f]]);
      const char* next = memory[full[f]] + bytes;
      const std::size_t lines = bytes / kCacheLine;
      const std::size_t last = lines * (step + 1) / steps_.size();
      for (std::size_t line = lines * step / steps_.size(); line < last; ++line) prefetch_line(next + line * kCacheLine);
    }
  };
  for (std::int64_t position = begin; position < end; position += block_) {
    const std::int64_t n = std::min(block_, end - position);
    const bool has_next = fetches_ahead_ && position + 2 * block_ <= end;
    for (std::size_t e = 0; e < expanded_count; ++e) {
      const std::size_t i = static_cast<std::size_t>(expanded[e]);
      const std::size_t input = static_cast<std::size_t>(slots_[i].index);
      expand(expansions_[input], inputs[input], size_of(slots_[i].dtype), position, n, memory[i]);
    }
    for (const Step& step : steps_) {
      if (has_next) fetch_ahead(static_cast<std::size_t>(&step - steps_.data()));
      if (step.loop) {
        step.loop(at(step.operands[0]), at(step.operands[1]), at(step.operands[2]), at(step.result), n, step.parameters);
      } else {
        step.cast(at(step.operands[0]), at(step.result), n);
      }
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) memory[i] += step_bytes[i];
  }
}

MapOperands::MapOperands(const MapProgram& program, const void* const* sources, void* const* targets, std::int64_t first) {
  const auto bytes = [first](Dtype dtype) { return first * static_cast<std::int64_t>(size_of(dtype)); };
  for (std::size_t i = 0; i < program.input_count(); ++i) {
    const bool moves = program.is_full_input(i) && sources[i] != nullptr;
    inputs[i] = moves ? static_cast<const char*>(sources[i]) + bytes(program.input_dtype(i)) : sources[i];
  }
  for (std::size_t i = 0; i < program.output_count(); ++i) {
    outputs[i] = static_cast<char*>(targets[i]) + bytes(program.output_dtype(i));
  }
}

namespace {

// Few elements and no operand but scalars and those of the result's own shape: the loop itself, as the program's only block
// would run it, without the making of a program. False when it is not that simple.
bool run_map_at_once(const Op& op, const std::vector<TensorSpec>& inputs, const void* const* sources, const TensorSpec& result, void* target) {
  const std::int64_t n = result.shape.elements();
  if (n > kMaxBlock || op.is_conversion) return false;
  const MapLoop loop = op.map_loop(inputs.back().dtype, result.dtype);
  if (!loop) return false;
  alignas(64) char repeated[3][kMaxBlock * sizeof(double)];
  const void* operands[3] = {nullptr, nullptr, nullptr};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::int64_t elements = inputs[i].shape.elements();
    if (elements != n && elements != 1) return false;
    operands[i] = sources[i];
    if (elements == n) continue;
    repeat(repeated[i], sources[i], size_of(inputs[i].dtype), n);
    operands[i] = repeated[i];
  }
  loop(operands[0], operands[1], operands[2], target, n, op.map_parameters.data());
  return true;
}

}  // namespace

void run_map(const Op& op, const std::vector<TensorSpec>& inputs, const void* const* sources, const TensorSpec& result, void* target) {
  if (run_map_at_once(op, inputs, sources, result, target)) return;
  MapProgram program(result.shape);
  std::vector<int> slots;
  slots.reserve(inputs.size());
  for (const TensorSpec& input : inputs) slots.push_back(program.add_input(input));
  program.add_output(program.add_step(op, slots, result.dtype), -1);
  program.seal();
  const auto body = [&](std::int64_t begin, std::int64_t end) { program.run(sources, &target, begin, end); };
  parallel_for(program.elements(), program.grain(), body);
}

}  // namespace keraunos
