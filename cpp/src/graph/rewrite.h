// Passes over graphs. Each returns a new graph that computes the same.
#pragma once

#include <memory>

#include "keraunos/graph.h"

namespace keraunos {

// Equal pure nodes on equal inputs become one.
std::shared_ptr<const Graph> drop_equal_nodes(const std::shared_ptr<const Graph>& graph);

// Where transposes undo each other, the nodes between them work in the order of the outer ones and the transposes are gone.
std::shared_ptr<const Graph> cancel_transposes(const std::shared_ptr<const Graph>& graph);

// A view that gives back the shape that it came from becomes what it came from.
std::shared_ptr<const Graph> drop_idle_views(const std::shared_ptr<const Graph>& graph);

// What neither an output nor an update depends on is gone.
std::shared_ptr<const Graph> drop_unread_nodes(const std::shared_ptr<const Graph>& graph);

// matmul or conv + bias (+ activation) becomes one `dense` or `biased_conv` node where nothing else looks in between; a view that
// parts the last axis of a matmul before the bias, as heads of an attention are parted, comes after it.
std::shared_ptr<const Graph> fuse_dense(const std::shared_ptr<const Graph>& graph);

// The gradient of relu that follows the one of a maximum pooling becomes a part of it.
std::shared_ptr<const Graph> fuse_pooling(const std::shared_ptr<const Graph>& graph);

// The gradients of a convolution's kernel and bias, which read the same gradient, become one node.
std::shared_ptr<const Graph> fuse_bias_gradients(const std::shared_ptr<const Graph>& graph);

// batch_norm + relu becomes one node, and relu_grad + batch_norm_grad another, which needs no forward result.
std::shared_ptr<const Graph> fuse_batch_norm(const std::shared_ptr<const Graph>& graph);

// For runs alone: numbers for each channel that a fixed kernel's product is scaled by or that are added to it, as by a normalization with moving
// statistics, become a part of the kernel and the bias.
std::shared_ptr<const Graph> fold_scales(const std::shared_ptr<const Graph>& graph);

// For runs alone: convolutions of 3 x 3 taps, and their input gradients, become Winograd's where there are channels enough and the kernels are fixed
// or trained.
std::shared_ptr<const Graph> use_winograd(const std::shared_ptr<const Graph>& graph);

// For runs alone: products with fixed kernels get those in packed form.
std::shared_ptr<const Graph> pack_dense(const std::shared_ptr<const Graph>& graph);

}  // namespace keraunos
