// What the processor can do, asked once.
#pragma once

namespace keraunos {

// Families of instructions that kernels are compiled for, lowest first.
// kAmx is AVX-512 and a unit for products of bfloat16 matrices.
enum class CpuLevel { kBaseline, kAvx2, kAvx512, kAmx, kNeon };

// The highest level that both the processor and the operating system support, lowered by KERAUNOS_CPU_LEVEL
// (baseline, avx2 or avx512; a level that is not there, or an unknown word, changes nothing).
CpuLevel cpu_family();

// Processors that this process may use: affinity and cgroup limits respected. At least 1.
int available_processors();

}  // namespace keraunos
