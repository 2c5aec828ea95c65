// tenon/ad/element.hpp: elements of rev tensors as rev numbers, readable and writable.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `a(0) += v(0) * dt` reads and writes numbers on the slots of the tensors; scalar and tensor statements are records of
// one tape. Writing moves a tensor's values to a block of its own if somebody shares them. The element then has the
// slot of the number it was given: nothing is recorded, and numbers read before go on meaning what they meant. The next
// statement on the whole tensor records where its elements came from.
#pragma once
#include <tenon/ad/cut_record.hpp>

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
      : number(owner.values[offset], detail::Element<number>::number_slot(owner, offset)),
        owner_(&owner),
        size_(size),
        offset_(offset) {}
  ElementRef(const ElementRef&) = default;
  /// The elements that a and b stand for; copies are swapped as numbers are.
  friend void swap(const ElementRef& a, const ElementRef& b) {
    const number t = a.get();
    a = b;
    b = t;
  }

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
      return R(s.values[offset], number_slot(s, offset));
    } else if (const auto& o = s.owner(); o.storage) {
      return R(o.storage->values[o.offset + offset], number_slot(*o.storage, o.offset + offset));
    } else {
      return R(s.data()[offset], s.slot() ? number_slot(slot_at<R>(s.slot(), offset)) : 0);
    }
  }
  template <is_storage S>
  static const ElementRef<T, Tag> access(S& s, index_t offset) {
    return ElementRef<T, Tag>(s, s.shape.size(), offset);
  }
  template <class S>
  requires(!is_storage<S> && !S::is_const) static const ElementRef<T, Tag> access(const S& view, index_t offset) {
    const auto& o = view.owner();
    if (!o.storage)
      return ElementRef<T, Tag>(R(view.data()[offset], view.slot() ? number_slot(slot_at<R>(view.slot(), offset)) : 0));
    return ElementRef<T, Tag>(*o.storage, o.size, o.offset + offset);
  }

  /// Walks the elements of a tensor; random access, with elements that stand for those in the tensor.
  template <class S>
  struct Iterator {
    using value_type = R;
    using difference_type = index_t;
    S* storage = nullptr;
    index_t at = 0;
    decltype(auto) operator*() const { return access(*storage, at); }
    decltype(auto) operator[](index_t n) const { return access(*storage, at + n); }
    Iterator& operator+=(index_t n) {
      at += n;
      return *this;
    }
    Iterator& operator-=(index_t n) { return *this += -n; }
    Iterator& operator++() { return *this += 1; }
    Iterator& operator--() { return *this += -1; }
    Iterator operator++(int) { return {storage, at++}; }
    Iterator operator--(int) { return {storage, at--}; }
    friend Iterator operator+(Iterator i, index_t n) { return i += n; }
    friend Iterator operator+(index_t n, Iterator i) { return i += n; }
    friend Iterator operator-(Iterator i, index_t n) { return i -= n; }
    friend index_t operator-(const Iterator& a, const Iterator& b) { return a.at - b.at; }
    bool operator==(const Iterator& o) const { return at == o.at; }
    bool operator<(const Iterator& o) const { return at < o.at; }
    bool operator>(const Iterator& o) const { return at > o.at; }
    bool operator<=(const Iterator& o) const { return at <= o.at; }
    bool operator>=(const Iterator& o) const { return at >= o.at; }
  };
  template <class S>
  static Iterator<S> begin(S& s) {
    return {&s, 0};
  }
  template <class S>
  static Iterator<S> end(S& s) {
    return {&s, s.shape.size()};
  }

  /// The slot of element i; 0: a constant.
  static slot_t slot_of(const BlockStorage<T>& s, index_t i) {
    if (s.slots) return table(s)[i];
    return s.slot ? slot_at<R>(s.slot, i) : 0;
  }
  /// The same of an element that is used as a number: where scalar statements find it.
  static slot_t number_slot(slot_t slot) {
    if (ApartAdjoints::holds(slot))
      if (Tape* const tape = active_tape<Tag>) return tape->template number_slot<compute_t<T>>(slot);
    return slot;
  }
  static slot_t number_slot(const BlockStorage<T>& s, index_t i) { return number_slot(slot_of(s, i)); }
  /// Where the adjoints of all n elements begin, side by side: records where they came from if need be.
  static slot_t first_slot(const BlockStorage<T>& s, index_t n) {
    if (!s.slots) return s.slot;
    Tape* tape = active_tape<Tag>;
    if (!tape) return 0;
    const slot_t* slot = table(s);
    bool active = false;
    for (index_t i = 0; i < n; ++i) active = active || tape->owns(slot[i]);
    s.slot = 0;
    if (active) {
      using Record = GatherRecord<compute_t<T>>;
      s.slot = tape->allocate_tensor(n, units_of<T>);
      ::new (new_record<Record>(*tape)) Record{s.slots, n, s.slot};
    }
    s.slots = BlockRef();
    return s.slot;
  }
  /// Where the adjoint of element `offset` is, if those of the elements of `map` from there on lie as the values do;
  /// records where they came from if they do not.
  static slot_t first_slot(const BlockStorage<T>& s, index_t n, index_t offset, const StridedMap& map) {
    if (!s.slots || !lie_alike(table(s) + offset, map)) {
      const slot_t all = first_slot(s, n);
      return all ? slot_at<R>(all, offset) : 0;
    }
    return map.extents.size() ? table(s)[offset] : 0;
  }
  /// Element i has the adjoint at `slot` from now on.
  static void set_slot(BlockStorage<T>& s, index_t n, index_t i, slot_t slot) {
    if (slot || s.slot || s.slots) own_table(s, n)[i] = slot;
  }
  /// The elements of `map`, from `offset` on, have the adjoints from `from` on; constants if that is 0.
  static void set_slots(BlockStorage<T>& s, index_t n, index_t offset, const StridedMap& map, slot_t from) {
    if (!from && !s.slot && !s.slots) return;
    slot_t* to = own_table(s, n) + offset;
    index_t k = 0;
    each_offset(map, [&](index_t o) { to[o] = from ? slot_at<R>(from, k++) : 0; });
  }

 private:
  static const slot_t* table(const BlockStorage<T>& s) { return reinterpret_cast<const slot_t*>(s.slots.data()); }
  static slot_t* own_table(BlockStorage<T>& s, index_t n) {
    if (!s.slots.unique()) {
      BlockRef mine(static_cast<size_t>(n) * sizeof(slot_t));
      slot_t* to = reinterpret_cast<slot_t*>(mine.data());
      for (index_t i = 0; i < n; ++i) to[i] = slot_of(s, i);
      s.slots = static_cast<BlockRef&&>(mine);
      s.slot = 0;
    }
    return reinterpret_cast<slot_t*>(s.slots.data());
  }
  static bool lie_alike(const slot_t* slot, const StridedMap& map) {
    bool alike = true;
    each_offset(map, [&](index_t o) { alike = alike && slot[o] == (*slot ? slot_at<R>(*slot, o) : 0); });
    return alike;
  }
  template <class F>
  static void each_offset(const StridedMap& map, const F& f) {
    Dims i;
    i.rank = map.extents.rank;
    index_t offset = map.offset;
    for (index_t k = 0, n = map.extents.size(); k < n; ++k) {
      f(offset);
      for (int a = i.rank - 1; a >= 0; --a) {
        offset += map.strides.d[a];
        if (++i.d[a] < map.extents.d[a]) break;
        offset -= map.strides.d[a] * map.extents.d[a];
        i.d[a] = 0;
      }
    }
  }
};

}  // namespace detail

template <class T, class Tag>
const ElementRef<T, Tag>& ElementRef<T, Tag>::write(const number& n) const {
  if (!owner_)
    raise<value_error>(Message() << "tenon: this element of a rev view has no tensor that could be written to");
  owner_->unshare(size_);
  owner_->values[offset_] = n.value;
  detail::Element<number>::set_slot(*owner_, size_, offset_, n.slot);
  static_cast<number&>(const_cast<ElementRef&>(*this)) = n;
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
