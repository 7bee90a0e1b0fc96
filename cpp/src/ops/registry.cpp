#include "ops/registry.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>

namespace keraunos {
namespace {

struct Shared {
  std::shared_mutex mutex;
  Registry registry;

  Shared() {
    register_elementwise_unary(registry);
    register_elementwise_binary(registry);
    register_gradient_maps(registry);
    register_cast(registry);
    register_reductions(registry);
    register_reduction_views(registry);
    register_cumulative(registry);
    register_matmul(registry);
    register_dense(registry);
    register_decompositions(registry);
    register_triangular_solve(registry);
    register_convolution(registry);
    register_pooling(registry);
    register_shapes(registry);
    register_likes(registry);
    register_creation(registry);
    register_joining(registry);
    register_slicing(registry);
    register_dynamic_slicing(registry);
    register_gather(registry);
    register_scatter(registry);
    register_sorting(registry);
    register_softmax(registry);
    register_attention(registry);
    register_ctc(registry);
    register_batch_norm(registry);
    register_layer_norm(registry);
    register_random(registry);
    register_dropout(registry);
    register_recurrent(registry);
  }
};

// Never destroyed: a worker thread may still look up an op while the process ends.
Shared& shared() {
  static Shared* const instance = new Shared;
  return *instance;
}

}  // namespace

void Registry::add(Op op) {
  if (find(op.name)) throw make_error(ErrorKind::kRuntime, op.name, "an op of this name exists already");
  ops_.push_back(std::move(op));
  by_name_.emplace(ops_.back().name, &ops_.back());
}

const Op* Registry::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<const Op*> Registry::sorted() const {
  std::vector<const Op*> ops;
  ops.reserve(ops_.size());
  for (const Op& op : ops_) ops.push_back(&op);
  std::sort(ops.begin(), ops.end(), [](const Op* a, const Op* b) { return a->name < b->name; });
  return ops;
}

void register_op(Op op) {
  Shared& all = shared();
  const std::unique_lock<std::shared_mutex> lock(all.mutex);
  all.registry.add(std::move(op));
}

const Op& find_op(std::string_view name) {
  Shared& all = shared();
  const std::shared_lock<std::shared_mutex> lock(all.mutex);
  const Op* op = all.registry.find(name);
  if (!op) throw value_error("op", "there is no op of this name", '"' + std::string(name.substr(0, 100)) + '"');
  return *op;
}

std::vector<const Op*> all_ops() {
  Shared& all = shared();
  const std::shared_lock<std::shared_mutex> lock(all.mutex);
  return all.registry.sorted();
}

}  // namespace keraunos
