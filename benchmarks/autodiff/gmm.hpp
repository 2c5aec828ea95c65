// benchmarks/autodiff/gmm.hpp: ADBench's Gaussian mixture, and its gradient by hand.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The log posterior of Srajer, Kukelova, Fitzgibbon 2018 (A benchmark of selected algorithmic differentiation tools),
// with a Wishart prior. Parameters, which derivatives are with respect to: alpha[k] (log weights), mean[k, d], and for
// each component the Cholesky factor of its precision: d logarithms of the diagonal, then what is below it, by columns.
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

namespace bench::gmm {
using std::size_t;

struct Mixture {
  size_t d = 10, k = 25, n = 1000;
  double gamma = 1;
  size_t m = 0;
  size_t factor() const { return d * (d + 1) / 2; }
  size_t parameters() const { return k * (1 + d + factor()); }
  size_t means() const { return k; }
  size_t factors() const { return k * (1 + d); }
  /// What does not depend on the parameters.
  double constant() const {
    const double pi = 3.14159265358979323846, p = static_cast<double>(d), dof = static_cast<double>(d + m + 1);
    double gammas = 0.25 * p * (p - 1) * std::log(pi);  // of the multivariate gamma function, its logarithm
    for (size_t j = 0; j < d; ++j) gammas += std::lgamma(0.5 * (dof - static_cast<double>(j)));
    const double prior = dof * p * (std::log(gamma) - 0.5 * std::log(2.0)) - gammas;
    return -0.5 * static_cast<double>(n) * p * std::log(2 * pi) - static_cast<double>(k) * prior;
  }
};

template <class T>
T log_sum_exp(const T* x, size_t n) {
  using std::exp;
  using std::log;
  T largest = x[0];
  for (size_t i = 1; i < n; ++i)
    if (largest < x[i]) largest = x[i];
  T sum = 0;
  for (size_t i = 0; i < n; ++i) sum += exp(x[i] - largest);
  return log(sum) + largest;
}

template <class T>
T log_posterior(const Mixture& s, const T* p, const double* data) {
  using std::exp;
  const size_t d = s.d, k = s.k;
  const T *alpha = p, *means = p + s.means(), *factors = p + s.factors();
  std::vector<T> diagonals(k * d), log_determinants(k), centred(d), scaled(d), terms(k);
  for (size_t c = 0; c < k; ++c) {
    const T* factor = factors + c * s.factor();
    T sum = 0;
    for (size_t i = 0; i < d; ++i) {
      sum += factor[i];
      diagonals[c * d + i] = exp(factor[i]);
    }
    log_determinants[c] = sum;
  }
  T total = 0;
  for (size_t row = 0; row < s.n; ++row) {
    const double* x = data + row * d;
    for (size_t c = 0; c < k; ++c) {
      for (size_t i = 0; i < d; ++i) {
        centred[i] = x[i] - means[c * d + i];
        scaled[i] = diagonals[c * d + i] * centred[i];
      }
      const T* below = factors + c * s.factor() + d;
      for (size_t i = 0; i < d; ++i)
        for (size_t j = i + 1; j < d; ++j) scaled[j] += *below++ * centred[i];
      T squares = 0;
      for (size_t i = 0; i < d; ++i) squares += scaled[i] * scaled[i];
      terms[c] = alpha[c] + log_determinants[c] - 0.5 * squares;
    }
    total += log_sum_exp(terms.data(), k);
  }
  total -= static_cast<double>(s.n) * log_sum_exp(alpha, k);
  for (size_t c = 0; c < k; ++c) {
    const T* below = factors + c * s.factor();
    T squares = 0;
    for (size_t i = 0; i < d; ++i) squares += diagonals[c * d + i] * diagonals[c * d + i];
    for (size_t i = d; i < s.factor(); ++i) squares += below[i] * below[i];
    total += 0.5 * s.gamma * s.gamma * squares - static_cast<double>(s.m) * log_determinants[c];
  }
  return total + s.constant();
}

/// The gradient by hand; returns the value. `work` is memory for the components at one point.
inline double hand(const Mixture& s, const double* p, const double* data, double* gradient, std::vector<double>& work) {
  const size_t d = s.d, k = s.k;
  const double *alpha = p, *means = p + s.means(), *factors = p + s.factors();
  double *dalpha = gradient, *dmeans = gradient + s.means(), *dfactors = gradient + s.factors();
  work.resize(3 * k * d + 2 * k + d);
  double *diagonals = work.data(), *centred = diagonals + k * d, *scaled = centred + k * d;
  double *offset = scaled + k * d, *terms = offset + k, *back = terms + k;
  for (size_t i = 0; i < s.parameters(); ++i) gradient[i] = 0;
  for (size_t c = 0; c < k; ++c) {
    offset[c] = alpha[c];
    for (size_t i = 0; i < d; ++i) {
      diagonals[c * d + i] = std::exp(factors[c * s.factor() + i]);
      offset[c] += factors[c * s.factor() + i];
    }
  }
  double total = 0;
  for (size_t row = 0; row < s.n; ++row) {
    const double* x = data + row * d;
    for (size_t c = 0; c < k; ++c) {
      double* __restrict u = centred + c * d, * __restrict v = scaled + c * d;
      for (size_t i = 0; i < d; ++i) {
        u[i] = x[i] - means[c * d + i];
        v[i] = diagonals[c * d + i] * u[i];
      }
      const double* below = factors + c * s.factor() + d;
      for (size_t i = 0; i < d; ++i)
        for (size_t j = i + 1; j < d; ++j) v[j] += *below++ * u[i];
      double squares = 0;
      for (size_t i = 0; i < d; ++i) squares += v[i] * v[i];
      terms[c] = offset[c] - 0.5 * squares;
    }
    double largest = terms[0], sum = 0;
    for (size_t c = 1; c < k; ++c) largest = largest < terms[c] ? terms[c] : largest;
    for (size_t c = 0; c < k; ++c) {
      terms[c] = std::exp(terms[c] - largest);
      sum += terms[c];
    }
    total += std::log(sum) + largest;
    for (size_t c = 0; c < k; ++c) {
      const double w = terms[c] / sum;
      const double *u = centred + c * d, *v = scaled + c * d;
      const double* below = factors + c * s.factor() + d;
      double* __restrict df = dfactors + c * s.factor(), * __restrict dbelow = df + d;
      dalpha[c] += w;
      for (size_t i = 0; i < d; ++i) {
        const double g = w * v[i] * diagonals[c * d + i];
        df[i] += w - g * u[i];
        back[i] = g;
      }
      for (size_t i = 0; i < d; ++i) {
        double sum_back = 0;
        for (size_t j = i + 1; j < d; ++j) {
          const double g = w * v[j];
          *dbelow++ -= g * u[i];
          sum_back += g * *below++;
        }
        dmeans[c * d + i] += back[i] + sum_back;
      }
    }
  }
  double largest = alpha[0], sum = 0;
  for (size_t c = 1; c < k; ++c) largest = largest < alpha[c] ? alpha[c] : largest;
  for (size_t c = 0; c < k; ++c) sum += std::exp(alpha[c] - largest);
  const double n = static_cast<double>(s.n), m = static_cast<double>(s.m), prior = s.gamma * s.gamma;
  total -= n * (std::log(sum) + largest);
  for (size_t c = 0; c < k; ++c) {
    dalpha[c] -= n * std::exp(alpha[c] - largest) / sum;
    const double* factor = factors + c * s.factor();
    double* df = dfactors + c * s.factor();
    double squares = 0;
    for (size_t i = 0; i < d; ++i) {
      const double q = diagonals[c * d + i];
      squares += q * q;
      df[i] += prior * q * q - m;
      total -= m * factor[i];
    }
    for (size_t i = d; i < s.factor(); ++i) {
      squares += factor[i] * factor[i];
      df[i] += prior * factor[i];
    }
    total += 0.5 * prior * squares;
  }
  return total + s.constant();
}

}  // namespace bench::gmm
