// Tensors of static extents filled with numbers that no sum rounds, and exact comparisons.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/tenon.hpp>

namespace tenon {
namespace test {

// Numbers that are exact in every type, of which sums of some hundred are exact, too.
template <class T>
T exact(index_t i, int seed) {
  return static_cast<T>((i * 7 + seed * 5) % 11 - 5);
}
template <class T, int R, index_t... E>
Tensor<T, E...> filled() {
  Tensor<T, E...> a;
  for (index_t i = 0; i < a.size(); ++i) a.data()[i] = exact<T>(i, R);
  return a;
}
// How many elements are not what f gives for their indices.
template <class X, class F>
index_t wrong(const X& y, const F& f) {
  index_t n = 0;
  if constexpr (X::rank == 1) {
    for (index_t i = 0; i < y.extent(0); ++i) n += !(y(i) == f(i));
  } else {
    for (index_t i = 0; i < y.extent(0); ++i)
      for (index_t j = 0; j < y.extent(1); ++j) n += !(y(i, j) == f(i, j));
  }
  return n;
}
// Whether two tensors have the same extents and equal elements.
template <class X, class Y>
bool same(const X& x, const Y& y) {
  if (!(x.dims() == y.dims())) return false;
  for (index_t i = 0; i < x.size(); ++i)
    if (!(x.data()[i] == y.data()[i])) return false;
  return true;
}

}  // namespace test
}  // namespace tenon
