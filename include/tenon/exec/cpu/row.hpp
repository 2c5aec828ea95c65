// tenon/exec/cpu/row.hpp: the row kernel: a program applied along one axis, the only code compiled per expression.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every executor is made of row kernels: pointwise loops call one per row, reductions let it fill a buffer in the
// first-level cache, contractions let it apply prologues while packing and epilogues to a tile. So the number of
// kernels is the number of programs, not of programs times executors. Operands may have any stride along the row, but
// the loop in packs is compiled for contiguous ones: others go through buffers in the first-level cache.
#pragma once
#include <tenon/exec/cpu/stage.hpp>
#include <tenon/expr/program.hpp>
#include <tenon/simd/mask.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Computes n elements: operand k starts at `source[k]` and advances by `stride[k]` elements; `out` by `out_stride`.
using RowFunction = void (*)(void* out, index_t out_stride, const void* const* source, const index_t* stride,
                             index_t n);

/// As the stride of `out`: contiguous from a line of 64 bytes on, and not to be kept in the caches.
inline constexpr index_t past_caches = __PTRDIFF_MAX__;

namespace detail {

// Lanes from storage type T to a register V: masks from bool, float from 16-bit floats.
template <class V, class T>
TENON_FN V load_lanes(const T* p) {
  if constexpr (!simd::is_pack<V>) {
    return static_cast<V>(*p);
  } else if constexpr (is_bool<T>) {
    return simd::load_as<V>(p) != V{};
  } else if constexpr (!__is_same(compute_t<T>, T)) {
    V v{};
    for (int i = 0; i < simd::lanes<V>; ++i) v[i] = static_cast<float>(p[i]);
    return v;
  } else {
    return simd::load<V>(p);
  }
}
template <class V, class T>
TENON_FN V splat(const T* p) {
  if constexpr (!simd::is_pack<V>) {
    return static_cast<V>(*p);
  } else if constexpr (is_bool<T>) {
    return simd::broadcast<V>(static_cast<simd::lane_t<V>>(*p ? -1 : 0));
  } else {
    return simd::broadcast<V>(static_cast<simd::lane_t<V>>(*p));
  }
}
// A register V to storage type T.
template <class T, class V>
TENON_FN void store_lanes(T* p, V v) {
  if constexpr (!simd::is_pack<V>) {
    *p = static_cast<T>(v);
  } else if constexpr (is_bool<T>) {
    auto bytes = __builtin_convertvector(-v, simd::rebind_t<V, signed char>);
    __builtin_memcpy(p, &bytes, sizeof(bytes));
  } else if constexpr (!__is_same(compute_t<T>, T)) {
    for (int i = 0; i < simd::lanes<V>; ++i) p[i] = static_cast<T>(v[i]);
  } else {
    simd::store(p, v);
  }
}

// W elements of so many bytes in a buffer: m < W from p on, and for the rest the first one again.
template <int W, int Bytes>
TENON_INLINE void fill_up(char* buffer, const void* p, index_t m) {
  using V = simd::pack<simd::int_of<Bytes>, W>;
  const auto* from = static_cast<const Word<Bytes>*>(p);
  const V v = simd::select(simd::first_lanes<V>(m), simd::load_partial<V>(from, m), simd::broadcast<V>(*from));
  __builtin_memcpy(buffer, &v, sizeof(v));
}

struct NoSplat {};
template <class T, bool Constant, class P, int W>
struct SplatOf {
  using type = NoSplat;
};
template <class T, class P, int W>
struct SplatOf<T, true, P, W> {
  using type = register_t<T, P, W>;
};

// The leaves of a program: constants splat once before the loop, the rest loaded at element i.
template <class P, int W, bool Contiguous, class S, class... L>
struct Leaves;
template <class P, int W, bool Contiguous, int... K, class... L>
struct Leaves<P, W, Contiguous, Seq<K...>, L...> {
  const void* ptr[sizeof...(L) + 1];
  index_t stride[sizeof...(L) + 1];
  tenon::detail::RegisterFile<Seq<K...>, typename SplatOf<typename L::type, L::constant, P, W>::type...> splats;
  index_t i = 0;

