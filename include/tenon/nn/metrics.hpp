// tenon/nn/metrics.hpp: how well a classifier does: accuracy and confusion counts.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/nn/loss.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

namespace detail {
// As argmax: the first largest element, or the first NaN.
template <class T>
index_t first_largest(const T* x, index_t n) {
  index_t best = 0;
  for (index_t i = 1; i < n && x[best] == x[best]; ++i)
    if (!(x[i] <= x[best])) best = i;
  return best;
}
// An owning tensor as it is (of rev numbers too: its data are their values), anything else evaluated.
template <class X>
decltype(auto) own_values(const X& x) {
  if constexpr (requires { x.storage(); }) {
    return (x);
  } else {
    return evaluate(x);
  }
}
// f(label, position of the largest logit) for each example.
template <class X, class Y, class F>
void each_prediction(const char* metric, const X& logits, const Y& labels, const F& f) {
  static_assert(has_labels<Y>, "tenon: labels are integers");
  if constexpr (LabelsFit<typename X::extents_type, typename Y::extents_type>::ok) {
    check_labels(metric, logits.extents().dims(), labels.extents().dims());
    const auto& x = own_values(logits);
    const auto& label = own_values(labels);
    const index_t classes = x.extents()[X::rank - 1];
    for (index_t i = 0, n = label.size(); i < n; ++i)
      f(static_cast<index_t>(label.data()[i]), first_largest(x.data() + i * classes, classes));
  }
}
}  // namespace detail

/// How many examples have their largest logit (the first of equals) at their label; logits [..., classes], labels
/// [...].
template <expression X, expression Y>
index_t count_correct(const X& logits, const Y& labels) {
  index_t n = 0;
  detail::each_prediction("count_correct", logits, labels, [&](index_t label, index_t best) { n += label == best; });
  return n;
}
/// The fraction of examples whose largest logit is at their label; NaN if there are none.
template <expression X, expression Y>
double accuracy(const X& logits, const Y& labels) {
  return static_cast<double>(count_correct(logits, labels)) / static_cast<double>(labels.size());
}
/// Element (i, j) counts the examples of label i whose largest logit is at j; index_error for a label that is no class.
template <expression X, expression Y>
auto confusion(const X& logits, const Y& labels) {
  constexpr index_t classes = X::extents_type::static_extent(X::rank - 1);
  const index_t n = logits.extents()[X::rank - 1];
  Tensor<index_t, classes, classes> counts(n, n);
  detail::each_prediction("confusion", logits, labels, [&](index_t label, index_t best) {
    if (label < 0 || label >= n) fail_index("confusion", "label", label, n);
    ++counts(label, best);
  });
  return counts;
}

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
