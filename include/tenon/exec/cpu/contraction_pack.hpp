// tenon/exec/cpu/contraction_pack.hpp: copies blocks of strided operands into panels that micro-kernels read in order.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A panel holds P rows of A (or columns of B) for each step of the sum, one step after the other; missing ones are
// zero. Operands may have any strides and any of the axes in any order: what lies contiguously in memory is read in
// packs, transposed in registers if need be. Elements become words of the format that is computed in.
#pragma once
#include <tenon/exec/cpu/contraction_format.hpp>
#include <tenon/exec/cpu/contraction_plan.hpp>
#include <tenon/simd/transpose.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Where the elements along the axes of one class are, in one operand: at `i * stride`, or in a table.
struct Line {
  index_t size = 1, stride = 1, run = 1;
  const index_t* offset = nullptr;
  index_t at(index_t i) const { return offset ? offset[i] : i * stride; }
  /// How many elements from i on follow each other in memory.
  index_t contiguous(index_t i) const { return offset ? run - i % run : stride == 1 ? size - i : 1; }
};

/// Packs rows [o, o + n) of the line `outer` by steps [k, k + m) of the line `sum` into panels.
using PackFunction = void (*)(void* to, const void* from, const Line& outer, index_t o, index_t n, const Line& sum,
                              index_t k, index_t m);
/// Makes words of m elements of each row, which follow each other in memory; rows lie so many words and elements apart.
using CopyRowsFunction = void (*)(void* to, index_t to_row, const void* from, index_t from_row, index_t rows,
                                  index_t m);

