// tenon/exec/cpu/epilogue.hpp: fuses a contraction's pointwise consumer into it: `relu(matmul(x, w) + bias)` is one
// pass. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
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

// As fill, but leaves the product out.
template <class N>
void fill_around(const N& n, const Dims& extents, Source*& out);
template <class Op, class T, class Args, class... N, int... I>
void fill_operands(const Map<Op, T, Args, N...>& n, const Dims& extents, Source*& out, Seq<I...>) {
  (fill_around(operand_at<I>(n.operands), extents, out), ...);
}
template <class N>
void fill_around(const N& n, const Dims& extents, Source*& out) {
  if constexpr (ProductIn<N>::at < 0) {
    fill_broadcast(n, extents, out);
  } else if constexpr (cut_node<N>) {
    (out++)->map.extents = extents;
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

// The strides of a map of the output's extents over the axes of each class, as one stride each; false if they are not.
struct ClassStrides {
  index_t batch, row, column;
};
inline bool class_strides(const ContractionLabels& l, const Dims& a, const Dims& b, const StridedMap& m,
                          ClassStrides& to) {
  index_t stride[3] = {}, next[3] = {};
  bool seen[3] = {};
  for (int i = l.count - 1; i >= 0; --i) {
    if (l.c[i] < 0 || m.extents.d[l.c[i]] == 1) continue;
    const bool in_a = l.a[i] >= 0 && a.d[l.a[i]] != 1, in_b = l.b[i] >= 0 && b.d[l.b[i]] != 1;
    const int k = !in_a ? 2 : in_b ? 0 : 1;
    const index_t s = m.strides.d[l.c[i]];
    if (seen[k] && s != next[k]) return false;
    if (!seen[k]) stride[k] = s;
    seen[k] = true;
    next[k] = s * m.extents.d[l.c[i]];
  }
  to = {stride[0], stride[1], stride[2]};
  return true;
}

/// Strides of the leaves and of the target by class of axis; false if some class is not one stride.
inline bool plan_epilogue(Epilogue& e, const ContractionLabels& l, const Dims& a, const Dims& b, const Source* source,
                          const index_t* bytes, const StridedMap& target) {
  ClassStrides s;
  if (!class_strides(l, a, b, target, s)) return false;
  for (int i = 0; i < e.leaves; ++i) {
    if (i == e.product) {
      s = {0, 1, 1};
      e.data[i] = nullptr;
    } else {
      if (!class_strides(l, a, b, source[i].map, s)) return false;
      e.data[i] = static_cast<const char*>(source[i].data) + source[i].map.offset * bytes[i];
    }
    e.bytes[i] = bytes[i];
    e.batch[i] = s.batch;
    e.row_stride[i] = s.row;
    e.column_stride[i] = s.column;
  }
  return true;
}

template <class N>
inline constexpr bool has_epilogue = false;
template <class Op, class T, class Args, class... N>
inline constexpr bool has_epilogue<Map<Op, T, Args, N...>> =
    !is_taped<T> && ProductIn<Map<Op, T, Args, N...>>::at >= 0 &&
    ProductIn<Map<Op, T, Args, N...>>::loads <= Epilogue::max_leaves;

}  // namespace detail

template <class N>
requires(detail::has_epilogue<N>) struct DirectWrite<N> {
  static constexpr bool possible = true;
  static const auto& contraction(const N& n) { return detail::product_of(n); }
  template <class Out>
  static bool run(const N& n, Out* out, const StridedMap& target) {
    constexpr int at = detail::ProductIn<N>::at;
    const auto& product = contraction(n);
    using Product = bare_t<decltype(product)>;
    if (product.cache.ready || !(product.extents().dims() == target.extents)) return false;
    using A = bare_t<decltype(product.template operand<0>())>;
    using B = bare_t<decltype(product.template operand<1>())>;
    using S = contraction_sum_t<typename A::value_type, typename B::value_type>;
    using P = typename detail::WithSum<program_of<N>, at, S, make_seq<program_of<N>::size>>::type;
    Source source[P::loads];
    Source* end = source;
    detail::fill_around(n, target.extents, end);
    constexpr ContractionLabels l = Product::spec::labels();
    Epilogue e;
    e.row = row<P, Out>;
    e.leaves = P::loads;
    e.product = at;
    if (!detail::plan_epilogue(e, l, product.template operand<0>().extents().dims(),
                               product.template operand<1>().extents().dims(), source, load_bytes<P>, target))
      return false;
    const auto a = operand(product.template operand<0>());
    const auto b = operand(product.template operand<1>());
    contract_real(l, a.data, detail::map_of(a), b.data, detail::map_of(b), {out, sizeof(Out), target, false, &e});
    return true;
  }
};

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
