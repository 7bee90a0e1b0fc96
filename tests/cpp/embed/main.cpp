// Uses the public headers and the installed library, nothing else. With an argument: predicts with that model.
#include <keraunos/graph.h>
#include <keraunos/keraunos.h>
#include <keraunos/keraunos_c.h>
#include <keraunos/op.h>

#include <cstdio>
#include <string>

namespace {

int predict(const char* path) {
  keraunos::Model model = keraunos::Model::load(path);
  const keraunos::Tensor y = model.predict(keraunos::Tensor::from(std::vector<float>{1, 2, 3}, {1, 3}));
  std::printf("%.9g\n", static_cast<double>(y.as<float>()[0]));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) return predict(argv[1]);
  const keraunos::Tensor tensor(keraunos::Dtype::kFloat32, keraunos::Shape({2, 3}));
  std::printf("%s %zu %s\n", kn_version(), tensor.bytes(), keraunos::find_op("matmul").name.c_str());
  try {
    keraunos::find_op("no_such_op");
  } catch (const keraunos::Error& error) {
    return std::string(error.what()).find("no_such_op") == std::string::npos;
  }
  return 1;
}
