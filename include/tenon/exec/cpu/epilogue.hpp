// tenon/exec/cpu/epilogue.hpp: fuses the pointwise consumer of a contraction into its tiles.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The consumer's row kernel reads finished rows of the product while they are in the first-level cache and writes the
// target; the product itself is never stored. One contraction of a consumer is fused, the first whose extents are the
// consumer's; others below it are evaluated first. A product of few numbers lies on the stack instead, and the consumer
// is a statement over it: what a tile's epilogue needs to know takes longer to find out. Taped elements come here from
// their own statements (ad/epilogue_record.hpp), with operands in memory.
#pragma once
#include <tenon/exec/cpu/contract.hpp>
#include <tenon/exec/cpu/finishing_tile.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

// How many loads N's program has, and which of them is the product to fuse (-1: none).
template <class N>
struct ProductIn {
  static constexpr int loads = 1, at = -1;
};
template <class M, class A>
struct ProductIn<Movement<M, A>> {
  static constexpr int loads = ProductIn<A>::loads, at = -1;
};
template <class Spec, class E, class A, class B>
struct ProductIn<Contract<Spec, E, A, B>> {
  using C = Contract<Spec, E, A, B>;
  // On a tape a product is a part of its consumer's statement for other reasons than how it is computed.
  template <class T>
  static constexpr bool fits = is_real<T> || (is_taped<typename C::value_type> && has_real_parts<primal_t<T>>);
  static constexpr int loads = 1,
                       at = fits<typename C::value_type> && fits<typename A::value_type> && fits<typename B::value_type>
                                ? 0
                                : -1;
};
template <class Op, class T, class Args, class... N>
struct ProductIn<Map<Op, T, Args, N...>> {
  static constexpr int loads = (ProductIn<N>::loads + ... + 0);
  static constexpr int first() {
    constexpr int l[] = {ProductIn<N>::loads..., 0}, a[] = {ProductIn<N>::at..., 0};
    for (int i = 0, before = 0; i < static_cast<int>(sizeof...(N)); before += l[i++])
      if (a[i] >= 0) return before + a[i];
    return -1;
  }
  static constexpr int operand() {
    constexpr int a[] = {ProductIn<N>::at..., 0};
    int i = 0;
    while (a[i] < 0) ++i;
    return i;
  }
  static constexpr int at = first();
};

template <class N>
const auto& product_of(const N& n) {
  if constexpr (cut_node<N>) {
    return n;
  } else {
    return product_of(operand_at<ProductIn<N>::operand()>(n.operands));
  }
}

// As fill, but leaves out the product that product_of finds.
template <bool OnPath, class N>
void fill_around(const N& n, const Dims& extents, Source*& out);
template <class Op, class T, class Args, class... N, int... I>
void fill_operands(const Map<Op, T, Args, N...>& n, const Dims& extents, Source*& out, Seq<I...>) {
  (fill_around<I == ProductIn<Map<Op, T, Args, N...>>::operand()>(operand_at<I>(n.operands), extents, out), ...);
}
template <bool OnPath, class N>
void fill_around(const N& n, const Dims& extents, Source*& out) {
  if constexpr (!OnPath) {
    fill_broadcast(n, extents, out);
  } else if constexpr (cut_node<N>) {
    ++out;
  } else {
    fill_operands(n, extents, out, make_seq<N::operand_types::size>{});
  }
}

// The program with its load `At` of type S: the product's sum as it comes, not rounded to its storage type.
template <class I, class S, bool Here>
struct SwapLoad {
  using type = I;
};
template <class T, bool C, bool A, class S>
struct SwapLoad<Load<T, C, A>, S, true> {
  using type = Load<S, C, A>;
};
template <class P, int At, class S, class Q>
struct WithSum;
template <class... I, int At, class S, int... J>
struct WithSum<Program<I...>, At, S, Seq<J...>> {
  using P = Program<I...>;
  using type = Program<typename SwapLoad<I, S, P::load_index(J) == At>::type...>;
};

// Whether an instruction gives the same for the two before it in either order.
template <class I>
inline constexpr bool commutes = false;
template <class T, bool A>
inline constexpr bool commutes<Call<op::Add, T, A, 2, 1>> = true;
template <class T, bool A>
inline constexpr bool commutes<Call<op::Multiply, T, A, 2, 1>> = true;

// The program with load At, the sum, first where it meets another load: b + sum shares the kernels of sum + b.
// `turned`: what was before it comes after it.
template <class P, int At>
struct SumFirst {
  template <int J>
  using instruction = at_t<J, typename P::instructions>;
  template <int... J>
  static constexpr int place(Seq<J...>) {
    return ((instruction<J>::is_load && P::load_index(J) == At ? J : 0) + ...);
  }
  static constexpr int at = place(make_seq<P::size>{});
  static constexpr bool find_turned() {
    if constexpr (at > 0 && at + 1 < P::size)
      return instruction<at - 1>::is_load && commutes<instruction<at + 1>>;
    else
      return false;
  }
  static constexpr bool turned = find_turned();
  static constexpr int from(int j) { return !turned ? j : j == at ? at - 1 : j == at - 1 ? at : j; }
  template <int... J>
  static auto order(Seq<J...>) -> Program<instruction<from(J)>...>;
  using type = decltype(order(make_seq<P::size>{}));
  static constexpr int load = turned ? At - 1 : At;
};

