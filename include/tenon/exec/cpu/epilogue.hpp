// tenon/exec/cpu/epilogue.hpp: fuses the pointwise consumer of a contraction into its tiles.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The consumer's row kernel reads finished rows of the product while they are in the first-level cache and writes the
// target; the product itself is never stored. One contraction of a consumer is fused, the first whose extents are the
// consumer's; others below it are evaluated first. Taped elements take the plain path: the tape needs the product.
#pragma once
#include <tenon/exec/cpu/contract.hpp>

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
  static constexpr bool real =
      is_real<typename C::value_type> && is_real<typename A::value_type> && is_real<typename B::value_type>;
  static constexpr int loads = 1, at = real ? 0 : -1;
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
  template <class Out>
  [[gnu::noinline]] static void assign(const N& n, Out* out, const StridedMap& target, bool noalias) {
    constexpr int at = detail::ProductIn<N>::at;
    const auto& product = contraction(n);
    using Product = bare_t<decltype(product)>;
    using P = typename detail::WithSum<program_of<N>, at, typename detail::SumOf<Product>::type,
                                       make_seq<program_of<N>::size>>::type;
    Source source[P::loads];
    Source* end = source;
    detail::fill_around<true>(n, target.extents, end);
    ContractionCall call;
    detail::CallLeaves<Product> leaves;
    detail::fill_call(product, call, leaves);
    assign_consumer(call, {source, load_bytes<P>, P::loads, row<P, Out>, out, sizeof(Out), target}, source, at,
                    product.extents().dims(), noalias);
  }
};

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
