// tests/catalogue/pointwise_5.cpp: one eighth of the pointwise ops.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "catalogue/pointwise.hpp"

TEST_CASE("pointwise ops, slice 5 of 8") { tenon::test::check_slice<tenon::PointwiseCatalogue, 5, 8>(); }
