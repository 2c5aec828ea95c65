// tenon/tensor/assign.hpp: what `target = expression` checks and does, for owning tensors and views alike.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An expression is assigned if its element type converts without changing kind (float to double and back; a float to an
// integer needs `cast<int>(x)`) and its shape is the target's or broadcasts to it. Aliasing is safe: when the target
// overlaps an operand other than element on element, the value is computed aside first.
#pragma once
#include <tenon/exec/evaluate.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

template <class From, class To>
constexpr bool converts() {
  using F = base_t<From>;
  using B = base_t<To>;
  if constexpr (__is_same(F, B) || is_bool<F>) {
    return true;
  } else if constexpr (is_complex<F>) {
    return is_complex<B>;
  } else if constexpr (is_floating<F>) {
    return is_floating<B> || is_complex<B>;
  } else {
    return !is_bool<B>;
  }
}

// Whether To has all derivative layers of From.
template <class From, class To>
constexpr bool keeps_derivatives() {
  if constexpr (is_plain<From>) {
    return true;
  } else {
    return __is_same(rebase_t<promote_t<From, To>, double>, rebase_t<To, double>);
  }
}

constexpr bool fits_into(const Dims& target, const Dims& value) {
  if (value.rank > target.rank) return false;
  for (int i = 1; i <= value.rank; ++i) {
    const index_t t = target.d[target.rank - i], v = value.d[value.rank - i];
    if (t != v && v != 1 && t != dyn && v != dyn) return false;
  }
  return true;
}

template <class Target, class Value>
struct AssignShape {
  static constexpr bool ok = fits_into(Target::static_dims(), Value::static_dims());
  static_assert(ok, "tenon: assignment: the expression's shape (Value) does not fit the target's (Target)");
};
template <class Target, class Value>
struct AssignType {
  static constexpr bool fits = converts<Value, Target>();
  static constexpr bool keeps = keeps_derivatives<Value, Target>();
  static constexpr bool ok = fits && keeps;
  static_assert(fits, "tenon: assignment would change the kind of number: write cast<Target>(expression)");
  static_assert(keeps,
                "tenon: assignment would lose derivatives: a function to differentiate takes `const auto&` and keeps "
                "values by `auto` or evaluate(...); write stop_gradient(expression) for a constant");
};

/// The node with its elements converted to the number type under T. Inlined, as all that nodes go through.
template <class T, class N>
TENON_INLINE constexpr decltype(auto) converted(N&& n) {
  using From = typename N::value_type;
  static_assert(AssignType<T, From>::ok);
  if constexpr (__is_same(compute_t<base_t<From>>, compute_t<base_t<T>>)) {
    return static_cast<N&&>(n);
  } else {
    return make_map<op::Cast<compute_t<base_t<T>>>>(static_cast<N&&>(n));
  }
}
// Whether run-time extents x stretch to those of a target.
template <class E, class X, int... A>
TENON_INLINE constexpr bool stretches(const E& to, const X& x, Seq<A...>) {
  constexpr int missing = E::rank - X::rank;
  return ((to[A + missing] == on_its_own(x[A]) || x[A] == 1) && ... && true);
}
/// The node broadcast to extents E (run-time values in `e`).
template <class E, class N>
TENON_INLINE constexpr decltype(auto) expanded(N&& n, const E& e) {
  static_assert(AssignShape<E, typename N::extents_type>::ok);
  if constexpr (!(E::is_static && N::extents_type::is_static))
    if (!stretches(e, extents_in_place(n), make_seq<N::rank>{}))
      fail_shapes("assignment", "the expression's shape does not fit the target's", n.extents().dims(), e.dims());
  if constexpr (__is_same(E, typename N::extents_type)) {
    return static_cast<N&&>(n);
  } else {
    return Movement<move::BroadcastTo<E>, N>(move::BroadcastTo<E>{e}, static_cast<N&&>(n));
  }
}

}  // namespace detail

}  // namespace TENON_ABI
}  // namespace tenon
