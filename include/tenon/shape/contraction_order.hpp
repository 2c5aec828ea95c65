// tenon/shape/contraction_order.hpp: in which order several operands are contracted, two at a time.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Of all orders the one that takes the fewest multiplications, found set by set: the best order of some operands joins
// the best orders of two parts of them. Where extents are known by types this runs in the compiler, else when the
// statement runs: one step for three operands, 25 for four, 3025 for eight.
#pragma once
#include <tenon/shape/einsum.hpp>

namespace tenon {
inline namespace TENON_ABI {

/// Sets of operands: operand k of n is bit n - 1 - k, so that earlier operands are higher.
struct ContractionOrder {
  using Set = unsigned;
  static constexpr int sets = 1 << max_einsum_operands;
  int operands = 0;
  unsigned char first[sets] = {};  // of each set: the part to be contracted with the rest of it; has the first operand

  constexpr Set all() const { return (1u << operands) - 1; }
  constexpr Set rest(Set s) const { return s ^ first[s]; }
  static constexpr bool is_one(Set s) { return (s & (s - 1)) == 0; }
  constexpr bool has(Set s, int k) const { return s >> (operands - 1 - k) & 1u; }
  /// The first operand of a set, alone.
  static constexpr Set top(Set s) { return 1u << (31 - __builtin_clz(s)); }
  /// The operand of a set of one.
  constexpr int operand(Set s) const {
    int k = operands - 1;
    for (; s > 1; s >>= 1) --k;
    return k;
  }
};

namespace detail {

// Labels as bits, numbered as they come, and how long each is.
struct LabelBits {
  using Bits = unsigned long long;
  static constexpr int capacity = 64;  // there are 52 letters and max_rank axes of "..."
  int count = 0;
  signed char label[capacity];
  double extent[capacity];

  constexpr int find(int l) {
    int i = 0;
    while (i < count && label[i] != l) ++i;
    if (i == count) {
      label[count] = static_cast<signed char>(l);
      extent[count++] = 1;
    }
    return i;
  }
  constexpr double size(Bits l) const {
    double n = 1;
    for (; l; l &= l - 1) n *= extent[__builtin_ctzll(l)];
    return n;
  }
};

}  // namespace detail

/// The order of contractions that takes the fewest multiplications, of equals the one that goes from left to right;
/// extents that are `dyn` count as 64. No intermediate result has more than max_rank axes if that can be. From left to
/// right without a search if that takes at most `enough` multiplications.
constexpr ContractionOrder cheapest_order(const EinsumForm& f, const Dims* shapes, double enough = 0) {
  using Set = ContractionOrder::Set;
  using Bits = detail::LabelBits::Bits;
  constexpr double never = 1e300;
  ContractionOrder order;
  order.operands = f.operands;
  const Set all = order.all();
  // Of each set: the labels of its operands, those of them along which it is longer than 1, what its order takes.
  Bits has[ContractionOrder::sets], wide[ContractionOrder::sets], out = 0;
  double cost[ContractionOrder::sets];
  detail::LabelBits labels;
  has[0] = wide[0] = 0;
  for (Set s = 1; s <= all; ++s) {
    const Set top = ContractionOrder::top(s);
    if (s != top) {
      has[s] = has[top] | has[s ^ top];
      wide[s] = wide[top] | wide[s ^ top];
      continue;
    }
    const int k = order.operand(s);
    has[s] = wide[s] = 0;
    cost[s] = 0;
    for (int i = 0; i < f.in[k].rank; ++i) {
      const int at = labels.find(f.in[k].label[i]);
      const index_t e = shapes[k].d[i] == dyn ? 64 : shapes[k].d[i];
      has[s] |= Bits(1) << at;
      if (e == 1) continue;
      wide[s] |= Bits(1) << at;
      labels.extent[at] = static_cast<double>(e);
    }
  }
  for (int i = 0; i < f.out.rank; ++i) out |= Bits(1) << labels.find(f.out.label[i]);
  const auto needed = [&](Set s) { return has[s] & (out | has[all ^ s]); };
  const auto step = [&](Set a, Set b) { return labels.size((wide[a] & needed(a)) | (wide[b] & needed(b))); };
  if (enough > 0) {
    double sum = 0;
    Set left = ContractionOrder::top(all);
    for (Set next = left >> 1; next && sum <= enough; next >>= 1) {
      sum += __builtin_popcountll(needed(left)) > max_rank ? never : step(left, next);
      order.first[left | next] = static_cast<unsigned char>(left);
      left |= next;
    }
    if (sum <= enough) return order;
  }
  for (Set s = 1; s <= all; ++s) {
    const Set top = ContractionOrder::top(s);
    if (s == top) continue;
    double least = -1;
    for (Set part = (s - 1) & s; part >= top; part = (part - 1) & s) {
      const Set rest = s ^ part;
      const double c = cost[part] + cost[rest] + step(part, rest);
      if (least >= 0 && !(c < least)) continue;
      least = c;
      order.first[s] = static_cast<unsigned char>(part);
    }
    cost[s] = s != all && __builtin_popcountll(needed(s)) > max_rank ? never : least;
  }
  return order;
}

/// The labels of a set of operands once they are contracted: those that the output or an operand outside has.
constexpr EinsumLabels contracted_labels(const EinsumForm& f, const ContractionOrder& order, ContractionOrder::Set s) {
  if (s == order.all()) return f.out;
  if (order.is_one(s)) return f.in[order.operand(s)];
  EinsumLabels r;
  for (int k = 0; k < f.operands; ++k)
    for (int i = 0; order.has(s, k) && i < f.in[k].rank; ++i) {
      const int l = f.in[k].label[i];
      bool needed = f.out.find(l) >= 0;
      for (int other = 0; other < f.operands; ++other)
        needed = needed || (!order.has(s, other) && f.in[other].find(l) >= 0);
      if (needed && r.find(l) < 0) r.push(l);
    }
  return r;
}
/// The contraction that makes a set out of its two parts.
constexpr ContractionLabels contraction_of(const EinsumForm& f, const ContractionOrder& order,
                                           ContractionOrder::Set s) {
  return contraction_of(contracted_labels(f, order, order.first[s]), contracted_labels(f, order, order.rest(s)),
                        contracted_labels(f, order, s));
}

}  // namespace TENON_ABI
}  // namespace tenon
