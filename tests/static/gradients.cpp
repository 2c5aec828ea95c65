// Derivatives of functions of fixed size in constant expressions: a change of coordinates, a network of two layers.
#include <tenon/ad/unrolled.hpp>
#include <tenon/ops/catalogue.hpp>
#include <tenon/tensor/tensor.hpp>

using namespace tenon;

namespace {

template <class P>
using number_of = bare_t<decltype(tenon::detail::some<P>()(0))>;

template <class A, class B>
constexpr bool near(const A& a, const B& wanted) {
  for (index_t i = 0; i < wanted.size(); ++i) {
    const double error = a.data()[i] - wanted.data()[i];
    if (!(error <= 1e-15 && error >= -1e-15)) return false;
  }
  return a.dims() == wanted.dims();
}

constexpr auto polar = [](const auto& p) {
  using T = number_of<decltype(p)>;
  return Tensor<T, 2>{p(0) * cos(p(1)), p(0) * sin(p(1))};
};
constexpr auto at = unrolled_jacobian(polar)(Tensor<double, 2>{2, 0.5});
static_assert(near(at.value, Tensor<double, 2>{1.7551651237807455, 0.958851077208406}));
static_assert(near(at.jacobian, Tensor<double, 2, 2>{{0.8775825618903728, -0.958851077208406},
                                                     {0.479425538604203, 1.7551651237807455}}));

// The loss of one example, log(1 + exp(-v . h)), where h = s tanh(s) of s = w x + b. The numbers are from mpmath.
constexpr auto loss = [](const auto& w, const auto& b, const auto& v, const auto& x) {
  using T = decltype(w(0, 0) * b(0) * v(0));
  T z = 0;
  for (index_t k = 0; k < w.extent(0); ++k) {
    T s = b(k);
    for (index_t i = 0; i < w.extent(1); ++i) s += w(k, i) * x(i);
    z += v(k) * s * tanh(s);
  }
  return log(1 + exp(-z));
};
constexpr Tensor<double, 3, 2> w{{0.5, -0.25}, {1, 0.75}, {-0.5, 0.125}};
constexpr Tensor<double, 3> b{0.1, -0.2, 0.3}, v{1.5, -1, 0.5};
constexpr Tensor<double, 2> x{0.8, -0.6};
constexpr auto by_w = unrolled_jacobian<0>(loss)(w, b, v, x);
constexpr auto by_b = unrolled_jacobian<1>(loss)(w, b, v, x);
constexpr auto by_v = unrolled_jacobian<2>(loss)(w, b, v, x);
static_assert(near(Tensor<double>(by_w.value), Tensor<double>(0.4554180188857745)));
static_assert(near(by_w.jacobian, Tensor<double, 3, 2>{{-0.44303931233453286, 0.33227948425089965},
                                                       {0.08649674847495581, -0.06487256135621684},
                                                       {0.05018767954203203, -0.03764075965652402}}));
static_assert(near(by_b.jacobian, Tensor<double, 3>{-0.553799140418166, 0.10812093559369475, 0.06273459942754003}));
static_assert(near(by_v.jacobian,
                   Tensor<double, 3>{-0.13593235459541222, -0.008169705647189428, -0.011090169698587508}));

}  // namespace
