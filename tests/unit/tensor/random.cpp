// Random tensors: known bits, moments, independence of layout, and errors.
#include <doctest/doctest.h>
#include <tenon/tensor/choice.hpp>

#include "unit/tensor/values.hpp"

using namespace tenon;

namespace {
template <class X>
double mean_of(const X& x, int power = 1, double center = 0) {
  double s = 0;
  for (index_t i = 0; i < x.size(); ++i) {
    double p = 1;
    for (int k = 0; k < power; ++k) p *= static_cast<double>(x.data()[i]) - center;
    s += p;
  }
  return s / static_cast<double>(x.size());
}
}  // namespace

TEST_CASE("the generator is Philox4x32-10") {
  // The known answer for counter 0 and key 0 of the authors' test vectors (kat_vectors of Random123).
  const math::PhiloxCounter w = Rng(0).block(0);
  CHECK(w.word[0] == 0x6627e8d5u);
  CHECK(w.word[1] == 0xe169c58du);
  CHECK(w.word[2] == 0xbc57ac4cu);
  CHECK(w.word[3] == 0x9b00dbd8u);
  Rng rng(0);
  CHECK(rng() == 0x6627e8d5u);
  CHECK(rng() != 0x6627e8d5u);
}

TEST_CASE("draws advance, copies repeat, split and fold_in are independent") {
  Rng a(7), b(7);
  CHECK(a == b);
  const auto x = uniform<float, 6>(a), y = uniform<float, 6>(a);
  CHECK_FALSE(holds(x, {y(0), y(1), y(2), y(3), y(4), y(5)}));
  const auto z = uniform<float, 6>(b);
  CHECK(holds(x, {z(0), z(1), z(2), z(3), z(4), z(5)}));
  Rng c = a.split(), d = a.split();
  CHECK_FALSE(c == d);
  CHECK(a.fold_in(1) == a.fold_in(1));
  CHECK_FALSE(a.fold_in(1) == a.fold_in(2));
  Rng before = a;
  (void)a();
  CHECK(a.fold_in(1) == before.fold_in(1));
  CHECK_FALSE(a.fold_in(1) == c);
  unsigned equal_words = 0;
  for (int i = 0; i < 100; ++i) equal_words += c() == d();
  CHECK(equal_words == 0);
}

TEST_CASE("the same bits everywhere") {
  static_assert(uniform<float, 1>(Rng(0))(0) == 0x6627e8 * 0x1p-24f);
  const auto u = uniform<float>(Rng(0), 5);
  CHECK(u(0) == 0x6627e8 * 0x1p-24f);
  CHECK(u(3) == 0x9b00db * 0x1p-24f);
  const auto v = uniform<double>(Rng(0), 2);
  CHECK(v(0) == static_cast<double>(0x6627e8d5e169c58dull >> 11) * 0x1p-53);
  CHECK(v(1) == static_cast<double>(0xbc57ac4c9b00dbd8ull >> 11) * 0x1p-53);
  // Quantiles of the words above, computed once with 50 digits (mpmath) and rounded.
  const auto n = normal<double>(Rng(0), 2);
  constexpr auto early = normal<double, 2>(Rng(0));
  CHECK(n(0) == early(0));
  CHECK(n(1) == early(1));
  CHECK(n(0) == -0x1.05f49f274641bp-2);
  CHECK(n(1) == 0x1.70b901e2aade2p-1);  // one unit in the last place below the quantile
  // A hash of 100,000 numbers of each kind, the same on every machine.
  unsigned long long hash = 0;
  const auto mix = [&](unsigned long long bits) { hash = hash * 1099511628211ull ^ bits; };
  Rng rng(9);
  for (double x : normal<double>(rng, 100000)) mix(__builtin_bit_cast(unsigned long long, x));
  for (float x : normal<float>(rng, 100000)) mix(__builtin_bit_cast(unsigned, x));
  Tensor<double, dyn> t(20000);
  fill_truncated_normal(rng, t, 0.3, 1.7);
  for (double x : t) mix(__builtin_bit_cast(unsigned long long, x));
  fill_uniform(rng, t, -0.3, 1.7);
  for (double x : t) mix(__builtin_bit_cast(unsigned long long, x));
  Tensor<float, dyn, dyn> scores(1000, 10);
  fill_normal(rng, scores);
  for (index_t c : categorical(rng, scores)) mix(static_cast<unsigned long long>(c));
  CHECK(hash == 0x8fef700f02a08e45ull);
  const auto f = normal<float>(Rng(0), 4);
  CHECK(f(0) == -0x1.05f4a00000000p-2f);
  CHECK(f(1) == 0x1.3769e20000000p-2f);
  CHECK(f(2) == 0x1.70b9020000000p-1f);
  CHECK(f(3) == 0x1.403c4a0000000p+0f);
}

