// tenon/exec/cpu/wanted.hpp: which adjoints the reverse sweep of a program wants, and what it must know for them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In relu(z + b) the adjoint of z can be had of the result alone, in z * b of b, in gelu(z) of z: `knows_derivative`
// says whether a leaf need not be kept when the result is. It asks the rules of the ops; no op is named here.
#pragma once
#include <tenon/exec/cpu/registers.hpp>
#include <tenon/expr/program.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// Which instructions' adjoints are wanted: those that are active and reach the result through ops with derivatives.
template <class P, int W>
struct Wanted;
template <class... I, int W>
struct Wanted<Program<I...>, W> {
  using P = Program<I...>;
  static constexpr int size = P::size;
  struct Table {
    bool wanted[size] = {};
  };
  template <class Op, int J, class T, int... Operand>
  static constexpr bool gives() {
    if constexpr (tenon::detail::is_cast<Op>) {
      return true;
    } else {
      using Given = bare_t<decltype(partial<J>(
          partials_of<Op>(tenon::detail::some<register_t<T, P, W>>(),
                          tenon::detail::some<register_t<typename at_t<Operand, TypeList<I...>>::type, P, W>>()...)))>;
      return !__is_same(Given, NoPartial);
    }
  }
  template <int K, class T, bool C, bool A>
  static constexpr void mark(Table&, Load<T, C, A>*) {}
  template <int K, class Op, class T, bool A, int... Back>
  static constexpr void mark(Table& t, Call<Op, T, A, Back...>*) {
    if constexpr (A) mark_operands<Op, T, K - Back...>(t, t.wanted[K], make_seq<static_cast<int>(sizeof...(Back))>{});
  }
  template <class Op, class T, int... Operand, int... J>
  static constexpr void mark_operands(Table& t, bool wanted, Seq<J...>) {
    ((t.wanted[Operand] = wanted && at_t<Operand, TypeList<I...>>::active && gives<Op, J, T, Operand...>()), ...);
  }
  template <int... K>
  static constexpr Table make(Seq<K...>) {
    Table t;
    t.wanted[size - 1] = at_t<size - 1, TypeList<I...>>::active;
    (mark<size - 1 - K>(t, static_cast<at_t<size - 1 - K, TypeList<I...>>*>(nullptr)), ...);
    return t;
  }
  static constexpr Table table = make(make_seq<size>{});
};

template <class P>
constexpr int load_instruction(int load) {
  int k = 0;
  while (P::load_index(k + 1) <= load) ++k;
  return k;
}

// What is known of program P when load At is not, but its result is: what is computed of other loads. `runs`: what of
// that is to be computed.
template <class P, int At>
struct KnownOf;
template <class... I, int At>
struct KnownOf<Program<I...>, At> {
  using P = Program<I...>;
  using List = TypeList<I...>;
  static constexpr int size = P::size;
  struct Table {
    bool at[size] = {};
    constexpr bool operator[](int k) const { return at[k]; }
  };
  template <int K, class T, bool C, bool A>
  static constexpr void mark(Table& t, Load<T, C, A>*) {
    t.at[K] = P::load_index(K) != At;
  }
  template <int K, class Op, class T, bool A, int... Back>
  static constexpr void mark(Table& t, Call<Op, T, A, Back...>*) {
    t.at[K] = (t.at[K - Back] && ...);
  }
  template <int... K>
  static constexpr Table make(Seq<K...>) {
    Table t;
    (mark<K>(t, static_cast<I*>(nullptr)), ...);
    return t;
  }
  static constexpr Table known = make(make_seq<size>{});
  // The load itself is where the result is found.
  static constexpr Table runs = [] {
    Table t = known;
    t.at[load_instruction<P>(At)] = true;
    return t;
  }();

  template <int K>
  struct ValueOf {
    using type = register_t<typename at_t<K, List>::type, P, 1>;
  };
  template <int K>
  requires(!known[K] && K != size - 1) struct ValueOf<K> {
    using type = Unknown;
  };
  template <int K>
  using value_of = typename ValueOf<K>::type;
  template <int K, class In>
  static constexpr bool gives(In*) {
    return true;
  }
  template <int K, class Op, class T, bool A, int... Back>
  static constexpr bool gives(Call<Op, T, A, Back...>*) {
    if constexpr (Wanted<P, 1>::table.wanted[K] && !tenon::detail::is_cast<Op>) {
      return gives_all<K, Op, K - Back...>(make_seq<static_cast<int>(sizeof...(Back))>{});
    } else {
      return true;
    }
  }
  template <int K, class Op, int... Operand, int... J>
  static constexpr bool gives_all(Seq<J...>) {
    return ((!Wanted<P, 1>::table.wanted[Operand] || has_known_partial<Op, J, value_of<K>, value_of<Operand>...>)&&...);
  }
  template <int... K>
  static constexpr bool gives_each(Seq<K...>) {
    return (gives<K>(static_cast<I*>(nullptr)) && ...);
  }
};
/// Whether all adjoints that the sweep of P wants can be had of its result and of its loads but At.
template <class P, int At>
inline constexpr bool knows_derivative = KnownOf<P, At>::gives_each(make_seq<P::size>{});

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
