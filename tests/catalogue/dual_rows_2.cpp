// tests/catalogue/dual_rows_2.cpp: a quarter of the pointwise ops on duals.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "catalogue/dual_rows.hpp"

TEST_CASE("kernels on duals, slice 2 of 4") { tenon::test::check_dual_slice<tenon::PointwiseCatalogue, 2, 4>(); }
