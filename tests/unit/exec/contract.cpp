// The contraction engine against plain loops in double: sizes around every block edge, any strides, all element types,
// accumulation, aliasing, epilogues.
#include <doctest/doctest.h>
#include <tenon/tenon.hpp>

#include <complex>
#include <vector>

#include "laid_out.hpp"

using namespace tenon;

namespace {

// Small whole numbers, so that every order of summation gives the same result in every type.
template <class T, index_t... E>
void fill(Tensor<T, E...>& t, int seed) {
  unsigned s = static_cast<unsigned>(seed) * 2654435761u + 1u;
  for (auto& x : t) {
    s = s * 1664525u + 1013904223u;
    x = static_cast<T>(static_cast<float>(s >> 30));
  }
}
template <class T>
using Matrix = Tensor<T, dyn, dyn>;
template <class T>
using View = TensorView<const T, dyn, dyn>;

using test::layouts;
template <class T>
struct Stored : test::LaidOut<T> {
  Stored(index_t rows, index_t columns, int layout, int seed) : test::LaidOut<T>(rows, columns, layout) {
    fill(this->elements, seed);
  }
};

template <class T>
double number(const T& x) {
  return static_cast<double>(x);
}
template <class T>
double number(const std::complex<T>& x) {
  return static_cast<double>(x.real());
}
// A matrix as numbers, so that references are compiled once.
struct Numbers {
  index_t rows, columns;
  std::vector<double> all;
  double operator()(index_t i, index_t j) const { return all[static_cast<size_t>(i * columns + j)]; }
};
template <class T>
[[gnu::noinline]] Numbers numbers_at(const T* first, index_t rows, index_t columns, index_t row, index_t column) {
  Numbers n{rows, columns, {}};
  n.all.reserve(static_cast<size_t>(rows * columns));
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < columns; ++j) n.all.push_back(number(first[i * row + j * column]));
  return n;
}
template <class X>
Numbers numbers(const X& x) {
  const StridedMap m = x.map();
  return numbers_at(x.data() + m.offset, m.extents.d[0], m.extents.d[1], m.strides.d[0], m.strides.d[1]);
}
double reference(const Numbers& a, const Numbers& b, index_t i, index_t j) {
  double sum = 0;
  const double *const x = a.all.data(), *const y = b.all.data();
  for (index_t k = 0; k < a.columns; ++k) sum += x[i * a.columns + k] * y[k * b.columns + j];
  return sum;
}
bool equals_product(const Numbers& c, const Numbers& a, const Numbers& b, double factor, double offset) {
  for (index_t i = 0; i < c.rows; ++i)
    for (index_t j = 0; j < c.columns; ++j)
      if (c(i, j) != factor * reference(a, b, i, j) + offset) return false;
  return true;
}
template <class C, class X, class Y>
bool equals_product(const C& c, const X& a, const Y& b, double factor = 1, double offset = 0) {
  return equals_product(numbers(c), numbers(a), numbers(b), factor, offset);
}
template <class A, class B>
[[gnu::noinline]] bool product_is_right(index_t m, index_t n, index_t k, int la, int lb, int lc) {
  const Stored<A> a(m, k, la, 1);
  const Stored<B> b(k, n, lb, 2);
  Stored<contracted_t<A, B>> c(m, n, lc, 3);
  const View<A> va = a.view();
  const View<B> vb = b.view();
  auto vc = c.target();
  vc = matmul(va, vb);
  return equals_product(vc, va, vb);
}

TEST_CASE("products of all sizes around the block edges") {
  const index_t sizes[] = {0, 1, 2, 5, 12, 13, 16, 31, 33, 70};
  for (index_t m : sizes)
    for (index_t n : sizes)
      for (index_t k : sizes) {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(k);
        CHECK(product_is_right<float, float>(m, n, k, 0, 0, 0));
        CHECK(product_is_right<float, float>(m, n, k, 0, 1, 0));
      }
}

TEST_CASE("any number of rows is left for the last tiles") {
  for (index_t rest = 0; rest < 24; ++rest) {
    CAPTURE(rest);
    CHECK(product_is_right<float, float>(24 + rest, 130, 200, 0, 0, 0));  // packed
    CHECK(product_is_right<double, double>(24 + rest, 130, 100, 1, 0, 0));
    CHECK(product_is_right<float, float>(24 + rest, 40, 50, 0, 0, 0));  // in place
  }
}

