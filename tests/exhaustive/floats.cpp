// Every float through every function of one float, against a reference of higher precision.
//   floats [--stride N] [NAME...]
// With a stride only every N-th number, and those around the powers of two. The claim holds for a function if the
// largest error is within it over all floats, or over the interval that it is documented for where that is said below;
// NaN gives NaN, and zeros have the right sign. The status is not zero if any claim is broken.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <support/ulp.hpp>
#include <tenon/math/arithmetic.hpp>
#include <tenon/simd/pack.hpp>

#include "functions.hpp"

namespace {
using namespace tenon;
using namespace tenon::math;
using D = simd::native<double>;
constexpr int lanes = simd::lanes<D>;

// Compositions of functions, whose claims are for the documented interval only.
constexpr const char* inside_only[] = {"normal_quantile", "gelu", "gelu_tanh", "silu", "mish"};
bool only_inside(const char* name) {
  for (const char* n : inside_only)
    if (std::strcmp(n, name) == 0) return true;
  return false;
}

/// The largest error of one set of arguments.
struct Worst {
  double ulp = 0;
  float x = 0;
};
enum Set { everywhere, inside, subnormal_argument, subnormal_result, sets };

struct Numbers {
  alignas(64) float x[block], y[block], scalar[block];
  alignas(64) double exact[block], error[block];
} numbers;

/// Largest of a block's errors in each set, in ULP of float; infinite where only one of result and reference is NaN,
/// and where a zero has the wrong sign.
void measure(Numbers& m, double lo, double hi, double (&largest)[sets]) {
  const D ceiling = kernel::constant<D>(0x1p128), normal = kernel::constant<D>(0x1p-126);
  D top[sets] = {};
  for (int i = 0; i < block; i += lanes) {
    using F = simd::pack<float, lanes>;
    const D x = simd::convert<double>(simd::load<F>(m.x + i)), exact = simd::load<D>(m.exact + i);
    const D got = simd::convert<double>(simd::load<F>(m.y + i));
    const auto clamped = [&](D v) {
      const D size = kernel::magnitude(v);
      return kernel::flip(simd::select(size > ceiling, ceiling, size), kernel::sign_bit(v));
    };
    const D want = clamped(exact), size = kernel::magnitude(want);
    // 2^-e of the binade, that of the smallest normal number below it, that of the largest one above it.
    D binade = simd::select(size < normal, normal, simd::select(size < ceiling, size, D(ceiling * 0.5)));
    binade = kernel::from_bits<D>((std::uint64_t{2046} << 52) - (kernel::bits(binade) & (std::uint64_t{2047} << 52)));
    D error = kernel::magnitude(D(clamped(got) - want)) * binade * 0x1p23;
    const auto missing = exact != exact;
    error =
        simd::select(error == error, error, simd::select(missing & (got != got), D{}, kernel::constant<D>(HUGE_VAL)));
    const auto sign = (kernel::sign_bit(got) != kernel::sign_bit(exact)) & (got == D{}) & !missing;
    error = simd::select(sign, kernel::constant<D>(HUGE_VAL), error);
    simd::store(m.error + i, error);
    const auto raise = [&](Set set, auto in) { top[set] = kernel::larger(top[set], simd::select(in, error, D{})); };
    top[everywhere] = kernel::larger(top[everywhere], error);
    raise(inside, (x >= kernel::constant<D>(lo)) & (x <= kernel::constant<D>(hi)));
    raise(subnormal_argument, kernel::magnitude(x) < normal);
    raise(subnormal_result, size < normal);
  }
  for (int s = 0; s < sets; ++s) {
    largest[s] = 0;
    for (int lane = 0; lane < lanes; ++lane) largest[s] = std::fmax(largest[s], double{top[s][lane]});
  }
}

bool belongs(int set, const Function& f, float x, double exact) {
  switch (set) {
    case inside:
      return x >= f.lo && x <= f.hi;
    case subnormal_argument:
      return std::fabs(x) < 0x1p-126f;
    case subnormal_result:
      return std::fabs(exact) < 0x1p-126;
    default:
      return true;
  }
}

struct Report {
  Worst worst[sets];
  long long pack_differences = 0;
};

void add_block(const Function& f, const Exact& e, bool with_scalars, Report& report) {
  Numbers& m = numbers;
  f.packs(m.x, m.y);
  e.packs(m.x, m.exact);
  double largest[sets];
  measure(m, f.lo, f.hi, largest);
  for (int s = 0; s < sets; ++s) {
    Worst& worst = report.worst[s];
    const double limit = worst.ulp * (1 + 1e-9) + 1e-9;
    if (!(largest[s] > limit)) continue;
    for (int i = 0; i < block; ++i) {
      if (!(m.error[i] > limit) || !belongs(s, f, m.x[i], m.exact[i])) continue;
      // What counts is the reference by other means.
      const double ulp = e.at && m.error[i] < HUGE_VAL ? test::ulp_distance(m.y[i], e.at(m.x[i])) : m.error[i];
      if (ulp > worst.ulp) worst = {ulp, m.x[i]};
    }
  }
  if (!with_scalars) return;
  f.scalars(m.x, m.scalar);
  for (int i = 0; i < block; ++i)
    report.pack_differences +=
        std::memcmp(m.y + i, m.scalar + i, sizeof(float)) != 0 && !(std::isnan(m.y[i]) && std::isnan(m.scalar[i]));
}

// Whether the block's negatives give the results that an even or odd function has there: they need no reference.
bool mirrored(const Function& f, int parity) {
  Numbers& m = numbers;
  for (float& x : m.x) x = -x;
  f.packs(m.x, m.scalar);
  bool same = true;
  for (int i = 0; i < block; ++i) {
    const float y = parity > 0 ? m.y[i] : -m.y[i];
    same &= std::memcmp(&y, m.scalar + i, sizeof(y)) == 0 || (y != y && m.scalar[i] != m.scalar[i]);
  }
  return same;
}

float of_bits(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}
/// The largest distance of the two references, in ULP of float, and where.
Worst compare_references(const Function& f, const Exact& e, bool only, int count) {
  Worst worst;
  if (!e.at) return worst;
  const auto step = static_cast<std::uint32_t>((std::uint64_t{1} << 32) / static_cast<unsigned>(count)) | 1u;
  std::uint32_t b = 0;
  for (int k = 0; k < count; k += block) {
    for (int i = 0; i < block; ++i, b += step) numbers.x[i] = of_bits(b);
    e.packs(numbers.x, numbers.exact);
    for (int i = 0; i < block; ++i) {
      const float x = numbers.x[i];
      if (only && !belongs(inside, f, x, 0)) continue;
      const long double want = e.at(x);
      const double got = numbers.exact[i];
      double ulp = std::ldexp(test::ulp_distance(got, want), -29);
      // Below the smallest normal float its unit is that float's.
      if (std::fabs(want) < 0x1p-126L) ulp = std::fabs(static_cast<double>(got - want)) * 0x1p149;
      if (std::fabs(want) > 0x1p128L && std::fabs(got) > 0x1p128 && std::signbit(got) == std::signbit(want)) ulp = 0;
      if (ulp > worst.ulp) worst = {ulp, x};
    }
  }
  return worst;
}

bool judge(int n, std::uint64_t stride) {
  const Function& f = functions[n];
  const Exact& e = exacts[n];
  const bool only = only_inside(f.name);
  const std::clock_t start = std::clock();
  Report report;
  std::uint32_t around[block] = {};
  for (std::uint32_t i = 0; i < 1536; ++i) around[i] = ((i / 3) << 23) + i % 3 - 1;
  for (int i = 0; i < block; ++i) numbers.x[i] = of_bits(around[i]);
  add_block(f, e, true, report);
  // Of all floats the positive ones first, each block with its negatives.
  const bool halves = stride == 1 && e.parity != 0;
  const std::uint64_t count = (std::uint64_t{1} << (halves ? 31 : 32)) / stride;
  for (std::uint64_t k = 0; k < count; k += block) {
    for (std::uint64_t i = 0; i < block; ++i) numbers.x[i] = of_bits(static_cast<std::uint32_t>((k + i) * stride));
    add_block(f, e, stride > 1 || k / block % 64 == 0, report);
    if (halves && !mirrored(f, e.parity)) add_block(f, e, false, report);
  }
  const Worst references = compare_references(f, e, only, stride == 1 ? 1 << 22 : 1 << 14);
  const bool holds =
      report.worst[only ? inside : everywhere].ulp <= f.claim && report.pack_differences == 0 && references.ulp <= 1e-3;
  const auto show = [](const Worst& w) {
    if (w.ulp == 0)
      std::printf(" 0 |");
    else
      std::printf(" %.3f %a |", w.ulp, static_cast<double>(w.x));
  };
  std::printf("| %s | %g |", f.name, f.claim);
  for (const Worst& w : report.worst) show(w);
  std::printf(" %s%s", only ? "(inside) " : "", holds ? "holds" : "BROKEN");
  if (report.pack_differences) std::printf(", packs and scalars differ %lld times", report.pack_differences);
  if (references.ulp > 1e-3)
    std::printf(", references differ by %g at %a", references.ulp, static_cast<double>(references.x));
  std::printf(" | %.1f s |\n", static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  std::fflush(stdout);
  return holds;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t stride = 1;
  int first = 1, broken = 0, judged = 0;
  if (argc > 2 && std::strcmp(argv[1], "--stride") == 0) {
    stride = std::strtoull(argv[2], nullptr, 10);
    first = 3;
  }
  if (function_count != exact_count || stride == 0) return 2;
  std::printf("%s, every %s float\n", instruction_set, stride == 1 ? "" : argv[2]);
  for (int n = 0; n < function_count; ++n) {
    bool wanted = first >= argc;
    for (int a = first; a < argc; ++a) wanted |= std::strcmp(argv[a], functions[n].name) == 0;
    if (!wanted) continue;
    ++judged;
    broken += !judge(n, stride);
  }
  std::printf("%d functions, %d broken claims\n", judged, broken);
  return broken != 0 || judged == 0;
}
