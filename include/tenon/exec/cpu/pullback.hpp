// tenon/exec/cpu/pullback.hpp: the reverse sweep of a program: one loop, partials in registers, adjoints accumulated.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For each pack of elements the program runs forward again, then its instructions in reverse: each multiplies its
// adjoint by its partials. An active leaf adds to its adjoint in memory; where it is strided or broadcast along the
// row, through a buffer, by code that all programs share. What only reaches the result through ops without derivative
// (a comparison, a floor) is not pulled back at all. One leaf of the result's own extents may get its adjoint in place:
// written over what is there, which may be the result's adjoint.
#pragma once
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/exec/cpu/wanted.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

struct NoAdjoint {};

template <class I, class P, int W, bool Active>
struct AdjointOf {
  using type = register_t<typename I::type, P, W>;
};
template <class I, class P, int W>
struct AdjointOf<I, P, W, false> {
  using type = NoAdjoint;
};

template <class I>
inline constexpr bool is_number = false;
template <class T, bool A>
inline constexpr bool is_number<Load<T, true, A>> = true;

// How adjoints are pulled back: all added to what is there.
struct AllAdded {
  static constexpr int in_place = -1;
  static constexpr bool from_output = false;
};
// That of load At written, not added. FromOutput: in place of that leaf is the program's result, which is enough.
template <int At, bool FromOutput>
struct OneInPlace {
  static constexpr int in_place = At;
  static constexpr bool from_output = FromOutput;
};

template <class P, int W, class How, class Instructions = make_seq<P::size>>
struct RowPull;
template <class... I, int W, class How, int... N>
struct RowPull<Program<I...>, W, How, Seq<N...>> {
  using P = Program<I...>;
  template <int K>
  static constexpr bool wanted = Wanted<P, W>::table.wanted[K];
  using List = TypeList<I...>;
  Machine<P, W> machine;
  using Registers = Seq<N...>;
  tenon::detail::RegisterFile<Registers, typename AdjointOf<I, P, W, wanted<N>>::type...> adjoints;
  // Of numbers, over the row.
  tenon::detail::RegisterFile<Registers, typename AdjointOf<I, P, W, is_number<I> && wanted<N>>::type...> sums;
  void* const* target;    // of each load: the adjoint of the row's first element, null when nobody wants it
  const index_t* stride;  // of each load, in elements
  index_t at = 0, lanes = W;

  template <class L>
  TENON_FN void forward(const L& leaves) {
    if constexpr (How::from_output) {
      machine.template run_some<KnownOf<P, How::in_place>>(leaves);
      machine.result() = machine.template at<load_instruction<P>(How::in_place)>();
    } else {
      machine.run(leaves);
    }
  }
  TENON_FN void start() { (start_one(tenon::detail::reg<N>(sums)), ...); }
  TENON_FN void run() { (back<P::size - 1 - N>(static_cast<at_t<P::size - 1 - N, List>*>(nullptr)), ...); }
  TENON_FN void finish() { (finish_one<N, I>(tenon::detail::reg<N>(sums)), ...); }

 private:
  template <int K>
  TENON_FN auto& adjoint() {
    return tenon::detail::reg<K>(adjoints);
  }
  template <int K, class Op, class T, bool A, int... Back>
  TENON_FN void back(Call<Op, T, A, Back...>*) {
    if constexpr (wanted<K>) {
      if constexpr (tenon::detail::is_cast<Op>) {
        constexpr int from = (K - ... - Back);
        using V = bare_t<decltype(adjoint<from>())>;
        if constexpr (simd::is_pack<V>) {
          adjoint<from>() = simd::convert<simd::lane_t<V>>(adjoint<K>());
        } else if constexpr (in_lanes<V>) {
          adjoint<from>() = apply<op::Cast<simd::lane_t<base_t<V>>>>(adjoint<K>());
        } else if constexpr (is_plain<V>) {
          adjoint<from>() = static_cast<V>(adjoint<K>());
        } else {
          adjoint<from>() = convert_element<V>(adjoint<K>());
        }
      } else {
        const auto p = partials_of<Op>(machine.template at<K>(), machine.template at<K - Back>()...);
        distribute<K, Back...>(p, make_seq<static_cast<int>(sizeof...(Back))>{});
      }
    }
  }
  template <int K, class T, bool C, bool A>
  TENON_FN void back(Load<T, C, A>*) {
    if constexpr (wanted<K>) accumulate<K, C>(adjoint<K>());
  }
  template <int K, int... Back, class Q, int... J>
  TENON_FN void distribute(const Q& p, Seq<J...>) {
    (give<K - Back>(partial<J>(p), adjoint<K>()), ...);
  }
  template <int To, class Q, class G>
  TENON_FN void give(const Q& q, const G& g) {
    if constexpr (wanted<To>) adjoint<To>() = settled<bare_t<decltype(adjoint<To>())>>(apply<op::Multiply>(q, g));
  }
  template <class V, class X>
  TENON_FN static V settled(const X& x) {
    if constexpr (__is_same(V, X)) {
      return x;
    } else if constexpr (simd::is_pack<X> && simd::is_pack<V>) {
      return __builtin_convertvector(x, V);
    } else {
      return V(x);
    }
  }

