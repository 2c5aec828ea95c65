// tenon/tensor/create.hpp: tensors from nothing: zeros, full, arange, linspace, eye, from_function, copies of memory.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Extents in the type give a static tensor, numbers a run-time one, both a mixed one:
//   zeros<float, 3, 4>()    zeros<float>(n, m)    zeros<float, dyn, 4>(n, 4)
//   from_function<double, 3, 3>([](index_t i, index_t j) { return i == j ? 1.0 : 0.0; })
// All are owning tensors; with static extents they are usable in constant expressions.
#pragma once
#include <tenon/ops/power.hpp>
#include <tenon/tensor/movement.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {

template <class T, class S, index_t... E>
struct CreatedAs {
  using type = Tensor<T, E...>;
};
template <class T, int... I>
requires(sizeof...(I) > 0) struct CreatedAs<T, Seq<I...>> {
  using type = Tensor<T, (I * 0 + dyn)...>;
};
// The tensor type that extents E... in the type and so many at run time stand for.
template <class T, int Given, index_t... E>
struct Created {
  static constexpr int stated = static_cast<int>(sizeof...(E));
  static_assert(Given == 0 || stated == 0 || Given == stated, "tenon: name one extent for each axis");
  static_assert(Given > 0 || ((E != dyn) && ... && true), "tenon: an extent is dyn: name all extents as arguments");
  using type = typename CreatedAs<T, make_seq<stated == 0 ? Given : 0>, E...>::type;
};
template <class T, class... I, index_t... E>
constexpr auto create(Extents<E...>, I... extent) {
  static_assert((is_integer<I> && ... && true), "tenon: extents are integers");
  using R = typename Created<T, static_cast<int>(sizeof...(I)), E...>::type;
  if constexpr (sizeof...(I) == 0) {
    return R();
  } else {
    return R(extent...);
  }
}
template <class T, index_t... E>
constexpr Tensor<T, E...> create_like(Extents<E...> e) {
  if constexpr (Extents<E...>::is_static) {
    return Tensor<T, E...>();
  } else {
    return Tensor<T, E...>(e.dims());
  }
}
template <class R, class V>
constexpr R filled(R r, const V& value) {
  auto* p = r.data();
  const auto v = static_cast<primal_t<typename R::value_type>>(value);
  for (index_t i = 0, n = r.size(); i < n; ++i) p[i] = v;
  return r;
}
template <class V, class T>
struct OrElse {
  using type = T;
};
template <class V>
struct OrElse<V, void> {
  using type = V;
};

}  // namespace detail

/// Zeros.
template <class T, index_t... E, class... I>
constexpr auto zeros(I... extent) {
  return detail::create<T>(Extents<E...>{}, extent...);
}
/// Ones.
template <class T, index_t... E, class... I>
constexpr auto ones(I... extent) {
  return detail::filled(detail::create<T>(Extents<E...>{}, extent...), T(1));
}
/// Every element `value`: `full<float, 3>(0.5f)`, `full<float>(0.5f, n, m)`.
template <class T, index_t... E, class... I>
constexpr auto full(T value, I... extent) {
  return detail::filled(detail::create<T>(Extents<E...>{}, extent...), value);
}
/// Zeros of x's element type and extents.
template <expression X>
constexpr auto zeros_like(const X& x) {
  return detail::create_like<typename X::value_type>(x.extents());
}
/// Ones of x's element type and extents.
template <expression X>
constexpr auto ones_like(const X& x) {
  return detail::filled(zeros_like(x), 1);
}
/// Every element `value`, in x's element type and extents.
template <expression X, class V>
constexpr auto full_like(const X& x, const V& value) {
  return detail::filled(zeros_like(x), value);
}

/// Element (i, j, ...) is f(i, j, ...): `from_function<float, 3, 3>(f)`, `from_function<float>(f, n, m)`.
template <class T, index_t... E, class F, class... I>
constexpr auto from_function(const F& f, I... extent) {
  auto r = detail::create<T>(Extents<E...>{}, extent...);
  const Dims e = r.dims();
  Dims i;
  i.rank = e.rank;
  auto* p = r.data();
  for (index_t k = 0, n = r.size(); k < n; ++k) {
    [&]<int... A>(Seq<A...>) { p[k] = static_cast<T>(f(i.d[A]...)); }
    (make_seq<decltype(r)::rank>{});
    for (int a = e.rank - 1; a >= 0; --a) {
      if (++i.d[a] < e.d[a]) break;
      i.d[a] = 0;
    }
  }
  return r;
}
/// A copy of the row-major elements at p, converted to T: `from_pointer<float>(p, n, m)`.
template <class T, index_t... E, class S, class... I>
constexpr auto from_pointer(const S* p, I... extent) {
  auto r = detail::create<T>(Extents<E...>{}, extent...);
  for (index_t i = 0, n = r.size(); i < n; ++i) r.data()[i] = static_cast<T>(p[i]);
  return r;
}

// ---- sequences -----------------------------------------------------------------------------------------------------

