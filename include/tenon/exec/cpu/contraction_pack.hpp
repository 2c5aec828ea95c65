// tenon/exec/cpu/contraction_pack.hpp: copies blocks of strided operands into panels that micro-kernels read in order.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A panel holds P rows of A (or columns of B) for each step of the sum, one step after the other; missing ones are
// zero. Operands may have any strides and any of the axes in any order: what lies contiguously in memory is read in
// packs, transposed in registers if need be. Elements are converted to the type that is computed in.
#pragma once
#include <tenon/exec/cpu/contraction_plan.hpp>
#include <tenon/simd/pack.hpp>

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

namespace detail {

template <class T, class S>
TENON_FN T widened(S x) {
  if constexpr (is_integer<T> && is_signed_integer<S>) {
    return static_cast<T>(static_cast<__INT64_TYPE__>(x));  // unsigned arithmetic wraps
  } else {
    return static_cast<T>(x);
  }
}
// W elements from p on.
template <class T, class S>
TENON_FN simd::native<T> load_widened(const S* p) {
  using V = simd::native<T>;
  if constexpr (__is_same(T, S) || (is_integer<T> && is_integer<S> && sizeof(T) == sizeof(S))) {
    V v;
    __builtin_memcpy(&v, p, sizeof(V));
    return v;
  } else if constexpr (__is_same(S, bfloat16)) {
    simd::rebind_t<V, unsigned short> bits;
    __builtin_memcpy(&bits, p, sizeof(bits));
    return simd::bitcast<V>(__builtin_convertvector(bits, simd::rebind_t<V, unsigned>) << 16);
  } else if constexpr (is_integer<S> || __is_same(S, float) || __is_same(S, double)) {
    return __builtin_convertvector(simd::load<simd::rebind_t<V, S>>(p), V);
  } else {
    V v{};
    for (int i = 0; i < simd::lanes<V>; ++i) v[i] = widened<T>(p[i]);
    return v;
  }
}

// Exchanges the lanes whose index has bit D set in `a` with those that have it not in `b`.
template <int D, class V, int... I>
TENON_FN void exchange_lanes(V& a, V& b, Seq<I...>) {
  constexpr int W = static_cast<int>(sizeof...(I));
  const V x = simd::shuffle<(((I & D) ? W + I - D : I))...>(a, b);
  b = simd::shuffle<(((I & D) ? W + I : I + D))...>(a, b);
  a = x;
}
template <int D, class V, int W, int... I>
TENON_FN void transpose_step(V (&v)[W], Seq<I...>) {
  ((I & D ? void() : exchange_lanes<D>(v[I], v[(I | D) % W], make_seq<W>{})), ...);
}
/// Transposes W packs of W lanes, by exchanging blocks of half the size each time.
template <int D, class V, int W>
TENON_FN void transpose(V (&v)[W]) {
  transpose_step<D>(v, make_seq<W>{});
  if constexpr (D > 1) transpose<D / 2>(v);
}
template <class T, class S, int... I>
TENON_INLINE void transpose_block(T* to, index_t stride, const S* const* row, index_t s, Seq<I...>) {
  constexpr int W = static_cast<int>(sizeof...(I));
  simd::native<T> v[] = {load_widened<T>(row[I] + s)...};
  if constexpr (W > 1) transpose<W / 2>(v);
  (simd::store(to + I * stride, v[I]), ...);
}
/// W rows, of which the elements from s on are read, become W steps `stride` apart; `blocks` times.
template <class T, class S>
[[gnu::noinline]] void transpose_rows(T* to, index_t stride, const S* const* row, index_t s, index_t blocks) {
  constexpr int W = simd::native_lanes<T>;
  for (; blocks > 0; --blocks, s += W, to += W * stride) transpose_block(to, stride, row, s, make_seq<W>{});
}

// Rows follow each other in memory: each step is a copy.
template <class T, class S, int P>
[[gnu::noinline]] void pack_rows(T* to, const S* from, index_t rows, const Line& sum, index_t k, index_t m) {
  using V = simd::native<T>;
  constexpr int W = simd::lanes<V>;
  for (index_t s = 0; s < m; ++s, to += P) {
    const S* p = from + sum.at(k + s);
    index_t j = 0;
    for (; j + W <= rows; j += W) simd::store(to + j, load_widened<T>(p + j));
    for (; j < rows; ++j) to[j] = widened<T>(p[j]);
    for (; j < P; ++j) to[j] = T{};
  }
}
// Steps follow each other in memory: blocks of W rows by W steps are transposed. A store may reach into the next step,
// which is written later (therefore the last rows come first, block by block), or into the slack behind the last panel.
// Rows beyond the last repeat it; what they contribute to is not stored.
template <class T, class S, int P>
[[gnu::noinline]] index_t pack_steps(T* to, const S* from, const Line& outer, index_t o, index_t rows, index_t m) {
  constexpr int W = simd::native_lanes<T>, blocks = (P + W - 1) / W;
  const S* row[blocks * W];
  for (int i = 0; i < blocks * W; ++i) row[i] = from + outer.at(o + (i < rows ? i : rows - 1));
  if constexpr (P % W == 0 || blocks == 1) {
    for (int j = 0; j < blocks; ++j) transpose_rows<T, S>(to + j * W, P, row + j * W, 0, m / W);
  } else {
    for (index_t s = 0; s + W <= m; s += W)
      for (int j = blocks - 1; j >= 0; --j) transpose_rows<T, S>(to + s * P + j * W, P, row + j * W, s, 1);
  }
  return m / W * W;
}

}  // namespace detail

/// Packs into panels of P; the buffer has slack of one register behind it.
template <class T, class S, int P>
void pack(void* target, const void* source, const Line& outer, index_t o, index_t n, const Line& sum, index_t k,
          index_t m) {
  T* to = static_cast<T*>(target);
  const S* from = static_cast<const S*>(source);
  for (; n > 0; n -= P, o += P, to += P * m) {
    const index_t rows = n < P ? n : P;
    if (outer.contiguous(o) >= rows) {
      detail::pack_rows<T, S, P>(to, from + outer.at(o), rows, sum, k, m);
      continue;
    }
    for (index_t s = 0; s < m;) {
      const index_t ahead = sum.contiguous(k + s), run = ahead < m - s ? ahead : m - s, last = s + run;
      if (run >= simd::native_lanes<T>)
        s += detail::pack_steps<T, S, P>(to + s * P, from + sum.at(k + s), outer, o, rows, run);
      if (s == last) continue;
      const S* row[P];
      for (index_t j = 0; j < P; ++j) row[j] = from + outer.at(o + (j < rows ? j : rows - 1));
      for (; s < last; ++s) {
        const index_t at = sum.at(k + s);
        for (index_t j = 0; j < P; ++j) to[s * P + j] = detail::widened<T>(row[j][at]);
      }
    }
  }
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
