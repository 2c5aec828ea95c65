// tests/catalogue/complex_reduction.cpp: every reduction that takes complex numbers, against std::complex<long double>.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <string>
#include <tenon/ops/reduction_catalogue.hpp>
#include <tenon/tenon.hpp>
#include <vector>

using namespace tenon;

namespace {

using Wide = std::complex<long double>;
using Numbers = std::vector<Wide>;

Wide sum_of(const Numbers& x) {
  Wide s = 0;
  for (const Wide& v : x) s += v;
  return s;
}
long double nonzero_in(const Numbers& x) {
  long double n = 0;
  for (const Wide& v : x) n += v != Wide(0);
  return n;
}
long double norm_of(const Numbers& x, long double p) {
  long double s = 0;
  for (const Wide& v : x) s += std::pow(std::abs(v), p);
  return std::pow(s, 1 / p);
}
long double variance_of(const Numbers& x, int ddof) {
  const long double n = static_cast<long double>(x.size());
  const Wide mean = sum_of(x) / n;
  long double s = 0;
  for (const Wide& v : x) s += std::norm(v - mean);
  return s / (n - ddof);
}

template <class Op>
struct Reference;
#define TENON_TEST_REFERENCE(OP, FORMULA)                \
  template <>                                            \
  struct Reference<op::OP> {                             \
    static Wide of(const Numbers& x) { return FORMULA; } \
  };
TENON_TEST_REFERENCE(Sum, sum_of(x))
TENON_TEST_REFERENCE(Mean, sum_of(x) / static_cast<long double>(x.size()))
TENON_TEST_REFERENCE(Any, nonzero_in(x) > 0 ? 1 : 0)
TENON_TEST_REFERENCE(All, nonzero_in(x) == static_cast<long double>(x.size()) ? 1 : 0)
TENON_TEST_REFERENCE(CountNonzero, nonzero_in(x))
TENON_TEST_REFERENCE(Var<0>, variance_of(x, 0))
TENON_TEST_REFERENCE(Var<1>, variance_of(x, 1))
TENON_TEST_REFERENCE(Std<0>, std::sqrt(variance_of(x, 0)))
TENON_TEST_REFERENCE(Std<1>, std::sqrt(variance_of(x, 1)))
TENON_TEST_REFERENCE(NormL1, norm_of(x, 1))
TENON_TEST_REFERENCE(NormL2, norm_of(x, 2))
#undef TENON_TEST_REFERENCE
template <>
struct Reference<op::Prod> {
  static Wide of(const Numbers& x) {
    Wide p = 1;
    for (const Wide& v : x) p *= v;
    return p;
  }
};
template <>
struct Reference<op::NormInf> {
  static Wide of(const Numbers& x) {
    long double m = 0;
    for (const Wide& v : x) m = std::fmax(m, std::abs(v));
    return m;
  }
};
template <int Num, int Den>
struct Reference<op::NormP<Num, Den>> {
  static Wide of(const Numbers& x) { return norm_of(x, static_cast<long double>(Num) / Den); }
};

template <class T>
Wide wide(const std::complex<T>& z) {
  return {z.real(), z.imag()};
}
template <class T>
Wide wide(T x) requires(!is_complex<T>) {
  return static_cast<long double>(x);
}

template <class Z>
[[gnu::noinline]] Tensor<Z, dyn, dyn> filled(index_t n, index_t m, bool on_circle) {
  Tensor<Z, dyn, dyn> t(n, m);
  std::uint64_t state = 3;
  const auto next = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<real_t<Z>>(state >> 40) / static_cast<real_t<Z>>(1 << 24) - real_t<Z>(0.5);
  };
  for (Z& e : t) {
    const auto angle = next();
    e = on_circle ? std::polar(real_t<Z>(1), angle) : Z(5 + angle, next());
    if (!on_circle && angle > real_t<Z>(0.49)) e = Z();
  }
  return t;
}

