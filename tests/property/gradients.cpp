// Whatever the shapes: the derivative pushed forward and the one pulled back are each other's transpose.
#include <doctest/doctest.h>

#include "layouts.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr int rounds = 60;

Cube filled(Chance& chance, const Dims& d) {
  Cube t(d);
  for (double& e : t) e = chance.number();
  return t;
}
// <w, J v> = <J^T w, v>, where J is the derivative of f at x.
template <class F>
void check_transposed(Chance& chance, const F& f, const Dims& d) {
  const Cube x = filled(chance, d), v = filled(chance, d);
  const auto g = grad(f)(x);
  const double pushed = jvp(f, x, v).tangent, pulled = sum(g * v);
  INFO(pushed << " pushed, " << pulled << " pulled");
  CHECK(close(pushed, pulled, 1e-11));
}

}  // namespace

TEST_CASE("broadcast operands, movements and reductions") {
  Chance chance{5};
  for (int round = 0; round < rounds; ++round) {
    const Dims d = random_shape(chance);
    const Cube w = filled(chance, Dims{3, {d.d[0], 1, d.d[2]}}), c = filled(chance, Dims{3, {d.d[2], d.d[0], d.d[1]}});
    const auto f = [&](const auto& x) {
      const auto h = evaluate(sin(x * w) + x);
      return evaluate(sum(permute<2, 0, 1>(h) * c * tanh(permute<2, 0, 1>(x))) + sum(square(sum<1>(h)) * 0.5));
    };
    INFO("round " << round << ", shape " << d.d[0] << " " << d.d[1] << " " << d.d[2]);
    check_transposed(chance, f, d);
  }
}
TEST_CASE("products of matrices, softmax and slices") {
  Chance chance{6};
  for (int round = 0; round < rounds; ++round) {
    Dims d = random_shape(chance);
    for (index_t& e : d.d) e = e > 40 ? 40 : e;
    if (d.d[1] == 0 || d.d[2] == 0) continue;
    const index_t from = chance.below(d.d[1]);
    const auto f = [&](const auto& x) {
      const auto scores = matmul(x, permute<0, 2, 1>(x)) * 0.3;
      const auto y = evaluate(matmul(softmax<2>(scores), x));
      return evaluate(sum(square(slice(y, whole, range(from, d.d[1])))) + sum(y * x));
    };
    INFO("round " << round << ", shape " << d.d[0] << " " << d.d[1] << " " << d.d[2]);
    check_transposed(chance, f, d);
  }
}
