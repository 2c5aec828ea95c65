// benchmarks/autodiff/gmm_simd.hpp: the gradient of ADBench's Gaussian mixture by hand, eight points at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A derivative with respect to a component's factor L or mean is L times a moment of the points about the mean,
// weighted by how much each belongs to it: sum of w u u^T, of w u, and of w. So the way back needs none of what was
// computed on the way there but w: it takes for each point and component as many multiply-adds as the density, in
// registers, and L comes in once for all points.
#pragma once
#include "gmm.hpp"
#include "simd.hpp"

#if BENCH_HAND

namespace bench::gmm {
using simd::Pack;

/// The gradient for points of D numbers. Points are taken in blocks: memory does not grow with their number, and a
/// block is long enough for the sums over lanes at its end to cost little.
template <size_t D>
class Simd {
 public:
  double operator()(const Mixture& s, const double* p, const double* data, double* gradient) {
    prepare(s, p);
    for (size_t i = 0; i < s.parameters(); ++i) gradient[i] = 0;
    const size_t packs = (s.n + simd::lanes - 1) / simd::lanes, blocks = (packs + most - 1) / most;
    __m512d total = _mm512_setzero_pd();
    for (size_t block = 0; block < blocks; ++block) {
      const size_t from = packs * block / blocks, points = from * simd::lanes;
      used_ = packs * (block + 1) / blocks - from;
      read(data + points * D, s.n - points);
      for (size_t c = 0; c < s.k; ++c) densities(p + s.means() + c * D, c);
      total = _mm512_add_pd(total, weights(s.k, s.n - points));
      for (size_t c = 0; c < s.k; ++c) moments(s, p, c, gradient);
    }
    return _mm512_reduce_add_pd(total) + finish(s, p, gradient);
  }
  size_t bytes() const { return sizeof(*this) + terms_.size() * sizeof(Pack) + components_.size() * sizeof(Component); }

 private:
  static constexpr size_t most = 32, factor = D * (D + 1) / 2, width = D / simd::lanes + 1;
  struct Component {
    double offset;
    double rows[factor];  // of the factor
  };
  // Where row, column is among the numbers of a factor as parameters and gradient have it.
  static constexpr size_t place(size_t row, size_t column) {
    return row == column ? row : D + column * (2 * D - column - 1) / 2 + (row - column - 1);
  }
  static constexpr size_t at(size_t row, size_t column) { return row * (row + 1) / 2 + column; }

  static double& number(Pack (&of)[width], size_t i) { return of[i / simd::lanes].lane[i % simd::lanes]; }

  void prepare(const Mixture& s, const double* p) {
    components_.resize(s.k);
    terms_.resize(s.k * most);
    for (size_t c = 0; c < s.k; ++c) {
      const double* from = p + s.factors() + c * factor;
      Component& to = components_[c];
      to.offset = p[c];
      for (size_t row = 0; row < D; ++row) {
        to.offset += from[row];
        for (size_t column = 0; column < row; ++column) to.rows[at(row, column)] = from[place(row, column)];
        to.rows[at(row, row)] = std::exp(from[row]);
      }
    }
  }
  void read(const double* data, size_t points) {
    for (size_t pack = 0; pack < used_; ++pack, data += simd::lanes * D, points -= simd::lanes)
      for (size_t i = 0; i < D; i += 8) {
        __m512d columns[8];
        simd::transpose(data + i, D, points, D - i, columns);
        for (size_t j = i; j < D && j < i + 8; ++j) simd::store(x_[pack][j], columns[j - i]);
      }
  }
  // The logarithms of a component's densities. Two packs at a time share what is read of the component.
  void densities(const double* mean, size_t c) {
    const Component& of = components_[c];
    for (size_t pack = 0; pack < used_; pack += 2) {
      __m512d u[2][D], squares[2] = {};
#pragma GCC unroll 16
      for (size_t i = 0; i < D; ++i)
        for (size_t k = 0; k < 2; ++k) u[k][i] = _mm512_sub_pd(simd::load(x_[pack + k][i]), simd::all(mean[i]));
#pragma GCC unroll 16
      for (size_t row = 0; row < D; ++row) {
        __m512d v[2];
        for (size_t k = 0; k < 2; ++k) v[k] = _mm512_mul_pd(simd::all(of.rows[at(row, row)]), u[k][row]);
#pragma GCC unroll 16
        for (size_t column = 0; column < row; ++column)
          for (size_t k = 0; k < 2; ++k)
            v[k] = _mm512_fmadd_pd(simd::all(of.rows[at(row, column)]), u[k][column], v[k]);
        for (size_t k = 0; k < 2; ++k) squares[k] = _mm512_fmadd_pd(v[k], v[k], squares[k]);
      }
      for (size_t k = 0; k < 2; ++k)
        simd::store(terms_[c * most + pack + k], _mm512_fnmadd_pd(simd::all(0.5), squares[k], simd::all(of.offset)));
    }
  }
  // Makes weights of the logarithms; returns the logarithm of the points' densities.
  __m512d weights(size_t k, size_t points) {
    __m512d total = _mm512_setzero_pd();
    for (size_t pack = 0; pack < used_; ++pack) {
      Pack* terms = terms_.data() + pack;
      __m512d largest = simd::load(terms[0]), sum = _mm512_setzero_pd();
      for (size_t c = 1; c < k; ++c) largest = _mm512_max_pd(largest, simd::load(terms[c * most]));
      for (size_t c = 0; c < k; ++c) {
        const __m512d e = simd::exp(_mm512_sub_pd(simd::load(terms[c * most]), largest));
        simd::store(terms[c * most], e);
        sum = _mm512_add_pd(sum, e);
      }
      const __mmask8 there = simd::first_lanes(points - pack * simd::lanes);
      const __m512d scale = _mm512_maskz_div_pd(there, simd::all(1), sum);
      for (size_t c = 0; c < k; ++c) simd::store(terms[c * most], _mm512_mul_pd(simd::load(terms[c * most]), scale));
      total = _mm512_mask_add_pd(total, there, total, _mm512_add_pd(simd::log(sum), largest));
    }
    return total;
  }

