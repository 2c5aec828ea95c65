// Executors: large statements on several threads, the same bits for any number of them.
// semantics: [X3]
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <string>
#include <tenon/exec/openmp.hpp>
#if defined(TENON_TEST_TBB)
#include <tenon/exec/tbb.hpp>
#endif
#include <tenon/ops/catalogue.hpp>
#include <tenon/tenon.hpp>

#include "support/jobs.hpp"

using namespace tenon;
using test::Jobs;

namespace {

Tensor<float, dyn, dyn> numbers(index_t n, index_t m, int seed) {
  Tensor<float, dyn, dyn> x(n, m);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = std::sin(static_cast<float>(i % 1009 + seed));
  return x;
}
bool same_bits(const Tensor<float, dyn, dyn>& a, const Tensor<float, dyn, dyn>& b) {
  return a.dims() == b.dims() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * 4) == 0;
}

}  // namespace

TEST_CASE("products: every row once, the same bits for any number of threads") {
  for (const auto& [m, k, n] : {std::tuple{257, 130, 95}, std::tuple{1000, 40, 64}, std::tuple{100, 700, 33}}) {
    const auto a = numbers(m, k, 1), b = numbers(k, n, 2), c = numbers(n, k, 3);
    Tensor<float, dyn> bias(n);
    bias = 0.25f;
    const Tensor<float, dyn, dyn> plain = matmul(a, b), fused = tanh(matmul(a, b) + bias),
                                  turned = matmul(a, transpose(c)), computed = matmul(tanh(a) + bias(0), b * 2 - 1);
    for (const int threads : {2, 3, 8}) {
      CAPTURE(threads);
      Jobs jobs{threads};
      const Parallel scope(jobs);
      Tensor<float, dyn, dyn> y = matmul(a, b);
      CHECK(same_bits(y, plain));
      CHECK(jobs.runs == 1);
      CHECK(jobs.tasks > 1);
      y = tanh(matmul(a, b) + bias);
      CHECK(same_bits(y, fused));
      y = matmul(a, transpose(c));
      CHECK(same_bits(y, turned));
      y = matmul(tanh(a) + bias(0), b * 2 - 1);
      CHECK(same_bits(y, computed));
    }
  }
}

TEST_CASE("pointwise: whole tensors, broadcasts, views, in place") {
  const auto a = numbers(700, 301, 1), b = numbers(700, 301, 2);
  Tensor<float, dyn> row(301);
  for (index_t i = 0; i < 301; ++i) row(i) = static_cast<float>(i);
  const auto run = [&](Tensor<float, dyn, dyn>& y, Tensor<float, dyn, dyn>& z) {
    y = exp(a * b) + row;
    z = a * 2 + b;
    z += y;
    slice(z, range(0, 700, 2), range(1, 301)) = transpose(slice(transpose(y), range(1, 301), range(0, 700, 2))) * 3;
  };
  Tensor<float, dyn, dyn> y, z, ys, zs;
  run(y, z);
  Jobs jobs{3};
  const Parallel scope(jobs);
  run(ys, zs);
  CHECK(jobs.runs >= 3);
  CHECK(same_bits(y, ys));
  CHECK(same_bits(z, zs));
}

namespace {

// The same bits of f() on one thread and on several, which share the work.
template <class F>
void check_same(const char* what, const F& f) {
  INFO(std::string(what));
  const auto plain = evaluate(f());
  for (const int threads : {2, 3, 8}) {
    CAPTURE(threads);
    Jobs jobs{threads};
    const Parallel scope(jobs);
    const auto y = evaluate(f());
    REQUIRE(y.dims() == plain.dims());
    CHECK(std::memcmp(y.data(), plain.data(), static_cast<std::size_t>(y.size()) * sizeof(*y.data())) == 0);
    CHECK(jobs.runs == 1);
    CHECK(jobs.tasks > 1);
  }
}

}  // namespace

TEST_CASE("reductions along any axis, of tensors and of expressions, and of everything") {
  for (const auto& [n, m] : {std::pair{3001, 257}, std::pair{70, 9001}, std::pair{200000, 5}, std::pair{130003, 7}}) {
    CAPTURE(n);
    const auto x = numbers(n, m, 1), y = numbers(n, m, 2);
    check_same("sum 1", [&] { return sum<1>(x); });
    check_same("sum 1 of a product", [&] { return sum<1>(x * y); });
    check_same("var 1", [&] { return var<1>(x); });
    check_same("max 1", [&] { return max<1>(x); });
    check_same("argmax 1", [&] { return argmax<1>(x * y); });
    check_same("sum", [&] { return sum(x); });
    check_same("mean of a product", [&] { return mean(x * y); });
    check_same("var", [&] { return var(x); });
    check_same("argmin", [&] { return argmin(x); });
    check_same("all", [&] { return all(x < 2); });
    check_same("logsumexp", [&] { return logsumexp(x); });
    if (m < 1000) continue;
    check_same("sum 0", [&] { return sum<0>(x); });
    check_same("var 0", [&] { return var<0>(x); });
    check_same("std 0 of a difference", [&] { return stddev<0>(x - y); });
    check_same("argmax 0", [&] { return argmax<0>(x); });
  }
  Tensor<double, dyn, dyn, dyn> t(40, 60, 90);
  for (index_t i = 0; i < t.size(); ++i) t.data()[i] = std::cos(static_cast<double>(i));
  check_same("sum 0", [&] { return sum<0>(t); });
  check_same("sum 1", [&] { return sum<1>(t); });
  check_same("sum 0 2", [&] { return sum<0, 2>(t); });
  check_same("norm", [&] { return norm(t); });
  Tensor<signed char, dyn> bytes(1000003);
  for (index_t i = 0; i < bytes.size(); ++i) bytes.data()[i] = static_cast<signed char>(i * 31);
  check_same("sum of bytes", [&] { return sum(bytes); });
}

