// tenon/ad/replay_program.hpp: a list of recorded operations, evaluated forwards and backwards, on numbers or packs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tenon/ad/recorded.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// The operations, and how to run them on numbers or packs V.
template <class T>
class ReplayProgram {
  struct Operation {
    const ReplayRule<T>* rule;
    int out, arg[3];
  };
  struct Constant {
    int node;
    T value;
  };

 public:
  // What is needed for the results.
  ReplayProgram(Recorder<T>& r, index_t first_inputs, Grow<int>&& results)
      : inputs(first_inputs), size(r.nodes.size()), outputs(static_cast<Grow<int>&&>(results)) {
    const BlockRef block(static_cast<size_t>(size) + 1);
    char* const needed = block.data();
    __builtin_memset(needed, 0, static_cast<size_t>(size));
    for (index_t k = 0; k < outputs.size(); ++k) needed[outputs[k]] = 1;
    for (index_t i = size - 1; i > inputs; --i)
      if (needed[i] && r.nodes[i].rule)
        for (int k = 0; k < r.nodes[i].rule->arity; ++k) needed[r.nodes[i].arg[k]] = 1;
    for (index_t i = inputs + 1; i < size; ++i) {
      if (!needed[i]) continue;
      const ReplayNode<T>& n = r.nodes[i];
      if (n.rule) {
        operations.push({n.rule, static_cast<int>(i), {n.arg[0], n.arg[1], n.arg[2]}});
      } else {
        constants.push({static_cast<int>(i), n.value});
      }
    }
  }
  // Values of all nodes; those of the inputs, from 1 on, are there.
  template <class V>
  [[gnu::noinline]] void forward(V* v) const {
    for (index_t i = 0; i < constants.size(); ++i) v[constants[i].node] = V{} + constants[i].value;
    for (const Operation *o = operations.begin(), *end = o + operations.size(); o != end; ++o) {
      if constexpr (simd::is_pack<V>) {
        v[o->out] = o->rule->values(v[o->arg[0]], v[o->arg[1]], v[o->arg[2]]);
      } else {
        v[o->out] = o->rule->value(v[o->arg[0]], v[o->arg[1]], v[o->arg[2]]);
      }
    }
  }
  // Pulls adjoints back, last operation first. V numbers and G packs: several results at one point; both packs: one
  // result at several points.
  template <class V, class G>
  [[gnu::noinline]] void backward(const V* v, G* g) const {
    for (index_t i = operations.size() - 1; i >= 0; --i) {
      const Operation& o = operations[i];
      if (!o.rule->differentiable) continue;
      const G out = g[o.out];
      if (none(out)) continue;
      const V y = v[o.out], a = v[o.arg[0]], b = v[o.arg[1]], c = v[o.arg[2]];
      Slopes<V> s;
      if constexpr (simd::is_pack<V>) {
        s = o.rule->pack_slopes(y, a, b, c);
      } else {
        s = o.rule->slopes(y, a, b, c);
      }
      g[o.arg[0]] += scaled(s.a, out);
      if (o.rule->arity > 1) g[o.arg[1]] += scaled(s.b, out);
      if (o.rule->arity > 2) g[o.arg[2]] += scaled(s.c, out);
    }
  }

  index_t inputs, size;
  Grow<int> outputs;
  Grow<Operation> operations;
  Grow<Constant> constants;

 private:
  template <class G>
  static bool none(const G& g) {
    if constexpr (simd::is_pack<G>) {
      return !simd::any(g != G{});
    } else {
      return g == 0;
    }
  }
  // What has no adjoint gets none, not even 0 * inf.
  template <class V, class G>
  static G scaled(const V& s, const G& g) {
    if constexpr (simd::is_pack<G>) {
      return simd::select(g == G{}, G{}, G(s * g));
    } else {
      return s * g;
    }
  }
};

// Working space of n elements.
template <class V>
class Space {
 public:
  explicit Space(index_t n) : bytes_(static_cast<size_t>(n) * sizeof(V)), block_(bytes_) {}
  V* data() const { return reinterpret_cast<V*>(block_.data()); }
  void clear() { __builtin_memset(block_.data(), 0, bytes_); }

 private:
  size_t bytes_;
  BlockRef block_;
};

}  // namespace detail
}  // namespace TENON_ABI
}  // namespace tenon
