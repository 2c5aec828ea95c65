// sin, cos and tan within their claims, above all where x is close to a multiple of pi/2.
#include <initializer_list>
#include <tenon/math/trigonometric.hpp>

#include "sweep.hpp"

using namespace tenon;
using namespace tenon::test;

TEST_CASE("sin") { sweep("sin", bound(1), -10, 10, TENON_CALL(sin), TENON_REFERENCE(std::sin(x))); }
TEST_CASE("cos") { sweep("cos", bound(1), -10, 10, TENON_CALL(cos), TENON_REFERENCE(std::cos(x))); }
TEST_CASE("tan") { sweep("tan", bound(1, 1.25), -10, 10, TENON_CALL(tan), TENON_REFERENCE(std::tan(x))); }
TEST_CASE("sin up to where the reduction changes") {
  sweep("sin", bound(1), -2e5, 2e5, TENON_CALL(sin), TENON_REFERENCE(std::sin(x)));
}
TEST_CASE("cos up to where the reduction changes") {
  sweep("cos", bound(1), -2e9, 2e9, TENON_CALL(cos), TENON_REFERENCE(std::cos(x)));
}

template <class T>
double worst_near_multiples(double first, double step, int count) {
  double worst = 0;
  for (int i = 0; i < count; ++i) {
    const long double n = std::floor(first + step * i);
    const T at = static_cast<T>(n * 1.5707963267948966192L);
    for (T x : {at, std::nextafter(at, T(0)), -at}) {
      const auto both = math::sincos(x);
      const long double y = x;
      for (double d : {ulp_distance(both.sin, std::sin(y)), ulp_distance(both.cos, std::cos(y)),
                       ulp_distance(math::tan(x), std::tan(y)) / bound(1, 1.25).single})
        if (d > worst) worst = d;
    }
  }
  return worst;
}

TEST_CASE("arguments next to multiples of pi/2") {
  CHECK(worst_near_multiples<float>(1, 1, 70000) <= 1);
  CHECK(worst_near_multiples<float>(1e5, 1e33, 20000) <= 1);
  CHECK(worst_near_multiples<double>(1, 1, 70000) <= 1);
  CHECK(worst_near_multiples<double>(6e8, 1e4, 20000) <= 1);
}

// Of every sixteenth exponent the double that is nearest to a multiple of pi/2, from the continued fraction of
// 2^(e + 1)/pi: within 2e-15 of one (W. Kahan, Minimizing q m - n, 1983).
constexpr double nearest_to_multiples[] = {
    0x1.5c9508c58aafap+32,  0x1.7512069b7430dp+48,   0x1.a7f3bc5a7ed9ep+64,  0x1.99caa5236feeap+80,
    0x1.c3dc1a597f202p+96,  0x1.0a68eca9141aap+112,  0x1.12155b2d3a126p+128, 0x1.5ad5a62cb1cc9p+144,
    0x1.17e1e60c52f2ep+160, 0x1.d28d5c4c5e73bp+176,  0x1.bb4c8e40cbe5dp+192, 0x1.615a7f15b285dp+208,
    0x1.33322fd48b212p+224, 0x1.5af9bf37155efp+240,  0x1.b2196364d750bp+256, 0x1.16e59932ab3bcp+272,
    0x1.3e51cbf3b4ecap+288, 0x1.1a73ee3fd4ba9p+304,  0x1.870a967710516p+320, 0x1.3671f965e06e3p+336,
    0x1.c945b5e25f07cp+352, 0x1.64b413dd64fcbp+368,  0x1.715b33a0d143ep+384, 0x1.82f9a53010eefp+400,
    0x1.11bb9a5a2006dp+416, 0x1.372ec0e7828ecp+432,  0x1.2e28b9339bd65p+448, 0x1.f7af940f11670p+464,
    0x1.fe85261f02860p+480, 0x1.7833fa59d0dfdp+496,  0x1.776ae889d49fcp+512, 0x1.2aa88328eba84p+528,
    0x1.3b4801fd74c7ep+544, 0x1.6bf5d7abaf7c8p+560,  0x1.6f2ff88c4c44ep+576, 0x1.518acd4fe45e6p+592,
    0x1.5157705a306a2p+608, 0x1.e77733cda9131p+624,  0x1.668db30162b3dp+640, 0x1.ed0721b49942fp+656,
    0x1.97e359bb79bb4p+672, 0x1.3ecb76de9e4bep+688,  0x1.f0c9d98414062p+704, 0x1.87172196d5822p+720,
    0x1.21143c12c9dfbp+736, 0x1.1b21e01142fb4p+752,  0x1.afeb41302d02ap+768, 0x1.6de1f1aefcdbfp+784,
    0x1.52f4fe34c0e00p+800, 0x1.c2af369704700p+816,  0x1.6fb0d0ab996fap+832, 0x1.9ff0f3caccdb0p+848,
    0x1.cfe482285f8edp+864, 0x1.e398fe7099b7ap+880,  0x1.dd2603af19862p+896, 0x1.0332fe835389ap+912,
    0x1.fce36f3ebfe43p+928, 0x1.4117573397d42p+944,  0x1.ea17c46d23a3cp+960, 0x1.408e81423ea13p+976,
    0x1.e009c53148be1p+992, 0x1.36bf9a50c0440p+1008, 0x1.61a3db8c8d129p+1023};
TEST_CASE("doubles of large exponents next to multiples of pi/2") {
  double worst = 0;
  for (const double at : nearest_to_multiples)
    for (const double x : {at, -at, std::nextafter(at, 0.0), std::nextafter(at, HUGE_VAL)}) {
      const long double y = x;
      CHECK((std::fabs(std::sin(y)) < 1e-14L || std::fabs(std::cos(y)) < 1e-14L) == (std::fabs(x) == at));
      for (const double d : {ulp_distance(math::sin(x), std::sin(y)), ulp_distance(math::cos(x), std::cos(y)),
                             ulp_distance(math::tan(x), std::tan(y)) / bound(1, 1.25).twofold})
        worst = std::fmax(worst, d);
    }
  CHECK(worst <= 1);
}
TEST_CASE("where the reduction of angles changes, and halves of pi") {
  const std::initializer_list<double> single = {0.78539816, 1.5707963, 3.1415927, 1e5, -1e5},
                                      twofold = {0.7853981633974483, 1.5707963267948966, 3.141592653589793, 1e9, -1e9};
  sweep_near("sin", bound(1), single, twofold, TENON_CALL(sin), TENON_REFERENCE(std::sin(x)));
  sweep_near("cos", bound(1), single, twofold, TENON_CALL(cos), TENON_REFERENCE(std::cos(x)));
  sweep_near("tan", bound(1, 1.25), single, twofold, TENON_CALL(tan), TENON_REFERENCE(std::tan(x)));
}

TEST_CASE("arguments known to be hard") {
  // The double closest to a multiple of pi/2 (J.-M. Muller, Elementary Functions, chapter 11), and a few large ones.
  for (double x : {6381956970095103.0 * 0x1p797, 0x1.6ac5b262ca1ffp849, 1e22, 0x1.921fb54442d18p1, 0x1p1023, 1e300}) {
    CHECK(ulp_distance(math::sin(x), std::sin(static_cast<long double>(x))) <= 1);
    CHECK(ulp_distance(math::cos(x), std::cos(static_cast<long double>(x))) <= 1);
    CHECK(ulp_distance(math::tan(x), std::tan(static_cast<long double>(x))) <= bound(1, 1.25).twofold);
  }
  CHECK(math::sin(1e22) == -0.8522008497671888);
}