  TENON_FN void start(const void* const* source, const index_t* strides) {
    (start_one<K, L>(source[K], Contiguous ? 1 : strides[K]), ...);
  }
  template <int J, class V, class T>
  TENON_FN V operator()(Seq<J>, TypeTag<V>, TypeTag<T>) const {
    if constexpr (at_t<J, TypeList<L...>>::constant) {
      return tenon::detail::reg<J>(const_cast<Leaves*>(this)->splats);
    } else {
      const T* p = static_cast<const T*>(ptr[J]);
      if constexpr (Contiguous || W == 1) return load_lanes<V>(p + (Contiguous ? i : i * stride[J]));
      const index_t s = stride[J];
      if (s == 1) return load_lanes<V>(p + i);
      if (s == 0) return splat<V>(p);
      T lane[W];
      for (int l = 0; l < W; ++l) lane[l] = p[(i + l) * s];
      return load_lanes<V>(lane);
    }
  }
  // The last m < W elements, staged so that whole lanes can be loaded: nothing past the end is read.
  template <int Bytes>
  TENON_FN void stage(char (*buffer)[Bytes], index_t m) {
    (stage_one<K, L>(buffer[K], m), ...);
    i = 0;
  }

 private:
  template <int J, class Lo>
  TENON_FN void start_one(const void* p, index_t s) {
    ptr[J] = p;
    stride[J] = s;
    if constexpr (Lo::constant) {
      using T = typename Lo::type;
      tenon::detail::reg<J>(splats) = splat<register_t<T, P, W>>(static_cast<const T*>(p));
    }
  }
  template <int J, class Lo>
  TENON_FN void stage_one(char* buffer, index_t m) {
    if constexpr (!Lo::constant) {
      using T = typename Lo::type;
      // Idle lanes repeat an element, so that they raise nothing the real ones would not.
      if constexpr (Contiguous) {
        fill_up<W, sizeof(T)>(buffer, static_cast<const T*>(ptr[J]) + i, m);
      } else {
        const T* p = static_cast<const T*>(ptr[J]);
        T* b = reinterpret_cast<T*>(buffer);
        for (index_t l = 0; l < W; ++l) b[l] = p[(i + (l < m ? l : m - 1)) * stride[J]];
      }
      ptr[J] = buffer;
      stride[J] = 1;
    }
  }
};

template <class I, bool IsLoad = I::is_load>
struct IfLoad {
  using type = TypeList<>;
};
template <class I>
struct IfLoad<I, true> {
  using type = TypeList<I>;
};
template <class List>
struct LoadList;
template <class... I>
struct LoadList<TypeList<I...>> {
  using type = concat_t<typename IfLoad<I>::type...>;
};
template <class P, int W, bool Contiguous, class List>
struct LeavesOf;
template <class P, int W, bool Contiguous, class... L>
struct LeavesOf<P, W, Contiguous, TypeList<L...>> {
  using type = Leaves<P, W, Contiguous, make_seq<static_cast<int>(sizeof...(L))>, L...>;
};

}  // namespace detail

/// The Load instructions of a program, in order.
template <class P>
using loads_of = typename detail::LoadList<typename P::instructions>::type;