TEST_CASE("any number of columns is left for the last tiles") {
  for (index_t n = 1; n <= 140; ++n) {
    CAPTURE(n);
    CHECK(product_is_right<float, float>(41, n, 150, 0, 1, 0));  // packed
    CHECK(product_is_right<double, double>(14, n, 20, 1, 1, 1));
    CHECK(product_is_right<signed char, signed char>(14, n, 19, 0, 1, 0));
    CHECK(product_is_right<float, float>(9, n, 20, 0, 0, 0));  // in place
  }
}
TEST_CASE("axes that are columns together and lie apart") {
  for (index_t n = 1; n <= 23; n += n < 10 ? 1 : 6) {
    CAPTURE(n);
    Tensor<float, dyn, dyn, dyn> a(n, 5, 6), w(3, 6, n);
    for (index_t i = 0; i < a.size(); ++i) a.data()[i] = static_cast<float>(i % 7 - 3);
    for (index_t i = 0; i < w.size(); ++i) w.data()[i] = static_cast<float>(i % 11 - 4);
    bool same = true;
    const Tensor<float, dyn, dyn, dyn, dyn> d = einsum<"aki,bij->abkj">(a, w);
    for (index_t x = 0; x < n; ++x)
      for (index_t y = 0; y < 3; ++y)
        for (index_t z = 0; z < 5; ++z)
          for (index_t j = 0; j < n; ++j) {
            float sum = 0;
            for (index_t i = 0; i < 6; ++i) sum += a(x, z, i) * w(y, i, j);
            same = same && d(x, y, z, j) == sum;
          }
    CHECK(same);
  }
}

// c[a, b, i, j] = (before +) the sum over c and k, in runs of `k` and `j` neighbours.
template <class T>
[[gnu::noinline]] bool equals_crossed(const Tensor<T, dyn, dyn, dyn, dyn>& c, const Tensor<T, dyn, dyn, dyn, dyn>& x,
                                      const Tensor<T, dyn, dyn, dyn, dyn>& y, double before) {
  for (index_t a = 0; a < c.extent(0); ++a)
    for (index_t b = 0; b < c.extent(1); ++b)
      for (index_t i = 0; i < c.extent(2); ++i)
        for (index_t j = 0; j < c.extent(3); ++j) {
          double sum = before;
          for (index_t o = 0; o < x.extent(1); ++o)
            for (index_t k = 0; k < x.extent(3); ++k) sum += number(x(a, o, i, k)) * number(y(o, b, k, j));
          if (number(c(a, b, i, j)) != sum) return false;
        }
  return true;
}
template <class T>
bool crossed_is_right(index_t k, index_t j) {
  Tensor<T, dyn, dyn, dyn, dyn> x(3, 2, 5, k), y(2, 4, k, j), twice(2, 4, k, 2 * j);
  fill(x, 1);
  fill(y, 2);
  fill(twice, 3);
  using Spec = Contraction<Seq<'a', 'c', 'i', 'k'>, Seq<'c', 'b', 'k', 'j'>, Seq<'a', 'b', 'i', 'j'>>;
  const Tensor<T, dyn, dyn, dyn, dyn> c = einsum<"acik,cbkj->abij">(x, y);
  Tensor<T, dyn, dyn, dyn, dyn> added = c;
  added = T(2);
  const auto run = exec::detail::contraction_function<T, T>();
  run(contraction_labels<Spec>, {x.data(), x.map(), 0, {}}, {y.data(), y.map(), 0, {}},
      {added.data(), sizeof(T), added.map(), true, nullptr});
  const auto apart = slice(twice, whole, whole, whole, range(0, 2 * j, 2));
  Tensor<T, dyn, dyn, dyn, dyn> inside(3, 4, 5, j + 3);
  inside = T(7);
  slice(inside, whole, whole, whole, range(1, 1 + j)) = einsum<"acik,cbkj->abij">(x, y);
  bool kept = true;
  for (index_t i = 0; i < 60; ++i)
    kept = kept && inside.data()[i * (j + 3)] == 7 && inside.data()[i * (j + 3) + j + 1] == 7;
  const Tensor<T, dyn, dyn, dyn, dyn> held = slice(inside, whole, whole, whole, range(1, 1 + j)), gaps = apart;
  return kept && equals_crossed(c, x, y, 0) && equals_crossed(added, x, y, 2) && equals_crossed(held, x, y, 0) &&
         equals_crossed(evaluate(einsum<"acik,cbkj->abij">(x, y) + T(1)), x, y, 1) &&
         equals_crossed(evaluate(einsum<"acik,cbkj->abij">(x, apart)), x, gaps, 0);
}
TEST_CASE("axes of every class that lie apart, in runs of any length") {
  for (const index_t k : {1, 3, 8, 17})
    for (index_t j = 1; j <= 35; j += j < 10 ? 1 : 5) {
      CAPTURE(k);
      CAPTURE(j);
      CHECK(crossed_is_right<float>(k, j));
      CHECK(crossed_is_right<double>(k, j));
      CHECK(crossed_is_right<int>(k, j));
    }
}

