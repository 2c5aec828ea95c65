// tenon/ad/cell_sum_record.hpp: a sum over cells on a tape, whose gradient is known when it is recorded.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ad/cell_input.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// What a record keeps of an argument: where its adjoints are, if it has any.
struct NoAdjoints {};
struct NumberAdjoint {
  slot_t slot;
};
template <int Rank>
struct RowsOfAdjoints {
  slot_t slot;
  int extent[Rank], stride[Rank];  // all lie among the slots of a tape, which are fewer than 2^31
  RowsOfAdjoints(slot_t s, const Dims& extents, const Dims& strides) : slot(s) {
    for (int a = 0; a < Rank; ++a) {
      extent[a] = static_cast<int>(extents.d[a]);
      stride[a] = extents.d[a] > 1 ? static_cast<int>(strides.d[a]) : 0;
      expect<value_error>(extent[a] == extents.d[a], "tenon: unrolled_loop: more than 2^31 steps or cells on a tape");
    }
  }
};
template <class X>
auto with_adjoints(const X& x) {
  if constexpr (!is_taped<typename X::value_type>) {
    return NoAdjoints{};
  } else if constexpr (X::along == Along::none) {
    return NumberAdjoint{x.slot};
  } else {
    return RowsOfAdjoints<X::E::rank>(x.slot, x.leaf.shape.dims(), x.leaf.strides);
  }
}

// A sum over cells on a tape: where its adjoint is. Its gradient follows it in memory.
template <class T, class... X>
struct SumOnTape {
  slot_t out;
  Operands<X...> arguments;

  static constexpr size_t head() { return (sizeof(SumOnTape) + alignof(T) - 1) / alignof(T) * alignof(T); }
  T* gradient() { return reinterpret_cast<T*>(reinterpret_cast<char*>(this) + head()); }
  static void sweep(Tape& tape, const Segment& segment) {
    SumOnTape& s = *reinterpret_cast<SumOnTape*>(segment.begin());
    const T g = *tape.adjoint<T>(s.out);
    if (is_zero_adjoint(g)) return;
    s.add_all(tape, g, s.gradient(), make_seq<static_cast<int>(sizeof...(X))>{});
  }
  static constexpr SegmentKind kind{&sweep, nullptr};

 private:
  template <int... I>
  void add_all(Tape& tape, T g, const T* from, Seq<I...>) {
    (add(tape, g, from, operand_at<I>(arguments)), ...);
  }
  template <class A>
  static void add(Tape& tape, T g, const T*& from, const A& x) {
    if constexpr (!__is_same(A, NoAdjoints)) {
      T* const to = x.slot ? tape.adjoint<T>(x.slot) : nullptr;
      if constexpr (requires { x.extent; }) {
        Dims extents, strides[1];
        for (const int e : x.extent) extents.push(e);
        for (const int s : x.stride) strides->push(s);
        exec::each_offset(extents, strides, [&](const index_t* offset) {
          if (to) to[*offset] += g * *from;
          ++from;
        });
      } else {
        if (to) *to += g * *from;
        ++from;
      }
    }
  }
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
