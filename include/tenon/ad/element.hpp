// tenon/ad/element.hpp: elements of rev tensors as rev numbers, readable and writable.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `a(0) += v(0) * dt` reads and writes scalars on the adjoint slots of the tensors; scalar and tensor statements are
// records of one tape. Writing moves a tensor's values to a block of its own if a record or a copy shares them, and
// gives it slots of its own if a copy shares those.
#pragma once
#include <tenon/ad/record.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// An element of a rev tensor: a rev number that writes what is assigned to it to the tensor. Copied with `auto`, it is
/// a number of its own, as a double would be: `auto t = a(0); t *= 2;` leaves a as it is.
template <class T, class Tag>
class ElementRef : public rev<T, Tag> {
 public:
  using number = rev<T, Tag>;
  ElementRef(const number& n) : number(n) {}
  ElementRef(detail::BlockStorage<T>& owner, index_t size, index_t offset)
      : number(owner.values[offset], owner.slot ? detail::slot_at<number>(owner.slot, offset) : 0),
        owner_(&owner),
        size_(size),
        offset_(offset) {}
  ElementRef(const ElementRef&) = default;

  const number& get() const { return *this; }
  // Elements are handed out const: these write to the tensor.
  const ElementRef& operator=(const ElementRef& o) const { return write(o.get()); }
  template <class X>
  const ElementRef& operator=(const X& x) const {
    return write(number(x));
  }
  template <class X>
  const ElementRef& operator+=(const X& x) const {
    return write(get() + x);
  }
  template <class X>
  const ElementRef& operator-=(const X& x) const {
    return write(get() - x);
  }
  template <class X>
  const ElementRef& operator*=(const X& x) const {
    return write(get() * x);
  }
  template <class X>
  const ElementRef& operator/=(const X& x) const {
    return write(get() / x);
  }
  // Copies are not: these change the copy.
  ElementRef& operator=(const ElementRef& o) { return keep(o.get()); }
  template <class X>
  ElementRef& operator=(const X& x) {
    return keep(number(x));
  }
  template <class X>
  ElementRef& operator+=(const X& x) {
    return keep(get() + x);
  }
  template <class X>
  ElementRef& operator-=(const X& x) {
    return keep(get() - x);
  }
  template <class X>
  ElementRef& operator*=(const X& x) {
    return keep(get() * x);
  }
  template <class X>
  ElementRef& operator/=(const X& x) {
    return keep(get() / x);
  }

 private:
  ElementRef& keep(const number& n) {
    static_cast<number&>(*this) = n;
    return *this;
  }
  const ElementRef& write(const number& n) const;

  detail::BlockStorage<T>* owner_ = nullptr;
  index_t size_ = 0, offset_ = 0;
};

namespace detail {

template <class S>
concept is_storage = requires(const S& s) {
  s.values;
};

template <class T, class Tag>
requires(!contains_rev<T>) struct Element<rev<T, Tag>> {
  using R = rev<T, Tag>;
  // Const, so that assigning to what cannot be written is an error and not lost.
  template <class S>
  static const R access(const S& s, index_t offset) {
    if constexpr (is_storage<S>) {
      return R(s.values[offset], s.slot ? slot_at<R>(s.slot, offset) : 0);
    } else {
      return R(s.data()[offset], s.slot() ? slot_at<R>(s.slot(), offset) : 0);
    }
  }
  template <is_storage S>
  static const ElementRef<T, Tag> access(S& s, index_t offset) {
    return ElementRef<T, Tag>(s, s.shape.size(), offset);
  }
  template <class S>
  requires(!is_storage<S> && !S::is_const) static const ElementRef<T, Tag> access(const S& view, index_t offset) {
    const auto& o = view.owner();
    if (!o.storage) return ElementRef<T, Tag>(R(view.data()[offset], 0));
    return ElementRef<T, Tag>(*o.storage, o.size, o.offset + offset);
  }

  /// Walks the elements of a tensor.
  template <class S>
  struct Iterator {
    S* storage;
    index_t at;
    decltype(auto) operator*() const { return access(*storage, at); }
    Iterator& operator++() {
      ++at;
      return *this;
    }
    bool operator==(const Iterator& o) const { return at == o.at; }
  };
  template <class S>
  static Iterator<S> begin(S& s) {
    return {&s, 0};
  }
  template <class S>
  static Iterator<S> end(S& s) {
    return {&s, s.shape.size()};
  }

  // Values in a block nobody else sees. If the tensor has slots, or an active number is to be written: slots of its
  // own.
  static void make_writable(BlockStorage<T>& s, index_t n, bool active) {
    s.unshare(n);
    Tape* tape = active_tape<Tag>;
    if (!tape || (s.slot ? !s.shares_slot : !active)) return;
    const slot_t from = s.slot;
    s.slot = tape->allocate(n, units_of<T>);
    s.shares_slot = false;
    if (!tape->owns(from)) return;
    ::new (new_record<PartingRecord<T>>(*tape, nullptr)) PartingRecord<T>{n, s.slot, from};
  }
};

}  // namespace detail

template <class T, class Tag>
const ElementRef<T, Tag>& ElementRef<T, Tag>::write(const number& n) const {
  if (!owner_)
    raise<value_error>(Message() << "tenon: this element of a rev view has no tensor that could be written to");
  Tape* tape = detail::active_tape<Tag>;
  const bool active = tape && tape->owns(n.slot);
  detail::Element<number>::make_writable(*owner_, size_, active);
  owner_->values[offset_] = n.value;
  number& self = const_cast<ElementRef&>(*this);
  self = number(n.value, owner_->slot ? detail::slot_at<number>(owner_->slot, offset_) : 0);
  if (tape && owner_->slot) {
    const compute_t<T> one(1);
    tape->statement(self.slot, active ? 1 : 0, &one, &n.slot, true);
  }
  return *this;
}

namespace detail {
/// Element i (row-major) of an owning tensor, as its element type.
template <class X>
auto get_element(const X& x, index_t i) {
  return typename X::value_type(Element<typename X::value_type>::access(x.storage(), i));
}
template <class X, class V>
void set_element(X& x, index_t i, const V& v) {
  Element<typename X::value_type>::access(x.storage(), i) = v;
}
/// An owning tensor like R with the extents of x.
template <class R, class X>
R like(const X& x) {
  if constexpr (R::extents_type::is_static) {
    return R{};
  } else {
    return R(x.dims());
  }
}
}  // namespace detail

}  // namespace TENON_ABI
}  // namespace tenon
