// CRC-32 as zip files have it (polynomial 0xEDB88320).
#pragma once

#include <cstddef>
#include <cstdint>

namespace keraunos {

// The checksum of `bytes` bytes; `before` is the checksum of what came before them.
std::uint32_t crc32(const void* data, std::size_t bytes, std::uint32_t before = 0);

}  // namespace keraunos
