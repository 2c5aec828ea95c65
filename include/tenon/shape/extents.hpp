// tenon/shape/extents.hpp: extents, each known at compile time or at run time, and broadcasting as NumPy does.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `Extents<3, dyn>` is a type; it stores nothing when every extent is static. `Dims` is the same list as a plain value,
// used to compute shapes both in constant expressions (where `dyn` marks what is not known yet) and at run time.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/base/contract.hpp>
#include <tenon/base/type_list.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Up to eight extents (or indices, or strides) as a value.
struct Dims {
  int rank = 0;
  index_t d[max_rank] = {};
  TENON_FN index_t& operator[](int i) { return d[i]; }
  TENON_FN const index_t& operator[](int i) const { return d[i]; }
  TENON_FN void push(index_t x) { d[rank++] = x; }
  TENON_FN index_t size() const {
    index_t n = 1;
    for (int i = 0; i < rank; ++i) n *= d[i];
    return n;
  }
  /// Whether the number of elements, and of their bytes, fits into index_t; for extents that are not negative.
  TENON_FN bool countable() const {
    double bytes = 64;  // of an element, at most; a double neither overflows nor divides
    for (int i = 0; i < rank; ++i)
      if (d[i] > 1) bytes *= static_cast<double>(d[i]);
    return bytes < static_cast<double>(~size_t{0} >> 1);
  }
  TENON_FN bool operator==(const Dims& o) const {
    if (rank != o.rank) return false;
    for (int i = 0; i < rank; ++i)
      if (d[i] != o.d[i]) return false;
    return true;
  }
};

/// The sum and the product of two extents; where it is more than can be counted, the largest number, which no tensor
/// takes.
TENON_FN index_t extents_added(index_t a, index_t b) {
  return b > 0 && a > __PTRDIFF_MAX__ - b ? __PTRDIFF_MAX__ : a + b;
}
TENON_FN index_t extents_multiplied(index_t a, index_t b) {
  return b > 0 && a > __PTRDIFF_MAX__ / b ? __PTRDIFF_MAX__ : a * b;
}

namespace detail {
template <bool Static, int Rank>
struct ExtentStorage {
  index_t values[Rank] = {};
};
template <int Rank>
struct ExtentStorage<true, Rank> {};
}  // namespace detail

/// The extents of a tensor or expression; `dyn` for those known at run time only.
template <index_t... E>
struct Extents : detail::ExtentStorage<((E != dyn) && ... && true), static_cast<int>(sizeof...(E))> {
  static constexpr int rank = static_cast<int>(sizeof...(E));
  static constexpr bool is_static = ((E != dyn) && ... && true);
  static_assert(rank <= max_rank, "tenon: a tensor has at most 8 axes");
  static_assert(((E >= dyn) && ... && true), "tenon: an extent is at least 0, or tenon::dyn");

  /// The extent of axis i as the type knows it: a number or `dyn`.
  TENON_FN static index_t static_extent(int i) {
    constexpr index_t e[rank + 1] = {E..., 0};
    return e[i];
  }
  TENON_FN static Dims static_dims() {
    Dims r;
    (r.push(E), ...);
    return r;
  }
  TENON_FN index_t operator[](int i) const {
    if constexpr (is_static) {
      return static_extent(i);
    } else {
      return this->values[i];
    }
  }
  TENON_FN Dims dims() const { return dims_of(make_seq<rank>{}); }
  TENON_FN index_t size() const {
    index_t n = 1;
    for (int i = 0; i < rank; ++i) n *= (*this)[i];
    return n;
  }
  /// Whether these run-time extents agree with what the type states, and can be counted.
  TENON_FN static bool admits(const Dims& run_time) {
    if (run_time.rank != rank) return false;
    for (int i = 0; i < rank; ++i) {
      if (run_time.d[i] < 0) return false;
      if (static_extent(i) != dyn && static_extent(i) != run_time.d[i]) return false;
    }
    return run_time.countable();
  }
  /// A copy, number by number: compilers take structs apart that are not copied as a whole.
  TENON_FN Extents copy() const { return copy(make_seq<rank>{}); }
  /// From run-time extents that `admits`.
  TENON_FN static Extents from(const Dims& run_time) { return from(run_time, make_seq<rank>{}); }

