// Packs of the 16-bit formats against base/float16.hpp: all 65536 patterns to float, and floats of every kind back.
#include <doctest/doctest.h>
#include <tenon/base/float16.hpp>
#include <tenon/simd/half.hpp>

using namespace tenon;
using simd::pack;

namespace {

unsigned bits(float x) { return __builtin_bit_cast(unsigned, x); }
unsigned short bits(half x) { return __builtin_bit_cast(unsigned short, x); }
unsigned short bits(bfloat16 x) { return __builtin_bit_cast(unsigned short, x); }

template <int W>
int wrong_to_float() {
  using V = pack<float, W>;
  int wrong = 0;
  unsigned short h[W];
  for (int first = 0; first < 65536; first += W) {
    for (int i = 0; i < W; ++i) h[i] = static_cast<unsigned short>(first + i);
    const V x = simd::load_half<V>(h), y = simd::load_bfloat16<V>(h);
    for (int i = 0; i < W; ++i) {
      const float want = __builtin_bit_cast(half, h[i]), wide = __builtin_bit_cast(bfloat16, h[i]);
      wrong += bits(float{x[i]}) != bits(want) || bits(simd::from_half<float>(h[i])) != bits(want);
      wrong += bits(float{y[i]}) != bits(wide) || bits(simd::from_bfloat16<float>(h[i])) != bits(wide);
    }
  }
  return wrong;
}

template <int W>
int wrong_from_float() {
  using V = pack<float, W>;
  int wrong = 0;
  unsigned state = 1;
  unsigned short h[W], b[W];
  float x[W];
  for (int round = 0; round < 40000; ++round) {
    for (int i = 0; i < W; ++i) {
      state = state * 1664525u + 1013904223u;
      // Every third batch around the range of half, where rounding, underflow and overflow happen; another third ties.
      unsigned u = state;
      if (round % 3 > 0) u = (u & 0x80000000u) | (0x32800000u + (u >> 1) % 0x15400000u);
      if (round % 3 > 1) u &= 0xfffff000u;
      x[i] = __builtin_bit_cast(float, u);
    }
    simd::store_half(h, simd::load<V>(x));
    simd::store_bfloat16(b, simd::load<V>(x));
    for (int i = 0; i < W; ++i) {
      wrong += h[i] != bits(half(x[i])) || simd::to_half(x[i]) != h[i];
      wrong += b[i] != bits(bfloat16(x[i])) || simd::to_bfloat16(x[i]) != b[i];
    }
  }
  return wrong;
}

static_assert(simd::to_half(1.0f) == 0x3c00 && simd::from_half<float>(0x3555) == 0.33325195f &&
              simd::to_bfloat16(1.0f) == 0x3f80);

}  // namespace

TEST_CASE("to float") {
  CHECK(wrong_to_float<4>() == 0);
  CHECK(wrong_to_float<8>() == 0);
  CHECK(wrong_to_float<16>() == 0);
  CHECK(wrong_to_float<32>() == 0);
}
TEST_CASE("from float") {
  CHECK(wrong_from_float<4>() == 0);
  CHECK(wrong_from_float<8>() == 0);
  CHECK(wrong_from_float<16>() == 0);
  CHECK(wrong_from_float<32>() == 0);
}
