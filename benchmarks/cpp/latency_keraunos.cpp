// latency_keraunos MODEL.keras SIZE...: one sample of this shape through a Session.
#include <keraunos/keraunos.h>

#include <cstdlib>

#include "timing.h"

int main(int argc, char** argv) {
  keraunos::Shape shape{1};
  for (int i = 2; i < argc; ++i) shape.push_back(std::atoll(argv[i]));
  const keraunos::Model model = keraunos::Model::load(argv[1]);
  keraunos::Session session = model.session({shape});
  std::fill_n(session.input<float>(0), shape.elements(), 0.5f);
  print_times([&] { session.run(); });
  std::printf("output %.6g\n", static_cast<double>(session.output<float>(0)[0]));
  return 0;
}
