// benchmarks/autodiff/mlp.hpp: the loss of a small network as scalar loops, and its gradient by hand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two hidden layers with tanh, a linear one, and the mean over the batch of half the squared error. Parameters are
// weight[out, in], bias[out] of each layer in turn; derivatives are with respect to all of them.
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

namespace bench::mlp {
using std::size_t;

struct Net {
  size_t in = 16, hidden = 32, out = 4, batch = 32;
  size_t first() const { return hidden * (in + 1); }
  size_t second() const { return hidden * (hidden + 1); }
  size_t parameters() const { return first() + second() + out * (hidden + 1); }
  size_t work() const { return 4 * hidden + out; }  // of the gradient by hand, which takes one sample at a time
};

template <bool Tanh, class T, class X>
void layer(size_t out, size_t in, const T* parameters, const X* x, T* y) {
  using std::tanh;
  const T *weight = parameters, *bias = parameters + out * in;
  for (size_t o = 0; o < out; ++o) {
    T sum = bias[o];
    for (size_t i = 0; i < in; ++i) sum += weight[o * in + i] * x[i];
    if constexpr (Tanh) {
      y[o] = tanh(sum);
    } else {
      y[o] = sum;
    }
  }
}

template <class T>
T loss(const Net& n, const T* parameters, const double* inputs, const double* targets) {
  std::vector<T> h1(n.hidden), h2(n.hidden), y(n.out);
  T total = 0;
  for (size_t s = 0; s < n.batch; ++s) {
    layer<true>(n.hidden, n.in, parameters, inputs + s * n.in, h1.data());
    layer<true>(n.hidden, n.hidden, parameters + n.first(), h1.data(), h2.data());
    layer<false>(n.out, n.hidden, parameters + n.first() + n.second(), h2.data(), y.data());
    for (size_t o = 0; o < n.out; ++o) {
      const T e = y[o] - targets[s * n.out + o];
      total += e * e;
    }
  }
  return total / (2.0 * static_cast<double>(n.batch));
}

// Adds to the gradient of a layer's parameters, and sets that of its input unless it is null.
inline void pull_layer(size_t out, size_t in, const double* parameters, const double* x, const double* dy,
                       double* dparameters, double* __restrict dx) {
  double *dweight = dparameters, *dbias = dparameters + out * in;
  if (dx)
    for (size_t i = 0; i < in; ++i) dx[i] = 0;
  for (size_t o = 0; o < out; ++o) {
    const double g = dy[o];
    const double* w = parameters + o * in;
    double* __restrict dw = dweight + o * in;
    dbias[o] += g;
    for (size_t i = 0; i < in; ++i) dw[i] += g * x[i];
    if (dx)
      for (size_t i = 0; i < in; ++i) dx[i] += g * w[i];
  }
}

/// The gradient by hand; returns the value.
inline double hand(const Net& n, const double* parameters, const double* inputs, const double* targets,
                   double* gradient) {
  std::vector<double> h1(n.hidden), h2(n.hidden), y(n.out), d1(n.hidden), d2(n.hidden);
  const size_t second = n.first(), third = second + n.second();
  for (size_t i = 0; i < n.parameters(); ++i) gradient[i] = 0;
  double total = 0;
  const double scale = 1 / static_cast<double>(n.batch);
  for (size_t s = 0; s < n.batch; ++s) {
    layer<true>(n.hidden, n.in, parameters, inputs + s * n.in, h1.data());
    layer<true>(n.hidden, n.hidden, parameters + second, h1.data(), h2.data());
    layer<false>(n.out, n.hidden, parameters + third, h2.data(), y.data());
    for (size_t o = 0; o < n.out; ++o) {
      const double e = y[o] - targets[s * n.out + o];
      total += e * e;
      y[o] = e * scale;
    }
    pull_layer(n.out, n.hidden, parameters + third, h2.data(), y.data(), gradient + third, d2.data());
    for (size_t i = 0; i < n.hidden; ++i) d2[i] *= 1 - h2[i] * h2[i];
    pull_layer(n.hidden, n.hidden, parameters + second, h1.data(), d2.data(), gradient + second, d1.data());
    for (size_t i = 0; i < n.hidden; ++i) d1[i] *= 1 - h1[i] * h1[i];
    pull_layer(n.hidden, n.in, parameters, inputs + s * n.in, d1.data(), gradient, nullptr);
  }
  return total * scale / 2;
}

}  // namespace bench::mlp
