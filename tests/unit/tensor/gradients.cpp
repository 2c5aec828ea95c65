// Gradients of movements, joins, gathers and scatters: reverse mode against differences, forward against reverse mode.
// One function with a number for each case, so that the machinery is compiled once.
#include <cmath>

#include <doctest/doctest.h>
#include <tenon/ad/forward.hpp>
#include <tenon/ad/verify.hpp>
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/expr/reductions.hpp>
#include <tenon/tensor/join.hpp>
#include <tenon/tensor/rearrange.hpp>
#include <tenon/tensor/reshape.hpp>
#include <tenon/tensor/scatter.hpp>

using namespace tenon;

namespace {

// A loss that tells every element apart. Takes tensors of run-time extents: all cases share its code.
template <class T, index_t... E>
[[gnu::noinline]] T weighed_elements(const Tensor<T, E...>& y) {
  Tensor<base_t<T>, E...> w(y.dims());
  for (index_t i = 0; i < w.size(); ++i) w.data()[i] = static_cast<double>(i) * 0.25 + 1;
  return static_cast<T>(sum(y * y * w));
}
template <class Y>
auto weighed(const Y& y) {
  using T = typename Y::value_type;
  if constexpr (Y::rank == 1)
    return weighed_elements<T>(Tensor<T, dyn>(y));
  else if constexpr (Y::rank == 2)
    return weighed_elements<T>(Tensor<T, dyn, dyn>(y));
  else
    return weighed_elements<T>(Tensor<T, dyn, dyn, dyn>(y));
}

struct Rearrangements {
  static constexpr int movements = 6, joins = movements + 9, gathers = joins + 7;
  int which = 0;
  template <class X>
  auto operator()(const X& v) const {
    const Tensor<double, dyn, dyn> x{{0.5, -1, 2}, {1.5, 0.25, -0.75}};
    const Tensor<int, 5> rows{0, 1, 1, -1, 0};
    const Tensor<int, 2, 4> at{{0, 2, 2, 1}, {1, 1, -1, 0}};
    switch (which) {
      case 0:
        return weighed(transpose(v));
      case 1:
        return weighed(slice(v, whole, range(2, end, -2)));
      case 2:
        return weighed(flip<0>(v) * broadcast_to(row(v, 1), 2, 3));
      case 3:
        return weighed(diagonal(v) * col(v, 0));
      case 4:
        return weighed(reshape(v, 3, 2) * reshape(transpose(v) * 3, 3, 2));
      case 5:
        return weighed(windows<1, 2>(v));

      case movements:
        return weighed(concat<0>(v, x, v * 2));
      case movements + 1:
        return weighed(stack<1>(v, v));
      case movements + 2:
        return weighed(concat<0>(broadcast_to(row(v, 0), 4, 3), v));
      case movements + 3:
        return weighed(pad(v, {{1, 0}, {2, 1}}, 3));
      case movements + 4:
        return weighed(pad(v * v, {{1, 1}, {2, 1}}, PadMode::reflect));
      case movements + 5:
        return weighed(pad(v, {{1, 1}, {2, 1}}, PadMode::edge));
      case movements + 6:
        return weighed(roll<1>(v, 1) * v);
      case movements + 7:
        return weighed(tile(v, 2, 1));
      case movements + 8:
        return weighed(repeat<0>(transpose(v), 3));

      case joins:
        return weighed(take<0>(v * v, rows));
      case joins + 1:
        return weighed(take<1>(transpose(v), rows));
      case joins + 2:
        return weighed(gather<1>(v, at));
      case joins + 3:
        return weighed(compress(v, x > 0));
      case joins + 4:
        return weighed(scatter<1>(v, at, concat<1>(v, expand_dims<1>(col(v, 0))) * 3));
      case joins + 5:
        return weighed(scatter<1>(x, at, row(v, 0)(0)));
      default:
        return weighed(scatter_add<1>(v, at, expand_dims<1>(col(v, 1))));
    }
  }
};

void check_cases(int first, int last) {
  const Tensor<double, dyn, dyn> x{{0.5, -1, 2}, {1.5, 0.25, -0.75}};
  const Tensor<double, dyn, dyn> direction{{1, -1.25, 1.5}, {-2, 0.5, 0.75}};
  for (Rearrangements f{first}; f.which < last; ++f.which) {
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

TEST_CASE("gradients of movements") { check_cases(0, Rearrangements::movements); }
TEST_CASE("gradients of joins") { check_cases(Rearrangements::movements, Rearrangements::joins); }
TEST_CASE("gradients of gathers and scatters") { check_cases(Rearrangements::joins, Rearrangements::gathers); }
