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
  const V x = __builtin_shufflevector(a, b, ((I & D) ? W + I - D : I)...);
  b = __builtin_shufflevector(a, b, ((I & D) ? W + I : I + D)...);
  a = x;
}
template <int D, class V, int W>
TENON_FN void transpose_step(V (&v)[W]) {
  for (int i = 0; i < W; ++i)
    if (!(i & D)) exchange_lanes<D>(v[i], v[i + D], make_seq<W>{});
}
/// Transposes W packs of W lanes, by exchanging blocks of half the size each time.
template <class V, int W>
TENON_FN void transpose(V (&v)[W]) {
  if constexpr (W >= 16) transpose_step<8>(v);
  if constexpr (W >= 8) transpose_step<4>(v);
  if constexpr (W >= 4) transpose_step<2>(v);
  if constexpr (W >= 2) transpose_step<1>(v);
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
// which is written later (therefore the last rows come first), or into the slack behind the last panel.
template <class T, class S, int P>
[[gnu::noinline]] index_t pack_steps(T* to, const S* from, const Line& outer, index_t o, index_t rows, index_t m) {
  using V = simd::native<T>;
  constexpr int W = simd::lanes<V>;
  index_t s = 0;
  for (; s + W <= m; s += W)
    for (int j = (P - 1) / W * W; j >= 0; j -= W) {
      V v[W];
      for (int i = 0; i < W; ++i) v[i] = j + i < rows ? load_widened<T>(from + outer.at(o + j + i) + s) : V{};
      transpose(v);
      for (int i = 0; i < W; ++i) simd::store(to + (s + i) * P + j, v[i]);
    }
  return s;
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
      s += detail::pack_steps<T, S, P>(to + s * P, from + sum.at(k + s), outer, o, rows, run);
      for (; s < last; ++s) {
        const S* p = from + sum.at(k + s);
        for (index_t j = 0; j < P; ++j) to[s * P + j] = j < rows ? detail::widened<T>(p[outer.at(o + j)]) : T{};
      }
    }
  }
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
