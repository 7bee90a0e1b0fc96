// latency_onnxruntime MODEL.onnx SIZE...: one sample of this shape through onnxruntime's C API, on one thread, with tensors that are made once.
#include <onnxruntime_c_api.h>

#include <cstdlib>

#include "timing.h"

namespace {

const OrtApi* api = OrtGetApiBase()->GetApi(ORT_API_VERSION);

void check(OrtStatus* status) {
  if (status == nullptr) return;
  std::fprintf(stderr, "%s\n", api->GetErrorMessage(status));
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  OrtEnv* env = nullptr;
  check(api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "latency", &env));
  OrtSessionOptions* options = nullptr;
  check(api->CreateSessionOptions(&options));
  check(api->SetIntraOpNumThreads(options, 1));
  check(api->SetSessionExecutionMode(options, ORT_SEQUENTIAL));
  check(api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
  OrtSession* session = nullptr;
  check(api->CreateSession(env, argv[1], options, &session));
  OrtAllocator* allocator = nullptr;
  check(api->GetAllocatorWithDefaultOptions(&allocator));
  char* input = nullptr;
  char* output = nullptr;
  check(api->SessionGetInputName(session, 0, allocator, &input));
  check(api->SessionGetOutputName(session, 0, allocator, &output));

  std::vector<std::int64_t> shape = {1};
  std::size_t elements = 1;
  for (int i = 2; i < argc; ++i) {
    shape.push_back(std::atoll(argv[i]));
    elements *= static_cast<std::size_t>(shape.back());
  }
  std::vector<float> x(elements, 0.5f);
  float y = 0;
  const std::int64_t y_shape[] = {1, 1};
  OrtMemoryInfo* memory = nullptr;
  check(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
  OrtValue* in = nullptr;
  OrtValue* out = nullptr;
  check(api->CreateTensorWithDataAsOrtValue(memory, x.data(), x.size() * sizeof(float), shape.data(), shape.size(), ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &in));
  check(api->CreateTensorWithDataAsOrtValue(memory, &y, sizeof(float), y_shape, 2, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &out));
  print_times([&] { check(api->Run(session, nullptr, &input, &in, 1, &output, 1, &out)); });
  std::printf("output %.6g\n", static_cast<double>(y));
  return 0;
}
