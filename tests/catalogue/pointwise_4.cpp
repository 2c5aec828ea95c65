// tests/catalogue/pointwise_4.cpp: one sixth of the pointwise ops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "catalogue/pointwise.hpp"

TEST_CASE("pointwise ops, slice 4 of 6") { tenon::test::check_slice<4, 6>(); }
