#include <cstring>
#include <new>
#include <string>

#include "keraunos/keraunos.h"
#include "keraunos/keraunos_c.h"

struct kn_model {
  keraunos::Model model;
};

struct kn_session {
  keraunos::Session session;
};

namespace {

using namespace keraunos;

std::string& last_error() {
  thread_local std::string text;
  return text;
}

int remember(int status, const char* text) noexcept {
  try {
    last_error() = text;
  } catch (...) {
    last_error().clear();
  }
  return status;
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound: return KN_NOT_FOUND;
    case ErrorKind::kFormat:
    case ErrorKind::kUnsafe: return KN_FORMAT;
    case ErrorKind::kMemory: return KN_MEMORY;
    case ErrorKind::kValue:
    case ErrorKind::kType:
    case ErrorKind::kIndex:
    case ErrorKind::kKey: return KN_VALUE;
    default: return KN_OTHER;
  }
}

// Runs the body; whatever it throws becomes a status.
template <class Body>
int guarded(Body body) noexcept {
  try {
    body();
    return KN_OK;
  } catch (const Error& error) {
    return remember(status_of(error.kind()), error.what());
  } catch (const std::bad_alloc&) {
    return remember(KN_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return remember(KN_OTHER, error.what());
  } catch (...) {
    return remember(KN_OTHER, "unknown error");
  }
}

void require(const void* pointer, const char* name) {
  if (!pointer) throw value_error("keraunos", std::string("`") + name + "` must not be NULL");
}

// The caller's numbers without a copy: nothing writes to an input.
Tensor borrowed(const float* data, const std::int64_t* sizes, std::size_t rank, const char* name) {
  require(data, name);
  require(sizes, "sizes");
  Shape shape(std::vector<std::int64_t>(sizes, sizes + rank));
  if (!shape.is_known()) throw value_error("keraunos", std::string("sizes of `") + name + "` must not be negative", shape);
  return Tensor(Dtype::kFloat32, std::move(shape), std::shared_ptr<void>(const_cast<float*>(data), [](void*) {}));
}

std::size_t elements_of(const Port& port) { return static_cast<std::size_t>(port.spec.shape.elements()); }

}  // namespace

const char* kn_last_error(void) { return last_error().c_str(); }

const char* kn_version(void) { return KERAUNOS_VERSION; }

int kn_model_load(const char* path, kn_model** model) {
  return guarded([&] {
    require(path, "path");
    require(model, "model");
    *model = new kn_model{Model::load(path)};
  });
}

int kn_model_load_memory(const void* data, size_t bytes, kn_model** model) {
  return guarded([&] {
    require(data, "data");
    require(model, "model");
    *model = new kn_model{Model::load(data, bytes)};
  });
}

void kn_model_free(kn_model* model) { delete model; }

int kn_model_save(const kn_model* model, const char* path) {
  return guarded([&] {
    require(model, "model");
    require(path, "path");
    model->model.save(path);
  });
}

size_t kn_model_input_count(const kn_model* model) {
  std::size_t count = 0;
  guarded([&] { count = model ? model->model.inputs().size() : 0; });
  return count;
}

size_t kn_model_output_count(const kn_model* model) {
  std::size_t count = 0;
  guarded([&] { count = model ? model->model.outputs().size() : 0; });
  return count;
}

int kn_model_predict(const kn_model* model, const float* x, const int64_t* sizes, size_t rank, float* y, size_t* y_count) {
  return guarded([&] {
    require(model, "model");
    require(y, "y");
    require(y_count, "y_count");
    const Tensor result = cast(model->model.predict(borrowed(x, sizes, rank, "x")), Dtype::kFloat32);
    const std::size_t count = static_cast<std::size_t>(result.elements());
    const std::size_t room = *y_count;
    *y_count = count;
    if (room < count) throw value_error("keraunos", "`y` must have room for " + std::to_string(count) + " numbers", room);
    if (count > 0) std::memcpy(y, result.data(), result.bytes());
  });
}

int kn_model_fit(kn_model* model, const float* x, const int64_t* x_sizes, size_t x_rank, const float* y, const int64_t* y_sizes, size_t y_rank,
                 int epochs, int64_t batch_size, double* loss) {
  return guarded([&] {
    require(model, "model");
    FitOptions options;
    options.epochs = epochs;
    options.batch_size = batch_size;
    const History history = model->model.fit(borrowed(x, x_sizes, x_rank, "x"), borrowed(y, y_sizes, y_rank, "y"), options);
    const auto found = history.history.find("loss");
    if (loss && found != history.history.end()) *loss = found->second.back();
  });
}

int kn_session_new(const kn_model* model, const int64_t* sizes, const size_t* ranks, size_t inputs, kn_session** session) {
  return kn_session_new_threaded(model, sizes, ranks, inputs, 1, session);
}

int kn_session_new_threaded(const kn_model* model, const int64_t* sizes, const size_t* ranks, size_t inputs, int threads, kn_session** session) {
  return guarded([&] {
    require(model, "model");
    require(sizes, "sizes");
    require(ranks, "ranks");
    require(session, "session");
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i < inputs; ++i) {
      shapes.emplace_back(std::vector<std::int64_t>(sizes, sizes + ranks[i]));
      sizes += ranks[i];
    }
    SessionOptions options;
    options.threads = threads;
    *session = new kn_session{model->model.session(shapes, options)};
  });
}

void kn_session_free(kn_session* session) { delete session; }

float* kn_session_input(kn_session* session, size_t i, size_t* count) {
  float* memory = nullptr;
  guarded([&] {
    require(session, "session");
    memory = session->session.input<float>(i);
    if (count) *count = elements_of(session->session.input_port(i));
  });
  return memory;
}

const float* kn_session_output(const kn_session* session, size_t i, size_t* count) {
  const float* memory = nullptr;
  guarded([&] {
    require(session, "session");
    memory = session->session.output<float>(i);
    if (count) *count = elements_of(session->session.output_port(i));
  });
  return memory;
}

int kn_session_run(kn_session* session) {
  if (!session) return remember(KN_VALUE, "keraunos: `session` must not be NULL");
  return session->session.run() ? KN_OK : remember(KN_VALUE, session->session.error());
}

int kn_session_reset(kn_session* session) {
  return guarded([&] {
    require(session, "session");
    session->session.reset();
  });
}
