// tenon/exec/in_registers.hpp: statements over few numbers of static extents, from registers to registers.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the types tell how many numbers there are and where they lie, nothing is left to find out when a statement
// runs: operands are loaded whole, turned and repeated by shuffles, and computed with in place, without a call. All is
// read before anything is written, so that operands may overlap the result.
#pragma once
#include <tenon/exec/cpu/row.hpp>
#include <tenon/exec/hoist.hpp>
#include <tenon/exec/located.hpp>
#include <tenon/exec/moments.hpp>
#include <tenon/exec/picked_lanes.hpp>
#include <tenon/expr/program.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// Numbers that a register holds as memory does.
template <class T>
inline constexpr bool held_as_stored = is_real<T> && !is_bool<T> && __is_same(compute_t<T>, T);

// ---- operands ------------------------------------------------------------------------------------------------------

// The operands of N's program, in the order of its loads.
template <class N>
struct OperandsOf {
  using type = TypeList<N>;
};
template <class Op, class T, class Args, class... N>
struct OperandsOf<Map<Op, T, Args, N...>> {
  using type = concat_t<typename OperandsOf<N>::type...>;
};

// How operand L of a statement over extents E is met: as one number, by a map that the types tell (few results of a
// reduction or product come to lie so), as a view of all of E whose strides come when it runs, or not here.
enum class Met : unsigned char { number, fixed, view, otherwise };
template <class L, class E>
inline constexpr Met met = [] {
  using T = typename L::value_type;
  using F = typename L::extents_type;
  if (!F::is_static || !held_as_stored<T>) return Met::otherwise;
  if (cut_node<L>) return tenon::detail::shares_by_value<L> ? Met::fixed : Met::otherwise;
  if (!Located<L>::known) return Met::otherwise;
  if (Located<L>::fixed) return Met::fixed;
  return __is_same(F, E) && (F::rank == 1 || F::rank == 2) ? Met::view : Met::otherwise;
}();
template <class T, class E>
inline constexpr Met met<Scalar<T>, E> = held_as_stored<T> ? Met::number : Met::otherwise;

// How they are held: pointers to what the types locate, numbers, and views, which are loaded at once; of more numbers
// than these only views in rows are met, each register when it is needed.
inline constexpr index_t most_viewed = 64;
template <class L, Met How, class E, int W>
struct HeldOperand {
  const typename L::value_type* data = nullptr;
  TENON_INLINE void take(const L& n) { data = Located<L>::data(n); }
};
template <class T, class E, int W>
struct HeldOperand<Scalar<T>, Met::number, E, W> {
  T number{};
  TENON_INLINE void take(const Scalar<T>& n) { number = n.number; }
};
template <class L, class E, int W>
struct HeldOperand<L, Met::view, E, W> {
  using T = bare_t<decltype(*Located<L>::data(tenon::detail::some<const L&>()))>;
  static constexpr bool whole = W > 1 && static_size<E> <= most_viewed;
  const T* data = nullptr;
  bool in_rows = true;
  HeldView<T, W, E> view;

  TENON_INLINE void take(const L& n) {
    const StridedMap m = Located<L>::map(n);
    data = Located<L>::data(n) + m.offset;
    // What gcc knows of the tensor it would hold against the branches below that are not taken: -Warray-bounds.
    asm("" : "+r"(data));
    if constexpr (whole) {
      view.load(data, m.strides.d[0], m.strides.d[E::rank - 1]);
    } else {
      constexpr StridedMap rows = InRows<E>::map();
      for (int a = 0; a < E::rank; ++a)  // strides of extents of 1 do not matter
        in_rows = in_rows && (E::static_extent(a) == 1 || m.strides.d[a] == rows.strides.d[a]);
    }
  }
};
template <class L, class E, int W>
requires(cut_node<L>) struct HeldOperand<L, Met::fixed, E, W> {
  Value<typename L::value_type, typename L::extents_type> value;
  const typename L::value_type* data = nullptr;
  TENON_INLINE void take(const L& n) {
    value = value_of(n);
    data = value.values;
  }
};

// ---- their lanes ---------------------------------------------------------------------------------------------------

