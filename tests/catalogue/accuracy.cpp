// tests/catalogue/accuracy.cpp: the page of error bounds says what the ops claim, neither more nor less.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <tenon/ops/catalogue.hpp>
#include <tenon/ops/special_catalogue.hpp>
#include <vector>

#include "catalogue/pointwise.hpp"

namespace {

using namespace tenon;

const std::string path = std::string(TENON_SOURCE_DIR) + "/docs/accuracy.md";
const std::string begin = "<!-- claims: written by tests/catalogue/accuracy.cpp -->\n",
                  end = "<!-- end of claims -->\n";

struct Row {
  std::string name;
  Claim claim;
  Domain domain;
  int arity;
};

// Functions of floating numbers to floating numbers.
template <class... Op>
std::vector<Row> rows(TypeList<Op...>) {
  std::vector<Row> all;
  const auto add = [&]<class O>(O*) {
    const std::string name = O::name.c_str();
    if (test::floating_result<O>() && !tenon::detail::condition_first<O> && name.rfind("cast_", 0) != 0)
      all.push_back({name, O::claim, O::domain, arity<O>});
  };
  (add(static_cast<Op*>(nullptr)), ...);
  return all;
}

std::string text(double x) {
  char s[32];
  std::snprintf(s, sizeof(s), "%g", x);
  return s;
}
std::string names(const std::vector<Row>& all, double claim) {
  std::string list, line;
  for (const Row& r : all)
    if (r.claim.float_ulp == claim && r.claim.double_ulp == claim) {
      const std::string next = "`" + r.name + "`";
      if (line.size() + next.size() > 116)
        list += line + ",\n", line = next;
      else
        line += (line.empty() ? "" : ", ") + next;
    }
  return list + line + ".\n";
}
std::string table(const std::vector<Row>& all) {
  std::string s = "| function | float | double | arguments that are tried |\n|---|---|---|---|\n";
  for (const Row& r : all) {
    if (r.claim.float_ulp == r.claim.double_ulp && r.claim.float_ulp <= 0.5) continue;
    std::string range = text(r.domain.lo) + " to " + text(r.domain.hi);
    if (r.arity > 1) range += ", " + text(r.domain.lo2) + " to " + text(r.domain.hi2);
    s += "| `" + r.name + "` | " + text(r.claim.float_ulp) + " | " + text(r.claim.double_ulp) + " | " + range + " |\n";
  }
  return s;
}
std::string claims() {
  const auto own = rows(PointwiseCatalogue{}), special = rows(SpecialCatalogue{});
  return "\n## Exact\n\n" + names(own, 0) + "\n## Correctly rounded\n\nHalf a unit:\n" + names(own, 0.5) +
         "\n## Bounded\n\n" + table(own) +
         "\n## Special functions\n\nThese rest on the standard library, in double also for `float`.\n\n" +
         table(special) + "\n";
}

}  // namespace

TEST_CASE("docs/accuracy.md says what the ops claim (with TENON_WRITE_ACCURACY in the environment it is written)") {
  std::ifstream in(path);
  REQUIRE(in);
  std::stringstream all;
  all << in.rdbuf();
  std::string page = all.str();
  const auto from = page.find(begin), to = page.find(end);
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  const std::string expected = page.substr(0, from) + begin + claims() + page.substr(to);
  if (std::getenv("TENON_WRITE_ACCURACY"))
    std::ofstream(path) << expected;
  else
    CHECK(page == expected);
}
