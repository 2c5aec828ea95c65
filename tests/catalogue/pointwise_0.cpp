// tests/catalogue/pointwise_0.cpp: one sixth of the pointwise ops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "catalogue/pointwise.hpp"

TEST_CASE("pointwise ops, slice 0 of 6") { tenon::test::check_slice<0, 6>(); }