/// 0, 1, ..., N - 1.
template <class T, index_t N>
constexpr Tensor<T, N> arange() {
  Tensor<T, N> r;
  for (index_t i = 0; i < N; ++i) r.data()[i] = static_cast<T>(i);
  return r;
}
namespace detail {
template <class R, class V>
constexpr auto counted_from(V start, V stop, V step) {
  expect<value_error>(step != V(0), "tenon: arange: step is 0");
  index_t n = 0;
  if constexpr (is_floating<V>) {
    const double count = (static_cast<double>(stop) - static_cast<double>(start)) / static_cast<double>(step);
    expect<value_error>(count < 0x1p62, "tenon: arange: start, stop and step give no finite number of elements");
    n = count > 0 ? static_cast<index_t>(count) : 0;
    if (static_cast<double>(n) < count) ++n;
  } else {
    if (step > V(0) ? start < stop : stop < start) {
      // Unsigned: a distance may be larger than any index.
      const size_t from = static_cast<size_t>(start), to = static_cast<size_t>(stop), by = static_cast<size_t>(step);
      const size_t count = step > V(0) ? (to - from - 1) / by + 1 : (from - to - 1) / (size_t{0} - by) + 1;
      expect<value_error>(count <= static_cast<size_t>(__PTRDIFF_MAX__),
                          "tenon: arange: start, stop and step give more elements than can be counted");
      n = static_cast<index_t>(count);
    }
  }
  Tensor<R, dyn> r(n);
  for (index_t i = 0; i < n; ++i) {
    if constexpr (is_floating<V>) {
      r.data()[i] = static_cast<R>(static_cast<double>(start) + static_cast<double>(i) * static_cast<double>(step));
    } else {
      r.data()[i] = static_cast<R>(
          static_cast<V>(static_cast<size_t>(start) + static_cast<size_t>(i) * static_cast<size_t>(step)));
    }
  }
  return r;
}
}  // namespace detail
/// start, start + step, ... before stop; `arange(n)` counts from 0. The i-th element is start + i * step, rounded once
/// or twice, not a running sum. value_error if step is 0.
template <class T = void, class V>
constexpr auto arange(V start, V stop, V step) {
  using R = typename detail::OrElse<V, T>::type;
  static_assert(is_real<V>, "tenon: arange counts in real numbers; cast the result");
  if constexpr (is_real<V>)
    return detail::counted_from<R>(start, stop, step);
  else
    return Tensor<R, dyn>();  // the compiler shall have no more to say
}
template <class T = void, class V>
constexpr auto arange(V start, V stop) {
  return arange<T, V>(start, stop, V(1));
}
template <class T = void, class V>
constexpr auto arange(V stop) {
  return arange<T, V>(V(0), stop, V(1));
}

namespace detail {
// Point i of n from a to b: exactly a and b at the ends.
template <class T>
constexpr T on_line(T a, T b, index_t i, index_t n) {
  using C = compute_t<T>;
  if (n < 2 || i == 0) return a;
  if (i == n - 1) return b;
  const C t = static_cast<C>(i) / static_cast<C>(n - 1);
  return static_cast<T>(static_cast<C>(a) + (static_cast<C>(b) - static_cast<C>(a)) * t);
}
}  // namespace detail

/// n numbers evenly spaced from start to stop, both included.
template <class T>
constexpr Tensor<T, dyn> linspace(T start, T stop, index_t n) {
  expect<value_error>(n >= 0, "tenon: linspace: the number of points is negative");
  Tensor<T, dyn> r(n);
  for (index_t i = 0; i < n; ++i) r.data()[i] = detail::on_line(start, stop, i, n);
  return r;
}
/// N numbers evenly spaced from start to stop, both included.
template <class T, index_t N>
constexpr Tensor<T, N> linspace(T start, T stop) {
  Tensor<T, N> r;
  for (index_t i = 0; i < N; ++i) r.data()[i] = detail::on_line(start, stop, i, N);
  return r;
}
/// n numbers from base^start to base^stop, each the same factor above the one before.
template <class T>
Tensor<T, dyn> logspace(T start, T stop, index_t n, T base = T(10)) {
  Tensor<T, dyn> r = linspace(start, stop, n);
  for (T& x : r) x = pow(base, x);
  return r;
}

// ---- matrices ------------------------------------------------------------------------------------------------------

namespace detail {
template <class R>
constexpr R with_ones(R r, index_t k) {
  using T = typename R::value_type;
  const Dims e = r.dims();
  if (k <= -e.d[0] || k >= e.d[1]) return r;
  for (index_t i = k < 0 ? -k : 0; i < e.d[0] && i + k < e.d[1]; ++i) r.data()[i * e.d[1] + i + k] = T(1);
  return r;
}
template <class R>
constexpr R with_lower_ones(R r, index_t k) {
  using T = typename R::value_type;
  const Dims e = r.dims();
  for (index_t i = 0; i < e.d[0]; ++i)
    for (index_t j = 0; j < e.d[1] && j - i <= k; ++j) r.data()[i * e.d[1] + j] = T(1);
  return r;
}
}  // namespace detail

/// Ones on the main diagonal, zeros elsewhere: `eye<float, 3, 4>()`, `eye<float, 3>()`.
template <class T, index_t N, index_t M = N>
constexpr Tensor<T, N, M> eye() {
  return detail::with_ones(Tensor<T, N, M>(), 0);
}
/// Ones on diagonal k (above the main one if positive) of an n x m matrix.
template <class T>
Tensor<T, dyn, dyn> eye(index_t n, index_t m, index_t k = 0) {
  return detail::with_ones(Tensor<T, dyn, dyn>(n, m), k);
}
template <class T>
Tensor<T, dyn, dyn> eye(index_t n) {
  return eye<T>(n, n);
}
/// The n x n identity matrix.
template <class T, index_t N>
constexpr Tensor<T, N, N> identity() {
  return eye<T, N>();
}
template <class T>
Tensor<T, dyn, dyn> identity(index_t n) {
  return eye<T>(n, n);
}
/// Ones on and below diagonal k, zeros above.
template <class T, index_t N, index_t M = N>
constexpr Tensor<T, N, M> tri(index_t k = 0) {
  return detail::with_lower_ones(Tensor<T, N, M>(), k);
}
template <class T>
Tensor<T, dyn, dyn> tri(index_t n, index_t m, index_t k = 0) {
  return detail::with_lower_ones(Tensor<T, dyn, dyn>(n, m), k);
}

}  // namespace TENON_ABI
}  // namespace tenon
