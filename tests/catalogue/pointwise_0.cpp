// tests/catalogue/pointwise_0.cpp: a quarter of the pointwise ops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include "catalogue/pointwise.hpp"

TEST_CASE("pointwise ops, slice 0 of 4") { tenon::test::check_slice<tenon::PointwiseCatalogue, 0, 4>(); }
