// tests/catalogue/reduction.hpp: one body for all reductions: against naive long double sums over random shapes, axes,
// strides and element types. A new reduction needs a reference here and nothing else.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/ops/extrema.hpp>
#include <tenon/ops/reduction_catalogue.hpp>
#include <tenon/tensor/view.hpp>
#include <vector>

namespace tenon::test {

using Numbers = std::vector<long double>;

// The value of an op on numbers in order, and the size of the terms that its rounding errors are relative to.
struct Expected {
  long double value, scale, absolute = 0;
};
template <class Op>
struct ReductionReference;

inline Expected sum_of(const Numbers& x) {
  Expected e{0, 0};
  for (long double v : x) e.value += v, e.scale += std::fabs(v);
  return e;
}
template <>
struct ReductionReference<op::Sum> {
  static Expected of(const Numbers& x) { return sum_of(x); }
};
template <>
struct ReductionReference<op::Mean> {
  static Expected of(const Numbers& x) {
    const Expected s = sum_of(x);
    const long double n = static_cast<long double>(x.size());
    return {s.value / n, s.scale / n};
  }
};
template <>
struct ReductionReference<op::Prod> {
  static Expected of(const Numbers& x) {
    long double p = 1;
    for (long double v : x) p *= v;
    return {p, std::fabs(p) * static_cast<long double>(x.size())};
  }
};
template <bool Largest>
std::size_t extreme_of(const Numbers& x) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[best])) break;
    if (std::isnan(x[i]) || (Largest ? x[i] > x[best] : x[i] < x[best])) best = i;
  }
  return best;
}
template <>
struct ReductionReference<op::Max> {
  static Expected of(const Numbers& x) { return {x[extreme_of<true>(x)], 0}; }
};
template <>
struct ReductionReference<op::Min> {
  static Expected of(const Numbers& x) { return {x[extreme_of<false>(x)], 0}; }
};
template <>
struct ReductionReference<op::ArgMax> {
  static Expected of(const Numbers& x) { return {static_cast<long double>(extreme_of<true>(x)), 0}; }
};
template <>
struct ReductionReference<op::ArgMin> {
  static Expected of(const Numbers& x) { return {static_cast<long double>(extreme_of<false>(x)), 0}; }
};
inline long double set_in(const Numbers& x) {
  long double n = 0;
  for (long double v : x) n += v != 0;
  return n;
}
template <>
struct ReductionReference<op::Any> {
  static Expected of(const Numbers& x) { return {set_in(x) > 0 ? 1.0L : 0.0L, 0}; }
};
template <>
struct ReductionReference<op::All> {
  static Expected of(const Numbers& x) { return {set_in(x) == static_cast<long double>(x.size()) ? 1.0L : 0.0L, 0}; }
};
template <>
struct ReductionReference<op::CountNonzero> {
  static Expected of(const Numbers& x) { return {set_in(x), 0}; }
};
template <>
struct ReductionReference<op::LogSumExp> {
  static Expected of(const Numbers& x) {
    long double top = -HUGE_VALL, s = 0;
    for (long double v : x) top = std::fmax(top, v);
    if (std::isinf(top)) return {top, 0};
    for (long double v : x) s += std::exp(v - top);
    return {top + std::log(s), std::fabs(top) + 1};
  }
};
inline Expected variance_of(const Numbers& x, int ddof) {
  const long double n = static_cast<long double>(x.size());
  const Expected s = sum_of(x);
  long double squares = 0;
  for (long double v : x) squares += (v - s.value / n) * (v - s.value / n);
  return {squares / std::fmax(n - ddof, 0.0L), squares / n, 1e-12L};
}
template <int Ddof>
struct ReductionReference<op::Var<Ddof>> {
  static Expected of(const Numbers& x) { return variance_of(x, Ddof); }
};
template <int Ddof>
struct ReductionReference<op::Std<Ddof>> {
  static Expected of(const Numbers& x) {
    const long double s = std::sqrt(variance_of(x, Ddof).value);
    return {s, s, 1e-6L};
  }
};
inline Expected norm_of(const Numbers& x, long double p) {
  long double s = 0;
  for (long double v : x) s += std::pow(std::fabs(v), p);
  const long double norm = std::pow(s, 1 / p);
  return {norm, norm};
}
template <>
struct ReductionReference<op::NormL1> {
  static Expected of(const Numbers& x) { return norm_of(x, 1); }
};
template <>
struct ReductionReference<op::NormL2> {
  static Expected of(const Numbers& x) { return norm_of(x, 2); }
};
template <>
struct ReductionReference<op::NormInf> {
  static Expected of(const Numbers& x) {
    long double m = 0;
    for (long double v : x) m = std::fmax(m, std::fabs(v));
    return {m, 0};
  }
};
template <int Num, int Den>
struct ReductionReference<op::NormP<Num, Den>> {
  static Expected of(const Numbers& x) { return norm_of(x, static_cast<long double>(Num) / Den); }
};

