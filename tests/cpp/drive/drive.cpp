// Runs saved models for the Python tests. Tensors come and go as files: a line "dtype size size ...", then the bytes.
//
//   drive MODEL ports
//   drive MODEL predict BATCH OUT IN...             outputs to OUT.0, OUT.1, ...
//   drive MODEL runs OUT IN...                      a Session, once for each input; then a reset, and the first again
//   drive MODEL session THREADS OUT IN...           the same by a Session, ten times, with everything forbidden counted
//   drive MODEL fit EPOCHS BATCH SHUFFLE SEED COUNT_OF_X OUT.keras IN...
//   drive MODEL evaluate BATCH COUNT_OF_X IN...
//   drive MODEL save OUT.keras
//   drive MODEL threads COUNT RUNS IN...            predicts in COUNT threads at once, all equal to the first result
//   drive MODEL load REPEATS                        nanoseconds of the fastest load
//   drive MODEL latency REPEATS                     nanoseconds of the median Session::run
#if defined(__linux__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#include "traps.h"
#else
#include <atomic>
namespace traps {
inline bool is_set = false;
inline std::atomic<long> allocations{0};
inline std::atomic<long> locks{0};
}  // namespace traps
#endif

#include <keraunos/keraunos.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace kn = keraunos;

namespace {

kn::Tensor read_tensor(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path);
  std::string line;
  std::getline(file, line);
  std::istringstream words(line);
  std::string dtype;
  words >> dtype;
  kn::Shape shape;
  for (std::int64_t size; words >> size;) shape.push_back(size);
  kn::Tensor tensor(kn::dtype_from_name(dtype), shape);
  file.read(tensor.as<char>(), static_cast<std::streamsize>(tensor.bytes()));
  return tensor;
}

void write_tensor(const std::string& path, const kn::TensorSpec& spec, const void* data) {
  std::ofstream file(path, std::ios::binary);
  file << kn::name_of(spec.dtype);
  for (const std::int64_t size : spec.shape.sizes()) file << ' ' << size;
  file << '\n';
  file.write(static_cast<const char*>(data), static_cast<std::streamsize>(static_cast<std::size_t>(spec.shape.elements()) * kn::size_of(spec.dtype)));
}

void write_all(const std::string& prefix, const std::vector<kn::Tensor>& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i) write_tensor(prefix + '.' + std::to_string(i), tensors[i].spec(), tensors[i].data());
}

std::vector<kn::Tensor> read_all(char** first, char** last) {
  std::vector<kn::Tensor> tensors;
  for (; first != last; ++first) tensors.push_back(read_tensor(*first));
  return tensors;
}

void print(const kn::Logs& logs) {
  for (const auto& [name, value] : logs) std::printf("%s %.17g\n", name.c_str(), value);
}

void print(const char* kind, const std::vector<kn::Port>& ports) {
  for (const kn::Port& port : ports) std::printf("%s %s %s %s\n", kind, port.name.c_str(), kn::name_of(port.spec.dtype), port.spec.shape.text().c_str());
}

// The memory of a port, whatever its element type.
template <class Function>
void with_type(kn::Dtype dtype, Function function) {
  switch (dtype) {
    case kn::Dtype::kBool: return function(bool());
    case kn::Dtype::kUint8: return function(std::uint8_t());
    case kn::Dtype::kUint32: return function(std::uint32_t());
    case kn::Dtype::kInt8: return function(std::int8_t());
    case kn::Dtype::kInt32: return function(std::int32_t());
    case kn::Dtype::kInt64: return function(std::int64_t());
    case kn::Dtype::kFloat64: return function(double());
    default: return function(float());
  }
}

void fill(kn::Session& session, std::size_t i, const kn::Tensor& x) {
  const kn::Tensor value = kn::cast(x, session.input_port(i).spec.dtype);
  with_type(value.dtype(), [&](auto zero) { std::memcpy(session.input<decltype(zero)>(i), value.data(), value.bytes()); });
}

kn::Session make_session(const kn::Model& model, const std::vector<kn::Tensor>& x, int threads = 1) {
  std::vector<kn::Shape> shapes;
  for (const kn::Tensor& tensor : x) shapes.push_back(tensor.shape());
  kn::SessionOptions options;
  options.threads = threads;
  return model.session(shapes, options);
}

int run_session(const kn::Model& model, int threads, const std::string& out, const std::vector<kn::Tensor>& x) {
  kn::Session session = make_session(model, x, threads);
  for (std::size_t i = 0; i < x.size(); ++i) fill(session, i, x[i]);
  bool is_good = session.run();
  if (!is_good) std::fprintf(stderr, "%s\n", session.error());
  for (std::size_t i = 0; i < session.output_count(); ++i) {
    with_type(session.output_port(i).spec.dtype, [&](auto zero) {
      write_tensor(out + '.' + std::to_string(i), session.output_port(i).spec, session.output<decltype(zero)>(i));
    });
  }
  traps::is_set = true;
  for (int i = 0; i < 10; ++i) is_good = session.run() && is_good;
  traps::is_set = false;
  std::printf("allocations %ld\nlocks %ld\n", traps::allocations.load(), traps::locks.load());
  return is_good ? 0 : 1;
}