TEST_CASE("operands and targets of any layout") {
  const index_t sizes[][3] = {{1, 40, 33}, {40, 1, 33}, {7, 9, 100}, {50, 34, 17}, {25, 66, 48}, {3, 2, 1}};
  for (const auto& s : sizes)
    for (int la = 0; la < layouts; ++la)
      for (int lb = 0; lb < layouts; ++lb)
        for (int lc = 0; lc < layouts; ++lc) {
          CAPTURE(la);
          CAPTURE(lb);
          CAPTURE(lc);
          CAPTURE(s[0]);
          CHECK(product_is_right<double, double>(s[0], s[1], s[2], la, lb, lc));
        }
}

TEST_CASE("sums and rows longer than one block") {
  CHECK(product_is_right<float, float>(300, 40, 700, 0, 0, 0));
  CHECK(product_is_right<float, float>(30, 700, 650, 1, 1, 0));
  CHECK(product_is_right<float, float>(1, 300, 2000, 0, 0, 0));
  CHECK(product_is_right<float, float>(1, 300, 2000, 0, 1, 0));
  CHECK(product_is_right<float, float>(4, 50, 3000, 0, 1, 0));
  CHECK(product_is_right<float, float>(1, 3000, 700, 0, 0, 0));
  CHECK(product_is_right<float, float>(15, 140, 2500, 0, 0, 0));
  CHECK(product_is_right<double, double>(15, 70, 1025, 0, 1, 2));
}
TEST_CASE("rows and columns that the second-level cache does not keep") {
  CHECK(product_is_right<float, float>(1050, 261, 257, 0, 0, 2));
  for (int layout = 0; layout < layouts; ++layout) {
    CHECK(product_is_right<double, double>(530, 133, 257, layout, 0, 0));
    CHECK(product_is_right<double, double>(530, 133, 257, 0, 0, layout));
  }
  CHECK(product_is_right<float, float>(1021, 1030, 259, 0, 1, 0));
  CHECK(product_is_right<double, double>(203, 517, 650, 0, 0, 0));
}
TEST_CASE("columns a power of two apart, and many panels at once") {
  CHECK(product_is_right<double, double>(40, 1024, 270, 0, 0, 0));
  CHECK(product_is_right<float, float>(1040, 1024, 3, 0, 0, 0));
  CHECK(product_is_right<float, float>(150, 600, 40, 1, 0, 0));
  CHECK(product_is_right<signed char, signed char>(110, 700, 37, 1, 0, 0));
  CHECK(product_is_right<unsigned char, signed char>(110, 700, 38, 1, 0, 0));
  CHECK(product_is_right<short, short>(110, 200, 37, 1, 0, 0));
  CHECK(product_is_right<bfloat16, bfloat16>(110, 200, 5, 1, 0, 0));
}

// One of each kind of sum: short and unsigned have those of signed char and unsigned short; double is tested above.
TEST_CASE_TEMPLATE("element types", T, signed char, int, long, unsigned char, unsigned short, bool, half, bfloat16,
                   std::complex<float>) {
  // 16-bit floats hold the sums of short rows of small numbers exactly.
  CHECK(product_is_right<T, T>(5, 7, 9, 0, 0, 0));
  CHECK(product_is_right<T, T>(14, 36, 20, 0, 1, 0));
  CHECK(product_is_right<T, T>(14, 36, 20, 1, 0, 1));
}
TEST_CASE("mixed element types") {
  CHECK(product_is_right<float, double>(14, 36, 20, 0, 1, 0));
  CHECK(product_is_right<signed char, float>(14, 36, 20, 0, 0, 0));
  CHECK(product_is_right<unsigned char, signed char>(14, 36, 20, 0, 1, 0));
  CHECK(product_is_right<bfloat16, float>(14, 36, 20, 1, 0, 0));
  for (int layout = 0; layout < 2; ++layout) {  // one row or column: nothing is packed
    CHECK(product_is_right<bfloat16, float>(1, 36, 70, 0, layout, 0));
    CHECK(product_is_right<bfloat16, float>(36, 1, 70, layout, 0, 0));
  }
}

