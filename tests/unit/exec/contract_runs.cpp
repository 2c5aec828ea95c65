// Contractions over several axes of a class: operands and results are copied in runs of any length, or packed from
// where they lie, beside memory that must not be touched.
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

#include <cmath>

#include "support/guarded.hpp"
#include "support/jobs.hpp"

using namespace tenon;
using test::Guarded;

namespace {

template <class T>
using Block = TensorView<T, dyn, dyn, dyn, dyn>;

// Small integers, so that sums are exact; what lies between the elements of a view is not a number.
template <class V>
void fill(V&& x, int seed) {
  for (index_t i = 0, n = 0; i < x.extent(0); ++i)
    for (index_t j = 0; j < x.extent(1); ++j)
      for (index_t k = 0; k < x.extent(2); ++k)
        for (index_t l = 0; l < x.extent(3); ++l, ++n)
          x(i, j, k, l) = static_cast<bare_t<decltype(x(i, j, k, l))>>((n * 7 + seed) % 11 - 5);
}
// c(a, b, i, j) = sum over (l, k) of x(a, l, i, k) y(l, b, k, j).
template <class X, class Y, class C>
bool is_product(const X& x, const Y& y, const C& c) {
  for (index_t a = 0; a < c.extent(0); ++a)
    for (index_t b = 0; b < c.extent(1); ++b)
      for (index_t i = 0; i < c.extent(2); ++i)
        for (index_t j = 0; j < c.extent(3); ++j) {
          double sum = 0;
          for (index_t l = 0; l < x.extent(1); ++l)
            for (index_t k = 0; k < x.extent(3); ++k) sum += double(x(a, l, i, k)) * double(y(l, b, k, j));
          if (sum != double(c(a, b, i, j))) return false;
        }
  return true;
}

template <class T>
void check_runs() {
  const size_t room = 64 * 1024;
  Guarded for_x(room), for_y(room), for_c(room);
  for (index_t n = 1; n <= 19; ++n)
    for (const index_t m : {1, 2, 3, 5})
      for (const index_t p : {1, 2, 4}) {
        CAPTURE(n);
        CAPTURE(m);
        CAPTURE(p);
        const index_t of_x = m * p * 3 * n, of_y = p * 2 * n * m, of_c = m * 2 * 3 * m;
        // Everything ends with its page, then begins with it.
        for (const bool at_end : {true, false}) {
          Block<T> x(at_end ? for_x.last<T>(of_x) : for_x.first<T>(), m, p, 3, n);
          Block<T> y(at_end ? for_y.last<T>(of_y) : for_y.first<T>(), p, 2, n, m);
          Block<T> c(at_end ? for_c.last<T>(of_c) : for_c.first<T>(), m, 2, 3, m);
          fill(x, 1);
          fill(y, 2);
          c = einsum<"alik,lbkj->abij">(x, y);
          CHECK(is_product(x, y, c));
          // The result's runs as long as n, the operands' as m.
          Block<T> u(at_end ? for_x.last<T>(of_y) : for_x.first<T>(), m, 2, p, n);
          Block<T> v(at_end ? for_y.last<T>(of_y) : for_y.first<T>(), 2, p, n, m);
          Block<T> w(at_end ? for_c.last<T>(m * p * p * m) : for_c.first<T>(), m, p, p, m);
          fill(u, 3);
          fill(v, 4);
          w = einsum<"alik,lbkj->abij">(u, v);
          CHECK(is_product(u, v, w));
          // The same rows for each a: behind every run there may be nothing.
          const Block<T> once(at_end ? for_x.last<T>(3 * n) : for_x.first<T>(), 1, 1, 3, n);
          const auto repeated = broadcast_to(once, m, p, 3, n);
          fill(once, 5);
          c = einsum<"alik,lbkj->abij">(repeated, y);
          CHECK(is_product(repeated, y, c));
        }
        // Parts of larger tensors: what is written behind a run is somebody else's.
        Tensor<T, dyn, dyn, dyn, dyn> x(m, p, 3, n), y(p, 2, n, m), whole_c(m, 2, 3, m + 2), large(m + 1, p, 4, n + 1);
        fill(x, 1);
        fill(y, 2);
        fill(large, 5);
        whole_c = T(77);
        auto c = slice(whole_c, whole, whole, whole, range(1, m + 1));
        c = einsum<"alik,lbkj->abij">(x, y);
        CHECK(is_product(x, y, c));
        bool kept = true;
        for (index_t a = 0; a < m; ++a)
          for (index_t b = 0; b < 2; ++b)
            for (index_t i = 0; i < 3; ++i)
              kept = kept && whole_c(a, b, i, 0) == T(77) && whole_c(a, b, i, m + 1) == T(77);
        CHECK(kept);
        const auto part = slice(large, range(1, m + 1), whole, range(0, 3), range(1, n + 1));
        c = einsum<"alik,lbkj->abij">(part, y);
        CHECK(is_product(part, y, c));
      }
}

}  // namespace

TEST_CASE("runs of any length beside memory that faults") {
  check_runs<float>();
  check_runs<double>();
}

