// tenon/nn/loss.hpp: losses: cross entropy and negative log-likelihood of labels, squared, absolute and binary errors.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto loss = nn::cross_entropy(net(x), labels);                      // the mean over the batch, of rank 0
//   auto each = nn::cross_entropy<nn::Reduction::none>(net(x), labels);  // one loss for each example
// Labels are integers, [batch...] for logits [batch..., classes], and checked; or probabilities of the logits' shape.
#pragma once
#include <tenon/exec/cpu/reduce.hpp>
#include <tenon/exec/cpu/softmax.hpp>
#include <tenon/exec/operand.hpp>
#include <tenon/expr/reductions.hpp>
#include <tenon/nn/layer.hpp>
#include <tenon/ops/catalogue.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

/// What becomes of the losses of single examples (of single elements for mse and its like).
enum class Reduction { mean, sum, none };

namespace detail {

template <class E>
struct DropLast {
  static constexpr Dims value() { return of(E::static_dims()); }
  TENON_FN static Dims of(Dims d) {
    d.rank = d.rank > 0 ? d.rank - 1 : 0;
    return d;
  }
};
template <Reduction R, class Logits>
struct LossDims : DropLast<Logits> {};
template <class Logits>
struct LossDims<Reduction::mean, Logits> : DropLast<Extents<>> {};
template <class Logits>
struct LossDims<Reduction::sum, Logits> : DropLast<Extents<>> {};
template <Reduction R, class Logits>
using LossExtents = extents_from<LossDims<R, Logits>>;

template <class Logits, class Labels>
struct LabelsFit {
  static constexpr bool fits() {
    const Dims a = DropLast<Logits>::value(), b = Labels::static_dims();
    if (Logits::rank == 0 || a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; ++i)
      if (a.d[i] != b.d[i] && a.d[i] != dyn && b.d[i] != dyn) return false;
    return true;
  }
  static constexpr bool ok = fits();
  static_assert(ok, "tenon: the labels' shape is not that of the logits without their last axis (see Logits, Labels)");
};
constexpr void check_labels(const char* loss, const Dims& logits, const Dims& labels) {
  if (!(DropLast<Extents<>>::of(logits) == labels))
    fail_shapes(loss, "the labels' shape is not that of the logits without their last axis", logits, labels);
}

// The largest of x[0..n), and e^(x - top) into `e` with their sum. Lanes are neighbours; the tail is padded.
template <class C>
C exponentials(const C* x, C* e, index_t n, C& top) {
  if constexpr (is_real<C>) {
    using V = simd::native<C>;
    constexpr index_t W = simd::lanes<V>;
    C tail[W];
    simd::store(tail, simd::broadcast<V>(-limits<C>::infinity()));
    const index_t whole = n / W * W;
    for (index_t i = whole; i < n; ++i) tail[i - whole] = x[i];
    const V last = simd::load<V>(tail);
    V most = last;
    for (index_t i = 0; i < whole; i += W) {
      const V v = simd::load<V>(x + i);
      most = simd::select(v > most, v, most);
    }
    // A NaN may be lost here; its exponential makes the sum NaN.
    top = simd::reduce(most, [](auto a, auto b) { return simd::select(a > b, a, b); });
    const V all = simd::broadcast<V>(top);
    V sum = exp(V(last - all));
    simd::store(tail, sum);
    for (index_t i = 0; i < whole; i += W) {
      const V v = exp(V(simd::load<V>(x + i) - all));
      simd::store(e + i, v);
      sum = sum + v;
    }
    for (index_t i = whole; i < n; ++i) e[i] = tail[i - whole];
    return simd::reduce_add(sum);
  } else {
    top = x[0];
    for (index_t i = 1; i < n; ++i)
      if (x[i] > top) top = x[i];
    C sum(0);
    for (index_t i = 0; i < n; ++i) {
      e[i] = exp(x[i] - top);
      sum = sum + e[i];
    }
    return sum;
  }
}

}  // namespace detail

