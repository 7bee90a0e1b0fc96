// A graph, its variables, and the plans made for the input shapes seen so far.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "keraunos/graph.h"
#include "runtime/plan.h"
#include "runtime/prepare.h"

namespace keraunos {

struct PlanEntry;

class Function {
 public:
  explicit Function(std::shared_ptr<const Graph> graph, PlanOptions options = {});

  // Simplified and fused; what files and other formats hold.
  const Graph& graph() const { return *graph_; }
  // What runs: reads values computed once, which refresh() brings up to date.
  const Graph& prepared_graph() const { return *prepared_.graph; }
  void refresh(const StateAccess& access) const;
  // Checks the inputs against the graph, runs, returns fresh tensors. Safe from several threads.
  std::vector<Tensor> call(const std::vector<Tensor>& inputs) const;

  // The calls with inputs of the same dtypes and shapes as those given: checked once, their plan at hand. Outlives the function.
  class ShapedCall {
   public:
    ShapedCall(const Function& function, const std::vector<Tensor>& inputs);
    std::vector<Tensor> operator()(const std::vector<Tensor>& inputs) const;
    const std::vector<TensorSpec>& outputs() const;

   private:
    std::shared_ptr<PlanEntry> entry_;
  };

  // A plan and a workspace for these input shapes, lent to one caller until destroyed.
  class Lease {
   public:
    Lease(const Function& function, const std::vector<TensorSpec>& inputs);
    explicit Lease(std::shared_ptr<PlanEntry> entry);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    const Plan& plan() const;
    Workspace& workspace() { return *workspace_; }

   private:
    std::shared_ptr<PlanEntry> entry_;
    std::unique_ptr<Workspace> workspace_;
  };

 private:
  friend class Lease;
  std::shared_ptr<PlanEntry> entry_for(const std::vector<TensorSpec>& inputs) const;
  void check_inputs(const std::vector<Tensor>& inputs) const;

  std::shared_ptr<const Graph> graph_;
  PreparedGraph prepared_;
  PlanOptions options_;
  mutable std::mutex mutex_;
  mutable std::vector<std::shared_ptr<PlanEntry>> entries_;  // latest last
};

}  // namespace keraunos
