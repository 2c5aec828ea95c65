// tenon/train/data.hpp: a data set in memory, and the minibatches it is trained on.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   train::Data data{images, labels};           // Tensor<float, dyn, 784>, Tensor<int, dyn>: examples along axis 0
//   train::Batches batches(data, 64);
//   for (batches.start(rng); batches.next();) use(batches.inputs, batches.targets);
#pragma once
#include <tenon/tensor/choice.hpp>
#include <tenon/tensor/tensor.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace train {

/// Examples and what is to be learned from them, along axis 0 of two tensors.
template <class X, class Y>
struct Data {
  X inputs;
  Y targets;
  index_t size() const { return inputs.extents()[0]; }
};
template <class X, class Y>
Data(X, Y) -> Data<X, Y>;

namespace detail {
template <class X>
struct BatchOf;
template <class T, index_t N, index_t... E>
struct BatchOf<Tensor<T, N, E...>> {
  using type = Tensor<T, dyn, E...>;
};
}  // namespace detail

/// Examples order[0..n) of x, into `out`; allocates nothing if n is as before.
template <class T, index_t N, index_t... E>
void take_examples(const Tensor<T, N, E...>& x, const index_t* order, index_t n, Tensor<T, dyn, E...>& out) {
  Dims d = x.dims();
  const index_t count = d.d[0];
  d.d[0] = n;
  if (!(out.dims() == d)) out = Tensor<T, dyn, E...>(d);
  const index_t row = count > 0 ? x.size() / count : 0;
  for (index_t i = 0; i < n; ++i)
    __builtin_memcpy(static_cast<void*>(out.data() + i * row), x.data() + order[i] * row,
                     static_cast<size_t>(row) * sizeof(T));
}

/// Goes through a data set in minibatches, in random order if it is given a generator; the last one may be smaller.
template <class X, class Y>
class Batches {
 public:
  typename detail::BatchOf<X>::type inputs;   ///< of the current batch
  typename detail::BatchOf<Y>::type targets;  ///< of the current batch

  /// Over `data`, which must outlive this; shape_error if inputs and targets differ in number, value_error if
  /// batch < 1.
  Batches(const Data<X, Y>& data, index_t batch) : data_(data), batch_(batch), order_(arange(data.size())) {
    if (data.inputs.extents()[0] != data.targets.extents()[0])
      fail_shapes("train::Batches", "inputs and targets differ in number", data.inputs.dims(), data.targets.dims());
    expect<value_error>(batch > 0, "tenon: train::Batches: a batch has at least one example");
  }
  /// From the first example on, in order.
  void start() {
    for (index_t i = 0; i < order_.size(); ++i) order_.data()[i] = i;
    done_ = 0;
  }
  /// From the beginning, in random order.
  void start(Rng& rng) {
    shuffle(rng, order_);
    done_ = 0;
  }
  /// Takes the next batch; false if there is none.
  bool next() {
    const index_t left = data_.size() - done_, n = left < batch_ ? left : batch_;
    if (n <= 0) return false;
    take_examples(data_.inputs, order_.data() + done_, n, inputs);
    take_examples(data_.targets, order_.data() + done_, n, targets);
    done_ += n;
    return true;
  }
  /// Examples taken since start().
  index_t done() const { return done_; }
  /// Batches from start() to the end.
  index_t count() const { return (data_.size() + batch_ - 1) / batch_; }

 private:
  const Data<X, Y>& data_;
  index_t batch_, done_ = 0;
  Tensor<index_t, dyn> order_;
};

}  // namespace train
}  // namespace TENON_ABI
}  // namespace tenon
