// Absolute value, minimum and maximum, classification, square root, nextafter.
#include <initializer_list>
#include <tenon/math/basic.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("abs") { sweep("abs", bound(0), -2, 2, TENON_CALL(abs), TENON_REFERENCE(std::fabs(x))); }
TEST_CASE("sqrt") { sweep("sqrt", bound(0.5), 0, 4, TENON_CALL(sqrt), TENON_REFERENCE(std::sqrt(x))); }

TEST_CASE("abs, min and max of integers") {
  CHECK(math::abs(-3) == 3);
  CHECK(math::min(3, -4) == -4);
  using V = simd::pack<int, 4>;
  const V x = {-1, 2, -3, 4}, y = math::abs(x), z = math::max(x, V{0, 5, 0, 5});
  for (int i = 0; i < 4; ++i) CHECK(y[i] == i + 1);
  CHECK((z[0] == 0 && z[1] == 5 && z[2] == 0 && z[3] == 5));
}

template <class T>
int wrong_pairs() {
  int wrong = 0;
  for (T a : edges<T>)
    for (T b : edges<T>) {
      const bool missing = std::isnan(a) || std::isnan(b);
      const T low = a < b ? a : b, high = a > b ? a : b;
      wrong += missing ? !std::isnan(math::min(a, b)) : math::min(a, b) != low;
      wrong += missing ? !std::isnan(math::max(a, b)) : math::max(a, b) != high;
      wrong += std::isnan(a)   ? !same_bits(math::fmin(a, b), b)
               : std::isnan(b) ? !same_bits(math::fmin(a, b), a)
                               : math::fmin(a, b) != low;
      wrong += std::isnan(a)   ? !same_bits(math::fmax(a, b), b)
               : std::isnan(b) ? !same_bits(math::fmax(a, b), a)
                               : math::fmax(a, b) != high;
      wrong += !same_bits(math::copysign(a, b), std::copysign(a, b));
      wrong += !same_bits(math::nextafter(a, b), std::nextafter(a, b));
      using V = simd::pack<T, 4>;
      const V va = simd::broadcast<V>(a), vb = simd::broadcast<V>(b);
      wrong += !same_bits(math::min(va, vb)[1], math::min(a, b)) + !same_bits(math::fmax(va, vb)[2], math::fmax(a, b));
      wrong += !same_bits(math::nextafter(va, vb)[3], math::nextafter(a, b));
    }
  return wrong;
}
TEST_CASE("minimum, maximum, copysign and nextafter of all pairs of edges") {
  CHECK(wrong_pairs<float>() == 0);
  CHECK(wrong_pairs<double>() == 0);
}

template <class T>
int wrong_classes() {
  int wrong = 0;
  for (T x : edges<T>) {
    wrong += math::isnan(x) != std::isnan(x);
    wrong += math::isinf(x) != std::isinf(x);
    wrong += math::isfinite(x) != std::isfinite(x);
    wrong += math::signbit(x) != std::signbit(x);
    using V = simd::pack<T, 2>;
    const V v = simd::broadcast<V>(x);
    wrong += simd::all(math::isinf(v)) != std::isinf(x);
    wrong += simd::any(math::signbit(v)) != std::signbit(x);
  }
  return wrong;
}
TEST_CASE("classification of edges") {
  CHECK(wrong_classes<float>() == 0);
  CHECK(wrong_classes<double>() == 0);
}

TEST_CASE("fma rounds once where the target can, on scalars and packs of every width alike") {
  const double a = 1 + 0x1p-30, c = -1 - 0x1p-29, expected = math::kernel::has_fma ? 0x1p-60 : 0;
  CHECK(math::fma(a, a, c) == expected);
  CHECK(math::fma(simd::broadcast<simd::pack<double, 1>>(a), simd::broadcast<simd::pack<double, 1>>(a),
                  simd::broadcast<simd::pack<double, 1>>(c))[0] == expected);
  CHECK(math::fma(simd::broadcast<simd::pack<double, 32>>(a), simd::broadcast<simd::pack<double, 32>>(a),
                  simd::broadcast<simd::pack<double, 32>>(c))[31] == expected);
}
template <class T>
void check_fma_once(T a, T b, T c, T expected) {
  using V = simd::native<T>;
  CHECK(same_bits(math::fma_once(a, b, c), expected));
  const V packed = math::fma_once(simd::broadcast<V>(a), simd::broadcast<V>(b), simd::broadcast<V>(c));
  for (int i = 0; i < simd::lanes<V>; ++i) CHECK(same_bits(packed[i], expected));
}
TEST_CASE("fma_once rounds once everywhere, on scalars and packs alike") {
  check_fma_once(1 + 0x1p-30, 1 + 0x1p-30, -1 - 0x1p-29, 0x1p-60);
  check_fma_once(1 + 0x1p-12f, 1 + 0x1p-12f, -1 - 0x1p-11f, 0x1p-24f);
  check_fma_once(0x1p1000, 0x1p1000, -HUGE_VAL, -HUGE_VAL);
  check_fma_once(0x1p-1000, 0x1p-60, 0x1p-1074, 0x1p-1060 + 0x1p-1074);
  check_fma_once(0x1p100f, 0x1p100f, -HUGE_VALF, -HUGE_VALF);
  check_fma_once(0x1p-100f, 0x1p-40f, 0x1p-149f, 0x1p-140f + 0x1p-149f);
  // Just below the middle of two floats, which is where double would round it to.
  check_fma_once(1 + 0x1p-23f, 0x1p-24f - 0x1p-47f, 1 + 0x1p-23f, 1 + 0x1p-23f);
  check_fma_once(3.0, 4.0, -12.0, 0.0);
  check_fma_once(-0.0, 4.0, -0.0, -0.0);
  check_fma_once(2.0, std::numeric_limits<double>::quiet_NaN(), 1.0, std::numeric_limits<double>::quiet_NaN());
}

TEST_CASE_TEMPLATE("the smaller, the larger and NaN of two, scalars and packs alike", T, float, double) {
  using V = simd::native<T>;
  const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
  const auto same = [](T a, T b) { return a == b || (a != a && b != b); };
  for (const T a : {T(0), T(-1), T(3), inf, -inf, nan})
    for (const T b : {T(0), T(-1), T(3), inf, -inf, nan}) {
      const V va = simd::broadcast<V>(a), vb = simd::broadcast<V>(b);
      const bool unordered = a != a || b != b;
      CHECK(same(math::kernel::smaller(a, b), unordered ? b : a < b ? a : b));
      CHECK(same(math::kernel::smaller(va, vb)[0], math::kernel::smaller(a, b)));
      CHECK(same(math::kernel::larger(a, b), unordered ? b : a > b ? a : b));
      CHECK(same(math::kernel::larger(va, vb)[0], math::kernel::larger(a, b)));
      CHECK(same(math::kernel::nan_of(a, b), a != a ? a : b));
      CHECK(same(math::kernel::nan_of(va, vb)[0], math::kernel::nan_of(a, b)));
    }
}
