// tenon/expr/line.hpp: pulls adjoints back line by line along an axis, for rules that are loops over a line.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/expr/cut.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

template <class T>
struct Element;  // tensor/element.hpp

// One line of a view: `line(i)` is its i-th element, in the type it computes in.
template <class V>
struct LineOf {
  using T = typename V::value_type;
  const V& view;
  index_t start, step;
  auto operator()(index_t i) const { return static_cast<compute_t<T>>(Element<T>::access(view, start + i * step)); }
};

// For each line along Axis calls f(n, y, g, x, add): y(i), g(i), x(i) are elements, add(i, v) adds v to the adjoint of
// x(i). The views may differ in their extent along Axis; n is that of x.
template <int Axis, class Y, class G, class X, class F>
void pull_lines(const Y& y, const G& g, X& x, const F& f) {
  const StridedMap of_y = y.map(), of_g = g.map(), of_x = x.value.map(), of_a = x.adjoint.map();
  using V = bare_t<decltype(x.value)>;
  using TA = typename bare_t<decltype(x.adjoint)>::value_type;
  const index_t n = of_x.extents.d[Axis];
  if (of_x.extents.size() == 0) return;
  Dims i;
  i.rank = of_x.extents.rank;
  const auto start = [&](const StridedMap& m) {
    index_t o = m.offset;
    for (int a = 0; a < i.rank; ++a) o += i.d[a] * m.strides.d[a];
    return o;
  };
  for (;;) {
    const index_t first = start(of_a), step = of_a.strides.d[Axis];
    f(n, LineOf<Y>{y, start(of_y), of_y.strides.d[Axis]}, LineOf<G>{g, start(of_g), of_g.strides.d[Axis]},
      LineOf<V>{x.value, start(of_x), of_x.strides.d[Axis]},
      [&](index_t k, const auto& v) { Element<TA>::access(x.adjoint, first + k * step) += static_cast<TA>(v); });
    int a = i.rank - 1;
    for (; a >= 0; --a) {
      if (a == Axis) continue;
      if (++i.d[a] < of_x.extents.d[a]) break;
      i.d[a] = 0;
    }
    if (a < 0) return;
  }
}

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
