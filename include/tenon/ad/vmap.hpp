// tenon/ad/vmap.hpp: vmap(f): a function of one item as a function of many, along the first axis of its arguments.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   auto lengths = vmap([](const auto& p) { return norm(p); })(points);       // points: n x 3, lengths: n
//   auto each = vmap<0, 1>(grad(loss))(inputs, targets, model);               // a gradient for each example
// f runs once for each item; what it does with derivatives of its own or of functions around it works as without vmap.
// Items of rev tensors are parts of them: taking them apart records nothing.
#pragma once
#include <tenon/ad/forward.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// One item along the first axis: a tensor, or of a vector a number.
template <class X>
struct ItemAlongFirst;
template <class T, index_t N>
struct ItemAlongFirst<Tensor<T, N>> {
  static T take(const Tensor<T, N>& x, index_t i) { return get_element(x, i); }
};
template <class T, index_t N, index_t... E>
requires(sizeof...(E) > 0) struct ItemAlongFirst<Tensor<T, N, E...>> {
  using Item = Tensor<T, E...>;
  static Item take(const Tensor<T, N, E...>& x, index_t i) {
    Dims d;
    for (int a = 1; a < x.rank; ++a) d.push(x.dims().d[a]);
    const index_t n = d.size();
    if constexpr (is_taped<T>) {
      Item item;
      auto& to = item.storage();
      const auto& from = x.storage();
      const slot_t slot = Element<T>::first_slot(from, x.size());
      to.borrow(from.values + i * n, Extents<E...>::from(d), slot ? slot_at<T>(slot, i * n) : 0);
      to.block = from.block;
      return item;
    } else {
      Item item(d);
      for (index_t k = 0; k < n; ++k) set_element(item, k, x.data()[i * n + k]);
      return item;
    }
  }
};

template <class F, int... Arg>
struct Vmap {
  F f;

  template <class... X>
  auto operator()(const X&... x) const {
    static_assert(((Arg < static_cast<int>(sizeof...(X))) && ...), "tenon: vmap: there is no such argument");
    return run(make_seq<static_cast<int>(sizeof...(X))>{}, own_argument(x)...);
  }

 private:
  template <int I>
  static constexpr bool mapped = sizeof...(Arg) == 0 || selected<I, Arg...>;

  template <int I, class X>
  static decltype(auto) item(const X& x, [[maybe_unused]] index_t i) {
    if constexpr (mapped<I>) {
      static_assert(is_tensor<X> && !__is_same(X, Tensor<typename FirstElement<X>::type>),
                    "tenon: vmap: an argument that is mapped over must be a tensor with a first axis");
      return ItemAlongFirst<X>::take(x, i);
    } else {
      return (x);
    }
  }
  template <int I, class X>
  static void count(const X& x, index_t& n) {
    if constexpr (mapped<I>) {
      if (n >= 0 && x.dims().d[0] != n)
        raise<shape_error>(Message() << "tenon: vmap: one argument has " << n << " items, another " << x.dims().d[0]);
      n = x.dims().d[0];
    }
  }
  // The first axis: static if an argument says so.
  template <int I, class X>
  static constexpr index_t static_count() {
    if constexpr (mapped<I>) {
      return X::extents_type::static_extent(0);
    } else {
      return dyn;
    }
  }
  static constexpr index_t known(index_t a, index_t b) { return a == dyn ? b : a; }

  template <int... I, class... X>
  auto run(Seq<I...>, const X&... x) const {
    using Y = decltype(owned(f(item<I>(x, 0)...)));
    static_assert(is_element<Y> || is_tensor<Y>, "tenon: vmap: the function must return a number or a tensor");
    constexpr index_t first = [] {
      index_t n = dyn;
      ((n = known(n, static_count<I, X>())), ...);
      return n;
    }();
    using R = decltype(tensor_with(static_cast<typename ResultElement<Y>::type*>(nullptr),
                                   extents_from<JoinedDims<Extents<first>, typename ExtentsOf<Y>::type>>{}));
    index_t n = -1;
    (count<I>(x, n), ...);
    R result;
    for (index_t i = 0; i < n; ++i) {
      const Y y = owned(f(item<I>(x, i)...));
      if constexpr (!R::extents_type::is_static) {
        Dims d;
        d.push(n);
        for (int a = 0; a < dims_of(y).rank; ++a) d.push(dims_of(y).d[a]);
        if (i == 0) result = R(d);
        if (!(d == result.dims())) fail_shapes("vmap", "results differ in shape", d, result.dims());
      }
      write(result, y, i);
    }
    return result;
  }
  template <class R, class Y>
  static void write(R& result, const Y& y, index_t i) {
    if constexpr (is_element<Y>) {
      set_element(result, i, y);
    } else {
      for (index_t k = 0, n = y.size(); k < n; ++k) set_element(result, i * n + k, get_element(y, k));
    }
  }
};

}  // namespace detail

/// f for each item along the first axis of its arguments, or of the arguments named (the others are passed whole); the
/// results along a first axis. f returns a number or a tensor. shape_error if numbers of items or shapes of results
/// differ.
template <int... Arg, class F>
constexpr auto vmap(F f) {
  return detail::Vmap<F, Arg...>{static_cast<F&&>(f)};
}

}  // namespace TENON_ABI
}  // namespace tenon
