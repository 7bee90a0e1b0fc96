#include "model/layer_network.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace keraunos {
namespace {

// Inputs stand for themselves, calls for the layer that is called.
const void* identity_of(const LayerNode& node) { return node.layer ? static_cast<const void*>(node.layer.get()) : &node; }

class Walk {
 public:
  Walk(const std::vector<LayerOutput>& inputs, const std::vector<LayerOutput>& outputs) {
    for (const LayerOutput& input : inputs) {
      if (input.node()->layer) throw value_error("Functional", "inputs must be made by `input`", input.node()->layer->path_name);
      given_.insert(input.node().get());
    }
    for (const LayerOutput& output : outputs) network_.outputs.push_back(visited(output));
    for (const LayerOutput& input : inputs) {
      const auto found = numbers_.find(input.node().get());
      if (found == numbers_.end()) throw value_error("Functional", "every input must lead to an output");
      network_.inputs.push_back(found->second);
    }
  }

  Network network() {
    sort_layers();
    name_layers();
    return std::move(network_);
  }

 private:
  struct Step {
    const LayerNode* node;
    std::size_t next;  // input to visit
  };

  // Depth first with a stack of its own: a design may be deeper than the machine's stack.
  std::size_t visited(const LayerOutput& output) {
    std::vector<Step> steps;
    enter(*output.node(), steps);
    while (!steps.empty()) {
      Step& step = steps.back();
      if (step.next < step.node->inputs.size()) {
        const LayerNode& input = *step.node->inputs[step.next++].node();
        enter(input, steps);
      } else {
        finish(*step.node);
        steps.pop_back();
      }
    }
    return numbers_.at(output.node().get());
  }

  void enter(const LayerNode& node, std::vector<Step>& steps) {
    if (numbers_.count(&node)) return;
    if (!node.layer && !given_.count(&node)) throw value_error("Functional", "an output needs an input that is not among the inputs", node.spec.shape);
    // In the order in which layers are met on the way back from the outputs.
    const auto [place, is_new] = layer_numbers_.emplace(identity_of(node), network_.layers.size());
    if (is_new) network_.layers.push_back({node.layer, node.layer ? node.layer->name : node.name, "", node.spec, {}, {}, {}});
    steps.push_back({&node, 0});
  }

  void finish(const LayerNode& node) {
    const std::size_t layer = layer_numbers_.at(identity_of(node));
    NetworkCall call{layer, network_.layers[layer].calls.size(), {}, node.spec};
    for (const LayerOutput& input : node.inputs) call.inputs.push_back(numbers_.at(input.node().get()));
    network_.layers[layer].calls.push_back(network_.calls.size());
    numbers_.emplace(&node, network_.calls.size());
    network_.calls.push_back(std::move(call));
  }

  // A call is as deep as its longest way to an output, and all calls of a layer as deep as the deepest: the deepest layers come first.
  void sort_layers() {
    std::vector<std::size_t> call_depth(network_.calls.size(), 0), depth(network_.layers.size(), 0);
    for (std::size_t i = network_.calls.size(); i-- > 0;) {
      const NetworkCall& call = network_.calls[i];
      call_depth[i] = depth[call.layer] = std::max(call_depth[i], depth[call.layer]);
      for (const std::size_t input : call.inputs) call_depth[input] = std::max(call_depth[input], call_depth[i] + 1);
    }
    std::vector<std::size_t> order(network_.layers.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return depth[a] > depth[b]; });
    std::vector<NetworkLayer> sorted;
    std::vector<std::size_t> places(order.size());
    for (std::size_t place = 0; place < order.size(); ++place) {
      places[order[place]] = place;
      sorted.push_back(std::move(network_.layers[order[place]]));
    }
    network_.layers = std::move(sorted);
    for (NetworkCall& call : network_.calls) call.layer = places[call.layer];
  }

  void name_layers() {
    std::map<std::string, int> counts;
    std::set<std::string> names;
    for (NetworkLayer& layer : network_.layers) {
      const std::string kind = layer.design ? layer.design->path_name : "input_layer";
      const int number = counts[kind]++;
      const std::string numbered = kind + (number > 0 ? '_' + std::to_string(number) : "");
      layer.path = "layers/" + numbered + '/';
      if (layer.name.empty()) layer.name = numbered;
      if (layer.name.find('/') != std::string::npos) throw value_error("layer", "a name must not hold '/'", '"' + layer.name + '"');
      if (!names.insert(layer.name).second) throw value_error("layer", "names must differ", '"' + layer.name + '"');
    }
  }

  Network network_;
  std::set<const LayerNode*> given_;
  std::map<const LayerNode*, std::size_t> numbers_;  // of calls
  std::map<const void*, std::size_t> layer_numbers_;
};

}  // namespace

Network make_network(const std::vector<LayerOutput>& inputs, const std::vector<LayerOutput>& outputs) { return Walk(inputs, outputs).network(); }

}  // namespace keraunos