 private:
  template <int... I>
  TENON_FN Extents copy(Seq<I...>) const {
    if constexpr (is_static) {
      return Extents{};
    } else {
      return Extents{{{this->values[I]...}}};
    }
  }
  // Without loops, so that the numbers stay in registers.
  template <int... I>
  TENON_FN Dims dims_of(Seq<I...>) const {
    return {rank, {(*this)[I]...}};
  }
  template <int... I>
  TENON_FN static Extents from([[maybe_unused]] const Dims& run_time, Seq<I...>) {
    if constexpr (is_static) {
      return Extents{};
    } else {
      return Extents{{{run_time.d[I]...}}};
    }
  }
};

namespace detail {
template <class F, int... I>
Extents<F::value().d[I]...> extents_of(Seq<I...>);
}  // namespace detail
/// The Extents type whose static extents are `F::value()`, a constexpr function that returns Dims.
template <class F>
using extents_from = decltype(detail::extents_of<F>(make_seq<F::value().rank>{}));

/// The number of elements if the type knows it, else `dyn`.
template <class E>
inline constexpr index_t static_size = E::is_static ? E::static_dims().size() : dyn;

// ---- broadcasting: axes are aligned from the last; an extent of 1 stretches ----------------------------------------

/// Two aligned extents together; -2 where they do not fit. `dyn` stands for what is not known.
TENON_FN index_t broadcast_extent(index_t a, index_t b) {
  if (a == b) return a;
  if (a == 1) return b;
  if (b == 1) return a;
  if (a == dyn) return b;
  if (b == dyn) return a;
  return -2;
}
TENON_FN Dims broadcast_dims(const Dims& a, const Dims& b) {
  Dims r;
  r.rank = a.rank > b.rank ? a.rank : b.rank;
  for (int i = 0; i < r.rank; ++i) {
    const int ia = i - (r.rank - a.rank), ib = i - (r.rank - b.rank);
    r.d[i] = ia < 0 ? b.d[ib] : ib < 0 ? a.d[ia] : broadcast_extent(a.d[ia], b.d[ib]);
  }
  return r;
}
TENON_FN bool dims_fit(const Dims& d) {
  for (int i = 0; i < d.rank; ++i)
    if (d.d[i] == -2) return false;
  return true;
}

namespace detail {
template <class A, class B>
struct BroadcastDims {
  static constexpr Dims value() {
    Dims r = broadcast_dims(A::static_dims(), B::static_dims());
    for (int i = 0; i < r.rank; ++i)
      if (r.d[i] == -2) r.d[i] = dyn;  // the predicate reports it; keep the type well formed
    return r;
  }
};
template <class... E>
struct BroadcastOf;
template <class E>
struct BroadcastOf<E> {
  using type = E;
};
template <class A, class... Rest>
struct BroadcastOf<A, A, Rest...> : BroadcastOf<A, Rest...> {};
template <class A, class B, class... Rest>
struct BroadcastOf<A, B, Rest...> : BroadcastOf<extents_from<BroadcastDims<A, B>>, Rest...> {};
}  // namespace detail

/// Whether shapes A and B may broadcast against each other as far as their types know.
template <class A, class B>
inline constexpr bool broadcastable = dims_fit(broadcast_dims(A::static_dims(), B::static_dims()));
/// The Extents of operands broadcast against each other.
template <class... E>
using broadcast_t = typename detail::BroadcastOf<E...>::type;

// ---- run-time shape errors ----------------------------------------------------------------------------------------

