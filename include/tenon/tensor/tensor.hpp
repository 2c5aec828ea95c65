// tenon/tensor/tensor.hpp: Tensor owns its elements, TensorView refers to somebody else's; both take any expression.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   Tensor<float, 3, 4> a;                         // static extents: inline, constexpr, zero
//   Tensor<float, dyn, 4> b(n, 4);                 // run-time extent: aligned heap storage
//   TensorView<const float, dyn, 4> v(ptr, n, 4);  // no ownership
//   a = tanh(b * 2) + v;                           // one loop
// Row-major. Copies copy elements (a view's assignment writes through it); moves are cheap.
#pragma once
#include <initializer_list>

#include <tenon/tensor/assign.hpp>
#include <tenon/tensor/element.hpp>
#include <tenon/tensor/storage.hpp>

namespace tenon {
inline namespace TENON_ABI {

template <class T, index_t... E>
class TensorView;
template <char C>
struct Index;

namespace detail {

template <class T, int Rank>
struct Nested {
  using type = std::initializer_list<typename Nested<T, Rank - 1>::type>;
};
template <class T>
struct Nested<T, 0> {
  using type = T;
};

// Extents of a nested list: those of its first rows; `copy_nested` checks that all rows agree.
template <class T, int Rank>
constexpr void nested_extents(const typename Nested<T, Rank>::type& list, Dims& d) {
  d.push(static_cast<index_t>(list.size()));
  if constexpr (Rank > 1) {
    if (list.size() == 0) {
      for (int i = 1; i < Rank; ++i) d.push(0);
    } else {
      nested_extents<T, Rank - 1>(*list.begin(), d);
    }
  }
}
template <class T, int Rank, class Out>
constexpr void copy_nested(const typename Nested<T, Rank>::type& list, const Dims& d, int axis, Out& out) {
  if (static_cast<index_t>(list.size()) != d.d[axis])
    fail_shape("initializer list", "rows differ in length; expected shape", d);
  for (const auto& row : list) {
    if constexpr (Rank == 1) {
      out(row);
    } else {
      copy_nested<T, Rank - 1>(row, d, axis + 1, out);
    }
  }
}

template <class... I>
TENON_FN index_t checked_offset(const Dims& extents, const Dims& strides, bool check, I... i) {
  const index_t index[] = {static_cast<index_t>(i)..., 0};
  index_t offset = 0;
  for (int a = 0; a < static_cast<int>(sizeof...(I)); ++a) {
    if (check && (index[a] < 0 || index[a] >= extents.d[a]))
      fail_index("element access", "index", index[a], extents.d[a]);
    offset += index[a] * strides.d[a];
  }
  return offset;
}
template <class X>
concept index_like = is_integer<X> || __is_enum(X);

}  // namespace detail

/// An owning, row-major tensor of T; each extent is a number or `dyn`.
template <class T, index_t... Extent>
class Tensor {
 public:
  using value_type = T;
  using extents_type = Extents<Extent...>;
  using tenon_domain = ExprDomain;
  static constexpr int rank = extents_type::rank;
  static_assert(is_element<T>, "tenon: this element type is not supported (specialise tenon::is_element for your own)");

  /// Static extents: zeros. Run-time extents: empty.
  constexpr Tensor() = default;
  constexpr Tensor(const Tensor&) = default;
  constexpr Tensor(Tensor&&) noexcept = default;
  constexpr Tensor& operator=(const Tensor& o) {
    if constexpr (is_taped<T>) {
      return assign_node(o.leaf(), false);
    } else {
      store_ = o.store_;
      return *this;
    }
  }
  constexpr Tensor& operator=(Tensor&&) noexcept = default;
  constexpr ~Tensor() = default;

  /// Zeros of the given extents, one for each axis; shape_error if a static extent disagrees or one is negative.
  template <detail::index_like... I>
  constexpr explicit Tensor(I... extents) requires(sizeof...(I) == sizeof...(Extent) && sizeof...(I) > 0)
      : Tensor(make_dims(extents...)) {}
  constexpr explicit Tensor(const Dims& extents) : store_(checked(extents)) {}
  /// From nested lists, as deep as the rank: `Tensor<float, 2, 2> a{{1, 2}, {3, 4}}`.
  constexpr Tensor(typename detail::Nested<T, rank>::type list) requires(rank > 0) : Tensor(list_dims(list)) {
    index_t i = 0;
    auto out = [&](const T& x) { detail::Element<T>::access(store_, i++) = x; };
    detail::copy_nested<T, rank>(list, extents().dims(), 0, out);
  }
  constexpr Tensor(T value) requires(rank == 0 && !is_taped<T>) { store_.data()[0] = value; }

  /// Evaluates an expression.
  template <expression X>
  constexpr Tensor(X&& x) requires(!__is_same(bare_t<X>, Tensor))
      : store_(detail::Uninitialised{}, checked(shape_for(x))) {
    assign_fresh(as_node(static_cast<X&&>(x)));
  }
  template <expression X>
  TENON_INLINE constexpr Tensor& operator=(X&& x) requires(!__is_same(bare_t<X>, Tensor)) {
    return assign_node(as_node(static_cast<X&&>(x)), false);
  }
  template <operand X>
  constexpr Tensor& operator=(const X& number) requires(!expression<X>) {
    return assign_node(detail::strengthen<T>(as_node(number)), false);
  }

  constexpr extents_type extents() const { return store_.shape; }
  constexpr Dims dims() const { return extents().dims(); }
  /// The extent of an axis, negative axes from the end; index_error when there is none.
  constexpr index_t extent(int axis) const { return extents()[normalize_axis("extent", axis, rank)]; }
  constexpr index_t size() const { return store_.size(); }
  constexpr bool empty() const { return size() == 0; }
  constexpr auto* data() { return store_.data(); }
  constexpr const auto* data() const { return store_.data(); }

  /// An element; the index is checked in checked builds.
  template <detail::index_like... I>
  constexpr decltype(auto) operator()(I... i) requires(sizeof...(I) == sizeof...(Extent)) {
    return detail::Element<T>::access(store_, offset(TENON_CHECKED, i...));
  }
  template <detail::index_like... I>
  constexpr decltype(auto) operator()(I... i) const requires(sizeof...(I) == sizeof...(Extent)) {
    return detail::Element<T>::access(store_, offset(TENON_CHECKED, i...));
  }
  /// The tensor with named axes: index notation (tensor/index.hpp).
  template <char... C>
  constexpr auto operator()(Index<C>... i) requires(sizeof...(C) == sizeof...(Extent) && sizeof...(C) > 0) {
    return indexed(*this, i...);
  }
  template <char... C>
  constexpr auto operator()(Index<C>... i) const requires(sizeof...(C) == sizeof...(Extent) && sizeof...(C) > 0) {
    return indexed(*this, i...);
  }
  template <detail::index_like I>
  constexpr decltype(auto) operator[](I i) requires(rank == 1) {
    return (*this)(i);
  }
  template <detail::index_like I>
  constexpr decltype(auto) operator[](I i) const requires(rank == 1) {
    return (*this)(i);
  }
  /// An element; index_error when out of range, in every build.
  template <detail::index_like... I>
  constexpr decltype(auto) at(I... i) requires(sizeof...(I) == sizeof...(Extent)) {
    return detail::Element<T>::access(store_, offset(true, i...));
  }
  template <detail::index_like... I>
  constexpr decltype(auto) at(I... i) const requires(sizeof...(I) == sizeof...(Extent)) {
    return detail::Element<T>::access(store_, offset(true, i...));
  }
  /// Elements in row-major order.
  constexpr auto begin() { return detail::Element<T>::begin(store_); }
  constexpr auto end() { return detail::Element<T>::end(store_); }
  constexpr auto begin() const { return detail::Element<T>::begin(store_); }
  constexpr auto end() const { return detail::Element<T>::end(store_); }
  /// A rank-0 tensor is its only element.
  constexpr operator T() const requires(rank == 0) { return detail::Element<T>::access(store_, 0); }

  /// A view of all elements.
  constexpr auto view() { return TensorView<T, Extent...>(*this); }
  constexpr auto view() const { return TensorView<const T, Extent...>(*this); }

  template <operand X>
  constexpr Tensor& operator+=(X&& x) {
    return update<op::Add>(static_cast<X&&>(x));
  }
  template <operand X>
  constexpr Tensor& operator-=(X&& x) {
    return update<op::Subtract>(static_cast<X&&>(x));
  }
  template <operand X>
  constexpr Tensor& operator*=(X&& x) {
    return update<op::Multiply>(static_cast<X&&>(x));
  }
  template <operand X>
  constexpr Tensor& operator/=(X&& x) {
    return update<op::Divide>(static_cast<X&&>(x));
  }

  // What the expression layer asks of a tensor.
  TENON_INLINE constexpr auto leaf() const {
    if constexpr (is_taped<T>) {
      // The block is shared with whoever records: a later write to this tensor moves away from it.
      Leaf<T, extents_type, detail::BlockRef, true> l;
      l.data = store_.data();
      l.shape = extents();
      l.hold = store_.block;
      l.slot = detail::Element<T>::first_slot(store_, size());
      return l;
    } else {
      Leaf<T, extents_type, detail::Watched, true> l;
      l.data = store_.data();
      l.shape = store_.shape.copy();
      l.hold = detail::Watch(store_.live);
      return l;
    }
  }
  TENON_INLINE constexpr auto take() && {
    if constexpr (detail::stored_inline<T, extents_type>) {
      Value<T, extents_type> v;
      for (index_t i = 0; i < size(); ++i) v.values[i] = store_.values[i];
      return v;
    } else {
      Leaf<T, extents_type, detail::BlockRef, true> l;
      l.data = store_.data();
      l.shape = extents();
      if constexpr (is_taped<T>) l.slot = detail::Element<T>::first_slot(store_, size());
      store_.live.invalidate();
      l.hold = static_cast<detail::BlockRef&&>(store_.block);
      return l;
    }
  }
  // Whoever makes it gives the elements.
  constexpr Tensor(detail::Uninitialised u, const Dims& d) : store_(u, checked(d)) {}
  constexpr StridedMap map() const { return {dims(), detail::dense_strides(extents()), 0}; }
  constexpr auto& storage() { return store_; }
  constexpr const auto& storage() const { return store_; }
  template <class N>
  TENON_INLINE constexpr Tensor& assign_node(N&& node, bool noalias) {
    static_assert(detail::AssignShape<extents_type, typename N::extents_type>::ok);
    if constexpr (!extents_type::is_static) {
      // An owning tensor takes the expression's extents, and a number fills those that it has; the old elements live
      // until the new ones are there.
      if (N::rank > 0 && !has_extents(detail::extents_in_place(node), make_seq<rank>{})) [[unlikely]] {
        become(bare_t<N>(static_cast<N&&>(node)));
        return *this;
      }
    }
    if constexpr (extents_type::is_static && !is_taped<T> && !detail::stored_inline<T, extents_type>)
      if (!store_.data()) store_.allocate(extents());  // it was moved from
    Evaluate<T>::assign(*this, detail::expanded(detail::converted<T>(static_cast<N&&>(node)), extents()), noalias);
    return *this;
  }

 private:
  template <class... I>
  static constexpr Dims make_dims(I... i) {
    Dims d;
    (d.push(static_cast<index_t>(i)), ...);
    return d;
  }
  static constexpr Dims list_dims(const typename detail::Nested<T, rank>::type& list) {
    Dims d;
    detail::nested_extents<T, rank>(list, d);
    return d;
  }
  static constexpr extents_type checked(const Dims& d) {
    if (!extents_type::admits(d)) fail_extents("Tensor", d, extents_type::static_dims());
    return extents_type::from(d);
  }
  template <class... I>
  constexpr index_t offset(bool check, I... i) const {
    const Dims e = dims();
    return detail::checked_offset(e, row_major(e), check, i...);
  }
  template <class X>
  static constexpr Dims shape_for(const X& x) {
    static_assert(detail::AssignShape<extents_type, typename X::extents_type>::ok);
    return target_dims(x);
  }
  // Whether run-time extents are those that an expression of extents x gives.
  template <class X, int... A>
  TENON_INLINE constexpr bool has_extents(const X& x, Seq<A...>) const {
    const extents_type mine = extents();
    return ((extents_type::static_extent(A) != dyn || mine[A] == aligned<A>(x)) && ... && true);
  }
  template <int Axis, class X>
  static constexpr index_t aligned(const X& x) {
    constexpr int at = Axis - (rank - X::rank);
    if constexpr (at < 0) {
      return 1;
    } else {
      return detail::on_its_own(x[at]);
    }
  }
  // The expression's extents, widened by what this type states.
  template <class X>
  static constexpr Dims target_dims(const X& x) {
    const Dims from = x.extents().dims(), mine = extents_type::static_dims();
    Dims d = mine;
    for (int i = 1; i <= rank; ++i) {
      const index_t mine_i = mine.d[rank - i];
      if (mine_i == dyn) d.d[rank - i] = i <= from.rank ? from.d[from.rank - i] : 1;
    }
    return d;
  }
  // A tensor of other extents; out of the way of those that stay, whose node, not being this one, stays in registers.
  template <class N>
  [[gnu::noinline]] constexpr void become(N&& node) {
    Tensor fresh(detail::Uninitialised{}, target_dims(node));
    fresh.assign_fresh(static_cast<N&&>(node));
    store_ = static_cast<decltype(store_)&&>(fresh.store_);
  }
  template <class N>
  TENON_INLINE constexpr void assign_fresh(N&& node) {
    Evaluate<T>::assign(*this, detail::expanded(detail::converted<T>(static_cast<N&&>(node)), extents()), true);
  }
  template <class Op, class X>
  constexpr Tensor& update(X&& x) {
    auto node = detail::make_map<Op>(leaf(), as_node(static_cast<X&&>(x)));
    if constexpr (!extents_type::is_static) {
      const Dims d = node.extents().dims();
      if (!(d == dims())) fail_shapes("assignment", "the expression's shape does not fit the target's", d, dims());
    }
    return assign_node(static_cast<decltype(node)&&>(node), false);
  }

  detail::Storage<T, extents_type> store_;
};

}  // namespace TENON_ABI
}  // namespace tenon
