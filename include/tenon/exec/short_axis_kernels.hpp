// tenon/exec/short_axis_kernels.hpp: kernels whose lanes are short vectors, each component in packs of its own.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A statement's structure is a type: leaves by their number, calls of ops, folds of components. Where leaves have their
// values from is another: rows of components in memory, or one operand that is dense, taken apart in registers, and
// numbers.
#pragma once
#include <tenon/exec/cpu/short_axis.hpp>
#include <tenon/expr/reduce.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace exec {
namespace detail {

template <class V, int C>
struct ComponentValues {
  V v[C];
};
/// A kernel's leaves, and what is made of them, as structure: the K-th leaf, an op on operands, a fold.
template <int K, int C, bool Constant>
struct ComponentLeaf {
  static constexpr int components = C;
  template <class V>
  static constexpr void step(index_t* by) {
    by[K] = Constant ? 0 : static_cast<index_t>(sizeof(V));
  }
  template <class V, class At>
  TENON_INLINE static ComponentValues<V, C> compute(const At& at) {
    return at.template leaf<V, K, Constant>(make_seq<C>{});
  }
};
template <class Op, class... A>
struct ComponentCall {
  static constexpr int components = [] {
    int most = 1;
    ((most = A::components > most ? A::components : most), ...);
    return most;
  }();
  template <class V>
  static constexpr void step(index_t* by) {
    (A::template step<V>(by), ...);
  }
  template <class V, class At>
  TENON_INLINE static ComponentValues<V, components> compute(const At& at) {
    return all<V>(make_seq<components>{}, A::template compute<V>(at)...);
  }

 private:
  template <class V, int... J, class... X>
  TENON_INLINE static ComponentValues<V, components> all(Seq<J...>, const X&... x) {
    return {{one<V, J>(x...)...}};
  }
  template <class V, int J, int... C>
  TENON_INLINE static V one(const ComponentValues<V, C>&... x) {
    return tenon::detail::settle<V>(apply<Op>(x.v[C == 1 ? 0 : J]...));
  }
};
template <class Op, class A>
struct ComponentFold {
  static constexpr int components = 1;
  template <class V>
  static constexpr void step(index_t* by) {
    A::template step<V>(by);
  }
  template <class V, class At>
  TENON_INLINE static ComponentValues<V, 1> compute(const At& at) {
    return fold(A::template compute<V>(at), make_seq<A::components - 1>{});
  }

 private:
  template <class V, int C, int... J>
  TENON_INLINE static ComponentValues<V, 1> fold(const ComponentValues<V, C>& x, Seq<J...>) {
    V s = Op::lift(x.v[0], 0);
    ((s = Op::combine(s, Op::lift(x.v[J + 1], 0))), ...);
    return {{Op::template finish<V>(s, C)}};
  }
};

template <int L>
struct ComponentLeaves {
  const char* at[L];
  index_t apart[L];
  template <class V, int K, bool Constant, int... J>
  TENON_INLINE ComponentValues<V, static_cast<int>(sizeof...(J))> leaf(Seq<J...>) const {
    return {{simd::load<V>(reinterpret_cast<const simd::lane_t<V>*>(at[K] + J * apart[K]))...}};
  }
};
// How far leaves are from pack to pack, in bytes.
template <class S, class V, int L>
struct ComponentSteps {
  index_t by[L]{};
  constexpr ComponentSteps() { S::template step<V>(by); }
};
template <class S, class T, int... K, int... J>
TENON_INLINE void component_loop(const ComponentRows* o, index_t packs, Seq<K...>, Seq<J...>) {
  using V = simd::native<T>;
  constexpr int leaves = static_cast<int>(sizeof...(K));
  constexpr ComponentSteps<S, V, leaves> steps;
  ComponentLeaves<leaves> at{{o[K + 1].at...}, {o[K + 1].apart...}};
  const index_t apart = o->apart;
  char* out = const_cast<char*>(o->at);
  for (; packs > 0; --packs) {
    const auto y = S::template compute<V>(at);
    (simd::store(reinterpret_cast<T*>(out + J * apart), y.v[J]), ...);
    ((at.at[K] += steps.by[K]), ...);
    out += sizeof(V);
  }
}
template <class S, class T, int Leaves>
[[gnu::noinline]] void component_kernel(const ComponentRows* operand, index_t packs) {
  component_loop<S, T>(operand, packs, make_seq<Leaves>{}, make_seq<S::components>{});
}

// The leaves where one operand has components and all others are numbers, which are in registers.
template <class V, int n, int L>
struct OneOperandLeaves {
  ComponentValues<V, n> x;
  V number[L];
  template <class, int K, bool Constant, int... J>
  TENON_INLINE auto leaf(Seq<J...>) const {
    if constexpr (Constant) {
      return ComponentValues<V, 1>{{number[K]}};
    } else {
      return x;
    }
  }
};
// How a kernel S for numbers T meets one operand of vectors of n: `Apart`: components are the first axis.
template <class S, class T, int n, int Leaves, bool Apart>
struct OneOperand {
  using V = simd::native<T>;
  static constexpr int W = simd::lanes<V>, results = S::components;
  static constexpr index_t x_step = Apart ? W : n * W, y_step = Apart ? W : results * W;  // from pack to pack
  index_t x_apart, y_apart;
  OneOperandLeaves<V, n, Leaves> leaves;

