#include "keraunos/op.h"

#include <atomic>

namespace keraunos {
namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> counter{1};
  return counter.fetch_add(1, std::memory_order_relaxed);
}

template <class T>
const T& held(const Attribute& attribute, std::string_view name, const char* kind) {
  const T* value = std::get_if<T>(&attribute);
  if (!value) throw type_error("attribute '" + std::string(name) + "'", std::string("must be ") + kind);
  return *value;
}

}  // namespace

void Attributes::set(const std::string& name, Attribute value) {
  for (auto& item : items_) {
    if (item.first == name) {
      item.second = std::move(value);
      return;
    }
  }
  items_.emplace_back(name, std::move(value));
}

const Attribute* Attributes::find(std::string_view name) const {
  for (const auto& item : items_) {
    if (item.first == name) return &item.second;
  }
  return nullptr;
}

const Attribute& Attributes::get(std::string_view name) const {
  const Attribute* found = find(name);
  if (!found) throw make_error(ErrorKind::kKey, "attribute '" + std::string(name) + "'", "is missing");
  return *found;
}

bool Attributes::boolean(std::string_view name) const { return held<bool>(get(name), name, "a bool"); }

std::int64_t Attributes::integer(std::string_view name) const { return held<std::int64_t>(get(name), name, "an integer"); }

double Attributes::number(std::string_view name) const {
  const Attribute& attribute = get(name);
  if (const auto* integer = std::get_if<std::int64_t>(&attribute)) return static_cast<double>(*integer);
  return held<double>(attribute, name, "a number");
}

const std::string& Attributes::text(std::string_view name) const { return held<std::string>(get(name), name, "a string"); }

Dtype Attributes::dtype(std::string_view name) const {
  const Attribute& attribute = get(name);
  if (const auto* text = std::get_if<std::string>(&attribute)) return dtype_from_name(*text);
  return held<Dtype>(attribute, name, "a dtype");
}

const Ints& Attributes::ints(std::string_view name) const { return held<Ints>(get(name), name, "a list of integers"); }

const Floats& Attributes::floats(std::string_view name) const { return held<Floats>(get(name), name, "a list of numbers"); }

const Tensor& Attributes::tensor(std::string_view name) const { return held<Tensor>(get(name), name, "a tensor"); }

const std::shared_ptr<const Graph>& Attributes::graph(std::string_view name) const {
  return held<std::shared_ptr<const Graph>>(get(name), name, "a graph");
}

Value::Value(Tensor tensor) : tensor_(std::move(tensor)), id_(next_id()) {}

Value::Value(std::shared_ptr<Graph> graph, int index, TensorSpec spec)
    : tensor_(spec.dtype, std::move(spec.shape), nullptr), graph_(std::move(graph)), index_(index), id_(next_id()) {}

}  // namespace keraunos