TEST_CASE("integers wrap, and 8-bit products do not overflow their sum") {
  Matrix<int> big(1, 2), two(2, 1);
  big(0, 0) = big(0, 1) = two(0, 0) = 1 << 30;
  two(1, 0) = 3;
  const int wrapped = static_cast<int>((1ull << 60) + (3ull << 30));
  CHECK(evaluate(matmul(big, two))(0, 0) == wrapped);
  Matrix<signed char> low(1, 500);
  for (auto& x : low) x = -128;
  CHECK(evaluate(einsum<"ij,kj->ik">(low, low))(0, 0) == 500 * 128 * 128);
}

TEST_CASE("batches, broadcast and permuted") {
  Tensor<float, dyn, dyn, dyn, dyn> q(2, 3, 17, 20), k(2, 3, 18, 20);
  fill(q, 1);
  fill(k, 2);
  const auto s = evaluate(einsum<"bhqd,bhkd->bhqk">(q, k)), t = evaluate(einsum<"bhqd,bhkd->hqkb">(q, k));
  double expected = 0;
  for (index_t d = 0; d < 20; ++d) expected += number(q(1, 2, 16, d)) * number(k(1, 2, 5, d));
  CHECK(s(1, 2, 16, 5) == expected);
  CHECK(t(2, 16, 5, 1) == expected);
  // Rows and sums of two axes each, which do not merge.
  Tensor<float, dyn, dyn, dyn, dyn> a(5, 6, 7, 8), b(6, 9, 8, 4);
  fill(a, 3);
  fill(b, 4);
  const auto c = evaluate(einsum<"acik,cbkj->abij">(a, b));
  expected = 0;
  for (index_t x = 0; x < 6; ++x)
    for (index_t y = 0; y < 8; ++y) expected += number(a(4, x, 3, y)) * number(b(x, 2, y, 1));
  CHECK(c(4, 2, 3, 1) == expected);
}

TEST_CASE("accumulation into strided and broadcast targets") {
  using Spec = Contraction<Seq<'i', 'k'>, Seq<'k', 'j'>, Seq<'i', 'j'>>;
  Matrix<float> a(20, 30), b(30, 40), c(20, 40);
  fill(a, 1);
  fill(b, 2);
  for (auto& x : c) x = 5;
  Source sa{a.data(), a.map(), 0, {}}, sb{b.data(), b.map(), 0, {}};
  const auto run = exec::detail::contraction_function<float, float>();
  run(contraction_labels<Spec>, sa, sb, {c.data(), 4, c.map(), true, nullptr});
  CHECK(equals_product(c, a, b, 1, 5));
  // A target that repeats a column sums over it: the adjoint of a broadcast operand.
  float rows[20] = {};
  const StridedMap repeated{{2, {20, 1}}, {2, {1, 0}}, 0};
  run(contraction_labels<Spec>, sa, sb, {rows, 4, repeated, true, nullptr});
  double sum = 0;
  const Numbers na = numbers(a), nb = numbers(b);
  for (index_t j = 0; j < 40; ++j) sum += reference(na, nb, 7, j);
  CHECK(number(rows[7]) == sum);
}

TEST_CASE("a target may be an operand") {
  Matrix<float> a(24, 24), c(24, 24);
  fill(a, 1);
  fill(c, 2);
  const Matrix<float> before = c;
  c = matmul(a, c);
  CHECK(equals_product(c, a, before));
  c = before;
  c = einsum<"ij,jk->ki">(c, a) + c;
  CHECK(c(3, 4) == reference(numbers(before), numbers(a), 4, 3) + number(before(3, 4)));
  c = before;
  c += matmul(a, a);
  CHECK(c(3, 4) == reference(numbers(a), numbers(a), 3, 4) + number(before(3, 4)));
  c = before;
  c = c + matmul(c, a);
  CHECK(c(3, 4) == reference(numbers(before), numbers(a), 3, 4) + number(before(3, 4)));
}