template <class T>
[[gnu::noinline]] Numbers numbers(const Tensor<T, dyn>& t) {
  Numbers all;
  for (const T& e : t) all.push_back(wide(e));
  return all;
}
// The lines along an axis, one after another.
template <class Z>
[[gnu::noinline]] std::vector<Numbers> lines(const Tensor<Z, dyn, dyn>& x, int axis) {
  std::vector<Numbers> all(static_cast<size_t>(x.extent(1 - axis)));
  for (index_t i = 0; i < x.extent(0); ++i)
    for (index_t j = 0; j < x.extent(1); ++j) all[static_cast<size_t>(axis == 0 ? j : i)].push_back(wide(x(i, j)));
  return all;
}
// What does not depend on types: an op's results, from memory and fused, against its reference.
void check_lines(const std::vector<Numbers>& all, const Numbers& whole, const Numbers& fused,
                 Wide (*reference)(const Numbers&), long double epsilon, bool relative) {
  REQUIRE(whole.size() == all.size());
  REQUIRE(fused.size() == all.size());
  for (size_t k = 0; k < all.size(); ++k) {
    const Wide want = reference(all[k]);
    const long double allowed = 40 * epsilon * (std::abs(want) + (relative ? 0 : 1));
    CHECK(std::abs(whole[k] - want) <= allowed);
    CHECK(std::abs(fused[k] - want) <= allowed);
  }
}
template <class Op, int Axis, class Z>
void check_axis(const Tensor<Z, dyn, dyn>& x) {
  const auto whole = evaluate(reduce<Op, Axis>(x)), fused = evaluate(reduce<Op, Axis>(x * 1));
  check_lines(lines(x, Axis), numbers(whole), numbers(fused), Reference<Op>::of, sizeof(Z) == 8 ? 0x1p-23L : 0x1p-52L,
              Op::on_complex == OnComplex::analytic);
}
template <class Op, class Z>
void check_type() {
  const index_t shapes[][2] = {{1, 2}, {3, 5}, {17, 40}, {2, 700}};
  for (const auto& d : shapes) {
    const auto x = filled<Z>(d[0] + 1, d[1], std::is_same_v<Op, op::Prod>);
    check_axis<Op, 0>(x);
    check_axis<Op, 1>(x);
  }
}
template <class Op>
int check_op() {
  if constexpr (Op::on_complex == OnComplex::refused) {
    return 0;
  } else {
    INFO(std::string(Op::name.c_str()));
    check_type<Op, std::complex<float>>();
    check_type<Op, std::complex<double>>();
    return 1;
  }
}
template <class... Op>
int check_all(TypeList<Op...>) {
  return (check_op<Op>() + ...);
}

}  // namespace

TEST_CASE("reductions of complex numbers") { CHECK(check_all(ReductionCatalogue{}) == 15); }

TEST_CASE("complex reductions of few, no and extreme elements") {
  using Z = std::complex<double>;
  const Tensor<Z, 2> z{Z(3, 4), Z(0, 0)};
  static_assert(std::is_same_v<decltype(norm(z))::value_type, double>);
  static_assert(std::is_same_v<decltype(var(z))::value_type, double>);
  CHECK(norm(z) == 5);
  CHECK(norm(z, order<1>) == 5);
  CHECK(var(z) == 6.25);
  CHECK(stddev(z) == 2.5);
  CHECK(any(z));
  CHECK(!all(z));
  CHECK(count_nonzero(z) == 1);
  const Tensor<Z, 2> large{Z(3e200, 4e200), Z(0, 0)};
  CHECK(norm(large) == doctest::Approx(5e200));
  const Tensor<Z, dyn> none(0);
  CHECK(norm(none) == 0);
  CHECK(std::isnan(static_cast<double>(var(none))));
  CHECK(allclose(z, z * (1 + 1e-7)));
  CHECK(!allclose(z, z * Z(1, 1e-3)));
  CHECK(allclose(normalize(z), Tensor<Z, 2>{Z(0.6, 0.8), Z(0, 0)}));
  CHECK(allclose(normalize(Tensor<Z, 3>{Z(3, 0), Z(0, 4), Z(0, 0)}), Tensor<Z, 3>{Z(0.6, 0), Z(0, 0.8), Z(0, 0)}));
}
