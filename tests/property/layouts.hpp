// tests/property/layouts.hpp: operands of random shapes in random layouts, and their elements one by one.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/tenon.hpp>

#include <cstdint>
#include <vector>

namespace tenon::test {

using View = TensorView<double, dyn, dyn, dyn>;
using Cube = Tensor<double, dyn, dyn, dyn>;

/// A random sequence that is the same everywhere (splitmix64, Steele, Lea and Flood 2014).
struct Chance {
  std::uint64_t state;
  std::uint64_t bits() {
    std::uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  index_t below(index_t n) { return static_cast<index_t>(bits() % static_cast<std::uint64_t>(n)); }
  double number() { return static_cast<double>(bits() >> 11) * 0x1p-52 - 1; }  // in [-1, 1)
};

/// Mostly small extents, sometimes 0 or 1, sometimes past a few packs.
inline index_t random_extent(Chance& chance) {
  const index_t kind = chance.below(16);
  return kind == 0 ? 0 : kind < 3 ? 1 : kind < 12 ? 2 + chance.below(7) : 9 + chance.below(60);
}
inline Dims random_shape(Chance& chance) {
  Dims d;
  for (int a = 0; a < 3; ++a) d.push(random_extent(chance));
  return d;
}

/// Memory with a view into it: axes in any order, gaps between elements, some axes backwards. Elements that the view
/// does not show are NaN, and must stay so.
class Operand3 {
 public:
  Operand3(Chance& chance, const Dims& shape) {
    int order[] = {0, 1, 2};
    for (int i = 2; i > 0; --i) {
      const auto j = static_cast<int>(chance.below(i + 1)), t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
    Dims strides{3, {}};
    index_t step = 1, first = 0;
    for (const int a : order) {
      step *= 1 + (chance.below(3) == 0 ? chance.below(3) : 0);
      const bool backwards = chance.below(4) == 0;
      strides.d[a] = backwards ? -step : step;
      if (backwards && shape.d[a] > 0) first += step * (shape.d[a] - 1);
      step *= shape.d[a] > 0 ? shape.d[a] : 1;
    }
    memory_.assign(static_cast<std::size_t>(step) + 1, __builtin_nan(""));
    view_ = new (place_) View(memory_.data() + first, shape, strides);
    each([&](index_t i, index_t j, index_t k) { at(i, j, k) = chance.number(); });
  }
  Operand3(const Operand3&) = delete;
  Operand3& operator=(const Operand3&) = delete;

  View& view() { return *view_; }
  double& at(index_t i, index_t j, index_t k) {
    const Dims& s = view_->strides();
    return view_->data()[i * s.d[0] + j * s.d[1] + k * s.d[2]];
  }
  /// Element (i, j, k) of this broadcast to a larger shape.
  double broadcast(index_t i, index_t j, index_t k) {
    const Dims e = view_->dims();
    return at(e.d[0] == 1 ? 0 : i, e.d[1] == 1 ? 0 : j, e.d[2] == 1 ? 0 : k);
  }
  template <class F>
  void each(const F& f) const {
    const Dims e = view_->dims();
    for (index_t i = 0; i < e.d[0]; ++i)
      for (index_t j = 0; j < e.d[1]; ++j)
        for (index_t k = 0; k < e.d[2]; ++k) f(i, j, k);
  }
  /// How many elements of the memory are numbers: those of the view, unless something was written beside it.
  index_t numbers() const {
    index_t n = 0;
    for (const double x : memory_) n += x == x;
    return n;
  }

 private:
  std::vector<double> memory_;
  alignas(View) unsigned char place_[sizeof(View)];
  View* view_;
};

inline bool close(double x, double y, double tolerance = 1e-13) {
  const double size = __builtin_fmax(1, __builtin_fabs(y));
  return x == y || __builtin_fabs(x - y) <= tolerance * size;
}

}  // namespace tenon::test
