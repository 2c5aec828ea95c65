// Gradients of movements, joins, gathers and scatters: reverse mode against differences, forward against reverse mode.
// One function with a number for each case, so that the machinery is compiled once.
#include <cmath>
#include <type_traits>

#include <doctest/doctest.h>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/verify.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/expr/reductions.hpp>
#include <tenon/tensor/create.hpp>
#include <tenon/tensor/join.hpp>
#include <tenon/tensor/rearrange.hpp>
#include <tenon/tensor/reshape.hpp>
#include <tenon/tensor/scatter.hpp>

using namespace tenon;

namespace {

// A loss that tells every element apart. Takes a flat tensor: all cases share its code.
template <class T>
Tensor<T> weighed_flat(const Tensor<T, dyn>& y) {
  using B = base_t<T>;
  const Tensor<B, dyn> w = arange<B>(y.size());
  return sum(y * y * (w * 0.25 + 1));
}
template <class Y>
auto weighed(Y&& y) {
  using T = typename std::remove_cvref_t<Y>::value_type;
  return weighed_flat<T>(Tensor<T, dyn>(reshape(static_cast<Y&&>(y), -1)));
}

struct Movements {
  static constexpr int cases = 7;
  int which = 0;
  template <class X>
  auto operator()(const X& v) const {
    switch (which) {
      case 0: return weighed(transpose(v));
      case 1: return weighed(slice(v, whole, range(2, end, -2)));
      case 2: return weighed(flip<0>(v) * broadcast_to(row(v, 1), 2, 3));
      case 3: return weighed(diagonal(v) * col(v, 0));
      case 4: return weighed(reshape(v, 3, 2) * reshape(transpose(v) * 3, 3, 2));
      case 5: return weighed(flatten(transpose(v)) * flatten(v));
      default: return weighed(windows<1, 2>(v));
    }
  }
};
struct Joins {
  static constexpr int cases = 9;
  int which = 0;
  template <class X>
  auto operator()(const X& v) const {
    const Tensor<double, dyn, dyn> c{{1, 2, 3}};
    switch (which) {
      case 0: return weighed(concat<0>(v, c, v * 2));
      case 1: return weighed(stack<1>(v, v));
      case 2: return weighed(concat<0>(broadcast_to(row(v, 0), 4, 3), v));
      case 3: return weighed(pad(v, {{1, 0}, {2, 1}}, 3));
      case 4: return weighed(pad(v * v, {{1, 1}, {2, 1}}, PadMode::reflect));
      case 5: return weighed(pad(v, {{1, 1}, {2, 1}}, PadMode::edge));
      case 6: return weighed(roll<1>(v, 1) * v);
      case 7: return weighed(tile(broadcast_to(row(v, 0), 2, 3), 2, 1));
      default: return weighed(repeat<0>(transpose(v), 3));
    }
  }
};
struct Gathers {
  static constexpr int cases = 8;
  int which = 0;
  template <class X>
  auto operator()(const X& v) const {
    const Tensor<double, dyn, dyn> x{{0.5, -1, 2}, {1.5, 0.25, -0.75}};
    const Tensor<int, 5> rows{0, 1, 1, -1, 0};
    const Tensor<int, 2, 4> at{{0, 2, 2, 1}, {1, 1, -1, 0}};
    switch (which) {
      case 0: return weighed(take<0>(v * v, rows));
      case 1: return weighed(take<1>(transpose(v), rows));
      case 2: return weighed(gather<1>(v, at));
      case 3: return weighed(gather<1>(broadcast_to(row(v, 0), 2, 3), at));
      case 4: return weighed(compress(v, x > 0));
      case 5: return weighed(scatter<1>(v, at, concat<1>(v, expand_dims<1>(col(v, 0))) * 3));
      case 6: return weighed(scatter<1>(x, at, row(v, 0)(0)));
      default: return weighed(scatter_add<1>(v, at, expand_dims<1>(col(v, 1))));
    }
  }
};

template <class F>
void check_all() {
  const Tensor<double, dyn, dyn> x{{0.5, -1, 2}, {1.5, 0.25, -0.75}};
  const Tensor<double, dyn, dyn> direction{{1, -1.25, 1.5}, {-2, 0.5, 0.75}};
  for (F f; f.which < F::cases; ++f.which) {
    CAPTURE(f.which);
    CHECK(verify_gradient(f, x).ok);
    const Tensor<double, dyn, dyn> g = grad(f)(x);
    double expected = 0;
    for (index_t i = 0; i < x.size(); ++i) expected += g.data()[i] * direction.data()[i];
    const double tangent = jvp(f, x, direction).tangent;
    CHECK(std::fabs(tangent - expected) <= 1e-12 * (1 + std::fabs(expected)));
  }
}

}  // namespace

TEST_CASE("gradients of movements") { check_all<Movements>(); }
TEST_CASE("gradients of joins") { check_all<Joins>(); }
TEST_CASE("gradients of gathers and scatters") { check_all<Gathers>(); }