  template <int K, bool Constant, class V>
  TENON_FN void accumulate(V g) {
    constexpr int j = P::load_index(K);
    if (!target[j]) return;
    using T = compute_t<typename at_t<K, List>::type>;
    if constexpr (!in_lanes<V>) {
      V* to = static_cast<V*>(target[j]) + (Constant ? 0 : at * stride[j]);
      *to = j == How::in_place ? g : static_cast<V>(apply<op::Add>(*to, g));
    } else if constexpr (j == How::in_place) {
      T* const to = static_cast<T*>(target[j]) + at;
      if (lanes == W) return store_lanes(to, in_order<P>(g));
      __builtin_memset(static_cast<void*>(to), 0, static_cast<size_t>(lanes) * sizeof(T));
      add_lanes(to, in_order<P>(g), lanes);
    } else if constexpr (Constant) {
      auto& sum = tenon::detail::reg<K>(sums);
      if (lanes < W) g = each_part(g, [this](const auto& v) { return first_of(v, lanes); });
      sum = V(apply<op::Add>(sum, g));
    } else {
      add_lanes(static_cast<T*>(target[j]) + at, in_order<P>(g), lanes);
    }
  }
  template <class V>
  TENON_FN static V first_of(const V& v, index_t lanes) {
    return simd::select(as_lanes_of<P>(simd::first_lanes<V>(lanes)), v, V{});
  }
  template <class V>
  TENON_FN static void start_one(V& v) {
    v = V{};
  }
  template <int K, class In, class V>
  TENON_FN void finish_one(const V& v) {
    if constexpr (in_lanes<V>) {
      constexpr int j = P::load_index(K);
      if (target[j]) add_sums(static_cast<simd::lane_t<base_t<V>>*>(target[j]), v, parts_sequence<V>{});
    }
  }
  template <class T, class V, int... J>
  TENON_FN static void add_sums(T* to, const V& v, simd::detail::Ints<J...>) {
    ((to[J] += simd::reduce_add(part<J>(v))), ...);
  }
};

// Contiguous elements; `source`: the leaves followed by their adjoints.
template <class P, class How = AllAdded>
[[gnu::noinline]] void pull_of_packs(const void* g, const void* const* source, index_t n) {
  constexpr int W = lanes_of<P>;
  using G = register_t<typename P::result, P, W>;
  typename LeavesOf<P, W, true, loads_of<P>>::type leaves;
  leaves.start(source, contiguous.all);
  alignas(simd::native_bytes) char buffer[P::loads + 1][LoadTable<loads_of<P>>::lanes_bytes(W)];
  void* target[P::loads + 1];
  for (int k = 0; k < P::loads; ++k) target[k] = const_cast<void*>(source[P::loads + k]);
  RowPull<P, W, How> pull;
  pull.target = target;
  pull.start();
  const auto* from = static_cast<const compute_t<typename P::result>*>(g);
  for (index_t at = 0; at < n; at += W) {
    const index_t m = n - at < W ? n - at : W;
    if (m < W) leaves.stage(buffer, m);
    pull.forward(leaves);
    leaves.advance();
    pull.at = at;
    pull.lanes = m;
    tenon::detail::reg<P::size - 1>(pull.adjoints) =
        as_lanes_of<P>(m == W ? load_lanes<G>(from + at) : load_some<G>(from + at, m));
    pull.run();
  }
  pull.finish();
}
template <class P, class How>
void pull_of_elements(const void* g, index_t g_stride, const void* const* source, const index_t* stride, index_t n) {
  using G = register_t<typename P::result, P, 1>;
  typename LeavesOf<P, 1, false, loads_of<P>>::type leaves;
  leaves.start(source, stride);
  void* target[P::loads + 1];
  for (int k = 0; k < P::loads; ++k) target[k] = const_cast<void*>(source[P::loads + k]);
  RowPull<P, 1, How> pull;
  pull.target = target;
  pull.stride = stride;
  for (index_t at = 0; at < n; ++at) {
    leaves.i = pull.at = at;
    pull.forward(leaves);
    tenon::detail::reg<P::size - 1>(pull.adjoints) = static_cast<const G*>(g)[at * g_stride];
    pull.run();
  }
}