// One input and one output, whose memory is that of the session.
int run_batches(const kn::Model& model, const std::string& out, const std::vector<kn::Tensor>& batches) {
  kn::Session session = make_session(model, {batches.front()});
  bool is_good = true;
  const auto run = [&](const kn::Tensor& x, const std::string& path) {
    fill(session, 0, x);
    is_good = session.run() && is_good;
    with_type(session.output_port(0).spec.dtype, [&](auto zero) { write_tensor(path, session.output_port(0).spec, session.output<decltype(zero)>(0)); });
  };
  for (std::size_t i = 0; i < batches.size(); ++i) run(batches[i], out + '.' + std::to_string(i));
  session.reset();
  run(batches.front(), out + ".again");
  return is_good ? 0 : 1;
}

int run_fit(kn::Model& model, char** argv, int argc) {
  kn::FitOptions options;
  options.epochs = std::stoi(argv[3]);
  options.batch_size = std::stoll(argv[4]);
  options.shuffle = std::stoi(argv[5]) != 0;
  options.seed = std::stoull(argv[6]);
  const std::vector<kn::Tensor> all = read_all(argv + 9, argv + argc);
  const auto split = all.begin() + std::stol(argv[7]);
  const kn::History history = model.fit({all.begin(), split}, {split, all.end()}, options);
  for (const auto& [name, values] : history.history) {
    for (const double value : values) std::printf("%s %.17g\n", name.c_str(), value);
  }
  model.save(argv[8]);
  return 0;
}

int run_threads(const kn::Model& model, int count, int runs, const std::vector<kn::Tensor>& x) {
  const std::vector<kn::Tensor> expected = model.predict(x);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) {
    threads.emplace_back([&] {
      for (int run = 0; run < runs; ++run) {
        const std::vector<kn::Tensor> y = model.predict(x);
        for (std::size_t i = 0; i < y.size(); ++i) {
          if (std::memcmp(y[i].data(), expected[i].data(), y[i].bytes()) != 0) ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("wrong %d\n", wrong.load());
  return wrong.load() == 0 ? 0 : 1;
}

template <class Function>
std::vector<double> timed(int repeats, Function function) {
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    function();
    times.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return times;
}

int run_latency(const kn::Model& model, int repeats) {
  std::vector<kn::Shape> shapes;
  for (const kn::Port& port : model.inputs()) {
    kn::Shape shape = port.spec.shape;
    for (int axis = 0; axis < shape.rank(); ++axis) shape[axis] = std::max<std::int64_t>(1, shape[axis]);
    shapes.push_back(shape);
  }
  kn::Session session = model.session(shapes);
  const std::vector<double> times = timed(repeats, [&] { for (int i = 0; i < 100; ++i) session.run(); });
  std::printf("median %.1f\n", times[times.size() / 2] / 100);
  return 0;
}

int drive(int argc, char** argv) {
  if (argc < 3) throw std::runtime_error("drive MODEL COMMAND ...");
  const std::string path = argv[1];
  const std::string command = argv[2];
  if (command == "load") {
    std::printf("fastest %.0f\n", timed(std::stoi(argv[3]), [&] { kn::Model::load(path); })[0]);
    return 0;
  }
  kn::Model model = kn::Model::load(path);
  if (command == "ports") {
    print("input", model.inputs());
    print("output", model.outputs());
    for (const std::string& name : model.variable_names()) std::printf("variable %s\n", name.c_str());
    return 0;
  }
  if (command == "predict") {
    write_all(argv[4], model.predict(read_all(argv + 5, argv + argc), std::stoll(argv[3])));
    return 0;
  }
  if (command == "runs") return run_batches(model, argv[3], read_all(argv + 4, argv + argc));
  if (command == "session") return run_session(model, std::stoi(argv[3]), argv[4], read_all(argv + 5, argv + argc));
  if (command == "fit") return run_fit(model, argv, argc);
  if (command == "evaluate") {
    const std::vector<kn::Tensor> all = read_all(argv + 5, argv + argc);
    const auto split = all.begin() + std::stol(argv[4]);
    print(model.evaluate({all.begin(), split}, {split, all.end()}, std::stoll(argv[3])));
    return 0;
  }
  if (command == "save") {
    model.save(argv[3]);
    return 0;
  }
  if (command == "threads") return run_threads(model, std::stoi(argv[3]), std::stoi(argv[4]), read_all(argv + 5, argv + argc));
  if (command == "latency") return run_latency(model, std::stoi(argv[3]));
  throw std::runtime_error("unknown command " + command);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return drive(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
}
