// Philox4x32-10 against the known answers published with it, and the conversions to floating point.
#include <doctest/doctest.h>
#include <tenon/math/philox.hpp>

using namespace tenon;
using namespace tenon::math;

namespace {

constexpr bool gives(PhiloxCounter counter, PhiloxKey key, PhiloxCounter expected) {
  const PhiloxCounter r = philox4x32(counter, key);
  for (int i = 0; i < 4; ++i)
    if (r.word[i] != expected.word[i]) return false;
  return true;
}

// The known-answer vectors of the Random123 distribution: zeros, ones, and digits of pi.
constexpr PhiloxCounter zeros{{0, 0, 0, 0}}, ones{{~0u, ~0u, ~0u, ~0u}},
    pi{{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}};
constexpr PhiloxKey pi_key{{0xa4093822u, 0x299f31d0u}};
constexpr PhiloxCounter zeros_answer{{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}},
    ones_answer{{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}},
    pi_answer{{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}};

static_assert(gives(zeros, {{0, 0}}, zeros_answer));
static_assert(gives(ones, {{~0u, ~0u}}, ones_answer));
static_assert(gives(pi, pi_key, pi_answer));

}  // namespace

TEST_CASE("philox4x32: the published known answers, at run time") {
  volatile unsigned zero = 0;
  const PhiloxCounter z{{zero, zero, zero, zero}};
  CHECK(gives(z, {{zero, zero}}, zeros_answer));
  CHECK(gives({{~z.word[0], ~z.word[1], ~z.word[2], ~z.word[3]}}, {{~zero, ~zero}}, ones_answer));
  PhiloxCounter p = pi;
  p.word[0] ^= zero;
  CHECK(gives(p, pi_key, pi_answer));
}

TEST_CASE("philox4x32: a 64-bit position, stream and seed are the words of counter and key") {
  const PhiloxCounter r = philox4x32(0x85a308d3243f6a88ull, 0x0370734413198a2eull, 0x299f31d0a4093822ull);
  for (int i = 0; i < 4; ++i) CHECK(r.word[i] == pi_answer.word[i]);
}

TEST_CASE("uniform numbers: the ends of their intervals") {
  CHECK(uniform_float(0) == 0.0f);
  CHECK(uniform_float(~0u) == 1.0f - 0x1p-24f);
  CHECK(uniform_float(0x80000000u) == 0.5f);
  CHECK(uniform_float(0xff) == 0.0f);
  CHECK(uniform_float(0x100) == 0x1p-24f);
  CHECK(uniform_double(0, 0) == 0.0);
  CHECK(uniform_double(~0u, ~0u) == 1.0 - 0x1p-53);
  CHECK(uniform_double(0, 0x800) == 0x1p-53);
  CHECK(positive_uniform_float(0) == 0x1p-24f);
  CHECK(positive_uniform_float(~0u) == 1.0f);
  CHECK(positive_uniform_double(0, 0) == 0x1p-53);
  CHECK(positive_uniform_double(~0u, ~0u) == 1.0);
}

TEST_CASE("uniform numbers: mean and variance of a million") {
  double sum = 0, squares = 0;
  const int n = 250000;
  for (int i = 0; i < n; ++i) {
    const PhiloxCounter r = philox4x32(static_cast<unsigned long long>(i), 0, 42);
    for (unsigned w : r.word) {
      const double u = static_cast<double>(uniform_float(w));
      sum += u;
      squares += u * u;
    }
  }
  const double mean = sum / (4 * n), variance = squares / (4 * n) - mean * mean;
  CHECK(mean == doctest::Approx(0.5).epsilon(2e-3));  // standard error 2.9e-4
  CHECK(variance == doctest::Approx(1.0 / 12).epsilon(5e-3));
}