// Consumer n with its product in memory, dense.
template <class N, class S>
auto over_product(const N& n, const S* product);
template <bool OnPath, class N, class S>
auto over_operand(const N& n, const S* product) {
  if constexpr (OnPath) {
    return over_product(n, product);
  } else {
    return N(n);
  }
}
template <class Op, class T, class Args, class... N, class S, int... I>
auto over_operands(const Map<Op, T, Args, N...>& n, const S* product, Seq<I...>) {
  constexpr int path = ProductIn<Map<Op, T, Args, N...>>::operand();
  return Map<Op, T, Args, decltype(over_operand<I == path>(operand_at<I>(n.operands), product))...>(
      over_operand<I == path>(operand_at<I>(n.operands), product)...);
}
template <class N, class S>
auto over_product(const N& n, const S* product) {
  if constexpr (cut_node<N>) {
    return borrowed<S>(product, n.extents());
  } else {
    return over_operands(n, product, make_seq<N::operand_types::size>{});
  }
}

// Whether N is a cast of the product P to what it is summed in.
template <class N, class P, class S>
inline constexpr bool is_cast_of = false;
template <class Args, class P, class S>
inline constexpr bool is_cast_of<Map<op::Cast<S>, S, Args, P>, P, S> = true;

template <class N>
inline constexpr bool has_epilogue = false;
template <class Op, class T, class Args, class... N>
inline constexpr bool has_epilogue<Map<Op, T, Args, N...>> =
    !is_taped<T> && ProductIn<Map<Op, T, Args, N...>>::at >= 0 &&
    ProductIn<Map<Op, T, Args, N...>>::loads <= Epilogue::max_leaves;

}  // namespace detail

template <class N>
requires(detail::has_epilogue<N>) struct DirectWrite<N> {
  static constexpr bool possible = true, complete = true;
  static const auto& contraction(const N& n) { return detail::product_of(n); }
  using Product = bare_t<decltype(detail::product_of(*static_cast<const N*>(nullptr)))>;
  using T = typename Product::value_type;
  using E = typename Product::extents_type;
  static constexpr bool small = requires(const Product& p, T* out) { DirectWrite<Product>::run_small(p, out, true); };
  /// Into dense elements; false if the product is not small.
  template <class Out>
  TENON_INLINE static bool run_small(const N& n, Out* out, bool noalias) requires(small) {
    if constexpr (is_short()) {
      return over_small(
          n, [&](const auto& consumer) __attribute__((always_inline)) { assign_dense(consumer, out, noalias); });
    } else {
      return call_small(n, out, noalias);
    }
  }
  template <class Out>
  [[gnu::noinline]] static void assign(const N& n, Out* out, const StridedMap& target, bool noalias) {
    if constexpr (small)
      if (over_small(n, [&](const auto& consumer) { exec::assign(consumer, out, target, noalias); })) return;
    if constexpr (!always_small()) {
      using S = typename detail::SumOf<Product>::type;
      using Written = program_of<N>;
      constexpr int written = detail::ProductIn<N>::at;
      using First =
          detail::SumFirst<typename detail::WithSum<Written, written, S, make_seq<Written::size>>::type, written>;
      using P = typename First::type;
      constexpr int at = First::load;
      const Product& product = contraction(n);
      if constexpr (detail::is_cast_of<N, Product, S> && __is_same(Out, S))
        if (product.extents().dims() == target.extents) {  // the sums as they are
          ContractionCall call;
          detail::CallLeaves<Product> leaves;
          detail::fill_call(product, call, leaves);
          return assign_contraction(call, out, target, noalias);
        }
      Source source[P::loads];
      Source* end = source;
      detail::fill_around<true>(n, target.extents, end);
      if constexpr (First::turned) source[written] = static_cast<Source&&>(source[at]);
      ContractionCall call;
      detail::CallLeaves<Product> leaves;
      detail::fill_call(product, call, leaves);
      assign_consumer(call, {source, load_bytes<P>, P::loads, row<P, Out>, out, sizeof(Out), target}, source, at,
                      product.extents().dims(), noalias, detail::tile_epilogue<P, at, Out, S>());
    }
  }

 private:
  // The bytes of a product of static extents, else a limit.
  static constexpr index_t bytes() {
    if constexpr (E::is_static) {
      return static_size<E> * static_cast<index_t>(sizeof(T));
    } else {
      return aside_bytes;
    }
  }
  template <class Out>
  [[gnu::noinline]] static bool call_small(const N& n, Out* out, bool noalias) {
    return over_small(n, [&](const auto& consumer) { assign_dense(consumer, out, noalias); });
  }
  // A register of sums of few products is not worth a call.
  static constexpr bool is_short() {
    if constexpr (detail::SmallContraction<Product, T>::ok) {
      return bytes() <= simd::native_bytes && detail::SmallContraction<Product, T>::shape.k <= 16;
    } else {
      return false;
    }
  }
  static constexpr bool always_small() { return detail::SmallContraction<Product, T>::ok && bytes() <= aside_bytes; }
  // Computes the product aside, and has f write the consumer over it.
  template <class F>
  TENON_INLINE static bool over_small(const N& n, const F& f) {
    if constexpr (bytes() > aside_bytes) {
      return false;
    } else {
      const Product& product = contraction(n);
      alignas(alignment) char aside[bytes() > 0 ? bytes() : 1];
      T* const values = reinterpret_cast<T*>(aside);
      if (product.size() * static_cast<index_t>(sizeof(T)) > bytes()) return false;
      if (!DirectWrite<Product>::run_small(product, values, true)) return false;
      f(detail::over_product(n, values));
      return true;
    }
  }
};

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
