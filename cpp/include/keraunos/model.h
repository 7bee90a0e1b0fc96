// A saved model without Python: load, predict, train, save.
//
// A `.keras` file that keraunos saved holds the traced functions of its model beside Keras's own members. They run here with the
// same kernels and give the same bits as in Python. Everything that can fail throws an exception derived from std::exception
// (keraunos::Error) that names the item; Session::run() alone never throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keraunos/error.h"
#include "keraunos/tensor.h"

namespace keraunos {

// An input or output of a model. Sizes that may be anything, such as the batch, are kUnknown.
struct Port {
  std::string name;
  TensorSpec spec;
};

// Results by name: "loss", then the metrics.
using Logs = std::map<std::string, double>;

struct LoadOptions {
  // Large weights stay in the mapped file until they change. The file must then not be written to in place while the model
  // lives (replacing it, as save() does, is fine). false: read into memory.
  bool map_file = true;
};

struct FitOptions {
  int epochs = 1;
  std::int64_t batch_size = 32;
  bool shuffle = true;
  // Orders the rows, as keraunos.utils.set_random_seed(seed) does in Python.
  std::uint64_t seed = 0;
  // A weight per row. The model must have been trained with weights in Python before it was saved.
  std::vector<Tensor> sample_weight;
  // Evaluated after every epoch when given; its results get the prefix "val_".
  std::vector<Tensor> validation_x;
  std::vector<Tensor> validation_y;
  // Called after every epoch; returning true ends the training.
  std::function<bool(int epoch, const Logs& logs)> on_epoch_end;
  // true: one line per epoch on standard output.
  bool verbose = false;
};

// What fit() saw: one value per epoch for every name of the logs.
struct History {
  std::vector<int> epoch;
  std::map<std::string, std::vector<double>> history;
};

struct SessionOptions {
  // Threads that a run may use, the calling one included. 1: run() stays on the calling thread and does not allocate, lock, wait or
  // call the system. More, or 0 for as many as there are (KERAUNOS_NUM_THREADS, else the processors): run() also hands large pieces of
  // work to the threads that all models of the process share. It then may take a lock and wake threads that sleep, and waits for
  // those that took a piece. It still does not allocate, gives the same bits, and is alone when another caller has the threads.
  int threads = 1;
};

// One function planned for fixed shapes, with memory and variables of its own. run() does not throw or allocate and, unless
// SessionOptions ask for more threads, does not lock or call the system. State that the function updates (stateful recurrent
// layers) is the session's own and lives from run to run. One thread at a time may use a session; any number of sessions run at
// once.
class Session {
 public:
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  std::size_t input_count() const noexcept;
  std::size_t output_count() const noexcept;
  // Name, dtype and shape. Throws when there is no such input or output.
  const Port& input_port(std::size_t i) const;
  const Port& output_port(std::size_t i) const;

  // Memory to write input `i` to, and to read output `i` from, row after row. Valid as long as the session. Throws when there
  // is no such input or output, or T is not its element type.
  template <class T>
  T* input(std::size_t i = 0) {
    return static_cast<T*>(input_memory(i, dtype_of<T>()));
  }
  template <class T>
  const T* output(std::size_t i = 0) const {
    return static_cast<const T*>(output_memory(i, dtype_of<T>()));
  }

  // false when an input holds a value that the model refuses, such as an index out of range: see error(). Building that
  // message is the one case that allocates.
  bool run() noexcept;
  // What went wrong in the last run(); "" if nothing did.
  const char* error() const noexcept;
  // Puts the session's state back to what the model's was when the session was made.
  void reset();

  struct Parts;  // defined inside the library

 private:
  friend class Model;
  explicit Session(std::unique_ptr<Parts> parts);
  void* input_memory(std::size_t i, Dtype dtype);
  const void* output_memory(std::size_t i, Dtype dtype) const;
  std::unique_ptr<Parts> parts_;
};

// A loaded model. Any number of threads may call the const functions at the same time; those that change the model (fit,
// train_on_batch, evaluate, set_...) take one thread at a time, while others may predict.
class Model {
 public:
  // Opens a `.keras` file. Errors: kNotFound; kFormat when it is damaged, or was not saved by keraunos: then
  // `python -m keraunos convert IN.keras OUT.keras` makes one that loads.
  static Model load(const std::string& path, const LoadOptions& options = {});
  // The same from memory, which is copied.
  static Model load(const void* data, std::size_t bytes);

  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  std::vector<Port> inputs() const;
  std::vector<Port> outputs() const;
  // Whether the file holds a train step: the model was compiled when it was saved.
  bool can_train() const noexcept;

  // Outputs for rows of inputs, computed `batch_size` rows at a time as in Python. Inputs of another dtype are cast. One tensor
  // for models of one input and output; lists in the order of inputs() and outputs(); or by name.
  Tensor predict(const Tensor& x, std::int64_t batch_size = 32) const;
  std::vector<Tensor> predict(const std::vector<Tensor>& x, std::int64_t batch_size = 32) const;
  std::map<std::string, Tensor> predict(const std::map<std::string, Tensor>& x, std::int64_t batch_size = 32) const;

  // Plans the function ("predict") for these input shapes; every size must be given.
  Session session(const std::string& function, const std::vector<Shape>& shapes, const SessionOptions& options = {}) const;
  Session session(const std::vector<Shape>& shapes, const SessionOptions& options = {}) const { return session("predict", shapes, options); }

  // Trains with the loss, the metrics and the optimizer that the model was compiled with. Targets follow the order of the model's
  // outputs. Throws when the file holds no train step, or shapes do not fit.
  History fit(const std::vector<Tensor>& x, const std::vector<Tensor>& y, const FitOptions& options = {});
  History fit(const Tensor& x, const Tensor& y, const FitOptions& options = {});
  // Loss and metrics of given data.
  Logs evaluate(const std::vector<Tensor>& x, const std::vector<Tensor>& y, std::int64_t batch_size = 32,
                const std::vector<Tensor>& sample_weight = {});
  Logs evaluate(const Tensor& x, const Tensor& y, std::int64_t batch_size = 32);
  // One step on all rows; the metrics begin anew.
  Logs train_on_batch(const std::vector<Tensor>& x, const std::vector<Tensor>& y, const std::vector<Tensor>& sample_weight = {});
  // One step on all rows; the metrics go on.
  Logs train_step(const std::vector<Tensor>& x, const std::vector<Tensor>& y, const std::vector<Tensor>& sample_weight = {});

  // Variables by name ("dense/kernel"): weights, optimizer slots, counters, seeds, metrics. The errors name the variable.
  std::vector<std::string> variable_names() const;
  Tensor variable(const std::string& name) const;
  void set_variable(const std::string& name, const Tensor& value);
  // Throws when the rate is a schedule or the model was not compiled.
  double learning_rate() const;
  void set_learning_rate(double rate);

  // Writes the model with its present variables to a `.keras` file that Python, real Keras and C++ load. The file at `path` is
  // replaced only when the new one is complete.
  void save(const std::string& path) const;

  struct Parts;  // defined inside the library

 private:
  explicit Model(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace keraunos
