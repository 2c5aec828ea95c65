// Statements on OpenMP's threads: several run at once, and the bits are those of one. Compiled with -fopenmp.
// semantics: [X3]
#include <doctest/doctest.h>
#include <omp.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <mutex>
#include <set>
#include <string>
#include <tenon/exec/openmp.hpp>
#include <tenon/ops/catalogue.hpp>
#include <tenon/tenon.hpp>
#include <thread>

using namespace tenon;

namespace {

// The threads that came here. Each waits for a second one, so that a quick first does not do all that is to be done.
class Meeting {
 public:
  void join() {
    {
      const std::lock_guard lock(mutex_);
      if (!seen_.insert(std::this_thread::get_id()).second) return;
    }
    const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (size() < 2 && std::chrono::steady_clock::now() < latest) std::this_thread::yield();
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return seen_.size();
  }

 private:
  std::mutex mutex_;
  std::set<std::thread::id> seen_;
};
Meeting* meeting = nullptr;
struct Met : Pointwise<Met> {
  static constexpr FixedString name{"met"};
  static constexpr int cost = 1;
  static auto value(auto x) {
    meeting->join();
    return x * lit(2);
  }
};

Tensor<float, dyn, dyn> numbers(index_t n, index_t m, int seed) {
  Tensor<float, dyn, dyn> x(n, m);
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = std::sin(static_cast<float>(i % 1009 + seed));
  return x;
}
// The same bits of f() on this thread and on any number of OpenMP's.
template <class F>
void check_same(const std::string& what, const F& f) {
  INFO(what);
  const auto plain = evaluate(f());
  for (const int count : {1, 2, 3, 8}) {
    CAPTURE(count);
    OpenMp threads(count);
    const Parallel scope(threads);
    const auto y = evaluate(f());
    REQUIRE(y.dims() == plain.dims());
    CHECK(std::memcmp(y.data(), plain.data(), static_cast<std::size_t>(y.size()) * sizeof(*y.data())) == 0);
  }
}

}  // namespace

TEST_CASE("as many threads as asked for, or as OpenMP has") {
  CHECK(OpenMp().threads() == omp_get_max_threads());
  CHECK(OpenMp(3).threads() == 3);
  for (const int count : {1, 3}) {
    CAPTURE(count);
    OpenMp threads(count);
    int most = 0, tasks[100] = {};
    threads.run(100, [&](int i) {
      tasks[i] += 1;
      if (i == 0) most = omp_get_num_threads();
    });
    CHECK(most == count);
    for (const int times : tasks) CHECK(times == 1);
  }
}

TEST_CASE("statements run on several threads") {
  const auto a = numbers(700, 301, 1);
  const auto threads_of = [&](int count, const auto& f) {
    Meeting here;
    meeting = &here;
    OpenMp threads(count);
    const Parallel scope(threads);
    f();
    return here.size();
  };
  Tensor<float, dyn, dyn> y;
  Tensor<float, dyn> s;
  CHECK(threads_of(3, [&] { y = apply<Met>(a) + 1; }) >= 2);
  CHECK(threads_of(3, [&] { y = matmul(apply<Met>(a), transpose(a)); }) >= 2);
  CHECK(threads_of(3, [&] { s = sum<1>(apply<Met>(a)); }) >= 2);
}

TEST_CASE("the same bits for any number of threads") {
  const auto a = numbers(700, 301, 1), b = numbers(700, 301, 2);
  Tensor<float, dyn> row(301);
  for (index_t i = 0; i < 301; ++i) row(i) = static_cast<float>(i % 7);
  check_same("pointwise", [&] { return exp(a * b) + row; });
  check_same("product", [&] { return tanh(matmul(a, transpose(b)) + 0.25f); });
  check_same("row sums", [&] { return sum<1>(a * b); });
  check_same("column sums", [&] { return sum<0>(a * b); });
  check_same("sum", [&] { return sum(a * b); });
  check_same("softmax", [&] { return softmax<1>(a); });
  check_same("scan", [&] { return cumsum<1>(a); });
  check_same("sort", [&] { return sort<1>(a); });
}
