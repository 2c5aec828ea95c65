// tenon/nn/buffer.hpp: a tensor of a model that is saved with it but never differentiated, decayed or optimised.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   template <index_t N, class T> struct BatchNorm { nn::Buffer<Tensor<nn::param_t<T>, N>> mean; ... };
//   mean.value() = lerp(mean.value(), batch_mean, momentum);   // plain numbers, also in a model of rev numbers
// A derivative sees the model's own buffer, not a copy: a layer may update its statistics while it is differentiated,
// and so through a const model too. (A model that is used by several threads at once must not update its buffers.)
#pragma once
#include <tenon/ad/lift.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace nn {

namespace detail {
struct Nothing {};
template <class X>
struct BufferTensor {
  static_assert(tenon::detail::is_tensor<X>, "tenon: nn::Buffer holds a Tensor");
};
template <class T, index_t... E>
struct BufferTensor<Tensor<T, E...>> {
  using type = Tensor<base_t<T>, E...>;
  static constexpr bool owns = is_plain<T>;
};
// A Buffer of dual or rev numbers only ever refers to another one.
template <class X, bool Owns>
struct BufferOwn {
  using type = X;
};
template <class X>
struct BufferOwn<X, false> {
  using type = Nothing;
};
}  // namespace detail

/// State of a layer: X is a Tensor, `value()` a tensor of its plain numbers.
template <class X>
class Buffer {
  static constexpr bool owns = detail::BufferTensor<X>::owns;

 public:
  using tensor_type = typename detail::BufferTensor<X>::type;
  static constexpr bool is_buffer = true;

  Buffer() = default;
  Buffer(tensor_type value) requires(owns) : own_(static_cast<tensor_type&&>(value)) {}
  Buffer(const Buffer& o) : Buffer() { *this = o; }
  Buffer(Buffer&& o) noexcept = default;
  /// Copies the values; the copy of one that refers to another is a buffer of its own.
  Buffer& operator=(const Buffer& o) {
    if constexpr (owns) {
      value() = o.value();
    } else {
      target_ = o.target_;
    }
    return *this;
  }
  Buffer& operator=(Buffer&& o) noexcept = default;
  ~Buffer() = default;

  /// The tensor, writable although the model is const.
  tensor_type& value() const {
    if constexpr (owns) {
      return target_ ? *target_ : own_;
    } else {
      if (!target_) raise<value_error>(Message() << "tenon: nn::Buffer: this one was not lifted from a model's");
      return *target_;
    }
  }

  // What ad/lift.hpp asks: the twin refers to this one; in a gradient it is empty.
  template <class R>
  R twin() const {
    R r;
    r.target_ = &value();
    return r;
  }
  template <class R, class L>
  R twin(const L&) const {
    return R();
  }

 private:
  template <class Y>
  friend class Buffer;
  [[no_unique_address]] mutable typename detail::BufferOwn<tensor_type, owns>::type own_{};
  tensor_type* target_ = nullptr;
};

/// Whether X is an nn::Buffer.
template <class X>
inline constexpr bool is_buffer = false;
template <class X>
inline constexpr bool is_buffer<Buffer<X>> = true;

/// The element type of parameters that are kept precisely in a model on T: float for bfloat16 and half, else T.
template <class T>
using param_t = rebase_t<T, compute_t<base_t<T>>>;

namespace detail {
template <class U>
struct RebindTo {
  template <class T>
  using type = U;
};
}  // namespace detail

/// The model type M on element type U.
template <class M, class U>
using rebind_t = tenon::detail::twin_t<detail::RebindTo<U>, M>;

}  // namespace nn
}  // namespace TENON_ABI
}  // namespace tenon
