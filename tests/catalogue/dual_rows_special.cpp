// tests/catalogue/dual_rows_special.cpp: the pointwise ops that rest on the standard library, on duals.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "catalogue/dual_rows.hpp"

#include <tenon/ops/special_catalogue.hpp>

TEST_CASE("kernels on duals, special functions") { tenon::test::check_dual_slice<tenon::SpecialCatalogue>(); }
