// tenon/exec/cpu/pullback.hpp: the reverse sweep of a program: one loop, partials in registers, adjoints accumulated.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For each pack of elements the program runs forward again, then its instructions in reverse: each multiplies its
// adjoint by its partials. An active leaf adds to its adjoint in memory: lane by lane where it is strided, summed over
// the row where it was broadcast along it. What only reaches the result through ops without derivative (a comparison, a
// floor) is not pulled back at all.
#pragma once
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/ops/derivative.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

struct NoAdjoint {};

// Which instructions' adjoints are wanted: those that are active and reach the result through ops with derivatives.
template <class P, int W>
struct Wanted;
template <class... I, int W>
struct Wanted<Program<I...>, W> {
  using P = Program<I...>;
  static constexpr int size = P::size;
  struct Table {
    bool wanted[size] = {};
  };
  template <class Op, int J, class T, int... Operand>
  static constexpr bool gives() {
    if constexpr (tenon::detail::is_cast<Op>) {
      return true;
    } else {
      using Given = bare_t<decltype(partial<J>(
          partials_of<Op>(tenon::detail::some<register_t<T, P, W>>(),
                          tenon::detail::some<register_t<typename at_t<Operand, TypeList<I...>>::type, P, W>>()...)))>;
      return !__is_same(Given, NoPartial);
    }
  }
  template <int K, class T, bool C, bool A>
  static constexpr void mark(Table&, Load<T, C, A>*) {}
  template <int K, class Op, class T, bool A, int... Back>
  static constexpr void mark(Table& t, Call<Op, T, A, Back...>*) {
    if constexpr (A) mark_operands<Op, T, K - Back...>(t, t.wanted[K], make_seq<static_cast<int>(sizeof...(Back))>{});
  }
  template <class Op, class T, int... Operand, int... J>
  static constexpr void mark_operands(Table& t, bool wanted, Seq<J...>) {
    ((t.wanted[Operand] = wanted && at_t<Operand, TypeList<I...>>::active && gives<Op, J, T, Operand...>()), ...);
  }
  template <int... K>
  static constexpr Table make(Seq<K...>) {
    Table t;
    t.wanted[size - 1] = at_t<size - 1, TypeList<I...>>::active;
    (mark<size - 1 - K>(t, static_cast<at_t<size - 1 - K, TypeList<I...>>*>(nullptr)), ...);
    return t;
  }
  static constexpr Table table = make(make_seq<size>{});
};

template <class I, class P, int W, bool Active>
struct AdjointOf {
  using type = register_t<typename I::type, P, W>;
};
template <class I, class P, int W>
struct AdjointOf<I, P, W, false> {
  using type = NoAdjoint;
};

template <class P, int W, class Instructions = make_seq<P::size>>
struct RowPull;
template <class... I, int W, int... N>
struct RowPull<Program<I...>, W, Seq<N...>> {
  using P = Program<I...>;
  template <int K>
  static constexpr bool wanted = Wanted<P, W>::table.wanted[K];
  using List = TypeList<I...>;
  Machine<P, W> machine;
  using Registers = Seq<N...>;
  tenon::detail::RegisterFile<Registers, typename AdjointOf<I, P, W, wanted<N>>::type...> adjoints;
  // Of loads, over a row along which they are broadcast.
  tenon::detail::RegisterFile<Registers, typename AdjointOf<I, P, W, I::is_load && wanted<N>>::type...> sums;
  void* const* target;    // of each load: the adjoint of the row's first element, null when nobody wants it
  const index_t* stride;  // of each load, in elements
  index_t at = 0, lanes = W;

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
    } else if constexpr (simd::is_pack<X>) {
      return __builtin_convertvector(x, V);
    } else {
      return V(x);
    }
  }

  template <int K, bool Constant, class V>
  TENON_FN void accumulate(V g) {
    constexpr int j = P::load_index(K);
    if (!target[j]) return;
    if constexpr (!simd::is_pack<V>) {
      V* to = static_cast<V*>(target[j]) + (Constant ? 0 : at * stride[j]);
      *to = static_cast<V>(apply<op::Add>(*to, g));
    } else {
      using T = simd::lane_t<V>;
      T* to = static_cast<T*>(target[j]);
      if (Constant || stride[j] == 0) {
        for (index_t l = lanes; l < W; ++l) g[l] = T(0);
        auto& sum = tenon::detail::reg<K>(sums);
        sum = sum + g;
      } else if (stride[j] == 1 && lanes == W) {
        simd::store(to + at, simd::load<V>(to + at) + g);
      } else if (stride[j] == 1) {
        simd::store_partial(to + at, simd::load_partial<V>(to + at, lanes) + g, lanes);
      } else {
        for (index_t l = 0; l < lanes; ++l) to[(at + l) * stride[j]] += g[l];
      }
    }
  }
  template <class V>
  TENON_FN static void start_one(V& v) {
    v = V{};
  }
  template <int K, class In, class V>
  TENON_FN void finish_one(const V& v) {
    if constexpr (simd::is_pack<V>) {
      constexpr int j = P::load_index(K);
      if (target[j] && (In::constant || stride[j] == 0))
        *static_cast<simd::lane_t<V>*>(target[j]) += simd::reduce_add(v);
    }
  }
};

