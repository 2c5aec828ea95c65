// tests/catalogue/pointwise_4.cpp: one eighth of the pointwise ops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "catalogue/pointwise.hpp"

TEST_CASE("pointwise ops, slice 4 of 8") { tenon::test::check_slice<tenon::PointwiseCatalogue, 4, 8>(); }
