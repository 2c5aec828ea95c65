// tenon/exec/cpu/row.hpp: the row kernel: a program applied along one axis, the only code compiled per expression.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every executor is made of row kernels: pointwise loops call one per row, reductions let it fill a buffer in the
// first-level cache, contractions let it apply prologues while packing and epilogues to a tile. So the number of
// kernels is the number of programs, not of programs times executors. Operands may have any stride along the row, but
// the loop in packs is compiled for contiguous ones and such as repeat one element: others go through buffers in the
// first-level cache.
#pragma once
#include <tenon/exec/cpu/registers.hpp>
#include <tenon/exec/loops.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

/// Computes n elements: operand k starts at `source[k]` and advances by `stride[k]` elements; `out` by `out_stride`.
using RowFunction = void (*)(void* out, index_t out_stride, const void* const* source, const index_t* stride,
                             index_t n);

/// As the stride of `out`: contiguous from a line of 64 bytes on, and not to be kept in the caches.
inline constexpr index_t past_caches = __PTRDIFF_MAX__;

namespace detail {

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
      const char* const p = static_cast<const char*>(ptr[J]) + packs * stride[J];
      return as_lanes_of<P>(load_lanes<V>(reinterpret_cast<const T*>(p)));
    } else {
      return as_lanes_of<P>(load_lanes<V>(static_cast<const T*>(ptr[J]) + i * stride[J]));
    }
  }
  // The leaf at an element, where no leaf repeats an element along the row (`all_advance`).
  template <int J, class V, class T>
  TENON_FN V in_row(index_t at) const {
    if constexpr (at_t<J, TypeList<L...>>::constant) {
      return tenon::detail::reg<J>(const_cast<Leaves*>(this)->splats);
    } else {
      return as_lanes_of<P>(load_lanes<V>(static_cast<const T*>(ptr[J]) + at));
    }
  }
  TENON_FN bool all_advance() const { return ((L::constant || stride[K] != 0) && ... && true); }
  // By so many packs of contiguous elements, by so many elements, by a row.
  TENON_FN void advance(index_t packs = 1) { (advance_one<K, L>(packs), ...); }
  TENON_FN void skip(index_t n) { (skip_one<K, L>(n), ...); }
  TENON_FN void next_row(const index_t* bytes) { (next_one<K, L>(bytes[K]), ...); }
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
  TENON_FN void skip_one(index_t n) {
    if constexpr (!Lo::constant)
      if (stride[J] != 0) ptr[J] = static_cast<const typename Lo::type*>(ptr[J]) + n;
  }
  template <int J, class Lo>
  TENON_FN void next_one(index_t bytes) {
    ptr[J] = static_cast<const char*>(ptr[J]) + bytes;
    splat_one<J, Lo>();
  }
  template <int J, class Lo>
  TENON_FN void splat_one() {
    using T = typename Lo::type;
    if constexpr (Lo::constant)
      tenon::detail::reg<J>(splats) = splat<register_t<T, P, W>>(static_cast<const T*>(ptr[J]));
  }
  template <int J, class Lo>
  TENON_FN void start_one(const void* p, index_t s) {
    using T = typename Lo::type;
    ptr[J] = p;
    stride[J] = Contiguous ? s & static_cast<index_t>(W * sizeof(T)) : s;
    splat_one<J, Lo>();
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

template <class List>
struct LoadTable;
template <class... L>
struct LoadTable<TypeList<L...>> {
  static constexpr index_t bytes[] = {static_cast<index_t>(sizeof(typename L::type))..., 0};
  static constexpr bool constant[] = {L::constant..., true};
  /// Bytes of W elements of any leaf, a register at least.
  static constexpr size_t lanes_bytes(int W) {
    index_t most = simd::native_bytes;
    for (const index_t b : bytes) most = b * W > most ? b * W : most;
    return static_cast<size_t>(most);
  }
  static bool all_unit(const index_t* stride) {
    for (int k = 0; k < static_cast<int>(sizeof...(L)); ++k)
      if (!constant[k] && stride[k] != 1) return false;
    return true;
  }
};
// The next pack of leaves.
template <class Leaves>
struct Next {
  const Leaves& leaves;
  template <int J, class V, class T>
  TENON_FN V operator()(Seq<J>, TypeTag<V>, TypeTag<T>) const {
    return leaves.template get<J, V, T>(1);
  }
};
// The last m < W elements, in registers; idle lanes repeat an element, so that they raise nothing the real ones would
// not.
template <class P, int W, class Leaves>
struct Last {
  const Leaves& leaves;
  index_t m;
  template <int J, class V, class T>
  TENON_FN V operator()(Seq<J> j, TypeTag<V> v, TypeTag<T> t) const {
    if constexpr (at_t<J, loads_of<P>>::constant) {
      return leaves(j, v, t);
    } else {
      alignas(simd::native_bytes) T elements[W];
      fill_up<W, sizeof(T)>(reinterpret_cast<char*>(elements), leaves.ptr[J], m);
      return as_lanes_of<P>(load_lanes<V>(elements));
    }
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
// Whether such a program's last elements fit into registers as they are.
template <class P, class Out, class List>
inline constexpr bool ends_in_registers = false;
template <class P, class Out, class... L>
inline constexpr bool ends_in_registers<P, Out, TypeList<L...>> =
    goes_in_pairs<P> && sizeof(Out) * lanes_of<P> <= simd::native_bytes&& is_word(sizeof(Out)) &&
    ((is_word(sizeof(typename L::type)) && sizeof(typename L::type) * lanes_of<P> <= simd::native_bytes) && ... &&
     true);

// Packs of contiguous elements or, where the mask is 0, of one pack. Elements that fill no pack are the end of one that
// overlaps the last whole one; it is computed before any other, as they may be written where it reads, and stored after
// all. Of less than a pack operands are staged. At most two rounds through one loop body: that pack, then whole ones.
template <class P, class Out>
[[gnu::noinline]] void row_of_packs(void* target, const void* const* source, const index_t* mask, index_t n,
                                    bool streamed) {
  constexpr int W = lanes_of<P>;
  typename LeavesOf<P, W, true, loads_of<P>>::type leaves;
  leaves.start(source, mask);
  Out* const first = static_cast<Out*>(target);
  const index_t tail = static_cast<index_t>(static_cast<size_t>(n) % W);
  alignas(simd::native_bytes) char buffer[P::loads + 1][LoadTable<loads_of<P>>::lanes_bytes(W)];
  alignas(simd::native_bytes) Out staged[W];
  auto at = leaves;  // its own pointers, which keeps the loop short
  Out* out = first;
  index_t end = n - tail;
  bool streams = streamed;
  const auto put = [&](index_t i, const auto& load) __attribute__((always_inline)) {
    Machine<P, W> machine;
    machine.run(load);
    const auto v = in_order<P>(machine.result());
    if constexpr (simd::is_pack<bare_t<decltype(v)>> && sizeof(v) == simd::native_bytes &&
                  sizeof(Out) * W == sizeof(v)) {
      if (streams) {
        stream(out + i, v);
        return;
      }
    }
    store_lanes(out + i, v);
  };
  if (tail > 0) {
    streams = false;
    out = staged;
    if constexpr (ends_in_registers<P, Out, loads_of<P>>) {
      if (n < W) {
        put(0, Last<P, W, decltype(leaves)>{leaves, tail});
        return store_first(first, staged, tail);
      }
    }
    if (n < W)
      at.stage(buffer, tail);
    else
      at.skip(n - W);
    end = W;
  }
  for (;;) {
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
    if (n < W) return store_first(first, staged, tail);
    if (out == first) break;
    at = leaves;
    out = first;
    end = n - tail;
    streams = streamed;
  }
  __builtin_memcpy(static_cast<void*>(first + (n - W)), staged, sizeof(staged));
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

struct RowsApart;
// A row of packs without its types.
struct PackedRow {
  void (*run)(void* out, const void* const* source, const index_t* mask, index_t n, bool streamed);
  void (*rows)(void* out, const void* const* source, const index_t* mask, index_t n, const RowsApart& apart);
  const index_t* bytes;
  const bool* constant;
  int loads;
  index_t out_bytes, lanes;
};
// The masks of a kernel whose operands are all contiguous.
struct Masks {
  index_t all[max_operands];
  constexpr Masks() : all{} {
    for (index_t& m : all) m = -1;
  }
};
inline constexpr Masks contiguous{};

// Rows with other strides than 1. Of an element that repeats the kernel is given one register full; what is strided
// goes through a buffer, as many elements at once as fit.
[[gnu::noinline]] inline void staged_row(const PackedRow& kernel, void* out, index_t out_stride,
                                         const void* const* source, const index_t* stride, index_t n) {
  alignas(alignment) char buffer[staging_bytes];
  alignas(alignment) char repeated[max_operands * simd::native_bytes];
  const void* from[max_operands];
  index_t mask[max_operands];
  bool staged[max_operands];
  const bool direct = out_stride == 1 || out_stride == past_caches;
  index_t each = direct ? 0 : kernel.out_bytes, full = 0;
  for (int k = 0; k < kernel.loads; ++k) {
    const index_t bytes = kernel.bytes[k], room = bytes * kernel.lanes;
    const index_t register_full = room < simd::native_bytes ? simd::native_bytes : room;
    const bool repeats = !kernel.constant[k] && stride[k] == 0 && n > 1 &&
                         full + register_full <= static_cast<index_t>(sizeof(repeated));
    staged[k] = !kernel.constant[k] && !repeats && stride[k] != 1 && n > 1;
    from[k] = repeats ? repeated + full : source[k];
    mask[k] = repeats ? 0 : -1;
    if (staged[k]) each += bytes;
    if (!repeats) continue;
    repeat_element(repeated + full, source[k], bytes, kernel.lanes);
    full += register_full;
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

template <class P, class Out>
inline constexpr PackedRow packed_row = {
    row_of_packs<P, Out>, nullptr,    LoadTable<loads_of<P>>::bytes, LoadTable<loads_of<P>>::constant, P::loads,
    sizeof(Out),          lanes_of<P>};

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
