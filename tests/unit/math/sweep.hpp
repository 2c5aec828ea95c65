// tests/unit/math/sweep.hpp: a function of math/ against a reference in long double, over bit patterns and intervals.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <support/ulp.hpp>
#include <tenon/math/hardware.hpp>
#include <tenon/simd/pack.hpp>
#include <type_traits>

namespace tenon::test {

/// What a function claims, in units in the last place.
struct Bound {
  double single, twofold;
};
/// A claim that differs where the target has no fused multiply-add.
constexpr Bound bound(double with_fma, double without) {
  return math::kernel::has_fma ? Bound{with_fma, with_fma} : Bound{without, without};
}
constexpr Bound bound(double both) { return {both, both}; }

inline std::uint64_t mixed(std::uint64_t i) {  // Steele, Lea and Flood's splitmix64
  std::uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// The i-th bit pattern of a sequence that spreads over all numbers of T.
template <class T>
T pattern(std::uint64_t i) {
  T x;
  if constexpr (sizeof(T) == 4) {
    const auto bits = static_cast<std::uint32_t>(i * 0x9e3779b1u);
    std::memcpy(&x, &bits, sizeof(x));
  } else {
    const std::uint64_t bits = mixed(i);
    std::memcpy(&x, &bits, sizeof(x));
  }
  return x;
}

/// The i-th number of a sequence in [lo, hi]: every other one uniform, the rest with uniform exponent down to 2^-30.
template <class T>
T inside(std::uint64_t i, double lo, double hi) {
  const double u = static_cast<double>(mixed(i) >> 11) * 0x1p-53;
  const double x = lo + (hi - lo) * u;
  return static_cast<T>(i % 2 ? x : std::ldexp(x, -static_cast<int>(mixed(~i) % 30)));
}

/// The i-th number of a sequence around a hard place: on both sides, each time as near as the next power of two, down
/// to the neighbours.
template <class T>
T around(std::uint64_t i, T place) {
  constexpr int digits = std::numeric_limits<T>::digits;
  const double u = 1 + static_cast<double>(mixed(i) >> 11) * 0x1p-53;
  const double distance = std::ldexp(u, -static_cast<int>(i / 2 % (digits + 1)));
  return static_cast<T>(place + (i % 2 ? distance : -distance) * (place == 0 ? 1 : std::fabs(place)));
}

/// The i-th number of a sequence through all exponents of T: a power of two, its neighbours, and others between it and
/// the next, of both signs.
template <class T>
T of_exponent(std::uint64_t i) {
  using Uint = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr int mantissa = std::numeric_limits<T>::digits - 1;
  constexpr std::uint64_t exponents = (std::uint64_t{2} << (8 * sizeof(T) - 2 - mantissa)) - 1, kinds = 16;
  const std::uint64_t e = i % exponents, kind = i / exponents % kinds;
  Uint bits = static_cast<Uint>(e << mantissa);
  if (kind < 6)
    bits = static_cast<Uint>(bits + kind - 3);
  else
    bits = static_cast<Uint>(bits | (mixed(i) & ((std::uint64_t{1} << mantissa) - 1)));
  if (i / exponents / kinds % 2) bits |= Uint{1} << (8 * sizeof(T) - 1);
  T x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}

/// How many numbers each sweep takes; fewer where nothing is optimised (sanitizers), which is for other errors, and as
/// many as a build asks for.
#if defined(TENON_TEST_SAMPLES)
inline constexpr int samples = TENON_TEST_SAMPLES;
#elif defined(__OPTIMIZE__)
inline constexpr int samples = 1 << 19;
#else
inline constexpr int samples = 1 << 11;
#endif

/// Numbers where functions change their behaviour.
template <class T>
inline constexpr T edges[] = {T(0),
                              -T(0),
                              std::numeric_limits<T>::denorm_min(),
                              -std::numeric_limits<T>::denorm_min(),
                              std::numeric_limits<T>::min(),
                              -std::numeric_limits<T>::min(),
                              std::numeric_limits<T>::min() - std::numeric_limits<T>::denorm_min(),
                              std::numeric_limits<T>::epsilon(),
                              -std::numeric_limits<T>::epsilon(),
                              T(0.5),
                              T(-0.5),
                              T(1),
                              T(-1),
                              T(1) + std::numeric_limits<T>::epsilon(),
                              T(1) - std::numeric_limits<T>::epsilon() / 2,
                              T(-1) - std::numeric_limits<T>::epsilon(),
                              T(-1) + std::numeric_limits<T>::epsilon() / 2,
                              T(1.5),
                              T(-1.5),
                              T(2),
                              T(-2),
                              T(2.5),
                              T(3),
                              T(-3),
                              T(10),
                              T(100),
                              T(-100),
                              T(8388607.5),
                              T(8388608),
                              T(-8388609),
                              T(16777217),
                              T(4503599627370495.5),
                              T(9007199254740993),
                              T(1e10),
                              T(-1e10),
                              T(1e30),
                              T(1.5707963267948966),
                              T(3.141592653589793),
                              T(6.283185307179586),
                              std::numeric_limits<T>::max(),
                              -std::numeric_limits<T>::max(),
                              std::numeric_limits<T>::infinity(),
                              -std::numeric_limits<T>::infinity(),
                              std::numeric_limits<T>::quiet_NaN()};
template <class T>
inline constexpr int edge_count = sizeof(edges<T>) / sizeof(T);

template <class T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0 || (std::isnan(a) && std::isnan(b));
}

/// The worst of what was seen.
template <class T>
struct Worst {
  double ulp = 0;
  T x = 0, y = 0;
  int pack_differences = 0, zero_signs = 0;
};

// Batches are as wide as the widest pack used, two registers.
template <class T>
inline constexpr int batch = 2 * simd::native_lanes<T>;

// What was measured; with TENON_SHOW_ULP in the environment it is printed, to be written into the claims.
template <class T>
void judge(const char* name, double claim, const Worst<T>& worst) {
  const char* type = sizeof(T) == 4 ? "float" : "double";
  if (std::getenv("TENON_SHOW_ULP"))
    std::printf("%-10s %-6s %.3f of %.3f at %a, %a\n", name, type, worst.ulp, claim, static_cast<double>(worst.x),
                static_cast<double>(worst.y));
  INFO(doctest::String(name) << " of " << doctest::String(type) << " at " << worst.x << ", " << worst.y);
  CHECK(worst.ulp <= claim);
  CHECK(worst.pack_differences == 0);
  CHECK(worst.zero_signs == 0);
}

template <class T, class F, class R>
void check_batch(const T* x, F f, R reference, Worst<T>& worst) {
  using Narrow = simd::native<T>;
  using Wide = simd::pack<T, batch<T>>;
  T scalar[batch<T>], narrow[batch<T>], wide[batch<T>];
  for (int i = 0; i < batch<T>; ++i) scalar[i] = f(x[i]);
  for (int i = 0; i < batch<T>; i += simd::lanes<Narrow>) simd::store(narrow + i, f(simd::load<Narrow>(x + i)));
  simd::store(wide, f(simd::load<Wide>(x)));
  for (int i = 0; i < batch<T>; ++i) {
    if (!same_bits(scalar[i], narrow[i]) || !same_bits(scalar[i], wide[i])) {
      if (worst.pack_differences++ == 0) worst.x = x[i];
    }
    const long double want = reference(static_cast<long double>(x[i]));
    if (want == 0 && scalar[i] == 0 && std::signbit(want) != std::signbit(scalar[i]))
      if (worst.zero_signs++ == 0) worst.x = x[i];
    const double distance = ulp_distance(scalar[i], want);
    if (distance > worst.ulp) {
      worst.ulp = distance;
      worst.x = x[i];
    }
  }
}

template <class T, class F, class R>
void sweep_around(Worst<T>& worst, std::initializer_list<double> places, F f, R reference) {
  T x[batch<T>];
  for (const double place : places)
    for (int i = 0; i < samples / 64; i += batch<T>) {
      for (int j = 0; j < batch<T>; ++j) x[j] = around(static_cast<std::uint64_t>(i + j), static_cast<T>(place));
      check_batch(x, f, reference, worst);
    }
}

template <class T, class F, class R>
void sweep_type(const char* name, double claim, double lo, double hi, F f, R reference) {
  constexpr int patterns = sizeof(T) == 4 ? 2 * samples : samples, points = samples;
  Worst<T> worst;
  T x[batch<T>];
  for (int i = 0; i < patterns; i += batch<T>) {
    for (int j = 0; j < batch<T>; ++j) x[j] = pattern<T>(static_cast<std::uint64_t>(i + j));
    check_batch(x, f, reference, worst);
  }
  for (int i = 0; i < points; i += batch<T>) {
    for (int j = 0; j < batch<T>; ++j) x[j] = inside<T>(static_cast<std::uint64_t>(i + j), lo, hi);
    check_batch(x, f, reference, worst);
  }
  for (int i = 0; i < edge_count<T>; i += batch<T>) {
    for (int j = 0; j < batch<T>; ++j) x[j] = edges<T>[(i + j) % edge_count<T>];
    check_batch(x, f, reference, worst);
  }
  // Every exponent several times, and the ends of the interval, about which something changes.
  constexpr int exponents = sizeof(T) == 4 ? 255 * 32 : 2047 * 32;
  for (int i = 0; i < (exponents < samples ? exponents : samples); i += batch<T>) {
    for (int j = 0; j < batch<T>; ++j) x[j] = of_exponent<T>(static_cast<std::uint64_t>(i + j));
    check_batch(x, f, reference, worst);
  }
  sweep_around<T>(worst, {lo, hi}, f, reference);
  judge(name, claim, worst);
}

/// f within its claim of the reference, scalars and packs bit for bit the same, signs of zero right: over all bit
/// patterns, and more closely in [lo, hi].
template <class F, class R>
void sweep(const char* name, Bound claim, double lo, double hi, F f, R reference) {
  sweep_type<float>(name, claim.single, lo, hi, f, reference);
  sweep_type<double>(name, claim.twofold, lo, hi, f, reference);
}

/// The same around hard places of each type: where something changes, where results overflow or become subnormal or 0.
template <class F, class R>
void sweep_near(const char* name, Bound claim, std::initializer_list<double> single,
                std::initializer_list<double> twofold, F f, R reference) {
  Worst<float> worst;
  sweep_around<float>(worst, single, f, reference);
  judge(name, claim.single, worst);
  Worst<double> worst_twofold;
  sweep_around<double>(worst_twofold, twofold, f, reference);
  judge(name, claim.twofold, worst_twofold);
}

template <class T, class F, class R>
void sweep_pairs_type(const char* name, double claim, double lo, double hi, double lo2, double hi2, F f, R reference) {
  using V = simd::pack<T, batch<T>>;
  constexpr int patterns = samples, points = samples, edge_pairs = edge_count<T> * edge_count<T>;
  Worst<T> worst;
  for (int i = 0; i < patterns + points + edge_pairs; i += batch<T>) {
    T x[batch<T>], y[batch<T>], packed[batch<T>];
    for (int j = 0; j < batch<T>; ++j) {
      const auto k = static_cast<std::uint64_t>(i + j);
      if (i < patterns) {
        x[j] = pattern<T>(k);
        // Half of the pairs are within 2^10 of each other.
        y[j] = k % 2 ? pattern<T>(k + (1u << 30)) : x[j] * inside<T>(k, -1024, 1024);
      } else if (i < patterns + points) {
        x[j] = inside<T>(2 * k, lo, hi);
        y[j] = inside<T>(2 * k + 1, lo2, hi2);
      } else {
        x[j] = edges<T>[(i + j) % edge_count<T>];
        y[j] = edges<T>[(i + j) / edge_count<T> % edge_count<T>];
      }
    }
    simd::store(packed, f(simd::load<V>(x), simd::load<V>(y)));
    for (int j = 0; j < batch<T>; ++j) {
      const T got = f(x[j], y[j]);
      const long double want = reference(static_cast<long double>(x[j]), static_cast<long double>(y[j]));
      const double distance = ulp_distance(got, want);
      const bool differs = !same_bits(got, packed[j]);
      const bool sign = want == 0 && got == 0 && std::signbit(want) != std::signbit(got);
      worst.pack_differences += differs;
      worst.zero_signs += sign;
      if (distance > worst.ulp || differs || sign) {
        worst.x = x[j];
        worst.y = y[j];
      }
      if (distance > worst.ulp) worst.ulp = distance;
    }
  }
  judge(name, claim, worst);
}

/// The same for two arguments; all pairs of edges are among them.
template <class F, class R>
void sweep_pairs(const char* name, Bound claim, double lo, double hi, double lo2, double hi2, F f, R reference) {
  sweep_pairs_type<float>(name, claim.single, lo, hi, lo2, hi2, f, reference);
  sweep_pairs_type<double>(name, claim.twofold, lo, hi, lo2, hi2, f, reference);
}

}  // namespace tenon::test

// The call of a function that may be overloaded, and of its reference.
#define TENON_CALL(function) \
  [](auto x) __attribute__((always_inline)) { return tenon::math::function(x); }
#define TENON_CALL_2(function) \
  [](auto x, auto y) __attribute__((always_inline)) { return tenon::math::function(x, y); }
#define TENON_REFERENCE(...) [](long double x) -> long double { return __VA_ARGS__; }
