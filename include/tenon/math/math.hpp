// tenon/math/math.hpp: elementary functions of float, double and packs of them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One branch-free algorithm for each function serves scalars, packs and constant evaluation: it needs no libm, a pack
// gives bit for bit what its lanes give as scalars, and a constant is within the stated bound of the run-time value.
// The whole range is covered: subnormal numbers, signed zeros, infinities, NaN. Bounds are in units in the last place,
// for rounding to nearest; the measured worst case is over all floats where the function is not trivial, and over
// millions of doubles. All builds with fused multiply-add give the same bits, and so do all without.
// Functions that need <cmath> are in special.hpp.
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
