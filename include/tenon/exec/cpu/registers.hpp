// tenon/exec/cpu/registers.hpp: the registers that programs compute in, from elements in memory and back.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A register of numbers is a pack, one of duals a dual of packs: the ops' rules know no difference. In memory a dual's
// numbers lie side by side, so that W duals of two numbers are two packs, each of which holds some of both. Exchanging
// the odd lanes of one with the even lanes of the other, an instruction each, makes them the values and the tangents,
// and back. Then lane 2 k is element k and lane 2 k + 1 is element W / 2 + k: in programs of such duals, other operands
// and results are brought into that order.
#pragma once
#include <tenon/exec/cpu/stage.hpp>
#include <tenon/expr/program.hpp>
#include <tenon/simd/half.hpp>
#include <tenon/simd/interleave.hpp>
#include <tenon/simd/mask.hpp>
#include <tenon/simd/transpose.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

/// Whether V is a register of several lanes: a pack, or a dual of packs.
template <class V>
inline constexpr bool in_lanes = simd::is_pack<base_t<V>>;
/// Whether V is a dual of packs.
template <class V>
inline constexpr bool dual_lanes = in_lanes<V> && !simd::is_pack<V>;

// The packs of a register.
template <int K, class V>
TENON_FN auto& part(V& v) {
  return ScalarTraits<bare_t<V>>::template part<K>(v);
}
template <class V>
using parts_sequence = simd::detail::Count<static_cast<int>(parts_of<V>)>;
// f of each pack of a register.
template <class V, class F, int... K>
TENON_FN V each_part(const V& v, const F& f, simd::detail::Ints<K...>) {
  V r = v;
  ((part<K>(r) = f(part<K>(v))), ...);
  return r;
}
template <class V, class F>
TENON_FN V each_part(const V& v, const F& f) {
  return each_part(v, f, parts_sequence<V>{});
}

// Whether lanes of a program's registers alternate between the halves of so many elements.
template <class P>
inline constexpr bool alternates = false;
template <class... I>
inline constexpr bool alternates<Program<I...>> =
    ((tenon::detail::is_packable_dual<typename I::type> && parts_of<typename I::type> == 2) || ...);
template <int W>
struct Alternating {
  static constexpr int at(int i) { return i % 2 ? W / 2 + i / 2 : i / 2; }
};
template <int W>
struct InOrder {
  static constexpr int at(int i) { return i < W / 2 ? 2 * i : 2 * i - W + 1; }
};
// A pack whose lanes are elements in order, as program P has them, and back.
template <class P, class V>
TENON_FN V as_lanes_of(const V& v) {
  if constexpr (simd::is_pack<V> && alternates<P>) {
    return simd::detail::shuffle_by<Alternating<simd::lanes<V>>>(v, v, simd::detail::Count<simd::lanes<V>>{});
  } else {
    return v;
  }
}
template <class P, class V>
TENON_FN V in_order(const V& v) {
  if constexpr (simd::is_pack<V> && alternates<P>) {
    return simd::detail::shuffle_by<InOrder<simd::lanes<V>>>(v, v, simd::detail::Count<simd::lanes<V>>{});
  } else {
    return v;
  }
}

