// tenon/exec/cpu/row.hpp: the row kernel: a program applied along one axis, the only code compiled per expression.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every executor is made of row kernels: pointwise loops call one per row, reductions let it fill a buffer in the
// first-level cache, contractions let it apply prologues while packing and epilogues to a tile. So the number of
// kernels is the number of programs, not of programs times executors. Operands may have any stride along the row, but
// the loop in packs is compiled for contiguous ones and such as repeat one element: others go through buffers in the
// first-level cache.
#pragma once
#include <tenon/exec/cpu/stage.hpp>
#include <tenon/exec/loops.hpp>
#include <tenon/expr/program.hpp>
#include <tenon/simd/half.hpp>
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
    return simd::load_floats<V>(p);
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
    simd::store_floats(p, v);
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

// The leaves of a program: constants splat once before the loop, the rest loaded element by element (W = 1) or, with
// Contiguous, pack by pack, where a leaf may stay at the same one.
template <class P, int W, bool Contiguous, class S, class... L>
struct Leaves;
template <class P, int W, bool Contiguous, int... K, class... L>
struct Leaves<P, W, Contiguous, Seq<K...>, L...> {
  static constexpr int size = static_cast<int>(sizeof...(L));
  const void* ptr[size + 1];
  index_t stride[size + 1];  // in elements; if Contiguous, from pack to pack in bytes, or 0
  tenon::detail::RegisterFile<Seq<K...>, typename SplatOf<typename L::type, L::constant, P, W>::type...> splats;
  index_t i = 0;

  TENON_FN void start(const void* const* source, const index_t* strides) {
    (start_one<K, L>(source[K], strides[K]), ...);
  }
  template <int J, class V, class T>
  TENON_FN V operator()(Seq<J>, TypeTag<V>, TypeTag<T>) const {
    return get<J, V, T>(0);
  }
  // The leaf in the pack that is so many after this one.
  template <int J, class V, class T>
  TENON_FN V get(index_t packs) const {
    if constexpr (at_t<J, TypeList<L...>>::constant) {
      return tenon::detail::reg<J>(const_cast<Leaves*>(this)->splats);
    } else if constexpr (Contiguous) {
      return load_lanes<V>(reinterpret_cast<const T*>(static_cast<const char*>(ptr[J]) + packs * stride[J]));
    } else {
      return load_lanes<V>(static_cast<const T*>(ptr[J]) + i * stride[J]);
    }
  }
  // By so many packs of contiguous elements.
  TENON_FN void advance(index_t packs = 1) { (advance_one<K, L>(packs), ...); }
  // The last m < W elements, staged so that whole lanes can be loaded: nothing past the end is read.
  template <int Bytes>
  TENON_FN void stage(char (*buffer)[Bytes], index_t m) {
    (stage_one<K, L>(buffer[K], m), ...);
  }