// As a RowFunction: `g` is the row of the output's adjoint, `source` the leaves followed by their adjoints.
template <class P>
void row_pull(void* g, index_t g_stride, const void* const* source, const index_t* stride, index_t n) {
  constexpr int W = lanes_of<P>;
  using G = register_t<typename P::result, P, W>;
  using T = simd::lane_t<G>;
  typename LeavesOf<P, W, false, loads_of<P>>::type leaves;
  leaves.start(source, stride);
  alignas(simd::native_bytes) char buffer[P::loads + 1][simd::native_bytes];
  void* target[P::loads + 1];
  for (int k = 0; k < P::loads; ++k) target[k] = const_cast<void*>(source[P::loads + k]);
  RowPull<P, W> pull;
  pull.target = target;
  pull.stride = stride;
  pull.start();
  const T* from = static_cast<const T*>(g);
  for (index_t at = 0; at < n; at += W) {
    const index_t m = n - at < W ? n - at : W;
    leaves.i = at;
    if (m < W) leaves.stage(buffer, m);
    pull.machine.run(leaves);
    pull.at = at;
    pull.lanes = m;
    auto& seed = tenon::detail::reg<P::size - 1>(pull.adjoints);
    if constexpr (W == 1) {
      seed = from[at * g_stride];
    } else if (g_stride == 1 && m == W) {
      seed = simd::load<G>(from + at);
    } else if (g_stride == 1) {
      seed = simd::load_partial<G>(from + at, m);
    } else {
      seed = G{};
      for (index_t l = 0; l < m; ++l) seed[l] = from[(at + l) * g_stride];
    }
    pull.run();
  }
  pull.finish();
}

}  // namespace detail

/// The reverse sweep of a program without its types.
struct PullCall {
  const Source* source;
  const index_t* bytes;  // element size of each source
  int loads;
  void* const* adjoint;  // of each source's data[0], or null
  const index_t* adjoint_bytes;
  const void* g;  // the result's adjoint: dense, of `extents`
  index_t g_bytes;
  Dims extents;
  RowFunction row;  // row_pull
};

namespace detail {
template <int Operands>
void pull_nest(const PullCall& c) {
  Nest<Operands> nest;
  nest.start(c.extents);
  nest.add(c.g, c.g_bytes, StridedMap{c.extents, row_major(c.extents), 0});
  for (int k = 0; k < c.loads; ++k) nest.add(c.source[k].data, c.bytes[k], c.source[k].map);
  for (int k = 0; k < c.loads; ++k) {
    if (c.adjoint[k]) {
      nest.add(c.adjoint[k], c.adjoint_bytes[k], c.source[k].map);
    } else {
      nest.add(nullptr, 0, StridedMap{c.extents, {}, 0});
    }
  }
  drive(nest, c.row);
}
}  // namespace detail

/// Pulls the adjoint of a program's result back to its leaves.
[[gnu::noinline]] inline void pull_program(const PullCall& c) {
  if (c.loads < 8) return detail::pull_nest<16>(c);
  expect<value_error>(c.loads < 64,
                      "tenon: a differentiated expression has more than 63 operands; evaluate a part of it first");
  detail::pull_nest<128>(c);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
