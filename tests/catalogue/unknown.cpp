// tests/catalogue/unknown.cpp: what every derivative rule needs, asked by values that are unknown.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <string>
#include <tenon/ops/catalogue.hpp>
#include <tenon/ops/derivative.hpp>
#include <tenon/ops/operators.hpp>
#include <type_traits>

using namespace tenon;

namespace {

// Whether the first partial is known where the result, and so many of the arguments, are.
template <class Op, class Y, class... X>
constexpr bool knows() {
  if constexpr (differentiable<Op, static_cast<int>(sizeof...(X))>) {
    return has_known_partial<Op, 0, Y, X...>;
  } else {
    return true;
  }
}
template <class Op, class Y, class X>
constexpr bool knows_all() {
  using First = std::conditional_t<tenon::detail::condition_first<Op>, bool, X>;
  if constexpr (arity<Op> == 1) {
    return knows<Op, Y, X>();
  } else if constexpr (arity<Op> == 2) {
    return knows<Op, Y, X, X>();
  } else {
    return knows<Op, Y, First, X, X>();
  }
}
template <class Op>
void check() {
  INFO(std::string(Op::name.c_str()));
  CHECK((knows_all<Op, float, float>()));
  // A rule from the output needs the output, and that alone.
  if constexpr (requires { Op::partials_from_output(1.0f); }) {
    CHECK((knows_all<Op, float, Unknown>()));
    CHECK((!knows_all<Op, Unknown, float>()));
  } else if constexpr (
      requires { Op::partials(1.0f); } && !requires { Op::partials_with_output(1.0f, 1.0f); }) {
    CHECK((knows_all<Op, Unknown, float>()));
  }
  // What nothing need be known for stays known when more is.
  if constexpr (knows_all<Op, Unknown, Unknown>())
    CHECK((knows_all<Op, Unknown, float>() && knows_all<Op, float, Unknown>()));
}
template <class... Op>
void check_each(TypeList<Op...>*) {
  (check<Op>(), ...);
}

}  // namespace

TEST_CASE("rules of all ops say what they need") { check_each(static_cast<PointwiseCatalogue*>(nullptr)); }

TEST_CASE("partial for partial") {
  CHECK(has_known_partial<op::Multiply, 0, Unknown, Unknown, float>);
  CHECK(!has_known_partial<op::Multiply, 1, Unknown, Unknown, float>);
  CHECK(has_known_partial<op::Add, 0, Unknown, Unknown, Unknown>);
  CHECK(has_known_partial<op::Divide, 0, Unknown, Unknown, float>);
  CHECK(!has_known_partial<op::Divide, 1, Unknown, Unknown, float>);
  CHECK(has_known_partial<op::Divide, 1, float, Unknown, float>);
  CHECK(has_known_partial<op::Fma, 0, Unknown, Unknown, float, float>);
  CHECK(has_known_partial<op::Select, 1, Unknown, bool, Unknown, Unknown>);
  CHECK(!has_known_partial<op::Select, 1, Unknown, Unknown, float, float>);
  CHECK(has_known_partial<op::Relu, 0, float, Unknown>);
  CHECK(!has_known_partial<op::Tanh, 0, float, Unknown>);  // 1 - y^2 would have no digits left
  CHECK(!has_known_partial<op::Sigmoid, 0, float, Unknown>);
  CHECK(!has_known_partial<op::Gelu, 0, float, Unknown>);
}
