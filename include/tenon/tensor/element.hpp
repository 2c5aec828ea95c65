// tenon/tensor/element.hpp: what access to one element of a tensor gives.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/base/config.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// Primary: references and pointers. Taped element types give scalars that know their adjoint's slot.
template <class T>
struct Element {
  template <class S>
  static constexpr auto& access(S& storage, index_t offset) {
    return storage.data()[offset];
  }
  template <class S>
  static constexpr auto* begin(S& storage) {
    return storage.data();
  }
  template <class S>
  static constexpr auto* end(S& storage) {
    return storage.data() + storage.size();
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
