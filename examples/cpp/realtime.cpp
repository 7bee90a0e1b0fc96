// A control loop at a fixed rate: realtime MODEL.keras [HERTZ] [SECONDS]. Every call of operator new while the loop runs is
// counted: there must be none.
#include <keraunos/keraunos.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

namespace kn = keraunos;

namespace {
std::atomic<long> allocations{0};
}

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  if (argc < 2) {
    std::fprintf(stderr, "usage: realtime MODEL.keras [HERTZ] [SECONDS]\n");
    return 2;
  }
  try {
    const double hertz = argc > 2 ? std::atof(argv[2]) : 1000;
    const long steps = static_cast<long>(hertz * (argc > 3 ? std::atof(argv[3]) : 1));
    const kn::Model model = kn::Model::load(argv[1]);
    std::vector<kn::Shape> shapes;
    for (const kn::Port& port : model.inputs()) {
      kn::Shape shape = port.spec.shape;
      for (int axis = 0; axis < shape.rank(); ++axis) shape[axis] = std::max<std::int64_t>(shape[axis], 1);
      shapes.push_back(shape);
    }
    kn::Session session = model.session(shapes);  // everything that can fail, allocate or wait happens here
    float* sensor = session.input<float>(0);
    const float* actuator = session.output<float>(0);
    std::vector<double> microseconds(static_cast<std::size_t>(steps));

    const long before = allocations;
    const auto period = std::chrono::nanoseconds(static_cast<long>(1e9 / hertz));
    Clock::time_point due = Clock::now();
    float command = 0;
    for (long step = 0; step < steps; ++step) {
      const Clock::time_point start = Clock::now();
      sensor[0] = command;
      if (!session.run()) return 1;
      command = actuator[0];
      microseconds[static_cast<std::size_t>(step)] = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
      due += period;
      std::this_thread::sleep_until(due);
    }
    const long made = allocations - before;

    std::sort(microseconds.begin(), microseconds.end());
    std::printf("steps %ld\nallocations %ld\n", steps, made);
    if (steps > 0) std::printf("median_us %.3f\nlargest_us %.3f\n", microseconds[microseconds.size() / 2], microseconds.back());
    return made == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
