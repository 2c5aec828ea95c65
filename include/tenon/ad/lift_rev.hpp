// tenon/ad/lift_rev.hpp: arguments become variables of a tape; their adjoints come back in the arguments' own types.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ad/lift.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// Numbers whose type becomes a rev one are variables: arguments themselves, elements of containers, members of type T
// of a template over T. Members of a fixed type are hyper-parameters, which stay what they are.
template <class Tag>
struct LiftRev {
  Tape& tape;
  template <class R, class X>
  R leaf(X& x) {
    using T = typename X::value_type;
    if constexpr (is_taped<typename R::value_type>) {
      R r(Uninitialised{}, x.dims());
      constexpr auto least = R::rank > 1 ? ApartAdjoints::least_of_matrix : ApartAdjoints::least_units;
      r.storage().borrow(const_cast<T*>(x.data()), x.extents(), tape.allocate_tensor(x.size(), units_of<T>, least));
      return r;
    } else {
      // T has a tape of its own: each element carries both slots.
      const slot_t slot = tape.allocate(x.size(), units_of<T>);
      R r = like<R>(x);
      for (index_t i = 0, n = x.size(); i < n; ++i)
        r.data()[i] = {get_element(x, i), static_cast<slot_t>(slot + i * units_of<T>)};
      return r;
    }
  }
  template <class R, class X>
  R scalar(X& x) {
    if constexpr (__is_same(R, bare_t<X>)) {
      return x;
    } else {
      return R(x, tape.allocate(1, units_of<X>));
    }
  }
};
// The adjoints of a lifted argument, in the argument's own type.
template <class Tag>
struct CollectRev {
  static constexpr bool collects = true;  // frozen parts have no gradient: what stands there is empty or zero
  Tape& tape;
  template <class R, class X, class L>
  R leaf(X& x, L& lifted) {
    using T = typename R::value_type;
    const index_t n = x.size();
    if (n == 0) return like<R>(x);
    const slot_t first = side_by_side(lifted);
    const bool owned = tape.owns(first);
    if constexpr (__is_same(T, compute_t<T>) && !is_taped<T> && !R::extents_type::is_static)
      if (owned)
        if (BlockRef block = tape.take<T>(first, n)) {
          R r;
          r.storage().adopt(static_cast<BlockRef&&>(block), x.extents());
          return r;
        }
    R r = like<R>(x);
    const compute_t<T>* g = owned ? tape.given<compute_t<T>>(first) : nullptr;
    for (index_t i = 0; i < n; ++i)
      set_element(r, i, static_cast<T>(g ? g[i] : owned ? compute_t<T>{} : adjoint(slot_of(lifted, i), T{})));
    return r;
  }
  template <class R, class X, class L>
  R scalar(X& x, L& lifted) {
    if constexpr (__is_same(bare_t<L>, bare_t<X>)) {
      return x;
    } else {
      return static_cast<R>(adjoint(lifted.slot, R{}));
    }
  }
  template <class T>
  compute_t<T> adjoint(slot_t slot, const T&) const {
    return tape.owns(slot) ? *tape.adjoint<compute_t<T>>(tape.home(slot)) : compute_t<T>{};
  }
  // Where the adjoints begin, if they are side by side.
  template <class L>
  static slot_t side_by_side(L& l) {
    if constexpr (is_taped<typename bare_t<L>::value_type>) {
      return l.storage().slots ? 0 : l.storage().slot;
    } else {
      return 0;
    }
  }
  template <class L>
  static slot_t slot_of(L& l, index_t i) {
    using R = typename bare_t<L>::value_type;
    if constexpr (is_taped<R>) {
      return Element<R>::slot_of(l.storage(), i);
    } else {
      return l.data()[i].slot;
    }
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
