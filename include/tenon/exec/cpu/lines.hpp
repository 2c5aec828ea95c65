// tenon/exec/cpu/lines.hpp: gives an op that works line by line along an axis its operand, a panel in cache at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Along the last axis a panel holds contiguous lines, one after the other; along another axis it holds neighbouring
// lines side by side, so that memory is read in runs and lanes are lines. The operand's program is fused: its row
// kernel fills the panel.
#pragma once
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/exec/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Some lines of an operand: element i of line j is `data[i * step + j * apart]`. Either `step` is 1 (lines along the
/// last axis) or `apart` is 1 (lines side by side). The first line has number `line` in row-major order of the other
/// axes; lines side by side do not cross into the next step of the axes before theirs.
template <class C>
struct Panel {
  static constexpr index_t fit = 4096 / static_cast<index_t>(sizeof(C)) / 64 * 64;
  static constexpr index_t most_columns = fit > 0 ? fit : 64;  ///< lines side by side in a panel
  const C* data;
  C* work;  // the same elements if they may be written to, else null
  index_t n, lines, step, apart, line;
};

/// What `each_panel` walks: the operand's leaves, without their types.
template <class C>
struct PanelCall {
  const Source* source;
  const index_t* bytes;  // of the leaves' elements
  int loads;
  RowFunction row;
  bool direct;  // the only leaf has type C
  Dims extents;
  int axis;
  C* place;          // null, or memory of the operand's shape in which panels may be computed
  index_t line = 0;  // the number of the first line
};

namespace detail {

// Lines along the last axis; `f(user, panel)`.
template <class C>
void row_panels(const Nest& nest, const PanelCall<C>& call, void (*f)(void*, const Panel<C>&), void* user) {
  const int axis = nest.rank - 1, beside = axis - 1;
  const index_t n = nest.extent[axis], lines = axis ? nest.extent[beside] : 1;
  index_t stride[max_operands], apart[max_operands];
  stride[0] = apart[0] = 0;
  bool joined = true;
  for (int k = 0; k < nest.operands; ++k) {
    stride[k] = nest.operand[k].stride[axis];
    apart[k] = axis ? nest.operand[k].stride[beside] : 0;
    joined = joined && apart[k] == n * stride[k];
  }
  const bool direct = call.direct && (stride[0] == 1 || n == 1);
  constexpr index_t chunk = 8192 / static_cast<index_t>(sizeof(C)) > 0 ? 8192 / static_cast<index_t>(sizeof(C)) : 1;
  const index_t batch = direct ? lines : n < chunk ? chunk / n : 1;
  tenon::detail::BlockRef block;
  if (!direct && !call.place) block = tenon::detail::BlockRef(static_cast<size_t>(batch * n) * sizeof(C));
  Walk walk;
  walk.start(nest, 0, axis ? beside : 0);
  index_t line = call.line;
  do {
    for (index_t l = 0; l < lines; l += batch, line += batch) {
      const index_t m = lines - l < batch ? lines - l : batch;
      const void* source[max_operands];
      for (int k = 0; k < nest.operands; ++k) source[k] = walk.byte(k) + l * apart[k] * nest.operand[k].bytes;
      if (direct) {
        f(user, Panel<C>{static_cast<const C*>(source[0]), nullptr, n, m, 1, apart[0], line});
        continue;
      }
      C* to = call.place ? call.place + line * n : reinterpret_cast<C*>(block.data());
      for (index_t j = 0; j < (joined ? 1 : m); ++j) {
        call.row(to + j * n, 1, source, stride, joined ? n * m : n);
        for (int k = 0; k < nest.operands; ++k)
          source[k] = static_cast<const char*>(source[k]) + apart[k] * nest.operand[k].bytes;
      }
      f(user, Panel<C>{to, to, n, m, 1, n, line});
    }
    line -= (lines + batch - 1) / batch * batch - lines;
  } while (axis > 1 && walk.next(nest, 0, beside));
}

// Lines side by side: the axis before the last runs over them.
template <class C>
void column_panels(const Nest& nest, const PanelCall<C>& call, index_t columns, void (*f)(void*, const Panel<C>&),
                   void* user) {
  const int axis = nest.rank - 1, column = axis - 1;
  const index_t n = nest.extent[axis], run = nest.extent[column];
  index_t stride[max_operands];
  stride[0] = 0;
  for (int k = 0; k < nest.operands; ++k) stride[k] = nest.operand[k].stride[column];
  const bool direct = call.direct && stride[0] == 1;
  // Long runs keep the prefetchers going; a buffer should stay in the second-level cache.
  index_t width = run < Panel<C>::most_columns ? run : Panel<C>::most_columns;
  tenon::detail::BlockRef block;
  if (!direct && !call.place) {
    while (width > 64 && n * width * static_cast<index_t>(sizeof(C)) > 262144) width = (width + 1) / 2;
    block = tenon::detail::BlockRef(static_cast<size_t>(n * width) * sizeof(C));
  }
  Walk walk;
  walk.start(nest, 0, column);
  index_t line = call.line;
  do {
    for (index_t c = 0; c < run; c += width) {
      const index_t w = run - c < width ? run - c : width, at = line + c;
      const void* source[max_operands];
      for (int k = 0; k < nest.operands; ++k)
        source[k] = walk.byte(k) + c * nest.operand[k].stride[column] * nest.operand[k].bytes;
      if (direct) {
        f(user, Panel<C>{static_cast<const C*>(source[0]), nullptr, n, w, nest.operand[0].stride[axis], 1, at});
        continue;
      }
      const index_t step = call.place ? columns : w;
      C* to = call.place ? call.place + at / columns * n * columns + at % columns : reinterpret_cast<C*>(block.data());
      for (index_t i = 0; i < n; ++i) {
        call.row(to + i * step, 1, source, stride, w);
        for (int k = 0; k < nest.operands; ++k)
          source[k] = static_cast<const char*>(source[k]) + nest.operand[k].stride[axis] * nest.operand[k].bytes;
      }
      f(user, Panel<C>{to, to, n, w, step, 1, at});
    }
    line += run;
  } while (walk.next(nest, 0, column));
}

template <class C>
[[gnu::noinline]] void panels(const PanelCall<C>& call, void (*f)(void*, const Panel<C>&), void* user) {
  const int axis = call.axis, rank = call.extents.rank;
  index_t columns = 1;
  for (int a = axis + 1; a < rank; ++a) columns *= call.extents.d[a];
  // The line's axis comes last.
  const auto ordered = [&](const Dims& d) {
    Dims r;
    for (int a = 0; a < rank; ++a)
      if (a != axis) r.push(d.d[a]);
    r.push(d.d[axis]);
    return r;
  };
  Nest nest;
  nest.start(ordered(call.extents));
  for (int l = 0; l < call.loads; ++l)
    nest.add(call.source[l].data, call.bytes[l],
             {ordered(call.extents), ordered(call.source[l].map.strides), call.source[l].map.offset});
  nest.collapse(axis, nest.rank - 1);  // apart, so that no panel crosses into the next step of the axes before
  nest.collapse(0, axis);
  // Parts of axis 0 go to the executor's threads; where that is the lines', whole packs of them.
  const int last = nest.rank - 1;
  const index_t lines_axis = last > 0 ? nest.extent[0] : 1, elements = call.extents.size();
  index_t lines = 1;
  for (int a = 1; a < last; ++a) lines *= nest.extent[a];
  in_parts(lines_axis, last == 1 && columns > 1 ? Panel<C>::most_columns / 16 : 1, elements / lines_axis,
           [&](index_t from, index_t to) {
             PanelCall<C> part = call;
             part.line = from * lines;
             Nest part_nest = nest;
             if (last > 0) part_nest.narrow(from, to);
             if (columns == 1) {
               row_panels(part_nest, part, f, user);
             } else {
               column_panels(part_nest, part, columns, f, user);
             }
           });
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
/// memory of x's shape in which panels may be computed.
template <class C, class N, class F>
void each_panel(const N& x, int axis, C* place, const F& f) {
  using P = typename detail::LinesOf<N, C>::program;
  const Dims e = x.extents().dims();
  if (e.size() == 0) return;
  Source source[P::loads];
  sources_of<P>(x, source);
  constexpr bool direct = P::size == 1 && __is_same(typename P::result, C);
  detail::panels<C>(
      PanelCall<C>{source, load_bytes<P>, P::loads, row<P, C>, direct, e, axis, place},
      [](void* user, const Panel<C>& p) { (*static_cast<const F*>(user))(p); }, const_cast<F*>(&f));
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
