// Products on several threads: packed operands are shared, and every way of multiplying gives the same bits.
// semantics: [X3]
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <string>
#include <tenon/tenon.hpp>

#include "support/jobs.hpp"

using namespace tenon;
using test::Jobs;

namespace {

template <class T>
Tensor<T, dyn, dyn> numbers(index_t n, index_t m, int seed) {
  Tensor<T, dyn, dyn> x(n, m);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>(std::sin(static_cast<double>(i % 1009 + seed)));
  return x;
}
// How often an element, or a pack of them, is computed.
std::atomic<long> computed{0};
struct Counted : Pointwise<Counted> {
  static constexpr FixedString name{"counted"};
  static constexpr int cost = 1;
  static auto value(auto x) {
    ++computed;
    return x * lit(2);
  }
};

// The same bits of f() on one thread and on several, which share the work.
template <class F>
void check_same(const std::string& what, const F& f) {
  INFO(what);
  const auto plain = evaluate(f());
  for (const int threads : {2, 4, 5}) {
    CAPTURE(threads);
    Jobs jobs{threads};
    const Parallel scope(jobs);
    const auto y = evaluate(f());
    REQUIRE(y.dims() == plain.dims());
    CHECK(std::memcmp(y.data(), plain.data(), static_cast<std::size_t>(y.size()) * sizeof(*y.data())) == 0);
    CHECK(jobs.tasks > jobs.runs);
  }
}

template <class T>
void check_shapes(const std::string& type) {
  // Packed columns in one block of the sum and in several, one block of columns and several, rows that fill no tile.
  for (const auto& [m, k, n] : {std::tuple{257, 1500, 95}, std::tuple{100, 130, 700}, std::tuple{61, 2100, 64}}) {
    const auto a = numbers<T>(m, k, 1), b = numbers<T>(n, k, 2);
    Tensor<T, dyn> bias(n);
    for (index_t i = 0; i < n; ++i) bias(i) = static_cast<T>(i % 7) / 8;
    const std::string shape = type + " " + std::to_string(m) + " " + std::to_string(k) + " " + std::to_string(n) + ": ";
    check_same(shape + "a b^T", [&] { return matmul(a, transpose(b)); });
    check_same(shape + "tanh(a b^T + bias)", [&] { return tanh(matmul(a, transpose(b)) + bias); });
    check_same(shape + "(b a^T)^T", [&] { return transpose(matmul(b, transpose(a))); });
    check_same(shape + "computed operands", [&] { return matmul(a * 2 + 1, transpose(b) * 3); });
  }
  // One row: along the sum, and along the columns.
  const auto x = numbers<T>(1, 700, 3), w = numbers<T>(700, 900, 4), v = numbers<T>(900, 700, 5);
  Tensor<T, dyn> bias(900);
  bias = T(0.25);
  check_same(type + ": row times columns", [&] { return matmul(x, w); });
  check_same(type + ": row times columns, relu", [&] { return relu(matmul(x, w) + bias); });
  check_same(type + ": row times rows", [&] { return matmul(x, transpose(v)); });
  check_same(type + ": row times rows, relu", [&] { return relu(matmul(x, transpose(v)) + bias); });
  check_same(type + ": rows times a vector", [&] { return matmul(v, flatten(x)); });
  // A few rows along the sum.
  const auto few = numbers<T>(10, 700, 6);
  check_same(type + ": few rows times rows", [&] { return matmul(few, transpose(v)); });
  check_same(type + ": few rows times rows, relu", [&] { return relu(matmul(few, transpose(v)) + bias); });
  const auto narrow = numbers<T>(700, 3, 7), less_narrow = numbers<T>(700, 7, 8);
  check_same(type + ": rows times few columns", [&] { return matmul(v, narrow); });
  check_same(type + ": rows times seven columns", [&] { return matmul(v, less_narrow); });
  check_same(type + ": rows times few columns, relu", [&] { return relu(matmul(v, narrow) + T(0.5)); });
}

}  // namespace

TEST_CASE("every way of multiplying, the same bits for any number of threads") {
  check_shapes<float>("float");
  check_shapes<double>("double");
}

// Tiles that are finished in registers and others: how many rows a tile has depends on where a part of the rows ends.
TEST_CASE_TEMPLATE("short sums with an epilogue that multiplies and adds", T, float, double) {
  for (const index_t m : {38, 50, 62, 98, 257}) {
    CAPTURE(m);
    const auto a = numbers<T>(m, 100, 1), b = numbers<T>(100, 712, 2), scale = numbers<T>(m, 712, 3);
    Tensor<T, dyn> bias(712);
    for (index_t i = 0; i < 712; ++i) bias(i) = static_cast<T>(i % 7) / 8;
    check_same("scaled", [&] { return matmul(a, b) * scale + bias; });
    check_same("by a number", [&] { return relu(matmul(a, b) * T(0.3) - bias); });
  }
}

TEST_CASE("low precision: operands are packed whatever their order") {
  const auto a = numbers<float>(130, 700, 1), b = numbers<float>(700, 150, 2);
  const Tensor<bfloat16, dyn, dyn> x = cast<bfloat16>(a), y = cast<bfloat16>(b);
  check_same("bfloat16", [&] { return matmul(x, y); });
  Tensor<int8_t, dyn, dyn> p(130, 700), q(700, 150);
  for (index_t i = 0; i < p.size(); ++i) p.data()[i] = static_cast<int8_t>(i % 251 - 125);
  for (index_t i = 0; i < q.size(); ++i) q.data()[i] = static_cast<int8_t>(i % 241 - 120);
  check_same("int8", [&] { return matmul(p, q); });
}

TEST_CASE("what is packed is packed once, not for each part") {
  const auto a = numbers<float>(600, 300, 1), b = numbers<float>(300, 200, 2);
  const auto calls = [&](int threads) {
    computed = 0;
    Jobs jobs{threads};
    const Parallel scope(jobs);
    const Tensor<float, dyn, dyn> y = matmul(a, apply<Counted>(b));
    return computed.load();
  };
  const long once = calls(1);
  CHECK(once >= 200 * 300 / simd::native_lanes<float>);
  CHECK(calls(4) <= once + 16);  // a few more at the ends of parts
}
