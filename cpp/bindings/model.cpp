#include "model/native_part.h"

#include "base/crc32.h"
#include "bindings.h"
#include "runtime/loop.h"

namespace keraunos::python {
namespace {

py::bytes as_bytes(const std::string& text) { return py::bytes(text); }

std::uint32_t checksum(const py::buffer& buffer, std::size_t offset, std::size_t bytes) {
  const py::buffer_info info = buffer.request();
  const std::size_t size = static_cast<std::size_t>(info.size) * static_cast<std::size_t>(info.itemsize);
  if (offset > size || bytes > size - offset) throw index_error("crc32", "the range must lie inside the buffer", offset, bytes, size);
  const py::gil_scoped_release release;
  return crc32(static_cast<const char*>(info.ptr) + offset, bytes);
}

}  // namespace

void bind_model(py::module_& m) {
  m.def("crc32", &checksum, py::arg("buffer"), py::arg("offset"), py::arg("bytes"));
  m.def("epoch_seed", &epoch_seed, py::arg("base"), py::arg("steps"));
  py::class_<NativePartWriter>(m, "NativePartWriter")
      .def(py::init<>())
      .def("place", &NativePartWriter::place, py::arg("variable"), py::arg("name"), py::arg("offset"), py::arg("crc"))
      .def("add_function",
           [](NativePartWriter& writer, const std::string& name, const std::shared_ptr<Graph>& graph, const std::vector<std::string>& inputs,
              const std::vector<std::string>& outputs) { writer.add_function(name, {graph, inputs, outputs}); },
           py::arg("name"), py::arg("graph"), py::arg("inputs"), py::arg("outputs"))
      .def("set_role", &NativePartWriter::set_role, py::arg("role"), py::arg("variable"))
      .def("finish", [](NativePartWriter& writer) {
        const NativePartWriter::Members members = writer.finish();
        return py::make_tuple(as_bytes(members.json), as_bytes(members.binary));
      });
}

}  // namespace keraunos::python
