// tenon/tensor/evaluate.hpp: evaluate(e), an owning tensor of an expression's value; noalias(t) = e.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/tensor/view.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <class T, index_t... E>
Tensor<T, E...> tensor_of(Extents<E...>);
template <class Target>
class NoAlias {
 public:
  constexpr explicit NoAlias(Target& t) : target_(t) {}
  template <expression X>
  constexpr Target& operator=(X&& x) const {
    return target_.assign_node(as_node(static_cast<X&&>(x)), true);
  }

 private:
  Target& target_;
};
}  // namespace detail

/// The owning tensor type of an expression: its element type and extents.
template <class X>
using tensor_of = decltype(detail::tensor_of<typename bare_t<X>::value_type>(typename bare_t<X>::extents_type{}));

/// The value of an expression as an owning tensor; what a function over local tensors returns.
template <expression X>
constexpr tensor_of<X> evaluate(X&& x) {
  return tensor_of<X>(static_cast<X&&>(x));
}
/// A number is its own value, so that code over numbers and tensors may say the same.
template <class X>
requires(is_element<X>) constexpr X evaluate(const X& x) { return x; }
/// `noalias(t) = e` promises that e does not read t (other than element on element) and skips the check.
template <class T, index_t... E>
constexpr auto noalias(Tensor<T, E...>& target) {
  return detail::NoAlias<Tensor<T, E...>>(target);
}
template <class T, index_t... E>
constexpr auto noalias(TensorView<T, E...>& target) {
  return detail::NoAlias<TensorView<T, E...>>(target);
}

}  // namespace TENON_ABI
}  // namespace tenon
