// tenon/ad/cell_input.hpp: arguments of a sum over cells, read where they lie a pack of cells at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is the same for all cells, as the type says (a number, a last axis of static extent 1), goes to all lanes; its
// gradient is the sum of the lanes. Else a lane is a cell.
#pragma once
#include <tenon/ad/loop_input.hpp>
#include <tenon/simd/transpose.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// Whether an argument has the same numbers for all cells, as its type says.
template <class X>
constexpr bool is_shared() {
  if constexpr (X::along == Along::none) {
    return true;
  } else {
    return X::E::static_extent(X::E::rank - 1) == 1;
  }
}

// Adds the sum of the lanes of each of N packs to N numbers. By index, not in loops, as all that reads adjoints: then
// compilers keep these where they were computed.
template <int N, class T, class V, int... L>
TENON_FN void add_sums_of_lanes(T* to, const V* d, Seq<L...>) {
  constexpr int lanes = simd::native_lanes<T>;
  if constexpr (N >= lanes && lanes > 1) {
    V v[lanes] = {d[L]...};
    simd::store(to, simd::load<V>(to) + simd::sums_of_lanes(v));
    add_sums_of_lanes<N - lanes>(to + lanes, d + lanes, Seq<L...>{});
  } else if constexpr (N > 0) {
    *to += simd::reduce_add(*d);
    add_sums_of_lanes<N - 1>(to + 1, d + 1, Seq<L...>{});
  }
}
template <int Pitch, class V, int... Pack>
TENON_FN V one_sum(const V* d, Seq<Pack...>) {
  return (d[Pack * Pitch] + ...);
}
// Sums of packs, number by number: of those that are Pitch packs apart.
template <int Pitch, class V, int... K, class Packs>
TENON_FN void sums_of_packs(V* sum, const V* d, Seq<K...>, Packs packs) {
  ((sum[K] = one_sum<Pitch>(d + K, packs)), ...);
}

// An argument as packs of cells read it, and its gradient: in row-major order, as far as anything is differentiated.
template <class T, class X, bool Shared = is_shared<X>()>
class SumInput;

template <class T, class X>
class SumInput<T, X, true> {
  using V = simd::native<T>;

 public:
  static constexpr bool stepped = X::along == Along::steps, active = is_taped<typename X::value_type>;
  /// Instructions that take a number for all lanes from memory cost what others do: packs of them would be written, and
  /// read as often.
  static constexpr bool reads_anew = stepped;
  static constexpr int numbers = X::template numbers<T>;
  static index_t elements(const X&, index_t steps) { return stepped ? steps * numbers : numbers; }

  SumInput(const X& x, index_t steps, T* gradient) : gradient_(gradient) {
    if constexpr (X::along == Along::none) {
      number_ = static_cast<T>(x.number);
    } else {
      bool side_by_side = __is_same(bare_t<decltype(x.leaf.data[0])>, T);
      index_t i = 0, first = 0, second = 0;
      x.each_row([&](index_t offset) {
        if (i == 0) first = offset;
        if (i == numbers) second = offset;
        if (i < numbers && offset != first + i) side_by_side = false;
        ++i;
      });
      if constexpr (__is_same(bare_t<decltype(x.leaf.data[0])>, T))
        if (side_by_side) {
          data_ = x.leaf.data + first;
          step_ = second - first;
          return;
        }
      copy_ = BlockRef(static_cast<size_t>(elements(x, steps)) * sizeof(T));
      T* to = reinterpret_cast<T*>(copy_.data());
      data_ = to;
      step_ = numbers;
      x.each_row([&](index_t offset) { *to++ = static_cast<T>(x.leaf.data[offset]); });
    }
  }
  TENON_FN void load(V* in, index_t, index_t, index_t) const { load(in, make_seq<numbers>{}); }
  TENON_FN const T* numbers_of(index_t t) const { return data_ + t * step_; }
  /// Adds what packs give whose numbers are Pitch packs apart: of every step, or once for all steps.
  template <int Pitch, class Packs>
  TENON_FN void add(const V* d, [[maybe_unused]] index_t t, index_t, index_t, Packs packs) {
    V all[numbers];
    sums_of_packs<Pitch>(all, d, make_seq<numbers>{}, packs);
    if constexpr (stepped) {
      add_sums_of_lanes<numbers>(gradient_ + t * numbers, all, make_seq<simd::native_lanes<T>>{});
    } else {
      for (int k = 0; k < numbers; ++k) sum_[k] += all[k];
    }
  }
  void finish() {
    if constexpr (!stepped)
      for (int k = 0; k < numbers; ++k) gradient_[k] = simd::reduce_add(sum_[k]);
  }

