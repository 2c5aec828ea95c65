// The same bits on every machine: scalars and packs of every instruction set, gcc and clang, any optimisation level and
// any -ffp-contract give one of two results, one with fused multiply-add, one without; what is made of e^x has a third
// one where short tables are looked up by an instruction. A change of an algorithm changes its line here; a change of
// anything else must not. With TENON_SHOW_BITS in the environment the lines are printed.
#include <tenon/math/math.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

// FNV-1a over the bits of f at 8192 patterns, half of them with exponents from -6 to 5; all NaN count as one.
template <class V, class F>
std::uint64_t digest(F f, std::uint64_t hash) {
  using T = simd::lane_t<V>;
  constexpr int lanes = simd::lanes<V>;
  for (int i = 0; i < 8192; i += lanes) {
    T x[lanes], y[lanes];
    for (int j = 0; j < lanes; ++j) {
      const auto k = static_cast<std::uint64_t>(i + j);
      x[j] = pattern<T>(k);
      int exponent = 0;
      if (k % 2 && std::isfinite(x[j]))
        x[j] = std::ldexp(std::frexp(x[j], &exponent), static_cast<int>(mixed(k) % 12) - 5);
    }
    simd::store(y, f(simd::load<V>(x)));
    for (T value : y) {
      std::uint64_t bits = 0;
      if (!std::isnan(value)) std::memcpy(&bits, &value, sizeof(value));
      hash = (hash ^ bits) * 1099511628211u;
    }
  }
  return hash;
}

template <class F>
void check(const char* name, std::uint64_t with_lookup, std::uint64_t with_fma, std::uint64_t without, F f) {
  constexpr std::uint64_t start = 14695981039346656037u;
  const std::uint64_t scalars = digest<double>(f, digest<float>(f, start));
  const std::uint64_t packs = digest<simd::native<double>>(f, digest<simd::native<float>>(f, start));
  if (std::getenv("TENON_SHOW_BITS")) std::printf("%s %#llx\n", name, static_cast<unsigned long long>(packs));
  INFO(doctest::String(name));
  CHECK(scalars == packs);
  CHECK(packs == (math::kernel::has_lookup ? with_lookup : math::kernel::has_fma ? with_fma : without));
}

}  // namespace

#define TENON_BITS_OF_EXP(name, with_lookup, with_fma, without, ...) \
  check(                                                             \
      name, with_lookup, with_fma, without, [](auto x) __attribute__((always_inline)) { return __VA_ARGS__; });
#define TENON_BITS(name, with_fma, without, ...) TENON_BITS_OF_EXP(name, with_fma, with_fma, without, __VA_ARGS__)

TEST_CASE("one result with fused multiply-add, one without, one with tables") {
  TENON_BITS_OF_EXP("exp", 0xfb0d96c96df5183f, 0x89b43a10b70009e1, 0x6928e90587d0a6b7, math::exp(x))
  TENON_BITS("exp2", 0x571817e81c5f7540, 0xc04d4268c3265c61, math::exp2(x))
  TENON_BITS("exp10", 0x1ec5a51d44337f98, 0xdad7c9d0b00d8e5f, math::exp10(x))
  TENON_BITS("expm1", 0xdbab06526bfa6d93, 0x17483dcd7a81bce3, math::expm1(x))
  TENON_BITS_OF_EXP("sigmoid", 0x4fcd440ae784cb38, 0x7c4254100b5a4142, 0xce94d2ec60c0450a, math::sigmoid(x))
  TENON_BITS("log", 0x6cc5b3f28bd8b551, 0x9ebb60bf03d5732e, math::log(x))
  TENON_BITS("log2", 0x2e7d006ed46163ee, 0x4f63e5fefa876c7b, math::log2(x))
  TENON_BITS("log10", 0x3c204237d3b8f3c4, 0x6bc60dd2c58a0700, math::log10(x))
  TENON_BITS("log1p", 0x2440e2e76c42a8bd, 0x66c8b9ef6bb6dcb3, math::log1p(x))
  TENON_BITS_OF_EXP("softplus", 0x8bc67c8e93064ca6, 0x4ce905d3ca2d1112, 0x42b53b9681308e7d, math::softplus(x))
  TENON_BITS("sin", 0x6d52a1513ad8dca5, 0xd6134dc960382410, math::sin(x))
  TENON_BITS("cos", 0xdce254961a3f6ce2, 0x8c900406f2aed74f, math::cos(x))
  TENON_BITS("tan", 0x8d6dd3b1969c1929, 0x7a70b7cacf1556b5, math::tan(x))
  TENON_BITS("asin", 0x2b01c353cc63c3e1, 0x2b01c353cc63c3e1, math::asin(x))
  TENON_BITS("acos", 0x7ddb695b23204bb4, 0x7ddb695b23204bb4, math::acos(x))
  TENON_BITS("atan", 0x8766d4db666f00ab, 0x55f5d9ba72fedee0, math::atan(x))
  TENON_BITS_OF_EXP("sinh", 0xd2593d7995c6010b, 0x46fa66507515d4d1, 0x42fb75f0075fe05a, math::sinh(x))
  TENON_BITS_OF_EXP("cosh", 0x39cc23dd70df231c, 0xd8503567296909fa, 0xa5a56df84c1ed48f, math::cosh(x))
  TENON_BITS_OF_EXP("tanh", 0x1cf0d516a0ccb0c3, 0xfedd8cc8d583d253, 0x81da6113cb493399, math::tanh(x))
  TENON_BITS("asinh", 0x34fb7e2f751aef40, 0x962b3189da1081f1, math::asinh(x))
  TENON_BITS("acosh", 0x14b11e5f55a232d6, 0x78c3e267713285a9, math::acosh(x))
  TENON_BITS("atanh", 0x7ddb6981afd94604, 0x8a0c5e99d60e6ce0, math::atanh(x))
  TENON_BITS_OF_EXP("erf", 0x14bdb1ceeec084d2, 0xe689e0373a1a0d8b, 0x86c07de408a6b1df, math::erf(x))
  TENON_BITS("erfc", 0xd9c29574c358b835, 0xf7040bdf5d229a2a, math::erfc(x))
  TENON_BITS("erfinv", 0x3e52286701749a42, 0xc8e0aa9e885817ad, math::erfinv(x))
  TENON_BITS("cbrt", 0x938469716263e53c, 0x938469716263e53c, math::cbrt(x))
  TENON_BITS("rsqrt", 0x3e735de439a5a1ca, 0xc8aa2a7413c75ea9, math::rsqrt(x))
  TENON_BITS("pow", 0x7023a2fd057d425c, 0x32c1008d8fdc22ee, math::pow(math::abs(x), x))
  TENON_BITS("atan2", 0x18d2dc3b8de9fcc4, 0x1bc5392e637a8f4b, math::atan2(x, decltype(x)(x + 1)))
  TENON_BITS("hypot", 0xa52d08753e602415, 0xa0037de722d36623, math::hypot(x, decltype(x)(x * 3)))
}
