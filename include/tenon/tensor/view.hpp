// tenon/tensor/view.hpp: TensorView: strided elements that belong to somebody else.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   TensorView<const float, dyn, 4> v(ptr, n, 4);                // row-major
//   TensorView<float, dyn, dyn> c(ptr, Dims{2, {n, m}}, Dims{2, {1, n}});  // column-major, by strides
// A view is a handle: copying it is cheap, but assigning to it writes the elements it refers to.
#pragma once
#include <tenon/tensor/tensor.hpp>

namespace tenon {
inline namespace TENON_ABI {

namespace detail {
template <class T>
constexpr primal_t<T>* primal_pointer() {
  return nullptr;
}
template <class T>
requires(!__is_same(T, bare_t<T>)) constexpr const primal_t<bare_t<T>>* primal_pointer() { return nullptr; }

// Slots count units of four bytes; adjoints are kept in the compute type.
template <class T>
constexpr slot_t slot_at(slot_t first, index_t offset) {
  return static_cast<slot_t>(static_cast<index_t>(first) + offset * adjoint_units<T>);
}
// A view of plain numbers watches the tensor it came from, one of taped numbers shares its block.
template <class T, bool Taped = is_taped<T>>
struct HoldFor {
  using type = Watch;
};
template <class T>
struct HoldFor<T, true> {
  using type = BlockRef;
};
template <class T>
using HoldOf = typename HoldFor<T>::type;
// The taped tensor that a view looks at, whose values move to another block when they are written: the view asks it
// where they are. Plain tensors stay where they are.
template <class T, bool Taped = is_taped<T>>
struct OwnerOf {};
template <class T>
struct OwnerOf<T, true> {
  BlockStorage<primal_t<T>>* storage = nullptr;
  index_t size = 0, offset = 0;  // of the tensor; of the view's first element in it
  [[no_unique_address]] Watch watch{};
};

// Extents that are those of another view or tensor, or a part of them.
struct Valid {};

// What a view of a tensor holds. Of a taped one nothing: it asks the tensor (OwnerOf), whose block must stay its own.
template <class T, class S>
constexpr HoldOf<T> hold_of(const S& storage) {
  if constexpr (is_taped<T>) {
    return {};
  } else {
    return Watch(storage.live);
  }
}
template <class T, index_t... E>
TENON_INLINE constexpr auto view_of(const Extents<E...>& extents, decltype(primal_pointer<T>()) p, const Dims& strides,
                                    const HoldOf<bare_t<T>>& hold, slot_t slot) {
  return TensorView<T, E...>(Valid{}, p, extents, strides, hold, slot);
}
}  // namespace detail

/// A strided view of T (const T: read only); each extent is a number or `dyn`.
template <class T, index_t... Extent>
class TensorView {
 public:
  using value_type = bare_t<T>;
  using extents_type = Extents<Extent...>;
  using tenon_domain = ExprDomain;
  using pointer = decltype(detail::primal_pointer<T>());
  using hold_type = detail::HoldOf<value_type>;
  static constexpr int rank = extents_type::rank;
  static constexpr bool is_const = !__is_same(T, bare_t<T>);

  /// Row-major elements at p, `extents` of them along each axis.
  template <detail::index_like... I>
  constexpr explicit TensorView(pointer p, I... extents) requires(sizeof...(I) == sizeof...(Extent))
      : TensorView(p, make_dims(extents...)) {}
  constexpr TensorView(pointer p, const Dims& extents) : TensorView(p, extents, row_major(extents)) {}
  /// Element (i, j, ...) is p[i * strides[0] + j * strides[1] + ...]; strides in elements.
  constexpr TensorView(pointer p, const Dims& extents, const Dims& strides, hold_type hold = {}, slot_t slot = 0)
      : TensorView(detail::Valid{}, p, checked(extents), strides, hold, slot) {}
  constexpr TensorView(detail::Valid, pointer p, const extents_type& extents, const Strides<rank>& strides,
                       hold_type hold = {}, slot_t slot = 0)
      : data_(p), shape_(extents), strides_(strides), hold_(hold), slot_(slot) {}
  /// All of a tensor.
  template <class Owner>
  constexpr explicit TensorView(Owner& t) requires requires {
    t.storage().live;
  } : TensorView(detail::Valid{}, t.data(), t.extents(), detail::dense_strides(t.extents()),
                 detail::hold_of<value_type>(t.storage())) {
    if constexpr (is_taped<value_type>) {
      using Base = detail::BlockStorage<primal_t<value_type>>;
      owner_ = {const_cast<Base*>(static_cast<const Base*>(&t.storage())), t.size(), 0,
                detail::Watch(t.storage().live)};
    }
  }
  constexpr TensorView(const TensorView&) = default;
  constexpr TensorView& operator=(const TensorView& o) { return assign_node(o.leaf(), false); }
  /// Writes an expression's elements; it must have the view's shape or broadcast to it.
  template <expression X>
  constexpr TensorView& operator=(X&& x) requires(!__is_same(bare_t<X>, TensorView)) {
    return assign_node(as_node(static_cast<X&&>(x)), false);
  }
  template <operand X>
  constexpr TensorView& operator=(const X& number) requires(!expression<X>) {
    return assign_node(detail::strengthen<value_type>(as_node(number)), false);
  }
  template <operand X>
  constexpr TensorView& operator+=(X&& x) {
    return update<op::Add>(static_cast<X&&>(x));
  }
  template <operand X>
  constexpr TensorView& operator-=(X&& x) {
    return update<op::Subtract>(static_cast<X&&>(x));
  }
  template <operand X>
  constexpr TensorView& operator*=(X&& x) {
    return update<op::Multiply>(static_cast<X&&>(x));
  }
  template <operand X>
  constexpr TensorView& operator/=(X&& x) {
    return update<op::Divide>(static_cast<X&&>(x));
  }

  constexpr extents_type extents() const { return shape_; }
  constexpr Dims dims() const { return shape_.dims(); }
  constexpr Dims strides() const { return strides_; }
  constexpr index_t extent(int axis) const { return shape_[normalize_axis("extent", axis, rank)]; }
  constexpr index_t size() const { return shape_.size(); }
  TENON_INLINE constexpr pointer data() const {
    if constexpr (is_taped<value_type>)
      if (owner_.storage) return owner_.storage->values + owner_.offset;
    return data_;
  }
  constexpr StridedMap map() const { return {dims(), strides_, 0}; }

  /// An element; the index is checked in checked builds.
  template <detail::index_like... I>
  constexpr decltype(auto) operator()(I... i) const requires(sizeof...(I) == sizeof...(Extent)) {
    check();
    return detail::Element<value_type>::access(*this, detail::checked_offset(dims(), strides_, TENON_CHECKED, i...));
  }
  /// The view with named axes: index notation (tensor/index.hpp).
  template <char... C>
  constexpr auto operator()(Index<C>... i) const requires(sizeof...(C) == sizeof...(Extent) && sizeof...(C) > 0) {
    return indexed(*this, i...);
  }
  template <detail::index_like I>
  constexpr decltype(auto) operator[](I i) const requires(rank == 1) {
    return (*this)(i);
  }
  /// An element; index_error when out of range, in every build.
  template <detail::index_like... I>
  constexpr decltype(auto) at(I... i) const requires(sizeof...(I) == sizeof...(Extent)) {
    check();
    return detail::Element<value_type>::access(*this, detail::checked_offset(dims(), strides_, true, i...));
  }
  constexpr operator value_type() const requires(rank == 0) { return detail::Element<value_type>::access(*this, 0); }

  // What the expression layer asks of a view. Inlined, like `moved`: few numbers are computed with faster than a view
  // goes through memory.
  TENON_INLINE constexpr auto leaf() const {
    Leaf<value_type, extents_type, hold_type, false> l;
    if constexpr (is_taped<value_type>) check();
    l.data = data();
    l.shape = shape_;
    l.strides = strides_;
    l.hold = hold();
    l.slot = slot_;
    if constexpr (is_taped<value_type>)
      if (owner_.storage)
        l.slot = detail::Element<value_type>::first_slot(*owner_.storage, owner_.size, owner_.offset, map());
    return l;
  }
  template <class N>
  constexpr TensorView& assign_node(N&& node, bool noalias) {
    static_assert(!is_const, "tenon: this view is read only");
    if constexpr (!is_const) {
      check();
      using Given = typename bare_t<N>::extents_type;
      if constexpr (!extents_type::is_static && __is_same(Given, extents_type)) {
        // Of one type, but run-time extents may still have to stretch: the few elements that there are come first.
        if (!(node.extents().dims() == dims()) && detail::fits_into(dims(), node.extents().dims())) {
          const Tensor<value_type, Extent...> value(static_cast<N&&>(node));
          using Stretched = Movement<move::BroadcastTo<extents_type>, bare_t<decltype(value.leaf())>>;
          return assign_node(Stretched({shape_}, value.leaf()), noalias);
        }
      }
      Evaluate<value_type>::assign(
          *this, detail::expanded(detail::converted<value_type>(static_cast<N&&>(node)), shape_), noalias);
    }
    return *this;
  }
  /// This view through a movement.
  template <class M>
  TENON_INLINE constexpr auto moved(const M& move) const {
    using E = extents_from<MovedDims<M, extents_type>>;
    const StridedMap m = move.apply(map());
    auto v = detail::view_of<T>(E::from(m.extents), data() + m.offset, m.strides, hold_,
                                slot_ ? detail::slot_at<value_type>(slot_, m.offset) : 0);
    auto o = owner_;
    if constexpr (is_taped<value_type>) o.offset += m.offset;
    v.set_owner(o);
    return v;
  }
  /// For taped elements: calls f(data, map) with this view's memory in a block of the owner's own; the adjoints of what
  /// it writes are at `from` (dense, 0: constants).
  template <class F>
  void overwrite(slot_t from, const F& f) {
    if (!owner_.storage)
      raise<value_error>(Message() << "tenon: this view of rev numbers has no tensor that could be written to");
    owner_.storage->unshare(owner_.size);
    f(data(), map());
    detail::Element<value_type>::set_slots(*owner_.storage, owner_.size, owner_.offset, map(), from);
  }
  /// Where the adjoint of the first element is, of a view that has no owner.
  constexpr slot_t slot() const { return slot_; }
  TENON_INLINE constexpr hold_type hold() const {
    if constexpr (is_taped<value_type>)
      if (owner_.storage) return owner_.storage->block;
    return hold_;
  }
  constexpr const auto& owner() const { return owner_; }
  constexpr void set_owner(const detail::OwnerOf<value_type>& o) { owner_ = o; }

 private:
  template <class... I>
  static constexpr Dims make_dims(I... i) {
    Dims d;
    (d.push(static_cast<index_t>(i)), ...);
    return d;
  }
  static constexpr extents_type checked(const Dims& d) {
    if (!extents_type::admits(d)) fail_extents("TensorView", d, extents_type::static_dims());
    return extents_type::from(d);
  }
  constexpr void check() const {
    if constexpr (is_taped<value_type>) {
      owner_.watch.check();
    } else {
      hold_.check();
    }
  }
  template <class Op, class X>
  constexpr TensorView& update(X&& x) {
    return assign_node(detail::make_map<Op>(leaf(), as_node(static_cast<X&&>(x))), false);
  }

  pointer data_;
  [[no_unique_address]] extents_type shape_;
  Strides<rank> strides_;
  [[no_unique_address]] hold_type hold_;
  slot_t slot_ = 0;
  [[no_unique_address]] detail::OwnerOf<value_type> owner_{};
};

}  // namespace TENON_ABI
}  // namespace tenon