/// The losses of the rows of A (logits, or log-probabilities if Log) given their labels in B, reduced by R.
template <bool Log, Reduction R, class A, class B>
struct LabelLoss
    : Cut<LabelLoss<Log, R, A, B>, typename A::value_type, detail::LossExtents<R, typename A::extents_type>, A, B> {
  using E = detail::LossExtents<R, typename A::extents_type>;
  using Base = Cut<LabelLoss, typename A::value_type, E, A, B>;
  using Result = primal_t<typename Base::value_type>;
  using C = compute_t<Result>;
  static constexpr FixedString name{"cross_entropy"};
  using Base::Base;

  TENON_FN E extents() const {
    if constexpr (E::is_static) {
      return E{};
    } else {
      return E::from(detail::DropLast<E>::of(this->template operand<0>().extents().dims()));
    }
  }
  void compute(Result* out) const {
    const auto x = exec::operand(this->template operand<0>());
    const auto labels = exec::operand(this->template operand<1>());
    C total(0);
    const Rows rows{x.shape.dims(), x.strides, labels.strides};
    rows.each(x.data, labels.data, [&](index_t row, const C* logit, C* e, index_t n, index_t label) {
      const C loss = of_row(logit, e, n, label);
      if constexpr (R == Reduction::none) {
        out[row] = static_cast<Result>(loss);
      } else {
        total = total + loss;
      }
    });
    if constexpr (R != Reduction::none) *out = static_cast<Result>(total / divisor(rows.count));
  }
  /// One element, for constant expressions.
  constexpr C at(const Dims& i) const {
    const auto& x = this->template operand<0>();
    const Dims extents = x.extents().dims();
    Dims row = detail::DropLast<E>::of(extents), k = row;
    const index_t n = extents.d[A::rank - 1], count = R == Reduction::none ? 1 : row.size();
    C total(0);
    for (index_t r = 0; r < count; ++r) {
      index_t rest = r;
      for (int a = A::rank - 2; a >= 0; --a) {
        k.d[a] = R == Reduction::none ? i.d[a] : rest % row.d[a];
        rest /= row.d[a];
      }
      const index_t label = static_cast<index_t>(this->template operand<1>().at(k));
      if (label < 0 || label >= n) fail_index("cross_entropy", "label", label, n);
      const auto logit = [&](index_t c) {
        Dims j = k;
        j.push(c);
        return static_cast<C>(x.at(j));
      };
      if constexpr (Log) {
        total = total - logit(label);
      } else {
        C top = logit(0), sum(0);
        for (index_t c = 1; c < n; ++c) top = logit(c) > top ? logit(c) : top;
        for (index_t c = 0; c < n; ++c) sum = sum + exp(C(logit(c) - top));
        total = total + (log(sum) - (logit(label) - top));
      }
    }
    return R == Reduction::none ? total : total / divisor(count);
  }
  template <class X, class Y>
  static auto with(X x, Y y) {
    return LabelLoss<Log, R, X, Y>(static_cast<X&&>(x), static_cast<Y&&>(y));
  }
  /// d loss / d logit = softmax - 1 at the label.
  template <class Y, class G, class X, class L>
  static void pull(const Y&, const G& g, X& x, L& labels) {
    if constexpr (X::active) {
      const Dims extents = x.value.dims(), strides = x.adjoint.strides();
      const index_t step = strides.d[extents.rank - 1];
      const Rows rows{extents, x.value.strides(), labels.value.strides()};
      C scale = R == Reduction::none ? C(0) : get(g, 0) / divisor(rows.count);
      rows.each(x.value.data(), labels.value.data(), [&](index_t row, const C* logit, C* e, index_t n, index_t label) {
        if constexpr (R == Reduction::none) scale = get(g, Rows::offset(g.dims(), g.strides(), g.dims().rank, row));
        const index_t first = Rows::offset(extents, strides, extents.rank - 1, row);
        if constexpr (!Log) {
          C top{};
          const C factor = scale / detail::exponentials(logit, e, n, top);
          for (index_t c = 0; c < n; ++c) add(x.adjoint, first + c * step, C(e[c] * factor));
        }
        add(x.adjoint, first + label * step, C(-scale));
      });
    }
  }

 private:
  static constexpr C divisor(index_t rows) {
    return C(R == Reduction::mean ? static_cast<base_t<C>>(rows) : static_cast<base_t<C>>(1));
  }
  static C of_row(const C* logit, C* e, index_t n, index_t label) {
    if constexpr (Log) {
      return -logit[label];
    } else {
      C top{};
      const C sum = detail::exponentials(logit, e, n, top);
      return log(sum) - (logit[label] - top);
    }
  }
  template <class V>
  static C get(const V& view, index_t at) {
    return static_cast<C>(tenon::detail::Element<typename V::value_type>::access(view, at));
  }
  template <class V>
  static void add(V& view, index_t at, const C& value) {
    tenon::detail::Element<typename V::value_type>::access(view, at) += value;
  }
  // All rows of logits, in row-major order.
  struct Rows {
    Dims extents, strides, label_strides;
    index_t count;
    Rows(const Dims& e, const Dims& s, const Dims& l)
        : extents(e), strides(s), label_strides(l), count(detail::DropLast<E>::of(e).size()) {}

    // Where row number `row` begins, `axes` axes counting the rows.
    static index_t offset(const Dims& extents, const Dims& strides, int axes, index_t row) {
      index_t o = 0;
      for (int a = axes - 1; a >= 0; --a) {
        o += row % extents.d[a] * strides.d[a];
        row /= extents.d[a];
      }
      return o;
    }
    // f(row, logits, room for as many, their number, label) for each row.
    template <class P, class I, class F>
    void each(const P* x, const I* labels, const F& f) const {
      const int axes = extents.rank - 1;
      const index_t n = extents.d[axes], step = strides.d[axes];
      if (count == 0) return;
      tenon::detail::BlockRef block(static_cast<size_t>(2 * n) * sizeof(C));
      C *e = reinterpret_cast<C*>(block.data()), *copy = e + n;
      if constexpr (!is_real<C>)
        for (index_t c = 0; c < 2 * n; ++c) ::new (e + c) C();
      for (index_t row = 0; row < count; ++row) {
        const index_t label = static_cast<index_t>(labels[offset(extents, label_strides, axes, row)]);
        if (label < 0 || label >= n) fail_index("cross_entropy", "label", label, n);
        const P* p = x + offset(extents, strides, axes, row);
        const C* logit = copy;
        bool direct = false;
        if constexpr (__is_same(P, C)) {
          direct = step == 1;
          if (direct) logit = p;
        }
        for (index_t c = 0; !direct && c < n; ++c) copy[c] = static_cast<C>(p[c * step]);
        f(row, logit, e, n, label);
      }
    }
  };
};