namespace detail {

/// The lines of one operand over some axes, in tables only where no stride will do.
inline Line make_line(const ContractionAxes& x, const index_t* stride, index_t*& table) {
  Line l;
  if (x.rank == 0) return l;
  int r = x.rank - 1;
  l.size = l.run = x.extent[r];
  l.stride = stride[r];
  while (r > 0 && stride[r - 1] == stride[r] * x.extent[r]) l.run *= x.extent[--r];
  if (r == 0) {
    l.size = l.run;
    return l;
  }
  l.size = x.size();
  if (l.stride != 1) l.run = 1;
  index_t index[ContractionLabels::capacity] = {}, at = 0;
  for (index_t i = 0; i < l.size; ++i) {
    table[i] = at;
    for (int k = x.rank - 1; k >= 0; --k) {
      at += stride[k];
      if (++index[k] < x.extent[k]) break;
      index[k] = 0;
      at -= stride[k] * x.extent[k];
    }
  }
  l.offset = table;
  table += l.size;
  return l;
}

template <class F, int... I>
TENON_INLINE void transpose_block(typename F::Word* to, index_t stride, const typename F::Element* const* row,
                                  index_t s, Seq<I...>) {
  using V = simd::native<typename F::Word>;
  V v[] = {F::template words<V>(row[I] + s)...};
  simd::transpose(v);
  (simd::store(to + I * stride, v[I]), ...);
}
/// W rows, of which the words from element s on are read, become W steps `stride` apart; `blocks` times.
template <class F>
[[gnu::noinline]] void transpose_rows(typename F::Word* to, index_t stride, const typename F::Element* const* row,
                                      index_t s, index_t blocks) {
  constexpr int W = simd::native_lanes<typename F::Word>;
  for (; blocks > 0; --blocks, s += W * F::group, to += W * stride)
    transpose_block<F>(to, stride, row, s, make_seq<W>{});
}
template <class V, int W>
[[gnu::noinline]] void transpose_out_of_line(V (&v)[W]) {
  simd::transpose(v);
}
/// The same for the last n elements of W rows, fewer than W words.
template <class F>
[[gnu::noinline]] void transpose_end(typename F::Word* to, index_t stride, const typename F::Element* const* row,
                                     index_t n) {
  using V = simd::native<typename F::Word>;
  V v[simd::lanes<V>];
  for (int i = 0; i < simd::lanes<V>; ++i) v[i] = F::template words_partial<V>(row[i], n);
  transpose_out_of_line(v);
  for (index_t i = 0; i * F::group < n; ++i) simd::store(to + i * stride, v[i]);
}

// How much of a panel of `rows` rows is filled: whole registers, which is what tiles read.
template <class F, int P>
constexpr index_t filled(index_t rows) {
  constexpr index_t W = simd::native_lanes<typename F::Word>;
  const index_t up = (rows + W - 1) / W * W;
  return F::begins || up > P ? P : up;
}
// Steps of a panel whose rows follow each other in memory: packs of V, then smaller ones.
template <class F, class V>
TENON_INLINE void pack_neighbours(typename F::Word* to, const typename F::Element* const (&p)[F::group], index_t j,
                                  index_t rows) {
  constexpr int W = simd::lanes<V>;
  for (; j + W <= rows; j += W) simd::store(to + j, F::template words<V>(p, j));
  if constexpr (W > 4) {
    pack_neighbours<F, simd::pack<typename F::Word, W / 2>>(to, p, j, rows);
  } else {
    for (; j < rows; ++j) to[j] = F::word(p, j);
  }
}
template <class F, int P>
[[gnu::noinline]] void pack_rows(typename F::Word* to, const typename F::Element* from, index_t rows, const Line& sum,
                                 index_t k, index_t m) {
  for (index_t s = 0; s < m; s += F::group, to += P) {
    const typename F::Element* p[F::group];
#pragma GCC unroll 4
    for (int i = 0; i < F::group; ++i) p[i] = s + i < m ? from + sum.at(k + s + i) : zeros<typename F::Element>;
    pack_neighbours<F, simd::native<typename F::Word>>(to, p, 0, rows);
    for (index_t j = rows; j < filled<F, P>(rows); ++j) to[j] = typename F::Word{};
  }
}
// A step of a full panel: packs of V, then smaller ones.
template <class F, class V, int Rows>
TENON_INLINE void pack_step(typename F::Word* to, const typename F::Element* const (&p)[F::group], index_t j) {
  constexpr int W = simd::lanes<V>;
  if constexpr (Rows >= W) {
    simd::store(to, F::template words<V>(p, j));
    if constexpr (Rows > W) pack_step<F, V, Rows - W>(to + W, p, j + W);
  } else {
    pack_step<F, simd::pack<typename F::Word, W / 2>, Rows>(to, p, j);
  }
}
// Full panels, `apart` words from each other, of rows that follow each other in memory: all of them step by step, since
// memory is read faster in longer pieces.
template <class F, int P>
[[gnu::noinline]] void pack_panels(typename F::Word* to, index_t apart, index_t panels, const typename F::Element* from,
                                   const Line& sum, index_t k, index_t m) {
  for (index_t s = 0; s < m; s += F::group, to += P) {
    const typename F::Element *row[F::group], *p[F::group];
#pragma GCC unroll 4
    for (int i = 0; i < F::group; ++i) row[i] = s + i < m ? from + sum.at(k + s + i) : nullptr;
    for (index_t q = 0; q < panels; ++q) {
#pragma GCC unroll 4
      for (int i = 0; i < F::group; ++i) p[i] = row[i] ? row[i] + q * P : zeros<typename F::Element>;
      pack_step<F, simd::native<typename F::Word>, P>(to + q * apart, p, 0);
    }
  }
}
// The last steps, n elements that follow each other in memory, of groups: what they lack to a block is zero.
template <class F, int P>
[[gnu::noinline]] void pack_end(typename F::Word* to, const typename F::Element* from, const Line& outer, index_t o,
                                index_t rows, index_t n) {
  constexpr int W = simd::native_lanes<typename F::Word>, blocks = (P + W - 1) / W;
  const typename F::Element* row[blocks * W];
  for (int i = 0; i < blocks * W; ++i) row[i] = from + outer.at(o + (i < rows ? i : rows - 1));
  for (int j = blocks - 1; j >= 0; --j) transpose_end<F>(to + j * W, P, row + j * W, n);
}
// Steps follow each other in memory: blocks of W rows by W steps are transposed. A store may reach into the next step,
// which is written later (therefore the last rows come first, block by block), or into the slack behind the last panel.
// Rows beyond the last repeat it; what they contribute to is not stored.
template <class F, int P>
[[gnu::noinline]] index_t pack_steps(typename F::Word* to, const typename F::Element* from, const Line& outer,
                                     index_t o, index_t rows, index_t words) {
  constexpr int W = simd::native_lanes<typename F::Word>, blocks = (P + W - 1) / W;
  const typename F::Element* row[blocks * W];
  for (int i = 0; i < blocks * W; ++i) row[i] = from + outer.at(o + (i < rows ? i : rows - 1));
  const index_t used = (filled<F, P>(rows) + W - 1) / W;
  if constexpr (P % W == 0 || blocks == 1) {
    for (index_t j = 0; j < used; ++j) transpose_rows<F>(to + j * W, P, row + j * W, 0, words / W);
  } else {
    for (index_t s = 0; s + W <= words; s += W)
      for (index_t j = used - 1; j >= 0; --j) transpose_rows<F>(to + s * P + j * W, P, row + j * W, s * F::group, 1);
  }
  return words / W * W;
}
// Neighbours in memory, from the first row on at a row of the panel.
struct Piece {
  index_t from, to;
};
// One step of a panel: as many pieces of a pack as `count` says, then of the next smaller one, and so on.
template <class F, class V>
TENON_INLINE void pack_pieces(typename F::Word* to, const typename F::Element* const (&row)[F::group],
                              const Piece* piece, const int* count) {
  for (const Piece* const end = piece + *count; piece != end; ++piece) {
    const typename F::Element* p[F::group];
#pragma GCC unroll 4
    for (int i = 0; i < F::group; ++i)
      p[i] = F::group == 1 || row[i] ? row[i] + piece->from : zeros<typename F::Element>;
    if constexpr (simd::is_pack<V>) {
      simd::store(to + piece->to, F::template words<V>(p, 0));
    } else {
      to[piece->to] = F::word(p, 0);
    }
  }
  if constexpr (simd::lanes < V >> 4) {
    pack_pieces<F, simd::pack<typename F::Word, simd::lanes<V> / 2>>(to, row, piece, count + 1);
  } else if constexpr (simd::is_pack<V>) {
    pack_pieces<F, typename F::Word>(to, row, piece, count + 1);
  }
}
// A panel whose rows follow each other in memory some at a time: the same pieces in every step. A run is whole packs,
// the last of which ends with it.
template <class F, int P>
[[gnu::noinline]] void pack_runs(typename F::Word* to, const typename F::Element* from, const Line& outer, index_t o,
                                 index_t rows, const Line& sum, index_t k, index_t m) {
  constexpr index_t W = simd::native_lanes<typename F::Word>;
  Piece run[P], piece[P];
  index_t length[P];
  int runs = 0, pieces = 0, count[8] = {}, *class_of = count;
  for (index_t j = 0; j < rows; j += length[runs++]) {
    const index_t ahead = outer.contiguous(o + j);
    run[runs] = {outer.at(o + j), j};
    length[runs] = ahead < rows - j ? ahead : rows - j;
  }
  for (index_t width = W, larger = P + 1; width > 0; ++class_of) {
    for (int r = 0; r < runs; ++r) {
      const index_t n = length[r];
      for (index_t i = 0; width <= n && n < larger && i < n; i += width) {
        const index_t at = n - i < width ? n - width : i;
        piece[pieces++] = {run[r].from + at, run[r].to + at};
        ++*class_of;
      }
    }
    larger = width;
    width = width > 4 ? width / 2 : width > 1 ? 1 : 0;
  }
  const index_t columns = filled<F, P>(rows);
  for (index_t s = 0; s < m; s += F::group, to += P) {
    const typename F::Element* row[F::group];
#pragma GCC unroll 4
    for (int i = 0; i < F::group; ++i) row[i] = s + i < m ? from + sum.at(k + s + i) : nullptr;
    pack_pieces<F, simd::native<typename F::Word>>(to, row, piece, count);
    for (index_t j = rows; j < columns; ++j) to[j] = typename F::Word{};
  }
}
// A panel of `rows` rows, at most P.
template <class F, int P>
void pack_panel(typename F::Word* to, const typename F::Element* from, const Line& outer, index_t o, index_t rows,
                const Line& sum, index_t k, index_t m) {
  constexpr index_t group = F::group, W = simd::native_lanes<typename F::Word>;
  if (outer.contiguous(o) >= rows) return pack_rows<F, P>(to, from + outer.at(o), rows, sum, k, m);
  if (outer.offset && outer.run > 3) return pack_runs<F, P>(to, from, outer, o, rows, sum, k, m);
  const index_t words = (m + group - 1) / group, columns = filled<F, P>(rows);
  for (index_t w = 0; w < words;) {
    const index_t s = w * group, ahead = sum.contiguous(k + s), run = (ahead < m - s ? ahead : m - s) / group;
    const index_t last = w + (run > 0 ? run : 1);  // or else a word that is not in one piece
    if (run >= W) w += pack_steps<F, P>(to + w * P, from + sum.at(k + s), outer, o, rows, run);
    if (w == last) continue;
    if constexpr (group > 1 && W > 1)
      if (ahead >= m - s)
        return pack_end<F, P>(to + w * P, from + sum.at(k + w * group), outer, o, rows, m - w * group);
    const typename F::Element* row[P];
    for (index_t j = 0; j < columns; ++j) row[j] = from + outer.at(o + (j < rows ? j : rows - 1));
    for (; w < last; ++w) {
      index_t at[group] = {};
      const index_t n = m - w * group < group ? m - w * group : group;
      for (index_t i = 0; i < n; ++i) at[i] = sum.at(k + w * group + i);
      for (index_t j = 0; j < columns; ++j) {
        const typename F::Element* p[group];
        for (index_t i = 0; i < group; ++i) p[i] = i < n ? row[j] + at[i] : zeros<typename F::Element>;
        to[w * P + j] = F::word(p, 0);
      }
    }
  }
}

}  // namespace detail

