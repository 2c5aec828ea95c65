// tests/unit/exec/laid_out.hpp: matrices stored in several ways.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/tensor/tensor.hpp>

namespace tenon::test {

/// By rows, by columns, with gaps, backwards.
inline constexpr int layouts = 4;
/// A matrix stored in one of them; what it holds is up to its owner.
template <class T>
struct LaidOut {
  Tensor<T, dyn, dyn> elements;
  Dims extents, strides;
  index_t start = 0;
  LaidOut(index_t rows, index_t columns, int layout)
      : elements(layout == 1 ? columns : rows, layout == 1   ? rows
                                               : layout == 2 ? 2 * columns + 3
                                                             : columns),
        extents{2, {rows, columns}} {
    const index_t width = elements.extent(1);
    strides = layout == 1   ? Dims{2, {1, width}}
              : layout == 2 ? Dims{2, {width, 2}}
              : layout == 3 ? Dims{2, {-width, 1}}
                            : Dims{2, {width, 1}};
    if (layout == 3 && rows > 0) start = (rows - 1) * width;
  }
  TensorView<const T, dyn, dyn> view() const { return {elements.data() + start, extents, strides}; }
  TensorView<T, dyn, dyn> target() { return {elements.data() + start, extents, strides}; }
};

}  // namespace tenon::test
