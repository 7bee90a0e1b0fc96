// Uses the public headers and the installed library, nothing else.
#include <keraunos/dtype.h>
#include <keraunos/error.h>
#include <keraunos/graph.h>
#include <keraunos/op.h>
#include <keraunos/tensor.h>
#include <keraunos/version.h>

#include <cstdio>
#include <string>

int main() {
  const keraunos::Tensor tensor(keraunos::Dtype::kFloat32, keraunos::Shape({2, 3}));
  std::printf("%s %zu %s\n", KERAUNOS_VERSION, tensor.bytes(), keraunos::find_op("matmul").name.c_str());
  try {
    keraunos::find_op("no_such_op");
  } catch (const keraunos::Error& error) {
    return std::string(error.what()).find("no_such_op") == std::string::npos;
  }
  return 1;
}
