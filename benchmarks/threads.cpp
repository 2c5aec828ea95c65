// benchmarks/threads.cpp: large statements on one and on two of OpenMP's threads, by the time on the clock.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `library_2` is the library on two threads.
#include "common.hpp"

#if defined(_OPENMP)
#include <tenon/exec/openmp.hpp>
#include <tenon/tenon.hpp>

#include "peers.hpp"

namespace bench {
namespace {

using tenon::dyn;
using tenon::index_t;
using Vector = tenon::Tensor<float, dyn>;
using Matrix = tenon::Tensor<float, dyn, dyn>;

/// Registers f as tenon's, on one thread and on two.
template <class Data, class F>
void add_tenon(Case<Data>& c, F f) {
  c.wall_time().run("tenon", f).run("tenon_2", [f](Data& d) {
    tenon::OpenMp threads(2);
    const tenon::Parallel scope(threads);
    f(d);
  });
}
/// Registers what peers compute of a case; theirs are OpenMP's threads as well.
template <class Data, class F>
void add_peers(Case<Data>& c, const std::string& cases, F operands) {
  for (const Peer& peer : Peer::list())
    for (const int threads : {1, 2})
      if (peer.cases == cases) {
        Peer p = peer;
        p.prepare = [prepare = peer.prepare, threads](const Operands& o) {
          omp_set_num_threads(threads);
          const Kernel k = prepare(o);
          return Kernel{[k, threads] { omp_set_num_threads(threads), k.run(); }, k.finish};
        };
        c.run(p, p.library + (threads == 2 ? "_2" : ""), operands);
      }
}

// ---- relu(a b + bias), or a b ---------------------------------------------------------------------------------------

struct Layer : Reference {
  Layer(index_t size, bool activated) : n(size), a(n, n), b(n, n), y(n, n), bias(n) {
    const auto count = static_cast<std::size_t>(n * n);
    fill(a.data(), count, -1, 1, 1);
    fill(b.data(), count, -1, 1, 2);
    fill(bias.data(), static_cast<std::size_t>(n), -1, 1, 3);
    tolerance = 1e-5, scale = std::sqrt(static_cast<double>(n));
    const std::vector<double> wide(b.data(), b.data() + count);
    expected.assign(count, 0);
#pragma omp parallel for
    for (index_t i = 0; i < n; ++i) {
      double* const e = expected.data() + i * n;
      for (index_t p = 0; p < n; ++p) {
        const double x = static_cast<double>(a(i, p)), *const row = wide.data() + p * n;
#pragma omp simd
        for (index_t j = 0; j < n; ++j) e[j] += x * row[j];
      }
      if (activated)
        for (index_t j = 0; j < n; ++j) e[j] = std::fmax(e[j] + static_cast<double>(bias(j)), 0);
    }
  }
  std::span<float> result() { return {y.data(), expected.size()}; }
  index_t n;
  Matrix a, b, y;
  Vector bias;
};

void add_layers(index_t n) {
  const auto size = std::to_string(n);
  auto product = add_case<Layer>("threads/matmul/f32/" + size, [n] { return new Layer(n, false); });
  add_tenon(product, [](Layer& d) { d.y = matmul(d.a, d.b); });
  add_peers(product, "threads/matmul/f32", [](Layer& d) {
    return Operands{{d.n, d.n, d.n}, {d.a.data(), d.b.data(), d.y.data()}};
  });
  for (const Blas& blas : blas_libraries())
    for (const int threads : {1, 2})
      if (blas.set_threads)
        product.run(std::string(blas.name) + (threads == 2 ? "_2" : ""), [&blas, threads](Layer& d) {
          const int m = static_cast<int>(d.n);
          blas.set_threads(threads);
          blas.gemm(m, m, m, d.a.data(), d.b.data(), d.y.data());
        });
  auto layer = add_case<Layer>("threads/bias_relu/f32/" + size, [n] { return new Layer(n, true); });
  add_tenon(layer, [](Layer& d) { d.y = relu(matmul(d.a, d.b) + d.bias); });
  add_peers(layer, "threads/bias_relu/f32", [](Layer& d) {
    return Operands{{d.n, d.n, d.n}, {d.a.data(), d.b.data(), d.bias.data(), d.y.data()}};
  });
}

// ---- element by element, and row by row -----------------------------------------------------------------------------

struct Chain : Reference {
  explicit Chain(index_t n) : a(n), b(n), c(n), y(n) {
    const auto count = static_cast<std::size_t>(n);
    fill(a.data(), count, -2, 2, 1);
    fill(b.data(), count, -2, 2, 2);
    fill(c.data(), count, -1, 1, 3);
    scale = 1e-3;
    expected.resize(count);
#pragma omp parallel for
    for (index_t i = 0; i < n; ++i) {
      const double x = static_cast<double>(a(i));
      expected[static_cast<std::size_t>(i)] =
          std::tanh(x * static_cast<double>(b(i)) + static_cast<double>(c(i))) * std::exp(-x * x);
    }
  }
  std::span<float> result() { return {y.data(), expected.size()}; }
  Vector a, b, c, y;
};

struct Softmax : Reference {
  Softmax(index_t rows, index_t columns) : x(rows, columns), y(rows, columns) {
    const auto count = static_cast<std::size_t>(rows * columns);
    fill(x.data(), count, -2, 3, 1);
    tolerance = 1e-5, scale = 1e-3;
    expected.resize(count);
#pragma omp parallel for
    for (index_t i = 0; i < rows; ++i) {
      double sum = 0, *const e = expected.data() + i * columns;
      for (index_t j = 0; j < columns; ++j) sum += e[j] = std::exp(static_cast<double>(x(i, j)));
      for (index_t j = 0; j < columns; ++j) e[j] /= sum;
    }
  }
  std::span<float> result() { return {y.data(), expected.size()}; }
  Matrix x, y;
};

const Area area(
    [] {
      for (const index_t n : {512, 1024, 2048}) add_layers(n);
      auto chain = add_case<Chain>("threads/chain/f32/10000000", [] { return new Chain(10'000'000); });
      add_tenon(chain, [](Chain& d) { d.y = tanh(d.a * d.b + d.c) * exp(-d.a * d.a); });
      auto softmax = add_case<Softmax>("threads/softmax/f32/4096x1024", [] { return new Softmax(4096, 1024); });
      add_tenon(softmax, [](Softmax& d) { d.y = tenon::softmax<1>(d.x); });
      add_peers(softmax, "threads/softmax/f32", [](Softmax& d) {
        return Operands{{d.x.extent(0), d.x.extent(1)}, {d.x.data(), d.y.data()}};
      });
    },
    Cores::several);

}  // namespace
}  // namespace bench
#else
namespace {
const bench::Area area([] { std::fprintf(stderr, "SKIPPED threads: the compiler has no OpenMP\n"); },
                       bench::Cores::several);
}
#endif
