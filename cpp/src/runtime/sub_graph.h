// What the ops with sub-graphs share: a sub-graph ready to run, and the rules for what it is given.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "keraunos/graph.h"
#include "runtime/function.h"

namespace keraunos::control_flow {

using GraphPointer = std::shared_ptr<const Graph>;

template <class T>
std::vector<T> part(const std::vector<T>& items, std::size_t begin, std::size_t end) {
  return {items.begin() + static_cast<std::ptrdiff_t>(begin), items.begin() + static_cast<std::ptrdiff_t>(end)};
}

template <class T>
std::vector<T> joined(std::vector<T> items, const std::vector<T>& more) {
  items.insert(items.end(), more.begin(), more.end());
  return items;
}

std::size_t bytes_of(const TensorSpec& spec);
std::vector<TensorSpec> specs_of(const std::vector<Value>& values);
// What a sub-graph gives for inputs of these specs. While sizes are open, what its own trace said.
std::vector<TensorSpec> results_of(const Graph& graph, const std::vector<TensorSpec>& inputs);

std::size_t count(const Attributes& attributes, const char* name);
// Counts of inputs come from files, too: they must add up before anything is indexed by them.
void require_count(const InferContext& context, const char* name, std::size_t limit);
void require_inputs(const InferContext& context, const char* name, std::size_t expected);
// Loop state keeps its dtype and its shape, as far as the shape is known.
void require_same_state(const InferContext& context, const char* what, const TensorSpec& before, const TensorSpec& after);

// Where values lie one after another in one piece of memory.
struct Layout {
  std::vector<std::size_t> bytes;
  std::vector<std::size_t> offsets;
  std::size_t total = 0;

  explicit Layout(const std::vector<TensorSpec>& specs) {
    for (const TensorSpec& spec : specs) {
      bytes.push_back(bytes_of(spec));
      offsets.push_back(total);
      total += (bytes.back() + 63) / 64 * 64;
    }
  }
};

// A sub-graph planned for fixed shapes. One workspace is kept at hand, so that a caller alone takes no lock; further callers
// at the same time get workspaces of the function.
class SubGraph {
 public:
  SubGraph(const GraphPointer& graph, std::vector<TensorSpec> inputs)
      : function_(std::make_shared<Function>(graph)), inputs_(std::move(inputs)), spare_(new Function::Lease(*function_, inputs_)) {}
  ~SubGraph() { delete spare_.load(); }
  SubGraph(const SubGraph&) = delete;
  SubGraph& operator=(const SubGraph&) = delete;

  class Run {
   public:
    explicit Run(const SubGraph& graph) : graph_(graph), lease_(graph.spare_.exchange(nullptr)) {
      if (!lease_) lease_ = new Function::Lease(*graph_.function_, graph_.inputs_);
    }
    ~Run() {
      Function::Lease* empty = nullptr;
      if (!graph_.spare_.compare_exchange_strong(empty, lease_)) delete lease_;
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    void input(std::size_t i, const void* data) { lease_->plan().bind_input(lease_->workspace(), i, data); }
    void output(std::size_t i, void* data) { lease_->plan().bind_output(lease_->workspace(), i, data); }
    void run() { lease_->plan().run(lease_->workspace()); }

   private:
    const SubGraph& graph_;
    Function::Lease* lease_;
  };

 private:
  std::shared_ptr<Function> function_;
  std::vector<TensorSpec> inputs_;
  mutable std::atomic<Function::Lease*> spare_;
};

}  // namespace keraunos::control_flow