TENON_HD inline Message& operator<<(Message& m, const Dims& d) {
  m << "[";
  for (int i = 0; i < d.rank; ++i) {
    if (i) m << ", ";
    if (d.d[i] == dyn) {
      m << "dyn";
    } else {
      m << d.d[i];
    }
  }
  m << "]";
  return m;
}
/// Throws shape_error "tenon: <op>: <what>: <a> and <b>".
[[noreturn, gnu::cold, gnu::noinline]] TENON_HD inline void fail_shapes(const char* op, const char* what, const Dims& a,
                                                                        const Dims& b) {
  Message m;
  m << "tenon: " << op << ": " << what << ": " << a << " and " << b;
  raise<shape_error>(m);
}
[[noreturn, gnu::cold, gnu::noinline]] TENON_HD inline void fail_shape(const char* op, const char* what,
                                                                       const Dims& a) {
  Message m;
  m << "tenon: " << op << ": " << what << ": " << a;
  raise<shape_error>(m);
}
/// Throws shape_error: run-time extents that Extents::admits does not, and what the type states.
[[noreturn, gnu::cold, gnu::noinline]] TENON_HD inline void fail_extents(const char* op, const Dims& given,
                                                                         const Dims& stated) {
  for (int i = 0; i < given.rank; ++i)
    if (given.d[i] < 0) {
      Message m;
      m << "tenon: " << op << ": extent " << given.d[i] << " of axis " << i << " is negative";
      raise<shape_error>(m);
    }
  if (!given.countable()) fail_shape(op, "there are more elements than can be counted", given);
  fail_shapes(op, "these extents do not agree with the type's", given, stated);
}
[[noreturn, gnu::cold, gnu::noinline]] TENON_HD inline void fail_index(const char* op, const char* what, index_t i,
                                                                       index_t n, const char* of = "extent") {
  Message m;
  m << "tenon: " << op << ": " << what << " " << i << " is out of range for " << of << " " << n;
  raise<index_error>(m);
}

/// An axis counted from the end when negative; throws index_error naming `op` when there is no such axis.
TENON_FN int normalize_axis(const char* op, int axis, int rank) {
  const int a = axis < 0 ? axis + rank : axis;
  if (a < 0 || a >= rank) fail_index(op, "axis", axis, rank, "rank");
  return a;
}

/// Row-major strides, in elements.
TENON_FN Dims row_major(const Dims& extents) {
  Dims s;
  s.rank = extents.rank;
  index_t step = 1;
  for (int i = extents.rank - 1; i >= 0; --i) {
    s.d[i] = step;
    step *= extents.d[i] > 0 ? extents.d[i] : 1;
  }
  return s;
}

/// The strides of so many axes, in elements.
template <int Rank>
struct Strides {
  index_t d[Rank > 0 ? Rank : 1] = {};

  Strides() = default;
  TENON_FN Strides(const Dims& s) : Strides(s, make_seq<Rank>{}) {}
  TENON_FN operator Dims() const { return dims(make_seq<Rank>{}); }

 private:
  template <int... I>
  TENON_FN Strides([[maybe_unused]] const Dims& s, Seq<I...>) : d{s.d[I]...} {}
  template <int... I>
  TENON_FN Dims dims(Seq<I...>) const {
    return {Rank, {d[I]...}};
  }
};
namespace detail {
// Row-major strides of run-time extents, one by one.
template <int First, class E, int... I>
TENON_FN index_t stride_before(const E& e, Seq<I...>) {
  index_t step = 1;
  ((step *= e[First + I] > 0 ? e[First + I] : 1), ...);
  return step;
}
template <class E, int... I>
TENON_FN Dims dense_strides(const E& e, Seq<I...>) {
  return {E::rank, {stride_before<I + 1>(e, make_seq<E::rank - 1 - I>{})...}};
}
template <class E>
TENON_FN Dims dense_strides(const E& e) {
  return dense_strides(e, make_seq<E::rank>{});
}
}  // namespace detail

}  // namespace TENON_ABI
}  // namespace tenon
