// tests/embedded/network.cpp: the network as tensors of fixed size, and its gradient at compile time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "network.hpp"

#include <tenon/tenon.hpp>

using namespace tenon;

namespace {

using Parameters = Tensor<float, parameters>;

template <index_t... E>
Tensor<float, E...> copied(const float* from) {
  Tensor<float, E...> t;
  for (index_t i = 0; i < t.size(); ++i) t.data()[i] = from[i];
  return t;
}
struct Network {
  Tensor<float, hidden, inputs> weights1;
  Tensor<float, hidden> bias1;
  Tensor<float, outputs, hidden> weights2;
  Tensor<float, outputs> bias2;
  explicit Network(const float* p)
      : weights1(copied<hidden, inputs>(p)),
        bias1(copied<hidden>(p + bias1_at)),
        weights2(copied<outputs, hidden>(p + weights2_at)),
        bias2(copied<outputs>(p + bias2_at)) {}
};

constexpr auto loss = [](const auto& p, const auto& x, const auto& target) {
  using T = bare_t<decltype(p(0))>;
  T activation[hidden], sum = 0;
  for (int j = 0; j < hidden; ++j) {
    T a = p(bias1_at + j);
    for (int i = 0; i < inputs; ++i) a += p(j * inputs + i) * x(i);
    activation[j] = tanh(a);
  }
  for (int k = 0; k < outputs; ++k) {
    T y = p(bias2_at + k);
    for (int j = 0; j < hidden; ++j) y += p(weights2_at + k * hidden + j) * activation[j];
    sum += square(y - target(k));
  }
  return sum;
};

}  // namespace

void forward(const float* p, const float* x, float* y) {
  const Network n(p);
  // A function of a product is a statement of its own: within the product's it keeps a way for products that are used
  // elsewhere, too, and that takes memory from the heap.
  Tensor<float, hidden> h = matmul(n.weights1, copied<inputs>(x)) + n.bias1;
  h = tanh(h);
  const Tensor<float, outputs> result = matmul(n.weights2, h) + n.bias2;
  for (int k = 0; k < outputs; ++k) y[k] = result(k);
}

float descend(float* p, const float* x, const float* target, float rate) {
  Parameters now = copied<parameters>(p);
  const auto [value, gradient] = unrolled_jacobian<0>(loss)(now, copied<inputs>(x), copied<outputs>(target));
  now -= rate * gradient;
  for (int i = 0; i < parameters; ++i) p[i] = now(i);
  return value;
}
