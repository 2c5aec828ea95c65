// tenon/ad/vjp.hpp: vjp: a function's value and its pullback, for functions that return more than a number.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto back = vjp(f, x);               // back.value, back(cotangent)
#pragma once
#include <tenon/ad/adjoint_lanes.hpp>
#include <tenon/ad/grad.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
// An owning copy of whatever a function returned.
template <class R>
auto owned(const R& r) {
  if constexpr (expression<R>) {
    if constexpr (R::rank == 0) {
      return static_cast<typename R::value_type>(r);
    } else {
      return evaluate(r);
    }
  } else {
    return settled(r);
  }
}

template <class F, class X>
struct VjpTag {};
// What f returns for a point of type X, with the numbers of Vjp<F, X>.
template <class F, class X>
struct VjpTypes {
  using Tag = VjpTag<F, X>;
  using L = twin_t<RevOf<Tag>, X>;
  static_assert(
      requires(const F& f, const L& l) { f(l); },
      "tenon: the function to differentiate cannot be called with rev numbers: make it generic "
      "(a lambda on const auto&, or a template on the element type)");
  using R = bare_t<decltype(some<const F&>()(some<const L&>()))>;
  using S = typename ResultElement<R>::type;
  using C = remove_tag<S, Tag>;
  static constexpr bool depends = has_tag<S, Tag>;
  // f captured variables of an enclosing derivative: the point must have their structure.
  static constexpr bool fits =
      !depends || __is_same(rebase_t<C, double>, rebase_t<typename ArgumentElement<X>::type, double>);
};
}  // namespace detail

/// f's value at x and its pullback: `back(cotangent)` is the gradient of <cotangent, f(x)> with respect to x. May be
/// called many times.
template <class F, class X>
class Vjp {
  using Types = detail::VjpTypes<F, X>;
  using Tag = typename Types::Tag;
  using L = typename Types::L;
  static L lift(Tape& tape, const X& x) {
    if constexpr (is_element<X>) {
      return L(x, tape.allocate(1, detail::units_of<X>));
    } else {
      detail::LiftRev<Tag> l{tape};
      return detail::transform<L>(l, x);
    }
  }
  static auto record(const F& f, Tape& tape, const L& lifted) {
    detail::Recording<Tag> recording(tape);
    return detail::owned(f(lifted));
  }
  using Y = decltype(record(detail::some<const F&>(), detail::some<Tape&>(), detail::some<const L&>()));

 public:
  Vjp(const F& f, const X& x)
      : x_(x), lifted_(lift(*loan_, x_)), result_(record(f, *loan_, lifted_)), value(strip(result_)) {}
  Vjp(const Vjp&) = delete;
  Vjp& operator=(const Vjp&) = delete;

  template <class C>
  X operator()(const C& cotangent) {
    Tape& tape = *loan_;
    tape.clear_adjoints();
    if constexpr (is_element<Y>) {
      if constexpr (Types::depends) seed(result_.slot, cotangent);
    } else {
      const auto c = detail::own_argument(cotangent);
      if (!(c.dims() == result_.dims()))
        fail_shapes("vjp", "the cotangent's shape is not the result's", c.dims(), result_.dims());
      if constexpr (Types::depends)
        for (index_t i = 0; i < c.size(); ++i)
          seed(detail::CollectRev<Tag>::slot_of(result_, i), detail::get_element(c, i));
    }
    tape.sweep();
    if constexpr (is_element<X>) {
      return static_cast<X>(*tape.adjoint<compute_t<X>>(lifted_.slot));
    } else {
      detail::CollectRev<Tag> collect{tape};
      return detail::transform<X>(collect, x_, lifted_);
    }
  }
  // The pullbacks of all elements of a result, one row each, several in one sweep; of numbers and tensors of float or
  // double.
  template <class T>
  void rows(T* out) {
    const detail::SlotList y(TypeTag<Tag>{}, result_), x(TypeTag<Tag>{}, lifted_);
    detail::reverse_rows<T>(*loan_, y.data(), y.size, x.data(), x.size, out);
  }
  // Whether rows() can.
  template <class T>
  static constexpr bool has_rows = (__is_same(T, float) || __is_same(T, double)) &&
                                   __is_same(typename detail::RevTag<Y>::number, rev<T, Tag>) &&
                                   __is_same(typename detail::RevTag<L>::number, rev<T, Tag>) &&
                                   (is_element<X> || detail::is_tensor<X>);

 private:
  template <class C>
  void seed(slot_t slot, const C& cotangent) {
    using A = compute_t<typename Types::S::inner>;
    if (!(*loan_).owns(slot)) return;
    A& adjoint = *(*loan_).template adjoint<A>(slot);
    adjoint = adjoint + static_cast<A>(cotangent);
  }
  static auto strip(Y& y) {
    if constexpr (!Types::depends) {
      return y;
    } else if constexpr (is_element<Y>) {
      return y.value;
    } else {
      detail::Strip<Tag> s;
      return detail::transform<detail::twin_t<detail::Strip<Tag>, Y>>(s, y);
    }
  }
  X x_;
  detail::TapeLoan loan_;
  L lifted_;
  Y result_;

 public:
  decltype(strip(detail::some<Y&>())) value;  ///< f(x)
};

namespace detail {
template <class F, class X>
auto vjp_at(const F& f, const X& x) {
  if constexpr (VjpTypes<F, X>::fits) {
    return Vjp<F, X>(f, x);
  } else {
    using R = Restructure<typename VjpTypes<F, X>::C>;
    R r;
    return vjp_at(f, transform<twin_t<R, X>>(r, x));
  }
}
}  // namespace detail

template <class F, class X>
auto vjp(const F& f, const X& x) {
  static_assert(detail::Argument<X>::no_integer,
                "tenon: vjp: an integer argument has no derivative; pass float or double");
  if constexpr (detail::derivable<X>) return detail::vjp_at(f, detail::own_argument(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
