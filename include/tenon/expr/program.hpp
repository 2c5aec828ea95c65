// tenon/expr/program.hpp: an expression flattened once into a straight-line program, and how a program runs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program is a list of instructions: `Load` takes the next leaf of the table, `Call<Op>` applies an op to earlier
// results, named by their distance back. Its type holds structure and element types only; pointers, strides and numbers
// are in the flat table of Sources, so `a * b + c` is one type whatever a, b and c are. Cuts (reductions, contractions,
// opaque ops) are loads. `run` computes one value: W = 1 elements, or W lanes at once.
#pragma once
#include <tenon/expr/map.hpp>
#include <tenon/ops/derivative.hpp>
#include <tenon/simd/pack.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Instruction: the next leaf, stored as T. Constant: it is one element (a scalar), known by its type.
template <class T, bool Constant, bool Active = false>
struct Load {
  using type = T;
  static constexpr bool is_load = true, constant = Constant, active = Active;
};
/// Instruction: Op on the results `Back` steps back; T is the result's type.
template <class Op, class T, bool Active, int... Back>
struct Call {
  using type = T;
  static constexpr bool is_load = false, active = Active;
};
/// A straight-line program; the last instruction is its result.
template <class... I>
struct Program {
  static constexpr int size = static_cast<int>(sizeof...(I));
  static constexpr int loads = (0 + ... + (I::is_load ? 1 : 0));
  using instructions = TypeList<I...>;
  using result = typename at_t<static_cast<int>(sizeof...(I)) - 1, TypeList<I...>>::type;
  /// For each instruction, the number of loads before it.
  TENON_HD static constexpr int load_index(int instruction) {
    constexpr bool is_load[] = {I::is_load...};
    int n = 0;
    for (int k = 0; k < instruction; ++k) n += is_load[k];
    return n;
  }
};

// ---- flattening ----------------------------------------------------------------------------------------------------

namespace detail {

// A node's instructions. Primary: leaves and cuts.
template <class N>
struct Lower {
  using T = typename N::value_type;
  using type = TypeList<Load<primal_t<T>, static_size<typename N::extents_type> == 1, is_taped<T>>>;
};
template <class M, class A>
struct Lower<Movement<M, A>> : Lower<A> {};

// An operand, followed by the conversion to the type the op wants where the types differ.
template <class N, class Arg>
struct LowerAs {
  using From = primal_t<typename N::value_type>;
  using To = primal_t<Arg>;
  using type = typename Lower<N>::type;
};
template <class N, class Arg>
requires(!__is_same(compute_t<base_t<typename N::value_type>>, compute_t<base_t<Arg>>)) struct LowerAs<N, Arg> {
  using T = rebase_t<typename N::value_type, compute_t<base_t<Arg>>>;
  using type =
      concat_t<typename Lower<N>::type, TypeList<Call<op::Cast<compute_t<base_t<Arg>>>, primal_t<T>, is_taped<T>, 1>>>;
};

template <int... Length>
struct Distances {
  // Operand k's result is as far back as the instructions of the operands after it, plus one.
  static constexpr int back(int k) {
    constexpr int length[] = {Length...};
    int d = 1;
    for (int i = k + 1; i < static_cast<int>(sizeof...(Length)); ++i) d += length[i];
    return d;
  }
};
template <class Op, class T, class S, class... List>
struct CallOf;
template <class Op, class T, int... I, class... List>
struct CallOf<Op, T, Seq<I...>, List...> {
  using type = Call<Op, primal_t<T>, is_taped<T>, Distances<List::size...>::back(I)...>;
};
template <class Op, class T, class Args, class... N>
struct LowerMap;
template <class Op, class T, class... Arg, class... N>
struct LowerMap<Op, T, TypeList<Arg...>, N...> {
  using call =
      typename CallOf<Op, T, make_seq<static_cast<int>(sizeof...(N))>, typename LowerAs<N, Arg>::type...>::type;
  using type = concat_t<typename LowerAs<N, Arg>::type..., TypeList<call>>;
};
template <class Op, class T, class Args, class... N>
struct Lower<Map<Op, T, Args, N...>> : LowerMap<Op, T, Args, N...> {};

}  // namespace detail