 private:
  template <int J, class Lo>
  TENON_FN void advance_one(index_t packs) {
    if constexpr (!Lo::constant) ptr[J] = static_cast<const char*>(ptr[J]) + packs * stride[J];
  }
  template <int J, class Lo>
  TENON_FN void start_one(const void* p, index_t s) {
    using T = typename Lo::type;
    ptr[J] = p;
    stride[J] = Contiguous ? s & static_cast<index_t>(W * sizeof(T)) : s;
    if constexpr (Lo::constant) {
      tenon::detail::reg<J>(splats) = splat<register_t<T, P, W>>(static_cast<const T*>(p));
    }
  }
  template <int J, class Lo>
  TENON_FN void stage_one(char* buffer, index_t m) {
    if constexpr (!Lo::constant) {
      using T = typename Lo::type;
      // Idle lanes repeat an element, so that they raise nothing the real ones would not.
      fill_up<W, sizeof(T)>(buffer, ptr[J], m);
      ptr[J] = buffer;
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

// The next pack of leaves.
template <class Leaves>
struct Next {
  const Leaves& leaves;
  template <int J, class V, class T>
  TENON_FN V operator()(Seq<J>, TypeTag<V>, TypeTag<T>) const {
    return leaves.template get<J, V, T>(1);
  }
};
// Whether packs go two at a time: of a short program counting would take more instructions than the work.
template <class I>
inline constexpr int cost_of = 0;
template <class Op, class T, bool A, int... Back>
inline constexpr int cost_of<Call<Op, T, A, Back...>> = Op::cost;
template <class P>
inline constexpr bool goes_in_pairs = false;
template <class... I>
inline constexpr bool goes_in_pairs<Program<I...>> = (cost_of<I> + ... + 0) <= 4;

// Packs of contiguous elements or, where the mask is 0, of one pack. At most two rounds through one loop body: whole
// packs in place, then the staged tail.
template <class P, class Out>
[[gnu::noinline]] void row_of_packs(void* target, const void* const* source, const index_t* mask, index_t n,
                                    bool streamed) {
  constexpr int W = lanes_of<P>;
  typename LeavesOf<P, W, true, loads_of<P>>::type leaves;
  leaves.start(source, mask);
  Out *const first = static_cast<Out*>(target), *out = first;
  const index_t tail = n % W;
  alignas(simd::native_bytes) char buffer[P::loads + 1][simd::native_bytes];
  alignas(simd::native_bytes) Out staged[W];
  index_t end = n - tail;
  for (bool in_tail = false;; in_tail = true) {
    auto at = leaves;  // its own pointers, which keeps the loop short
    const auto put = [&](index_t i, const auto& load) __attribute__((always_inline)) {
      Machine<P, W> machine;
      machine.run(load);
      const auto v = machine.result();
      if constexpr (sizeof(v) == simd::native_bytes && sizeof(Out) * W == sizeof(v)) {
        if (streamed) {
          stream(out + i, v);
          return;
        }
      }
      store_lanes(out + i, v);
    };
    index_t i = 0;
    if constexpr (goes_in_pairs<P>)
      for (; i + 2 * W <= end; i += 2 * W) {
        put(i, at);
        put(i + W, Next<decltype(at)>{at});
        at.advance(2);
      }
    for (; i < end; i += W) {
      put(i, at);
      at.advance();
    }
    if (tail == 0) return;
    if (in_tail) break;
    streamed = false;
    leaves.advance(end / W);
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
void row_of_elements(Out* out, index_t out_stride, const void* const* source, const index_t* stride, index_t n) {
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
  void (*run)(void* out, const void* const* source, const index_t* mask, index_t n, bool streamed);
  const index_t* bytes;
  const bool* constant;
  int loads;
  index_t out_bytes;
};
// The masks of a kernel whose operands are all contiguous.
struct Masks {
  index_t all[max_operands];
  constexpr Masks() : all{} {
    for (index_t& m : all) m = -1;
  }
};
inline constexpr Masks contiguous{};

// Registers full of elements that are so many bytes apart.
template <int Bytes>
TENON_INLINE void repeat_elements(char* to, const char* from, index_t by, index_t n) {
  using V = simd::native<simd::int_of<Bytes>>;
  for (index_t i = 0; i < n; ++i, to += sizeof(V), from += by) {
    const V v = simd::broadcast<V>(*reinterpret_cast<const Word<Bytes>*>(from));
    __builtin_memcpy(to, &v, sizeof(v));
  }
}
inline void repeat_elements(char* to, const char* from, index_t by, index_t bytes, index_t n) {
  if (bytes == 4)
    repeat_elements<4>(to, from, by, n);
  else if (bytes == 8)
    repeat_elements<8>(to, from, by, n);
  else if (bytes == 2)
    repeat_elements<2>(to, from, by, n);
  else
    repeat_elements<1>(to, from, by, n);
}
// Rows with other strides than 1. Of an element that repeats the kernel is given one register full; what is strided
// goes through a buffer, as many elements at once as fit.
[[gnu::noinline]] inline void staged_row(const PackedRow& kernel, void* out, index_t out_stride,
                                         const void* const* source, const index_t* stride, index_t n) {
  alignas(alignment) char buffer[staging_bytes];
  alignas(alignment) char repeated[max_operands][simd::native_bytes];
  const void* from[max_operands];
  index_t mask[max_operands];
  bool staged[max_operands];
  const bool direct = out_stride == 1 || out_stride == past_caches;
  index_t each = direct ? 0 : kernel.out_bytes;
  for (int k = 0; k < kernel.loads; ++k) {
    const index_t bytes = kernel.bytes[k];
    const bool repeats = !kernel.constant[k] && stride[k] == 0 && n > 1;
    staged[k] = !kernel.constant[k] && stride[k] != 1 && stride[k] != 0;
    from[k] = repeats ? repeated[k] : source[k];
    mask[k] = repeats ? 0 : -1;
    if (staged[k]) each += bytes;
    if (repeats) repeat_elements(repeated[k], static_cast<const char*>(source[k]), 0, bytes, 1);
  }
  if (each == 0) return kernel.run(out, from, mask, n, out_stride == past_caches);
  index_t most = staging_bytes / each;
  if (most > 64) most = most / 64 * 64;
  for (index_t at = 0; at < n; at += most) {
    const index_t m = n - at < most ? n - at : most;
    char* place = buffer;
    for (int k = 0; k < kernel.loads; ++k) {
      if (kernel.constant[k] || mask[k] == 0) continue;
      from[k] = static_cast<const char*>(source[k]) + at * stride[k] * kernel.bytes[k];
      if (!staged[k]) continue;
      gather(place, from[k], kernel.bytes[k], {stride[k], m, 0, 1});
      from[k] = place;
      place += most * kernel.bytes[k];
    }
    if (direct) {
      kernel.run(static_cast<char*>(out) + at * kernel.out_bytes, from, mask, m, false);
    } else {
      kernel.run(place, from, mask, m, false);
      scatter(static_cast<char*>(out) + at * out_stride * kernel.out_bytes, place, kernel.out_bytes,
              {out_stride, m, 0, 1});
    }
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
    detail::row_of_packs<P, Out>(out, source, detail::contiguous.all, n, out_stride == past_caches);
  } else {
    detail::staged_row(detail::packed_row<P, Out>, out, out_stride, source, stride, n);
  }
}

/// The same element by element, for a few elements: packs of them would wait for memory, which holds them one by one.
template <class P, class Out>
void few_elements(void* out, index_t out_stride, const void* const* source, const index_t* stride, index_t n) {
  detail::row_of_elements<P>(static_cast<Out*>(out), out_stride, source, stride, n);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