// The maps of operands that the types tell.
template <class L>
struct ByType {
  static constexpr StridedMap map() { return Located<L>::fixed_map(); }
};
template <class L>
requires(cut_node<L>) struct ByType<L> : ByType<Value<typename L::value_type, typename L::extents_type>> {
};
// Gives lanes of the operands.
template <class E, int W, int Pack, class Held, class... L>
struct LanesOfOperands {
  Held& held;
  template <int J, class V, class T>
  TENON_INLINE V operator()(Seq<J>, TypeTag<V>, TypeTag<T>) const {
    using N = at_t<J, TypeList<L...>>;
    const auto& x = tenon::detail::reg<J>(held);
    if constexpr (met<N, E> == Met::number) {
      return simd::broadcast<V>(x.number);
    } else if constexpr (met<N, E> == Met::fixed) {
      return load_by<V, ByType<N>, E, Pack>(x.data, make_seq<W>{});
    } else if constexpr (!simd::is_pack<V>) {
      return *x.data;
    } else if constexpr (bare_t<decltype(x)>::whole) {
      return x.view.pack[Pack];
    } else {
      return load_by<V, InRows<E>, E, Pack>(x.data, make_seq<W>{});
    }
  }
};

// ---- statements ----------------------------------------------------------------------------------------------------

template <class P>
inline constexpr int work_of = 0;
template <class... I>
inline constexpr int work_of<Program<I...>> = static_cast<int>(sizeof...(I)) + (cost_of<I> + ... + 0);

// How many instructions P is about, where elementary functions are many and a division is one, long as it takes.
template <class P>
inline constexpr int length_of = 0;
template <class... I>
inline constexpr int length_of<Program<I...>> = static_cast<int>(sizeof...(I)) +
                                                ((cost_of<I> > 8 ? cost_of<I> : 0) + ... + 0);

template <class P>
inline constexpr int most_cost = 0;
template <class... I>
inline constexpr int most_cost<Program<I...>> = [] {
  int most = 0;
  ((most = cost_of<I> > most ? cost_of<I> : most), ...);
  return most;
}();
// Lanes for so many numbers: the narrowest register that holds them, or native ones, and always those for elementary
// functions, for which narrow registers lack instructions.
template <class P>
constexpr int lanes_for(index_t size) {
  constexpr int widest = tenon::detail::widest(static_cast<P*>(nullptr));
  int lanes = lanes_of<P>;
  while (lanes / 2 >= size && (lanes / 2 * widest >= 16 || size == 1) && (most_cost<P> <= 8 || size == 1)) lanes /= 2;
  return lanes;
}
// An int cannot count all the registers of the largest tensors: `limit` stands for as many and more.
constexpr int count_up_to(int limit, index_t n) { return n < limit ? static_cast<int>(n) : limit; }
template <class P>
inline constexpr bool all_held_as_stored = false;
template <class... I>
inline constexpr bool all_held_as_stored<Program<I...>> = ((is_real<typename I::type> ||
                                                            is_bool<typename I::type>)&&...);
/// Node N written into dense elements Out without more than registers. `possible`: the types allow it; `always`:
/// whatever the strides of views are.
template <class N, class Out, class List = typename OperandsOf<N>::type>
struct InRegisters;
template <class N, class Out, class... L>
struct InRegisters<N, Out, TypeList<L...>> {
  using P = program_of<N>;
  using E = typename N::extents_type;
  static constexpr index_t size = E::is_static ? static_size<E> : 0;
  static constexpr int W = lanes_for<P>(size), most_packs = 16;
  static constexpr int packs = count_up_to(most_packs + 1, (size + W - 1) / W);
  static constexpr int work = packs * work_of<P>;
  static constexpr bool is_short = packs * length_of<P> <= 32;  // not worth a call
  static constexpr bool few = size > 0 && lanes_of<P> > 1 && work <= 160 && packs <= most_packs;

  // Elements that are loaded one by one.
  template <class M, int... K>
  static constexpr int single_lanes(Seq<K...>) {
    if constexpr (met<M, E> == Met::fixed && W > 1) {
      return (0 + ... + (lane_by_lane<typename M::value_type, W, ByType<M>, E, K> ? W : 0));
    } else {
      return 0;
    }
  }
  static constexpr bool is_possible() {
    if constexpr (!few || !all_held_as_stored<P> || !held_as_stored<Out> || !__is_same(typename P::result, Out)) {
      return false;
    } else if constexpr (((met<L, E> == Met::otherwise) || ...)) {
      return false;
    } else {
      return !has_moments<N> && (0 + ... + single_lanes<L>(make_seq<packs>{})) <= 32;
    }
  }
  static constexpr bool possible = is_possible();
  static constexpr bool always = possible && (size <= most_viewed || ((met<L, E> != Met::view) && ...));