TEST_CASE("a strided target gets the numbers of a dense one") {
  Rng a(3), b(3), c(3);
  Tensor<float, dyn, dyn> dense(3, 4), other(4, 3), wide(3, 8);
  fill_normal(a, dense);
  fill_normal(b, transpose(other));
  fill_normal(c, slice(wide, whole, range(1, end, 2)));
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j) {
      CHECK(dense(i, j) == other(j, i));
      CHECK(dense(i, j) == wide(i, 2 * j + 1));
    }
  CHECK(wide(1, 0) == 0);
  CHECK(a == b);
  CHECK(a == c);
  Tensor<float, dyn, dyn> empty(0, 4);
  fill_uniform(a, empty);
  CHECK(a == b);
}

TEST_CASE("moments and ranges") {
  Rng rng(1);
  const auto u = uniform<float>(rng, 100000);
  CHECK(mean_of(u) == doctest::Approx(0.5).epsilon(0.01));
  CHECK(mean_of(u, 2, 0.5) == doctest::Approx(1.0 / 12).epsilon(0.01));
  for (float x : u) CHECK_UNARY(x >= 0 && x < 1);
  const auto n = normal<double>(rng, 100000);
  CHECK(mean_of(n) == doctest::Approx(0).epsilon(0.01));
  CHECK(mean_of(n, 2) == doctest::Approx(1).epsilon(0.02));
  CHECK(mean_of(n, 4) == doctest::Approx(3).epsilon(0.05));
  auto s = normal<float>(rng, 100000);
  CHECK(mean_of(s, 2) == doctest::Approx(1).epsilon(0.02));
  CHECK(mean_of(s, 3) == doctest::Approx(0).epsilon(0.05));
  fill_normal(rng, s, 3, 0.5);
  CHECK(mean_of(s) == doctest::Approx(3).epsilon(0.01));
  CHECK(mean_of(s, 2, 3) == doctest::Approx(0.25).epsilon(0.02));
  fill_uniform(rng, s, -2, 4);
  CHECK(mean_of(s) == doctest::Approx(1).epsilon(0.02));
  for (float x : s) CHECK_UNARY(x >= -2 && x < 4);
  const auto h = uniform<half>(rng, 20000);
  for (half x : h) CHECK_UNARY(float(x) >= 0 && float(x) < 1);
  CHECK(mean_of(h) == doctest::Approx(0.5).epsilon(0.02));
  const auto t = truncated_normal<float>(rng, 20000);
  for (float x : t) CHECK_UNARY(x >= -2 && x <= 2);
  // The variance of a normal number between -2 and 2: 1 - 4 phi(2) / (Phi(2) - Phi(-2)).
  CHECK(mean_of(t, 2) == doctest::Approx(0.7737).epsilon(0.02));
  fill_truncated_normal(rng, s, 0, 1, 1, 1.5);
  for (float x : s) CHECK_UNARY(x >= 1 && x <= 1.5f);
}

TEST_CASE("bernoulli and randint") {
  Rng rng(2);
  const auto b = bernoulli(rng, 0.3, 50000);
  static_assert(__is_same(decltype(b), const Tensor<bool, dyn>));
  CHECK(mean_of(b) == doctest::Approx(0.3).epsilon(0.03));
  CHECK(mean_of(bernoulli<float>(rng, 1, 100)) == 1);
  CHECK(mean_of(bernoulli<float>(rng, 0, 100)) == 0);
  Tensor<float, 4> p{0, 1, 0, 1};
  CHECK(holds(bernoulli(rng, p), {0, 1, 0, 1}));
  CHECK(holds(bernoulli(rng, 1 - p), {1, 0, 1, 0}));
  CHECK_THROWS_AS((void)bernoulli(rng, 1.5, 3), value_error);
  CHECK_THROWS_AS((void)bernoulli(rng, p * 2), value_error);

  const auto i = randint<int>(rng, -3, 4, 70000);
  int count[7] = {};
  for (int x : i) {
    REQUIRE(x >= -3);
    REQUIRE(x < 4);
    ++count[x + 3];
  }
  for (int c : count) CHECK(c == doctest::Approx(10000).epsilon(0.04));
  CHECK(holds(randint<int, 2>(rng, 5, 6), {5, 5}));
  CHECK_THROWS_AS((void)randint<int>(rng, 1, 1, 3), value_error);
  const unsigned w[] = {0xffffffffu, 0xffffffffu};
  CHECK(detail::scaled_word(w, ~0ull) == ~0ull - 1);
  CHECK(detail::scaled_word(w, 1ull << 40) == (1ull << 40) - 1);
  const unsigned v[] = {0x80000000u, 0};
  CHECK(detail::scaled_word(v, 0x123456789abcdef0ull) == 0x091a2b3c4d5e6f78ull);
}

