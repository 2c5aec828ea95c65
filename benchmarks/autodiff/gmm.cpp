// benchmarks/autodiff/gmm.cpp: the gradient of ADBench's Gaussian mixture.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gmm.hpp"

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

void add(const std::string& size, std::function<Gmm*()> make) {
  GradientCase<Gmm> c("autodiff/gmm/f64/" + size, std::move(make));
  add_scalar_code(
      c, [](const Gmm& p) -> const auto& { return p.p; },
      [](const Gmm& p, const auto* x) { return gmm::log_posterior(p.s, x, p.x.data()); });
  c.run("hand", [](Gmm& g) { g.hand(); });
  c.run("tenon", [](Gmm& g) {
    on_tape(
        g.tape, g.components, g, [&](const auto& p) { return tensor_log_posterior(g.s, p, g.points, g.triangle); },
        [&](const Components<>& d) {
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

const Area area([] {
  add("d10_K25_n1000", [] { return new Gmm; });
  add_curvature();
  for (const std::string name : {"d2_K5", "d10_K5"})
    if (const std::string file = input("gmm/1k/gmm_" + name + ".txt"); !file.empty())
      add("adbench_" + name + "_n1000", [file] { return new Gmm(Numbers(file)); });
});

}  // namespace
}  // namespace bench
