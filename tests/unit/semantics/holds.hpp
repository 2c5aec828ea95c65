// holds(x, {1, 2}): whether an expression has these elements in row-major order; NaN is NaN.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <doctest/doctest.h>

#include <initializer_list>
#include <tenon/tensor/evaluate.hpp>

namespace {

template <class X>
bool holds(X&& x, std::initializer_list<double> expected) {
  const auto t = tenon::evaluate(static_cast<X&&>(x));
  if (t.size() != static_cast<tenon::index_t>(expected.size())) return false;
  const auto* p = t.data();
  for (double e : expected) {
    const double v = static_cast<double>(*p++);
    if (!(v == e || (v != v && e != e))) return false;
  }
  return true;
}
/// The element type of an expression.
template <class X>
using element_of = typename tenon::bare_t<X>::value_type;

}  // namespace