// Numbers in memory. Tangents that only fill up are not in registers, and zeros in memory.
template <class V, class T, int... J, int... K>
TENON_FN V load_duals(const T* p, simd::detail::Ints<J...>, simd::detail::Ints<K...>) {
  using P = base_t<V>;
  constexpr int W = simd::lanes<P>, N = static_cast<int>(sizeof...(J));
  P packs[] = {simd::load<P>(p + J * W)...};
  V v;
  if constexpr (N == 2) {
    simd::detail::exchange_lanes<1>(packs[0], packs[1], simd::detail::Count<W>{});
    ((part<K>(v) = packs[K]), ...);
  } else {
    ((part<K>(v) = simd::component<K>(packs)), ...);
  }
  return v;
}
template <int K, class V>
TENON_FN base_t<V> part_or_zero(const V& v) {
  if constexpr (K < parts_of<V>) {
    return part<K>(v);
  } else {
    return base_t<V>{};
  }
}
// Pack J of memory.
template <int J, class P, int N>
TENON_FN P pack_of(const P (&parts)[N]) {
  if constexpr (N == 2) {
    P packs[] = {parts[0], parts[1]};
    simd::detail::exchange_lanes<1>(packs[0], packs[1], simd::detail::Count<simd::lanes<P>>{});
    return packs[J];
  } else {
    return simd::interleaved<J>(parts);
  }
}
template <bool Add, class V, class T, int... J>
TENON_FN void store_duals(T* p, const V& v, simd::detail::Ints<J...>) {
  using P = base_t<V>;
  constexpr int W = simd::lanes<P>;
  const P parts[] = {part_or_zero<J>(v)...};
  if constexpr (Add) {
    (simd::store<P>(p + J * W, simd::load<P>(p + J * W) + pack_of<J>(parts)), ...);
  } else {
    (simd::store<P>(p + J * W, pack_of<J>(parts)), ...);
  }
}
template <class V, class T, int... K>
TENON_FN V splat_dual(const T* p, simd::detail::Ints<K...>) {
  V v;
  ((part<K>(v) = simd::broadcast<base_t<V>>(p[K])), ...);
  return v;
}
template <class T>
TENON_FN const base_t<T>* numbers_of(const T* p) {
  return reinterpret_cast<const base_t<T>*>(p);
}
template <class T>
TENON_FN base_t<T>* numbers_of(T* p) {
  return reinterpret_cast<base_t<T>*>(p);
}

// Lanes from storage type T to a register V: masks from bool, float from 16-bit floats.
template <class V, class T>
TENON_FN V load_lanes(const T* p) {
  if constexpr (dual_lanes<V>) {
    return load_duals<V>(numbers_of(p), parts_sequence<T>{}, parts_sequence<V>{});
  } else if constexpr (!simd::is_pack<V>) {
    return static_cast<V>(*p);
  } else if constexpr (is_bool<T>) {
    return simd::load_as<V>(p) != V{};
  } else if constexpr (!__is_same(compute_t<T>, T)) {
    return simd::load_floats<V>(p);
  } else {
    return simd::load<V>(p);
  }
}
template <class V, class T>
TENON_FN V splat(const T* p) {
  if constexpr (dual_lanes<V>) {
    return splat_dual<V>(numbers_of(p), parts_sequence<V>{});
  } else if constexpr (!simd::is_pack<V>) {
    return static_cast<V>(*p);
  } else if constexpr (is_bool<T>) {
    return simd::broadcast<V>(static_cast<simd::lane_t<V>>(*p ? -1 : 0));
  } else {
    return simd::broadcast<V>(static_cast<simd::lane_t<V>>(*p));
  }
}
// A register V to storage type T.
template <class T, class V>
TENON_FN void store_lanes(T* p, const V& v) {
  if constexpr (dual_lanes<V>) {
    store_duals<false>(numbers_of(p), v, parts_sequence<T>{});
  } else if constexpr (!simd::is_pack<V>) {
    *p = static_cast<T>(v);
  } else if constexpr (is_bool<T>) {
    auto bytes = __builtin_convertvector(-v, simd::rebind_t<V, signed char>);
    __builtin_memcpy(p, &bytes, sizeof(bytes));
  } else if constexpr (!__is_same(compute_t<T>, T)) {
    simd::store_floats(p, v);
  } else {
    simd::store(p, v);
  }
}
// Pack J of n numbers: where it begins, and how many are in it.
struct PackOfNumbers {
  index_t first, count;
};
template <int J, int W>
TENON_FN PackOfNumbers pack_of_numbers(index_t n) {
  const index_t first = n < J * W ? n : J * W;
  return {first, n - first < W ? n - first : W};
}
// The first m lanes only; of numbers in the type they are computed in.
template <class V, class T, int... J>
TENON_FN V load_some(const T* p, index_t m, simd::detail::Ints<J...>) {
  using P = base_t<V>;
  constexpr int W = simd::lanes<P>, N = static_cast<int>(sizeof...(J));
  base_t<T> staged[N * W];
  const auto load = [&](base_t<T>* to, PackOfNumbers k) {
    simd::store<P>(to, simd::load_partial<P>(numbers_of(p) + k.first, k.count));
  };
  (load(staged + J * W, pack_of_numbers<J, W>(m * N)), ...);
  return load_duals<V>(staged, parts_sequence<T>{}, parts_sequence<V>{});
}
template <class V, class T>
TENON_FN V load_some(const T* p, index_t m) {
  if constexpr (simd::is_pack<V>) {
    return simd::load_partial<V>(p, m);
  } else {
    return load_some<V>(p, m, parts_sequence<T>{});
  }
}
// to[i] += lane i of v, for the first m lanes.
template <class T, class V, int... J>
TENON_FN void add_some(T* to, const V& v, index_t m, simd::detail::Ints<J...>) {
  using P = base_t<V>;
  constexpr int W = simd::lanes<P>, N = static_cast<int>(sizeof...(J));
  const P parts[] = {part_or_zero<J>(v)...};
  const auto add = [&](const P& pack, PackOfNumbers k) {
    base_t<T>* const p = numbers_of(to) + k.first;
    simd::store_partial<P>(p, simd::load_partial<P>(p, k.count) + pack, k.count);
  };
  (add(pack_of<J>(parts), pack_of_numbers<J, W>(m * N)), ...);
}
template <class T, class V>
TENON_FN void add_lanes(T* to, const V& v, index_t m) {
  constexpr index_t W = simd::lanes<base_t<V>>;
  if constexpr (simd::is_pack<V>) {
    if (m == W)
      simd::store(to, simd::load<V>(to) + v);
    else
      simd::store_partial(to, simd::load_partial<V>(to, m) + v, m);
  } else if (m == W) {
    store_duals<true>(numbers_of(to), v, parts_sequence<T>{});
  } else {
    add_some(to, v, m, parts_sequence<T>{});
  }
}