/// Packs elements of format F into panels of P; the buffer has slack of one register behind it.
template <class F, int P>
void pack(void* target, const void* source, const Line& outer, index_t o, index_t n, const Line& sum, index_t k,
          index_t m) {
  auto* to = static_cast<typename F::Word*>(target);
  const auto* from = static_cast<const typename F::Element*>(source);
  constexpr index_t head = F::begins ? P : 0, together = 8;  // panels that do not compete for the cache's sets
  const index_t apart = head + P * ((m + F::group - 1) / F::group);
  for (index_t full = 0; n > 0; n -= P, o += P, to += apart, --full) {
    if (full <= 0) {
      const index_t ahead = outer.contiguous(o);
      full = (ahead < n ? ahead : n) / P;
      if (full > together) full = together;
      if (full > 1)
        detail::pack_panels<F, P>(to + head, apart, full, from + outer.at(o), sum, k, m);
      else
        detail::pack_panel<F, P>(to + head, from, outer, o, n < P ? n : P, sum, k, m);
    }
    if constexpr (F::begins) F::template begin<P>(to, apart / P - 1);
  }
}

/// Rows of format F one after the other, as they lie: what follows a row's last word, up to a register, is written too.
template <class F>
void copy_rows(void* target, index_t to_row, const void* source, index_t from_row, index_t rows, index_t m) {
  using V = simd::native<typename F::Word>;
  constexpr index_t W = simd::lanes<V>, whole = W * F::group;
  auto* to = static_cast<typename F::Word*>(target);
  const auto* from = static_cast<const typename F::Element*>(source);
  for (; rows > 0; --rows, to += to_row, from += from_row) {
    auto* word = to;
    index_t s = 0;
    for (; s + whole <= m; s += whole, word += W) simd::store(word, F::template words<V>(from + s));
    if (s < m) simd::store(word, F::template words_partial<V>(from + s, m - s));
  }
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
