// tenon/ad/sparse.hpp: Jacobians and Hessians with few entries, several columns of them in one direction.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   const auto j = sparse_jacobian(f, x);    // finds which entries there are, and columns that share a tangent
//   SparseMatrix<double> m = j(x);           // compressed rows: m.row_begin, m.column, m.value
//   const auto h = sparse_hessian(g, x);     // of a function that returns a number
// The entries are found by recording f at x. They hold for other points if f does the same operations there: a branch
// that depends on a value is followed as it goes at x.
#pragma once
#include <tenon/ad/replay.hpp>
#include <tenon/ad/sparsity.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// A matrix in compressed sparse rows, as other libraries have them: the entries of row i are those from row_begin(i)
/// to row_begin(i + 1), with ascending columns.
template <class T>
struct SparseMatrix {
  index_t rows = 0, columns = 0;
  Tensor<index_t, dyn> row_begin;
  Tensor<index_t, dyn> column;
  Tensor<T, dyn> value;

  index_t entries() const { return value.size(); }
  /// With all its zeros.
  Tensor<T, dyn, dyn> dense() const {
    Tensor<T, dyn, dyn> d(rows, columns);
    for (index_t i = 0; i < rows; ++i)
      for (index_t k = row_begin.data()[i]; k < row_begin.data()[i + 1]; ++k)
        d.data()[i * columns + column.data()[k]] = value.data()[k];
    return d;
  }
};

namespace detail {

template <class T>
SparseMatrix<T> matrix_of(const Pattern& p) {
  SparseMatrix<T> m{p.rows, p.columns, Tensor<index_t, dyn>(p.rows + 1), Tensor<index_t, dyn>(p.entries()),
                    Tensor<T, dyn>(p.entries())};
  __builtin_memcpy(m.row_begin.data(), p.begin.begin(), static_cast<size_t>(p.rows + 1) * sizeof(index_t));
  if (p.entries())
    __builtin_memcpy(m.column.data(), p.column.begin(), static_cast<size_t>(p.entries()) * sizeof(index_t));
  return m;
}

// Calls use(y, first) for each run of f, in which column j of f's Jacobian is added to tangent colour[j] - first.
template <class Tag, class F, class A, class Use>
void run_colours(const F& f, const A& x, const Colouring& c, const Use& use) {
  constexpr int width = 8;
  using L = twin_t<DualOf<Tag, width>, A>;
  using D = typename L::value_type;
  static_assert(
      requires(const L& l) { f(l); },
      "tenon: sparse derivatives: the function cannot be called with dual numbers: make it generic (a lambda on const "
      "auto&, or a template on the element type)");
  L lifted = like<L>(x);
  const index_t n = x.size();
  for (int first = 0; first < c.colours; first += width) {
    for (index_t j = 0; j < n; ++j) {
      D d(x.data()[j]);
      const int k = c.colour[j] - first;
      if (k >= 0 && k < width) d.tangent[k] = 1;
      lifted.data()[j] = d;
    }
    const auto y = owned(f(static_cast<const L&>(lifted)));
    use(y, first, first + width < c.colours ? width : c.colours - first);
  }
}
template <class Y, class T>
T tangent_at(const Y& y, [[maybe_unused]] index_t i, int k, TypeTag<T>) {
  if constexpr (is_element<Y>) {
    if constexpr (is_dual<Y>) {
      return y.tangent[k];
    } else {
      return T(0);
    }
  } else {
    return tangent_at(y.data()[i], 0, k, TypeTag<T>{});
  }
}
template <class F, class T, index_t... E>
Pattern jacobian_pattern(const F& f, const Tensor<T, E...>& x) {
  const auto r = record_function<true, T>(f, x);
  return InputSets<T>(r.program()).jacobian();
}
template <class F, class T, index_t... E>
Pattern hessian_pattern(const F& f, const Tensor<T, E...>& x) {
  const auto r = record_function<true, T>(f, x);
  expect<value_error>(r.program().outputs.size() == 1, "tenon: sparse_hessian: the function must return a number");
  return InputSets<T>(r.program()).hessian();
}
inline void check_size(const char* what, index_t size, index_t recorded) {
  if (size != recorded)
    raise<shape_error>(Message() << "tenon: " << what << ": the point has " << size << " elements, the recorded one "
                                 << recorded);
}

}  // namespace detail

/// A function's Jacobian as a function; made by `sparse_jacobian`. Threads may share it.
template <class F, class X>
class SparseJacobian {
  using T = typename X::value_type;

 public:
  SparseJacobian(const F& f, const X& x) : f_(f), rows_(detail::jacobian_pattern(f, x)) {
    const detail::Pattern columns = rows_.transposed();
    by_column_ = detail::colour_columns(rows_, columns);
    by_row_ = detail::colour_columns(columns, rows_);
    // A sweep back costs a few runs, which carry 8 tangents each.
    reverse_ = 3 * by_row_.colours < (by_column_.colours + 7) / 8;
  }
  /// How many directions are pushed forward, or results pulled back, for one Jacobian.
  int colours() const { return reverse_ ? by_row_.colours : by_column_.colours; }
  bool reverse() const { return reverse_; }