 private:
  template <int... K>
  TENON_FN void load(V* in, Seq<K...>) const {
    if constexpr (X::along == Along::none) {
      ((in[K] = simd::broadcast<V>(number_)), ...);
    } else {
      ((in[K] = simd::broadcast<V>(data_[K])), ...);
    }
  }
  T number_{};
  const T* data_ = nullptr;
  index_t step_ = 0;
  BlockRef copy_;
  T* gradient_;
  V sum_[stepped || !active ? 1 : numbers] = {};
};

template <class T, class X>
class SumInput<T, X, false> {
  using V = simd::native<T>;
  using P = bare_t<decltype(some<X>().leaf.data[0])>;
  static constexpr int lanes = simd::native_lanes<T>;

 public:
  static constexpr bool stepped = X::along == Along::steps, active = is_taped<typename X::value_type>;
  static constexpr bool reads_anew = false;
  static constexpr int numbers = X::template numbers<T>;
  static index_t elements(const X& x, index_t steps) { return (stepped ? steps * numbers : numbers) * x.cells(); }

  SumInput(const X& x, index_t, T* gradient) : stride_(x.stride()), cells_(x.cells()), gradient_(gradient) {
    index_t i = 0;
    x.each_row([&](index_t offset) {
      if (i < numbers) data_[i] = x.leaf.data + offset;
      ++i;
    });
    if (stepped) step_ = x.leaf.strides.d[0];
  }
  TENON_FN void load(V* in, index_t t, index_t at, index_t left) const {
    load(in, stepped ? t * step_ : 0, at, left, make_seq<numbers>{});
  }
  static const T* numbers_of(index_t) { return nullptr; }
  template <int Pitch, int... Pack>
  TENON_FN void add(const V* d, index_t t, index_t at, index_t left, Seq<Pack...>) {
    (add_pack(d + Pack * Pitch, t, at + Pack * lanes, left - Pack * lanes), ...);
  }
  void finish() {}

 private:
  TENON_FN void add_pack(const V* d, [[maybe_unused]] index_t t, index_t at, index_t left) {
    T* to = gradient_ + (stepped ? t * numbers * cells_ : 0) + (cells_ == 1 || left <= 0 ? 0 : at);
    for (int k = 0; k < numbers; ++k, to += cells_) {
      if (cells_ == 1) {
        *to += simd::reduce_add(d[k]);
      } else if (left >= lanes) {
        simd::store(to, d[k]);  // cells are taken once
      } else if (left > 0) {
        simd::store_partial(to, d[k], left);
      }
    }
  }
  template <int... K>
  TENON_FN void load(V* in, index_t offset, index_t at, index_t left, Seq<K...>) const {
    if (left >= lanes && stride_ == 1 && __is_same(P, T)) {
      if constexpr (__is_same(P, T)) ((in[K] = simd::load<V>(data_[K] + offset + at)), ...);
    } else if (left >= lanes) {
      ((in[K] = strided(data_[K] + offset + at * stride_, make_seq<lanes>{})), ...);
    } else {
      ((in[K] = partial(data_[K] + offset, at, left)), ...);
    }
  }
  template <int... L>
  TENON_FN V strided(const P* p, Seq<L...>) const {
    return V{static_cast<T>(p[L * stride_])...};
  }
  // What is beside the cells repeats the last one.
  [[gnu::noinline]] V partial(const P* p, index_t at, index_t left) const {
    V v{};
    for (int l = 0; l < lanes; ++l) v[l] = static_cast<T>(p[(at + (l < left ? l : left - 1)) * stride_]);
    return v;
  }
  const P* data_[numbers] = {};
  index_t step_ = 0, stride_, cells_;
  T* gradient_;
};

// The arguments that are the same in all steps: as Seq.
template <int I, class S, class... In>
struct FixedInputs {
  using type = S;
};
template <int I, int... K, class X, class... Rest>
struct FixedInputs<I, Seq<K...>, X, Rest...> : FixedInputs<I + 1, Seq<K..., I>, Rest...> {};
template <int I, int... K, class X, class... Rest>
requires(X::along == Along::steps) struct FixedInputs<I, Seq<K...>, X, Rest...>
    : FixedInputs<I + 1, Seq<K...>, Rest...> {
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
