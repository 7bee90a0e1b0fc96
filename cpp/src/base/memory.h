// Aligned memory.
#pragma once

#include <cstddef>
#include <memory>

namespace keraunos {

inline constexpr std::size_t kAlignment = 64;

// Uninitialised; at least one byte; throws ErrorKind::kMemory naming the size.
std::shared_ptr<void> allocate_aligned(std::size_t bytes);

// Memory of the calling thread, until it asks again. Kept and reused: a thread that asks for the same size allocates once.
void* thread_scratch(std::size_t bytes);

}  // namespace keraunos