  /// The derivatives of all elements of f(x) (rows) with respect to those of x (columns), each in row-major order.
  /// shape_error if x has another size than the point that was recorded.
  SparseMatrix<T> operator()(const X& x) const {
    detail::check_size("sparse_jacobian", x.size(), rows_.columns);
    auto m = detail::matrix_of<T>(rows_);
    if (reverse_) {
      pull(x, m);
    } else {
      push(x, m);
    }
    return m;
  }

 private:
  void push(const X& x, SparseMatrix<T>& m) const {
    detail::run_colours<SparseJacobian>(f_, x, by_column_, [&](const auto& y, int first, int count) {
      for (index_t i = 0; i < rows_.rows; ++i)
        for (index_t k = rows_.begin[i]; k < rows_.begin[i + 1]; ++k) {
          const int c = by_column_.colour[rows_.column[k]] - first;
          if (c >= 0 && c < count) m.value.data()[k] = detail::tangent_at(y, i, c, TypeTag<T>{});
        }
    });
  }
  void pull(const X& x, SparseMatrix<T>& m) const {
    auto back = vjp(f_, x);
    using Y = decltype(back.value);
    for (int c = 0; c < by_row_.colours; ++c) {
      const X row = [&] {
        if constexpr (is_element<Y>) {
          return back(Y(1));
        } else {
          Y seed = detail::like<Y>(back.value);
          for (index_t i = 0; i < rows_.rows; ++i) seed.data()[i] = by_row_.colour[i] == c ? 1 : 0;
          return back(seed);
        }
      }();
      for (index_t i = 0; i < rows_.rows; ++i)
        for (index_t k = rows_.begin[i]; by_row_.colour[i] == c && k < rows_.begin[i + 1]; ++k)
          m.value.data()[k] = row.data()[rows_.column[k]];
    }
  }

  F f_;
  detail::Pattern rows_;
  detail::Colouring by_column_, by_row_;
  bool reverse_ = false;
};

/// A function's Hessian as a function; made by `sparse_hessian`. Threads may share it.
template <class F, class X>
class SparseHessian {
  using T = typename X::value_type;

 public:
  SparseHessian(const F& f, const X& x)
      : gradient_(grad(f)), rows_(detail::hessian_pattern(f, x)), colouring_(detail::colour_stars(rows_)) {
    // Entry (i, j) is alone in row i among those of j's colour, or else in row j among those of i's.
    for (index_t i = 0; i < rows_.rows; ++i)
      for (index_t k = rows_.begin[i]; k < rows_.begin[i + 1]; ++k) {
        const index_t j = rows_.column[k];
        const bool here = alone(i, colouring_.colour[j]);
        row_.push(here ? i : j);
        colour_.push(colouring_.colour[here ? j : i]);
      }
  }
  /// How many directions are pushed through the gradient for one Hessian.
  int colours() const { return colouring_.colours; }

  /// The second derivatives of f at x, both triangles. shape_error if x has another size than the recorded point.
  SparseMatrix<T> operator()(const X& x) const {
    detail::check_size("sparse_hessian", x.size(), rows_.columns);
    auto m = detail::matrix_of<T>(rows_);
    detail::run_colours<SparseHessian>(gradient_, x, colouring_, [&](const auto& g, int first, int count) {
      for (index_t k = 0; k < rows_.entries(); ++k) {
        const int c = colour_[k] - first;
        if (c >= 0 && c < count) m.value.data()[k] = detail::tangent_at(g, row_[k], c, TypeTag<T>{});
      }
    });
    return m;
  }

 private:
  bool alone(index_t i, int colour) const {
    int found = 0;
    for (index_t k = rows_.begin[i]; k < rows_.begin[i + 1]; ++k) found += colouring_.colour[rows_.column[k]] == colour;
    return found == 1;
  }

  decltype(grad(detail::some<F>())) gradient_;
  detail::Pattern rows_;
  detail::Colouring colouring_;
  detail::Grow<index_t> row_;
  detail::Grow<int> colour_;
};

namespace detail {
template <class F, class X>
auto sparse_jacobian_at(const F& f, const X& x) {
  static_assert(is_tensor<X>, "tenon: sparse_jacobian: the point must be a tensor");
  return SparseJacobian<F, X>(f, x);
}
template <class F, class X>
auto sparse_hessian_at(const F& f, const X& x) {
  static_assert(is_tensor<X>, "tenon: sparse_hessian: the point must be a tensor");
  return SparseHessian<F, X>(f, x);
}
}  // namespace detail

/// The Jacobian of f, whose entries are looked for at x, a tensor of float or double.
template <class F, class X>
auto sparse_jacobian(const F& f, const X& x) {
  return detail::sparse_jacobian_at(f, detail::own_argument(x));
}
/// The Hessian of f, which returns a number; entries are looked for at x, a tensor of float or double.
template <class F, class X>
auto sparse_hessian(const F& f, const X& x) {
  return detail::sparse_hessian_at(f, detail::own_argument(x));
}

}  // namespace TENON_ABI
}  // namespace tenon
