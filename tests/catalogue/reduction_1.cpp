// tests/catalogue/reduction_1.cpp: one fifth of the reductions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include "catalogue/reduction.hpp"

TEST_CASE("reductions, slice 1 of 5") { tenon::test::check_reductions<1, 5>(); }
