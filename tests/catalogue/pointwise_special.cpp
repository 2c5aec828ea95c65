// tests/catalogue/pointwise_special.cpp: the pointwise ops that rest on the standard library.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include "catalogue/pointwise.hpp"

TEST_CASE("special functions") {
  using namespace tenon;
  test::check_slice<SpecialCatalogue, 0, 1, false>();
}
