// Convolutions as contractions of windows: strides, dilation, groups, two and one dimensions, and their gradients. The
// windows are read where they lie.
#include <doctest/doctest.h>
#include <tenon/exec/explain.hpp>
#include <tenon/tenon.hpp>

#include <cmath>
#include <string_view>

using namespace tenon;

namespace {

template <index_t... E>
void fill(Tensor<double, E...>& x, double phase) {
  for (index_t i = 0; i < x.size(); ++i) x.data()[i] = std::sin(0.7 * static_cast<double>(i) + phase);
}
using Images = Tensor<double, dyn, dyn, dyn, dyn>;

// y[n, o, h, v] = sum over c, a, b of x[n, c, S h + D a, S v + D b] w[o, c, a, b].
template <index_t K, index_t S, index_t D>
void check_images(index_t batch, index_t channels, index_t rows, index_t columns, index_t outputs) {
  Images x(batch, channels, rows, columns), w(outputs, channels, K, K);
  fill(x, 0.1);
  fill(w, 0.4);
  const Images y = einsum<"nchwyx,ocyx->nohw">(windows<3, K, S, D>(windows<2, K, S, D>(x)), w);
  const index_t h = (rows - (K - 1) * D - 1) / S + 1, v = (columns - (K - 1) * D - 1) / S + 1;
  REQUIRE(y.dims() == Dims{4, {batch, outputs, h, v}});
  // The gradient of sum(y * g) gets g's rows and columns from the same sums.
  Images g(batch, outputs, h, v), dx(batch, channels, rows, columns), dw(outputs, channels, K, K);
  fill(g, 0.9);
  dx = 0;
  dw = 0;
  double worst = 0;
  for (index_t n = 0; n < batch; ++n)
    for (index_t o = 0; o < outputs; ++o)
      for (index_t i = 0; i < h; ++i)
        for (index_t j = 0; j < v; ++j) {
          double sum = 0;
          for (index_t c = 0; c < channels; ++c)
            for (index_t a = 0; a < K; ++a)
              for (index_t b = 0; b < K; ++b) {
                const double element = x(n, c, S * i + D * a, S * j + D * b), weight = w(o, c, a, b);
                sum += element * weight;
                dx(n, c, S * i + D * a, S * j + D * b) += weight * g(n, o, i, j);
                dw(o, c, a, b) += element * g(n, o, i, j);
              }
          worst = std::fmax(worst, std::fabs(sum - y(n, o, i, j)));
        }
  CHECK(worst < 1e-12);
  const auto [gx, gw] = grad<0, 1>([&](const auto& u, const auto& m) {
    return sum(einsum<"nchwyx,ocyx->nohw">(windows<3, K, S, D>(windows<2, K, S, D>(u)), m) * g);
  })(x, w);
  CHECK(static_cast<double>(max(abs(gx - dx))) < 1e-11);
  CHECK(static_cast<double>(max(abs(gw - dw))) < 1e-11);
}

}  // namespace

TEST_CASE("images") {
  check_images<3, 1, 1>(2, 3, 9, 11, 5);
  check_images<3, 2, 1>(1, 4, 12, 9, 17);
  check_images<2, 1, 3>(3, 1, 8, 10, 4);
  check_images<5, 3, 2>(1, 2, 17, 20, 33);
  check_images<1, 1, 1>(2, 6, 5, 5, 7);
  check_images<3, 1, 1>(1, 2, 3, 3, 2);  // a single window
}

TEST_CASE("signals with a bias and a relu as the epilogue; groups") {
  Tensor<double, dyn, dyn, dyn> x(2, 4, 50), w(6, 4, 7);
  Tensor<double, dyn> bias(6);
  fill(x, 0.3);
  fill(w, 0.2);
  fill(bias, 0.5);
  const Tensor<double, dyn, dyn, dyn> y = relu(einsum<"nctk,ock->not">(windows<2, 7, 2>(x), w) + expand_dims<1>(bias));
  REQUIRE(y.dims() == Dims{3, {2, 6, 22}});
  Tensor<double, dyn, dyn, dyn, dyn> in(2, 2, 2, 50);  // batch, group, channel of the group, time
  Tensor<double, dyn, dyn, dyn, dyn> by(2, 3, 2, 7);   // group, output of the group, channel, step
  fill(in, 0.3);
  fill(by, 0.2);
  const Tensor<double, dyn, dyn, dyn, dyn> z = einsum<"ngctk,gock->ngot">(windows<3, 7>(in), by);
  double worst = 0;
  for (index_t n = 0; n < 2; ++n)
    for (index_t o = 0; o < 6; ++o) {
      for (index_t t = 0; t < 22; ++t) {
        double sum = bias(o);
        for (index_t c = 0; c < 4; ++c)
          for (index_t k = 0; k < 7; ++k) sum += x(n, c, 2 * t + k) * w(o, c, k);
        worst = std::fmax(worst, std::fabs(std::fmax(sum, 0) - y(n, o, t)));
      }
      for (index_t t = 0; t < 44; ++t) {
        double sum = 0;
        for (index_t c = 0; c < 2; ++c)
          for (index_t k = 0; k < 7; ++k) sum += in(n, o / 3, c, t + k) * by(o / 3, o % 3, c, k);
        worst = std::fmax(worst, std::fabs(sum - z(n, o / 3, o % 3, t)));
      }
    }
  CHECK(worst < 1e-12);
}

TEST_CASE("windows are not copied; what they look at is computed once") {
  Images x(2, 3, 12, 14), w(5, 3, 3, 3);
  fill(x, 0.2);
  fill(w, 0.6);
  const auto convolved = [](const auto& u, const auto& m) {
    return einsum<"nchwyx,ocyx->nohw">(windows<3, 3>(windows<2, 3>(u)), m);
  };
  CHECK(explain(convolved(x, w)).temporaries == 0);
  const auto plan = explain(einsum<"nchwyx,ocyx->nohw">(windows<3, 3>(windows<2, 3>(tanh(x))), w));
  CHECK(plan.temporaries == 1);
  CHECK(std::string_view(plan.c_str()).find("tanh(a) -> [2, 3, 12, 14]") != std::string_view::npos);

  const Images inner = tanh(x), y = convolved(inner, w);
  CHECK(all(einsum<"nchwyx,ocyx->nohw">(windows<3, 3>(windows<2, 3>(tanh(x))), w) == y));
  const auto [dx, dw] = grad<0, 1>([&](const auto& u, const auto& m) {
    return sum(einsum<"nchwyx,ocyx->nohw">(windows<3, 3>(windows<2, 3>(tanh(u))), m) * y);
  })(x, w);
  const auto [di, dm] = grad<0, 1>([&](const auto& u, const auto& m) { return sum(convolved(u, m) * y); })(inner, w);
  CHECK(static_cast<double>(max(abs(dx - di * (1 - inner * inner)))) < 1e-11);
  CHECK(static_cast<double>(max(abs(dw - dm))) < 1e-11);
}