// to[i * stride] += from[i], of elements of so many numbers.
template <class T>
void add_strided(T* to, index_t stride, const T* from, index_t n, index_t parts) {
  if (stride == 1) {
    using V = simd::native<T>;
    index_t i = 0;
    for (n *= parts; i + simd::lanes<V> <= n; i += simd::lanes<V>)
      simd::store(to + i, simd::load<V>(to + i) + simd::load<V>(from + i));
    for (; i < n; ++i) to[i] += from[i];
    return;
  }
  for (index_t k = 0; k < parts; ++k) {
    T sum = 0;
    for (index_t i = 0; i < n; ++i) {
      if (stride == 0)
        sum += from[i * parts + k];
      else
        to[i * stride * parts + k] += from[i * parts + k];
    }
    if (stride == 0) to[k] += sum;
  }
}

// The same without the type: elements of `bytes` bytes are so many numbers, float or double.
inline void add_numbers(char* to, index_t stride, const void* from, index_t n, index_t bytes, index_t parts) {
  if (bytes == 4 * parts)
    add_strided(reinterpret_cast<float*>(to), stride, static_cast<const float*>(from), n, parts);
  else
    add_strided(reinterpret_cast<double*>(to), stride, static_cast<const double*>(from), n, parts);
}

// A pull of packs without its types. Adjoints are of one or more numbers, float or double.
struct PackedPull {
  void (*run)(const void* g, const void* const* source, index_t n);
  const index_t *bytes, *adjoint_bytes, *adjoint_parts;
  const bool* constant;
  int loads;
  index_t g_bytes;
  int in_place;  // the load whose adjoint is written, -1: none
};
// Whether adjoints overlap other than element on element, as those of neighbours in a field do. A pack would be loaded
// that consists of parts of packs stored just before, and processors wait for those.
inline bool adjoints_are_shifted(const PackedPull& kernel, const void* const* source, index_t n) {
  for (int k = 1; k < kernel.loads; ++k) {
    const char* const a = static_cast<const char*>(source[kernel.loads + k]);
    if (!a || kernel.constant[k]) continue;
    for (int l = 0; l < k; ++l) {
      const char* const b = static_cast<const char*>(source[kernel.loads + l]);
      if (!b || kernel.constant[l] || a == b) continue;
      if (a < b + n * kernel.adjoint_bytes[l] && b < a + n * kernel.adjoint_bytes[k]) return true;
    }
  }
  return false;
}
// Rows with other strides than 1, or `apart` all: as many elements at once as fit into the buffer, whose adjoints are
// added up after.
[[gnu::noinline]] inline void staged_pull(const PackedPull& kernel, const void* g, index_t g_stride,
                                          const void* const* source, const index_t* stride, index_t n,
                                          bool apart = false) {
  index_t each = g_stride == 1 ? 0 : kernel.g_bytes;
  for (int k = 0; k < kernel.loads; ++k)
    if (!kernel.constant[k] && (apart || stride[k] != 1))
      each += (stride[k] != 1 ? kernel.bytes[k] : 0) + (source[kernel.loads + k] ? kernel.adjoint_bytes[k] : 0);
  index_t most = staging_bytes / (each > 0 ? each : 1);
  if (most > 64) most = most / 64 * 64;
  alignas(alignment) char buffer[staging_bytes];
  const void* from[max_operands];
  for (index_t at = 0; at < n; at += most) {
    const index_t m = n - at < most ? n - at : most;
    char* place = buffer;
    // Elements of 8 bytes or several times 8 first, so that all are aligned.
    for (index_t unit = 8; unit > 0; unit /= 2) {
      for (int k = 0; k < kernel.loads; ++k) {
        const void* const adjoint = source[kernel.loads + k];
        const bool here = kernel.constant[k] || stride[k] == 1;
        if (const index_t size = kernel.bytes[k]; unit_of(size) == unit) {
          from[k] = kernel.constant[k] ? source[k] : static_cast<const char*>(source[k]) + at * stride[k] * size;
          if (!here) {
            gather(place, from[k], size, {stride[k], m, 0, 1});
            from[k] = place;
            place += most * size;
          }
        }
        if (const index_t size = kernel.adjoint_bytes[k]; unit_of(size) == unit) {
          from[kernel.loads + k] =
              !adjoint || kernel.constant[k] ? adjoint : static_cast<const char*>(adjoint) + at * stride[k] * size;
          if (adjoint && !kernel.constant[k] && (apart || !here)) {
            __builtin_memset(place, 0, static_cast<size_t>(m * size));
            from[kernel.loads + k] = place;
            place += most * size;
          }
        }
      }
      if (const index_t size = kernel.g_bytes; g_stride != 1 && unit_of(size) == unit) {
        gather(place, static_cast<const char*>(g) + at * g_stride * size, size, {g_stride, m, 0, 1});
        from[2 * kernel.loads] = place;
        place += most * size;
      }
    }
    if (g_stride == 1) from[2 * kernel.loads] = static_cast<const char*>(g) + at * kernel.g_bytes;
    kernel.run(from[2 * kernel.loads], from, m);
    for (int k = 0; k < kernel.loads; ++k) {
      char* const adjoint = static_cast<char*>(const_cast<void*>(source[kernel.loads + k]));
      if (!adjoint || kernel.constant[k] || (stride[k] == 1 && !apart)) continue;
      const void* const sums = from[kernel.loads + k];
      const index_t size = kernel.adjoint_bytes[k], parts = kernel.adjoint_parts[k];
      char* const to = adjoint + at * stride[k] * size;
      if (k == kernel.in_place)
        scatter(to, sums, size, {stride[k], m, 0, 1});
      else
        add_numbers(to, stride[k], sums, m, size, parts);
    }
  }
}