namespace {
// The fused product and sum as constant evaluation emulates it, where products cancel and where they do not. At run
// time the emulation itself would be open to contraction.
struct Fused {
  double a[300], b[300], c[300], result[300];
};
constexpr Fused fused_early = [] {
  Fused f{};
  unsigned long long bits = 1;
  for (int i = 0; i < 300; ++i) {
    bits = bits * 6364136223846793005ull + 1442695040888963407ull;
    f.a[i] = static_cast<double>(bits >> 11) * 0x1p-50;
    f.b[i] = static_cast<double>(bits * 31 >> 11) * 0x1p-50;
    f.c[i] = i % 3 ? -f.a[i] * f.b[i] : static_cast<double>(bits * 77 >> 11) * (i % 2 ? 0x1p-90 : -0x1p-50);
    f.result[i] = math::detail::fused_early(f.a[i], f.b[i], f.c[i]);
  }
  return f;
}();
}  // namespace

TEST_CASE("fused multiply-add in constant evaluation") {
  for (int i = 0; i < 300; ++i)
    CHECK(fused_early.result[i] == __builtin_fma(fused_early.a[i], fused_early.b[i], fused_early.c[i]));
}
TEST_CASE("logarithm and quantile against libm") {
  double worst = 0;
  for (double x = 1e-18; x < 10; x *= 1.003) {
    const long double exact = __builtin_logl(static_cast<long double>(x));
    const auto error = static_cast<double>((static_cast<long double>(math::reproducible_log(x)) - exact) / exact);
    worst = __builtin_fmax(worst, __builtin_fabs(error));
  }
  CHECK(worst < 0x1p-52);
  worst = 0;
  for (double p = 1e-17; p < 0.5; p *= 1.01) {
    const long double x = static_cast<long double>(math::reproducible_quantile_lower(p));
    const long double back = 0.5L * __builtin_erfcl(-x / __builtin_sqrtl(2.0L));
    const long double density = __builtin_expl(-x * x / 2) / __builtin_sqrtl(6.283185307179586476925L);
    worst =
        __builtin_fmax(worst, static_cast<double>(__builtin_fabsl((back - static_cast<long double>(p)) / density / x)));
  }
  CHECK(worst < 1e-15);
}

TEST_CASE("categorical") {
  Rng rng(4);
  const double p[] = {0.1, 0.6, 0.3};
  Tensor<float, 3> weights{1, 6, 3}, logits{-2.302585f, -0.510826f, -1.203973f};
  int a[3] = {}, b[3] = {};
  for (index_t c : categorical(rng, broadcast_to(logits, 30000, 3))) ++a[c];
  for (index_t c : categorical_from_weights(rng, broadcast_to(weights, 30000, 3))) ++b[c];
  for (int c = 0; c < 3; ++c) {
    CHECK(a[c] == doctest::Approx(30000 * p[c]).epsilon(0.04));
    CHECK(b[c] == doctest::Approx(30000 * p[c]).epsilon(0.04));
  }
  Tensor<float, 2, 3> sure{{-1e9f, 0, -1e9f}, {0, -1e9f, -1e9f}};
  static_assert(__is_same(decltype(categorical(rng, sure)), Tensor<index_t, 2>));
  CHECK(holds(categorical(rng, sure), {1, 0}));
  CHECK(holds(categorical_from_weights(rng, weights * Tensor<float, 3>{0, 0, 1}), {2}));
  CHECK_THROWS_AS((void)categorical_from_weights(rng, weights * 0), value_error);
  CHECK_THROWS_AS((void)categorical_from_weights(rng, -weights), value_error);
}

TEST_CASE("permutation and shuffle") {
  Rng rng(5);
  const auto p = permutation(rng, 100);
  bool seen[100] = {};
  int fixed = 0;
  for (index_t i = 0; i < 100; ++i) {
    REQUIRE_FALSE(seen[p(i)]);
    seen[p(i)] = true;
    fixed += p(i) == i;
  }
  CHECK(fixed < 10);
  CHECK(permutation(rng, 0).size() == 0);
  int first[3] = {};
  for (int i = 0; i < 6000; ++i) ++first[permutation(rng, 3)(0)];
  for (int c : first) CHECK(c == doctest::Approx(2000).epsilon(0.08));
  Tensor<float, 4, 2> x{{0, 1}, {2, 3}, {4, 5}, {6, 7}};
  shuffle(rng, x);
  float total = 0;
  for (int i = 0; i < 4; ++i) {
    CHECK(x(i, 1) == x(i, 0) + 1);
    total += x(i, 0);
  }
  CHECK(total == 12);
  Tensor<float, 5> v{0, 1, 2, 3, 4};
  shuffle(rng, v);
  CHECK(v(0) + v(1) + v(2) + v(3) + v(4) == 10);
}
