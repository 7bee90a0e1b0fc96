// What a Model consists of.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "keraunos/model.h"
#include "model/native_part.h"
#include "model/zip.h"
#include "runtime/function.h"

namespace keraunos {

struct Model::Parts {
  Parts(std::string label, MemberBytes archive);

  // The function of that name, or an error that says what the file lacks.
  const StoredFunction& stored(const std::string& name) const;
  const std::shared_ptr<const Function>& function(const std::string& name) const;
  const StoredVariable& variable(const std::string& name) const;
  // Optional functions without inputs or outputs that change state.
  void run_if_there(const std::string& name) const;

  std::string label;  // how messages call the file
  MemberBytes archive;
  ZipDirectory directory;
  NativePart native;
  std::map<std::string, std::shared_ptr<const Function>> functions;
};

// Inputs of the dtypes that the function takes, with their shapes checked against it.
std::vector<Tensor> fitted_inputs(const StoredFunction& function, const std::vector<Tensor>& given, const std::string& subject);
std::vector<Port> input_ports(const StoredFunction& function);
std::vector<Port> output_ports(const StoredFunction& function);

}  // namespace keraunos