template <class List>
struct AdjointTable;
template <class... L>
struct AdjointTable<TypeList<L...>> {
  static constexpr index_t bytes[] = {static_cast<index_t>(sizeof(compute_t<typename L::type>))..., 0};
  static constexpr index_t parts[] = {parts_of<compute_t<typename L::type>>..., 0};
};
template <class P, class How>
inline constexpr PackedPull packed_pull = {pull_of_packs<P, How>,
                                           LoadTable<loads_of<P>>::bytes,
                                           AdjointTable<loads_of<P>>::bytes,
                                           AdjointTable<loads_of<P>>::parts,
                                           LoadTable<loads_of<P>>::constant,
                                           P::loads,
                                           sizeof(compute_t<typename P::result>),
                                           How::in_place};

// As a RowFunction: `g` is the row of the output's adjoint, `source` the leaves followed by their adjoints.
template <class P, class How = AllAdded>
void row_pull(void* g, index_t g_stride, const void* const* source, const index_t* stride, index_t n) {
  if constexpr (lanes_of<P> == 1) {
    pull_of_elements<P, How>(g, g_stride, source, stride, n);
  } else if (g_stride == 1 && LoadTable<loads_of<P>>::all_unit(stride)) {
    if (P::loads > 1 && adjoints_are_shifted(packed_pull<P, How>, source, n))
      staged_pull(packed_pull<P, How>, g, 1, source, stride, n, true);
    else
      pull_of_packs<P, How>(g, source, n);
  } else {
    staged_pull(packed_pull<P, How>, g, g_stride, source, stride, n);
  }
}

}  // namespace detail

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
