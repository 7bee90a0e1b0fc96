// What becomes of an op when the axes of its operands stand in another order.
#pragma once

#include "keraunos/op.h"

namespace keraunos {

// The operands broadcast, and no attribute names an axis.
AxisRule broadcast_axes();
// The operands have the op's axes, or none. The attribute "axis" names one of them.
AxisRule axes_with_one_named();
// The same; the attribute "axes" names some of them.
AxisRule axes_with_some_named();
// The same; these attributes have an entry for each of them.
AxisRule axes_with_entries(std::vector<const char*> attributes);
// The result has the axes that are not named by `attribute` ("axis" or "axes"), or all of them where "keepdims" is set.
AxisRule reduced_axes(const char* attribute);
// The result, or the operand, has the op's axes; the other one lacks those that "axes" names.
AxisRule inserted_axes();
AxisRule removed_axes();
// The operand has the axes of the result in the order that "axes" says; in another order the op has nothing to do.
AxisRule transposed_axes();

}  // namespace keraunos
