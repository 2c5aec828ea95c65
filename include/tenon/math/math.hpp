// tenon/math/math.hpp: elementary functions of float, double and packs of them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One branch-free algorithm for each function serves scalars, packs and constant evaluation: it needs no libm, a pack
// gives bit for bit what its lanes give as scalars, and a constant is within the stated bound of the run-time value.
// The whole range is covered: subnormal numbers, signed zeros, infinities, NaN. Bounds are in units in the last place
// and hold in the rounding mode to nearest, wherever the tests run them: with fused multiply-add and without.
// Functions that the standard library defines for few platforms, and that need <cmath>, are in special.hpp.
#pragma once
#include <tenon/math/basic.hpp>
#include <tenon/math/error_function.hpp>
#include <tenon/math/exponential.hpp>
#include <tenon/math/hyperbolic.hpp>
#include <tenon/math/inverse_trigonometric.hpp>
#include <tenon/math/logarithm.hpp>
#include <tenon/math/power.hpp>
#include <tenon/math/rounding.hpp>
#include <tenon/math/trigonometric.hpp>