/// The program of a node.
template <class N>
using program_of = apply_t<typename detail::Lower<N>::type, Program>;

namespace detail {
template <class I>
struct Untaped;
template <class T, bool C, bool A>
struct Untaped<Load<T, C, A>> {
  using type = Load<T, C, false>;
};
template <class Op, class T, bool A, int... Back>
struct Untaped<Call<Op, T, A, Back...>> {
  using type = Call<Op, T, false, Back...>;
};
template <class P>
struct UntapedProgram;
template <class... I>
struct UntapedProgram<Program<I...>> {
  using type = Program<typename Untaped<I>::type...>;
};
}  // namespace detail
/// The same program of operands that are not on a tape.
template <class P>
using untaped = typename detail::UntapedProgram<P>::type;

// ---- running -------------------------------------------------------------------------------------------------------

/// Duals of more numbers than these are computed element by element.
inline constexpr index_t most_parts = 5;

namespace detail {

// Duals are held part by part, one layer of them. Many tangents fill packs by themselves, and many operands the buffers
// that strided ones go through.
template <class T>
inline constexpr bool is_packable_dual = (__is_same(base_t<T>, float) || __is_same(base_t<T>, double)) &&
                                         has_real_parts<T>&& parts_of<T> > 1 && parts_of<T> <= most_parts;
template <class T>
inline constexpr bool packable = is_real<T> || is_packable_dual<T>;

template <class T>
inline constexpr int number_bytes = static_cast<int>(sizeof(compute_t<T>));
template <class T>
requires(is_packable_dual<T>) inline constexpr int number_bytes<T> = static_cast<int>(sizeof(base_t<T>));
template <class... I>
constexpr int widest(Program<I...>*) {
  int w = 1;
  ((w = number_bytes<typename I::type> > w ? number_bytes<typename I::type> : w), ...);
  return w;
}
template <class... I>
constexpr bool all_packable(Program<I...>*) {
  return (packable<typename I::type> && ...) &&
         (Program<I...>::loads <= 12 || !(is_packable_dual<typename I::type> || ...));
}

// A result of type T in W lanes, a dual of packs of its parts; masks have lanes of Bytes, the widest type of the
// program.
template <class T, int W, int Bytes>
struct RegisterOf {
  using type = simd::pack<compute_t<T>, W>;
};
template <class T, int W, int Bytes>
requires(W > 1 && is_packable_dual<T>) struct RegisterOf<T, W, Bytes> {
  using type = rebase_t<T, simd::pack<base_t<T>, W>>;
};
template <int W, int Bytes>
struct RegisterOf<bool, W, Bytes> {
  using type = simd::pack<simd::int_of<Bytes>, W>;
};
template <class T, int Bytes>
struct RegisterOf<T, 1, Bytes> {
  using type = compute_t<T>;
};
template <int Bytes>
struct RegisterOf<bool, 1, Bytes> {
  using type = bool;
};

template <int I, class V>
struct Register {
  V v;
};
template <class S, class... V>
struct RegisterFile;
template <int... I, class... V>
struct RegisterFile<Seq<I...>, V...> : Register<I, V>... {};
template <int I, class V>
TENON_FN V& reg(Register<I, V>& r) {
  return r.v;
}

}  // namespace detail

/// Lanes a program is computed in: those of its widest type; 1 if a type has no packs (or the compiler has none).
template <class P>
inline constexpr int lanes_of = simd::is_pack<simd::native<float>>&& detail::all_packable(static_cast<P*>(nullptr))
                                    ? simd::native_bytes / detail::widest(static_cast<P*>(nullptr))
                                    : 1;
template <class P>
inline constexpr int mask_bytes = detail::widest(static_cast<P*>(nullptr));