// ---- operands ------------------------------------------------------------------------------------------------------

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

// What is compared, without types: the compiler then sees this once.
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

// The results of a node, without a tensor around them.
template <class N>
Numbers results_of(const N& node) {
  using R = typename N::Result;
  const index_t n = node.size();
  tenon::detail::BlockRef block(static_cast<std::size_t>(n + 1) * sizeof(R));
  R* values = reinterpret_cast<R*>(block.data());
  node.compute(values);
  Numbers numbers;
  for (index_t i = 0; i < n; ++i) numbers.push_back(static_cast<long double>(static_cast<double>(values[i])));
  return numbers;
}
template <class T>
long double epsilon_of() {
  return is_floating<T> ? static_cast<long double>(static_cast<double>(limits<T>::epsilon())) : 0.0L;
}

// An op on one operand, as it lies in memory and as part of an expression.
template <class Op, unsigned Mask, bool Fused, class X>
void check_operand(const X& x, Comparison& c) {
  c.mask = Mask;
  auto node = as_node(x);
  c.check(results_of(Reduce<Op, Mask, Mask == 5, decltype(node)>(static_cast<decltype(node)&&>(node))));
  if constexpr (Fused) {
    // max(x, x) is x, exactly, for every type.
    auto map = maximum(x, x);
    c.what += " (fused)";
    c.check(results_of(Reduce<Op, Mask, false, decltype(map)>(static_cast<decltype(map)&&>(map))));
  }
}
template <class Op, class T, bool Fused, unsigned... Mask>
void check_extents(const Dims& e, Generator& random, bool tidy) {
  using R = typename Op::template result<T>;
  Scattered<T> s(e, random, tidy, std::is_same_v<Op, op::Prod>);
  const auto x = s.view();
  Comparison c{std::string(Op::name.c_str()) + " of " + dtype_name<T>(),
               0,
               e,
               {},
               ReductionReference<Op>::of,
               epsilon_of<compute_t<R>>(),
               epsilon_of<R>()};
  for (index_t i = 0; i < e.d[0]; ++i)
    for (index_t j = 0; j < e.d[1]; ++j)
      for (index_t k = 0; k < e.d[2]; ++k)
        c.operand.push_back(static_cast<long double>(static_cast<double>(x(i, j, k))));
  (check_operand<Op, Mask, Fused>(x, c), ...);
}
template <class Op, class T, bool Fused, unsigned... Mask>
void check_reduction() {
  Generator random;
  // Extents around the lengths at which something changes: no element, one, less than a pack, several blocks.
  const index_t extents[][3] = {{3, 4, 5},    {1, 1, 1},    {2, 17, 16}, {16, 1, 33},  {5, 64, 3},   {70, 2, 9},
                                {1, 2500, 1}, {1, 1, 2500}, {600, 3, 1}, {3, 40, 150}, {1030, 1, 2}, {2, 9, 300}};
  for (const auto& d : extents)
    for (int round = 0; round < 3; ++round)
      check_extents<Op, T, Fused, Mask...>(Dims{3, {d[0], d[1], d[2]}}, random, round == 0);
  if constexpr (!Op::needs_element) check_extents<Op, T, Fused, Mask...>(Dims{3, {3, 0, 2}}, random, true);
}

template <class Op>
void check_types() {
  check_reduction<Op, float, true, 1, 2, 4, 3, 5, 6, 7>();
  check_reduction<Op, double, false, 1, 4>();
  check_reduction<Op, half, true, 5>();
  check_reduction<Op, signed char, false, 1, 4>();
  check_reduction<Op, int, false, 2>();
  check_reduction<Op, bool, false, 1, 4>();
}

template <int First, int Step>
void check_reductions() {
  if constexpr (First < ReductionCatalogue::size) {
    check_types<at_t<First, ReductionCatalogue>>();
    check_reductions<First + Step, Step>();
  }
}

}  // namespace tenon::test
