// tenon/exec/cpu/pullback.hpp: the reverse sweep of a program: one loop, partials in registers, adjoints accumulated.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For each pack of elements the program runs forward again, then its instructions in reverse: each multiplies its
// adjoint by its partials. An active leaf adds to its adjoint in memory: lane by lane where it is strided, summed over
// the row where it was broadcast along it.
#pragma once
#include <tenon/exec/cpu/pointwise.hpp>
#include <tenon/ops/derivative.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {

namespace detail {

struct NoAdjoint {};
template <class I, class P, int W, bool Active = I::active>
struct AdjointOf {
  using type = register_t<typename I::type, P, W>;
};
template <class I, class P, int W>
struct AdjointOf<I, P, W, false> {
  using type = NoAdjoint;
};
template <class L, class P, int W, bool Active = L::active>
struct SumOf {
  using type = register_t<typename L::type, P, W>;
};
template <class L, class P, int W>
struct SumOf<L, P, W, false> {
  using type = NoAdjoint;
};

template <class P, int W, class Loads>
struct RowPull;
template <class... I, int W, class... L>
struct RowPull<Program<I...>, W, TypeList<L...>> {
  using P = Program<I...>;
  using List = TypeList<I...>;
  Machine<P, W> machine;
  tenon::detail::RegisterFile<make_seq<P::size>, typename AdjointOf<I, P, W>::type...> adjoints;
  tenon::detail::RegisterFile<make_seq<P::loads>, typename SumOf<L, P, W>::type...> sums;
  void* const* target;    // of each load: the adjoint of the row's first element, null when nobody wants it
  const index_t* stride;  // of each load, in elements
  index_t at = 0, lanes = W;

  TENON_FN void run() { run_all(make_seq<P::size>{}); }
  TENON_FN void finish() { finish_all(make_seq<P::loads>{}); }
  TENON_FN void start() { start_all(make_seq<P::loads>{}); }

 private:
  template <int K>
  TENON_FN auto& adjoint() {
    return tenon::detail::reg<K>(adjoints);
  }
  template <int... K>
  TENON_FN void run_all(Seq<K...>) {
    (back<P::size - 1 - K>(static_cast<at_t<P::size - 1 - K, List>*>(nullptr)), ...);
  }
  template <int K, class Op, class T, bool A, int... Back>
  TENON_FN void back(Call<Op, T, A, Back...>*) {
    if constexpr (A) {
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
    if constexpr (A) accumulate<P::load_index(K), C>(adjoint<K>());
  }
  template <int K, int... Back, class Q, int... J>
  TENON_FN void distribute(const Q& p, Seq<J...>) {
    (give<K - Back>(partial<J>(p), adjoint<K>()), ...);
  }
  template <int To, class Q, class G>
  TENON_FN void give(const Q& q, const G& g) {
    if constexpr (at_t<To, List>::active) {
      using V = bare_t<decltype(adjoint<To>())>;
      if constexpr (__is_same(Q, NoPartial)) {
        adjoint<To>() = V{};
      } else {
        adjoint<To>() = settled<V>(apply<op::Multiply>(q, g));
      }
    }
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

  template <int J, bool Constant, class V>
  TENON_FN void accumulate(V g) {
    if (!target[J]) return;
    if constexpr (!simd::is_pack<V>) {
      V* to = static_cast<V*>(target[J]) + (Constant ? 0 : at * stride[J]);
      *to = static_cast<V>(apply<op::Add>(*to, g));
    } else {
      using T = simd::lane_t<V>;
      T* to = static_cast<T*>(target[J]);
      if (Constant || stride[J] == 0) {
        for (index_t l = lanes; l < W; ++l) g[l] = T(0);
        auto& sum = tenon::detail::reg<J>(sums);
        sum = sum + g;
      } else if (stride[J] == 1 && lanes == W) {
        simd::store(to + at, simd::load<V>(to + at) + g);
      } else {
        for (index_t l = 0; l < lanes; ++l) to[(at + l) * stride[J]] += g[l];
      }
    }
  }
  template <int... J>
  TENON_FN void start_all(Seq<J...>) {
    (start_one(tenon::detail::reg<J>(sums)), ...);
  }
  template <class V>
  TENON_FN static void start_one(V& v) {
    v = V{};
  }
  template <int... J>
  TENON_FN void finish_all(Seq<J...>) {
    (finish_one<J, L>(tenon::detail::reg<J>(sums)), ...);
  }
  template <int J, class Lo, class V>
  TENON_FN void finish_one(const V& v) {
    if constexpr (Lo::active && simd::is_pack<V>) {
      if (target[J] && (Lo::constant || stride[J] == 0))
        *static_cast<simd::lane_t<V>*>(target[J]) += simd::reduce_add(v);
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
  RowPull<P, W, loads_of<P>> pull;
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
    } else {
      seed = G{};
      for (index_t l = 0; l < m; ++l) seed[l] = from[(at + l) * g_stride];
    }
    pull.run();
  }
  pull.finish();
}

}  // namespace detail

/// Pulls the adjoint g of program P's result (dense, of `extents`) back to its leaves; `adjoint[k]` is the adjoint of
/// source[k].data[0], or null. A is the type adjoints are kept in.
template <class P>
void pull_program(const Source* source, const void* g, index_t g_bytes, void* const* adjoint,
                  const index_t* adjoint_bytes, const Dims& extents) {
  Nest<detail::nest_size(2 * P::loads + 1)> nest;
  nest.start(extents);
  nest.add(g, g_bytes, StridedMap{extents, row_major(extents), 0});
  for (int k = 0; k < P::loads; ++k) nest.add(source[k].data, load_bytes<P>[k], source[k].map);
  for (int k = 0; k < P::loads; ++k) {
    if (adjoint[k]) {
      nest.add(adjoint[k], adjoint_bytes[k], source[k].map);
    } else {
      nest.add(nullptr, 0, StridedMap{extents, {}, 0});
    }
  }
  detail::drive(nest, &detail::row_pull<P>);
}

}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