// Where columns are many, in runs as long as a panel of them is wide.
TEST_CASE_TEMPLATE("columns packed from where they lie", T, float, double) {
  constexpr index_t m = 7, p = 3, rows = 35, n = 23;
  Guarded for_y(128 * 1024);
  for (const index_t q : {1, 3})
    for (const index_t run : {16, 17, 19, 24, 32, 37}) {
      CAPTURE(q);
      CAPTURE(run);
      Tensor<T, dyn, dyn, dyn, dyn> x(m, p, rows, n), c(m, q, rows, run);
      fill(x, 1);
      for (const bool at_end : {true, false}) {
        Block<T> y(at_end ? for_y.last<T>(p * q * n * run) : for_y.first<T>(), p, q, n, run);
        fill(y, 2);
        c = einsum<"alik,lbkj->abij">(x, y);
        CHECK(is_product(x, y, c));
      }
      // The bits of the product of matrices, on any number of threads.
      Tensor<T, dyn, dyn, dyn, dyn> y(p, q, n, run), again(m, q, rows, run);
      for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>(std::sin(static_cast<double>(i * i % 1009)));
      for (index_t i = 0; i < y.size(); ++i) y.data()[i] = static_cast<T>(std::cos(static_cast<double>(i * i % 997)));
      Tensor<T, dyn, dyn> a(m * rows, p * n), b(p * n, q * run);
      a = reshape(permute<0, 2, 1, 3>(x), m * rows, p * n);
      b = reshape(permute<0, 2, 1, 3>(y), p * n, q * run);
      const Tensor<T, dyn, dyn> product = matmul(a, b);
      c = einsum<"alik,lbkj->abij">(x, y);
      CHECK(all(permute<0, 2, 1, 3>(c) == reshape(product, m, rows, q, run)));
      test::Jobs jobs{3};
      {
        const Parallel scope(jobs);
        again = einsum<"alik,lbkj->abij">(x, y);
      }
      CHECK(all(again == c));
      CHECK((jobs.runs > 0 || q * run < 64));
    }
}

