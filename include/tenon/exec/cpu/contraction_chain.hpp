// tenon/exec/cpu/contraction_chain.hpp: small products of small products, whose results on the way lie on the stack.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An operand that is a small product itself is computed first, by the way that products of its types have, and the
// product is then one of memory. So a chain of small matrices takes neither plans nor memory of the pool.
#pragma once
#include <tenon/exec/cpu/contraction_order.hpp>
#include <tenon/exec/cpu/contraction_spread.hpp>
#include <tenon/exec/cpu/contraction_static.hpp>
#include <tenon/exec/row_blocks.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

template <class N>
inline constexpr bool is_product = false;
template <class Spec, class E, class A, class B>
inline constexpr bool is_product<Contract<Spec, E, A, B>> = true;

template <class A, class B>
constexpr ContractionFunction contraction_function();  // contract.hpp

// A product of two matrices, small or not: one function for all chains.
template <class T>
[[gnu::noinline]] void multiply(const MatrixPair<T>& p, T* c, bool noalias) {
  if (p.multiply(c, noalias)) return;
  static constexpr ContractionLabels labels{3, {1, 2, 3}, {0, -1, 1}, {-1, 1, 0}, {0, 1, -1}};  // rows, columns, sum
  constexpr index_t bytes = sizeof(T);
  ContractionCall call{&labels,
                       contraction_function<T, T>(),
                       bytes,
                       bytes,
                       bytes,
                       true,
                       {p.a, {{2, {p.m, p.k}}, {2, {p.a_row, p.a_step}}, 0}, 0, {}},
                       {p.b, {{2, {p.k_of_b, p.n}}, {2, {p.b_step, p.b_column}}, 0}, 0, {}}};
  assign_contraction(call, c, dense_map({2, {p.m, p.n}}), noalias);
}

// A product's operand once it is in memory.
template <class N>
struct InMemory {
  using type = N;
};
template <class N>
requires(is_product<N>) struct InMemory<N> {
  using type = Leaf<typename N::value_type, typename N::extents_type, tenon::detail::BlockRef, true>;
};

/// Products into elements T of matrices in memory, or of such products.
template <class N, class T>
struct ChainedProduct {
  static constexpr bool ok = false, link = true;
};
template <class Spec, class E, class A, class B, class T>
struct ChainedProduct<Contract<Spec, E, A, B>, T> {
  using N = Contract<Spec, E, A, B>;
  using Last = Contract<Spec, E, typename InMemory<A>::type, typename InMemory<B>::type>;
  // An operand that chooses an order of its own is none of this chain.
  template <class X>
  static constexpr bool linked = ChainedProduct<X, T>::link && (is_step<X> || !is_ordered<X>);
  static constexpr bool link = linked<A> && linked<B> && (SmallContraction<Last, T>::ok || DirectProduct<Last, T>::ok);
  static constexpr bool ok = link && (is_product<A> || is_product<B>);

  /// False if results on the way are there already or take much room, or if another order may be better.
  [[gnu::noinline]] static bool run(const N& n, T* out, bool noalias) {
    const double bytes = room_within(n);
    if (!(bytes <= most_bytes)) return false;
    if constexpr (is_ordered<N>)
      if (!takes_least(n, multiplications(n))) return false;
    alignas(alignment) char room[aside_bytes];
    tenon::detail::BlockRef block;
    if (bytes > aside_bytes) block = tenon::detail::BlockRef(static_cast<size_t>(bytes));
    compute(n, out, noalias, block ? block.data() : room);
    return true;
  }

 private:
  template <class, class>
  friend struct ChainedProduct;

  static const A& a(const N& n) { return n.template operand<0>(); }
  static const B& b(const N& n) { return n.template operand<1>(); }

  static constexpr double most_bytes = 16 * aside_bytes, refused = 1e300;

  // The bytes that results on the way take, each from a line of its own on.
  TENON_INLINE static double room_within(const N& n) { return room_of(a(n)) + room_of(b(n)); }
  template <class X>
  TENON_INLINE static double room_of(const X& x) {
    if constexpr (is_product<X>) {
      if (x.cache.ready) return refused;
      double bytes = sizeof(T);
      for (int i = 0; i < X::rank; ++i) bytes *= static_cast<double>(x.shape[i]);
      return bytes + alignment + ChainedProduct<X, T>::room_within(x);
    } else {
      return 0;
    }
  }
  // What the order of the types takes.
  TENON_INLINE static double multiplications(const N& n) {
    return step(n, make_seq<contraction_labels<Spec>.count>{}) + multiplications_of(a(n)) + multiplications_of(b(n));
  }
  template <class X>
  TENON_INLINE static double multiplications_of(const X& x) {
    if constexpr (is_product<X>) return ChainedProduct<X, T>::multiplications(x);
    return 0;
  }
  template <int... I>
  TENON_INLINE static double step(const N& n, Seq<I...>) {
    constexpr ContractionLabels l = Spec::labels();
    const auto& ea = tenon::detail::extents_in_place(a(n));
    const auto& eb = tenon::detail::extents_in_place(b(n));
    return (static_cast<double>(tenon::detail::contracted_extent<l.a[I], l.b[I]>(ea, eb)) * ... * 1.0);
  }

  static bool takes_least(const N& n, double products) {
    if (products <= OrderedContraction::enough(nested_operands<N>)) return true;
    OrderedContraction steps(nesting<N>);
    each_operand(n, [&](const auto& x) { steps.add(x.extents().dims()); });
    return steps.none_below(products);
  }

  TENON_INLINE static void compute(const N& n, T* out, bool noalias, char* room) {
    const auto& x = in_memory(a(n), room);
    const auto& y = in_memory(b(n), room);
    if constexpr (SmallContraction<Last, T>::ok) {
      const Last last = n.with(x, y);
      if (!SmallContraction<Last, T>::run(last, out, noalias)) assign(last, out, dense_map(n.shape.dims()), noalias);
    } else if constexpr (DirectProduct<Last, T>::is_matrix) {
      multiply(DirectProduct<Last, T>::pair(x, y), out, noalias);
    } else {
      const Last last = n.with(x, y);
      assign_dense(last, out, noalias);
    }
  }
  template <class X>
  TENON_INLINE static decltype(auto) in_memory(const X& x, char*& room) {
    if constexpr (is_product<X>) {
      T* const values = reinterpret_cast<T*>(room);
      constexpr index_t line = alignment / sizeof(T);
      room += (tenon::detail::size_one_by_one(x.shape) + line - 1) / line * static_cast<index_t>(alignment);
      ChainedProduct<X, T>::compute(x, values, true, room);
      return borrowed<T>(values, x.shape);
    } else {
      return (x);
    }
  }
};

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