bool epilogue_is_right(const Numbers& x, const Numbers& w, const Numbers& bias, const Numbers& z, const Numbers& y) {
  for (index_t i = 0; i < y.rows; ++i)
    for (index_t j = 0; j < y.columns; ++j) {
      const double h = reference(x, w, i, j) + bias(0, j);
      if (y(i, j) != (h < 9 ? h : 9) * z(i, j)) return false;
    }
  return true;
}
template <class T>
bool epilogue_is_right(index_t m, index_t n, index_t k, int lb, int lc) {
  const Stored<T> x(m, k, 0, 1), w(k, n, lb, 2), z(m, n, 1, 4);
  Tensor<T, dyn> bias(n);
  fill(bias, 3);
  const auto vx = x.view(), vw = w.view(), vz = z.view();
  Stored<T> y(m, n, lc, 5);
  auto vy = y.target();
  vy = minimum(matmul(vx, vw) + bias, T(9)) * vz;
  return epilogue_is_right(numbers(vx), numbers(vw), numbers_at(bias.data(), 1, n, 0, 1), numbers(vz), numbers(vy));
}
TEST_CASE("epilogues of all sizes and layouts") {
  const index_t sizes[] = {1, 5, 13, 33, 70};
  for (index_t m : sizes)
    for (index_t n : sizes)
      for (int layout = 0; layout < layouts; ++layout) {
        CAPTURE(m);
        CAPTURE(n);
        CAPTURE(layout);
        CHECK(epilogue_is_right<float>(m, n, 3, layout, 0));
        CHECK(epilogue_is_right<float>(m, n, 35, 1, layout));
      }
  CHECK(epilogue_is_right<float>(30, 700, 500, 0, 0));
  for (int layout = 0; layout < layouts; ++layout) CHECK(epilogue_is_right<float>(14, 1111, 20, 0, layout));
  CHECK(epilogue_is_right<double>(14, 1111, 1100, 0, 0));
  CHECK(epilogue_is_right<float>(1050, 261, 257, 0, 0));
  CHECK(epilogue_is_right<bfloat16>(14, 36, 20, 0, 0));
}

TEST_CASE("epilogues over batches, swapped operands, and several products") {
  Tensor<float, dyn, dyn, dyn> t(3, 20, 10), w(3, 10, 24);
  Tensor<float, dyn> bias(24);
  fill(t, 1);
  fill(w, 2);
  fill(bias, 3);
  const auto plain = evaluate(matmul(t, w));
  const auto fused = evaluate(matmul(t, w) * 2 + bias);
  CHECK(sum(fused == plain * 2 + bias) == fused.size());
  const auto turned = evaluate(einsum<"bij,bjk->bki">(t, w) - 1);
  CHECK(turned(2, 5, 7) == plain(2, 7, 5) - 1);
  const auto both = evaluate(matmul(t, w) * einsum<"bij,bjk->bik">(t, w));
  CHECK(sum(both == plain * plain) == both.size());
  const auto widened = evaluate(einsum<"bij,bjk->ik">(t, w) + plain);
  CHECK(widened(1, 2, 3) == plain(0, 2, 3) + plain(1, 2, 3) + plain(2, 2, 3) + plain(1, 2, 3));
}

int allocations = 0;
TEST_CASE("no allocation once the pool is warm, and consumers are fused") {
  Matrix<float> x(100, 300), w(300, 200), y(100, 200);
  Tensor<float, dyn> bias(200);
  fill(x, 1);
  fill(w, 2);
  const auto step = [&] { y = relu(matmul(x, w) + bias); };
  step();
  set_allocator({[](size_t bytes, void*) {
                   ++allocations;
                   return ::operator new(bytes, std::align_val_t(alignment));
                 },
                 [](void* p, size_t, void*) { ::operator delete(p, std::align_val_t(alignment)); }, nullptr});
  step();
  CHECK(allocations == 0);
  // From an empty pool: blocks for packing, and none as large as the product.
  Matrix<float> tall(20000, 4), thin(4, 40), result(20000, 40);
  trim_pool();
  static size_t largest = 0;
  set_allocator({[](size_t bytes, void*) {
                   largest = bytes > largest ? bytes : largest;
                   return ::operator new(bytes, std::align_val_t(alignment));
                 },
                 [](void* p, size_t, void*) { ::operator delete(p, std::align_val_t(alignment)); }, nullptr});
  result = relu(matmul(tall, thin) + 1);
  CHECK(largest < 1000000);
  set_allocator({detail::system_allocate, detail::system_deallocate, nullptr});
}

TEST_CASE("sums of nothing over operands whose rows are several axes") {
  const Tensor<float, dyn, dyn, dyn> a(30, 20, 0), w(0, 20, 30);
  const Matrix<float> b(40, 0);
  Tensor<float, dyn, dyn, dyn> c(20, 30, 40), d(20, 40, 30);
  c = 7.0f, d = 7.0f;
  c = einsum<"aij,bj->iab">(a, b);
  d = einsum<"jia,bj->iba">(w, b);
  CHECK(sum(abs(c)) == 0);
  CHECK(sum(abs(d)) == 0);
}

}  // namespace
