// Threads that end leave the tokens of their tensors' lifetimes to others: a program that starts many does not grow.
#include <doctest/doctest.h>

#include <set>
#include <tenon/tensor/tensor.hpp>
#include <thread>

using namespace tenon;

TEST_CASE("tokens of threads that ended are taken by the next one") {
  std::set<const detail::Token*> seen;
  for (int i = 0; i < 200; ++i)
    std::thread([&] {
      Tensor<double, dyn> t(3);
      detail::Token* const token = detail::acquire_token();
      seen.insert(token);
      detail::retire_token(token);
    }).join();
  CHECK(seen.size() < 64);
  // Made by one thread, and gone in another one, which has made nothing.
  for (int i = 0; i < 200; ++i) {
    detail::Token* made = nullptr;
    std::thread([&] { made = detail::acquire_token(); }).join();
    const auto generation = made->generation;
    std::thread([&] { detail::retire_token(made); }).join();
    CHECK(made->generation == generation + 1);
    seen.insert(made);
  }
  CHECK(seen.size() < 64);
  // Two at a time, of which one ends first.
  for (int i = 0; i < 200; ++i)
    std::thread([&] {
      const Tensor<double, dyn> mine(3);
      std::thread([&] {
        detail::Token* const token = detail::acquire_token();
        seen.insert(token);
        detail::retire_token(token);
      }).join();
    }).join();
  CHECK(seen.size() < 3 * 64);
}
