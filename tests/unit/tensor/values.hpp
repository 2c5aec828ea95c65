// Compares any expression with values written out, in row-major order.
#pragma once
#include <tenon/tensor/view.hpp>

namespace tenon_test {

using namespace tenon;

/// Whether x has exactly these values.
template <class X>
bool holds(const X& x, std::initializer_list<double> expected) {
  using T = typename X::value_type;
  bool same = true;
  [&]<index_t... E>(Extents<E...>) {
    const Tensor<T, E...> t(x);
    same = t.size() == static_cast<index_t>(expected.size());
    const T* p = t.data();
    if (same)
      for (double e : expected) same = *p++ == static_cast<T>(e) && same;
  }
  (typename X::extents_type{});
  return same;
}

}  // namespace tenon_test

using tenon_test::holds;