  /// f of all packs; the last one may have idle lanes.
  template <class F>
  TENON_INLINE static auto packs_to(const F& f, const N& n) requires(always) {
    return given(f, n, make_seq<packs>{});
  }
  /// False if a view is in the way.
  TENON_INLINE static bool run(const N& n, Out* out) {
    if constexpr (is_short) {
      return write(n, out, make_seq<packs>{});
    } else {
      return called(N(n), out);  // a copy: a node whose address is taken would stay in memory
    }
  }

 private:
  using Held =
      tenon::detail::RegisterFile<make_seq<static_cast<int>(sizeof...(L))>, HeldOperand<L, met<L, E>, E, W>...>;

  template <int First, class A>
  TENON_INLINE static void take(const A& a, Held& held) {
    tenon::detail::reg<First>(held).take(a);
  }
  template <int First, class Op, class T, class Args, class... A>
  TENON_INLINE static void take(const Map<Op, T, Args, A...>& a, Held& held) {
    take_operands<First>(a, held, make_seq<static_cast<int>(sizeof...(A))>{});
  }
  template <int First, class Op, class T, class Args, class... A, int... I>
  TENON_INLINE static void take_operands(const Map<Op, T, Args, A...>& a, Held& held, Seq<I...>) {
    constexpr auto before = [](int i) {
      constexpr int loads[] = {OperandsOf<A>::type::size...};
      int sum = 0;
      while (i > 0) sum += loads[--i];
      return sum;
    };
    (take<First + before(I)>(operand_at<I>(a.operands), held), ...);
  }
  template <int K>
  TENON_INLINE static bool dense(Held& held) {
    if constexpr (met<at_t<K, TypeList<L...>>, E> == Met::view) {
      return tenon::detail::reg<K>(held).in_rows;
    } else {
      return true;
    }
  }
  template <int... K>
  TENON_INLINE static bool all_dense(Held& held, Seq<K...>) {
    return (dense<K>(held) && ...);
  }
  template <int Pack>
  TENON_INLINE static auto value(Held& held) {
    Machine<P, W> machine;
    machine.run(LanesOfOperands<E, W, Pack, Held, L...>{held});
    return machine.result();
  }
  template <class F, int... K>
  TENON_INLINE static auto given(const F& f, const N& n, Seq<K...>) {
    Held held;
    take<0>(n, held);
    return f(value<K>(held)...);
  }
  template <int Pack, class V>
  TENON_INLINE static void put(Out* out, const V& v) {
    constexpr index_t left = size - static_cast<index_t>(Pack) * W;
    simd::store_first<static_cast<int>(left < W ? left : W)>(out + Pack * W, v);
  }
  template <int... K>
  TENON_INLINE static bool write(const N& n, Out* out, Seq<K...>) {
    Held held;
    take<0>(n, held);
    if constexpr (!always)
      if (!all_dense(held, make_seq<static_cast<int>(sizeof...(L))>{})) return false;
    const register_t<Out, P, W> v[] = {value<K>(held)...};
    (put<K>(out, v[K]), ...);
    return true;
  }
  [[gnu::noinline]] static bool called(const N& n, Out* out) { return write(n, out, make_seq<packs>{}); }
};
template <class N, class Out>
inline constexpr bool goes_in_registers = InRegisters<N, Out>::possible;

/// The same into elements that lie as `target` says.
template <class N, class Out>
TENON_INLINE bool write_in_registers(const N& n, Out* out, const StridedMap& target) {
  using E = typename N::extents_type;
  if (is_dense(target)) return InRegisters<N, Out>::run(n, out + target.offset);
  if constexpr (E::rank == 1 || E::rank == 2) {
    constexpr index_t columns = E::static_extent(E::rank - 1), rows = static_size<E> / columns;
    const index_t outer = E::rank == 2 ? target.strides.d[0] : 0, inner = target.strides.d[E::rank - 1];
    out += target.offset;
    using Statement = InRegisters<N, Out>;
    if constexpr (Statement::always && Statement::is_short && Statement::W > 1) {
      using Held = HeldView<Out, Statement::W, E>;
      if constexpr (Held::piece > 0)
        if (inner == 1) {
          Statement::packs_to(
              [=](const auto&... v) __attribute__((always_inline)) { Held{{v...}}.store_rows(out, outer); }, n);
          return true;
        }
    }
    Out aside[static_cast<size_t>(static_size<E>)];
    if (!Statement::run(n, aside)) return false;
    for (index_t i = 0; i < rows; ++i)
      for (index_t j = 0; j < columns; ++j) out[i * outer + j * inner] = aside[i * columns + j];
    return true;
  }
  return false;
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
