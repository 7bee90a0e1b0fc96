// Prints the seconds of one Session::run of a saved model for one sample.
//
//   bench_session MODEL.keras SAMPLE THREADS      SAMPLE: a file with the bytes of the model's one input
#include <keraunos/keraunos.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace kn = keraunos;

namespace {

kn::Session session_of_one_sample(const kn::Model& model, int threads) {
  std::vector<kn::Shape> shapes;
  for (const kn::Port& port : model.inputs()) {
    kn::Shape shape = port.spec.shape;
    shape[0] = 1;
    shapes.push_back(shape);
  }
  kn::SessionOptions options;
  options.threads = threads;
  return model.session(shapes, options);
}

void fill(kn::Session& session, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const kn::TensorSpec& spec = session.input_port(0).spec;
  if (bytes.size() != static_cast<std::size_t>(spec.shape.elements()) * kn::size_of(spec.dtype)) throw std::runtime_error("SAMPLE has not the input's size");
  void* memory = spec.dtype == kn::Dtype::kInt32 ? static_cast<void*>(session.input<std::int32_t>()) : session.input<float>();
  std::memcpy(memory, bytes.data(), bytes.size());
}

// As many runs as fit into a twentieth of a second, after some that warm the caches.
double seconds_of_a_run(kn::Session& session) {
  using Clock = std::chrono::steady_clock;
  double each = 0;
  for (long count = 1;; count *= 4) {
    const Clock::time_point start = Clock::now();
    for (long i = 0; i < count; ++i) {
      if (!session.run()) throw std::runtime_error(session.error());
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    each = seconds / static_cast<double>(count);
    if (seconds > 0.05) return each;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "bench_session MODEL.keras SAMPLE THREADS\n");
    return 2;
  }
  try {
    const kn::Model model = kn::Model::load(argv[1]);
    kn::Session session = session_of_one_sample(model, std::stoi(argv[3]));
    fill(session, argv[2]);
    std::printf("%.9g\n", seconds_of_a_run(session));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
