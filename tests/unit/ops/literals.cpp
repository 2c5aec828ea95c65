// tests/unit/ops/literals.cpp: literals, where, and the operators of lifted operands.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <complex>
#include <cstdint>
#include <string>
#include <tenon/ops/catalogue.hpp>
#include <tenon/ops/operators.hpp>

// A domain that writes down what is applied to it. As every lifted type it lives in namespace tenon itself, where its
// operators are found.
namespace tenon {
struct Word;
struct WordDomain {
  static constexpr int rank = 7;
  template <class Op, class... X>
  static Word apply(const X&... x);
};
struct Word {
  using tenon_domain = WordDomain;
  std::string text;
};
inline std::string text_of(const Word& w) { return w.text; }
inline std::string text_of(Literal l) { return std::to_string(static_cast<int>(l.value)); }
inline std::string text_of(double x) { return std::to_string(static_cast<int>(x)); }
template <class Op, class... X>
Word WordDomain::apply(const X&... x) {
  std::string s = Op::name.c_str();
  ((s += " " + text_of(x)), ...);
  return {"(" + s + ")"};
}
}  // namespace tenon

using namespace tenon;

namespace {

using Floats = simd::pack<float, 4>;
using Doubles = simd::pack<double, 4>;

struct Stranger {};
enum class Color { red };

template <class A, class B>
concept addable = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept comparable = requires(A a, B b) {
  a == b;
};
template <class A, class B>
concept conjunctive = requires(A a, B b) {
  a&& b;
};
template <class A>
concept has_tanh = requires(A a) {
  tenon::tanh(a);
};

}  // namespace

TEST_CASE("a literal takes the type of what it meets") {
  static_assert(__is_same(decltype(lit(0.5) * 3.0f), float) && lit(0.5) * 3.0f == 1.5f);
  static_assert(__is_same(decltype(3.0 - lit(1)), double) && 3.0 - lit(1) == 2.0);
  static_assert(__is_same(decltype(lit(2) * std::int8_t(100)), std::int8_t) && lit(2) * std::int8_t(100) == -56);
  static_assert(7 / lit(2) == 3 && 7 / lit(0) == 0);
  static_assert(lit(1) / lit(4) == lit(0.25) && -lit(1) < lit(0));
  static_assert(lit(1) < 2.0f && 2.0f >= lit(2) && lit(3) != 2 && 5 == lit(5));
  static_assert(__is_same(decltype(lit(1) + bfloat16(1.0f)), bfloat16));
  const Floats x = lit(0.5) * Floats{1, 2, 3, 4};
  CHECK(x[3] == 2.0f);
  static_assert(__is_same(decltype(Doubles{} < lit(1)), simd::mask_t<Doubles>));
  CHECK((Floats{1, 2, 3, 4} > lit(2))[2] == -1);
  // A sum with a broadcast minus zero keeps its sign.
  CHECK(std::signbit(lanewise::constant<Floats>(-0.0)[1]));
  static_assert(__is_same(decltype(maximum(2.0f, lit(3))), float) && maximum(2.0f, lit(3)) == 3.0f);
  static_assert(__is_same(decltype(maximum(lit(2), lit(3))), Literal) && maximum(lit(2), lit(3)) == lit(3));
  static_assert(__is_same(decltype(less(lit(2), lit(3))), bool));
  static_assert(polynomial(2.0f, 1, 2, 3) == 17.0f);
}

TEST_CASE("where chooses, under bools and masks") {
  static_assert(where(true, 1.0f, lit(2)) == 1.0f && where(false, lit(1), 2.0f) == 2.0f);
  static_assert(where(1 > 2, 1, 2.5) == 2.5);
  static_assert(__is_same(decltype(where(true, lit(1), lit(2))), Literal));
  const Floats x{-1, 2, -3, 4};
  const Floats y = where(x > lit(0), x, lit(0));
  CHECK(y[0] == 0.0f);
  CHECK(y[3] == 4.0f);
  static_assert(__is_same(decltype(where(x > lit(0), lit(1), lit(0))), Floats));
  static_assert(__is_same(decltype(where(Doubles{} > lit(0), lit(1), lit(0))), Doubles));
  CHECK(where(true, x, lit(0))[2] == -3.0f);
  // A mask of narrow lanes chooses between wide ones.
  const Doubles d = where(x > lit(0), Doubles{1, 2, 3, 4}, lit(0));
  CHECK(d[0] == 0.0);
  CHECK(d[1] == 2.0);
}

TEST_CASE("numbers beside packs are broadcast and weak") {
  static_assert(__is_same(decltype(add(Floats{}, 1.0)), Floats));
  static_assert(__is_same(decltype(maximum(2, Floats{})), Floats));
  static_assert(__is_same(decltype(add(Floats{}, Doubles{})), Doubles));
  static_assert(__is_same(decltype(add(simd::pack<int, 4>{}, 0.5)), Floats));
  CHECK(add(simd::pack<int, 4>{1, 2, 3, 4}, 0.5)[1] == 2.5f);
  CHECK(logical_and(Floats{1, 0, 2, 0} > lit(0), true)[2] == -1);
  CHECK(logical_not(Floats{1, 0, 2, 0})[1] == -1);
}

TEST_CASE("operators of lifted operands are their ops") {
  const Word a{"a"}, b{"b"};
  CHECK((a + b).text == "(add a b)");
  CHECK((a - 1).text == "(subtract a 1)");
  CHECK((2.0f * a).text == "(multiply 2 a)");
  CHECK((lit(2) / a).text == "(divide 2 a)");
  CHECK((a % b).text == "(mod a b)");
  CHECK((-a).text == "(negate a)");
  CHECK((+a).text == "(positive a)");
  CHECK((!a).text == "(logical_not a)");
  CHECK((~a).text == "(bit_not a)");
  CHECK((a == b).text == "(equal a b)");
  CHECK((a != 1).text == "(not_equal a 1)");
  CHECK((1 < a).text == "(less 1 a)");
  CHECK((a >= lit(1)).text == "(greater_equal a 1)");
  CHECK((a && b).text == "(logical_and a b)");
  CHECK((a || b).text == "(logical_or a b)");
  CHECK((a & b).text == "(bit_and a b)");
  CHECK((a | b).text == "(bit_or a b)");
  CHECK((a ^ b).text == "(bit_xor a b)");
  CHECK(where(a, b, lit(0)).text == "(select a b 0)");
  CHECK(tanh(a).text == "(tanh a)");
  CHECK(leaky_relu(a).text == "(leaky_relu a 0)");
  // A rule on this domain is its formula.
  CHECK(op::Tanh::partials(a).a.text == "(divide 1 (multiply (cosh a) (cosh a)))");
}

TEST_CASE("the operators and functions leave other types alone") {
  static_assert(!addable<Stranger, Stranger> && !addable<Word, Stranger> && !addable<Stranger, Literal>);
  static_assert(!comparable<Word, Stranger> && !conjunctive<Word, Stranger> && !addable<Color, int>);
  static_assert(!comparable<Color, int> && comparable<Color, Color>);
  static_assert(!has_tanh<Stranger> && !has_tanh<Color> && !has_tanh<const char*> && !has_tanh<std::string>);
  static_assert(addable<Word, int> && has_tanh<Word> && has_tanh<float>);
  // Unqualified calls with plain numbers mean what they did without the library's names.
  CHECK(tanh(1.0) == std::tanh(1.0));
  CHECK(std::string("a") + "b" == "ab");
  CHECK(std::abs(std::complex<double>(3, 4)) == 5.0);
}
