// Messages and errors.
#include <doctest/doctest.h>
#include <tenon/base/contract.hpp>

#include <string>

using namespace tenon;

namespace {

void check_index(int i, int n) {
  expect<index_error>(i >= 0 && i < n, [&] { return Message() << "tenon: index " << i << " of " << n; });
}
constexpr int checked(int i) {
  expect<value_error>(i > 0, "tenon: not positive");
  return i;
}
static_assert(checked(3) == 3);
static_assert([] {
  Message m;
  m << "x = " << -7;
  return m.c_str()[4] == '-' && m.c_str()[5] == '7' && m.size() == 6;
}());

}  // namespace

TEST_CASE("Message: text, characters, integers and fixed strings") {
  Message m;
  m << "a" << 'b' << -12 << ' ' << 0u << ' ' << FixedString{"fixed"} << ' ' << index_t{123456789012};
  m.append(" cut here", 4);
  CHECK(std::string(m.c_str()) == "ab-12 0 fixed 123456789012 cut");
  CHECK(m.size() == 30);
  CHECK(std::string((Message() << -0x7fffffffffffffffll - 1).c_str()) == "-9223372036854775808");
  CHECK(std::string((Message() << ~0ull).c_str()) == "18446744073709551615");
}

TEST_CASE("Message: what does not fit is cut off, and that can be seen") {
  Message exact, more;
  for (int i = 0; i < Message::capacity; ++i) exact << 'x', more << 'x';
  CHECK(std::string(exact.c_str()) == std::string(Message::capacity, 'x'));
  more << "and more, and " << 1234567;
  CHECK(std::string(more.c_str()) == std::string(Message::capacity - 3, 'x') + "...");
  CHECK(more.size() == Message::capacity);
}

#if TENON_THROWS
TEST_CASE("raise: throws the error with its text") {
  CHECK_THROWS_WITH_AS(raise<shape_error>(Message() << "tenon: 2 and " << 3), "tenon: 2 and 3", shape_error);
  CHECK_THROWS_AS(raise<lifetime_error>(Message()), error);
  CHECK_THROWS_WITH_AS(raise<value_error>(Message() << "v"), "v", std::exception);
}

TEST_CASE("expect: nothing if it holds, else the error") {
  CHECK_NOTHROW(check_index(0, 1));
  CHECK_THROWS_WITH_AS(check_index(5, 3), "tenon: index 5 of 3", index_error);
  CHECK_THROWS_WITH_AS(check_index(-1, 3), "tenon: index -1 of 3", index_error);
  CHECK_THROWS_WITH_AS(checked(0), "tenon: not positive", value_error);
  CHECK(checked(2) == 2);
}
#endif

TEST_CASE("set_contract_handler: returns the one before, null restores the default") {
  const ContractHandler mine = [](const char*) {};
  const ContractHandler original = set_contract_handler(mine);
  CHECK((set_contract_handler(nullptr) == mine));
  CHECK((set_contract_handler(original) == original));
}