// W elements of so many bytes in a buffer: m < W from p on, and for the rest the first one again.
template <int W, int Bytes>
TENON_INLINE void fill_up(char* buffer, const void* p, index_t m) {
  if constexpr (is_word(Bytes) && W * Bytes <= simd::native_bytes) {
    using V = simd::pack<simd::int_of<Bytes>, W>;
    const auto* from = static_cast<const Word<Bytes>*>(p);
    const V v = simd::select(simd::first_lanes<V>(m), simd::load_partial<V>(from, m), simd::broadcast<V>(*from));
    __builtin_memcpy(buffer, &v, sizeof(v));
  } else {
    const char* const from = static_cast<const char*>(p);
    for (int i = 0; i < W; ++i) __builtin_memcpy(buffer + i * Bytes, from, Bytes);
    for (index_t i = 1; i < m; ++i) __builtin_memcpy(buffer + i * Bytes, from + i * Bytes, Bytes);
  }
}
// The first m of W elements.
template <int W, class T>
TENON_INLINE void store_first(T* to, const T (&staged)[W], index_t m) {
  if constexpr (is_word(sizeof(T)) && W * sizeof(T) <= simd::native_bytes) {
    using V = simd::pack<simd::int_of<sizeof(T)>, W>;
    V v;
    __builtin_memcpy(&v, staged, sizeof(v));
    simd::store_partial<V>(reinterpret_cast<Word<sizeof(T)>*>(to), v, m);
  } else {
    for (index_t i = 0; i < m; ++i) to[i] = staged[i];
  }
}

// A register full of an element of any type that is a word.
template <int Bytes>
TENON_INLINE void repeat_element(char* to, const void* from) {
  using V = simd::native<simd::int_of<Bytes>>;
  const V v = simd::broadcast<V>(*static_cast<const Word<Bytes>*>(from));
  __builtin_memcpy(to, &v, sizeof(v));
}
inline void repeat_element(char* to, const void* from, index_t bytes) {
  if (bytes == 4)
    repeat_element<4>(to, from);
  else if (bytes == 8)
    repeat_element<8>(to, from);
  else if (bytes == 2)
    repeat_element<2>(to, from);
  else
    repeat_element<1>(to, from);
}
// As many elements of so many bytes as a kernel has lanes.
inline void repeat_element(char* to, const void* from, index_t bytes, index_t lanes) {
  if (is_word(bytes) && bytes * lanes <= simd::native_bytes) return repeat_element(to, from, bytes);
  copy_wide(to, {1, lanes, 0, 1}, from, {0, lanes, 0, 1}, bytes);
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
