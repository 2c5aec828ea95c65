// tenon/expr/cut.hpp: base of the nodes that compute themselves: reductions, contractions, opaque ops, reshapes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A cut ends its operands' programs and starts its consumer's: it fills a dense block once, and its consumers load from
// there. What a cut D<A...> provides, for the executors, for autodiff and for constant evaluation:
//   void compute(P* out) const;           values, dense row-major; P is the primal type of D's elements
//   auto at(const Dims& i) const;         one element, in constant expressions (or `constant = false`)
//   auto with(operands...) const;         the same cut on other operands
//   void pull(y, g, Pulled... x) const;   adds to each x.adjoint what the output's adjoint g gives it
// `y`, `g` and `x.value` are views; `if constexpr (X::active)` says whether an operand wants its adjoint at all.
#pragma once
#include <tenon/expr/node.hpp>

namespace tenon {
inline namespace TENON_ABI {

template <class D, class T, class E, class... A>
struct Cut : Node<D, T, E> {
  static constexpr bool is_cut = true, has_cuts = true, cheap = false, constant = (A::constant && ... && true);
  static constexpr int cost = 0, arity = static_cast<int>(sizeof...(A));

  NodeOperands<A...> operands;
  ValueCache<true> cache{};

  constexpr explicit Cut(A&&... a) : operands(static_cast<A&&>(a)...) {}
  TENON_INLINE constexpr Cut(const Cut&) = default;
  TENON_INLINE constexpr Cut(Cut&&) = default;
  TENON_INLINE constexpr ~Cut() = default;
  template <int I>
  TENON_FN const auto& operand() const {
    return operand_at<I>(operands);
  }
  void fill(Source*& out) const {
    const D& d = static_cast<const D&>(*this);
    materialize(d);
    out->data = cache.block ? cache.block.data() : nullptr;
    const Dims e = d.extents().dims();
    out->map = {e, row_major(e), 0};
    out->slot = cache.slot;
    out->keep = cache.block;
    ++out;
  }
  template <class F>
  void each_leaf(const F& f) const {
    each_leaf_all(f, make_seq<arity>{});
  }

 private:
  template <class F, int... I>
  void each_leaf_all(const F& f, Seq<I...>) const {
    // A cut reads its operands in an order of its own: never element on element.
    const auto whole = [&](const void* data, const StridedMap& m, index_t bytes, bool) { f(data, m, bytes, false); };
    (operand_at<I>(operands).each_leaf(whole), ...);
  }
};

}  // namespace TENON_ABI
}  // namespace tenon
