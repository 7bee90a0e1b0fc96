// An HDF5 file of contiguous datasets in groups, in the subset that Keras's weights files use (HDF5 File Format Specification,
// version 1.1: superblock 0, symbol-table groups, version 1 object headers).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "keraunos/tensor.h"

namespace keraunos {

struct Hdf5File {
  std::string bytes;
  std::map<std::string, std::uint64_t> offsets;  // by path: where the values of a dataset begin
};

// `datasets` by path, such as "layers/dense/vars/0"; `groups` are paths of groups that are there although they may be empty.
// float32, float64 and integers.
Hdf5File write_hdf5(const std::map<std::string, Tensor>& datasets, const std::vector<std::string>& groups);

}  // namespace keraunos