namespace detail {

// Packs of contiguous elements. At most two rounds through one loop body: whole packs in place, then the staged tail.
template <class P, class Out>
[[gnu::noinline]] void row_of_packs(void* target, const void* const* source, index_t n, bool streamed) {
  constexpr int W = lanes_of<P>;
  typename LeavesOf<P, W, true, loads_of<P>>::type leaves;
  leaves.start(source, nullptr);
  Out *const first = static_cast<Out*>(target), *out = first;
  const index_t tail = n % W;
  alignas(simd::native_bytes) char buffer[P::loads + 1][simd::native_bytes];
  alignas(simd::native_bytes) Out staged[W];
  index_t end = n - tail;
  for (bool in_tail = false;; in_tail = true) {
    for (index_t& i = leaves.i; i < end; i += W) {
      Machine<P, W> machine;
      machine.run(leaves);
      const auto v = machine.result();
      if constexpr (sizeof(v) == simd::native_bytes && sizeof(Out) * W == sizeof(v)) {
        if (streamed) {
          stream(out + i, v);
          continue;
        }
      }
      store_lanes(out + i, v);
    }
    if (tail == 0) return;
    if (in_tail) break;
    streamed = false;
    leaves.stage(buffer, tail);
    end = W;
    out = staged;
  }
  using V = simd::pack<simd::int_of<sizeof(Out)>, W>;
  V v;
  __builtin_memcpy(&v, staged, sizeof(v));
  simd::store_partial<V>(reinterpret_cast<Word<sizeof(Out)>*>(first + (n - tail)), v, tail);
}
template <class P, class Out>
[[gnu::noinline]] void row_of_elements(Out* out, index_t out_stride, const void* const* source, const index_t* stride,
                                       index_t n) {
  typename LeavesOf<P, 1, false, loads_of<P>>::type leaves;
  leaves.start(source, stride);
  for (index_t& i = leaves.i; i < n; ++i) {
    Machine<P, 1> machine;
    machine.run(leaves);
    store_lanes(out + i * out_stride, machine.result());
  }
}

// A row of packs without its types.
struct PackedRow {
  void (*run)(void* out, const void* const* source, index_t n, bool streamed);
  const index_t* bytes;
  const bool* constant;
  int loads;
  index_t out_bytes;
};
// Rows with other strides than 1: as many elements at once as fit into the buffer.
[[gnu::noinline]] inline void staged_row(const PackedRow& kernel, void* out, index_t out_stride,
                                         const void* const* source, const index_t* stride, index_t n) {
  if (out_stride == past_caches) out_stride = 1;
  index_t each = out_stride == 1 ? 0 : kernel.out_bytes;
  for (int k = 0; k < kernel.loads; ++k)
    if (!kernel.constant[k] && stride[k] != 1) each += kernel.bytes[k];
  index_t most = staging_bytes / (each > 0 ? each : 1);
  if (most > 64) most = most / 64 * 64;
  alignas(alignment) char buffer[staging_bytes];
  const void* from[128];
  for (index_t at = 0; at < n; at += most) {
    const index_t m = n - at < most ? n - at : most;
    char* place = buffer;
    for (int k = 0; k < kernel.loads; ++k) {
      from[k] = source[k];
      if (kernel.constant[k]) continue;
      from[k] = static_cast<const char*>(source[k]) + at * stride[k] * kernel.bytes[k];
      if (stride[k] == 1) continue;
      if (at == 0 || stride[k] != 0) gather(place, from[k], kernel.bytes[k], {stride[k], m, 0, 1});
      from[k] = place;
      place += most * kernel.bytes[k];
    }
    char* const to = static_cast<char*>(out) + at * out_stride * kernel.out_bytes;
    kernel.run(out_stride == 1 ? to : place, from, m, false);
    if (out_stride != 1) scatter(to, place, kernel.out_bytes, {out_stride, m, 0, 1});
  }
}

template <class List>
struct LoadTable;
template <class... L>
struct LoadTable<TypeList<L...>> {
  static constexpr index_t bytes[] = {static_cast<index_t>(sizeof(typename L::type))..., 0};
  static constexpr bool constant[] = {L::constant..., true};
  static bool all_unit(const index_t* stride) {
    for (int k = 0; k < static_cast<int>(sizeof...(L)); ++k)
      if (!constant[k] && stride[k] != 1) return false;
    return true;
  }
};
template <class P, class Out>
inline constexpr PackedRow packed_row = {row_of_packs<P, Out>, LoadTable<loads_of<P>>::bytes,
                                         LoadTable<loads_of<P>>::constant, P::loads, sizeof(Out)};

}  // namespace detail

/// Element size of each leaf of program P.
template <class P>
inline constexpr const index_t* load_bytes = detail::LoadTable<loads_of<P>>::bytes;

/// The row kernel of program P into elements of type Out.
template <class P, class Out>
void row(void* out, index_t out_stride, const void* const* source, const index_t* stride, index_t n) {
  if constexpr (lanes_of<P> == 1) {
    detail::row_of_elements<P>(static_cast<Out*>(out), out_stride == past_caches ? 1 : out_stride, source, stride, n);
  } else if ((out_stride == 1 || out_stride == past_caches) && detail::LoadTable<loads_of<P>>::all_unit(stride)) {
    detail::row_of_packs<P, Out>(out, source, n, out_stride == past_caches);
  } else {
    detail::staged_row(detail::packed_row<P, Out>, out, out_stride, source, stride, n);
  }
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
