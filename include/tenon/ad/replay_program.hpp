// tenon/ad/replay_program.hpp: a list of recorded operations, evaluated forwards and backwards, on numbers or packs.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What no result needs is dropped. The rest is put in order of depth, and at one depth by kind, so that long runs are
// of one kind: processors do not guess calls through pointers well. Values lie in this order, behind inputs and
// constants.
#pragma once
#include <tenon/ad/recorded.hpp>

namespace tenon {
inline namespace TENON_ABI {
namespace detail {

// The operations, and how to run them on numbers or packs V.
template <class T>
class ReplayProgram {
  using Operation = ReplayOperation<T>;
  struct Run {
    const ReplayRule<T>* rule;
    index_t first, last;
  };

 public:
  // `results` are nodes of the recorder.
  ReplayProgram(Recorder<T>& r, index_t number_of_inputs, Grow<int>&& results)
      : inputs(number_of_inputs), outputs(static_cast<Grow<int>&&>(results)) {
    const index_t n = r.nodes.size();
    // Of each node: -1 if nothing needs it, else its depth.
    Grow<int> depth;
    for (index_t i = 0; i < n; ++i) depth.push(-1);
    for (index_t k = 0; k < outputs.size(); ++k) depth[outputs[k]] = 0;
    for (index_t i = n - 1; i > inputs; --i)
      if (depth[i] >= 0 && r.nodes[i].rule)
        for (int k = 0; k < r.nodes[i].rule->arity; ++k) depth[r.nodes[i].arg[k]] = 0;
    Grow<const ReplayRule<T>*> rules;
    Grow<index_t> node;  // of each operation, in order
    Grow<int> kind;      // of each operation's node: its rule's number
    int deepest = 0;
    for (index_t i = 0; i < n; ++i) {
      kind.push(0);
      const ReplayNode<T>& made = r.nodes[i];
      if (i <= inputs || depth[i] < 0 || !made.rule) continue;
      for (int k = 0; k < made.rule->arity; ++k)
        if (depth[i] <= depth[made.arg[k]]) depth[i] = depth[made.arg[k]] + 1;
      if (depth[i] > deepest) deepest = depth[i];
      while (kind[i] < rules.size() && rules[kind[i]] != made.rule) ++kind[i];
      if (kind[i] == rules.size()) rules.push(made.rule);
      node.push(i);
    }
    node = sorted(node, kind, rules.size());
    node = sorted(node, depth, deepest + 1);

    Grow<int> place;  // of each node among the values
    int next = 0;
    for (index_t i = 0; i < n; ++i) place.push(i <= inputs ? next++ : 0);
    for (index_t i = inputs + 1; i < n; ++i) {
      if (depth[i] < 0 || r.nodes[i].rule) continue;
      place[i] = next++;
      constants.push(r.nodes[i].value);
    }
    for (index_t k = 0; k < node.size(); ++k) place[node[k]] = next++;
    size = next;
    for (index_t k = 0; k < node.size(); ++k) {
      const ReplayNode<T>& made = r.nodes[node[k]];
      if (k == 0 || runs_.back().rule != made.rule) runs_.push({made.rule, k, k});
      ++runs_.back().last;
      operations.push({made.rule, place[node[k]], {place[made.arg[0]], place[made.arg[1]], place[made.arg[2]]}});
    }
    for (index_t k = 0; k < outputs.size(); ++k) outputs[k] = place[outputs[k]];
  }
  // Values of all nodes; those of the inputs, from 1 on, are there.
  template <class V>
  [[gnu::noinline]] void forward(V* v) const {
    for (index_t i = 0; i < constants.size(); ++i) v[1 + inputs + i] = V{} + constants[i];
    const Operation* const o = operations.begin();
    for (index_t k = 0; k < runs_.size(); ++k) {
      const Run& r = runs_[k];
      if constexpr (simd::is_pack<V>) {
        r.rule->forward_pack(v, o + r.first, o + r.last);
      } else {
        r.rule->forward(v, o + r.first, o + r.last);
      }
    }
  }
  // Pulls adjoints back, last operation first. V numbers and G packs: several results at one point; both packs: one
  // result at several points.
  template <class V, class G>
  [[gnu::noinline]] void backward(const V* v, G* g) const {
    const Operation* const o = operations.begin();
    for (index_t k = runs_.size() - 1; k >= 0; --k) {
      const Run& r = runs_[k];
      if (!r.rule->differentiable) continue;
      if constexpr (simd::is_pack<V>) {
        r.rule->pull_pack(v, g, o + r.first, o + r.last);
      } else if constexpr (simd::is_pack<G>) {
        r.rule->pull_rows(v, g, o + r.first, o + r.last);
      } else {
        r.rule->pull(v, g, o + r.first, o + r.last);
      }
    }
  }

  index_t inputs, size = 0;
  Grow<int> outputs;
  Grow<Operation> operations;
  Grow<T> constants;  // their values are from 1 + inputs on

 private:
  // The nodes by key, which is below `keys`; those of one key keep their order.
  static Grow<index_t> sorted(const Grow<index_t>& node, const Grow<int>& key, index_t keys) {
    Grow<index_t> start, out;
    for (index_t k = 0; k <= keys; ++k) start.push(0);
    for (index_t i = 0; i < node.size(); ++i) ++start[key[node[i]] + 1];
    for (index_t k = 0; k < keys; ++k) start[k + 1] += start[k];
    for (index_t i = 0; i < node.size(); ++i) out.push(0);
    for (index_t i = 0; i < node.size(); ++i) out[start[key[node[i]]]++] = node[i];
    return out;
  }

  Grow<Run> runs_;
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
