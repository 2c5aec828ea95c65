// tenon/tensor/storage.hpp: where a tensor's elements are: inline, in a block, or in a block with adjoint slots.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Static tensors up to `inline_bytes` are inline (constexpr, no heap); larger ones and those with run-time extents own
// an aligned block. Tensors of a taped element type (rev) keep primal values in a block that the tape may share, so a
// write first makes the block unique, and gives the elements that it writes other slots.
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/base/scalar_traits.hpp>
#include <tenon/shape/extents.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Static tensors of more bytes than this live on the heap, except in the embedded profile.
inline constexpr index_t inline_bytes = TENON_EMBEDDED ? __PTRDIFF_MAX__ : 16384;

namespace detail {

struct Uninitialised {};

template <class T, class E>
inline constexpr bool stored_inline =
    E::is_static && !is_taped<T> && static_size<E> * static_cast<index_t>(sizeof(T)) <= inline_bytes;

// The part of a block storage that does not depend on the extents' type.
template <class P>
struct BlockStorage {
  BlockRef block{};
  P* values = nullptr;       // in the block, or borrowed: the primal of a lifted parameter
  mutable slot_t slot = 0;   // of a taped tensor: where the elements' adjoints begin, side by side
  mutable BlockRef slots{};  // or, once elements were written one by one: the slot of each
  Liveness live{};

  /// Moves n values to a block of this tensor's own, unless they are in one.
  void unshare(index_t n) {
    if (block.unique()) return;
    const P* old = values;
    const BlockRef keep = block;
    block = BlockRef(static_cast<size_t>(n) * sizeof(P));
    values = reinterpret_cast<P*>(block.data());
    if (n > 0 && old) __builtin_memcpy(static_cast<void*>(values), old, static_cast<size_t>(n) * sizeof(P));
  }
};

template <class T, class E, bool Inline = stored_inline<T, E>>
struct Storage : BlockStorage<primal_t<T>> {
  using P = primal_t<T>;
  using Base = BlockStorage<P>;
  using Base::block, Base::values, Base::slot, Base::slots, Base::live;
  E shape{};

  Storage() {
    if constexpr (E::is_static) allocate_zero(E{});
  }
  explicit Storage(const E& e) { allocate_zero(e); }
  // A statement on a tape brings the memory of its result along.
  Storage(Uninitialised, const E& e) {
    if constexpr (is_taped<T>) {
      shape = e;
    } else {
      allocate(e);
    }
  }
  Storage(const Storage& o) : shape(o.shape) { copy(o); }
  Storage(Storage&& o) noexcept : Base(static_cast<Base&&>(o)), shape(o.shape) { o.forget(); }
  Storage& operator=(const Storage& o) {
    if (this != &o) copy(o);
    return *this;
  }
  Storage& operator=(Storage&& o) noexcept {
    if (this == &o) return *this;
    live.invalidate();
    block = static_cast<BlockRef&&>(o.block);
    values = o.values;
    shape = o.shape;
    slot = o.slot;
    slots = static_cast<BlockRef&&>(o.slots);
    live = static_cast<Liveness&&>(o.live);
    o.forget();
    return *this;
  }
  ~Storage() = default;

  P* data() { return values; }
  const P* data() const { return values; }
  index_t size() const { return shape.size(); }
  /// Fresh, uninitialised elements; every view made so far becomes stale.
  void allocate(const E& e) {
    const index_t n = e.size();
    live.invalidate();
    block = BlockRef(static_cast<size_t>(n) * sizeof(P));
    values = reinterpret_cast<P*>(block.data());
    shape = e;
    slot = 0;
    slots = BlockRef();
  }
  /// Somebody else's primal values (a lifted parameter's); a write moves to a block first.
  void borrow(P* primal, const E& e, slot_t s) {
    live.invalidate();
    block = BlockRef();
    values = primal;
    shape = e;
    slot = s;
    slots = BlockRef();
  }
  /// New elements of a taped tensor, of the same extents; views ask the tensor where they are.
  void adopt(BlockRef b, const E& e, slot_t s = 0) {
    block = static_cast<BlockRef&&>(b);
    values = block ? reinterpret_cast<P*>(block.data()) : nullptr;
    shape = e;
    slot = s;
    slots = BlockRef();
  }

 private:
  void allocate_zero(const E& e) {
    allocate(e);
    for (index_t i = 0, n = e.size(); i < n; ++i) values[i] = P{};
  }
  void copy(const Storage& o) {
    if constexpr (is_taped<T>) {
      // Both go on with the same values and slots; who is written to gets its own.
      live.invalidate();
      block = o.block;
      values = o.values;
      shape = o.shape;
      slot = o.slot;
      slots = o.slots;
    } else {
      if (!(shape.dims() == o.shape.dims()) || !block) allocate(o.shape);
      const index_t n = shape.size();
      if (n > 0 && o.values) __builtin_memcpy(static_cast<void*>(values), o.values, static_cast<size_t>(n) * sizeof(P));
    }
  }
  // A moved-from tensor with run-time extents is empty; a static one has no data until it is assigned again.
  void forget() {
    values = nullptr;
    slot = 0;
    slots = BlockRef();
    if constexpr (!E::is_static) {
      Dims zero = shape.dims();
      for (int a = 0; a < E::rank; ++a)
        if (E::static_extent(a) == dyn) zero.d[a] = 0;
      shape = E::from(zero);
    }
  }
};

// Of inline elements: that of a register where they fill registers, which then never cross a line of the cache; at no
// cost in size.
template <class T>
constexpr size_t inline_alignment(size_t bytes) {
  if (!TENON_EMBEDDED)
    for (size_t a = alignment; a >= 16; a /= 2)
      if (bytes % a == 0 && a > alignof(T)) return a;
  return alignof(T);
}
template <class T, class E>
struct Storage<T, E, true> {
  using P = T;
  static constexpr index_t count = static_size<E>, room = count > 0 ? count : 1;
  alignas(inline_alignment<T>(static_cast<size_t>(room) * sizeof(T))) T values[static_cast<size_t>(room)] = {};
  [[no_unique_address]] Liveness live{};

  constexpr Storage() = default;
  constexpr explicit Storage(const E&) {}
  constexpr Storage(Uninitialised, const E&) {}
  constexpr T* data() { return values; }
  constexpr const T* data() const { return values; }
  static constexpr index_t size() { return count; }
  static constexpr E shape{};
  static constexpr slot_t slot = 0;
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
