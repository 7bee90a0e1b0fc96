// Where ops are kept. Each family adds its records through a function that registry.cpp calls by name: a static
// initializer would be dropped by the linker from a static library.
#pragma once

#include <deque>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "keraunos/op.h"

namespace keraunos {

class Registry {
 public:
  // Records keep their address for good. A second record of one name is our own mistake.
  void add(Op op);
  const Op* find(std::string_view name) const;
  std::vector<const Op*> sorted() const;

 private:
  std::deque<Op> ops_;
  std::unordered_map<std::string_view, const Op*> by_name_;
};

// For families of higher floors (control flow), before first use.
void register_op(Op op);

void register_elementwise_unary(Registry& registry);
void register_elementwise_binary(Registry& registry);
void register_gradient_maps(Registry& registry);
void register_cast(Registry& registry);
void register_reductions(Registry& registry);
void register_reduction_views(Registry& registry);
void register_cumulative(Registry& registry);
void register_matmul(Registry& registry);
void register_dense(Registry& registry);
void register_decompositions(Registry& registry);
void register_triangular_solve(Registry& registry);
void register_convolution(Registry& registry);
void register_pooling(Registry& registry);
void register_shapes(Registry& registry);
void register_likes(Registry& registry);
void register_creation(Registry& registry);
void register_joining(Registry& registry);
void register_slicing(Registry& registry);
void register_dynamic_slicing(Registry& registry);
void register_gather(Registry& registry);
void register_scatter(Registry& registry);
void register_sorting(Registry& registry);
void register_softmax(Registry& registry);
void register_attention(Registry& registry);
void register_ctc(Registry& registry);
void register_batch_norm(Registry& registry);
void register_layer_norm(Registry& registry);
void register_random(Registry& registry);
void register_dropout(Registry& registry);
void register_recurrent(Registry& registry);

}  // namespace keraunos
