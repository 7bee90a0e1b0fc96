// Loads a saved model and predicts: predict MODEL.keras [NUMBER...]. Without numbers every input is zero.
#include <keraunos/keraunos.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace kn = keraunos;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: predict MODEL.keras [NUMBER...]\n");
    return 2;
  }
  try {
    const kn::Model model = kn::Model::load(argv[1]);
    std::vector<kn::Tensor> inputs;
    int next = 2;
    for (const kn::Port& port : model.inputs()) {
      kn::Shape shape = port.spec.shape;
      for (int axis = 0; axis < shape.rank(); ++axis) shape[axis] = std::max<std::int64_t>(shape[axis], 1);  // unknown sizes: one row
      kn::Tensor x = kn::Tensor::zeros(kn::Dtype::kFloat32, shape);
      for (std::int64_t i = 0; i < x.elements() && next < argc; ++i) x.as<float>()[i] = std::strtof(argv[next++], nullptr);
      inputs.push_back(x);
    }
    const std::vector<kn::Tensor> outputs = model.predict(inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      std::printf("%s %s:", model.outputs()[i].name.c_str(), outputs[i].shape().text().c_str());
      for (std::int64_t j = 0; j < outputs[i].elements(); ++j) std::printf(" %.9g", outputs[i].value_at(j));
      std::printf("\n");
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
