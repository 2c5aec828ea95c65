// Products of 8- and 16-bit numbers, exactly (integers) and against sums in double (bfloat16, half): all remainders of
// rows, columns and sums, any layout, epilogues, extreme values.
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

#include "laid_out.hpp"

using namespace tenon;

namespace {

using I8 = signed char;
using U8 = unsigned char;

// Every bit pattern of an integer; of a floating type, numbers of all signs whose digits are used up.
template <class T>
T random_number(unsigned& s) {
  s = s * 1664525u + 1013904223u;
  if constexpr (is_floating<T>) {
    return T(static_cast<float>(static_cast<int>(s >> 8)) * 0x1p-22f - 2);
  } else if constexpr (is_bool<T>) {
    return (s >> 30 & 1) != 0;
  } else {
    return static_cast<T>(s >> 16);
  }
}
template <class T, index_t... E>
void fill(Tensor<T, E...>& t, unsigned seed) {
  for (auto& x : t) x = random_number<T>(seed);
}
template <class T>
using View = TensorView<const T, dyn, dyn>;

using test::layouts;
template <class T>
struct Stored : test::LaidOut<T> {
  Stored(index_t rows, index_t columns, int layout, unsigned seed) : test::LaidOut<T>(rows, columns, layout) {
    fill(this->elements, seed);
  }
};

template <class A, class B>
[[gnu::noinline]] Tensor<int, dyn, dyn> integers(const View<A>& a, const View<B>& b) {
  return matmul(a, b);
}
// The sums, before they are rounded.
template <class A>
[[gnu::noinline]] Tensor<float, dyn, dyn> sums(const View<A>& a, const View<A>& b) {
  return cast<float>(matmul(a, b));
}
template <class T>
View<T> view(const Tensor<T, dyn, dyn>& t) {
  return View<T>(t.data(), t.extent(0), t.extent(1));
}
// Integers: the sum modulo 2^32. Floating numbers: the sum in double, and the sum of magnitudes.
template <class A, class B>
[[gnu::noinline]] int exact(const View<A>& a, const View<B>& b, index_t i, index_t j) {
  unsigned long long sum = 0;
  for (index_t k = 0; k < a.extent(1); ++k)
    sum += static_cast<unsigned long long>(static_cast<long long>(a(i, k)) * static_cast<long long>(b(k, j)));
  return static_cast<int>(static_cast<unsigned>(sum));
}
struct Approximate {
  double sum = 0, magnitude = 0;
};
template <class A, class B>
[[gnu::noinline]] Approximate approximate(const View<A>& a, const View<B>& b, index_t i, index_t j) {
  Approximate r;
  for (index_t k = 0; k < a.extent(1); ++k) {
    const double x = static_cast<double>(float(a(i, k))) * static_cast<double>(float(b(k, j)));
    r.sum += x;
    r.magnitude += x < 0 ? -x : x;
  }
  return r;
}
bool close(double x, const Approximate& r, double tolerance) {
  const double d = x - r.sum;
  return (d < 0 ? -d : d) <= tolerance * r.magnitude;
}

template <class A, class B>
[[gnu::noinline]] bool product_is_right(index_t m, index_t n, index_t k, int la = 0, int lb = 0) {
  const Stored<A> a(m, k, la, 1);
  const Stored<B> b(k, n, lb, 2);
  const View<A> va = a.view();
  const View<B> vb = b.view();
  if constexpr (is_floating<A>) {
    const Tensor<float, dyn, dyn> c = sums<A>(va, vb);
    const Tensor<A, dyn, dyn> rounded = matmul(va, vb);
    for (index_t i = 0; i < m; ++i)
      for (index_t j = 0; j < n; ++j) {
        if (!close(c(i, j), approximate(va, vb, i, j), 1e-6)) return false;
        if (float(rounded(i, j)) != float(A(c(i, j)))) return false;
      }
  } else {
    const Tensor<int, dyn, dyn> c = integers(va, vb);
    for (index_t i = 0; i < m; ++i)
      for (index_t j = 0; j < n; ++j)
        if (c(i, j) != exact(va, vb, i, j)) return false;
  }
  return true;
}
template <class A, class B>
void check_remainders() {
  for (index_t rest = 1; rest <= 40; ++rest) {
    CAPTURE(rest);
    CHECK(product_is_right<A, B>(rest, 33, 37));
    CHECK(product_is_right<A, B>(13, rest, 37));
    CHECK(product_is_right<A, B>(13, 33, rest));
    CHECK(product_is_right<A, B>(13, 33, 30 + rest, 0, 1));
    CHECK(product_is_right<A, B>(13, 33, rest, 1, 0));
    CHECK(product_is_right<A, B>(1, 125 + rest, 61));                   // one row: nothing is packed
    CHECK(product_is_right<A, B>(1 + rest % 5, 19, 126 + rest, 0, 1));  // packs along the sum
  }
  for (int la = 0; la < layouts; ++la)
    for (int lb = 0; lb < layouts; ++lb) {
      CAPTURE(la);
      CAPTURE(lb);
      CHECK(product_is_right<A, B>(1, 40, 67, la, lb));
      CHECK(product_is_right<A, B>(40, 1, 67, la, lb));
      CHECK(product_is_right<A, B>(25, 66, 133, la, lb));
      CHECK(product_is_right<A, B>(3, 2, 1, la, lb));
    }
  // Several blocks of the sum, of rows and of columns.
  CHECK(product_is_right<A, B>(200, 40, 65, 0, 0));
  CHECK(product_is_right<A, B>(13, 40, 3001, 0, 0));
  CHECK(product_is_right<A, B>(5, 600, 1501, 1, 1));
  CHECK(product_is_right<A, B>(1, 300, 4003, 0, 1));
}

TEST_CASE("int8 by int8") { check_remainders<I8, I8>(); }
TEST_CASE("uint8 by int8, and the reverse") {
  check_remainders<U8, I8>();
  check_remainders<I8, U8>();
}
TEST_CASE("int16 by int16") { check_remainders<short, short>(); }
TEST_CASE("bfloat16") { check_remainders<bfloat16, bfloat16>(); }
TEST_CASE("half") { check_remainders<half, half>(); }
TEST_CASE("other pairs") {
  CHECK(product_is_right<U8, U8>(25, 66, 133, 0, 1));
  CHECK(product_is_right<U8, U8>(25, 66, 133, 1, 0));
  CHECK(product_is_right<bool, I8>(25, 66, 133));
  CHECK(product_is_right<I8, short>(25, 66, 133, 1, 0));
  for (int layout = 0; layout < 2; ++layout) {  // few rows: nothing is packed
    CHECK(product_is_right<U8, U8>(1, 66, 133, 0, layout));
    CHECK(product_is_right<bool, I8>(3, 66, 133, 0, layout));
    CHECK(product_is_right<I8, short>(1, 66, 133, 0, layout));
    CHECK(product_is_right<I8, short>(66, 1, 133, 1 - layout, 0));
  }
}

TEST_CASE("extreme integers") {
  for (index_t k : {1, 2, 3, 4, 5, 63, 64, 65, 2000, 140001}) {
    CAPTURE(k);
    const auto product = [&](auto x, auto y) {
      Tensor<decltype(x), dyn, dyn> a(2, k);
      Tensor<decltype(y), dyn, dyn> b(3, k);
      for (auto& e : a) e = x;
      for (auto& e : b) e = y;
      using Columns = View<decltype(y)>;
      const Tensor<int, dyn, dyn> c =
          integers(View<decltype(x)>(a.data(), 2, k), Columns(b.data(), Dims{2, {k, 3}}, Dims{2, {1, k}}));
      const auto expected = static_cast<int>(static_cast<unsigned>(static_cast<long long>(x) * y * k));
      return c(0, 0) == expected && c(1, 2) == expected;
    };
    CHECK(product(I8(-128), I8(-128)));  // 140001 times 2^14 wraps
    CHECK(product(I8(-128), I8(127)));
    CHECK(product(I8(127), I8(127)));
    CHECK(product(U8(255), I8(-128)));
    CHECK(product(U8(255), I8(127)));
    CHECK(product(I8(-128), U8(255)));
    CHECK(product(U8(255), U8(255)));
    CHECK(product(short(-32768), short(-32768)));  // two of them wrap already
    CHECK(product(short(-32768), short(32767)));
  }
}

TEST_CASE("what pads an odd sum is neutral") {
  Tensor<bfloat16, dyn, dyn> a(5, 7), b(7, 20), turned(20, 7);
  fill(a, 1);
  fill(b, 2);
  for (index_t j = 0; j < 20; ++j) b(6, j) = limits<bfloat16>::infinity();
  for (index_t i = 0; i < 5; ++i) a(i, 6) = bfloat16(1);
  a(2, 3) = limits<bfloat16>::nan();
  for (index_t j = 0; j < 20; ++j)
    for (index_t k = 0; k < 7; ++k) turned(j, k) = b(k, j);
  const View<bfloat16> columns(turned.data(), Dims{2, {7, 20}}, Dims{2, {1, 7}});
  for (const auto& c : {sums(view(a), view(b)), sums(view(a), columns)})
    for (index_t i = 0; i < 5; ++i)
      for (index_t j = 0; j < 20; ++j) CHECK((i == 2 ? c(i, j) != c(i, j) : c(i, j) == limits<float>::infinity()));
}

TEST_CASE("epilogues") {
  const index_t sizes[][3] = {{1, 5, 9}, {13, 33, 70}, {30, 130, 2001}, {70, 16, 5}};
  for (const auto& s : sizes)
    for (int layout = 0; layout < 2; ++layout) {
      CAPTURE(s[0]);
      CAPTURE(layout);
      const Stored<I8> a(s[0], s[2], 0, 1), b(s[2], s[1], layout, 2);
      const View<I8> va = a.view(), vb = b.view();
      Tensor<int, dyn> shift(s[1]);
      fill(shift, 3);
      Tensor<float, dyn> scale(s[1]);
      fill(scale, 4);
      const Tensor<int, dyn, dyn> biased = maximum(matmul(va, vb) + shift, 0);
      const Tensor<float, dyn, dyn> scaled = cast<float>(matmul(va, vb)) * scale;
      const Tensor<I8, dyn, dyn> narrow = cast<I8>(clamp(rint(cast<float>(matmul(va, vb)) * 0.001f), -128, 127));
      const Stored<bfloat16> x(s[0], s[2], 0, 1), w(s[2], s[1], layout, 2);
      const View<bfloat16> vx = x.view(), vw = w.view();
      Tensor<bfloat16, dyn> bias(s[1]);
      fill(bias, 5);
      const Tensor<float, dyn, dyn> plain = sums(vx, vw);
      const Tensor<bfloat16, dyn, dyn> active = relu(matmul(vx, vw) + bias);
      bool ok = true;
      for (index_t i = 0; i < s[0]; ++i)
        for (index_t j = 0; j < s[1]; ++j) {
          const int e = exact(va, vb, i, j);
          const int shifted = static_cast<int>(static_cast<unsigned>(e) + static_cast<unsigned>(shift(j)));
          ok = ok && biased(i, j) == (shifted > 0 ? shifted : 0);
          ok = ok && scaled(i, j) == static_cast<float>(e) * scale(j);
          const float r = __builtin_rintf(static_cast<float>(e) * 0.001f);
          ok = ok && static_cast<float>(narrow(i, j)) == (r < -128 ? -128 : r > 127 ? 127 : r);
          const float h = plain(i, j) + float(bias(j));
          ok = ok && float(active(i, j)) == float(bfloat16(h > 0 ? h : 0));
        }
      CHECK(ok);
    }
}

TEST_CASE("static extents, batches, sums of two axes, accumulation") {
  Tensor<I8, 9, 23> a;
  Tensor<I8, 23, 18> b;
  fill(a, 1);
  fill(b, 2);
  const Tensor<int, 9, 18> c = matmul(a, b);
  CHECK(c(8, 17) == exact(View<I8>(a.data(), 9, 23), View<I8>(b.data(), 23, 18), 8, 17));
  Tensor<int, 9, 18> twice = c;
  twice += matmul(a, b);
  CHECK(all(twice == 2 * c));
  Tensor<I8, dyn, dyn, dyn> q(3, 17, 21), k(3, 18, 21);
  fill(q, 3);
  fill(k, 4);
  const auto s = evaluate(einsum<"bqd,bkd->bqk">(q, k)), t = evaluate(einsum<"bqd,bkd->kbq">(q, k));
  bool ok = true;
  for (index_t h = 0; h < 3; ++h)
    for (index_t i = 0; i < 17; ++i)
      for (index_t j = 0; j < 18; ++j) {
        int sum = 0;
        for (index_t d = 0; d < 21; ++d) sum += q(h, i, d) * k(h, j, d);
        ok = ok && s(h, i, j) == sum && t(j, h, i) == sum;
      }
  CHECK(ok);
  // Two summed axes that do not merge: words span their rows.
  Tensor<I8, dyn, dyn, dyn, dyn> f(5, 6, 7, 9), g(6, 8, 9, 4);
  Tensor<bfloat16, dyn, dyn, dyn, dyn> fb(5, 6, 7, 9), gb(6, 8, 9, 4);
  fill(f, 5);
  fill(g, 6);
  fill(fb, 5);
  fill(gb, 6);
  const auto r = evaluate(einsum<"acik,cbkj->abij">(f, g));
  const Tensor<float, dyn, dyn, dyn, dyn> rb = cast<float>(einsum<"acik,cbkj->abij">(fb, gb));
  for (index_t i = 0; i < 5; ++i)
    for (index_t h = 0; h < 8; ++h)
      for (index_t j = 0; j < 7; ++j)
        for (index_t l = 0; l < 4; ++l) {
          int sum = 0;
          Approximate e;
          for (index_t p = 0; p < 6; ++p)
            for (index_t d = 0; d < 9; ++d) {
              sum += f(i, p, j, d) * g(p, h, d, l);
              const double v = static_cast<double>(float(fb(i, p, j, d))) * static_cast<double>(float(gb(p, h, d, l)));
              e.sum += v;
              e.magnitude += v < 0 ? -v : v;
            }
          ok = ok && r(i, h, j, l) == sum && close(rb(i, h, j, l), e, 1e-6);
        }
  CHECK(ok);
}

}  // namespace
