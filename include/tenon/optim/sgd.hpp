// tenon/optim/sgd.hpp: gradient descent, with momentum (Polyak 1964, or Nesterov 1983) and weight decay.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   optim::SGD sgd(net, {.lr = 0.1f, .momentum = 0.9f});
//   sgd.step(net, gradient);                   // one pass over each parameter; allocates nothing
#pragma once
#include <tenon/optim/update.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace optim {

/// Weight decay is added to the gradient.
struct SgdOptions {
  double lr = 1e-2;
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
};

namespace detail {

// g <- g + decay p;  s <- momentum s + g;  p <- p - lr s, or for Nesterov p - lr (g + momentum s)
struct SgdRule {
  double lr, momentum, decay;
  bool nesterov;
  template <class V>
  TENON_FN void operator()(V& p, V g, V& s) const {
    g = math::fma(c<V>(decay), p, g);
    s = math::fma(c<V>(momentum), s, g);
    p = math::fma(c<V>(-lr), nesterov ? math::fma(c<V>(momentum), s, g) : s, p);
  }
  template <class V>
  TENON_FN void operator()(V& p, V g) const {
    p = math::fma(c<V>(-lr), math::fma(c<V>(decay), p, g), p);
  }

 private:
  template <class V>
  TENON_FN static V c(double x) {
    return simd::broadcast<V>(static_cast<simd::lane_t<V>>(x));
  }
};

}  // namespace detail

/// Gradient descent.
template <class M>
class SGD {
 public:
  SgdOptions options;
  state_t<M> velocity;

  explicit SGD(const M& model, const SgdOptions& o = {}) : options(o), velocity(zero_state(model)) {}

  /// Moves the model's parameters against the gradient.
  template <class G>
  void step(M& model, const G& gradient) {
    const detail::SgdRule rule{options.lr, options.momentum, options.weight_decay, options.nesterov};
    if (options.momentum == 0) {
      update_parameters(rule, model, gradient);
    } else {
      update_parameters(rule, model, gradient, velocity);
    }
  }
  static auto members(auto& self) { return named_members(named<"velocity">(self.velocity)); }
};

}  // namespace optim
}  // namespace TENON_ABI
}  // namespace tenon
