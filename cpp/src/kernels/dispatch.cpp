#include "kernels/dispatch.h"

#include "base/cpu.h"

namespace keraunos::kernels {
namespace {

#define KERAUNOS_LEVEL_TABLES(name)                                                                                  \
  LevelTables {                                                                                                      \
    #name, &name::gemm_table, &name::map_float_table, &name::map_integer_table, &name::cast_table, &name::reduce_table, \
        &name::row_table, &name::norm_table, &name::attention_table, &name::random_table, &name::recurrent_table,           \
        &name::recurrent_gradient_table, &name::pooling_table, &name::convolution_table, &name::winograd_table                \
  }

LevelTables choose() {
#if defined(__x86_64__) || defined(_M_X64)
  switch (cpu_family()) {
#if defined(KERAUNOS_WITH_AMX)
    case CpuLevel::kAmx: {
      LevelTables tables = KERAUNOS_LEVEL_TABLES(avx512);
      tables.name = "amx";
      tables.split_gemm = &amx::split_gemm_table;
      return tables;
    }
#else
    case CpuLevel::kAmx:
#endif
#if !defined(KERAUNOS_WITHOUT_AVX512)
    case CpuLevel::kAvx512: return KERAUNOS_LEVEL_TABLES(avx512);
#else
    case CpuLevel::kAvx512:
#endif
    case CpuLevel::kAvx2: return KERAUNOS_LEVEL_TABLES(avx2);
    default: return KERAUNOS_LEVEL_TABLES(baseline);
  }
#elif defined(__aarch64__) || defined(_M_ARM64)
  return KERAUNOS_LEVEL_TABLES(neon);
#else
  return KERAUNOS_LEVEL_TABLES(baseline);
#endif
}
#undef KERAUNOS_LEVEL_TABLES

}  // namespace

const LevelTables& levels() {
  static const LevelTables tables = choose();
  return tables;
}

const char* cpu_level() { return levels().name; }

MapLoop find_map_loop(MapOp op, Dtype dtype) {
  const bool only_moves = op == MapOp::kCopy || op == MapOp::kSelect;
  const MapTable& table = is_floating(dtype) && !only_moves ? *levels().map_float : *levels().map_integer;
  MapLoop loop = table.find(op, dtype);
  return loop != nullptr ? loop : find_scalar_map_loop(op, dtype);
}

CastLoop find_cast_loop(Dtype from, Dtype to) { return levels().cast->find(from, to); }

}  // namespace keraunos::kernels