  // Adds the moments of a component's points to where their derivatives will be. Rows of the second ones are taken
  // as many at a time as registers can hold.
  void moments(const Mixture& s, const double* p, size_t c, double* gradient) const {
    const double* mean = p + s.means() + c * D;
    double *first = gradient + s.means() + c * D, *second = gradient + s.factors() + c * factor;
    gradient[c] += rows<0>(mean, c, first, second);
  }
  // How many rows from `row` on have at most 24 numbers together, with one more for each.
  static constexpr size_t rows_at_once(size_t row) {
    size_t count = 0, numbers = row == 0;
    while (row + count < D && numbers + row + count + 2 <= 24) numbers += row + count++ + 2;
    return count;
  }
  // Those of the rows from Row on; returns the sum of the weights if Row is 0.
  template <size_t Row>
  double rows(const double* mean, size_t c, double* first, double* second) const {
    constexpr size_t end = Row + rows_at_once(Row), numbers = at(end, 0) - at(Row, 0), all = numbers + end - Row;
    static_assert(end > Row);
    __m512d sum[all + 1] = {};
    for (size_t pack = 0; pack < used_; ++pack) {
      const __m512d w = simd::load(terms_[c * most + pack]);
      __m512d wu[end - Row];
#pragma GCC unroll 16
      for (size_t row = Row; row < end; ++row)
        wu[row - Row] = _mm512_mul_pd(w, _mm512_sub_pd(simd::load(x_[pack][row]), simd::all(mean[row])));
#pragma GCC unroll 16
      for (size_t column = 0; column < end; ++column) {
        const __m512d u = _mm512_sub_pd(simd::load(x_[pack][column]), simd::all(mean[column]));
#pragma GCC unroll 16
        for (size_t row = std::max(Row, column); row < end; ++row) {
          __m512d& m = sum[at(row, column) - at(Row, 0)];
          m = _mm512_fmadd_pd(wu[row - Row], u, m);
        }
      }
#pragma GCC unroll 16
      for (size_t row = Row; row < end; ++row)
        sum[numbers + row - Row] = _mm512_add_pd(sum[numbers + row - Row], wu[row - Row]);
      if constexpr (Row == 0) sum[all] = _mm512_add_pd(sum[all], w);
    }
    double sums[(all + 8) / 8 * 8];
    simd::sums(sum, sums);
#pragma GCC unroll 16
    for (size_t row = Row; row < end; ++row) {
#pragma GCC unroll 16
      for (size_t column = 0; column <= row; ++column) second[place(row, column)] += sums[at(row, column) - at(Row, 0)];
      first[row] += sums[numbers + row - Row];
    }
    if constexpr (end < D) rows<end>(mean, c, first, second);
    return sums[all];
  }

  // Makes derivatives of the moments, and adds the prior; returns its value.
  double finish(const Mixture& s, const double* p, double* gradient) const {
    const double n = static_cast<double>(s.n), m = static_cast<double>(s.m), prior = s.gamma * s.gamma;
    double largest = p[0], sum = 0, total = s.constant();
    for (size_t c = 1; c < s.k; ++c) largest = std::max(largest, p[c]);
    for (size_t c = 0; c < s.k; ++c) sum += std::exp(p[c] - largest);
    total -= n * (std::log(sum) + largest);
    for (size_t c = 0; c < s.k; ++c) {
      const double *l = components_[c].rows, weight = gradient[c];
      double *first = gradient + s.means() + c * D, *factors = gradient + s.factors() + c * factor;
      double mean[D] = {}, squares = 0;
      Pack second[D][width] = {};  // and, after them, the first ones
      for (size_t row = 0; row < D; ++row) {
        for (size_t column = 0; column <= row; ++column)
          number(second[row], column) = number(second[column], row) = factors[place(row, column)];
        number(second[row], D) = first[row];
      }
      for (size_t row = 0; row < D; ++row) {
        __m512d sums[width] = {};
#pragma GCC unroll 16
        for (size_t i = 0; i <= row; ++i)
          for (size_t k = 0; k < width; ++k)
            sums[k] = _mm512_fmadd_pd(simd::all(l[at(row, i)]), simd::load(second[i][k]), sums[k]);
        Pack products[width];
        for (size_t k = 0; k < width; ++k) simd::store(products[k], sums[k]);
        const double scaled = number(products, D);
        for (size_t column = 0; column <= row; ++column) {
          const double x = l[at(row, column)];
          mean[column] += x * scaled;
          squares += x * x;
          factors[place(row, column)] = prior * x - number(products, column);
        }
        factors[row] = factors[row] * l[at(row, row)] + weight - m;
        total -= m * p[s.factors() + c * factor + row];
      }
      for (size_t i = 0; i < D; ++i) first[i] = mean[i];
      gradient[c] = weight - n * std::exp(p[c] - largest) / sum;
      total += 0.5 * prior * squares;
    }
    return total;
  }

  size_t used_ = 0;  // packs of the block
  Pack x_[most][D] = {};
  std::vector<Pack> terms_;  // for each component and pack
  std::vector<Component> components_;
};

}  // namespace bench::gmm
#endif
