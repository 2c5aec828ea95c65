// tests/unit/ad_memory/tape_limits.cpp: long tapes, tapes that are full, and tapes that get no more memory.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <chrono>
#include <cstdlib>

#include <tenon/ad/variable.hpp>

#include "../ad/derivatives.hpp"

using namespace tenon;
using tenon::test::near;

namespace {

// x + p (1 - x) / n, n times: 1 - (1 - x) exp(-p) in the limit.
rev<double> relax(rev<double> x, const rev<double>& p, long n) {
  const double step = 1 / static_cast<double>(n);
  for (long i = 0; i < n; ++i) x += step * p * (1 - x);
  return x;
}

// Gives no memory beyond `limit` bytes.
struct Limited {
  std::size_t left;
  explicit Limited(std::size_t limit) : left(limit) {
    trim_pool();
    set_allocator({allocate, deallocate, this});
  }
  ~Limited() {
    trim_pool();
    set_allocator({detail::system_allocate, detail::system_deallocate, nullptr});
  }
  static void* allocate(std::size_t bytes, void* user) {
    Limited& l = *static_cast<Limited*>(user);
    if (bytes > l.left) return nullptr;
    l.left -= bytes;
    return detail::system_allocate(bytes, nullptr);
  }
  static void deallocate(void* p, std::size_t bytes, void* user) {
    static_cast<Limited*>(user)->left += bytes;
    detail::system_deallocate(p, bytes, nullptr);
  }
};

}  // namespace

// TENON_TAPE_STATEMENTS=100000000 is the long one: 3.6 GB.
TEST_CASE("many statements") {
  const char* const wanted = std::getenv("TENON_TAPE_STATEMENTS");
  const long n = wanted ? std::atol(wanted) : 3000000;
  const auto start = std::chrono::steady_clock::now();
  Tape tape;
  const auto x = tape.variable(0.2), p = tape.variable(0.7);
  const auto y = relax(x, p, n);
  const auto [gx, gp] = tape.gradient(y, x, p);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  MESSAGE(n << " statements: " << tape.bytes() << " bytes, " << seconds << " s");
  const double size = static_cast<double>(n), power = std::exp(size * std::log1p(-0.7 / size));
  const double tolerance = 1e-16 * size;  // rounding errors add up
  CHECK(near(y.value, 1 - 0.8 * power, tolerance));
  CHECK(near(gx, power, tolerance));
  CHECK(near(gp, 0.8 * power / (1 - 0.7 / size), tolerance));
  // Two terms of 12 bytes, 4 for the statement and 8 for its adjoint. That a sum goes on from the statement before is
  // seen by optimising compilers only.
#if defined(__OPTIMIZE__)
  constexpr std::size_t most = 36;
#else
  constexpr std::size_t most = 48;
#endif
  CHECK(tape.bytes() < static_cast<std::size_t>(n) * most + (1 << 20));
}

TEST_CASE("no more memory is an error, and the tape goes on after it") {
  const Limited limit(std::size_t{20} << 20);
  Tape tape;
  const auto x = tape.variable(0.2), p = tape.variable(0.7);
  (void)tape.gradient(relax(x, p, 1000), x);  // memory for so many adjoints is there at the end, when all is taken
  CHECK_THROWS_WITH_AS(relax(x, p, 10000000), doctest::Contains("out of memory"), value_error);
  // Room for the statements, but not for their adjoints of 8 bytes each.
  tape.reset();
  relax(tape.variable(0.2), tape.variable(0.7), 10000);
  const long each = static_cast<long>(tape.bytes()) / 10000 - 8;
  tape.reset();
  const auto v = tape.variable(0.2), w = tape.variable(0.7);
  const auto y = relax(v, w, 19500000 / each);
  CHECK_THROWS_WITH_AS(tape.gradient(y, v), doctest::Contains("out of memory"), value_error);
  tape.reset();
  const auto a = tape.variable(0.2), b = tape.variable(0.7);
  const auto [g] = tape.gradient(relax(a, b, 1000), a);
  CHECK(near(g, std::exp(-0.7), 1e-3));
}

TEST_CASE("no more slots is an error, and the tape goes on after it") {
  Tape tape;
  // Adjoints take memory only when a gradient is asked for.
  const auto x = tape.variable(0.2);
  CHECK_THROWS_WITH_AS((void)tape.allocate(index_t{1} << 32, 1), doctest::Contains("the tape is full"), value_error);
  CHECK_THROWS_WITH_AS((void)tape.allocate(index_t{1} << 62, 4), doctest::Contains("the tape is full"), value_error);
  const rev<double> square = x * x;
  const auto [g] = tape.gradient(square, x);
  CHECK(g == 0.4);
  (void)tape.allocate((index_t{1} << 30) - 100000, 2);
  const auto p = tape.variable(0.7);
  CHECK_THROWS_WITH_AS(relax(x, p, 10000000), doctest::Contains("the tape is full"), value_error);
  tape.reset();
  const auto a = tape.variable(0.2), b = tape.variable(0.7);
  const auto [h] = tape.gradient(relax(a, b, 1000), a);
  CHECK(near(h, std::exp(-0.7), 1e-3));
}
