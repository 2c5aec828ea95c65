// tenon/base/scalar_traits.hpp: what element types built on other element types (dual, rev) say about themselves.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The engine asks only these questions, so a new meaning of an element type adds a specialisation and edits no op:
//   base_t<rev<dual<float>>> is float; rebase_t<rev<float>, double> is rev<double>; primal_t<rev<float>> is float.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/element.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Primary: a plain number.
template <class T>
struct ScalarTraits {
  using base = T;  ///< the number at the bottom
  template <class B>
  using rebase = B;                           ///< the same structure over another number
  using primal = T;                           ///< what kernels compute on when tensors of T record themselves
  static constexpr bool taped = false;        ///< tensors of T store primals and a range of adjoint slots
  static constexpr int tangents = 0;          ///< numbers behind the first that products are linear in (dual)
  static constexpr bool elementwise = false;  ///< T holds revs that record one by one, not in whole statements
  template <int K, class X>
  TENON_FN static X& part(X& x) {  ///< number K of x: 0 is the value, tangents follow
    return x;
  }
};

template <class T>
using base_t = typename ScalarTraits<T>::base;
template <class T, class B>
using rebase_t = typename ScalarTraits<T>::template rebase<B>;
template <class T>
using primal_t = typename ScalarTraits<T>::primal;
template <class T>
inline constexpr bool is_taped = ScalarTraits<T>::taped;
template <class T>
inline constexpr bool records_elementwise = ScalarTraits<T>::elementwise;
/// A number without derivative structure.
template <class T>
inline constexpr bool is_plain = __is_same(base_t<T>, T);

/// Numbers in an element: 1, of a dual its value and its tangents.
template <class T>
inline constexpr index_t parts_of = ScalarTraits<T>::tangents + 1;
/// Whether an element is so many real numbers side by side and nothing else.
template <class T>
inline constexpr bool has_real_parts = is_real<base_t<T>> && sizeof(T) == parts_of<T> * sizeof(base_t<T>);

/// The index of an adjoint on a tape, in units of four bytes; 0 is the place of all constants.
using slot_t = unsigned;
/// Units an adjoint of a taped element type takes; adjoints are kept in the compute type of the primal.
template <class T>
inline constexpr index_t adjoint_units = (static_cast<index_t>(sizeof(compute_t<primal_t<T>>)) + 3) / 4;

}  // namespace TENON_ABI
}  // namespace tenon
