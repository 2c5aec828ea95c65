// tenon/optim/adam.hpp: Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019).
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   optim::Adam adam(net, {.lr = 1e-3f});
//   adam.step(net, gradient);                  // one pass over each parameter; allocates nothing
//   adam.options.lr = 1e-4f;                   // between any two steps
// The state has the model's structure, so that io::save keeps it under the parameters' names: "first.hidden.weight".
#pragma once
#include <tenon/optim/update.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace optim {

/// Weight decay is added to the gradient in Adam, and shrinks the weights by lr * weight_decay in AdamW.
struct AdamOptions {
  double lr = 1e-3;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
};

namespace detail {

// m <- m + (1 - beta1) (g - m);  v <- beta2 v + (1 - beta2) g^2;  p <- p - step m / (sqrt(v) root + eps)
template <bool Decoupled>
struct AdamRule {
  double step, one_minus_beta1, beta2, one_minus_beta2, eps, root, decay;
  template <class V>
  TENON_FN void operator()(V& p, V g, V& m, V& v) const {
    const auto c = [](double x) { return simd::broadcast<V>(static_cast<simd::lane_t<V>>(x)); };
    if constexpr (Decoupled) {
      p = p * c(decay);
    } else {
      g = math::fma(c(decay), p, g);
    }
    m = math::fma(c(one_minus_beta1), V(g - m), m);
    v = math::fma(c(beta2), v, V(V(c(one_minus_beta2) * g) * g));
    const V denominator = math::fma(V(math::sqrt(v)), c(root), c(eps));
    p = math::fma(c(-step), V(m / denominator), p);
  }
};

[[gnu::noinline]] inline double power(double x, long n) { return math::pow(x, static_cast<double>(n)); }

template <class M, bool Decoupled>
class AdamOf {
 public:
  AdamOptions options;
  state_t<M> first, second;  ///< moments of the gradient
  Tensor<long> steps;        ///< taken so far

  explicit AdamOf(const M& model, const AdamOptions& o = {})
      : options(o), first(zero_state(model)), second(zero_state(model)) {}

  /// Moves the model's parameters against the gradient.
  template <class G>
  void step(M& model, const G& gradient) {
    const long t = ++steps();
    const double lr = options.lr, b1 = options.beta1, b2 = options.beta2, wd = options.weight_decay;
    const double correction1 = 1 - power(b1, t), correction2 = 1 - power(b2, t);
    const AdamRule<Decoupled> rule{
        lr / correction1, 1 - b1, b2, 1 - b2, options.eps, 1 / math::sqrt(correction2), Decoupled ? 1 - lr * wd : wd};
    update_parameters(rule, model, gradient, first, second);
  }
  static auto members(auto& self) {
    return named_members(named<"first">(self.first), named<"second">(self.second), named<"steps">(self.steps));
  }
};

}  // namespace detail

/// Adaptive moments, with bias correction.
template <class M>
class Adam : public detail::AdamOf<M, false> {
 public:
  using detail::AdamOf<M, false>::AdamOf;
};
template <class M>
Adam(const M&) -> Adam<M>;
template <class M>
Adam(const M&, const AdamOptions&) -> Adam<M>;

/// Adam with weight decay apart from the gradient.
template <class M>
class AdamW : public detail::AdamOf<M, true> {
 public:
  using detail::AdamOf<M, true>::AdamOf;
};
template <class M>
AdamW(const M&) -> AdamW<M>;
template <class M>
AdamW(const M&, const AdamOptions&) -> AdamW<M>;

}  // namespace optim
}  // namespace TENON_ABI
}  // namespace tenon
