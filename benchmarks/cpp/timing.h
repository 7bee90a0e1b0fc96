// Times one call: batches of calls, of which the fastest and the median are told.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

template <class Call>
void print_times(Call call) {
  constexpr int kBatches = 3000, kCalls = 20;
  std::vector<double> nanoseconds;
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kCalls; ++i) call();
    nanoseconds.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / kCalls);
  }
  std::sort(nanoseconds.begin(), nanoseconds.end());
  std::printf("fastest %.0f ns, median %.0f ns\n", nanoseconds.front(), nanoseconds[nanoseconds.size() / 2]);
}