/// What a value of type T is held in while program P runs W lanes wide.
template <class T, class P, int W>
using register_t = typename detail::RegisterOf<T, W, mask_bytes<P>>::type;

namespace detail {

template <class P, int W, class... I>
using registers_for = RegisterFile<make_seq<static_cast<int>(sizeof...(I))>, register_t<typename I::type, P, W>...>;

// A comparison's mask in the program's mask width; other values as they are.
template <class V, class X>
TENON_FN V settle(X x) {
  if constexpr (__is_same(V, X)) {
    return x;
  } else if constexpr (simd::is_pack<X> && simd::is_pack<V>) {
    return __builtin_convertvector(x, V);
  } else {
    return static_cast<V>(x);
  }
}

// Conversions between bool and numbers need to know that an integer pack is a mask.
template <class Op>
inline constexpr bool is_cast = false;
template <class To>
inline constexpr bool is_cast<op::Cast<To>> = true;

template <class Op, class T, class From, class V, class X>
TENON_FN V call_cast(X x) {
  if constexpr (!simd::is_pack<X>) {
    return settle<V>(apply<Op>(x));
  } else if constexpr (is_bool<From> && is_bool<T>) {
    return x;
  } else if constexpr (is_bool<From>) {
    return __builtin_convertvector(-x, V);  // a set lane is -1
  } else if constexpr (is_bool<T>) {
    return settle<V>(x != X{});
  } else {
    return settle<V>(apply<Op>(x));
  }
}

}  // namespace detail

/// Runs programs: the results of all instructions, lane by lane.
template <class P, int W>
struct Machine;
template <class... I, int W>
struct Machine<Program<I...>, W> {
  using P = Program<I...>;
  using List = TypeList<I...>;
  detail::registers_for<P, W, I...> file;

  /// Computes every instruction in order; `load(Seq<k>, TypeTag<V>, TypeTag<T>)` gives leaf k, stored as T, as a V.
  template <class L>
  TENON_FN void run(const L& load) {
    run_all(load, make_seq<P::size>{});
  }
  /// The same for the instructions of which `Which::runs` says so; the results of others are zero.
  template <class Which, class L>
  TENON_FN void run_some(const L& load) {
    run_those<Which>(load, make_seq<P::size>{});
  }
  template <int K>
  TENON_FN auto& at() {
    return detail::reg<K>(file);
  }
  TENON_FN auto& result() { return detail::reg<P::size - 1>(file); }

 private:
  template <class L, int... K>
  TENON_FN void run_all(const L& load, Seq<K...>) {
    (step<K>(load, static_cast<I*>(nullptr)), ...);
  }
  template <class Which, class L, int... K>
  TENON_FN void run_those(const L& load, Seq<K...>) {
    (step_if<Which::runs[K], K>(load, static_cast<I*>(nullptr)), ...);
  }
  template <bool Runs, int K, class L, class In>
  TENON_FN void step_if(const L& load, In* instruction) {
    if constexpr (Runs) {
      step<K>(load, instruction);
    } else {
      at<K>() = bare_t<decltype(at<K>())>{};
    }
  }
  template <int K, class L, class T, bool C, bool A>
  TENON_FN void step(const L& load, Load<T, C, A>*) {
    at<K>() = load(Seq<P::load_index(K)>{}, TypeTag<register_t<T, P, W>>{}, TypeTag<T>{});
  }
  template <int K, class L, class Op, class T, bool A, int... Back>
  TENON_FN void step(const L&, Call<Op, T, A, Back...>*) {
    using V = register_t<T, P, W>;
    if constexpr (detail::is_cast<Op>) {
      constexpr int from = (K - ... - Back);
      at<K>() = detail::call_cast<Op, T, typename at_t<from, List>::type, V>(at<from>());
    } else {
      at<K>() = detail::settle<V>(apply<Op>(at<K - Back>()...));
    }
  }
};

}  // namespace TENON_ABI
}  // namespace tenon
