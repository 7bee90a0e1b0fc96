// The tables of the level in use.
#pragma once

#include "kernels/level/tables.h"

namespace keraunos::kernels {

struct LevelTables {
  const char* name;
  const GemmTable* gemm;
  const MapTable* map_float;
  const MapTable* map_integer;
  const CastTable* cast;
  const ReduceTable* reduce;
  const RowTable* rows;
  const NormTable* norm;
  const AttentionTable* attention;
  const RandomTable* random;
  const RecurrentTable* recurrent;
  const RecurrentGradientTable* recurrent_gradient;
  const PoolingTable* pooling;
  const ConvolutionTable* convolution;
  const WinogradTable* winograd;
  const SplitGemmTable* split_gemm = nullptr;  // only with a matrix unit
};

const LevelTables& levels();

// Loops of which every level would make the same code: one element at a time, through libm or integer division.
MapLoop find_scalar_map_loop(MapOp op, Dtype dtype);

}  // namespace keraunos::kernels
