// tenon/ad/implicit.hpp: solutions of equations and minima as functions, differentiated where they are, not how found.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto x = root([&](const auto& x) { return x * x * x + p * x - 1; }, 1.0);        // x depends on p
//   auto w = minimize([&](const auto& w) { return sum(square(matmul(a, w) - b)) + l * sum(w * w); }, w0);
// The solver runs on plain numbers and records nothing. Then steps x - inv(J) g(x), with the Jacobian J held constant,
// are taken in the numbers that g returns: x stays where it is, and each step makes one more order of its derivatives
// right (the implicit function theorem). So derivatives with respect to whatever g captured nest, in any mode. Needs
// Eigen; included by name.
#pragma once
#include <tenon/ad/forward.hpp>
#include <tenon/linalg/solve.hpp>
#include <tenon/tensor/reshape.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// When a solver stops.
struct SolverOptions {
  double tolerance = 0;  ///< of the largest residual, relative to max(1, |x|); 0: 100 epsilon of the numbers
  int max_steps = 0;     ///< 0: 100, 10000 for fixed_point
};

namespace detail {

template <class G>
struct ImplicitTag {};

// No tape sees what happens while this lives: for all tapes that numbers of type T may be on.
template <class T>
struct Unrecorded {};
template <class T, int N, class Tag>
struct Unrecorded<dual<T, N, Tag>> : Unrecorded<T> {};
template <class T, class Tag>
struct Unrecorded<rev<T, Tag>> : Unrecorded<T> {
  Tape* before = active_tape<Tag>;
  Unrecorded() { active_tape<Tag> = nullptr; }
  Unrecorded(const Unrecorded&) = delete;
  Unrecorded& operator=(const Unrecorded&) = delete;
  ~Unrecorded() { active_tape<Tag> = before; }
};
// How many derivatives are nested in T.
template <class T>
inline constexpr int layers_of = 0;
template <class T>
requires(is_dual<T> || is_rev<T>) inline constexpr int layers_of<T> = 1 + layers_of<typename T::inner>;

// Numbers of any kind as plain ones.
struct ToPlain {
  template <class T>
  using type = base_t<T>;
  template <class R, class X>
  R leaf(X& x) {
    R r = like<R>(x);
    for (index_t i = 0, n = x.size(); i < n; ++i) r.data()[i] = plain_value(get_element(x, i));
    return r;
  }
  template <class R, class X>
  R scalar(X& x) {
    return plain_value(x);
  }
};
template <class X>
auto plain_copy(const X& x) {
  ToPlain f;
  return transform<twin_t<ToPlain, X>>(f, x);
}
template <class X>
auto element_of(const X& x, index_t i) {
  if constexpr (expression<X>) {
    return get_element(x, i);
  } else {
    return x;
  }
}
// The element type of what g returns at an X.
template <class G, class X>
using residual_t = typename ResultElement<bare_t<decltype(some<const G&>()(some<const X&>()))>>::type;

// x as constants of the numbers T.
template <class T, class X>
auto constants_of(const X& x) {
  Restructure<T> r;
  return transform<twin_t<Restructure<T>, X>>(r, x);
}

template <class B>
using PlainMatrix = Tensor<B, dyn, dyn>;
template <class B>
using PlainVector = Tensor<B, dyn>;

// g's values at x, and its Jacobian there, as plain numbers.
template <class G, class X>
auto plain_values(const G& g, const X& x) {
  using B = typename ArgumentElement<X>::type;
  const auto y = owned(g(x));
  PlainVector<B> r(size_of(x));
  if (size_of(y) != size_of(x))
    fail_shapes("root", "there are not as many equations as unknowns", dims_of(y), dims_of(x));
  for (index_t i = 0; i < r.size(); ++i) r(i) = static_cast<B>(plain_value(element_of(y, i)));
  return r;
}
// The tangent of Tag's layer, as a plain number.
template <class Tag, class T>
auto plain_tangent(const T& x) {
  if constexpr (!has_tag<T, Tag>) {
    return base_t<T>(0);
  } else if constexpr (__is_same(typename Layer<T>::tag, Tag)) {
    return plain_value(x.tangent[0]);
  } else {
    return plain_tangent<Tag>(x.value);
  }
}
template <class G, class X>
auto plain_jacobian(const G& g, const X& x) {
  using B = typename ArgumentElement<X>::type;
  using Tag = ImplicitTag<G>;
  // In the numbers of what g captured, as constants.
  using D = dual<rebase_t<residual_t<G, X>, B>, 1, Tag>;
  const index_t n = size_of(x);
  PlainMatrix<B> j(n, n);
  auto at = constants_of<D>(x);
  for (index_t k = 0; k < n; ++k) {
    D* number;
    if constexpr (is_element<X>) {
      number = &at;
    } else {
      number = at.data() + k;
    }
    number->tangent[0] = typename D::inner(B(1));
    const auto y = owned(g(at));
    number->tangent[0] = typename D::inner(B(0));
    for (index_t i = 0; i < n; ++i) j(i, k) = static_cast<B>(plain_tangent<Tag>(element_of(y, i)));
  }
  return j;
}
// x - inv(j) r, with r in the numbers of a derivative.
template <class X, class R, class B>
X newton_step(const X& x, const R& r, const PlainMatrix<B>& j) {
  if constexpr (!expression<X>) {
    return x - r / j(0, 0);
  } else if constexpr (X::rank == 1) {
    return x - linalg::solve(j, r);
  } else {
    return x - reshape(linalg::solve(j, flatten(r)), x.extents());
  }
}
template <class B>
B largest_magnitude(const PlainVector<B>& x) {
  B m = 0;
  for (index_t i = 0; i < x.size(); ++i) {
    const B a = x(i) < 0 ? -x(i) : x(i);
    if (!(a <= m)) m = a;  // NaN stays
  }
  return m;
}
template <class X>
auto scale_of(const X& x) {
  using B = typename ArgumentElement<X>::type;
  B m = 1;
  for (index_t i = 0, n = size_of(x); i < n; ++i) {
    const B e = element_of(x, i), a = e < 0 ? -e : e;
    if (a > m) m = a;
  }
  return m;
}
template <class B>
B tolerance_of(const SolverOptions& o) {
  return o.tolerance > 0 ? static_cast<B>(o.tolerance) : 100 * limits<B>::epsilon();
}
[[gnu::cold, gnu::noinline]] inline void fail_convergence(const char* solver, int steps, const char* why = "") {
  raise<value_error>(Message() << "tenon: " << solver << ": no solution after " << steps << " steps" << why
                               << "; begin closer to it, or pass one to implicit_root");
}

// Derivatives of x, a solution of g(x) = 0 in plain numbers.
template <class G, class X>
auto with_derivatives(const G& g, const X& x) {
  using T = residual_t<G, X>;
  if constexpr (is_plain<T>) {
    return x;
  } else {
    const auto j = [&] {
      [[maybe_unused]] const Unrecorded<T> unrecorded;
      return plain_jacobian(g, x);
    }();
    auto y = constants_of<T>(x);
    for (int k = 0; k < layers_of<T>; ++k) {
      decltype(y) next = newton_step(y, owned(g(y)), j);
      y = next;
    }
    return y;
  }
}

// Writes inv(j) r to d; false where j is singular, which for the solver is no error of a matrix of the user's.
template <class B>
bool direction(const PlainMatrix<B>& j, const PlainVector<B>& r, PlainVector<B>& d) {
  const index_t n = r.size();
  const Eigen::PartialPivLU<linalg::EigenMatrix<B>> lu(linalg::EigenConstMap<B>(j.data(), n, n));
  if ((lu.matrixLU().diagonal().array() == B(0)).any()) return false;
  linalg::EigenMap<B>(d.data(), n, 1) = lu.solve(linalg::EigenConstMap<B>(r.data(), n, 1));
  return true;
}
// Newton's method, with halved steps where the residual does not shrink.
template <class G, class X>
X newton(const G& g, X x, const SolverOptions& o) {
  using B = typename ArgumentElement<X>::type;
  const int most = o.max_steps > 0 ? o.max_steps : 100;
  PlainVector<B> r = plain_values(g, x);
  B size = largest_magnitude(r);
  for (int step = 0; step < most; ++step) {
    if (size <= tolerance_of<B>(o) * scale_of(x)) return x;
    PlainVector<B> d(r.size());
    if (!direction(plain_jacobian(g, x), r, d)) fail_convergence("root", step, ", where the Jacobian is singular");
    B t = 1;
    for (int halvings = 0;; ++halvings, t /= 2) {
      X next = x;
      if constexpr (is_element<X>) {
        next -= t * d(0);
      } else {
        for (index_t i = 0; i < d.size(); ++i) next.data()[i] -= t * d(i);
      }
      const PlainVector<B> at = plain_values(g, next);
      const B now = largest_magnitude(at);
      if (now < size) {
        x = next;
        r = at;
        size = now;
        break;
      }
      // As far as rounding lets it.
      if (halvings == 30) {
        if (size <= 1000 * tolerance_of<B>(o) * scale_of(x)) return x;
        fail_convergence("root", step);
      }
    }
  }
  fail_convergence("root", most);
  return x;
}

template <class F>
struct Remainder {
  const F& f;
  template <class X>
  auto operator()(const X& x) const {
    if constexpr (expression<X>) {
      return evaluate(x - f(x));
    } else {
      return x - f(x);
    }
  }
};

}  // namespace detail

