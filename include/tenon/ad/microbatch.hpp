// tenon/ad/microbatch.hpp: a loss of a batch, some examples at a time: memory of few, the gradient of all.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   const auto loss = [](const auto& net, const auto& x, const auto& labels) {
//     return nn::cross_entropy(net(x), labels);                     // a mean over the batch
//   };
//   auto [l, g] = value_and_grad(microbatch<1, 2>(32, loss))(net, x, labels);  // 32 rows of x and labels at a time
// The gradients of the micro-batches are added where they lie: beside the result there are the statements of one of
// them. What does not go example by example (the statistics of a normalisation over the batch, the random numbers of
// dropout) is that of the micro-batch.
#pragma once
#include <tenon/ad/preaccumulate.hpp>
#include <tenon/shape/slice.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// What a loss is of the losses of its examples, and so how those of micro-batches become that of the batch.
enum class Accumulation { mean, sum };

namespace detail {

template <class X>
inline constexpr bool has_examples = false;
template <class X>
requires(expression<X>) inline constexpr bool has_examples<X> = X::rank > 0;

template <class F, int... Arg>
struct Microbatch {
  F f;
  index_t size;
  Accumulation kind;

  template <class... X>
  auto operator()(const X&... x) const {
    return sum_of_parts(make_seq<static_cast<int>(sizeof...(X))>{}, x...)(x...);
  }
  template <class Tag, class... X>
  auto accumulate(Tape& tape, const X&... x) const {
    return sum_of_parts(make_seq<static_cast<int>(sizeof...(X))>{}, x...).template accumulate<Tag>(tape, x...);
  }

 private:
  template <int... I, class... X>
  auto sum_of_parts(Seq<I...>, const X&... x) const {
    static_assert(((Arg >= 0 && Arg < static_cast<int>(sizeof...(X))) && ...),
                  "tenon: microbatch: there is no such argument");
    index_t n = -1;
    (count<I>(x, n), ...);
    expect<value_error>(size > 0, "tenon: microbatch: the number of examples at a time is not positive");
    return preaccumulate(n / size + (n % size != 0), [this, n](index_t i, const auto&... all) {
      const index_t from = i * size, to = n - from < size ? n : from + size;
      using Y = typename ResultElement<bare_t<decltype(f(part<I>(all, from, to)...))>>::type;
      const base_t<Y> weight = kind == Accumulation::sum
                                   ? base_t<Y>(1)
                                   : static_cast<base_t<Y>>(static_cast<double>(to - from) / static_cast<double>(n));
      return static_cast<Y>(weight * static_cast<Y>(f(part<I>(all, from, to)...)));
    });
  }
  template <int I, class X>
  static void count(const X& x, index_t& n) {
    if constexpr (selected<I, Arg...>) {
      static_assert(has_examples<X>,
                    "tenon: microbatch: an argument that is taken apart must be a tensor with a first axis");
      if constexpr (has_examples<X>) {
        const index_t examples = x.extents().dims().d[0];
        if (n >= 0 && examples != n)
          raise<shape_error>(Message() << "tenon: microbatch: one argument has " << n << " examples, another "
                                       << examples);
        n = examples;
      }
    }
  }
  template <int I, class X>
  static decltype(auto) part(const X& x, index_t from, index_t to) {
    if constexpr (selected<I, Arg...> && has_examples<X>) {
      return slice<0>(x, range(from, to));
    } else {
      return (x);
    }
  }
};

}  // namespace detail

/// f of the whole batch, computed from `size` examples at a time. The batch is along the first axis of the arguments
/// named, `microbatch<1, 2>(32, f)`; the last micro-batch may be smaller. f returns a number or an expression of rank
/// 0: the mean over the examples of what each of them adds, or their sum. Nothing can tell whether it is one: of
/// another function of the batch, such as the root of a mean, the result is the mean of those of the parts. 0 of no
/// examples. value_error if `size` is not positive, shape_error if numbers of examples differ.
template <int... Arg, class F>
constexpr auto microbatch(index_t size, F f, Accumulation kind = Accumulation::mean) {
  static_assert(sizeof...(Arg) > 0,
                "tenon: microbatch: name the arguments that hold the batch, microbatch<1, 2>(size, f)");
  return detail::Microbatch<F, Arg...>{static_cast<F&&>(f), size, kind};
}

}  // namespace TENON_ABI
}  // namespace tenon
