#include "graph/equal_nodes.h"

#include <algorithm>

namespace keraunos {
namespace {

struct EqualAttribute {
  template <class A, class B>
  bool operator()(const A&, const B&) const { return false; }
  template <class T>
  bool operator()(const T& a, const T& b) const { return a == b; }
  bool operator()(const Tensor& a, const Tensor& b) const { return a.data() == b.data() && a.spec() == b.spec(); }
};

}  // namespace

bool are_equal(const Attributes& a, const Attributes& b) {
  return a.items().size() == b.items().size() && std::equal(a.items().begin(), a.items().end(), b.items().begin(), [](const auto& x, const auto& y) {
           return x.first == y.first && std::visit(EqualAttribute{}, x.second, y.second);
         });
}

}  // namespace keraunos
