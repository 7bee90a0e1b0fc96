// Trains a model on pictures of digits: train_digits IN.keras DIGITS OUT.keras goes on with a model that Python saved, and
// train_digits - DIGITS OUT.keras designs one here. DIGITS is a text file with a line per picture: 64 numbers from 0 to 16, and the digit.
#include <keraunos/keraunos.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace kn = keraunos;

namespace {

struct Digits {
  kn::Tensor x;
  kn::Tensor y;
};

Digits read_digits(const char* path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(std::string("cannot open ") + path);
  std::vector<float> pixels;
  std::vector<std::int32_t> digits;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    float pixel = 0;
    for (int i = 0; i < 64 && words >> pixel; ++i) pixels.push_back(pixel);
    std::int32_t digit = 0;
    words >> digit;
    digits.push_back(digit);
  }
  const auto rows = static_cast<std::int64_t>(digits.size());
  return {kn::Tensor::from(pixels, {rows, 8, 8}), kn::Tensor::from(digits, {rows})};
}

kn::Model design() {
  namespace layers = kn::layers;
  kn::Sequential network({8, 8});
  network.add(layers::rescaling(1.0 / 16))
      .add(layers::reshape({8, 8, 1}))
      .add(layers::conv2d(16, 3, "relu", {"same"}))
      .add(layers::batch_normalization(0.9))
      .add(layers::max_pooling2d(2))
      .add(layers::conv2d(32, 3, "relu"))
      .add(layers::flatten())
      .add(layers::dropout(0.2))
      .add(layers::dense(10, "softmax"));
  return network.compile(kn::optimizers::adam(0.002), "sparse_categorical_crossentropy", {"accuracy"}, 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: train_digits IN.keras|- DIGITS OUT.keras\n");
    return 2;
  }
  try {
    kn::Model model = std::string(argv[1]) == "-" ? design() : kn::Model::load(argv[1]);
    const Digits data = read_digits(argv[2]);
    std::printf("before: accuracy %.4f\n", model.evaluate(data.x, data.y).at("accuracy"));

    kn::FitOptions options;
    options.epochs = 20;
    options.seed = 1;
    options.on_epoch_end = [](int, const kn::Logs& logs) { return logs.at("accuracy") > 0.995; };  // enough
    const kn::History history = model.fit(data.x, data.y, options);

    std::printf("after %d epochs: accuracy %.4f\n", static_cast<int>(history.epoch.size()), model.evaluate(data.x, data.y).at("accuracy"));
    model.save(argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
