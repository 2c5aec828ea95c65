// tenon/shape/movement.hpp: strided index maps: permute, slice, flip, broadcast, diagonal, window, inserted axes.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A movement rewrites (extents, strides, offset) and touches no data, so it is free and commutes with pointwise ops:
// applied to an expression it is applied to each of its leaves. Each movement has one function, `apply`, which works on
// run-time values and, with `dyn` for the unknown, on the extents of a type.
#pragma once
#include <tenon/base/config.hpp>
#include <tenon/shape/extents.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// A strided index map; in elements.
struct StridedMap {
  Dims extents{};
  Dims strides{};
  index_t offset = 0;

  /// Stretches axes of extent 1 and adds leading axes, by stride 0.
  TENON_HD constexpr void broadcast_to(const Dims& to) {
    if (!(extents == to)) stretch_to(to);
  }

 private:
  [[gnu::noinline]] TENON_HD constexpr void stretch_to(const Dims& to) {
    const int lead = to.rank - extents.rank;
    for (int a = to.rank - 1; a >= 0; --a) {
      const bool stretched = a < lead || (extents.d[a - lead] == 1 && to.d[a] != 1);
      strides.d[a] = stretched ? 0 : strides.d[a - lead];
    }
    extents = to;
    strides.rank = to.rank;
  }
};

/// Strides a leaf stores: none when it is dense.
template <bool Dense, int Rank>
struct StridesForT {
  using type = Strides<Rank>;
};
struct NoStrides {};
template <int Rank>
struct StridesForT<true, Rank> {
  using type = NoStrides;
};
template <bool Dense, int Rank>
using StridesFor = typename StridesForT<Dense, Rank>::type;

/// The static extents of movement M of E; M::static_dims(Dims) is what the types know of the result.
template <class M, class E>
struct MovedDims {
  static constexpr Dims value() { return M::static_dims(E::static_dims()); }
};

/// Whether an element of the operand may occur several times in the result of movement M.
template <class M>
inline constexpr bool repeats_elements = requires {
  M::repeats;
};

namespace move {

/// Axis i of the result is axis P[i] of the operand.
template <int... P>
struct Permute {
  TENON_FN static Dims static_dims(const Dims& e) { return apply(StridedMap{e, e, 0}).extents; }
  TENON_FN static StridedMap apply(const StridedMap& m) {
    constexpr int rank = static_cast<int>(sizeof...(P));
    return {{rank, {m.extents.d[P]...}}, {rank, {m.strides.d[P]...}}, m.offset};
  }
};

/// Exchanges axes A and B.
template <int A, int B>
struct SwapAxes {
  TENON_FN static Dims static_dims(const Dims& e) { return apply(StridedMap{e, e, 0}).extents; }
  TENON_FN static StridedMap apply(StridedMap m) {
    const index_t e = m.extents.d[A], s = m.strides.d[A];
    m.extents.d[A] = m.extents.d[B];
    m.strides.d[A] = m.strides.d[B];
    m.extents.d[B] = e;
    m.strides.d[B] = s;
    return m;
  }
};

/// Axis A becomes `count` elements from `start` by `step` (already normalised). Static: the count if the type knows it.
template <int A, index_t Count>
struct Slice {
  index_t start = 0, step = 1, count = Count;
  TENON_FN static Dims static_dims(Dims e) {
    e.d[A] = Count;
    return e;
  }
  TENON_FN StridedMap apply(StridedMap m) const {
    m.offset += start * m.strides.d[A];
    m.strides.d[A] *= step;
    m.extents.d[A] = count;
    return m;
  }
};

/// Element `index` of axis A; the axis goes away.
template <int A>
struct Select {
  index_t index = 0;
  TENON_FN static Dims drop(const Dims& e) {
    Dims r;
    for (int i = 0; i < e.rank; ++i)
      if (i != A) r.push(e.d[i]);
    return r;
  }
  TENON_FN static Dims static_dims(const Dims& e) { return drop(e); }
  TENON_FN StridedMap apply(const StridedMap& m) const {
    return {drop(m.extents), drop(m.strides), m.offset + index * m.strides.d[A]};
  }
};

/// A new axis of extent 1 at position A of the result.
template <int A>
struct Insert {
  TENON_FN static Dims put(const Dims& e, index_t x) {
    Dims r;
    for (int i = 0; i <= e.rank; ++i) {
      if (i == A) r.push(x);
      if (i < e.rank) r.push(e.d[i]);
    }
    return r;
  }
  TENON_FN static Dims static_dims(const Dims& e) { return put(e, 1); }
  TENON_FN static StridedMap apply(const StridedMap& m) { return {put(m.extents, 1), put(m.strides, 0), m.offset}; }
};

/// Axis A backwards.
template <int A>
struct Flip {
  TENON_FN static Dims static_dims(const Dims& e) { return e; }
  TENON_FN static StridedMap apply(StridedMap m) {
    if (m.extents.d[A] > 0) m.offset += (m.extents.d[A] - 1) * m.strides.d[A];
    m.strides.d[A] = -m.strides.d[A];
    return m;
  }
};

/// Broadcast to the extents E; run-time extents in `to`.
template <class E>
struct BroadcastTo {
  static constexpr bool repeats = true;
  E to{};
  TENON_FN static Dims static_dims(const Dims&) { return E::static_dims(); }
  TENON_FN StridedMap apply(StridedMap m) const {
    m.broadcast_to(to.dims());
    return m;
  }
};

/// The diagonal of axes A < B, as a new last axis.
template <int A, int B>
struct Diagonal {
  index_t k = 0;  // above the main diagonal when positive
  TENON_FN static Dims without(const Dims& e, index_t last) {
    Dims r;
    for (int i = 0; i < e.rank; ++i)
      if (i != A && i != B) r.push(e.d[i]);
    r.push(last);
    return r;
  }
  TENON_FN static Dims static_dims(const Dims& e) { return without(e, dyn); }
  TENON_FN StridedMap apply(const StridedMap& m) const {
    const index_t rows = m.extents.d[A], cols = m.extents.d[B];
    if (k <= -rows || k >= cols)  // empty; never point past the end
      return {without(m.extents, 0), without(m.strides, m.strides.d[A] + m.strides.d[B]), m.offset};
    const index_t down = k < 0 ? -k : 0, along = k > 0 ? k : 0;
    const index_t n = rows - down < cols - along ? rows - down : cols - along;
    const index_t skipped = down * m.strides.d[A] + along * m.strides.d[B];
    return {without(m.extents, n), without(m.strides, m.strides.d[A] + m.strides.d[B]), m.offset + skipped};
  }
};

/// Windows of W elements along axis A, S apart: the axis counts windows, a new last axis walks inside one.
template <int A, index_t W, index_t S, index_t Dilation = 1>
struct Window {
  static constexpr bool repeats = true;
  TENON_FN static index_t count(index_t n) {
    constexpr index_t reach = (W - 1) * Dilation + 1;
    return n == dyn ? dyn : n < reach ? 0 : (n - reach) / S + 1;
  }
  TENON_FN static Dims static_dims(Dims e) {
    e.d[A] = count(e.d[A]);
    e.push(W);
    return e;
  }
  TENON_FN static StridedMap apply(StridedMap m) {
    const index_t s = m.strides.d[A];
    m.extents.d[A] = count(m.extents.d[A]);
    m.strides.d[A] = s * S;
    m.extents.push(W);
    m.strides.push(s * Dilation);
    return m;
  }
};

}  // namespace move

}  // namespace TENON_ABI
}  // namespace tenon
