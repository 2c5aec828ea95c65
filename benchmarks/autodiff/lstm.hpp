// benchmarks/autodiff/lstm.hpp: ADBench's LSTM with diagonal weights, and its gradient by hand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The problem is that of Srajer, Kukelova, Fitzgibbon 2018 (A benchmark of selected algorithmic differentiation tools)
// as ADBench has it: minus the mean log likelihood of each bit vector of a text, given those before it. Parameters,
// which derivatives are with respect to: for each layer and for weight, then bias, the four gates (forget, in, out,
// change); then input weight, output weight, output bias. The text has `length` vectors of `width` bits.
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

namespace bench::lstm {
using std::size_t;

struct Model {
  size_t layers = 2, length = 1024, width = 14;
  size_t layer_parameters() const { return 8 * width; }
  size_t parameters() const { return layers * layer_parameters() + 3 * width; }
  size_t state() const { return 2 * layers * width; }  // hidden, then cell, of each layer
};

template <class T>
T sigmoid(const T& x) {
  using std::exp;
  return 1 / (1 + exp(-x));
}

// One step of a layer: hidden and cell change.
template <class T, class X>
void step(size_t n, const T* weight, const T* bias, const X* input, T* hidden, T* cell) {
  using std::tanh;
  for (size_t i = 0; i < n; ++i) {
    const T forget = sigmoid<T>(input[i] * weight[i] + bias[i]);
    const T in = sigmoid<T>(hidden[i] * weight[n + i] + bias[n + i]);
    const T out = sigmoid<T>(input[i] * weight[2 * n + i] + bias[2 * n + i]);
    const T change = tanh(hidden[i] * weight[3 * n + i] + bias[3 * n + i]);
    cell[i] = cell[i] * forget + in * change;
    hidden[i] = out * tanh(cell[i]);
  }
}

template <class T>
T loss(const Model& m, const T* parameters, const double* start, const double* text) {
  using std::exp;
  using std::log;
  const size_t n = m.width;
  const T* extra = parameters + m.layers * m.layer_parameters();
  std::vector<T> state(start, start + m.state()), input(n), predicted(n);
  T total = 0;
  for (size_t t = 0; t + 1 < m.length; ++t, text += n) {
    for (size_t i = 0; i < n; ++i) input[i] = text[i] * extra[i];
    const T* x = input.data();
    for (size_t l = 0; l < m.layers; ++l) {
      const T* weight = parameters + l * m.layer_parameters();
      T* hidden = state.data() + 2 * l * n;
      step(n, weight, weight + 4 * n, x, hidden, hidden + n);
      x = hidden;
    }
    T sum = 2;
    for (size_t i = 0; i < n; ++i) {
      predicted[i] = x[i] * extra[n + i] + extra[2 * n + i];
      sum += exp(predicted[i]);
    }
    const T normaliser = log(sum);
    for (size_t i = 0; i < n; ++i) total += text[n + i] * (predicted[i] - normaliser);
  }
  return -total / static_cast<double>((m.length - 1) * n);
}

// What the way back needs of one unit at one time: what it was given, and what its gates said.
struct Unit {
  double input, hidden, cell;             // before
  double forget, in, out, change, curve;  // curve: tanh of the new cell
};

/// The gradient by hand; returns the value. `units` and `likelihood` are memory for the way back.
inline double hand(const Model& m, const double* parameters, const double* start, const double* text, double* gradient,
                   std::vector<Unit>& units, std::vector<double>& likelihood) {
  const size_t n = m.width, steps = m.length - 1, per_step = m.layers * n;
  const double *extra = parameters + m.layers * m.layer_parameters(), scale = -1 / static_cast<double>(steps * n);
  units.resize(steps * per_step);
  likelihood.resize(steps * n);  // derivatives with respect to what is predicted
  std::vector<double> state(start, start + m.state()), x(n);
  double total = 0;
  for (size_t t = 0; t < steps; ++t) {
    const double* bits = text + t * n;
    for (size_t i = 0; i < n; ++i) x[i] = bits[i] * extra[i];
    for (size_t l = 0; l < m.layers; ++l) {
      const double *w = parameters + l * m.layer_parameters(), *b = w + 4 * n;
      double *hidden = state.data() + 2 * l * n, *cell = hidden + n;
      Unit* u = units.data() + t * per_step + l * n;
      for (size_t i = 0; i < n; ++i) {
        u[i].input = x[i], u[i].hidden = hidden[i], u[i].cell = cell[i];
        u[i].forget = sigmoid(x[i] * w[i] + b[i]);
        u[i].in = sigmoid(hidden[i] * w[n + i] + b[n + i]);
        u[i].out = sigmoid(x[i] * w[2 * n + i] + b[2 * n + i]);
        u[i].change = std::tanh(hidden[i] * w[3 * n + i] + b[3 * n + i]);
        cell[i] = cell[i] * u[i].forget + u[i].in * u[i].change;
        u[i].curve = std::tanh(cell[i]);
        x[i] = hidden[i] = u[i].out * u[i].curve;
      }
    }
    double* d = likelihood.data() + t * n;
    double sum = 2, ones = 0;
    for (size_t i = 0; i < n; ++i) {
      const double predicted = x[i] * extra[n + i] + extra[2 * n + i];
      d[i] = std::exp(predicted);
      sum += d[i];
      ones += bits[n + i];
      total += bits[n + i] * predicted;
    }
    total -= ones * std::log(sum);
    for (size_t i = 0; i < n; ++i) d[i] = scale * (bits[n + i] - ones * d[i] / sum);
  }
  for (size_t i = 0; i < m.parameters(); ++i) gradient[i] = 0;
  double* dextra = gradient + m.layers * m.layer_parameters();
  std::vector<double> dstate(m.state()), dx(n);
  const double* last = state.data() + 2 * (m.layers - 1) * n;  // hidden of the last layer, after the step
  for (size_t t = steps; t-- > 0;) {
    const Unit* top = units.data() + t * per_step + (m.layers - 1) * n;
    const double* d = likelihood.data() + t * n;
    for (size_t i = 0; i < n; ++i) {
      const double hidden = t + 1 == steps ? last[i] : top[per_step + i].hidden;
      dextra[n + i] += d[i] * hidden;
      dextra[2 * n + i] += d[i];
      dx[i] = d[i] * extra[n + i];
    }
    for (size_t l = m.layers; l-- > 0;) {
      const double* w = parameters + l * m.layer_parameters();
      double *dw = gradient + l * m.layer_parameters(), *db = dw + 4 * n;
      double *dhidden = dstate.data() + 2 * l * n, *dcell = dhidden + n;
      const Unit* u = units.data() + t * per_step + l * n;
      for (size_t i = 0; i < n; ++i) {
        const Unit& v = u[i];
        const double dh = dx[i] + dhidden[i];
        const double dc = dcell[i] + dh * v.out * (1 - v.curve * v.curve);
        // With respect to the gates' arguments.
        const double forget = dc * v.cell * v.forget * (1 - v.forget), in = dc * v.change * v.in * (1 - v.in);
        const double out = dh * v.curve * v.out * (1 - v.out), change = dc * v.in * (1 - v.change * v.change);
        dw[i] += forget * v.input, db[i] += forget;
        dw[n + i] += in * v.hidden, db[n + i] += in;
        dw[2 * n + i] += out * v.input, db[2 * n + i] += out;
        dw[3 * n + i] += change * v.hidden, db[3 * n + i] += change;
        dhidden[i] = in * w[n + i] + change * w[3 * n + i];
        dcell[i] = dc * v.forget;
        dx[i] = forget * w[i] + out * w[2 * n + i];
      }
    }
    for (size_t i = 0; i < n; ++i) dextra[i] += dx[i] * text[t * n + i];
  }
  return total * scale;
}

}  // namespace bench::lstm
