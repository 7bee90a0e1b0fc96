// Everything that a program needs to use saved models, in one include.
#pragma once

#include "keraunos/dtype.h"
#include "keraunos/error.h"
#include "keraunos/layers.h"
#include "keraunos/model.h"
#include "keraunos/tensor.h"
#include "keraunos/version.h"
