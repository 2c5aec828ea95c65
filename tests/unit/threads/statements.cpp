// Executors: large statements on several threads, the same bits for any number of them.
// semantics: [X3]
#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <mutex>
#include <set>
#include <tenon/exec/openmp.hpp>
#if defined(TENON_TEST_TBB)
#include <tenon/exec/tbb.hpp>
#endif
#include <tenon/ops/catalogue.hpp>
#include <tenon/tenon.hpp>
#include <thread>
#include <vector>

using namespace tenon;

namespace {

// A job system of the user's own: each run starts its threads, which take tasks in turn.
struct Jobs {
  int count;
  int runs = 0, tasks = 0;
  std::mutex mutex{};
  std::set<std::thread::id> seen{};

  int threads() const { return count; }
  template <class F>
  void run(int n, const F& task) {
    ++runs;
    tasks += n;
    std::atomic<int> next{0};
    std::vector<std::thread> all;
    for (int t = 0; t < count; ++t)
      all.emplace_back([&] {
        {
          const std::lock_guard lock(mutex);
          seen.insert(std::this_thread::get_id());
        }
        for (int i; (i = next++) < n;) task(i);
      });
    for (auto& t : all) t.join();
  }
};

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
                                  turned = matmul(a, transpose(c));
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
    CHECK(inner.runs == 1);
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

TEST_CASE("OpenMP, where the compiler has it, else one thread") {
  OpenMp threads;
  const auto a = numbers(300, 300, 1);
  const Tensor<float, dyn, dyn> y = matmul(a, a);
  const Parallel scope(threads);
  CHECK(same_bits(matmul(a, a), y));
}

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
