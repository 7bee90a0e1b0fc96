// latency_frugally_deep MODEL.json SIZE...: one sample of this shape through frugally-deep.
#include <fdeep/fdeep.hpp>

#include <cstdlib>

#include "timing.h"

int main(int argc, char** argv) {
  const fdeep::model model = fdeep::load_model(argv[1], false, fdeep::dev_null_logger);
  const auto size = [&](int i) { return static_cast<std::size_t>(std::atoll(argv[i])); };
  const fdeep::tensor_shape shape = argc > 3 ? fdeep::tensor_shape(size(2), size(3)) : fdeep::tensor_shape(size(2));
  const fdeep::tensors x = {fdeep::tensor(shape, 0.5f)};
  float y = 0;
  print_times([&] { y = model.predict(x)[0].as_vector()->front(); });
  std::printf("output %.6g\n", static_cast<double>(y));
  return 0;
}