/// x, a number or tensor with g(x) = 0 found by whatever means, with its derivatives with respect to what g captured.
/// linalg_error where the Jacobian of g at x is singular.
template <class G, class X>
auto implicit_root(const G& g, const X& x) {
  return detail::with_derivatives(g, detail::plain_copy(detail::own_argument(x)));
}
/// The solution of g(x) = 0 by Newton's method from x0, a number or tensor; g is generic and returns as many numbers.
/// value_error if it does not converge. The solution depends on what g captured, not on x0.
template <class G, class X>
auto root(const G& g, const X& x0, SolverOptions options = {}) {
  const auto start = detail::plain_copy(detail::own_argument(x0));
  const auto x = [&] {
    [[maybe_unused]] const detail::Unrecorded<detail::residual_t<G, bare_t<decltype(start)>>> unrecorded;
    return detail::newton(g, start, options);
  }();
  return detail::with_derivatives(g, x);
}
/// The x = f(x) that the iteration x = f(x) runs to from x0; value_error if it does not settle.
template <class F, class X>
auto fixed_point(const F& f, const X& x0, SolverOptions options = {}) {
  using namespace detail;
  auto x = plain_copy(own_argument(x0));
  using P = decltype(x);
  using B = typename ArgumentElement<P>::type;
  const Remainder<F> g{f};
  {
    [[maybe_unused]] const Unrecorded<residual_t<F, P>> unrecorded;
    const int most = options.max_steps > 0 ? options.max_steps : 10000;
    for (int step = 0;; ++step) {
      const PlainVector<B> r = plain_values(g, x);
      if (largest_magnitude(r) <= tolerance_of<B>(options) * scale_of(x)) break;
      if (step == most) fail_convergence("fixed_point", most);
      if constexpr (is_element<P>) {
        x -= r(0);
      } else {
        for (index_t i = 0; i < r.size(); ++i) x.data()[i] -= r(i);
      }
    }
  }
  return with_derivatives(g, x);
}
/// Where f, a smooth function that returns a number, has no slope, by Newton's method on its gradient from x0: the
/// minimum of a convex f. For others find the minimum yourself and pass it to implicit_root(grad(f), x).
template <class F, class X>
auto minimize(const F& f, const X& x0, SolverOptions options = {}) {
  return root(grad(f), x0, options);
}

}  // namespace TENON_ABI
}  // namespace tenon