TEST_CASE("products of a batch: many small ones whole, few large ones by rows") {
  const auto stack = [](index_t n, index_t rows, index_t columns) {
    Tensor<float, dyn, dyn, dyn> x(n, rows, columns);
    for (index_t i = 0; i < x.size(); ++i) x.data()[i] = std::sin(static_cast<float>(i % 1013));
    return x;
  };
  Tensor<float, dyn> bias(24);
  bias = 0.5f;
  for (const auto& [n, m, k] : {std::tuple{300, 11, 13}, std::tuple{40, 40, 40}, std::tuple{1, 300, 100}}) {
    const auto a = stack(n, m, k), b = stack(n, k, 24), c = stack(n, 24, k);
    check_same("a b", [&] { return matmul(a, b); });
    check_same("relu(a b + bias)", [&] { return relu(matmul(a, b) + bias); });
    check_same("a c^T", [&] { return einsum<"nij,nkj->nik">(a, c); });
    check_same("over two axes", [&] { return einsum<"nij,njk->jnik">(a, b); });
  }
  const auto a = stack(3, 200, 100), b = stack(3, 100, 24);
  Jobs jobs{3};
  const Tensor<float, dyn, dyn, dyn> plain = matmul(a, b);
  const Parallel scope(jobs);
  const Tensor<float, dyn, dyn, dyn> shared = matmul(a, b);
  CHECK(all(shared == plain));
  CHECK(jobs.runs == 3);  // each by its rows
}

TEST_CASE("softmax, scans and sorting along any axis") {
  for (const auto& [n, m] : {std::pair{3001, 57}, std::pair{70, 5001}}) {
    const auto x = numbers(n, m, 1), y = numbers(n, m, 2);
    check_same("softmax 1", [&] { return softmax<1>(x); });
    check_same("log_softmax 1 of a product", [&] { return log_softmax<1>(x * y); });
    check_same("cumsum 1", [&] { return cumsum<1>(x); });
    check_same("sort 1", [&] { return sort<1>(x); });
    check_same("argsort 1", [&] { return argsort<1>(x * y); });
    if (m < 1000) continue;
    check_same("softmax 0", [&] { return softmax<0>(x * y); });
    check_same("cumsum 0", [&] { return cumsum<0>(x); });
    check_same("sort 0", [&] { return sort<0>(x); });
  }
  Tensor<float, dyn, dyn, dyn> t(30, 60, 90);
  for (index_t i = 0; i < t.size(); ++i) t.data()[i] = std::cos(static_cast<float>(i));
  check_same("softmax 1 of 3", [&] { return softmax<1>(t); });
  check_same("softmax 0 of 3", [&] { return softmax<0>(t); });
}

TEST_CASE("small work stays here; what runs in a part is serial; the scope ends") {
  Jobs jobs{4}, inner{4};
  Tensor<float, dyn, dyn> y;
  const auto a = numbers(30, 30, 1), large = numbers(400, 400, 1);
  {
    const Parallel scope(jobs);
    y = matmul(a, a) + 1;
    CHECK(jobs.runs == 0);
    {
      const Parallel nested(inner);
      y = matmul(large, large);
    }
    CHECK(inner.runs >= 1);  // more where columns are packed
    CHECK(jobs.runs == 0);
    std::atomic<int> parallel_inside{0};
    exec::in_parts(100, 1, 10000, [&](index_t, index_t) {
      exec::in_parts(100, 1, 10000, [&](index_t from, index_t to) { parallel_inside += to - from != 100; });
    });
    CHECK(jobs.runs == 1);
    CHECK(parallel_inside == 0);
  }
  y = matmul(large, large);
  CHECK(jobs.runs == 1);
}

namespace {

// Runs all tasks on the calling thread.
struct Here {
  int runs = 0;
  int threads() const { return 2; }
  template <class F>
  void run(int n, const F& task) {
    ++runs;
    for (int i = 0; i < n; ++i) task(i);
  }
};

}  // namespace

TEST_CASE("a part that throws leaves the executor in use") {
  Here here;
  const Parallel scope(here);
  CHECK_THROWS_AS(exec::in_parts(100, 1, 10000, [](index_t, index_t) { throw value_error(Message() << "no memory"); }),
                  value_error);
  exec::in_parts(100, 1, 10000, [](index_t, index_t) {});
  CHECK(here.runs == 2);
}

#if !defined(_OPENMP)
TEST_CASE("OpenMP is one thread where the compiler does not have it (unit/openmp is compiled with it)") {
  OpenMp threads(4);
  CHECK(threads.threads() == 1);
  const auto a = numbers(300, 300, 1);
  const Tensor<float, dyn, dyn> y = matmul(a, a);
  const Parallel scope(threads);
  CHECK(same_bits(matmul(a, a), y));
}
#endif

#if defined(TENON_TEST_TBB)
TEST_CASE("oneTBB") {
  Tbb threads(4);
  CHECK(threads.threads() == 4);
  const auto a = numbers(300, 300, 1);
  const Tensor<float, dyn, dyn> y = matmul(a, a), z = tanh(a * a) + 1;
  const Parallel scope(threads);
  CHECK(same_bits(matmul(a, a), y));
  CHECK(same_bits(tanh(a * a) + 1, z));
}
#endif
