// Loads and stores: whole, partial next to memory that must not be touched, strided, converting.
#include <doctest/doctest.h>
#include <tenon/simd/pack.hpp>
#include <utility>

#include "support/guarded.hpp"

using namespace tenon;
using simd::pack;
using test::Guarded;

namespace {

// The W / N elements in front of a page that cannot be read, N times.
template <class T, int W, int N>
int wrong_repeated(Guarded& memory) {
  T* p = memory.last<T>(N);
  for (int i = 0; i < N; ++i) p[i] = T(i + 1);
  const auto v = [p]<int... I>(std::integer_sequence<int, I...>) {
    return simd::load_repeated<pack<T, W>, N, (I % N)...>(p);
  }
  (std::make_integer_sequence<int, W>{});
  int wrong = 0;
  for (int i = 0; i < W; ++i) wrong += v[i] != T(i % N + 1);
  return wrong;
}

template <class T, int W>
int wrong_partial(Guarded& memory) {
  using V = pack<T, W>;
  int wrong = 0;
  for (int n = 0; n <= W; ++n) {
    T* p = memory.last<T>(n);
    for (int i = 0; i < n; ++i) p[i] = T(i + 1);
    const V v = simd::load_partial<V>(p, n);
    for (int i = 0; i < W; ++i) wrong += v[i] != (i < n ? T(i + 1) : T(0));
    simd::store_partial(p, V(v + v), n);
    for (int i = 0; i < n; ++i) wrong += p[i] != T(2 * (i + 1));
    T* q = memory.first<T>();
    for (int i = 0; i <= W; ++i) q[i] = T(7);
    simd::store_partial(q, v, n);
    for (int i = 0; i <= W; ++i) wrong += q[i] != (i < n ? T(i + 1) : T(7));
  }
  T* whole = memory.last<T>(W);
  simd::store(whole, simd::iota<V>());
  wrong += simd::load<V>(whole)[W - 1] != T(W - 1);
  return wrong;
}

}  // namespace

TEST_CASE("partial access touches nothing beyond its lanes") {
  Guarded memory;
  CHECK(wrong_partial<float, 1>(memory) == 0);
  CHECK(wrong_partial<float, 4>(memory) == 0);
  CHECK(wrong_partial<float, 8>(memory) == 0);
  CHECK(wrong_partial<float, 16>(memory) == 0);
  CHECK(wrong_partial<float, 32>(memory) == 0);
  CHECK(wrong_partial<double, 2>(memory) == 0);
  CHECK(wrong_partial<double, 4>(memory) == 0);
  CHECK(wrong_partial<double, 8>(memory) == 0);
  CHECK(wrong_partial<int, 16>(memory) == 0);
  CHECK(wrong_partial<long, 8>(memory) == 0);
  CHECK(wrong_partial<short, 32>(memory) == 0);
  CHECK(wrong_partial<signed char, 64>(memory) == 0);
  CHECK(wrong_repeated<float, 8, 4>(memory) == 0);
  CHECK(wrong_repeated<float, 16, 4>(memory) == 0);
  CHECK(wrong_repeated<float, 16, 8>(memory) == 0);
  CHECK(wrong_repeated<double, 4, 2>(memory) == 0);
  CHECK(wrong_repeated<double, 8, 2>(memory) == 0);
  CHECK(wrong_repeated<double, 8, 4>(memory) == 0);
  CHECK(wrong_repeated<int, 16, 8>(memory) == 0);
}

TEST_CASE("scalars count as one lane") {
  double x = 2;
  CHECK(simd::load<double>(&x) == 2);
  CHECK(simd::load_partial<double>(&x, 0) == 0);
  simd::store_partial(&x, 5.0, 0);
  CHECK(x == 2);
  simd::store(&x, 5.0);
  CHECK(x == 5);
  const signed char c = -3;
  CHECK(simd::load_as<float>(&c) == -3);
}

TEST_CASE("strided access") {
  float in[40], out[40] = {};
  for (int i = 0; i < 40; ++i) in[i] = static_cast<float>(i);
  using V = pack<float, 8>;
  const V v = simd::gather<V>(in + 1, 5);
  simd::scatter(out + 2, 4, v);
  const V back = simd::gather<V>(in + 35, -5);
  for (int i = 0; i < 8; ++i) {
    CHECK(v[i] == static_cast<float>(1 + 5 * i));
    CHECK(out[2 + 4 * i] == v[i]);
    CHECK(back[i] == static_cast<float>(35 - 5 * i));
  }
}

TEST_CASE("converting loads") {
  signed char bytes[8] = {-128, -1, 0, 1, 2, 3, 100, 127};
  const bool bools[8] = {true, false, true, true, false, false, true, false};
  const float floats[8] = {0.5f, -1.5f, 2, 3, 4, 5, 6, 7};
  const auto b = simd::load_as<pack<float, 8>>(bytes);
  const auto d = simd::load_as<pack<double, 8>>(floats);
  const auto t = simd::load_as<pack<double, 8>>(bools);
  const auto part = simd::load_as_partial<pack<int, 8>>(bytes, 3);
  const auto few = simd::load_as_partial<pack<int, 8>>(bools, 3);
  for (int i = 0; i < 8; ++i) {
    CHECK(b[i] == bytes[i]);
    CHECK(d[i] == static_cast<double>(floats[i]));
    CHECK(t[i] == bools[i]);
    CHECK(part[i] == (i < 3 ? bytes[i] : 0));
    CHECK(few[i] == (i < 3 ? bools[i] : 0));
  }
}