namespace {

template <class T>
void uneven(Tensor<T, dyn, dyn, dyn, dyn>& x, index_t seed) {
  for (index_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<T>(std::sin(static_cast<double>(i * i % 1009 + seed)));
}
// How many elements are not what f gives for their indices.
template <class T, class F>
index_t wrong(const Tensor<T, dyn, dyn, dyn, dyn>& c, const F& f) {
  index_t n = 0;
  for (index_t i = 0; i < c.extent(0); ++i)
    for (index_t j = 0; j < c.extent(1); ++j)
      for (index_t k = 0; k < c.extent(2); ++k)
        for (index_t l = 0; l < c.extent(3); ++l) n += double(c(i, j, k, l)) != f(i, j, k, l);
  return n;
}

}  // namespace

// Dense tensors of few numbers, whose axes lie in any order, without a plan.
TEST_CASE_TEMPLATE("small contractions of dense tensors", T, float, double) {
  for (const index_t n : {1, 2, 5, 6, 8})
    for (const index_t m : {1, 2, 3, 6})
      for (const index_t p : {1, 2, 5}) {
        CAPTURE(n);
        CAPTURE(m);
        CAPTURE(p);
        const index_t q = 3;
        // x(a, l, i, k), y(l, b, k, j) with a of n, l of p, i of m, k of q, b of m, j of n.
        Tensor<T, dyn, dyn, dyn, dyn> x(n, p, m, q), y(p, m, q, n), c(n, m, m, n);
        fill(x, 1);
        fill(y, 2);
        const auto sum = [&](index_t a, index_t b, index_t i, index_t j) {
          double s = 0;
          for (index_t l = 0; l < p; ++l)
            for (index_t k = 0; k < q; ++k) s += double(x(a, l, i, k)) * double(y(l, b, k, j));
          return s;
        };
        const auto check = [&](const char* what) {
          CAPTURE(what);
          CHECK(wrong(c, sum) == 0);
          c = T(77);
        };
        c = einsum<"alik,lbkj->abij">(x, y);
        check("interleaved");
        Tensor<T, dyn, dyn, dyn, dyn> rows_last(p, n, q, m), in_order(n, m, p, q), sums_first(p, q, n, m),
            columns(p, q, m, n), sums_turned(q, m, p, n);
        rows_last = permute<1, 0, 3, 2>(x);
        in_order = permute<0, 2, 1, 3>(x);
        sums_first = permute<1, 3, 0, 2>(x);
        columns = permute<0, 2, 1, 3>(y);
        sums_turned = permute<2, 1, 0, 3>(y);
        c = einsum<"laki,lbkj->abij">(rows_last, y);
        check("rows last");
        c = einsum<"ailk,lbkj->abij">(in_order, y);
        check("rows in order");
        c = einsum<"lkai,lkbj->abij">(sums_first, columns);
        check("sums first, columns in order");
        c = einsum<"alik,kblj->abij">(x, sums_turned);
        check("sums in another order");
        c = einsum<"lbkj,alik->abij">(y, x);
        check("columns first");
        Tensor<T, dyn, dyn, dyn, dyn> result(n, m, m, n);  // [a, i, b, j]
        result = einsum<"alik,lbkj->aibj">(x, y);
        CHECK(wrong(result, [&](index_t a, index_t i, index_t b, index_t j) { return sum(a, b, i, j); }) == 0);
        Tensor<T, dyn, dyn, dyn, dyn> turned(m, n, n, m);  // [b, j, a, i]
        turned = einsum<"alik,lbkj->bjai">(x, y);
        CHECK(wrong(turned, [&](index_t b, index_t j, index_t a, index_t i) { return sum(a, b, i, j); }) == 0);
        // Sums of one axis, of three, results of three.
        Tensor<T, dyn, dyn, dyn> three(n, m, n), plain(m, n, n);
        Tensor<T, dyn, dyn> last(q, n);
        for (index_t k = 0; k < q; ++k)
          for (index_t j = 0; j < n; ++j) last(k, j) = y(0, 0, k, j);
        Tensor<T, dyn, dyn, dyn> slab(n, m, q);
        for (index_t a = 0; a < n; ++a)
          for (index_t i = 0; i < m; ++i)
            for (index_t k = 0; k < q; ++k) slab(a, i, k) = x(a, 0, i, k);
        three = einsum<"aik,kj->aij">(slab, last);
        plain = einsum<"aik,kj->iaj">(slab, last);
        index_t off = 0;
        for (index_t a = 0; a < n; ++a)
          for (index_t i = 0; i < m; ++i)
            for (index_t j = 0; j < n; ++j) {
              double s = 0;
              for (index_t k = 0; k < q; ++k) s += double(slab(a, i, k)) * double(last(k, j));
              off += double(three(a, i, j)) != s || double(plain(i, a, j)) != s;
            }
        CHECK(off == 0);
      }
}
TEST_CASE_TEMPLATE("small contractions have the bits of those by a plan", T, float, double) {
  for (const index_t n : {2, 3, 4, 5, 6, 7, 10}) {
    CAPTURE(n);
    Tensor<T, dyn, dyn, dyn, dyn> x(n, n, n, n), y(n, n, n, n), c(n, n, n, n), memory(n, n, n, n + 1);
    uneven(x, 1);
    uneven(y, 2);
    auto spread = slice(memory, whole, whole, whole, range(0, n));
    c = einsum<"alik,lbkj->abij">(x, y);
    spread = einsum<"alik,lbkj->abij">(x, y);
    CHECK(all(c == spread));
    // Into an operand, and into memory that begins in one.
    Tensor<T, dyn, dyn, dyn, dyn> own(x);
    own = einsum<"alik,lbkj->abij">(own, y);
    CHECK(all(own == c));
    own = y;
    own = einsum<"alik,lbkj->abij">(x, own);
    CHECK(all(own == c));
    c = einsum<"ailk,lkbj->aibj">(x, y);  // all are matrices as they lie
    own = x;
    own = einsum<"ailk,lkbj->aibj">(own, y);
    CHECK(all(own == c));
    own = y;
    own = einsum<"ailk,lkbj->aibj">(x, own);
    CHECK(all(own == c));
    c = einsum<"alik,kblj->abij">(x, y);  // the order of sums is that of strides
    spread = einsum<"alik,kblj->abij">(x, y);
    CHECK(all(c == spread));
    c = einsum<"alik,lbkj->abij">(x, y);
    Tensor<T, dyn> together(2 * x.size());
    for (index_t i = 0; i < x.size(); ++i) together(i) = x.data()[i];
    const TensorView<const T, dyn, dyn, dyn, dyn> before(together.data(), n, n, n, n);
    Block<T> over(together.data() + x.size() - 1, n, n, n, n);
    over = einsum<"alik,lbkj->abij">(before, y);
    CHECK(all(over == c));
    // In double, to see that all terms are there.
    index_t far = 0;
    for (index_t a = 0; a < n; ++a)
      for (index_t b = 0; b < n; ++b)
        for (index_t i = 0; i < n; ++i)
          for (index_t j = 0; j < n; ++j) {
            double s = 0;
            for (index_t l = 0; l < n; ++l)
              for (index_t k = 0; k < n; ++k) s += double(x(a, l, i, k)) * double(y(l, b, k, j));
            far += std::abs(s - double(c(a, b, i, j))) > 1e-4;
          }
    CHECK(far == 0);
  }
  // Nothing is summed, and there is nothing.
  Tensor<T, dyn, dyn, dyn, dyn> x(2, 0, 3, 4), y(0, 2, 4, 5), c(2, 2, 3, 5), none(0, 2, 3, 5), empty(0, 2, 3, 4),
      some(2, 2, 4, 5);
  c = T(77);
  c = einsum<"alik,lbkj->abij">(x, y);
  CHECK(all(c == T(0)));
  none = einsum<"alik,lbkj->abij">(empty, some);
  CHECK(none.size() == 0);
}
