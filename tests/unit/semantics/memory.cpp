// docs/semantics.md: memory, threads.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdint>
#include <cstdlib>
#include <tenon/tenon.hpp>
#include <thread>

#include "holds.hpp"
#include "support/allocations.hpp"

using namespace tenon;
using tenon::test::AllocationCount;

namespace {

template <class T = float>
struct Net {
  nn::Linear<8, 16, T> hidden;
  nn::Linear<16, 4, T> out;
  auto operator()(const auto& x) const { return out(relu(hidden(x))); }
};

int given = 0, returned = 0;
void* give(size_t bytes, void*) {
  ++given;
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}
void take_back(void* p, size_t, void*) {
  ++returned;
  std::free(p);
}

}  // namespace

TEST_CASE("[M1] where elements are") {
  static_assert(sizeof(Tensor<float, 64, 64>) >= 16384 && sizeof(Tensor<float, 64, 65>) < 200);
  const AllocationCount count;
  Tensor<float, 64, 64> inside;
  inside(0, 0) = 1;
  CHECK(count() == 0);
  const Tensor<double, dyn> outside(5);
  CHECK(reinterpret_cast<std::uintptr_t>(outside.data()) % 64 == 0);
}
TEST_CASE("[M2] evaluation into existing tensors") {
  const Tensor<float, dyn> a = uniform<float>(Rng{1}, 1000), b = uniform<float>(Rng{2}, 1000);
  const Tensor<float, dyn, dyn> w = uniform<float>(Rng{3}, 1000, 30);
  Tensor<float, dyn> y(1000), z(30);
  const auto work = [&] {
    y = a * b + 1;
    const auto e = exp(a);  // named: an intermediate value
    y = e * e + softmax<0>(b);
    z = relu(matmul(a, w) + 1);
    y += a;
  };
  {
    const AllocationCount count;
    y = a * b + 1;
    y += a;
    CHECK(count() == 0);
  }
  work();
  const AllocationCount count;
  work();
  CHECK(count() == 0);
}
TEST_CASE("[M3] training and inference") {
  auto net = nn::init<Net<>>(Rng{42});
  optim::Adam adam(net, {.lr = 1e-2});
  const Tensor<float, dyn, 8> x = uniform<float, dyn, 8>(Rng{1}, 32, 8);
  const Tensor<int, dyn> labels = cast<int>(arange(32) % 4);
  Tensor<float, dyn, 4> logits;
  const auto step = [&] {
    const auto [loss, g] = value_and_grad([&](const auto& n) { return nn::cross_entropy(n(x), labels); })(net);
    adam.step(net, g);
    logits = net(x);
    return loss;
  };
  const float first = step();
  step();  // the pool now holds what a step needs beside what the one before it keeps
  const AllocationCount count;
  float last = first;
  for (int i = 0; i < 5; ++i) last = step();
  CHECK(count() == 0);
  CHECK(last < first);
}
TEST_CASE("[M4] the allocator") {
  trim_pool();
  set_allocator({give, take_back, nullptr});
  {
    const Tensor<float, dyn> x(100);
    CHECK(given == 1);
  }
  CHECK(returned == 0);  // in the pool
  trim_pool();
  CHECK(returned == 1);
  set_allocator({[](size_t, void*) -> void* { return nullptr; }, take_back, nullptr});
  CHECK_THROWS_AS((Tensor<float, dyn>(100)), value_error);
  set_allocator({tenon::detail::system_allocate, tenon::detail::system_deallocate, nullptr});
#if !defined(__SANITIZE_ADDRESS__)
  CHECK_THROWS_AS((Tensor<float, dyn>(index_t{1} << 55)), value_error);
#endif
}
TEST_CASE("[M5] constant expressions") {
  constexpr auto t = [] {
    Tensor<double, 2, 2> a{{1, 2}, {3, 4}};
    Tensor<double, 2, 2> b = matmul(a, transpose(a)) + 1;
    b += a;
    return b;
  }();
  static_assert(t(0, 0) == 7 && t(1, 1) == 30 && static_cast<double>(sum(t)) == 66);
  CHECK(holds(t, {7, 14, 15, 30}));
}

TEST_CASE("[X1] threads read the same tensors") {
  const Tensor<float, dyn> x = uniform<float>(Rng{1}, 10000);
  const float expected = sum(x * x);
  float found[4] = {};
  {
    std::thread threads[4];
    for (int i = 0; i < 4; ++i)
      threads[i] = std::thread([&, i] {
        for (int k = 0; k < 20; ++k) {
          const Tensor<float, dyn> y = x * x;
          found[i] = sum(y);
        }
      });
    for (std::thread& t : threads) t.join();
  }
  for (float f : found) CHECK(f == expected);
}
TEST_CASE("[X2] modes and tapes belong to a thread") {
  const nn::Mode training(Rng{1});
  Tape tape;
  const Tensor<double, 2> x{1, 2};
  auto v = tape.variable(x);
  bool trains = true;
  double derivative = 0;
  std::thread other([&] {
    trains = nn::Mode::training();
    derivative = grad([](const auto& t) { return sum(t * t * t); })(x)(1);
  });
  other.join();
  CHECK(nn::Mode::training());
  CHECK_FALSE(trains);
  CHECK(derivative == 12);
  const auto [g] = tape.gradient(sum(v * v), v);
  CHECK(holds(g, {2, 4}));
}
