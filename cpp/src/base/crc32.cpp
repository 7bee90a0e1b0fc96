#include "base/crc32.h"

#include <array>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define KERAUNOS_HAS_FOLDING 1
#endif

namespace keraunos {
namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// tables[k][b]: the effect of byte b with k bytes of zeros after it.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1u) != 0 ? 0xEDB88320u ^ (crc >> 1) : crc >> 1;
    tables[0][b] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t b = 0; b < 256; ++b) tables[k][b] = tables[0][tables[k - 1][b] & 0xFFu] ^ (tables[k - 1][b] >> 8);
  }
  return tables;
}

constexpr Tables kTables = make_tables();

// Eight bytes a step. Here and below `crc` is the register itself, without the final complement.
std::uint32_t by_tables(const unsigned char* data, std::size_t bytes, std::uint32_t crc) {
  for (; bytes >= 8; data += 8, bytes -= 8) {
    const auto word = [&](int i) { return static_cast<std::uint32_t>(data[i]) | static_cast<std::uint32_t>(data[i + 1]) << 8 |
                                          static_cast<std::uint32_t>(data[i + 2]) << 16 | static_cast<std::uint32_t>(data[i + 3]) << 24; };
    const std::uint32_t low = word(0) ^ crc;
    const std::uint32_t high = word(4);
    crc = kTables[7][low & 0xFF] ^ kTables[6][low >> 8 & 0xFF] ^ kTables[5][low >> 16 & 0xFF] ^ kTables[4][low >> 24] ^
          kTables[3][high & 0xFF] ^ kTables[2][high >> 8 & 0xFF] ^ kTables[1][high >> 16 & 0xFF] ^ kTables[0][high >> 24];
  }
  for (; bytes > 0; ++data, --bytes) crc = kTables[0][(crc ^ *data) & 0xFF] ^ (crc >> 8);
  return crc;
}

#if KERAUNOS_HAS_FOLDING

// Folds four lanes of 128 bits over the data with carry-less products, then lane into lane (Gopal et al., "Fast CRC
// Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009). The constants are x^n mod P, bit-reflected,
// for n = 4*128+32, 4*128-32, 128+32, 128-32. The last 16 bytes go through the tables.
__attribute__((target("pclmul,sse4.1"))) std::uint32_t by_folding(const unsigned char* data, std::size_t bytes, std::uint32_t crc) {
  const auto load = [](const unsigned char* from) __attribute__((target("pclmul,sse4.1"))) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); };
  const auto fold = [](__m128i lane, __m128i next, __m128i by) __attribute__((target("pclmul,sse4.1"))) {
    return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(lane, by, 0x00), _mm_clmulepi64_si128(lane, by, 0x11)), next);
  };
  const __m128i by_four = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  const __m128i by_one = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  __m128i a = _mm_xor_si128(load(data), _mm_cvtsi32_si128(static_cast<int>(crc)));
  __m128i b = load(data + 16);
  __m128i c = load(data + 32);
  __m128i d = load(data + 48);
  data += 64;
  bytes -= 64;
  for (; bytes >= 64; data += 64, bytes -= 64) {
    a = fold(a, load(data), by_four);
    b = fold(b, load(data + 16), by_four);
    c = fold(c, load(data + 32), by_four);
    d = fold(d, load(data + 48), by_four);
  }
  __m128i lane = fold(fold(fold(a, b, by_one), c, by_one), d, by_one);
  unsigned char rest[16];
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest), lane);
  return by_tables(data, bytes, by_tables(rest, sizeof rest, 0));
}

bool can_fold() {
  static const bool can = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  return can;
}

#endif

}  // namespace

std::uint32_t crc32(const void* data, std::size_t bytes, std::uint32_t before) {
  const auto* first = static_cast<const unsigned char*>(data);
#if KERAUNOS_HAS_FOLDING
  if (bytes >= 128 && can_fold()) return ~by_folding(first, bytes, ~before);
#endif
  return ~by_tables(first, bytes, ~before);
}

}  // namespace keraunos
