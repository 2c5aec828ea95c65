// tests/exhaustive/list.hpp: the functions of one float in the catalogue, in one order for both units.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ops/catalogue.hpp>

namespace tenon::test {

template <class Op>
struct IsCast {
  static constexpr bool value = false;
};
template <class To>
struct IsCast<op::Cast<To>> {
  static constexpr bool value = true;
};
/// Whether Op makes a float of a float.
template <class Op>
constexpr bool of_one_float() {
  if constexpr (Op::typing == Typing::integral || Op::typing == Typing::logical || IsCast<Op>::value || arity<Op> != 1)
    return false;
  else
    return __is_same(decltype(Op::value(0.0f)), float);
}

template <class Entry, int N>
struct Table {
  Entry entry[N];
};
/// An entry, made by `make.template operator()<Op>()`, for each such op.
template <class Entry, class Make, class... Op>
constexpr auto table_of(TypeList<Op...>, Make make) {
  Table<Entry, (of_one_float<Op>() + ...)> table{};
  int n = 0;
  const auto add = [&]<class O>(O*) {
    if constexpr (of_one_float<O>()) table.entry[n++] = make.template operator()<O>();
  };
  (add(static_cast<Op*>(nullptr)), ...);
  return table;
}

}  // namespace tenon::test