namespace detail {

template <Reduction R, class X>
constexpr auto reduced(X&& losses) {
  if constexpr (R == Reduction::mean) {
    return mean(static_cast<X&&>(losses));
  } else if constexpr (R == Reduction::sum) {
    return sum(static_cast<X&&>(losses));
  } else {
    return as_node(static_cast<X&&>(losses));
  }
}
template <Reduction R, bool Log, class X, class L>
constexpr auto label_loss(const char* name, X&& x, L&& labels) {
  auto a = as_node(evaluated(static_cast<X&&>(x)));
  auto b = as_node(static_cast<L&&>(labels));
  using EA = typename decltype(a)::extents_type;
  using EB = typename decltype(b)::extents_type;
  if constexpr (LabelsFit<EA, EB>::ok) {
    check_labels(name, a.extents().dims(), b.extents().dims());
    return LabelLoss<Log, R, decltype(a), decltype(b)>(static_cast<decltype(a)&&>(a), static_cast<decltype(b)&&>(b));
  }
}
template <class X>
inline constexpr bool has_labels = is_integer<base_t<typename bare_t<X>::value_type>>;

}  // namespace detail

/// -log softmax(logits)[label] over the last axis, or -sum(p log softmax(logits)) for probabilities p; index_error for
/// a label that is no class, shape_error if shapes do not fit.
template <Reduction R = Reduction::mean, expression X, expression Y>
constexpr auto cross_entropy(X&& logits, Y&& labels) {
  if constexpr (detail::has_labels<Y>) {
    return detail::label_loss<R, false>("cross_entropy", static_cast<X&&>(logits), static_cast<Y&&>(labels));
  } else {
    return detail::reduced<R>(
        -sum<-1>(static_cast<Y&&>(labels) * log_softmax<-1>(evaluated(static_cast<X&&>(logits)))));
  }
}
/// -log_probabilities[label] over the last axis.
template <Reduction R = Reduction::mean, expression X, expression Y>
constexpr auto nll(X&& log_probabilities, Y&& labels) {
  return detail::label_loss<R, true>("nll", static_cast<X&&>(log_probabilities), static_cast<Y&&>(labels));
}
namespace detail {
template <FixedString Loss, class Prediction, class Target>
struct ErrorShapes {
  static constexpr bool ok = broadcastable<Prediction, Target>;
  static_assert(ok, "tenon: the shapes of prediction and target do not broadcast (see Loss above)");
};
// x - y; messages about shapes name the loss.
template <FixedString Loss, class X, class Y>
constexpr auto errors(X&& x, Y&& y) {
  if constexpr (expression<X> && expression<Y>) {
    using A = typename bare_t<X>::extents_type;
    using B = typename bare_t<Y>::extents_type;
    [[maybe_unused]] constexpr bool fits = ErrorShapes<Loss, A, B>::ok;
    if constexpr (!broadcastable<A, B>) {
      return x - x;  // the compiler shall have no more to say
    } else {
      if constexpr (!(A::is_static && B::is_static)) {
        const Dims a = x.extents().dims(), b = y.extents().dims();
        if (!dims_fit(broadcast_dims(a, b)))
          fail_shapes(Loss.c_str(), "the shapes of prediction and target do not broadcast", a, b);
      }
      return static_cast<X&&>(x) - static_cast<Y&&>(y);
    }
  } else {
    return static_cast<X&&>(x) - static_cast<Y&&>(y);
  }
}
}  // namespace detail
/// Squared errors (x - y)^2; one of the two may be a number.
template <Reduction R = Reduction::mean, operand X, operand Y>
requires(expression<X> || expression<Y>) constexpr auto mse(X&& x, Y&& y) {
  return detail::reduced<R>(square(detail::errors<"mse">(static_cast<X&&>(x), static_cast<Y&&>(y))));
}
/// Absolute errors |x - y|; derivative 0 at 0.
template <Reduction R = Reduction::mean, operand X, operand Y>
requires(expression<X> || expression<Y>) constexpr auto mae(X&& x, Y&& y) {
  return detail::reduced<R>(abs(detail::errors<"mae">(static_cast<X&&>(x), static_cast<Y&&>(y))));
}
/// e^2 / 2 for errors |e| <= delta, delta (|e| - delta / 2) beyond (Huber 1964).
template <Reduction R = Reduction::mean, operand X, operand Y>
requires(expression<X> || expression<Y>) constexpr auto huber(X&& x, Y&& y, float delta = 1) {
  const auto e = evaluated(detail::errors<"huber">(static_cast<X&&>(x), static_cast<Y&&>(y)));
  // m (|e| - m / 2) with m = min(|e|, delta) is both branches in one.
  auto m = minimum(abs(e), delta);
  return detail::reduced<R>(evaluate(m * (abs(e) - m * 0.5f)));
}
/// -y log sigmoid(z) - (1 - y) log(1 - sigmoid(z)), accurate for every z; y in [0, 1].
template <Reduction R = Reduction::mean, expression X, expression Y>
constexpr auto binary_cross_entropy_with_logits(X&& logits, Y&& labels) {
  const auto z = evaluate(static_cast<X&&>(logits));
  const auto y = evaluate(static_cast<Y&&>(labels));
  return detail::reduced<R>(evaluate(y * softplus(-z) + (1 - y) * softplus(z)));
}

/// nn::cross_entropy as an object, to pass to train::fit.
struct CrossEntropy {
  template <expression X, expression Y>
  constexpr auto operator()(X&& logits, Y&& labels) const {
    return cross_entropy(static_cast<X&&>(logits), static_cast<Y&&>(labels));
  }
};
/// nn::mse as an object, to pass to train::fit.
struct MeanSquaredError {
  template <operand X, operand Y>
  requires(expression<X> || expression<Y>) constexpr auto operator()(X&& x, Y&& y) const {
    return mse(static_cast<X&&>(x), static_cast<Y&&>(y));
  }
};

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
