// tests/catalogue/reduction.cpp: the checks of reductions, compiled once for all of them.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "catalogue/reduction.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace tenon::test {
namespace {

struct Generator {
  unsigned long long state = 88172645463325252ull;
  unsigned operator()(unsigned below) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<unsigned>((state >> 33) % below);
  }
};

// A rank-3 view with extents e whose axes lie in memory in a random order, some backwards, some with gaps.
template <class T>
struct Scattered {
  struct Bytes {
    T value;  // std::vector<bool> would have no elements to point at
  };
  std::vector<Bytes> memory;
  Dims strides;
  index_t start = 0;
  Dims extents;
  Scattered(const Dims& e, Generator& random, bool tidy, bool ones) : extents(e) {
    int order[3] = {2, 1, 0};
    if (!tidy)
      for (int k = 0; k < 3; ++k) std::swap(order[k], order[random(3)]);
    strides.rank = 3;
    index_t step = !tidy && random(3) == 0 ? 2 : 1;
    for (int axis : order) {
      strides.d[axis] = step;
      step *= e.d[axis] + (!tidy && random(4) == 0 ? 1 : 0);
      if (!tidy && random(4) == 0) {
        start += (e.d[axis] - 1) * strides.d[axis];
        strides.d[axis] = -strides.d[axis];
      }
    }
    memory.resize(static_cast<std::size_t>(step) + 1);
    if (start < 0) start = 0;
    for (auto& m : memory) {
      // Quarters, so that there are ties and that 16-bit floats are exact; long products need numbers near 1.
      float v = 0.25f * static_cast<float>(random(65)) - 8;
      if (ones) {
        const unsigned pick = random(2000);
        v = pick == 0 ? 2.0f : pick == 1 && !is_integer<T> ? 0.5f : pick % 2 ? 1.0f : -1.0f;
      }
      m.value = static_cast<T>(is_bool<T> ? static_cast<float>(random(20) > 0) : v);
    }
  }
  auto view() { return TensorView<const T, dyn, dyn, dyn>(&memory.data()[start].value, extents, strides); }
};

// What is compared, without types.
struct Comparison {
  std::string what;
  unsigned mask;
  Dims extents;
  Numbers operand;  // in row-major order
  Expected (*reference)(const Numbers&);
  long double epsilon, stored_epsilon;  // of the type computed in, of the result's type

  void check(const Numbers& got) const {
    Dims kept = extents, inner = extents;
    for (int a = 0; a < 3; ++a) (mask >> a & 1u ? kept : inner).d[a] = 1;
    const Dims s = row_major(extents);
    std::size_t o = 0;
    for (index_t i = 0; i < kept.d[0]; ++i)
      for (index_t j = 0; j < kept.d[1]; ++j)
        for (index_t k = 0; k < kept.d[2]; ++k) {
          Numbers numbers;
          for (index_t a = 0; a < inner.d[0]; ++a)
            for (index_t b = 0; b < inner.d[1]; ++b)
              for (index_t c = 0; c < inner.d[2]; ++c)
                numbers.push_back(
                    operand[static_cast<std::size_t>((i + a) * s.d[0] + (j + b) * s.d[1] + (k + c) * s.d[2])]);
          if (o < got.size() && !agree(got[o], numbers)) return;
          ++o;
        }
    CHECK(o == got.size());
  }

 private:
  bool agree(long double got, const Numbers& numbers) const {
    const Expected want = reference(numbers);
    const long double limit = want.absolute + stored_epsilon * std::fabs(want.value) +
                              epsilon * want.scale * (8 + std::log2(static_cast<long double>(numbers.size()) + 1));
    if (got == want.value || (std::isnan(got) && std::isnan(want.value)) || std::fabs(got - want.value) <= limit)
      return true;
    INFO(what << ", axes " << mask << ", extents " << extents.d[0] << " " << extents.d[1] << " " << extents.d[2]);
    INFO(static_cast<double>(got) << " but " << static_cast<double>(want.value) << " +- "
                                  << static_cast<double>(limit));
    CHECK(false);
    return false;
  }
};

template <class T>
void check_extents(const ReductionOf<T>& reduction, const Dims& e, Generator& random, bool tidy) {
  Scattered<T> s(e, random, tidy, reduction.product);
  const auto x = s.view();
  Comparison c{reduction.name, 0, e, {}, reduction.reference, reduction.epsilon, reduction.stored_epsilon};
  for (index_t i = 0; i < e.d[0]; ++i)
    for (index_t j = 0; j < e.d[1]; ++j)
      for (index_t k = 0; k < e.d[2]; ++k)
        c.operand.push_back(static_cast<long double>(static_cast<double>(x(i, j, k))));
  for (const Fold<T>& fold : reduction.folds) {
    index_t n = 1;
    for (int a = 0; a < 3; ++a)
      if (!(fold.mask >> a & 1u)) n *= e.d[a];
    tenon::detail::BlockRef results(static_cast<std::size_t>(n + 1) * reduction.result_bytes);
    fold.run(x, results.data());
    Numbers got;
    for (index_t i = 0; i < n; ++i) got.push_back(reduction.result_at(results.data(), i));
    c.mask = fold.mask;
    c.what = reduction.name + (fold.fused ? " (fused)" : "");
    c.check(got);
  }
}

}  // namespace

template <class T>
void check(const ReductionOf<T>& reduction) {
  Generator random;
  // Extents around the lengths at which something changes: no element, one, less than a pack, several blocks.
  const index_t extents[][3] = {{3, 4, 5},    {1, 1, 1},    {2, 17, 16}, {16, 1, 33},  {5, 64, 3},   {70, 2, 9},
                                {1, 2500, 1}, {1, 1, 2500}, {600, 3, 1}, {3, 40, 150}, {1030, 1, 2}, {2, 9, 300}};
  for (const auto& d : extents)
    for (int round = 0; round < 3; ++round) check_extents(reduction, Dims{3, {d[0], d[1], d[2]}}, random, round == 0);
  if (!reduction.needs_element) check_extents(reduction, Dims{3, {3, 0, 2}}, random, true);
}
template void check(const ReductionOf<float>&);
template void check(const ReductionOf<double>&);
template void check(const ReductionOf<half>&);
template void check(const ReductionOf<signed char>&);
template void check(const ReductionOf<int>&);
template void check(const ReductionOf<bool>&);

}  // namespace tenon::test
