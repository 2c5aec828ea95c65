// tenon/nn/repeat.hpp: one block many times, as many as run time says; compiled once.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   nn::Repeat<Block<T>> blocks(12);            // parameters "blocks.0.norm.weight", ...
//   auto y = blocks(x);                         // block 11 (... block 1 (block 0 (x)))
// Each block gives the shape that it takes. A range of blocks too, for models that do more than apply them in turn.
#pragma once
#include <tenon/base/memory.hpp>
#include <tenon/nn/buffer.hpp>
#include <tenon/nn/layer.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

namespace detail {
template <class Block, class X>
using Applied = tensor_of<decltype(tenon::detail::some<const Block&>()(tenon::detail::some<X>()))>;
// From: what a block gives for the input. To: what it gives for that.
template <class Block, class From>
constexpr bool keeps_shape() {
  if constexpr (layer_takes<Block, typename From::extents_type>()) {
    return __is_same(From, Applied<Block, From&&>);
  } else {
    return false;
  }
}
template <class Block, class Given, class Result>
struct KeepsShape {
  static_assert(keeps_shape<Block, Result>(),
                "tenon: nn::Repeat: the block does not give the element type and shape that it takes (Given, Result)");
};
}  // namespace detail

/// A run-time number of blocks, applied in order. The memory is of the thread's pool: lifting it costs no heap.
template <class Block>
class Repeat {
 public:
  using value_type = Block;
  template <class U>
  using rebind = Repeat<rebind_t<Block, U>>;

  Repeat() = default;
  explicit Repeat(index_t count) { resize(static_cast<size_t>(count)); }
  Repeat(const Repeat& o) {
    reserve(o.size_);
    for (; size_ < o.size_; ++size_) ::new (begin() + size_) Block(o[size_]);
  }
  Repeat(Repeat&& o) noexcept : memory_(static_cast<tenon::detail::BlockRef&&>(o.memory_)), size_(o.size_) {
    o.size_ = 0;
  }
  Repeat& operator=(Repeat o) noexcept {
    clear();
    memory_ = static_cast<tenon::detail::BlockRef&&>(o.memory_);
    size_ = o.size_;
    o.size_ = 0;
    return *this;
  }
  ~Repeat() { clear(); }

  Block* begin() { return reinterpret_cast<Block*>(memory_ ? memory_.data() : nullptr); }
  Block* end() { return begin() + size_; }
  const Block* begin() const { return reinterpret_cast<const Block*>(memory_ ? memory_.data() : nullptr); }
  const Block* end() const { return begin() + size_; }
  size_t size() const { return size_; }
  Block& operator[](size_t i) { return begin()[i]; }
  const Block& operator[](size_t i) const { return begin()[i]; }
  /// Drops blocks from the end, or appends default ones.
  void resize(size_t n) {
    while (size_ > n) begin()[--size_].~Block();
    if (n <= size_) return;
    Repeat old(static_cast<Repeat&&>(*this));
    reserve(n);
    for (; size_ < old.size_; ++size_) ::new (begin() + size_) Block(static_cast<Block&&>(old[size_]));
    for (; size_ < n; ++size_) ::new (begin() + size_) Block();
  }

  template <expression X>
  auto operator()(X&& x) const {
    // Plain numbers meet parameters of another element type (rev) in the first block: that type goes through all.
    using R = detail::Applied<Block, tensor_of<X>&&>;
    if constexpr (detail::keeps_shape<Block, R>()) {
      R h(static_cast<X&&>(x));
      for (const Block& block : *this) h = R(block(static_cast<R&&>(h)));
      return as_node(static_cast<R&&>(h));
    } else {
      static_cast<void>(detail::KeepsShape<Block, tensor_of<X>, R>());
      return detail::Unfit<X>();
    }
  }

 private:
  void reserve(size_t n) { memory_ = n ? tenon::detail::BlockRef(n * sizeof(Block)) : tenon::detail::BlockRef(); }
  void clear() {
    while (size_ > 0) begin()[--size_].~Block();
  }
  tenon::detail::BlockRef memory_{};
  size_t size_ = 0;
};

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