  // U packs. What puts them together comes last, so that the processor finds work while it waits for a pack's result.
  template <int U>
  TENON_INLINE void packs(const T* x, T* y) {
    ComponentValues<V, results> r[U];
#pragma GCC unroll 2
    for (int u = 0; u < U; ++u) {
      leaves.x = load(x + u * x_step, make_seq<n>{});
      r[u] = S::template compute<V>(leaves);
    }
#pragma GCC unroll 2
    for (int u = 0; u < U; ++u) store(y + u * y_step, r[u], make_seq<results>{});
  }

 private:
  template <int... J>
  TENON_INLINE ComponentValues<V, n> load(const T* x, Seq<J...>) const {
    if constexpr (Apart) {
      return {{simd::load<V>(x + J * x_apart)...}};
    } else {
      const V v[] = {simd::load<V>(x + J * W)...};
      return {{simd::component<J>(v)...}};
    }
  }
  template <int... J>
  TENON_INLINE void store(T* y, const ComponentValues<V, results>& r, Seq<J...>) const {
    if constexpr (Apart || results == 1) {
      (simd::store(y + J * y_apart, r.v[J]), ...);
    } else {
      (simd::store(y + J * W, simd::interleaved<J>(r.v)), ...);
    }
  }
};
template <class S, class T, int n, bool Apart, int... K>
TENON_INLINE void one_operand_loop(const OneOperandCall& c, Seq<K...>) {
  using Vectors = OneOperand<S, T, n, static_cast<int>(sizeof...(K)), Apart>;
  using V = typename Vectors::V;
  Vectors v{c.x_apart, c.y_apart, {{}, {simd::broadcast<V>(static_cast<const T*>(c.number)[K])...}}};
  const T* x = static_cast<const T*>(c.x);
  T* y = static_cast<T*>(c.y);
  index_t left = c.vectors;
  constexpr int U = !Apart && simd::registers > 16 ? 2 : 1;
  for (; left >= U * Vectors::W; left -= U * Vectors::W, x += U * Vectors::x_step, y += U * Vectors::y_step)
    v.template packs<U>(x, y);
  if constexpr (U > 1)
    if (left > 0) v.template packs<1>(x, y);
}
template <class S, class T, int n, int Leaves, bool Apart>
[[gnu::noinline]] void one_operand_kernel(const OneOperandCall& call) {
  one_operand_loop<S, T, n, Apart>(call, make_seq<Leaves>{});
}

}  // namespace detail
}  // namespace exec
}  // namespace TENON_ABI
}  // namespace tenon
