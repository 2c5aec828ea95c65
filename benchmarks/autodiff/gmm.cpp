// benchmarks/autodiff/gmm.cpp: the gradient of ADBench's Gaussian mixture.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gmm.hpp"

#include <tenon/ad/unrolled_loop.hpp>

#include "gmm_simd.hpp"
#include "inputs.hpp"
#include "peers.hpp"

namespace bench {
namespace {

template <class T = double>
struct Components {
  tenon::Tensor<T, tenon::dyn> alpha;
  tenon::Tensor<T, tenon::dyn, tenon::dyn> mean, factor;
};
// Where a matrix has its elements in a row of `factor`, and which of them are below and on the diagonal.
struct Triangle {
  tenon::Tensor<int, tenon::dyn, tenon::dyn> place;
  tenon::Tensor<double, tenon::dyn, tenon::dyn> below, diagonal;
  Triangle() = default;
  explicit Triangle(int d) : place(d, d), below(d, d), diagonal(d, d) {
    for (int column = 0, next = d; column < d; ++column)
      for (int row = 0; row < d; ++row) {
        place(row, column) = row > column ? next++ : row;
        below(row, column) = row > column;
        diagonal(row, column) = row == column;
      }
  }
};
// With points of D numbers, which the types know, the likelihood is a loop over the components for each point: a pack
// of points at a time goes through all of them, forwards and backwards, in registers.
template <tenon::index_t D, class T = double>
struct FixedComponents {
  tenon::Tensor<T, tenon::dyn> alpha;
  tenon::Tensor<T, tenon::dyn, D> mean;
  tenon::Tensor<T, tenon::dyn, D*(D + 1) / 2> factor;
};
// The logarithm of the density at x of the components so far, and one more.
constexpr auto add_component = [](const auto& density, const auto& x, const auto& offset, const auto& mean,
                                  const auto& diagonal, const auto& below) {
  using T = std::remove_cvref_t<decltype(density)>;
  const tenon::index_t d = x.size();
  tenon::Tensor<T, std::remove_cvref_t<decltype(x)>::extents_type::static_extent(0)> centred;
  for (tenon::index_t i = 0; i < d; ++i) centred(i) = x(i) - mean(i);
  T squares = 0;
  for (tenon::index_t row = 0; row < d; ++row) {
    T scaled = diagonal(row) * centred(row);
    for (tenon::index_t column = 0, at = row - 1; column < row; at += d - 2 - column++)
      scaled += below(at) * centred(column);
    squares += scaled * scaled;
  }
  return logaddexp(density, offset - 0.5 * squares);
};
template <tenon::index_t D>
auto fixed_log_posterior(const gmm::Mixture& s, const auto& p, const tenon::Tensor<double, tenon::dyn, D>& points) {
  using namespace tenon;
  const auto diagonal = evaluate(exp(slice<1>(p.factor, range<0, D>())));
  const auto below = slice<1>(p.factor, range<D, D*(D + 1) / 2>());
  const auto log_determinants = evaluate(sum<1>(slice<1>(p.factor, range<0, D>())));
  const auto likelihood =
      unrolled_loop(add_component)
          .sum([](const auto& density, const auto&) { return density; }, p.alpha.extent(0),
               Tensor<double, 1>{-std::numeric_limits<double>::infinity()}, transpose(points),
               per_step(expand_dims<-1>(p.alpha + log_determinants)), per_step(expand_dims<-1>(p.mean)),
               per_step(expand_dims<-1>(diagonal)), per_step(expand_dims<-1>(below)));
  // Numbers, of which the tape keeps least; each is a statement, so that what it takes serves the next one.
  const auto number = [](const auto& x) { return evaluate(x)(); };
  const auto all = number(logsumexp(p.alpha));
  const auto diagonals = number(norm(diagonal));
  const auto others = number(norm(below));
  const auto determinants = number(sum(log_determinants));
  return likelihood - static_cast<double>(s.n) * all + 0.5 * s.gamma * s.gamma * (square(diagonals) + square(others)) -
         static_cast<double>(s.m) * determinants + s.constant();
}

// The points of a block and all components by one matrix product: row (c, i) of `factors` is row i of the factor of
// component c. Blocks are differentiated one after the other, so that memory does not grow with the number of points.
auto tensor_log_posterior(const gmm::Mixture& s, const auto& p, const auto& x, const Triangle& triangle) {
  using namespace tenon;
  const index_t n = x.extent(0), d = x.extent(1), k = p.alpha.extent(0), rows = std::max(index_t{8}, 4096 / (k * d));
  const auto entries = evaluate(take<1>(p.factor, triangle.place));
  const auto factors = evaluate(triangle.below * entries + triangle.diagonal * exp(entries));
  const auto log_determinants = evaluate(sum<1>(slice<1>(p.factor, range(0, d))));
  const auto shift = evaluate(sum<2>(factors * expand_dims<1>(p.mean)));
  const auto likelihood = preaccumulate(
      (n + rows - 1) / rows, [=, &x](index_t i, const auto& stacked, const auto& shift, const auto& offset) {
        const auto block = slice<0>(x, range(i * rows, std::min(n, (i + 1) * rows)));
        const auto scaled = matmul(block, transpose(stacked)) - shift;
        const auto squares = sum<2>(square(reshape<dyn, dyn, dyn>(scaled, block.extent(0), k, d)));
        return evaluate(sum(logsumexp<1>(offset - 0.5 * squares)));
      });
  return evaluate(
      likelihood(reshape<dyn, dyn>(factors, k * d, d), reshape<dyn>(shift, k * d), p.alpha + log_determinants) -
      static_cast<double>(s.n) * logsumexp(p.alpha) + 0.5 * s.gamma * s.gamma * sum(square(factors)) -
      static_cast<double>(s.m) * sum(log_determinants) + s.constant());
}

struct Gmm : Differentiated {
  Gmm() {
    resize();
    fill(p.data(), s.parameters(), -1, 1, 1);
    fill(x.data(), x.size(), -1, 1, 2);
    finish();
  }
  // A file of ADBench: d, k, n; alpha, mean, the factors; the points; gamma and m of the prior.
  explicit Gmm(Numbers file) {
    s.d = file.count(), s.k = file.count(), s.n = file.count();
    resize();
    file.read(p.data(), s.parameters());
    file.read(x.data(), x.size());
    s.gamma = file.next(), s.m = file.count();
    finish();
  }
  void finish() {
    using tenon::index_t;
    const auto d = static_cast<index_t>(s.d), k = static_cast<index_t>(s.k), n = static_cast<index_t>(s.n);
    components.alpha = tenon::Tensor<double, tenon::dyn>(k);
    components.mean = tenon::Tensor<double, tenon::dyn, tenon::dyn>(k, d);
    components.factor = tenon::Tensor<double, tenon::dyn, tenon::dyn>(k, static_cast<index_t>(s.factor()));
    each_part(components, [&](auto& part, std::size_t at) { std::copy_n(p.data() + at, part.size(), part.data()); });
    points = tenon::Tensor<double, tenon::dyn, tenon::dyn>(n, d);
    std::copy(x.begin(), x.end(), points.data());
    triangle = Triangle(static_cast<int>(d));
    hand();
    expect();
  }
  // Calls f(tensor, place of its first number among all parameters).
  template <class F>
  void each_part(auto& c, const F& f) const {
    f(c.alpha, 0), f(c.mean, s.means()), f(c.factor, s.factors());
  }
  void resize() {
    p = tenon::Tensor<double, tenon::dyn>(static_cast<tenon::index_t>(s.parameters()));
    x.resize(s.n * s.d);
    y.resize(s.parameters() + 1);
  }
  void hand() {
    y[0] = gmm::hand(s, p.data(), x.data(), y.data() + 1, work);
    bytes = work.size() * sizeof(double);
  }
  auto& numbers() { return p; }
  gmm::Mixture s;
  tenon::Tensor<double, tenon::dyn> p;
  std::vector<double> x, work;
  Components<> components;
  tenon::Tensor<double, tenon::dyn, tenon::dyn> points;
  Triangle triangle;
  tenon::Tape tape;
};

template <tenon::index_t D>
struct FixedGmm : Gmm {
  template <class... A>
  explicit FixedGmm(const A&... a)
      : Gmm(Numbers(a)...), rows(points), fixed{components.alpha, components.mean, components.factor} {}
  tenon::Tensor<double, tenon::dyn, D> rows;
  FixedComponents<D> fixed;
#if BENCH_HAND
  void hand_simd() {
    this->y[0] = simd(this->s, this->p.data(), this->x.data(), this->y.data() + 1);
    this->bytes = simd.bytes();
  }
  gmm::Simd<D> simd;
#endif
};

template <tenon::index_t D, class... A>
void add(const std::string& size, A... a) {
  using P = FixedGmm<D>;
  GradientCase<P> c("autodiff/gmm/f64/" + size, [=] { return new P(a...); });
  const auto numbers = [](const Gmm& p) -> const auto& { return p.p; };
  const auto log_posterior = [](const Gmm& p, const auto* x) { return gmm::log_posterior(p.s, x, p.x.data()); };
  add_scalar_code(c, numbers, log_posterior);
  add_expression_tree(c, numbers, log_posterior);
  c.run("hand", [](Gmm& g) { g.hand(); });
#if BENCH_HAND
  c.run("hand_simd", [](P& g) { g.hand_simd(); });
#endif
  c.run("tenon", [](P& g) {
    on_tape(
        g.tape, g.fixed, g, [&](const auto& p) { return fixed_log_posterior(g.s, p, g.rows); },
        [&](const FixedComponents<D>& d) {
          g.each_part(d,
                      [&](auto& part, std::size_t at) { std::copy_n(part.data(), part.size(), g.y.data() + 1 + at); });
        });
  });
}

// The Hessian times a vector, beside the gradient by the same means.
void add_curvature() {
  using P = Curvature<Gmm>;
  GradientCase<P> c("autodiff/hvp/f64/gmm_d10_K25_n1000", [] { return new P; });
  const auto store = [](P& g, const Components<>& d) {
    g.each_part(d, [&](auto& part, std::size_t at) { std::copy_n(part.data(), part.size(), g.y.data() + at); });
  };
  const auto function = [](const P& g) {
    return [&](const auto& p) { return tensor_log_posterior(g.s, p, g.points, g.triangle); };
  };
  c.primal("gradient", [=](P& g) { store(g, tenon::grad(function(g))(g.components)); });
  c.run("tenon", [=](P& g) {
    Components<> direction = g.components;
    g.each_part(direction,
                [&](auto& part, std::size_t at) { std::copy_n(g.direction.data() + at, part.size(), part.data()); });
    store(g, tenon::hvp(function(g), g.components, direction));
  });
}

template <tenon::index_t D>
void add_file(const std::string& name) {
  if (const std::string file = input("gmm/1k/gmm_" + name + ".txt"); !file.empty())
    add<D>("adbench_" + name + "_n1000", file);
}
const Area area([] {
  add<10>("d10_K25_n1000");
  add_curvature();
  add_file<2>("d2_K5");
  add_file<10>("d10_K5");
});

}  // namespace
}  // namespace bench
