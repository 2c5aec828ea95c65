// tenon/exec/cpu/lines.hpp: gives an op that works line by line along an axis its operand, a panel in cache at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Along the last axis a panel is one contiguous line; along another axis it is a block of neighbouring lines, so that
// memory is read in runs and lanes are lines. The operand's program is fused: its row kernel fills the panel.
#pragma once
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/exec/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Some lines of an operand: element i of line j is `data[i * step + j]`; the first line is number `line` in row-major
/// order of the other axes.
template <class C>
struct Panel {
  const C* data;
  C* work;  // the same elements if they may be written to, else null
  index_t step, n, width, line;
};

namespace detail {

// Operand k of the nest is leaf k. The line's axis is the last; if there are columns, theirs are the axes before it.
template <class C, int K, class F>
void each_panel(Nest<K>& nest, RowFunction row, bool direct, C* place, index_t columns, const F& f) {
  const int axis = nest.rank - 1;
  const index_t n = nest.extent[axis];
  index_t stride[K] = {};
  const void* source[K];
  Walk<K> walk;
  if (columns == 1) {
    for (int k = 0; k < nest.operands; ++k) stride[k] = nest.stride[k][axis];
    direct = direct && (stride[0] == 1 || n == 1);
    tenon::detail::BlockRef block;
    if (!direct && !place) block = tenon::detail::BlockRef(static_cast<size_t>(n) * sizeof(C));
    walk.start(nest, 0, axis);
    index_t line = 0;
    do {
      for (int k = 0; k < nest.operands; ++k) source[k] = walk.at[k];
      if (direct) {
        f(Panel<C>{static_cast<const C*>(source[0]), nullptr, 1, n, 1, line});
      } else {
        C* to = place ? place + line * n : reinterpret_cast<C*>(block.data());
        row(to, 1, source, stride, n);
        f(Panel<C>{to, to, 1, n, 1, line});
      }
      ++line;
    } while (walk.next(nest, 0, axis));
    return;
  }
  // A panel should stay in the second-level cache.
  constexpr index_t bytes = 131072, least = 16, most = 256;
  const index_t fit = bytes / (n * static_cast<index_t>(sizeof(C)) + 1) / least * least;
  const index_t width = fit < least ? least : fit > most ? most : fit;
  const int column = axis - 1;
  const index_t run = nest.extent[column];
  for (int k = 0; k < nest.operands; ++k) stride[k] = nest.stride[k][column];
  const index_t room = width < run ? width : run;
  tenon::detail::BlockRef block(static_cast<size_t>(n * room) * sizeof(C));
  C* to = reinterpret_cast<C*>(block.data());
  walk.start(nest, 0, column);
  index_t line = 0;
  do {
    for (index_t c = 0; c < run; c += width) {
      const index_t w = run - c < width ? run - c : width;
      for (index_t i = 0; i < n; ++i) {
        for (int k = 0; k < nest.operands; ++k)
          source[k] = walk.at[k] + (c * nest.stride[k][column] + i * nest.stride[k][axis]) * nest.bytes[k];
        row(to + i * w, 1, source, stride, w);
      }
      f(Panel<C>{to, to, w, n, w, line + c});
    }
    line += run;
  } while (walk.next(nest, 0, column));
}

// Elements are converted to C in the row kernel.
template <class N, class C>
struct LinesOf {
  using program =
      apply_t<concat_t<typename tenon::detail::Lower<N>::type, TypeList<Call<op::Cast<C>, C, false, 1>>>, Program>;
};
template <class N, class C>
requires(__is_same(C, compute_t<primal_t<typename N::value_type>>)) struct LinesOf<N, C> {
  using program = program_of<N>;
};

}  // namespace detail

/// Calls f with panels of x along `axis` until all lines were given; elements come as C. `place`, unless null, is dense
/// memory of x's shape in which lines along the last axis may be computed.
template <class C, class N, class F>
void each_panel(const N& x, int axis, C* place, const F& f) {
  using P = typename detail::LinesOf<N, C>::program;
  const Dims e = x.extents().dims();
  if (e.size() == 0) return;
  Source source[P::loads];
  sources_of<P>(x, source);
  index_t columns = 1;
  for (int a = axis + 1; a < e.rank; ++a) columns *= e.d[a];
  // The line's axis comes last.
  const auto ordered = [&](const Dims& d) {
    Dims r;
    for (int a = 0; a < e.rank; ++a)
      if (a != axis) r.push(d.d[a]);
    r.push(d.d[axis]);
    return r;
  };
  const Dims extents = ordered(e);
  Nest<detail::nest_size(P::loads)> nest;
  nest.start(extents);
  for (int l = 0; l < P::loads; ++l)
    nest.add(source[l].data, load_bytes<P>[l], { extents, ordered(source[l].map.strides), source[l].map.offset });
  nest.collapse(axis, nest.rank - 1);  // apart, so that no panel crosses into the next step of the axes before
  nest.collapse(0, axis);
  constexpr bool direct = P::size == 1 && __is_same(typename P::result, C);
  detail::each_panel<C>(nest, row<P, C>, direct, place, columns, f);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
