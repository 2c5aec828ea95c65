// tests/catalogue/names.cpp: names and arities of the catalogue.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <tenon/ops/catalogue.hpp>
#include <tenon/ops/special_catalogue.hpp>

namespace {

using All = tenon::concat_t<tenon::PointwiseCatalogue, tenon::SpecialCatalogue>;

template <class... Op>
std::map<std::string, int> count_names(tenon::TypeList<Op...>) {
  std::map<std::string, int> count;
  (++count[Op::name.c_str()], ...);
  return count;
}

// Two ops that call themselves the same abroad could not be told apart on the way back, unless typing does.
template <class... Op>
std::map<std::string, std::string> onnx_names(tenon::TypeList<Op...>) {
  std::map<std::string, std::string> names;
  ((names[Op::onnx.c_str()] += std::string(" ") + Op::name.c_str()), ...);
  return names;
}

}  // namespace

TEST_CASE("every pointwise op has a name of its own") {
  const auto count = count_names(All{});
  CHECK(count.size() == static_cast<std::size_t>(All::size));
  for (const auto& [name, n] : count) {
    INFO(name);
    CHECK(!name.empty());
    CHECK(n == 1);
  }
}

TEST_CASE("an ONNX operator stands for one op") {
  for (const auto& [onnx, ops] : onnx_names(All{})) {
    if (onnx.empty()) continue;
    INFO(onnx);
    INFO(ops);
    CHECK(ops.find(' ', 1) == std::string::npos);
  }
}

namespace op = tenon::op;
using tenon::arity;
static_assert(arity<op::Exp> == 1 && arity<op::Add> == 2 && arity<op::Fma> == 3 && arity<op::IsClose> == 4);
static_assert(arity<op::Select> == 3 && arity<op::BitNot> == 1 && arity<op::ShiftLeft> == 2);
static_assert(arity<op::LogicalNot> == 1 && arity<op::LogicalAnd> == 2 && arity<op::Cast<int>> == 1);
static_assert(op::Cast<tenon::bfloat16>::name == tenon::FixedString{"cast_bfloat16"});
